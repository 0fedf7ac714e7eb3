"""Consent: asked with a notice, given or refused, renewed, taken back; and what a device may do meanwhile."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mien.errors import ClockSkewed, MienError, NoticeStale, RequestInvalid, SignatureInvalid
from mien.wire import lifecycle
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import VerifyKey, key_id
from mien.wire.lifecycle import Happening
from mien.wire.messages import (
    APPROVAL_SECONDS,
    CLOCK_SKEW,
    CapabilityAnswer,
    CapabilityRequest,
    ConsentAnswer,
    ConsentStatement,
    GuardianApproval,
    Notice,
    Promise,
    WithdrawalStatement,
    dump,
    parse,
)
from mien.wire.signatures import Kind, unverified
from mien_server import record, unseal
from mien_server.pipeline.answers import MOOD, Answers, Settled
from mien_server.pipeline.keyset import made_key, opened_stream_key
from mien_server.pipeline.notices import Notices, notice_hash, purposes_of
from mien_server.pipeline.parts import (
    NONCE_SECONDS,
    Parts,
    Said,
    alive,
    claims_of,
    refused,
    state_now,
    together,
    where,
)
from mien_server.pipeline.taking import note, take_back, withdrawn
from mien_server.pipeline.telling import note_withdrawn
from mien_server.pipeline.tidying import Tidying
from mien_server.ports import Transaction
from mien_server.values import Decision, Person, PersonKey, Site


class Consents:
    """Takes statements, gives receipts and capabilities."""

    def __init__(self, parts: Parts, notices: Notices, answers: Answers, tidying: Tidying) -> None:
        self._parts = parts
        self._notices = notices
        self._answers = answers
        self._tidying = tidying

    # ---- giving ----
    async def consent(self, site: Site, text: str, *, gpc: bool) -> ConsentAnswer:
        """Give or renew consent. What policy denies is left out; when nothing is left the receipt says `refused` and names the laws.

        `gpc` is whether the browser sent `Sec-GPC: 1`. Raises `NoticeStale`, `ConsentMissing` (a renewal of what does not stand), and what a
        statement can be refused for.
        """
        asked = self._read(site, text, gpc=gpc)
        answer = await take_back(self._parts, lambda t: self._settle(t, asked))
        if isinstance(answer, MienError):
            raise answer
        await self._tidying.at_once(site.id, asked.said.subject)
        return answer

    def _read(self, site: Site, text: str, *, gpc: bool) -> "_Asked":
        """The statement, with all that can be checked about it outside the transaction."""
        now = self._parts.clock.now()
        claimed = parse(ConsentStatement, unverified(text))
        key = VerifyKey.from_text(claimed.keys[0].sign)
        said = unseal.read_statement(text, Kind.CONSENT, ConsentStatement, key, site.id, now)
        _check_claims(site, said)
        unseal.check_keys(said)
        streams = {
            doc.sign: opened_stream_key(self._parts, said, doc, now)
            for doc in said.keys
            if doc.seal
        }
        return _Asked(
            site, said, text, streams, now,
            gpc=gpc or said.claims.gpc,
            approval=unseal.read_approval(said, now),
            verified_until=self._verified_until(site, said, now),
        )  # fmt: skip

    def _verified_until(self, site: Site, said: ConsentStatement, now: int) -> int:
        if said.guardian is None:
            return 0
        guardian = key_id(unb64(unseal.guardian_key(said).sign))
        return self._parts.verifier.verified_until(
            site, said.subject, guardian, said.guardian.verification, now
        )

    def _settle(self, transaction: Transaction, asked: "_Asked") -> ConsentAnswer | MienError:
        """Decide and write. An error that is returned, not raised, leaves the decision in the log."""
        said = asked.said
        known = transaction.people.get(asked.site.id, said.subject, "update")
        if known is not None:
            alive(known)
            _check_known(asked, known, transaction.people.keys(asked.site.id, said.subject))
        self._spend(transaction, asked)
        before = state_now(known, asked.now) if known else "none"
        state = lifecycle.after(before, Happening.RENEW if said.renewal else Happening.GIVE)
        person = _as_claimed(asked, known, before)
        judged = self._judge(asked, person)
        granted = frozenset(p for p, decision in judged.decisions.items() if decision.allow)
        if not granted:
            return self._refuse(transaction, asked, known, judged)
        given = replace(person, state=state, purposes=granted)
        return self._grant(transaction, asked, known, given, judged)

    def _judge(self, asked: "_Asked", person: Person) -> "_Judged":
        """Notice and decisions under one bundle: another may come into force at any moment."""
        while True:
            bundle = self._parts.authorizer.bundle
            notice = self._notices.of(asked.site, asked.said.locale)
            shown = notice_hash(notice)
            current = unb64(asked.said.notice_sha256) == shown
            if current:  # else the answer is that the notice is stale
                _check_release(asked.said, notice, asked.now)
            decisions: dict[str, Decision] = {
                purpose: self._ask(asked, person, purpose, current=current)
                for purpose in asked.said.purposes
            }
            if self._parts.authorizer.bundle is bundle:
                return _Judged(notice, shown, current, decisions)

    def _spend(self, transaction: Transaction, asked: "_Asked") -> None:
        """Spend the nonces: a guardian's approval, too, is used once."""
        site, said = asked.site.id, asked.said
        transaction.nonces.spend(site, said.nonce.encode(), asked.now + NONCE_SECONDS)
        if asked.approval is not None:
            until = asked.approval.at + APPROVAL_SECONDS + NONCE_SECONDS
            transaction.nonces.spend(site, b"guardian " + asked.approval.nonce.encode(), until)

    def _ask(self, asked: "_Asked", person: Person, purpose: str, *, current: bool) -> Decision:
        source = "declared" if purpose == MOOD else "face"
        return self._parts.ask(
            asked.site, person, "give_consent", asked.now, purpose=purpose, source=source,
            notice_current=current,
        )  # fmt: skip

    def _grant(
        self,
        transaction: Transaction,
        asked: "_Asked",
        known: Person | None,
        person: Person,
        judged: "_Judged",
    ) -> ConsentAnswer:
        parts, said, site = self._parts, asked.said, asked.site
        if known is None:
            wrapped, epoch = parts.new_data_key(site.id, said.subject)
            person = replace(person, wrapped_key=wrapped, epoch=epoch)
        else:
            if not _in_row(known) <= person.purposes:
                note(parts, transaction, withdrawn(known, asked.text, asked.now))
            # As it is now, and not as it was written: what ran out a second ago does not come back either.
            self._tidying.before(transaction, replace(known, state=state_now(known, asked.now)))
        person = replace(person, consented_at=asked.now, expires_at=self._ends(site, person, asked))
        transaction.people.put(person)
        if known is not None:
            kept = person.purposes if lifecycle.stands(state_now(known, asked.now)) else frozenset()
            note_withdrawn(parts, transaction, known, _in_row(known) - kept, asked.now)
        if known is not None and not known.purposes <= person.purposes:
            transaction.people.mark(person.site, person.subject)
        # A known subject's other keys are as they are: only the device that signs speaks for itself.
        docs = said.keys if known is None else said.keys[:1]
        keys = [made_key(parts, person, doc, asked.streams, asked.now) for doc in docs]
        for key in keys:
            transaction.people.put_key(key)
        transaction.evidence.keep_notice(judged.shown, encode(dump(judged.notice)))
        decision = together(judged.decisions.values(), allow=True)
        named = ",".join(sorted(person.purposes))
        promise = parts.log(transaction, site, person, "give_consent", decision, named)
        settled = Settled(
            person, person.state, decision, promise, keys[0], said.model, judged.refused(),
            withdrawn=_dropped(known, person, asked.now),
        )  # fmt: skip
        return self._answers.consent(transaction, site, settled, asked.text, judged.shown)

    def _ends(self, site: Site, person: Person, asked: "_Asked") -> int:
        """When the consent runs out: by policy, and no later than a verifier's word about the guardian."""
        ends = asked.now + self._parts.retention("consent", where(site, person))
        return min(ends, asked.verified_until) if asked.verified_until else ends

    def _refuse(
        self, transaction: Transaction, asked: "_Asked", known: Person | None, judged: "_Judged"
    ) -> ConsentAnswer | MienError:
        """Keep the decision and nothing else. A refused renewal leaves the consent that stands as it is."""
        parts, said, site = self._parts, asked.said, asked.site
        purposes = ",".join(sorted(said.purposes))
        decision = together(judged.decisions.values(), allow=False)
        state = state_now(known, asked.now) if known else "none"
        claimed = _as_claimed(asked, known, state)
        if known is not None:
            promise = parts.log(transaction, site, claimed, "give_consent", decision, purposes)
        else:
            promise = self._log_nobody(transaction, asked, decision, purposes)
        if not judged.current:
            msg = "the notice changed since it was shown; fetch it, show it and ask again"
            return NoticeStale(msg, laws=decision.laws)
        if not lifecycle.stands(state):
            claimed = replace(claimed, purposes=frozenset(), expires_at=asked.now)
        key = made_key(parts, claimed, said.keys[0], {}, asked.now)
        settled = Settled(claimed, "refused", decision, promise, key, said.model, judged.refused())
        receipt = self._answers.receipt(site, settled, asked.text, judged.shown)
        return ConsentAnswer(receipt=receipt, capability=None)

    def _log_nobody(
        self, transaction: Transaction, asked: "_Asked", decision: Decision, purposes: str
    ) -> Promise:
        parts, site = self._parts, asked.site
        content = record.decision_record(
            "give_consent", decision, site.id, asked.said.subject, purposes,
            claims_of(site, _as_claimed(asked, None, "none")),
        )  # fmt: skip
        epoch = parts.keys.epoch()
        places = frozenset(site.jurisdictions)
        leaf = record.sealed_leaf_of_nobody(
            site.id, content, asked.now, asked.now + parts.known_life("decision_record", places),
            parts.keys.kek(epoch), epoch, parts.entropy, asked.said.subject,
        )  # fmt: skip
        return parts.add_leaf(transaction, leaf, asked.now)

    # ---- taking back ----
    async def withdraw(self, site: Site, text: str, *, gpc: bool) -> ConsentAnswer:
        """Take back purposes, by any key of the key set. Effective when this returns; what they covered is deleted right after.

        What a guardian takes back is `revoked` (DPV: by somebody else than the person).
        """

        def work(transaction: Transaction) -> ConsentAnswer:
            parts = self._parts
            said = parts.statement(
                transaction, site, text, Kind.WITHDRAWAL, WithdrawalStatement, "update", gpc=gpc
            )
            note(parts, transaction, withdrawn(said.person, text, said.now))
            taken = frozenset(said.statement.purposes)
            person = _without(said, taken)
            transaction.people.put(person)
            transaction.people.mark(site.id, person.subject)
            gone = taken & _in_row(said.person)
            note_withdrawn(parts, transaction, said.person, gone, said.now)
            decision = parts.right(said.now, where(site, person), "7(3)")
            named = ",".join(sorted(said.statement.purposes))
            promise = parts.log_anyhow(transaction, site, person, "withdraw", decision, named)
            outcome = "revoked" if said.key.role == "guardian" else "withdrawn"
            settled = Settled(
                person, outcome, decision, promise, said.key, said.statement.model,
                withdrawn=tuple(taken & said.person.purposes),
            )  # fmt: skip
            return self._answers.consent(transaction, site, settled, text, person.notice_sha256)

        answer = await take_back(self._parts, work)
        await self._tidying.at_once(site.id, _subject(text))
        return answer

    # ---- meanwhile ----
    async def capability(self, site: Site, text: str, *, gpc: bool) -> CapabilityAnswer:
        """What this device may do for the next five minutes. When that is nothing, raises `ConsentMissing` or, while consent stands, `PolicyDenied`."""

        def work(transaction: Transaction) -> str | MienError:
            said = self._parts.statement(
                transaction, site, text, Kind.CAPABILITY_REQUEST, CapabilityRequest, "share",
                gpc=gpc,
            )  # fmt: skip
            _check_device(said.key)
            person = said.person
            may = self._answers.may(site, person, said.now)
            asked = [each.decision for each in may] or [self._nothing(site, person, said.now)]
            decision = together(asked, allow=any(each.allow for each in asked))
            named = ",".join(sorted(person.purposes)) or None
            promise = self._parts.log(transaction, site, person, "infer", decision, named)
            settled = Settled(person, "", decision, promise, said.key, said.statement.model)
            capability = self._answers.capability(site, settled, may)
            return capability or refused(person, said.now, decision, "nothing may be read here now")

        capability = await self._parts.store.transact(work)
        if isinstance(capability, MienError):
            raise capability
        return CapabilityAnswer(capability=capability)

    def _nothing(self, site: Site, person: Person, now: int) -> Decision:
        """The denial for somebody without any purpose: what policy says to the first thing this site could ask for."""
        return self._parts.ask(site, person, "infer", now, purpose=purposes_of(site)[0])


@dataclass(frozen=True, slots=True)
class _Asked:
    """A verified consent statement on its way into the transaction."""

    site: Site
    said: ConsentStatement
    text: str
    streams: dict[str, bytes]
    now: int
    gpc: bool
    approval: GuardianApproval | None
    verified_until: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """What policy said to each purpose, and the notice that it rests on: what the site shows now in the statement's language, and its identity."""

    notice: Notice
    shown: bytes
    current: bool
    decisions: dict[str, Decision]

    def refused(self) -> dict[str, Decision]:
        """What was asked for and denied."""
        return {name: each for name, each in self.decisions.items() if not each.allow}


def _without(said: Said[WithdrawalStatement], taken: frozenset[str]) -> Person:
    """The person with these purposes taken back. What a guardian approved before they took something back is worth nothing any more."""
    guardian = said.key.role == "guardian"
    left = said.person.purposes - taken
    ended = Happening.REVOKE if guardian else Happening.WITHDRAW
    state = said.person.state if left else lifecycle.after(said.person.state, ended)
    revoked = said.now if guardian else said.person.revoked_at
    return replace(said.person, purposes=left, state=state, revoked_at=revoked)


def _as_claimed(asked: _Asked, known: Person | None, state: str) -> Person:
    """The person as this statement describes them, on top of what is known."""
    said, claims = asked.said, asked.said.claims
    return Person(
        site=asked.site.id,
        subject=said.subject,
        state=state,
        purposes=known.purposes if known else frozenset(),
        jurisdictions=tuple(sorted(claims.jurisdictions)),
        sector=claims.sector,
        role=claims.role,
        age_band=claims.age_band,
        gpc_at=_signalled(asked, known),
        guardian=asked.approval is not None,
        revoked_at=known.revoked_at if known else 0,
        guardian_verified=asked.verified_until > 0,
        written_release=said.release is not None,
        notice_sha256=unb64(said.notice_sha256),
        consented_at=asked.now,
        expires_at=known.expires_at if known else 0,
        wrapped_key=known.wrapped_key if known else None,
        epoch=known.epoch if known else 0,
        site_handle=unb64(said.site_handle) if said.site_handle else None,
        held_until=known.held_until if known else 0,
    )


def _dropped(known: Person | None, person: Person, now: int) -> tuple[str, ...]:
    """What stood until now and does not any more: a new answer takes the place of the old one, whole."""
    if known is None or not lifecycle.stands(state_now(known, now)):
        return ()
    return tuple(sorted(known.purposes - person.purposes))


def _in_row(person: Person) -> frozenset[str]:
    """What stands by the row: what ran out and was not told to the site yet is still to be told."""
    return person.purposes if lifecycle.stands(person.state) else frozenset()


def _signalled(asked: _Asked, known: Person | None) -> int:
    """When the browser's signal was first seen; never after this yes, which was said knowing it. A signal that was seen stays on record."""
    seen = known.gpc_at if known else 0
    return min(seen, asked.now) if seen else (asked.now if asked.gpc else 0)


def _check_claims(site: Site, said: ConsentStatement) -> None:
    if said.claims.role not in site.roles:
        msg = f"this site does not serve people as `{said.claims.role}`; claim one of its roles"
        raise RequestInvalid(msg)
    if not set(said.purposes) <= set(purposes_of(site)):
        msg = "the statement says yes to a purpose that the site's notice does not name; ask only for those it names"
        raise RequestInvalid(msg)


def _check_release(said: ConsentStatement, notice: Notice, now: int) -> None:
    """A written release is the text that was shown, signed today."""
    if said.release is None:
        return
    if said.release.text_sha256 != b64(hashlib.sha256(notice.release.encode()).digest()):
        msg = "the written release is of another text; show the notice's `release` and let the person sign that"
        raise RequestInvalid(msg)
    if not now - APPROVAL_SECONDS <= said.release.at <= now + CLOCK_SKEW:
        msg = (
            "the written release is older than a day or from the future; let the person sign again"
        )
        raise ClockSkewed(msg)


def _check_known(asked: _Asked, person: Person, keys: Sequence[PersonKey]) -> None:
    """A known subject consents again with a device of its key set; keys join by `/v1/keys` only. Raises `SignatureInvalid`, `RequestInvalid`."""
    said = asked.said
    known = {(key.role, key.sign) for key in keys}
    named = [(doc.role, unb64(doc.sign)) for doc in said.keys]
    if named[0] not in known:
        msg = "this subject is known with another key; sign with a device of its key set"
        raise SignatureInvalid(msg)
    if not known.issuperset(named):
        msg = "a renewed consent names only keys of the key set, each in its role; add others with `/v1/keys`, or erase and begin anew"
        raise RequestInvalid(msg)
    if said.guardian is None and any(key.role == "guardian" for key in keys):
        msg = "this person has a guardian, who has to sign as well; a guardian is let go by themselves only"
        raise RequestInvalid(msg)
    if asked.approval is not None and asked.approval.at <= person.revoked_at:
        msg = "the guardian took something back since they approved this; let them sign again"
        raise SignatureInvalid(msg)


def _check_device(key: PersonKey) -> None:
    if key.role != "device":
        msg = "only a device asks what it may do; sign with its key"
        raise RequestInvalid(msg)


def _subject(text: str) -> str:
    """The subject of a statement that was verified."""
    return str(unverified(text)["subject"])
