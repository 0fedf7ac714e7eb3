"""Consent: asked with a notice, given or refused, renewed, taken back; what a device may do meanwhile; and the keys that speak for a person."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mien.errors import MienError, NoticeStale, PolicyDenied, RequestInvalid, SignatureInvalid
from mien.wire.canonical import b64, unb64
from mien.wire.keys import VerifyKey, key_id
from mien.wire.messages import (
    Capability,
    CapabilityAnswer,
    CapabilityRequest,
    ConsentAnswer,
    ConsentStatement,
    KeyChange,
    KeyDoc,
    Promise,
    Receipt,
    WithdrawalStatement,
    dump,
    parse,
)
from mien.wire.signatures import Kind, sign, unverified
from mien_server import record, unseal
from mien_server.pipeline.notices import Notices, purposes_of
from mien_server.pipeline.parts import (
    CONSENT_SECONDS,
    NONCE_SECONDS,
    Parts,
    alive,
    together,
    where,
)
from mien_server.pipeline.tidying import Tidying
from mien_server.ports import Transaction
from mien_server.values import Decision, Person, PersonKey, Site

CAPABILITY_SECONDS = 300
MAX_KEYS = 16
STANDING = ("given", "renewed")
_WITHDRAWAL_LAW = "GDPR 7(3)"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a transaction settled and the receipt must say. `refusal` is raised once the decision is durable."""

    person: Person
    outcome: str
    decision: Decision
    promise: Promise
    device: str | None = None
    may: tuple[Decision, ...] = ()
    refusal: MienError | None = None


class Consents:
    """Takes statements, gives receipts and capabilities."""

    def __init__(self, parts: Parts, notices: Notices, tidying: Tidying) -> None:
        self._parts = parts
        self._notices = notices
        self._tidying = tidying

    # ---- giving ----
    async def consent(self, site: Site, text: str, *, gpc: bool) -> ConsentAnswer:
        """Give or renew consent. What policy denies is left out; when nothing is left the receipt says `refused` and names the laws.

        `gpc` is whether the browser sent `Sec-GPC: 1`. Raises `NoticeStale`, and what a statement can be refused for.
        """
        parts = self._parts
        claimed = parse(ConsentStatement, unverified(text))
        key = VerifyKey.from_text(claimed.keys[0].sign)
        now = parts.clock.now()
        said = unseal.read_statement(text, Kind.CONSENT, ConsentStatement, key, site.id, now)
        _check_claims(site, said)
        streams = {doc.sign: self._stream_key(said, doc, now) for doc in said.keys if doc.seal}
        asked = _Asked(site, said, streams, now, gpc=gpc or said.claims.gpc)
        settled = await parts.store.transact(lambda t: self._settle(t, asked))
        if settled.refusal is not None:
            raise settled.refusal
        await self._tidying.person(site.id, said.subject)
        return self._answer(site, settled, text, said.notice_sha256)

    def _settle(self, transaction: Transaction, asked: "_Asked") -> _Outcome:
        parts, said = self._parts, asked.said
        known = transaction.people.get(asked.site.id, said.subject, "update")
        if known is not None:
            alive(known)
            _check_known(said, transaction.people.keys(asked.site.id, said.subject))
        transaction.nonces.spend(asked.site.id, said.nonce.encode(), asked.now + NONCE_SECONDS)
        current = unb64(said.notice_sha256) == self._notices.hash_of(asked.site, said.locale)
        person = _as_claimed(asked, known)
        decisions = {
            purpose: parts.ask(
                asked.site, person, "give_consent", asked.now, purpose=purpose,
                notice_current=current,
            )
            for purpose in said.purposes
        }  # fmt: skip
        granted = frozenset(p for p, decision in decisions.items() if decision.allow)
        decision = together(decisions.values(), allow=bool(granted))
        if not granted:
            return self._refuse(transaction, asked, known, decision, current=current)
        return self._grant(transaction, asked, known, replace(person, purposes=granted), decision)

    def _grant(
        self,
        transaction: Transaction,
        asked: "_Asked",
        known: Person | None,
        person: Person,
        decision: Decision,
    ) -> _Outcome:
        parts, said = self._parts, asked.said
        if known is None:
            wrapped, epoch = parts.new_data_key(asked.site.id, said.subject)
            person = replace(person, wrapped_key=wrapped, epoch=epoch)
        else:
            self._tidying.before(transaction, known)
        renewed = known is not None and known.state in STANDING
        person = replace(
            person,
            state="renewed" if renewed else "given",
            consented_at=asked.now,
            expires_at=asked.now + CONSENT_SECONDS,
        )
        transaction.people.put(person)
        if known is not None and not known.purposes <= person.purposes:
            transaction.people.mark(person.site, person.subject)
        for doc in said.keys:
            transaction.people.put_key(self._key(person, doc, asked.streams, asked.now))
        named = ",".join(sorted(person.purposes))
        promise = parts.log(transaction, asked.site, person, "give_consent", decision, named)
        device = key_id(unb64(said.keys[0].sign))
        may = self._may(asked.site, person, asked.now)
        return _Outcome(person, person.state, decision, promise, device, may)

    def _refuse(
        self,
        transaction: Transaction,
        asked: "_Asked",
        known: Person | None,
        decision: Decision,
        *,
        current: bool,
    ) -> _Outcome:
        """Keep the decision and nothing else. A refused renewal leaves the consent that stands as it is."""
        parts, said = self._parts, asked.said
        purposes = ",".join(sorted(said.purposes))
        if known is not None:
            promise = parts.log(transaction, asked.site, known, "give_consent", decision, purposes)
        else:
            promise = self._log_nobody(transaction, asked, decision, purposes)
        stale = None
        if not current:
            msg = "the notice changed since it was shown; fetch it, show it and ask again"
            stale = NoticeStale(msg, laws=decision.laws)
        refused = replace(_as_claimed(asked, known), purposes=frozenset(), expires_at=asked.now)
        if known is not None and known.state in STANDING:
            refused = known
        return _Outcome(refused, "refused", decision, promise, refusal=stale)

    def _log_nobody(
        self, transaction: Transaction, asked: "_Asked", decision: Decision, purposes: str
    ) -> Promise:
        parts, site = self._parts, asked.site
        content = record.decision_record(
            "give_consent", decision, site.id, asked.said.subject, purposes, parts.bundle
        )
        epoch = parts.keys.epoch()
        places = frozenset(site.jurisdictions)
        leaf = record.sealed_leaf_of_nobody(
            site.id, content, asked.now, asked.now + parts.retention("decision_record", places),
            parts.keys.kek(epoch), epoch, parts.entropy,
        )  # fmt: skip
        return parts.add_leaf(transaction, leaf, asked.now)

    # ---- taking back ----
    async def withdraw(self, site: Site, text: str) -> ConsentAnswer:
        """Take back purposes, by any key of the key set. Effective when this returns; what they covered is deleted right after."""

        def work(transaction: Transaction) -> _Outcome:
            said = self._parts.statement(
                transaction, site, text, Kind.WITHDRAWAL, WithdrawalStatement, "update"
            )
            taken = frozenset(said.statement.purposes) & said.person.purposes
            left = said.person.purposes - taken
            state = said.person.state if left or not said.person.purposes else "withdrawn"
            person = replace(said.person, purposes=left, state=state)
            transaction.people.put(person)
            transaction.people.mark(site.id, person.subject)
            decision = self._parts.right(said.now, _WITHDRAWAL_LAW)
            named = ",".join(sorted(said.statement.purposes))
            promise = self._parts.log(transaction, site, person, "withdraw", decision, named)
            device = said.key.id if said.key.role == "device" else None
            may = self._may(site, person, said.now)
            return _Outcome(person, "withdrawn", decision, promise, device, may)

        settled = await self._parts.store.transact(work)
        await self._tidying.person(site.id, settled.person.subject)
        return self._answer(site, settled, text, b64(settled.person.notice_sha256))

    # ---- meanwhile ----
    async def capability(self, site: Site, text: str) -> CapabilityAnswer:
        """What this device may do for the next five minutes. Raises `PolicyDenied` when that is nothing."""

        def work(transaction: Transaction) -> _Outcome:
            said = self._parts.statement(
                transaction, site, text, Kind.CAPABILITY_REQUEST, CapabilityRequest, "share"
            )
            _check_device(said.key)
            may = self._may(site, said.person, said.now)
            allowed = any(decision.allow for decision in may)
            decision = together(may or (self._nothing(site, said.person, said.now),), allow=allowed)
            named = ",".join(sorted(said.person.purposes)) or None
            promise = self._parts.log(transaction, site, said.person, "infer", decision, named)
            return _Outcome(said.person, "", decision, promise, said.key.id, may)

        settled = await self._parts.store.transact(work)
        capability = self._capability(site, settled)
        if capability is None:
            msg = "nothing may be read on this device now; ask for consent"
            raise PolicyDenied(msg, laws=settled.decision.laws)
        return CapabilityAnswer(capability=capability)

    def _may(self, site: Site, person: Person, now: int) -> tuple[Decision, ...]:
        """Decisions on inferring and recording, two for each consented purpose in sorted order."""
        current = person.notice_sha256 in self._notices.current(site)
        until = now + self._parts.retention("label", where(site, person))
        return tuple(
            self._parts.ask(
                site, person, action, now, purpose=purpose, notice_current=current,
                retain_until=until,
            )
            for purpose in sorted(person.purposes)
            for action in ("infer", "record")
        )  # fmt: skip

    def _nothing(self, site: Site, person: Person, now: int) -> Decision:
        """The denial for somebody without any purpose: what policy says to the first thing this site could ask for."""
        return self._parts.ask(site, person, "infer", now, purpose=purposes_of(site)[0])

    def _capability(self, site: Site, settled: _Outcome) -> str | None:
        if settled.device is None:
            return None
        person, decisions = settled.person, settled.may
        infer = [p for p, d in zip(sorted(person.purposes), decisions[::2], strict=True) if d.allow]
        record_ = any(decision.allow for decision in decisions[1::2])
        if not infer:
            return None
        now = settled.decision.at
        document = Capability.model_validate({
            "site": site.id, "subject": person.subject, "device": settled.device,
            "may": ["infer", "send"] if record_ else ["infer"], "purposes": infer,
            "bundle_sha256": self._parts.bundle, "issued_at": now,
            "expires_at": min(now + CAPABILITY_SECONDS, person.expires_at),
        })  # fmt: skip
        return sign(Kind.CAPABILITY, dump(document), self._parts.keys.signing)

    # ---- keys ----
    async def change_keys(self, site: Site, text: str) -> ConsentAnswer:
        """Add a key to the key set: signed by one in it, and by the new one itself. Raises `RequestInvalid` when the set is full."""

        def work(transaction: Transaction) -> _Outcome:
            parts = self._parts
            said = parts.statement(transaction, site, text, Kind.KEY_CHANGE, KeyChange, "update")
            unseal.check_possession(said.statement, said.now)
            if len(transaction.people.keys(site.id, said.person.subject)) >= MAX_KEYS:
                msg = f"a key set has at most {MAX_KEYS} keys; erase the subject and begin anew"
                raise RequestInvalid(msg)
            doc = said.statement.add
            stream = self._stream_key(said.statement, doc, said.now) if doc.seal else b""
            key = self._key(said.person, doc, {doc.sign: stream}, said.now)
            transaction.people.put_key(key)
            decision = parts.right(said.now, "policy:key-set")
            promise = parts.log(transaction, site, said.person, "change_keys", decision)
            device = said.key.id if said.key.role == "device" else None
            may = self._may(site, said.person, said.now)
            return _Outcome(said.person, said.person.state, decision, promise, device, may)

        settled = await self._parts.store.transact(work)
        return self._answer(site, settled, text, b64(settled.person.notice_sha256))

    def _stream_key(self, said: ConsentStatement | KeyChange, doc: KeyDoc, now: int) -> bytes:
        opened = self._parts.keys.open_key(doc.stream_kid or "", now)
        device = key_id(unb64(doc.sign))
        return unseal.open_stream_key(doc, said.site, said.subject, device, opened)

    def _key(self, person: Person, doc: KeyDoc, streams: dict[str, bytes], now: int) -> PersonKey:
        public = unb64(doc.sign)
        name = key_id(public)
        sealed = None
        if doc.seal is not None:
            vault = self._parts.vault(person)
            sealed = vault.seal(streams[doc.sign], "stream key", name.encode(), self._parts.entropy)
        return PersonKey(
            site=person.site, subject=person.subject, id=name, role=doc.role, sign=public,
            seal=None if doc.seal is None else unb64(doc.seal), sealed_stream=sealed, added_at=now,
        )  # fmt: skip

    # ---- the answer ----
    def _answer(self, site: Site, settled: _Outcome, text: str, notice: str) -> ConsentAnswer:
        """The receipt: `purposes` are those that stand after it, so a full withdrawal names none."""
        parts, person, decision = self._parts, settled.person, settled.decision
        receipt = Receipt.model_validate({
            "receipt": record.new_id("rcp", parts.entropy), "site": site.id,
            "subject": person.subject, "outcome": settled.outcome,
            "purposes": sorted(person.purposes), "laws": list(decision.laws),
            "says": list(decision.says), "notice_sha256": notice,
            "statement_sha256": b64(hashlib.sha256(text.encode()).digest()),
            "bundle_version": decision.bundle_version, "bundle_sha256": parts.bundle,
            "at": decision.at, "expires_at": person.expires_at, "promise": settled.promise,
        })  # fmt: skip
        return ConsentAnswer(
            receipt=sign(Kind.RECEIPT, dump(receipt), parts.keys.signing),
            capability=self._capability(site, settled),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A verified consent statement on its way into the transaction."""

    site: Site
    said: ConsentStatement
    streams: dict[str, bytes]
    now: int
    gpc: bool


def _as_claimed(asked: _Asked, known: Person | None) -> Person:
    """The person as this statement describes them, on top of what is known."""
    said, claims = asked.said, asked.said.claims
    return Person(
        site=asked.site.id,
        subject=said.subject,
        state=known.state if known else "none",
        purposes=known.purposes if known else frozenset(),
        jurisdictions=tuple(sorted({*asked.site.jurisdictions, *claims.jurisdictions})),
        sector=claims.sector,
        role=claims.role,
        age_band=claims.age_band,
        gpc=asked.gpc,
        guardian=said.guardian,
        written_release=said.written_release,
        notice_sha256=unb64(said.notice_sha256),
        consented_at=asked.now,
        expires_at=known.expires_at if known else 0,
        wrapped_key=known.wrapped_key if known else None,
        epoch=known.epoch if known else 0,
        site_handle=unb64(said.site_handle) if said.site_handle else None,
    )


def _check_claims(site: Site, said: ConsentStatement) -> None:
    if said.claims.role not in site.roles:
        msg = f"this site does not serve people as `{said.claims.role}`; claim one of its roles"
        raise RequestInvalid(msg)
    if not set(said.purposes) <= set(purposes_of(site)):
        msg = "the statement says yes to a purpose that the site's notice does not name; ask only for those it names"
        raise RequestInvalid(msg)


def _check_known(said: ConsentStatement, keys: Sequence[PersonKey]) -> None:
    """A known subject consents again with a device of its key set; keys join by `/v1/keys` only. Raises `SignatureInvalid`, `RequestInvalid`."""
    known = {(key.role, key.sign) for key in keys}
    named = [(doc.role, unb64(doc.sign)) for doc in said.keys]
    if named[0] not in known:
        msg = "this subject is known with another key; sign with a device of its key set"
        raise SignatureInvalid(msg)
    if not known.issuperset(named):
        msg = "a renewed consent names only keys of the key set, each in its role; add others with `/v1/keys`"
        raise RequestInvalid(msg)


def _check_device(key: PersonKey) -> None:
    if key.role != "device":
        msg = "only a device asks what it may do; sign with its key"
        raise RequestInvalid(msg)
