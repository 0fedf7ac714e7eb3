"""Durable state behind `ports.Store`. Only `app` (and tests) import this package.

    store = open_store("sqlite:///var/mien.db")
    store = open_store("postgresql://mien:password@db.example:5432/mien")

Takes closures over a `Transaction`, gives their answers once durable. Invariant: nothing is answered that is not committed and synced.
Deliberately absent: keys, policy, and any value that is not sealed where it should be.
"""

from pathlib import Path

from mien.errors import SettingsError
from mien_server.ports import Store
from mien_server.stores.sqlite import SqliteStore

_SQLITE = "sqlite:///"
_POSTGRES = "postgresql://"

__all__ = ["SqliteStore", "open_store"]


def open_store(url: str) -> Store:
    """The store that a database URL names. Raises `SettingsError` for a kind that is not known, `StoreError` when it cannot be opened."""
    if url.startswith(_POSTGRES):
        # Here, because who stays with SQLite need not wait for a driver to load.
        from mien_server.stores.postgres import PostgresStore

        return PostgresStore(url)
    if not url.startswith(_SQLITE):
        msg = "only `sqlite:///path` and `postgresql://user:password@host:port/name` are known; change MIEN_DATABASE"
        raise SettingsError(msg)
    return SqliteStore(Path(url.removeprefix(_SQLITE)))
