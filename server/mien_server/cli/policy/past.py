"""The log's decisions, asked again: read in batches from the configured database, opened, and handed to `authorize.replay`.

Every leaf of the tree is counted once, under what became of it, so the counts add up to the tree's size. Long logs are shared between two processes;
each reads its own part of the database.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from mien.errors import KeepUnreadable, KeysMissing
from mien_server import errands, record
from mien_server.authorize import load_bundle
from mien_server.authorize.replay import Past, Replay, Tally, laws_of
from mien_server.machine import SystemClock
from mien_server.pipeline.opened import BATCH, Kept, Opener, kept
from mien_server.ports import Keys
from mien_server.record.leaves import RECORD_VERSION
from mien_server.settings import Settings

SHARE: Final = 50_000
"""Leaves from which on a second process gains more than it costs to start."""
CHUNK: Final = 8 * BATCH
"""Leaves given to a process at once."""

AGAIN: Final = "again"
RIGHTS: Final = "rights"
NOTES: Final = "notes"
OLDER: Final = "older"
UNREADABLE: Final = "unreadable"
GONE: Final = "gone"
FATES: Final = {
    AGAIN: "decided again",
    RIGHTS: "of a person's own rights, which no policy decides",
    NOTES: "that something was deleted, looked at or released, which is no decision",
    OLDER: "of an older version, which did not keep its question",
    UNREADABLE: "that do not open: the database was altered, or a key is missing",
    GONE: "erased or expired: nobody can open them any more",
}
"""What becomes of a leaf, and how it is put."""
_NO_DECISIONS: Final = frozenset({"erased", "swept", "round", "restore_head", record.LOOK})


@dataclass(slots=True)
class Replayed:
    """What a replay found. `fates` counts leaves and adds up to `size`, the tree; `pending` are not in it yet."""

    size: int
    pending: int
    tally: Tally = field(default_factory=Tally)
    fates: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Job:
    """A part of the log: leaves `first` to before `end`, under the bundle in `directory`."""

    settings: Settings
    directory: Path | None
    first: int
    end: int


def replay_log(
    settings: Settings,
    directory: Path | None,
    *,
    processes: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _size: None,
) -> Replayed:
    """Decide everything in the log again under the bundle in `directory`; the log then keeps that it was read. `progress` is told the leaves done so far and the size of the tree.

    Raises `PolicyInvalid`, `KeysMissing`, `StoreUnwritable`, `StoreBusy`.
    """
    load_bundle(directory)
    size, pending = errands.administer(
        settings, lambda t: (t.tiles.size(), t.leaves.pending_count())
    )
    whole = Replayed(size, pending)
    jobs = [
        Job(settings, directory, first, min(first + CHUNK, size)) for first in range(0, size, CHUNK)
    ]
    most = processes or min(2 if size >= SHARE else 1, os.cpu_count() or 1)
    for tally, fates in _worked(jobs, min(most, len(jobs))):
        whole.tally += tally
        whole.fates.update(fates)
        progress(whole.fates.total(), size)
    opened = sum(whole.fates[fate] for fate in (AGAIN, RIGHTS, NOTES, OLDER))
    errands.attend(settings, lambda pipeline: pipeline.note_look("replay", 0, opened))
    return whole


def _worked(jobs: list[Job], processes: int) -> Iterator[tuple[Tally, Counter[str]]]:
    if processes <= 1:
        yield from map(work, jobs)
        return
    # Spawned, not forked: threads of this process (the store's, the progress bar's) must not be copied halfway.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(work, job) for job in jobs]):
            yield done.result()


def work(job: Job) -> tuple[Tally, Counter[str]]:
    """One part of the log, decided again."""
    desk = _desk(job.settings, job.directory)
    desk.replay.tally, desk.fates = Tally(), Counter()
    with _quiet():
        desk.look(_batches(job, desk.fates))
    return desk.replay.tally, desk.fates


@contextmanager
def _quiet() -> Iterator[None]:
    """Every answer is counted; a bundle that knows fewer words than the log would write a line for each."""
    logger = logging.getLogger("mien_server.authorize.decide")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _batches(job: Job, fates: Counter[str]) -> Iterator[Kept]:
    """The leaves of a job whose opening is kept, read in small transactions; the others are counted."""
    first = job.first
    while first < job.end:
        limit = min(BATCH, job.end - first)
        now = SystemClock().now()
        batch = errands.administer(
            job.settings,
            lambda t, at=(first, now, limit): kept(t, *at),  # type: ignore[misc]
        )
        batch = tuple(each for each in batch if each.index < job.end)
        # A full batch ends where it ends; one that is not full has seen everything up to the end of the job.
        end = batch[-1].index + 1 if len(batch) == limit else job.end
        fates[GONE] += end - first - len(batch)
        yield from batch
        first = end


@cache
def _desk(settings: Settings, directory: Path | None) -> "_Desk":
    """What a process keeps from part to part: bundle, keys, and answers by what they depend on."""
    return _Desk(Replay(load_bundle(directory)), errands.open_keys(settings), settings.policies)


@dataclass
class _Desk:
    """Opens, reads, asks again."""

    replay: Replay
    keys: Keys
    policies: Path | None
    fates: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._opener = Opener(self.keys)

    @cached_property
    def laws(self) -> Mapping[str, tuple[str, ...]]:
        """The laws of the policies in force, by id."""
        found = load_bundle(self.policies).policies
        return {name: policy.laws for name, policy in found.items()}

    def look(self, leaves: Iterable[Kept]) -> None:
        """Count every leaf under what became of it, and ask again."""
        pasts: list[Past] = []
        for each in leaves:
            self.fates[self._fate(each, pasts)] += 1
        self.replay.add(pasts)

    def _fate(self, each: Kept, pasts: list[Past]) -> str:
        try:
            opening = self._opener.open(each)
            if opening is None:
                return GONE
            return self._read(each, json.loads(opening.record), pasts)
        except (KeepUnreadable, KeysMissing, ValueError):
            return UNREADABLE

    def _read(self, each: Kept, doc: Any, pasts: list[Past]) -> str:
        if not isinstance(doc, dict) or doc.get("action") in _NO_DECISIONS:
            return NOTES if isinstance(doc, dict) else UNREADABLE
        if doc.get("v") != RECORD_VERSION:
            return OLDER
        asked = [record.judged_of(judged) for judged in doc.get("asked", ())]
        named = tuple(doc.get("laws", ()))
        for judged in asked:
            laws = named if len(asked) == 1 else laws_of(judged, named, self.laws)
            pasts.append(Past(judged, each.leaf.site, each.index, laws))
        self.replay.tally.bundles[f"{doc.get('bundle_version')} {doc.get('bundle_sha256')}"] += 1
        return AGAIN if asked else RIGHTS
