"""What every step of the pipeline works with, and the few acts they share: find the person, open their vault, ask, log.

Everything here that takes a transaction runs inside the store's closure. On SQLite closures run one at a time, on PostgreSQL they take turns at every
statement; so a cache is keyed by what the transaction has just read, and never filled with anything else.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from mien.errors import (
    ConsentMissing,
    KeepUnreadable,
    KeysMissing,
    MienError,
    PolicyDenied,
    RequestInvalid,
)
from mien.wire import lifecycle
from mien.wire.canonical import b64
from mien.wire.keys import VerifyKey
from mien.wire.lifecycle import Happening
from mien.wire.messages import ByPerson, Promise
from mien.wire.signatures import Kind, signer, unverified
from mien_server import authorize, record, unseal
from mien_server.errors import PersonErased, PersonUnknown
from mien_server.ports import (
    Clock,
    Entropy,
    GuardianVerifier,
    Journal,
    Keys,
    Lock,
    Store,
    Transaction,
)
from mien_server.record import Vault
from mien_server.values import Decision, Judged, Person, PersonKey, Question, SealedLeaf, Site

S = TypeVar("S", bound=ByPerson)
PUBLISH_WITHIN: Final = 60
"""Seconds until a promised leaf is in the log; sequencing takes about one."""
NONCE_SECONDS: Final = 3600
"""How long a nonce stays spent: longer than any statement that uses it can pass the clock check."""
CONTRIBUTE: Final = "contribute"
"""The purpose, and the action, of taking part in rounds of the shared head."""
VAULTS: Final = 4096
"""Unwrapped data keys kept in memory."""
LIVES: Final = 4096
"""Durations kept in memory, by bundle, class and places."""


@dataclass
class Parts:
    """The collaborators of the pipeline. `origin` names the audit log."""

    store: Store
    keys: Keys
    authorizer: authorize.Authorizer
    clock: Clock
    entropy: Entropy
    origin: str
    journal: Journal
    verifier: GuardianVerifier = field(default_factory=unseal.SignedVerifier)
    _vaults: OrderedDict[bytes, Vault] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._lives: dict[tuple[str, str, frozenset[str]], int] = {}

    @property
    def bundle(self) -> str:
        """SHA-256 of the policy bundle in force, base64url."""
        return b64(bytes.fromhex(self.authorizer.bundle.sha256))

    # ---- people ----
    def living(self, transaction: Transaction, site: str, subject: str, lock: Lock) -> Person:
        """The person. Raises `PersonUnknown`, `PersonErased`."""
        person = transaction.people.get(site, subject, lock)
        if person is None:
            raise unknown()
        return alive(person)

    def vault(self, person: Person) -> Vault:
        """What seals and opens for this person. Kept by the wrapped key just read, so that an erased key is found nowhere.

        Raises `PersonErased`, `KeysMissing`, `KeepUnreadable`.
        """
        wrapped = person.wrapped_key
        if wrapped is None:
            raise erased()
        found = self._vaults.get(wrapped)
        if found is None or (found.site, found.subject) != (person.site, person.subject):
            kek = self.keys.kek(person.epoch)
            key = record.unwrap(kek, wrapped, person.epoch, person.site, person.subject)
            found = self._vaults[wrapped] = Vault.of(person.site, person.subject, key)
            if len(self._vaults) > VAULTS:
                self._vaults.popitem(last=False)
        return found

    def forget_vault(self, person: Person) -> None:
        """Drop an unwrapped key from memory."""
        self._vaults.pop(person.wrapped_key or b"", None)

    def new_data_key(self, site: str, subject: str) -> tuple[bytes, int]:
        """A fresh data key, wrapped, and the epoch of what wrapped it."""
        epoch = self.keys.epoch()
        key = record.new_key(self.entropy)
        kek = self.keys.kek(epoch)
        return record.wrap(kek, key, epoch, site, subject, self.entropy), epoch

    # ---- policy ----
    def ask(self, site: Site, person: Person, action: str, now: int, **more: object) -> Decision:
        """One decision on a person as they stand in this transaction. `more` are further fields of `Question`."""
        decision = self._decide(question(site, person, action, now, **more))
        if decision.allow and person.sector != site.sector:  # both claims must allow it
            more["sector"] = person.sector
            second = self._decide(question(site, person, action, now, **more))
            decision = replace(second, asked=decision.asked + second.asked)
        return decision

    def _decide(self, asked: Question) -> Decision:
        decision = self.authorizer.decide(asked)
        judged = Judged(asked, decision.allow, decision.policies)
        return Decision(  # `replace` takes three times as long, and this is done for every use
            decision.allow, decision.policies, decision.laws, decision.says, decision.bundle_version,
            decision.bundle_sha256, decision.at, decision.errors, (judged,),
        )  # fmt: skip

    def retention(self, data_class: str, jurisdictions: frozenset[str]) -> int:
        """Seconds a data class may be kept where all `jurisdictions` apply. Raises `RetentionUndeclared`."""
        bundle = self.authorizer.bundle
        key = (bundle.sha256, data_class, jurisdictions)
        found = self._lives.get(key)
        if found is None:
            if len(self._lives) >= LIVES:
                self._lives.clear()
            found = self._lives[key] = authorize.retention(bundle, data_class, jurisdictions)
        return found

    def known_life(self, data_class: str, jurisdictions: frozenset[str]) -> int:
        """The same, for what must not fail over a place that the bundle does not know (any more): only those it knows count.

        Where it knows none, the shortest duration there is. Nobody's right to take back, correct or be forgotten waits for a table to be complete;
        whether anything may be *used* there, policy is asked, and denies.
        """
        known = jurisdictions.intersection(self.authorizer.bundle.places)
        return self.retention(data_class, known or frozenset(self.authorizer.bundle.places))

    # ---- the browser's privacy signal ----
    def heard(self, transaction: Transaction, person: Person, now: int, *, gpc: bool) -> Person:
        """The person, with the privacy signal noted when it comes for the first time (W3C Global Privacy Control).

        It then comes after the consent that stands, and is a no until the person says yes again. Any request of a device may bring it.
        """
        if not gpc or person.gpc_at:
            return person
        locked = self.living(transaction, person.site, person.subject, "update")
        noted = replace(locked, gpc_at=max(now, locked.consented_at + 1))
        transaction.people.put(noted)
        return noted

    # ---- the log ----
    def log(  # noqa: PLR0917 - what is logged of whom
        self,
        transaction: Transaction,
        site: Site,
        person: Person,
        action: str,
        decision: Decision,
        purpose: str | None = None,
    ) -> Promise:
        """Write a decision on a person into the transaction as a pending leaf; the promise that it will be in the log."""
        leaf = self.note(transaction, site, person, action, decision, purpose)
        return self._promise(leaf, decision.at)

    def log_anyhow(  # noqa: PLR0917 - what is logged of whom
        self,
        transaction: Transaction,
        site: Site,
        person: Person,
        action: str,
        decision: Decision,
        purpose: str | None = None,
    ) -> Promise:
        """The same for what may not fail over a key that cannot be had: it died with its epoch (an old backup was restored), or the row is damaged.

        Then nobody can open what is kept of the person, and the entry says what was done and not of whom.
        """
        try:
            return self.log(transaction, site, person, action, decision, purpose)
        except (KeysMissing, KeepUnreadable, PersonErased):
            content = record.decision_record(action, decision, site.id, "", None, {})
            leaf = record.plain_leaf(site.id, content, decision.at, self.entropy)
            return self.add_leaf(transaction, leaf, decision.at)

    def note(  # noqa: PLR0917 - what is logged of whom
        self,
        transaction: Transaction,
        site: Site,
        person: Person,
        action: str,
        decision: Decision,
        purpose: str | None = None,
    ) -> SealedLeaf:
        """The same for what nobody is given a promise of: the leaf."""
        content = record.decision_record(
            action, decision, site.id, person.subject, purpose, claims_of(site, person)
        )
        places = where(site, person)
        leaf = record.seal_leaf(
            self.vault(person),
            content,
            decision.at,
            decision.at + self.known_life("decision_record", places),
            self.entropy,
        )
        transaction.leaves.add(leaf)
        return leaf

    def add_leaf(self, transaction: Transaction, leaf: SealedLeaf, now: int) -> Promise:
        """Store a leaf; the promise that it will be in the log."""
        transaction.leaves.add(leaf)
        return self._promise(leaf, now)

    def _promise(self, leaf: SealedLeaf, now: int) -> Promise:
        return Promise(origin=self.origin, leaf=b64(leaf.hash), publish_by=now + PUBLISH_WITHIN)

    def right(self, now: int, places: Collection[str], *articles: str) -> Decision:
        """The yes to what no policy may refuse: a person's own rights. `articles` are of the GDPR; elsewhere the right is our policy."""
        return self.granted(now, *(gdpr(places, *articles) or ("policy:rights-everywhere",)))

    def granted(self, now: int, *laws: str) -> Decision:
        """A yes that no policy was asked for."""
        bundle = self.authorizer.bundle
        return Decision(
            allow=True, policies=(), laws=laws, says=(), bundle_version=bundle.version,
            bundle_sha256=bundle.sha256, at=now,
        )  # fmt: skip

    # ---- statements ----
    def statement(  # noqa: PLR0917 - which statement, and how the person's row is locked
        self,
        transaction: Transaction,
        site: Site,
        text: str,
        kind: Kind,
        model: type[S],
        lock: Lock,
        *,
        gpc: bool = False,
    ) -> "Said[S]":
        """A statement by a key of the subject's key set: verified, in time, its nonce spent. A link key says `KEY_CHANGE` and nothing else.

        Raises `PersonUnknown`, `PersonErased`, `SignatureInvalid`, `RequestInvalid`, `ClockSkewed`, `EnvelopeReplayed`.
        """
        person = self.living(transaction, site.id, subject_in(text), lock)
        now = self.clock.now()
        keys = [
            key
            for key in transaction.people.keys(site.id, person.subject)
            if key.role != "link" or (kind is Kind.KEY_CHANGE and now < key.expires_at)
        ]
        key = key_of(keys, signer(text))
        said = unseal.read_statement(text, kind, model, VerifyKey(key.sign), site.id, now)
        transaction.nonces.spend(site.id, said.nonce.encode(), now + NONCE_SECONDS)
        return Said(said, self.heard(transaction, person, now, gpc=gpc), key, now)


@dataclass(frozen=True, slots=True)
class Said(Generic[S]):
    """A verified statement, whose it is, and which key said it, when."""

    statement: S
    person: Person
    key: PersonKey
    now: int


def question(site: Site, person: Person, action: str, now: int, **more: object) -> Question:
    """What policy is asked about a person as they stand: the site's claims and the person's own together, the strictest wins."""
    given: dict[str, object] = {
        "action": action,
        "sector": site.sector,
        "role": person.role,
        "jurisdictions": where(site, person),
        "now": now,
        "age_band": person.age_band,
        "guardian": person.guardian,
        "written_release": person.written_release,
        "guardian_verified": person.guardian_verified and site.verifier is not None,
        "gpc": person.gpc_at > 0,
        # A yes that was said when the signal was there already is the later choice, and wins.
        "explicit_after_gpc": 0 < person.gpc_at <= person.consented_at,
        "impact_assessment": site.impact_assessment,
        "consent_state": person.state,
        "consented_purposes": person.purposes,
        "consent_expires_at": person.expires_at,
        "subject_known": True,
        "held": now < person.held_until,
    }
    return Question(**{**given, **more})  # type: ignore[arg-type]


def gdpr(places: Collection[str], *articles: str) -> tuple[str, ...]:
    """These articles by name, of the EU's GDPR, the UK's or both, as these places have them; empty where neither applies."""
    around = {code.partition("-")[0] for code in places}
    names = [name for code, name in (("EU", "GDPR"), ("UK", "UK GDPR")) if code in around]
    return tuple(f"{name} {article}" for article in articles for name in names)


def where(site: Site, person: Person) -> frozenset[str]:
    """Every jurisdiction that anybody claims: all of their laws apply."""
    return frozenset(site.jurisdictions).union(person.jurisdictions)


def claims_of(site: Site, person: Person) -> dict[str, dict[str, Any]]:
    """Who claimed what: the strictest of it decides, and the decision's record shows where it came from."""
    return {
        "site": {
            "sector": site.sector,
            "jurisdictions": sorted(site.jurisdictions),
            "impact_assessment": site.impact_assessment,
        },
        "device": {
            "sector": person.sector,
            "role": person.role,
            "age_band": person.age_band,
            "jurisdictions": sorted(person.jurisdictions),
        },
    }


def state_now(person: Person, now: int) -> str:
    """The state of a consent at `now`: one that ran out is expired, whether or not that was written yet."""
    if person.expires_at <= now:
        return lifecycle.after(person.state, Happening.EXPIRE)
    return person.state


def together(decisions: Iterable[Decision], *, allow: bool) -> Decision:
    """Several decisions as one: those with the given outcome, their policies, laws and words united; everything that was asked."""
    every = list(decisions)
    if len(every) == 1 and every[0].allow == allow:
        return every[0]
    chosen = [each for each in every if each.allow == allow]
    first = chosen[0]
    return Decision(
        allow=allow,
        policies=tuple(dict.fromkeys(word for each in chosen for word in each.policies)),
        laws=tuple(dict.fromkeys(word for each in chosen for word in each.laws)),
        says=tuple(dict.fromkeys(word for each in chosen for word in each.says)),
        bundle_version=first.bundle_version,
        bundle_sha256=first.bundle_sha256,
        at=first.at,
        errors=tuple(word for each in chosen for word in each.errors),
        asked=tuple(one for each in every for one in each.asked),
    )


def alive(person: Person) -> Person:
    """The person, when not erased. Raises `PersonErased`."""
    if person.tombstoned_at:
        raise erased()
    return person


def subject_in(text: str) -> str:
    """The subject that a statement names, before it is verified: only good for finding the keys that must verify it."""
    subject = unverified(text).get("subject")
    if not isinstance(subject, str):
        msg = "the statement names no subject; see the reference of the wire format"
        raise RequestInvalid(msg)
    return subject


def key_of(keys: Iterable[PersonKey], name: str) -> PersonKey:
    """The key with this id. Raises `PersonUnknown`."""
    for key in keys:
        if key.id == name:
            return key
    raise unknown()


def refused(person: Person, now: int, decision: Decision, what: str) -> MienError:
    """The denial of `what`, with the laws of the decision: `ConsentMissing` when no consent stands any more, `PolicyDenied` when one does."""
    if lifecycle.stands(state_now(person, now)):
        return PolicyDenied(f"{what}; ask for consent again, or stop", laws=decision.laws)
    return ConsentMissing(f"{what}: no consent stands; ask for it", laws=decision.laws)


def unknown() -> PersonUnknown:
    """One answer for a subject nobody has and a key that is not theirs: a stranger learns nothing from it."""
    return PersonUnknown("no such subject or key is known to this site; ask for consent first")


def erased() -> PersonErased:
    """The answer to everything after an erasure."""
    return PersonErased("this subject was erased; ask for consent with a new one")
