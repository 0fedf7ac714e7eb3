"""What every step of the pipeline works with, and the few acts they share: find the person, open their vault, ask, log.

Everything here that takes a transaction runs inside the store's closure, one at a time; the caches are touched nowhere else.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Generic, TypeVar

from mien.errors import RequestInvalid
from mien.wire.canonical import b64
from mien.wire.keys import VerifyKey
from mien.wire.messages import ByPerson, Promise
from mien.wire.signatures import Kind, signer, unverified
from mien_server import authorize, record, unseal
from mien_server.errors import PersonErased, PersonUnknown
from mien_server.ports import Clock, Entropy, Keys, Lock, Store, Transaction
from mien_server.record import Vault
from mien_server.values import Decision, Person, PersonKey, Question, SealedLeaf, Site

S = TypeVar("S", bound=ByPerson)
PUBLISH_WITHIN: Final = 60
"""Seconds until a promised leaf is in the log; sequencing takes about one."""
CONSENT_SECONDS: Final = 180 * 86_400
"""How long a consent stands before it must be renewed."""
NONCE_SECONDS: Final = 3600
"""How long a nonce stays spent: longer than any statement that uses it can pass the clock check."""
VAULTS: Final = 4096
"""Unwrapped data keys kept in memory."""


@dataclass
class Parts:
    """The collaborators of the pipeline. `origin` names the audit log."""

    store: Store
    keys: Keys
    authorizer: authorize.Authorizer
    clock: Clock
    entropy: Entropy
    origin: str
    _vaults: OrderedDict[bytes, Vault] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.bundle = b64(bytes.fromhex(self.authorizer.bundle.sha256))
        self.retention = lru_cache(maxsize=1024)(self._retention)

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
        decision = self.authorizer.decide(question(site, person, action, now, **more))
        if decision.allow and person.sector != site.sector:  # both claims must allow it
            more["sector"] = person.sector
            decision = self.authorizer.decide(question(site, person, action, now, **more))
        return decision

    def _retention(self, data_class: str, jurisdictions: frozenset[str]) -> int:
        """Seconds a data class may be kept where all `jurisdictions` apply. Raises `RetentionUndeclared`."""
        return authorize.retention(self.authorizer.bundle, data_class, jurisdictions)

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
        content = record.decision_record(
            action, decision, site.id, person.subject, purpose, self.bundle
        )
        places = where(site, person)
        leaf = record.seal_leaf(
            self.vault(person),
            content,
            decision.at,
            decision.at + self.retention("decision_record", places),
            self.entropy,
        )
        return self.add_leaf(transaction, leaf, decision.at)

    def add_leaf(self, transaction: Transaction, leaf: SealedLeaf, now: int) -> Promise:
        """Store a leaf; the promise that it will be in the log."""
        transaction.leaves.add(leaf)
        return Promise(origin=self.origin, leaf=b64(leaf.hash), publish_by=now + PUBLISH_WITHIN)

    def right(self, now: int, *laws: str) -> Decision:
        """The yes to what no policy may refuse: a person's own rights."""
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
    ) -> "Said[S]":
        """A statement by a key of the subject's key set: verified, in time, its nonce spent.

        Raises `PersonUnknown`, `PersonErased`, `SignatureInvalid`, `RequestInvalid`, `ClockSkewed`, `EnvelopeReplayed`.
        """
        person = self.living(transaction, site.id, subject_in(text), lock)
        key = key_of(transaction.people.keys(site.id, person.subject), signer(text))
        now = self.clock.now()
        said = unseal.read_statement(text, kind, model, VerifyKey(key.sign), site.id, now)
        transaction.nonces.spend(site.id, said.nonce.encode(), now + NONCE_SECONDS)
        return Said(said, person, key, now)


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
        "gpc": person.gpc,
        # The consent that stands was signed under the signal, so it came after it.
        "explicit_after_gpc": person.gpc and person.consented_at > 0,
        "impact_assessment": site.impact_assessment,
        "consent_state": person.state,
        "consented_purposes": person.purposes,
        "consent_expires_at": person.expires_at,
        "subject_known": True,
    }
    return Question(**{**given, **more})  # type: ignore[arg-type]


def where(site: Site, person: Person) -> frozenset[str]:
    """Every jurisdiction that anybody claims: all of their laws apply."""
    return frozenset(site.jurisdictions).union(person.jurisdictions)


def together(decisions: Iterable[Decision], *, allow: bool) -> Decision:
    """Several decisions as one: those with the given outcome, their policies, laws and words united."""
    chosen = [each for each in decisions if each.allow == allow]
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


def unknown() -> PersonUnknown:
    """One answer for a subject nobody has and a key that is not theirs: a stranger learns nothing from it."""
    return PersonUnknown("no such subject or key is known to this site; ask for consent first")


def erased() -> PersonErased:
    """The answer to everything after an erasure."""
    return PersonErased("this subject was erased; ask for consent with a new one")
