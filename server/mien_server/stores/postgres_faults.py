"""What PostgreSQL and the way to it can refuse, in words for whoever runs the server.

Only the class of a fault is told, by its SQLSTATE (PostgreSQL, appendix A): PostgreSQL's own texts hold values of rows.
"""

from collections.abc import Callable
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mien.errors import MienError, RequestInvalid, ServerBusy
from mien_server.errors import StoreBusy, StoreUnwritable

AGAIN: Final = frozenset({
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "23505",  # unique_violation: somebody inserted the row first; the closure run again finds it
})  # fmt: skip
"""Conflicts of transactions that ran at the same time: the closure is run again from the start."""
_LOST: Final = "the connection to the database was lost; what was asked may or may not be done: send the same request again"
_TOLD: Final[dict[str, Callable[[], MienError]]] = {
    "08": lambda: StoreUnwritable(_LOST),
    # The one character that SQLite keeps and PostgreSQL does not. Nothing of ours holds it, so it came with the request.
    "22021": lambda: RequestInvalid("the request holds a NUL character; leave it out"),
    "25006": lambda: StoreUnwritable("the database is read-only; point MIEN_DATABASE at the server that takes writes"),
    "28": lambda: StoreUnwritable("the database refuses the user or the password; change MIEN_DATABASE"),
    "3D000": lambda: StoreUnwritable("there is no such database on the server; create it or change MIEN_DATABASE"),
    "42501": lambda: StoreUnwritable("the database user may not do this; give it the tables of this database"),
    "42P01": lambda: StoreUnwritable("the database lacks a table; run `mien database upgrade`"),
    "42703": lambda: StoreUnwritable("the database lacks a column; run `mien database upgrade`"),
    "53100": lambda: StoreUnwritable("the disk of the database is full; free space on it"),
    "53200": lambda: StoreBusy("the database server is out of memory; try again in a second"),
    "53300": lambda: StoreBusy("the database takes no more connections; raise max_connections or run fewer nodes"),
    "53": lambda: StoreBusy("the database server lacks resources; try again in a second"),
    "55P03": lambda: StoreBusy("another transaction holds these rows; try again in a second"),
    "57014": lambda: StoreBusy("the database took too long; try again in a second"),
    "57": lambda: StoreBusy("the database is stopping or starting; try again in a second"),
    "40": lambda: StoreBusy("too many requests change the same rows; try again in a second"),
    "23505": lambda: StoreBusy("too many requests change the same rows; try again in a second"),
    "58": lambda: StoreUnwritable("the database server cannot use its disk; look into its log"),
    "XX": lambda: StoreUnwritable("the database server found damaged data; look into its log and restore a backup"),
}  # fmt: skip
_LOST_KINDS: Final = (
    OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError,
)  # fmt: skip
"""What a connection that is gone raises: by itself, through asyncpg (in the middle of a message too), or told by the server."""


class DatabaseFault(Exception):
    """The database refused a statement for a reason that is a fault of this program. Holds the SQLSTATE and nothing else."""


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of an error of PostgreSQL, empty for any other."""
    return str(getattr(_cause(error), "sqlstate", None) or "")


def is_lost(error: BaseException) -> bool:
    """Whether an error says that the connection is gone."""
    return isinstance(_cause(error), _LOST_KINDS) or sqlstate(error).startswith(("08", "57P"))


def told(error: BaseException) -> BaseException:
    """`error` in words. Errors of this project, and what is not the database's fault, stay as they are."""
    cause = _cause(error)
    if isinstance(cause, PoolTimeout):
        return ServerBusy("too many requests wait for the database; try again in a second", retry_after=1.0)  # fmt: skip
    state = sqlstate(cause)
    if isinstance(cause, asyncpg.InterfaceError) and isinstance(cause, ValueError):
        return DatabaseFault(
            "a value does not fit its column"
        )  # asyncpg's own text holds the value
    if not state:
        return StoreUnwritable(_unreached(cause)) if isinstance(cause, _LOST_KINDS) else error
    found = _TOLD.get(state) or _TOLD.get(state[:2])
    return found() if found else DatabaseFault(f"the database refused a statement ({state})")


def _cause(error: BaseException) -> BaseException:
    """What the driver raised, when SQLAlchemy wrapped it."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    # SQLAlchemy's stand-in for an error of asyncpg carries the SQLSTATE; what it stands for is its cause.
    return error.__cause__ if _stands_in(error) and error.__cause__ is not None else error


def _stands_in(error: BaseException) -> bool:
    return type(error).__module__.startswith("sqlalchemy.") and not isinstance(error, PoolTimeout)


def _unreached(cause: BaseException) -> str:
    if isinstance(cause, asyncpg.InterfaceError):
        return _LOST
    return (
        f"the database cannot be reached ({type(cause).__name__}); start it or change MIEN_DATABASE"
    )
