"""What privacy officers ask of the log. Every look is an entry of the log itself, which commits before its answer leaves: no entry, no answer.

    statement -> read rows (small transactions) -> open beside the event loop -> log the look -> answer

Who asks over HTTP signs each question with their own key; who stands at the server's own database asks the same functions, and the log says so. An entry about a
look says who, when, what kind of decisions in words of closed vocabularies, and how many; of whom it says nothing. When one person was meant, a second one
lies under that person's key, and their own export shows it.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from mien.errors import EnvelopeReplayed, KeepUnreadable, KeysMissing, RequestInvalid
from mien.wire.canonical import b64, unb64
from mien.wire.messages import (
    PASS_SECONDS,
    Cursor,
    EntriesAsk,
    ExplainAnswer,
    ExplainAsk,
    FindAnswer,
    FindAsk,
    LogFilter,
    LookKind,
    OfficerStatement,
    OpenedEntry,
    ReasonDoc,
    StateAnswer,
    StateAsk,
    TallyAnswer,
    TallyAsk,
    parse,
)
from mien_server import audit, record
from mien_server.errors import LeafUnknown
from mien_server.pipeline.cosigning import Cosigning
from mien_server.pipeline.looks import SERVER, log_look
from mien_server.pipeline.opened import BATCH, Kept, Opener, Seen, Span, kept, seen, subject_of
from mien_server.pipeline.parts import NONCE_SECONDS, Parts
from mien_server.pipeline.retaining import EVERY_SITE
from mien_server.pipeline.sifting import Counts, concerns, fits, read_record, words_of
from mien_server.pipeline.standing import erasures, standing
from mien_server.ports import Keys, Transaction
from mien_server.record import Look
from mien_server.unseal import Officers
from mien_server.values import Person, SealedLeaf

HOUR: Final = 3600
PART: Final = 20_000
"""Entries read for one answer: about two seconds of a processor."""
SECONDS: Final = 3.0
"""After which an answer takes in no further batch: on a busy machine it must come in time too."""
AT_ONCE: Final = 2
"""Answers made at the same time; more wait."""
PATIENCE: Final = 3.0
"""Seconds that an account of how things stand waits for the witnesses' signatures under what it rests on."""
_PAUSE: Final = 0.1
PASSES: Final = 1024
"""Statements for entries that are remembered to be logged."""
Taker = Callable[["Opened"], bool]
Asks = FindAsk | TallyAsk | ExplainAsk | StateAsk


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an officer and the hash of what they signed, or whoever stands at the server."""

    officer: str = SERVER
    statement: str = ""


HERE: Final = Asker()


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry that was opened."""

    index: int
    leaf: SealedLeaf
    opening: record.Opening
    doc: dict[str, Any]

    def entry(self) -> OpenedEntry:
        """As it is shown."""
        return OpenedEntry(
            index=self.index, hour=self.leaf.hour, leaf=b64(self.leaf.hash),
            nonce=b64(self.opening.nonce), record=self.opening.record.decode(),
        )  # fmt: skip


@dataclass(slots=True)
class _Part:
    """How far a reading came, and what it met."""

    span: Span
    after: tuple[int, int]
    entries: int | None
    read: int = 0
    opened: int = 0
    gone: int = 0
    unreadable: int = 0
    full: bool = False
    ended: bool = False

    def page(self) -> dict[str, Any]:
        """The fields of a `Page`."""
        hour, index = self.after
        ahead = None if self.ended else Cursor(hour=hour, index=index, end=self.span.end)
        return {
            "read": self.read, "gone": self.gone, "unreadable": self.unreadable,
            "entries": self.entries, "next": ahead,
        }  # fmt: skip


@dataclass
class Looking:
    """Answers officers, and logs that it did."""

    parts: Parts
    officers: Officers
    cosigning: Cosigning
    _few: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _passes: OrderedDict[bytes, int] = field(default_factory=OrderedDict)

    # ---- who asks ----
    async def signed(self, text: str, kind: type[Asks]) -> BaseModel:
        """The answer to a signed question of this kind.

        Raises `OfficerUnknown`, `SignatureInvalid`, `RequestInvalid`, `ClockSkewed`, `EnvelopeReplayed`, and what `here` raises.
        """
        now = self.parts.clock.now()
        said = self.officers.read(text, now)
        if not isinstance(said.ask, kind):
            msg = "the statement asks for something else than this address answers; sign what you ask for"
            raise RequestInvalid(msg)
        await self.parts.store.transact(lambda t: _spend(t, said, now))
        return await self.here(said.ask, Asker(said.officer, _digest(text)))

    async def here(self, ask: Asks, asker: Asker = HERE) -> BaseModel:
        """The answer to a question asked at the server itself, or by an officer who was recognized. Raises `LeafUnknown`."""
        async with self._few:
            if isinstance(ask, FindAsk):
                return await self._find(ask, asker)
            if isinstance(ask, TallyAsk):
                return await self._tally(ask, asker)
            if isinstance(ask, ExplainAsk):
                return await self._explain(ask, asker)
            return await self._state(ask, asker)

    async def admit(self, text: str) -> None:
        """Return when `text` lets an officer read entries now; it is one look, however often it is shown. Raises as `signed`, but for a replay."""
        now = self.parts.clock.now()
        shown = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        if now <= self._passes.get(shown, 0):
            return
        said = self.officers.read(text, now)
        if not isinstance(said.ask, EntriesAsk):
            msg = "the statement asks for something else than entries; sign what you ask for"
            raise RequestInvalid(msg)
        look = Look(said.officer, _digest(text), "entries", {}, 0, 0)
        await self.parts.store.transact(lambda t: self._first(t, shown, look, now))
        self._passes[shown] = said.at + PASS_SECONDS
        if len(self._passes) > PASSES:
            self._passes.popitem(last=False)

    def _first(self, transaction: Transaction, shown: bytes, look: Look, now: int) -> None:
        # By all that was signed, not by its nonce: an officer could choose one that was spent for something else, and would be logged for nothing.
        try:
            transaction.nonces.spend(EVERY_SITE, b"pass " + shown, now + NONCE_SECONDS)
        except EnvelopeReplayed:  # another node has logged it
            return
        log_look(self.parts, transaction, look)

    # ---- find ----
    async def _find(self, ask: FindAsk, asker: Asker) -> FindAnswer:
        found: list[Opened] = []

        def take(each: Opened) -> bool:
            if fits(each.doc, ask.filter):
                found.append(each)
            return len(found) < ask.limit

        hours = ask.filter.since, ask.filter.until
        part = await self._read(hours, ask.after, lambda leaf: concerns(leaf, ask.filter), take)

        def settle(transaction: Transaction) -> list[Opened]:
            there = [each for each in found if _is_there(transaction, each)]
            whom = _whom(transaction, ask.filter)
            asked = self._words(transaction, ask.filter)
            look = Look(asker.officer, asker.statement, ask.what, asked, len(there), part.opened)
            log_look(self.parts, transaction, look, whom)
            return there

        there = await self.parts.store.transact(settle)
        return FindAnswer(**part.page(), found=[each.entry() for each in there])

    def _words(self, transaction: Transaction, wanted: LogFilter) -> dict[str, Any]:
        policies = self.parts.authorizer.bundle.policies
        laws = {law for policy in policies.values() for law in policy.laws}
        sites = {site.id for site in transaction.sites.all()} if wanted.site else ()
        return words_of(wanted, sites, laws, policies)

    # ---- tally ----
    async def _tally(self, ask: TallyAsk, asker: Asker) -> TallyAnswer:
        counts = Counts()

        def take(each: Opened) -> bool:
            counts.add(each.index, each.leaf.hash, each.doc)
            return True

        part = await self._read((ask.since, ask.until), ask.after, lambda _leaf: True, take)
        look = Look(
            asker.officer, asker.statement, ask.what, _times(ask.since, ask.until), 0, part.opened
        )
        await self.parts.store.transact(lambda t: log_look(self.parts, t, look))
        return TallyAnswer(
            **part.page(), days=counts.day_rows(), laws=counts.law_rows(), looks=counts.look_rows(),
            sweeps=counts.sweeps, decided_under=dict(counts.bundles),
        )  # fmt: skip

    # ---- reading ----
    async def _read(
        self,
        times: tuple[int, int],
        after: Cursor | None,
        wanted: Callable[[SealedLeaf], bool],
        take: Taker,
    ) -> _Part:
        """Read entries of `times` after a cursor until `take` has enough, `PART` are read, or there are no more."""
        since, until = times
        first, last = since - since % HOUR, max(until, 1) - 1
        part = await self.parts.store.transact(lambda t: _begin(t, (first, last), after))
        opener = Opener(self.parts.keys)
        loop = asyncio.get_running_loop()
        enough = loop.time() + SECONDS
        while not part.full and not part.ended:
            now = self.parts.clock.now()
            batch = await self.parts.store.transact(
                lambda t, now=now: seen(t, part.span, part.after, now, wanted)  # type: ignore[misc]
            )
            await asyncio.to_thread(_open_all, batch, opener, take, part)
            part.full |= loop.time() > enough
        return part

    # ---- explain ----
    async def _explain(self, ask: ExplainAsk, asker: Asker) -> ExplainAnswer:
        place, there = await self.parts.store.transact(lambda t: self._placed(t, ask))
        opened, unreadable = None, False
        if there is not None:
            try:
                opened = await asyncio.to_thread(_opened, there, self.parts.keys)
            except (KeysMissing, KeepUnreadable):
                unreadable = True

        def settle(transaction: Transaction) -> Opened | None:
            shown = opened if opened and _is_there(transaction, opened) else None
            asked = {"index": place.index}
            count = int(shown is not None)
            look = Look(asker.officer, asker.statement, ask.what, asked, count, count)
            log_look(self.parts, transaction, look, _concerned(transaction, shown))
            return shown

        shown = await self.parts.store.transact(settle)
        return ExplainAnswer(
            index=place.index, entry=b64(place.entry), proof=place.proof, unreadable=unreadable,
            opened=None if shown is None else shown.entry(),
            **self._reasons({} if shown is None else shown.doc),
        )  # fmt: skip

    def _placed(self, transaction: Transaction, ask: ExplainAsk) -> "tuple[_Place, Kept | None]":
        parts, index = self.parts, ask.index
        if ask.leaf is not None:
            placed = transaction.leaves.placed(unb64(ask.leaf))
            index = None if placed is None else placed[0]
        if index is None or index >= transaction.tiles.size():
            msg = "this entry has no place in the log, or not yet; ask again in a few seconds"
            raise LeafUnknown(msg)
        number, position = divmod(index, audit.TILE_WIDTH)
        entry = transaction.tiles.entry_tile(number)[position]
        proof = self.cosigning.proof(transaction, index)
        found = kept(transaction, index, parts.clock.now(), 1)
        there = next((each for each in found if each.index == index), None)
        return _Place(index, entry, proof), there

    def _reasons(self, doc: dict[str, Any]) -> dict[str, Any]:
        """The sentences of the policies, when they are still those that decided."""
        bundle = self.parts.authorizer.bundle
        here = doc.get("bundle_sha256") == self.parts.bundle
        policies = [
            bundle.policies[name] for name in doc.get("policies", ()) if name in bundle.policies
        ]
        reasons = [
            parse(ReasonDoc, {
                "policy": each.id, "effect": each.effect, "laws": list(each.laws), "says": each.says,
                "certainty": each.certainty, "place": each.place,
            })
            for each in policies
        ]  # fmt: skip
        return {"bundle_here": here, "reasons": reasons if here else []}

    # ---- state ----
    async def _state(self, ask: StateAsk, asker: Asker) -> StateAnswer:
        parts, now = self.parts, self.parts.clock.now()
        erased = await erasures(parts, ask.since, ask.until, now)
        size = await self._cosigned()
        look = Look(asker.officer, asker.statement, ask.what, _times(ask.since, ask.until), 0, 0)

        def settle(transaction: Transaction) -> dict[str, Any]:
            log_look(parts, transaction, look)
            return standing(transaction, now, self.cosigning.covering(transaction, size))

        bundle = parts.authorizer.bundle
        return StateAnswer(
            at=now, erasures=erased, bundle_version=bundle.version, bundle_sha256=parts.bundle,
            **await parts.store.transact(settle),
        )  # fmt: skip

    async def _cosigned(self) -> int:
        """The size of the tree, once what the log shows has as much: counts that were made before rest on it. After `PATIENCE` nobody is waited for."""
        store, loop = self.parts.store, asyncio.get_running_loop()
        size = await store.transact(lambda t: t.tiles.size())
        until = loop.time() + PATIENCE
        while not await store.transact(lambda t: self.cosigning.covers(t, size)):
            if loop.time() > until:
                break
            await asyncio.sleep(_PAUSE)
        return size

    # ---- other looks ----
    async def note(
        self, what: LookKind, shown: int, opened: int, whom: tuple[str, str] | None = None
    ) -> None:
        """Log what was looked at by another way, at the server itself, before it is shown. `whom`: site and subject of one person it was about."""
        look = Look(SERVER, "", what, {} if whom is None else {"one_person": True}, shown, opened)

        def work(transaction: Transaction) -> None:
            found = None if whom is None else transaction.people.get(*whom, "none")
            log_look(self.parts, transaction, look, () if found is None else (found,))

        await self.parts.store.transact(work)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands, the entry, and the proof."""

    index: int
    entry: bytes
    proof: str


def _spend(transaction: Transaction, said: OfficerStatement, now: int) -> None:
    transaction.nonces.spend(EVERY_SITE, b"officer " + said.nonce.encode(), now + NONCE_SECONDS)


def _digest(text: str) -> str:
    return b64(hashlib.sha256(text.encode()).digest())


def _whom(transaction: Transaction, wanted: LogFilter) -> list[Person]:
    """The person that a filter names, at every site that knows them."""
    if wanted.subject is None:
        return []
    sites = [wanted.site] if wanted.site else [each.id for each in transaction.sites.all()]
    found = (transaction.people.get(site, wanted.subject, "none") for site in sites)
    return [each for each in found if each is not None]


def _is_there(transaction: Transaction, each: Opened) -> bool:
    """Whether the person was not erased meanwhile: from then on nothing of them is shown to anybody."""
    subject = subject_of(each.leaf, each.doc)
    if subject is None:
        return True
    person = transaction.people.get(each.leaf.site, subject, "share")
    if person is None:  # who was refused and never came back is nobody
        return each.leaf.subject is None
    return not person.tombstoned_at


def _concerned(transaction: Transaction, each: Opened | None) -> list[Person]:
    """Who is to be told that this was looked at."""
    subject = None if each is None else subject_of(each.leaf, each.doc)
    if each is None or subject is None:
        return []
    person = transaction.people.get(each.leaf.site, subject, "none")
    return [] if person is None else [person]


def _times(since: int, until: int) -> dict[str, int]:
    return {"since": since, "until": until}


# ---- opening ----
def _begin(transaction: Transaction, hours: tuple[int, int], after: Cursor | None) -> _Part:
    size = transaction.tiles.size()
    if after is not None:
        # Nobody can ask for more than there is, whatever they say.
        return _Part(Span(*hours, min(after.end, size)), (after.hour, after.index), None)
    entries = transaction.leaves.count_hours(hours, size)
    return _Part(Span(*hours, size), (hours[0], -1), entries)


def _open_all(batch: tuple[Seen, ...], opener: Opener, take: Taker, part: _Part) -> None:
    for each in batch:
        part.read += 1
        part.after = each.leaf.hour, each.index
        part.full = not _open_one(each, opener, take, part) or part.read >= PART
        if part.full:
            return
    part.ended = len(batch) < BATCH


def _open_one(each: Seen, opener: Opener, take: Taker, part: _Part) -> bool:
    """Whether the reading goes on."""
    if each.kept is None:
        part.gone += each.leaf.opening is None
        return True
    try:
        opening = opener.open(each.kept)
        if opening is None:
            part.gone += 1
            return True
        opened = Opened(each.index, each.leaf, opening, read_record(opening.record))
        going = take(opened)
    except (KeysMissing, KeepUnreadable):
        part.unreadable += 1
        return True
    part.opened += 1
    return going


def _opened(there: Kept, keys: Keys) -> Opened | None:
    """One entry, opened; None where nobody can. Raises `KeysMissing`, `KeepUnreadable`."""
    opening = Opener(keys).open(there)
    if opening is None:
        return None
    return Opened(there.index, there.leaf, opening, read_record(opening.record))
