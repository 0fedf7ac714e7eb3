"""What the benchmarks of the vault do to a running server's database from beside it, and what they read of its process."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.enrolled import Device

RUN_LABELS = 64
"""Labels of a full run: what one row holds of a device that saw a face all the time."""


@contextmanager
def beside(work: Path) -> Iterator[sqlite3.Connection]:
    """The server's database, open in this process too."""
    with closing(sqlite3.connect(work / "mien.db", isolation_level=None, timeout=30)) as database:
        yield database


_MULTIPLY = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO record (site, subject, ended_at, id, data_class, retain_until, sealed)
    SELECT site, subject, ended_at - 64 * i, :prefix || printf('%022d', i), data_class, coalesce(:until, retain_until), sealed
    FROM n, (SELECT * FROM record WHERE site = :site AND subject = :subject ORDER BY ended_at DESC LIMIT 1)
"""


def multiply(
    database: sqlite3.Connection, device: Device, count: int, *, until: int | None = None
) -> None:
    """Lay `count` runs of the size of the person's last beside it, with `until` as their end. They do not open: nothing measured with them opens any."""
    values = {
        "site": device.site, "subject": device.subject, "count": count, "until": until,
        "prefix": "rec_" if until is None else "rex_",
    }  # fmt: skip
    database.execute("BEGIN IMMEDIATE")
    database.execute(_MULTIPLY, values)
    database.execute("COMMIT")


def peak_mb(pid: int) -> float:
    """The most memory a process has held at once, in MB (Linux: VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def held_mb(pid: int) -> float:
    """The memory a process holds now, in MB (Linux: VmRSS)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
