"""Taking part in rounds of the shared head, under a consent of its own: what is learned here leaves as one clipped update, sealed to the round, and nothing else.

consent and gate -> the open rounds, verified -> this device's own count -> the head, verified -> train -> count it -> seal, sign, send

The count is on the disk before anything is sent: a crash in between counts one too many, never one too few.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mien import consent, send
from mien.client.consents import FAULT, Consents
from mien.client.desk import GONE, NOT_NOW, REMOVED
from mien.client.found import Budget, Contributed
from mien.client.session import head_of
from mien.client.shared import SharedHead, keep_head, kept_head
from mien.consent import Person
from mien.errors import CapabilityExpired, ConsentMissing, HeadInvalid, RequestRefused
from mien.label import LABEL_PURPOSES
from mien.wire import messages
from mien.wire.canonical import b64
from mien.wire.messages import HeadRef, RoundDoc, Rounds
from mien.wire.updates import open_head, open_rounds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mien.adapt import Head
    from mien.adapt.budget import Ledger

CONTRIBUTE: Final = "contribute"
MILLION: Final = 1_000_000
CAP: Final = 6.0
"""The epsilon that this device's updates may come to unless whoever calls says otherwise."""
_LEDGER: Final = "budget"
_TAKEN: Final = "update-twice"
"""What the server says when the update is there already: an answer was lost."""
_SEEN: Final = "envelope-replayed"
"""What it says to the same statement once more, whatever it said the first time."""
_NOTHING: Final = "nothing-learned"
_SPENT: Final = "budget-spent"
_ANOTHER: Final = "another-network"


class Contributions(Consents):
    """Rounds, the shared head, and what they cost."""

    def contribute(self, *, cap: float = CAP) -> tuple[Contributed, ...]:
        """Take part in every round that is open here, once each, with what was learned of the person on this device; what became of it, by round.

        Nothing is trained or sent without the purpose `contribute`. Nothing is sent either where nothing was learned yet, or where one more round would pass
        `cap` (an epsilon, at a delta of at most one in a million) by this device's own count, or the round's own cap. Raises a `ConsentError`, a `SendError`, or `HeadInvalid` for a head that is not what it should be.
        """
        with self._wire:
            self._settle(send.PATIENT)
            self._let()
            found = self._rounds()
            return tuple(self._take_part(doc, cap) for doc in found.open)

    def budget(self) -> Budget:
        """What updates from this device may have revealed so far, by its own count; asks nobody. It stays after an erasure: it is counts and nothing else."""
        from mien.adapt.budget import DELTA_ONE_IN

        ledger = self._ledger()
        return Budget(ledger.rounds, len(ledger.waiting), ledger.epsilon(), 1 / DELTA_ONE_IN)

    # ---- what is open ----
    def _let(self) -> None:
        """Return when the person's own yes and the server's capability allow it now."""
        if CONTRIBUTE not in self._somebody().purposes:
            msg = "the person has not said yes to `contribute`; show the notice and ask for that purpose"
            raise ConsentMissing(msg)
        try:
            self._permit(CONTRIBUTE, frozenset({CONTRIBUTE}))
        except (CapabilityExpired, ConsentMissing):  # it ran out, or is from before the yes
            self._renew(send.PATIENT)
            self._permit(CONTRIBUTE, frozenset({CONTRIBUTE}))

    def _rounds(self) -> Rounds:
        """The rounds of this site; what this device counted is settled by how they ended."""
        answer = self._ask(send.RoundsQuery(), messages.SignedAnswer)
        found = open_rounds(answer.jws, self._trust, self.site, int(self._clock.now()))
        ended = {each.round: each.outcome for each in found.ended}
        whole = len(found.ended) >= messages.MAX_ENDED_ROUNDS
        self._count(lambda ledger: ledger.settled(ended, whole=whole))
        return found

    # ---- one round ----
    def _take_part(self, doc: RoundDoc, cap: float) -> Contributed:
        from mien.adapt.budget import DELTA_ONE_IN

        ledger = self._ledger()
        if ledger.taken(doc.round):
            return Contributed(doc.round, sent=False, why=_TAKEN)
        ledger = ledger.joined(doc.round, doc.noise_thousandths)
        # The server's terms are its own: what is counted against here is no laxer than this device's.
        spent = ledger.epsilon(max(doc.delta_one_in, DELTA_ONE_IN))
        if spent > min(cap, doc.cap_millionths / MILLION):
            return Contributed(doc.round, sent=False, why=_SPENT)
        update, why = self._trained(doc)
        if update is None:
            return Contributed(doc.round, sent=False, why=why)
        person = self._let_again()
        added = self._count(lambda found: found.joined(doc.round, doc.noise_thousandths))
        jws = consent.contribute(person, self._now_stamp(), doc, update)
        return self._sent(doc, jws, added=added)

    def _let_again(self) -> Person:
        """Training took its time, and a no may have come meanwhile."""
        self._let()
        return self._somebody()

    def _sent(self, doc: RoundDoc, jws: str, *, added: bool) -> Contributed:
        """Send an update that is counted already; `added`: the count of this round began with this very update."""
        try:
            self._ask(send.Statement(jws=jws), messages.Accepted)
        except RequestRefused as error:
            if error.problem == _TAKEN:  # the answer to an earlier try was lost
                self._there(doc)
                return Contributed(doc.round, sent=False, why=_TAKEN)
            if added and _surely_not_taken(error):
                self._count(lambda found: found.without(doc.round))
            if error.problem in GONE | NOT_NOW | {REMOVED}:
                self._ended(error)
            return Contributed(doc.round, sent=False, why=error.problem)
        self._there(doc)
        return Contributed(doc.round, sent=True)

    def _there(self, doc: RoundDoc) -> None:
        """The server has an update of this device for this round, whatever another process here made of the count meanwhile."""
        noise = doc.noise_thousandths
        self._count(lambda found: found.joined(doc.round, noise).answered(doc.round))

    def _trained(self, doc: RoundDoc) -> tuple[bytes | None, str]:
        """The update for a round, or why there is none. Examples, heads and the update itself are only in memory."""
        from mien.adapt import Head
        from mien.adapt.update import train

        network = self._network()
        if network is None or network[0] != doc.model:
            return None, _ANOTHER
        examples = self._examples(doc.model, network[1])
        if examples is None:
            return None, _NOTHING
        head = Head.parse(self._head_named(doc.head, doc.model, network[1]))
        update = train(head, *examples, clip=doc.clip_millionths / MILLION)
        return update.astype("<f4").tobytes(), ""

    def _network(self) -> "tuple[int, Head] | None":
        """The id of the network that reads here and its own last layer; None where it has none. Loads the models: behind the gate."""
        from mien.adapt import Head

        if self._eyes is None:
            return None
        eyes, model = self._eyes()
        base = head_of(eyes)
        return None if base is None else (model, Head(base))

    def _examples(
        self, model: int, base: "Head"
    ) -> "tuple[NDArray[np.float32], NDArray[np.int64]] | None":
        """What the person said of moments that are kept here (`adapt`): embeddings (n, 96) and words (n,); None where they said nothing yet."""
        import numpy as np

        from mien.adapt.personal import Personal

        kept = self._keep.personal()
        if kept is None:
            return None
        answers = Personal.read(kept, model, base).answers
        if not answers:
            return None
        return (
            np.array([each.embedding for each in answers], np.float32),
            np.array([each.said for each in answers], np.int64),
        )

    # ---- the shared head ----
    def refresh_head(self) -> int:
        """Fetch and verify the shared head in force; its version, 0 for the network's own. Sessions that begin from now on read with it.

        Needs a standing yes to reading or to taking part. Raises a `ConsentError`, a `SendError`, or `HeadInvalid`.
        """
        with self._wire:
            self._settle(send.PATIENT)
            self._ready()
            self._permit("infer", frozenset((*LABEL_PURPOSES, CONTRIBUTE)))
            found, network = self._rounds(), self._network()
            if network is not None:
                self._head_named(found.head, *network)
            return found.head.version

    def shared_head(self) -> bytes | None:
        """The shared head that this device verified last, 3,104 bytes; None where it has none. Asks nobody, so it may be of a network that shipped before this one."""
        kept = kept_head(self._keep, self._trust)
        return None if kept is None else kept.content

    def _head_named(self, named: HeadRef, model: int, base: "Head") -> bytes:
        """The bytes of a head: the network's own, the one that is kept, or one that is fetched. Never an older one than was seen here."""
        kept = self._kept_head()
        if kept is not None and kept.model == model and named.version < kept.named.version:
            msg = f"the server names head {named.version}, and this device has seen {kept.named.version}; going back would be a new version"
            raise HeadInvalid(msg)
        # After another network came the numbers go on, and nobody signed its own last layer under one of them.
        own = named.version == 0 or kept is None or kept.model != model
        if own and named.sha256 == _sha256(base.encode()):
            return base.encode()
        if kept is not None and named == kept.named:
            return kept.content
        answer = self._ask(send.HeadQuery(version=named.version), messages.SignedAnswer)
        content = open_head(answer.jws, self._trust, named, model)
        keep_head(self._keep, answer.jws, model)
        return content

    def _kept_head(self) -> "SharedHead | None":
        """The head on the disk; None also for one that is damaged or was signed by somebody else: the next that is fetched takes its place."""
        try:
            return kept_head(self._keep, self._trust)
        except HeadInvalid:
            return None

    # ---- the count ----
    def _ledger(self) -> "Ledger":
        from mien.adapt.budget import Ledger

        return Ledger.read(self._keep.document(_LEDGER))

    def _count(self, change: "Callable[[Ledger], Ledger]") -> bool:
        """Change the count against all others that would, another process with the same home among them. Says whether it changed."""
        from mien.adapt.budget import Ledger

        def changed(value: Any | None) -> Any | None:
            before = Ledger.read(value)
            after = change(before)
            return None if after == before else after.document()

        return self._keep.change_document(_LEDGER, changed) is not None


def _surely_not_taken(error: RequestRefused) -> bool:
    """Whether a refusal says that no try of this update was taken: a fault, a second try or a nonce that was seen says nothing of the first."""
    return error.status < FAULT and error.problem != _SEEN and not error.again


def _sha256(content: bytes) -> str:
    import hashlib

    return b64(hashlib.sha256(content).digest())
