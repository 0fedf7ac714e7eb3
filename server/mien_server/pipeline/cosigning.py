"""The log's witnesses: each new checkpoint goes to them, and is shown with what they signed of it (c2sp.org/tlog-witness).

A round takes the tree as it stands, asks every witness at once, and shows the checkpoint when all have answered or the time is up. Then the next round
takes the tree as it stands then: one question a witness and batch, however many decisions are in it. One node at a time does it.

A witness that is down, slow or wrong is left alone for a while and never stops the log. One that holds more than this log has, or another tree, says that
the log was rolled back or forked: that is told as loud as a log line can be, and nothing is signed away.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from mien.errors import AuditError
from mien.wire.proof import Checkpoint, parse_body, parse_size, split_note
from mien.wire.witness import PATH, SIZE_TYPE, AddCheckpoint, Witness, cosignatures
from mien_server import audit
from mien_server.pipeline.parts import Parts
from mien_server.ports import Asker, Lock, Transaction
from mien_server.values import Answered, Cosigner, Published

RENEW: Final = 60
"""Seconds after which an unchanged checkpoint is cosigned again: its time says that it is still the newest."""
LONGEST_REST: Final = 60
"""Seconds that a witness is left alone at most; after the first failure one, then twice as many each time."""
_SPARE: Final = 5
"""Seconds beyond the wait for witnesses until another node may take over from one that died."""
_TRIES: Final = 3
_OK: Final = 200
_CONFLICT: Final = 409
_UNPROVEN: Final = 422

Word = Literal["cosigned", "overtaken", "failed", "refused", "forked"]


@dataclass(frozen=True, slots=True)
class News:
    """What became of one witness, when that changed; a fork is news each time. `size` is what the witness holds."""

    word: Word
    name: str
    size: int


@dataclass
class Round:
    """What a round did: answers by outcome, what is news, how many witnesses say that the log forked, and how many signed what is shown.

    `broken` is what was raised while a witness was asked: no fault of the witness, and for whoever runs the round to raise.
    """

    answers: Counter[str] = field(default_factory=Counter)
    news: list[News] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)
    forked: int = 0
    cosigned: int = 0


@dataclass(frozen=True, slots=True)
class _Head:
    """What is asked in a round; the proofs by witness, each from the size it holds."""

    checkpoint: Checkpoint
    note: str
    proofs: Mapping[Witness, tuple[int, tuple[bytes, ...]]]


@dataclass(frozen=True, slots=True)
class _Outcome:
    word: Word
    size: int
    body: str = ""
    line: str = ""


@dataclass
class _Asked:
    """What this node knows of one witness."""

    cosigner: Cosigner
    size: int = 0
    asked_at: int = 0
    rest_until: int = 0
    failures: int = 0
    word: Word = "cosigned"
    task: "asyncio.Task[_Outcome] | None" = None


class Cosigning:
    """Shows the log's checkpoint, and asks its witnesses. Without witnesses the checkpoint is that of the tree as it is."""

    def __init__(self, parts: Parts, cosigners: Sequence[Cosigner]) -> None:
        self._parts = parts
        self._asked = [_Asked(each) for each in cosigners]

    # ---- what is shown ----
    def shown(self, transaction: Transaction) -> str:
        """The checkpoint that the log shows."""
        published = self._published(transaction)
        return self._live(transaction) if published is None else self._note(published)

    def covers(self, transaction: Transaction, size: int) -> bool:
        """Whether what the log shows has the first `size` entries."""
        published = self._published(transaction)
        return published is None or published.size >= size

    def covering(self, transaction: Transaction, size: int) -> str:
        """The checkpoint that the log shows when that has the first `size` entries, otherwise that of the tree as it is, which nobody has cosigned."""
        return (
            self.shown(transaction) if self.covers(transaction, size) else self._live(transaction)
        )

    def proof(self, transaction: Transaction, index: int) -> str:
        """The proof of an entry: to the checkpoint that is shown when that covers it, otherwise to that of the tree as it is."""
        published = self._published(transaction)
        if published is None or published.size <= index:
            return audit.tlog_proof(
                transaction.tiles, index, self._parts.origin, self._parts.keys.log
            )
        path = audit.inclusion(transaction.tiles, index, published.size)
        return audit.proof_text(index, path, self._note(published))

    def _published(self, transaction: Transaction, lock: Lock = "none") -> Published | None:
        published = transaction.published.get(lock) if self._asked else None
        if published is None or not published.body.startswith(f"{self._parts.origin}\n"):
            return None
        # A tree that lost entries and kept this row has nothing that leads there: then it is shown as it is.
        return published if published.size <= transaction.tiles.size() else None

    def _live(self, transaction: Transaction) -> str:
        return audit.checkpoint(transaction.tiles, self._parts.origin, self._parts.keys.log)

    def _note(self, published: Published) -> str:
        return audit.sign(parse_body(published.body), self._parts.keys.log) + published.cosignatures

    # ---- rounds ----
    async def begin(self) -> None:
        """Before the first request: nothing is shown that is older than the tree, unless a node is at it."""
        if self._asked:
            await self._parts.store.transact(self._begin)

    # INVARIANT: what is shown is changed by who has it locked since it was read: else a node would put back less than another has shown meanwhile.
    def _begin(self, transaction: Transaction) -> None:
        published = self._published(transaction, "update")
        now = self._parts.clock.now()
        if published is None or (
            published.size < transaction.tiles.size()
            and transaction.published.lease(now, now + _SPARE)
        ):
            self._show_live(transaction)
            transaction.published.release()

    def _show_live(self, transaction: Transaction) -> Published:
        body = self._checkpoint(transaction).body()
        published = Published(transaction.tiles.size(), body)
        transaction.published.put(published)
        return published

    async def publish(self, asker: Asker, seconds: float) -> Round:
        """One round: nothing when nothing is new and no cosignature grows old, or while another node is at it.

        Whoever has not answered in `seconds` is not waited for; what they answer joins a later round, if it is still about what is shown.
        """
        done = Round()
        late = self._collect(done)
        until = math.ceil(seconds) + _SPARE
        head, done.cosigned = await self._parts.store.transact(partial(self._take, late, until))
        if head is not None:
            tasks = [self._send(asker, head, asked) for asked in self._idle(head)]
            if tasks:
                await asyncio.wait(tasks, timeout=seconds)
            lines = self._collect(done)
            done.cosigned = await self._parts.store.transact(partial(self._show, head, lines))
        done.forked = sum(asked.word == "forked" for asked in self._asked)
        return done

    async def stop(self) -> None:
        """Wait for nobody any more."""
        tasks = [asked.task for asked in self._asked if asked.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take(
        self, late: Sequence[_Outcome], lease: int, transaction: Transaction
    ) -> tuple[_Head | None, int]:
        """What is to be asked now, with the right to ask it (None when there is nothing, or another node has it); how many signed what is shown."""
        now = self._parts.clock.now()
        before = self._published(transaction, "update") or self._show_live(transaction)
        published = _joined(before, late)
        if published != before:
            transaction.published.put(published)
        times = _times(published)
        new = published.size < transaction.tiles.size()
        standing = {} if new else times
        due = [each for each in self._asked if self._is_due(each, standing, now)]
        if not (new or due) or not transaction.published.lease(now, now + lease):
            return None, len(times)
        checkpoint = self._checkpoint(transaction) if new else parse_body(published.body)
        proofs = {
            each.cosigner.witness: _from(transaction, each.size, checkpoint.size) for each in due
        }
        return _Head(checkpoint, audit.sign(checkpoint, self._parts.keys.log), proofs), len(times)

    def _checkpoint(self, transaction: Transaction) -> Checkpoint:
        size = transaction.tiles.size()
        return Checkpoint(self._parts.origin, size, audit.root(transaction.tiles, size))

    def _is_due(self, asked: _Asked, standing: Mapping[tuple[str, bytes], int], now: int) -> bool:
        if asked.task is not None or now < asked.rest_until:
            return False
        if (
            not asked.asked_at
        ):  # since this process began: what the database says of cosignatures may be a backup's
            return True
        witness = asked.cosigner.witness
        signed_at = standing.get((witness.name, witness.id))
        # Both times: a witness whose clock is behind must not be asked again and again.
        return signed_at is None or (now - signed_at >= RENEW and now - asked.asked_at >= RENEW)

    def _idle(self, head: _Head) -> list[_Asked]:
        return [asked for asked in self._asked if asked.cosigner.witness in head.proofs]

    def _send(self, asker: Asker, head: _Head, asked: _Asked) -> "asyncio.Task[_Outcome]":
        asked.asked_at = self._parts.clock.now()
        asked.task = asyncio.create_task(self._ask(asker, head, asked.cosigner))
        return asked.task

    def _show(self, head: _Head, lines: Sequence[_Outcome], transaction: Transaction) -> int:
        """Show what was asked about, with what came of it, unless another node shows more already; how many signed it."""
        published = self._published(transaction, "update")
        if published is None or published.size < head.checkpoint.size:
            published = Published(head.checkpoint.size, head.checkpoint.body())
        published = _joined(published, lines)
        transaction.published.put(published)
        transaction.published.release()
        return len(_times(published))

    # ---- one witness ----
    async def _ask(self, asker: Asker, head: _Head, cosigner: Cosigner) -> _Outcome:
        old, path = head.proofs[cosigner.witness]
        try:
            for _ in range(_TRIES):
                asked = AddCheckpoint(old, path, head.note)
                answer = await asker.ask(cosigner.url + PATH, asked.text())
                size = _held(answer)
                if size is None:
                    return _read(answer, head, cosigner.witness)
                if size > head.checkpoint.size:
                    return await self._ahead(size)
                # Asked without knowing what it holds, or what it signed was never heard of: once more, from there.
                old, path = await self._parts.store.transact(
                    partial(_from, held=size, size=head.checkpoint.size)
                )
        except (
            AuditError
        ):  # a size that is no number; what the database raises is no fault of the witness
            return _Outcome("refused", 0)
        return _Outcome("refused", 0)

    async def _ahead(self, size: int) -> _Outcome:
        """The witness holds more than was asked about: another node went on meanwhile, or this log once had entries that are gone."""
        ours = await self._parts.store.transact(lambda t: t.tiles.size())
        return _Outcome("overtaken" if size <= ours else "forked", size)

    def _collect(self, done: Round) -> list[_Outcome]:
        """Take in every answer that has come, and what broke off; the cosignatures among them."""
        found = []
        for asked in self._asked:
            if asked.task is not None and asked.task.done():
                task, asked.task = asked.task, None
                if (error := task.exception()) is not None:
                    # Raised here, it would take the cosignatures with it that are in already.
                    done.broken.append(error)
                    continue
                outcome = task.result()
                done.answers[outcome.word] += 1
                self._note_outcome(asked, outcome, done)
                if outcome.line:
                    found.append(outcome)
        return found

    def _note_outcome(self, asked: _Asked, outcome: _Outcome, done: Round) -> None:
        word = outcome.word
        if word == "forked" or word not in {asked.word, "overtaken"}:
            done.news.append(News(word, asked.cosigner.witness.name, outcome.size))
        if word in {"cosigned", "overtaken"}:
            asked.failures, asked.size = 0, outcome.size
        else:
            asked.failures += 1
            rest = min(LONGEST_REST, 1 << min(asked.failures - 1, 6))
            asked.rest_until = self._parts.clock.now() + (
                LONGEST_REST if word != "failed" else rest
            )
        if word != "overtaken":
            asked.word = word


def _from(transaction: Transaction, held: int, size: int) -> tuple[int, tuple[bytes, ...]]:
    """What a witness that holds `held` entries is told and proved. One that holds more is asked from the beginning: it will say so."""
    old = held if held <= size else 0
    return old, tuple(audit.consistency(transaction.tiles, old, size))


def _held(answer: Answered) -> int | None:
    """The size that a witness says it holds, when that is what it answers. Raises `CheckpointInvalid`."""
    media = answer.media.partition(";")[0].strip().lower()
    if answer.status != _CONFLICT or media != SIZE_TYPE:
        return None
    return parse_size(answer.body.removesuffix("\n"))


def _read(answer: Answered, head: _Head, witness: Witness) -> _Outcome:
    """What an answer means that is no size. A cosignature is kept once it verifies, and nothing else of the answer is."""
    size = head.checkpoint.size
    if answer.status == 0:
        return _Outcome("failed", 0)
    if answer.status in {_CONFLICT, _UNPROVEN}:  # our proof is right: it is the trees that differ
        return _Outcome("forked", size)
    if answer.status != _OK:
        return _Outcome("refused", 0)
    try:
        found = cosignatures(head.note + answer.body, head.checkpoint, (witness,))
    except AuditError:
        return _Outcome("refused", 0)
    if not found:
        return _Outcome("refused", 0)
    return _Outcome("cosigned", size, head.checkpoint.body(), f"{found[0].line}\n")


def _joined(published: Published, found: Iterable[_Outcome]) -> Published:
    """With the cosignatures that are on the same text; of each witness the newest."""
    lines = {key: (at, line) for key, at, line in _lines(published.body, published.cosignatures)}
    for each in found:
        for key, at, line in _lines(each.body, each.line) if each.body == published.body else ():
            # What was long on its way must not take the place of what another node has heard since.
            if key not in lines or lines[key][0] < at:
                lines[key] = at, line
    kept = "".join(line for _, line in lines.values())
    return Published(published.size, published.body, kept)


def _times(published: Published) -> dict[tuple[str, bytes], int]:
    """When each witness signed what is shown (unix seconds, by its own clock)."""
    return {key: at for key, at, _ in _lines(published.body, published.cosignatures)}


def _lines(body: str, text: str) -> list[tuple[tuple[str, bytes], int, str]]:
    """Lines of a note, which were verified before they were kept: whose, at what time, and the line itself."""
    if not text:
        return []
    _, signatures = split_note(f"{body}\n{text}")
    return [
        ((name, identity), int.from_bytes(data[:8], "big"), line)
        for (name, identity, data), line in zip(
            signatures, text.splitlines(keepends=True), strict=True
        )
    ]
