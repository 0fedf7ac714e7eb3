"""Every statement the server says to its database, by noun: the port `Transaction` over one connection.

Synchronous on purpose: SQLite runs it on its writer thread, PostgreSQL can run the same through `AsyncConnection.run_sync`. Statements are
built once. Replacing is an update, then an insert when nothing was there: the one form that every database understands.
"""

from mien_server.ports import Partitions
from mien_server.stores.erasures import SqlErasures, SqlNonces
from mien_server.stores.events import SqlEvents
from mien_server.stores.evidence import SqlEvidences
from mien_server.stores.holds import SqlHolds
from mien_server.stores.journal import SqlNoted
from mien_server.stores.leaves import SqlLeaves
from mien_server.stores.lessons import SqlLessons
from mien_server.stores.notifications import SqlNotifications
from mien_server.stores.partitions import NoPartitions
from mien_server.stores.people import SqlPeople
from mien_server.stores.published import SqlPublished
from mien_server.stores.records import SqlRecords
from mien_server.stores.retained import SqlRetained
from mien_server.stores.rounds import SqlRounds
from mien_server.stores.runner import Runner
from mien_server.stores.sites import SqlSites
from mien_server.stores.tiles import SqlTiles


class SqlTransaction:
    """`ports.Transaction` over one connection. Holds no state of its own, so one serves all transactions of its connection."""

    def __init__(self, runner: Runner, partitions: Partitions | None = None) -> None:
        self.turn = runner.turn
        self.partitions = partitions or NoPartitions()
        self.sites = SqlSites(runner)
        self.people = SqlPeople(runner)
        self.records = SqlRecords(runner)
        self.events = SqlEvents(runner)
        self.lessons = SqlLessons(runner)
        self.rounds = SqlRounds(runner)
        self.leaves = SqlLeaves(runner)
        self.nonces = SqlNonces(runner)
        self.erasures = SqlErasures(runner)
        self.noted = SqlNoted(runner)
        self.evidence = SqlEvidences(runner)
        self.tiles = SqlTiles(runner)
        self.published = SqlPublished(runner)
        self.notifications = SqlNotifications(runner)
        self.holds = SqlHolds(runner)
        self.retained = SqlRetained(runner)
