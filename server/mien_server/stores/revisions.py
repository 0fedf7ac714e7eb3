"""Which revision the tables of a database are of. Alembic moves them from one to the next (`migrations`); a server only looks.

The name of the revision lies where Alembic keeps it. Alembic itself is not loaded when a server starts.
"""

from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from mien_server.errors import StoreUnwritable
from mien_server.stores import schema

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision there has been, oldest first; the last is the one that `schema` describes."""
HEAD: Final = REVISIONS[-1]
BASELINE: Final = REVISIONS[0]
BASELINE_VERSION: Final = 2
"""`user_version` of an SQLite file that was made before there were revisions."""
VERSIONS: Final = frozenset({BASELINE_VERSION, schema.VERSION})

_mark = MetaData()
version_table = Table("alembic_version", _mark, Column("version_num", String(32), nullable=False, primary_key=True))  # fmt: skip
version_table.primary_key.name = "alembic_version_pkc"


def found(connection: Connection) -> str | None:
    """The revision of the tables; None when there are none. Raises `StoreUnwritable` for tables that are not ours."""
    names = set(inspect(connection).get_table_names())
    if version_table.name in names:
        name = connection.execute(select(version_table.c.version_num)).scalar()
        return str(name)
    if not names:
        return None
    if connection.dialect.name == "sqlite" and {"site", "person", "leaf"} <= names:
        return BASELINE
    msg = "the database holds tables of another program; give mien a database of its own"
    raise StoreUnwritable(msg)


def is_marked(connection: Connection) -> bool:
    """Whether the revision is written down; in files of the first servers it is not."""
    return inspect(connection).has_table(version_table.name)


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Whether Alembic looks at a table: not at the pieces of `record`, which come and go (`partitions`)."""
    del parents
    return kind != "table" or name is None or not name.startswith("record_")


def make(connection: Connection) -> None:
    """Make every table of the newest revision, in the transaction that is open."""
    schema.metadata.create_all(connection)
    _mark.create_all(connection)
    connection.execute(insert(version_table).values(version_num=HEAD))


def check(revision: str) -> None:
    """Refuse tables of any revision but the newest. Raises `StoreUnwritable`."""
    if revision == HEAD:
        return
    if revision in REVISIONS:
        msg = f"the database has tables of version {revision}, this server needs {HEAD}; stop all servers and run `mien database upgrade`"
        raise StoreUnwritable(msg)
    msg = f"the database has tables of version {revision[:32]}, which this server does not know; use the server that made it"
    raise StoreUnwritable(msg)
