"""A log checked part by part: from a folder, by several processes when it is long, or from a server, several files at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mien.errors import CheckpointInvalid, SettingsError
from mien.wire.keys import VerifyKey
from mien_server import audit
from mien_server.cli.audit.files import names, reader

if TYPE_CHECKING:
    from mien_server.cli.audit.remote import Remote

SHARE: Final = 4 * audit.PART
"""Entries from which on a second process gains more than it costs to start."""
Told = Callable[[int, int], None]
"""Is told how many entries are checked so far, and of how many."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a log is held against: its name and key, checkpoints kept from before, and the hashes of promised entries."""

    origin: str
    key: VerifyKey
    known: tuple[str, ...] = ()
    wanted: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Job:
    """A part of an exported log, and where its lines of `opened.jsonl` lie."""

    folder: Path
    asked: audit.Asked
    part: int
    start: int
    end: int


def of_folder(
    folder: Path, question: Question, told: Told, processes: int | None = None
) -> audit.Report:
    """Check an exported log. Raises `SettingsError` when a file cannot be read."""
    read = reader(folder)
    try:
        inspection = _begun(read(audit.CHECKPOINT), question)
    except CheckpointInvalid as error:
        return _no_checkpoint(error)
    size = inspection.asked.size
    for finding in audit.strangers(names(folder), size):
        inspection.find(finding)
    most = processes or min(2 if size >= SHARE else 1, os.cpu_count() or 1)
    for seen in _looked(_jobs(folder, inspection), most):
        inspection.add(seen)
        told(min((seen.part + 1) * audit.PART, size), size)
        if inspection.full:
            break
    return inspection.report(read)


def of_remote(remote: "Remote", question: Question, told: Told, *, entries: bool) -> audit.Report:
    """Check a log that is served; its `entries` too, for an officer. Raises `SendError`."""
    try:
        inspection = _begun(remote.read(audit.CHECKPOINT), question, entries=entries)
    except CheckpointInvalid as error:
        return _no_checkpoint(error)
    from mien_server.cli.audit.remote import names_of

    size = inspection.asked.size
    for part in inspection.parts():
        files = remote.gather(names_of(inspection.asked, part))
        inspection.add(audit.inspect_part(files.get, inspection.asked, part))
        told(min((part + 1) * audit.PART, size), size)
        if inspection.full:
            break
    return inspection.report(remote.read)


def _begun(note: bytes | None, question: Question, *, entries: bool = True) -> audit.Inspection:
    return audit.begun(
        note, question.origin, question.key, question.known, entries=entries,
        wanted=question.wanted,
    )  # fmt: skip


def _no_checkpoint(error: CheckpointInvalid) -> audit.Report:
    return audit.Report(None, findings=(audit.Finding(audit.CHECKPOINT, str(error)),))


# ---- parts of a folder ----
def _jobs(folder: Path, inspection: audit.Inspection) -> Iterator[Job]:
    firsts = (part * audit.PART for part in inspection.parts())
    for part, (start, end) in enumerate(pairwise(_cuts(folder / audit.OPENED, firsts))):
        yield Job(folder, inspection.asked, part, start, end)


def _cuts(path: Path, firsts: Iterable[int]) -> Iterator[int]:
    if not path.exists():
        yield from (0 for _ in firsts)
        yield 0
        return
    try:
        with path.open("rb") as opened:
            yield from audit.cuts(opened, firsts)
    except OSError as error:
        msg = f"`{path}` cannot be read: {(error.strerror or 'unreadable').lower()}"
        raise SettingsError(msg) from error


def _looked(jobs: Iterator[Job], processes: int) -> Iterator[audit.Seen]:
    """What each part holds, in the order of the log. A few parts are under way at once, however many there are."""
    if processes <= 1:
        yield from map(look, jobs)
        return
    waiting: deque[Future[audit.Seen]] = deque()
    # Spawned, not forked: a progress bar's thread must not be copied halfway.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for job in jobs:
            waiting.append(pool.submit(look, job))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def look(job: Job) -> audit.Seen:
    """Check one part, in whatever process."""
    read = reader(job.folder)
    if job.start == job.end:
        return audit.inspect_part(read, job.asked, job.part)
    path = job.folder / audit.OPENED
    try:
        with path.open("rb") as opened:
            return audit.inspect_part(
                read, job.asked, job.part, audit.lines(opened, job.start, job.end)
            )
    except OSError as error:
        msg = f"`{path}` cannot be read: {(error.strerror or 'unreadable').lower()}"
        raise SettingsError(msg) from error
