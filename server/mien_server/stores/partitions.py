"""Records by the week they must go: `ports.Partitions`.

On PostgreSQL the table `record` is cut by `retain_until`, a week a piece. A piece whose week has passed goes as a whole, with its dead rows and its
indexes: that is the cheapest deletion there is, and the only one that gives the disk back at once. A piece for everything else (`record_rest`) takes
what no week was made for, so that nothing is ever refused for the lack of one.
"""

import re
from collections import Counter
from typing import Final

from sqlalchemy import text

from mien_server.stores.postgres_runner import PostgresRunner

WEEK: Final = 7 * 86_400
AHEAD: Final = 6
"""Weeks made ahead: labels live for 30 days."""
REST: Final = "record_rest"
_CHANGING: Final = "partitions"
"""What a transaction reserves that makes or drops pieces."""
_NAME: Final = re.compile(r"^record_w(\d{1,9})$")
_PIECES: Final = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'record'::regclass ORDER BY c.relname"
)
_HELD: Final = (
    "SELECT 1 FROM {} r JOIN hold h ON h.site = r.site AND h.subject = r.subject"
    " WHERE h.over_at = 0 AND h.ends_at > :now LIMIT 1"
)
_MOVE: Final = (
    "WITH moved AS (DELETE FROM {} WHERE retain_until >= {} AND retain_until < {} RETURNING *)"
    " INSERT INTO {} SELECT * FROM moved"
)
_COUNT: Final = "SELECT data_class, count(*) FROM {} GROUP BY data_class"
_ALONE: Final = (
    # What waits behind a lock that is waited for waits as long: a dump that runs for hours must not stop everybody, so the next round tries again.
    "SET LOCAL lock_timeout = '1s'",
    # ATTACH takes this one for the foreign key. First, because everybody else comes to a person before they come to their records.
    "LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE",
    # The table before its pieces, as whoever reads it does. Locked at a piece only, they would have looked already which pieces there are, and would
    # miss the rows that moved meanwhile.
    "LOCK TABLE record IN ACCESS EXCLUSIVE MODE",
)
"""Said before pieces come or go: nobody else is at any record until the transaction ends."""


class NoPartitions:
    """`ports.Partitions` of a database that has none."""

    def ahead(self, now: int) -> None:
        """See `ports.Partitions`."""

    def drop_past(self, now: int) -> Counter[str]:
        """See `ports.Partitions`."""
        del now
        return Counter()


class PostgresPartitions:
    """`ports.Partitions` in the transaction of `runner`."""

    def __init__(self, runner: PostgresRunner) -> None:
        self._runner = runner

    def ahead(self, now: int) -> None:
        """See `ports.Partitions`."""
        first = now // WEEK
        wanted = set(range(first, first + AHEAD + 1))
        if wanted.difference(self._weeks()):
            self._alone()
            for week in sorted(wanted.difference(self._weeks())):
                self._make(week)

    def drop_past(self, now: int) -> Counter[str]:
        """See `ports.Partitions`."""
        if not self._past(now):
            return Counter()
        self._alone()
        return sum((self._drop(week, now) for week in self._past(now)), Counter())

    def _alone(self) -> None:
        self._runner.reserve(_CHANGING)
        for statement in _ALONE:
            self._runner.say(statement)

    def _past(self, now: int) -> list[int]:
        return [week for week in self._weeks() if (week + 1) * WEEK <= now]

    def _weeks(self) -> list[int]:
        names = [row[0] for row in self._runner.rows(_PIECES, {})]
        return [int(found[1]) for name in names if (found := _NAME.match(name))]

    def _make(self, week: int) -> None:
        """A piece filled with what lay in the rest, then made part of the table."""
        name, first, end = f"record_w{week}", week * WEEK, (week + 1) * WEEK
        for statement in (
            f"CREATE TABLE {name} (LIKE record INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)",
            _MOVE.format(REST, first, end, name),
            f"ALTER TABLE record ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})",
        ):
            self._runner.say(statement)

    def _drop(self, week: int, now: int) -> Counter[str]:
        """Drop one piece whose rows may all go; how many there were. Nothing when a row of it is held."""
        name = f"record_w{week}"
        if self._runner.row(text(_HELD.format(name)), {"now": now}) is not None:
            return Counter()  # the sweep takes the others of this piece one by one
        rows = self._runner.rows(text(_COUNT.format(name)), {})
        self._runner.say(f"DROP TABLE {name}")
        return Counter(dict(rows))
