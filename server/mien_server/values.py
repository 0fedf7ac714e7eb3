"""The nouns of the server, in the order the data meets them. Plain frozen dataclasses; times are unix seconds.

Those that travel are in `mien.wire.messages`; those both sides share are in `mien.values`.
"""

from dataclasses import dataclass, field
from typing import Self

from mien.values import Offer
from mien.wire.messages import OrderRules
from mien.wire.witness import Witness


@dataclass(frozen=True, slots=True)
class Site:
    """A registered site: what it may claim, who answers for it, and the hashes of its two keys (the keys themselves are shown once).

    `verifier` is the Ed25519 public key of whoever verifies guardians for this site; None: nobody does, and where a law wants it the answer is no.
    `webhook` is the address that is told of erasures and withdrawals; None: nobody is. `contributes`: its people are asked whether they take part in rounds of
    the shared head.
    """

    id: str
    name: str
    sector: str
    roles: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    controller: str
    contact: str
    publishable_sha256: bytes
    secret_sha256: bytes
    origins: tuple[str, ...] = ()
    impact_assessment: bool = False
    created_at: int = 0
    verifier: bytes | None = None
    webhook: str | None = None
    contributes: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What the policy is asked. Built by the pipeline inside the using transaction; answered by `authorize`.

    `action`: give_consent, infer, record, use, contribute or retain. `effect`, what emotion would change: order, content, help, none (price,
    eligibility, urgency and vulnerability are always denied). `guardian`: one countersigned; `guardian_verified`: the site's verifier vouches for them. `jurisdictions`: every claim anybody made; all their laws apply. Each default is the
    answer that is denied: a time of 0 means not stated (`consent_expires_at`: all but give_consent; `retain_until`: record, use, retain). `held`: the
    person's data is under a legal hold.
    """

    action: str
    sector: str
    role: str
    jurisdictions: frozenset[str]
    now: int
    purpose: str | None = None
    source: str = "face"
    effect: str = "none"
    age_band: str = "undeclared"
    guardian: bool = False
    guardian_verified: bool = False
    written_release: bool = False
    gpc: bool = False
    explicit_after_gpc: bool = False
    impact_assessment: bool = False
    consent_state: str = "none"
    consented_purposes: frozenset[str] = frozenset()
    notice_current: bool = False
    consent_expires_at: int = 0
    retain_until: int = 0
    subject_known: bool = False
    data_class: str = "label"
    held: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One question as it was asked, and its answer: what a logged decision keeps so that it can be asked again under other policies."""

    question: Question
    allow: bool
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy answered. `policies` determined it; `laws` and `says` are theirs. `errors` is empty whenever `allow` is true.

    `asked` is every question behind it: one a purpose and, where the device's sector is not the site's, one a sector.
    """

    allow: bool
    policies: tuple[str, ...]
    laws: tuple[str, ...]
    says: tuple[str, ...]
    bundle_version: str
    bundle_sha256: str
    at: int
    errors: tuple[str, ...] = ()
    asked: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A subject of a site and the state of their consent: the row every use reads in its own transaction.

    `wrapped_key` is the subject's data key wrapped by the key-encryption key of `epoch`; None once erased. `tombstoned_at` is 0 while alive.
    `revoked_at` is when a guardian last took something back (0: never): what they approved before is worth nothing. `gpc_at` is when the browser's privacy signal was first seen, 0 for never: a consent given after it wins, one given before does not.
    `held_until` is when the last legal hold on their data ends (0: there was none); until then nothing of them is used and nothing is deleted.
    """

    site: str
    subject: str
    state: str
    purposes: frozenset[str]
    jurisdictions: tuple[str, ...]
    sector: str
    role: str
    age_band: str
    gpc_at: int
    revoked_at: int
    guardian: bool
    guardian_verified: bool
    written_release: bool
    notice_sha256: bytes
    consented_at: int
    expires_at: int
    wrapped_key: bytes | None = field(repr=False)
    epoch: int = 0
    site_handle: bytes | None = None
    tombstoned_at: int = 0
    held_until: int = 0


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A public key of a subject's key set. `sealed_stream` is the stream key under the subject's data key; devices only.

    `expires_at` is when a link key ends; 0 for all others.
    """

    site: str
    subject: str
    id: str
    role: str
    sign: bytes
    seal: bytes | None
    sealed_stream: bytes | None = field(repr=False)
    added_at: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """Labels at rest under the subject's data key: a run of an envelope's labels, or one by itself (`record.labels`).

    `ended_at` is when the last of them ended, `retain_until` when the first of them must go, and all go with it.
    """

    id: str
    site: str
    subject: str
    data_class: str
    ended_at: int
    retain_until: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One ranking: what was known (`features` of the action at each place), shown, how likely, and what came of it.

    At rest everything but id, site, subject and times is sealed under the subject's data key; an anonymous event has no subject and no emotion.
    `features` is one tuple of floats per place, `felt` what was known of the person as `personalize.features` has it (empty: nothing);
    `propensities` the probability each place's offer had. `rewards` maps place to 0..1; `otherwise` is what a place without one counts.
    `basis` is the purposes it rests on: without any of them it goes. `own` says that the site showed its own order: then every probability is 1.
    """

    id: str
    site: str
    subject: str | None
    at: int
    retain_until: int
    offers: tuple[str, ...]
    features: tuple[tuple[float, ...], ...] = field(repr=False)
    propensities: tuple[float, ...]
    used_emotion: bool
    rewards: tuple[tuple[int, float], ...] = ()
    basis: tuple[str, ...] = ()
    felt: tuple[float, ...] = field(default=(), repr=False)
    otherwise: float = 0.0
    own: bool = False


@dataclass(frozen=True, slots=True)
class Emotion:
    """What ranking may know of a person now: shares of the expressions over recent labels (sum <= 1), mean valence and arousal -1..1, label count.

    `told` is the part of `shares` that the person said of themselves, by `tellings` of the `labels`: for the words only, a ranking does not ask.
    """

    shares: dict[str, float]
    valence: float
    arousal: float
    labels: int
    told: dict[str, float] = field(default_factory=dict)
    tellings: int = 0


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` offers of a tag in the first `first` places."""

    tag: str
    most: int
    first: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a shop wants of every order, whoever it is for: nothing here knows an emotion.

    `exclude` (offers) and `without` (tags) are not shown. `adults` are tags for adults only; `not_in` tags that may not be offered in a
    jurisdiction. `pins` puts an offer at a place. `caps` and `apart` (tags of which no two stand next to each other) give way where they would leave a place empty.
    """

    exclude: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    adults: frozenset[str] = frozenset()
    not_in: tuple[tuple[str, str], ...] = ()
    pins: tuple[tuple[int, str], ...] = ()
    caps: tuple[Cap, ...] = ()
    apart: tuple[str, ...] = ()

    @classmethod
    def of(cls, doc: OrderRules) -> Self:
        """From the wire."""
        return cls(
            exclude=frozenset(doc.exclude),
            without=frozenset(doc.without),
            adults=frozenset(doc.adults),
            not_in=tuple((each.tag, each.jurisdiction) for each in doc.not_in),
            pins=tuple(sorted((pin.place, pin.offer) for pin in doc.pin)),
            caps=tuple(Cap(cap.tag, cap.most, cap.first) for cap in doc.cap),
            apart=tuple(doc.apart),
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A site's offers, its rules, and its declared affinities: for an expression, how much more a tag fits (-1..1). The prior that ranking starts from."""

    offers: tuple[Offer, ...]
    affinities: dict[str, dict[str, float]]
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure on its way, and what it has done so far. `certificate` is the latest signed one; `subject` is empty once completed."""

    id: str
    site: str
    subject: str
    accepted_at: int
    completed_at: int | None
    certificate: str
    records_deleted: int = 0
    events_subtracted: int = 0
    key_destroyed: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """What a site is still to be told of a person: its webhook gets it at `next_at` or later, with this id however often.

    `kind`: erased or withdrawn. `purposes` are those taken back, `erasure` is the id of the erasure. The row
    goes once the site has it.
    """

    id: str
    site: str
    subject: str
    kind: str
    at: int
    next_at: int
    attempts: int = 0
    purposes: tuple[str, ...] = ()
    erasure: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """How a site's webhook answered: the HTTP status, 0 for no answer at all, and the seconds it asks to be left alone (0: it did not say)."""

    status: int
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a person took back, as the journal keeps it apart from the database: `erased` everything, or `withdrawn` consent given until `at`.

    `id` is 16 bytes, of an erasure those of its name. `subject` is a random id; nothing else of the person is there.
    """

    id: bytes
    kind: str
    site: str
    subject: str
    at: int


@dataclass(frozen=True, slots=True)
class Officer:
    """A privacy officer: what the log calls them, and the Ed25519 public key that they sign what they ask with."""

    name: str
    key: bytes


# ---- as they lie in the store ----
@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold on what is held of a person: not used and not deleted until `ends_at`, or until it is lifted.

    `reason` is sealed under the subject's data key. `over_at` is 0 while it stands in the row; a lifted one was over before its end. The row itself
    goes at `retain_until`, which is 0 until it is over.
    """

    id: str
    site: str
    subject: str
    reason: bytes = field(repr=False)
    placed_at: int
    ends_at: int
    over_at: int = 0
    retain_until: int = 0

    def standing(self, now: int) -> bool:
        """Whether it holds anything at `now`."""
        return self.over_at == 0 and now < self.ends_at


@dataclass(frozen=True, slots=True)
class Holding:
    """How much is kept of one data class: rows, those whose time has passed (`overdue`), those under a legal hold, and when the oldest came."""

    data_class: str
    rows: int
    overdue: int
    on_hold: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """How many rows of one data class the next sweep deletes that had to go on `day` (unix seconds of its midnight, UTC)."""

    data_class: str
    day: int
    rows: int


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event at rest. `content` is sealed under the subject's data key; plain when there is no subject (and so no emotion in it).

    `learned` tells whether the site's ranking sums contain it; `basis` is the purposes it rests on, in the clear, so that what a withdrawal takes
    along is found without opening anything.
    """

    id: str
    site: str
    subject: str | None
    at: int
    retain_until: int
    content: bytes = field(repr=False)
    learned: bool = False
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The proof of one act of consent at rest: statement, receipt and the notice's hash, under a key of its own, wrapped by that of `epoch`.

    It outlives the person's data key, because consent must be shown to have been given (GDPR 7(1)), and not `retain_until`.
    """

    id: str
    site: str
    subject: str
    at: int
    retain_until: int
    sealed: bytes = field(repr=False)
    wrapped_key: bytes = field(repr=False)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class SealedLeaf:
    """A leaf of the log and what opens it.

    `hash` is SHA-256(nonce || record), `hour` the coarse time that is published with it. `opening` is nonce and record, sealed under the
    subject's data key, or under `wrapped_key` where the subject has none (a refused consent), or plain where there is no subject; None
    once erased or expired. `retain_until` is for the opening: the hash stays. `tag` finds a refused consent for whoever knows the subject, and for nobody else.
    """

    hash: bytes
    hour: int
    site: str
    subject: str | None
    retain_until: int
    opening: bytes | None = field(repr=False)
    wrapped_key: bytes | None = field(default=None, repr=False)
    epoch: int = 0
    tag: bytes | None = None


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness whom the log asks, and the address below which it answers."""

    witness: Witness
    url: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a witness answered: HTTP status (0: nothing that could be read, in time), media type, body."""

    status: int
    media: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The checkpoint that the log shows: its text, and the lines of the witnesses that cosigned it, each with its line feed."""

    size: int
    body: str
    cosignatures: str = ""


@dataclass(frozen=True, slots=True)
class LessonItem:
    """An exercise of a site's bank: the skill it practises, how hard the site thinks it is (log-odds, 0 middling, -6..6) and what it is called."""

    id: str
    skill: str
    difficulty: float = 0.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class LessonBank:
    """A site's exercises by id, in the site's own order."""

    items: dict[str, LessonItem]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """A learner's answer to an item of the bank, and when it was given."""

    item: str
    correct: bool
    at: int


@dataclass(frozen=True, slots=True)
class LessonSums:
    """What a site's answers taught, and how far the next rebuilding is.

    `content` rests on answers as they were at `since` or later (0: there is none). `begun` is when a rebuilding began (0: none is on its way), `partial` its
    sums over the people up to subject `last`.
    """

    site: str
    since: int = 0
    content: bytes = field(default=b"", repr=False)
    begun: int = 0
    last: str = ""
    partial: bytes = field(default=b"", repr=False)

    def free_of(self, at: int) -> bool:
        """Whether nothing in it, nor in what is on its way, was counted before `at` or in that second."""
        return all(each == 0 or each > at for each in (self.since, self.begun))


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a round is held; see `RoundDoc` for the numbers that travel. `quota` is the most updates of one site, `sites` who is asked (empty: all).

    `stride_thousandths` is how far the head goes along the noised mean: it tells nothing more of anybody, and no device needs it.
    """

    clip_millionths: int
    noise_thousandths: int
    delta_one_in: int
    cap_millionths: int
    per_year: int
    floor: int
    cohort: int
    quota: int
    sites: tuple[str, ...] = ()
    stride_thousandths: int = 1000


@dataclass(frozen=True, slots=True)
class Round:
    """A round of the shared head. `state`: open, closing (nothing more is taken), and then how it ended: released, rolled_back, too_few or aborted.

    `owner` is a random name of the process whose memory holds the private half of `seal`; it says at `beat_at` that it lives. `version` and `head_sha256` are
    the head that everybody trains from. Once over: `participants` were in the noised sum (0 where there was none), `dropped` were not, by the code that says
    why; `before` and `after` are the losses of the old and the new head on the rendered holdout, in millionths; `released` is the new head's version.
    """

    id: str
    task: str
    model: int
    version: int
    head_sha256: bytes
    terms: Terms
    seal: bytes = field(repr=False)
    owner: bytes
    opened_at: int
    closes_at: int
    beat_at: int
    state: str = "open"
    ended_at: int = 0
    participants: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    before: int = 0
    after: int = 0
    released: int | None = None

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self.state not in {"open", "closing"}


@dataclass(frozen=True, slots=True)
class Contribution:
    """One person's sealed update of an open round. It goes when the round ends, and with the person's yes."""

    round: str
    site: str
    subject: str
    at: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Participation:
    """That a person was in a released sum: the ledger. `epsilon_millionths` is all that was spent of theirs, this one included, at the round's delta."""

    site: str
    subject: str
    round: str
    at: int
    noise_thousandths: int
    delta_one_in: int
    epsilon_millionths: int


@dataclass(frozen=True, slots=True)
class SharedHead:
    """A released head: 3,104 bytes, and the server's signed word for them. `round` is where it came from, `restores` which earlier one it puts back."""

    version: int
    task: str
    model: int
    sha256: bytes
    content: bytes = field(repr=False)
    statement: str = field(repr=False)
    at: int
    round: str | None = None
    restores: int | None = None
