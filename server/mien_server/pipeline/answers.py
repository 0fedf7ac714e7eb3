"""What a person is answered: the receipt, the capability, and the proof of both that is kept."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mien.wire import lifecycle
from mien.wire.canonical import b64
from mien.wire.messages import Capability, ConsentAnswer, Promise, Receipt, dump
from mien.wire.signatures import Kind, sign
from mien_server import record
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import CONTRIBUTE, Parts, state_now, where
from mien_server.ports import Transaction
from mien_server.values import Decision, Person, PersonKey, Site

CAPABILITY_SECONDS: Final = 300
MOOD: Final = "declare_mood"
"""The purpose that needs no camera: the person says how they feel."""
_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    MOOD: ("record",), CONTRIBUTE: ("infer", CONTRIBUTE),
}  # fmt: skip
"""What a purpose is for where that is not reading faces and sending labels."""


@dataclass(frozen=True, slots=True)
class May:
    """One thing a person's device might do for a purpose, and whether it may."""

    purpose: str
    action: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Settled:
    """What a transaction settled and the receipt must say. `key` signed; a capability is for a device only, reading with `model`.

    `refused` is what was asked for and denied, by purpose; `withdrawn` what stood and was taken back.
    """

    person: Person
    outcome: str
    decision: Decision
    promise: Promise
    key: PersonKey
    model: int = 0
    refused: Mapping[str, Decision] = field(default_factory=dict)
    withdrawn: tuple[str, ...] = ()


class Answers:
    """Signs what was settled."""

    def __init__(self, parts: Parts, notices: Notices) -> None:
        self._parts = parts
        self._notices = notices

    # ---- what a device may do now ----
    def may(self, site: Site, person: Person, now: int) -> tuple[May, ...]:
        """A decision on each thing that each consented purpose is for: reading faces and sending labels, a declared mood, or an update of the shared head."""
        return tuple(
            May(purpose, action, self._ask(site, person, purpose, action, now))
            for purpose in standing(person, now)
            for action in _FOR.get(purpose, ("infer", "record"))
        )

    def _ask(self, site: Site, person: Person, purpose: str, action: str, now: int) -> Decision:
        mood = purpose == MOOD
        data_class = "mood" if mood else "label"
        return self._parts.ask(
            site, person, action, now, purpose=purpose, source="declared" if mood else "face",
            data_class=data_class, notice_current=self._notices.is_current(site, person),
            retain_until=now + self._parts.known_life(data_class, where(site, person)),
        )  # fmt: skip

    def capability(self, site: Site, settled: Settled, may: tuple[May, ...]) -> str | None:
        """The signed capability for what is allowed, bound to device, site, purposes, model and bundle. None when that is nothing."""
        if settled.key.role != "device":
            return None
        allowed = [each for each in may if each.decision.allow]
        infer = [each.purpose for each in allowed if each.action == "infer" and settled.model]
        moods = [each.purpose for each in allowed if each.purpose == MOOD]
        updates = [each.purpose for each in allowed if each.action == CONTRIBUTE]
        if not infer and not moods and not updates:
            return None
        sends = bool(moods) or (bool(infer) and any(each.action == "record" for each in allowed))
        now = settled.decision.at
        document = Capability.model_validate({
            "site": site.id, "subject": settled.person.subject, "device": settled.key.id,
            "may": [
                *(["infer"] if infer else []), *(["send"] if sends else []), *(["contribute"] if updates else []),
            ],
            "purposes": sorted({*infer, *moods, *updates}), "model": settled.model,
            "bundle_sha256": _sha256(settled.decision), "issued_at": now,
            "expires_at": min(now + CAPABILITY_SECONDS, settled.person.expires_at),
        })  # fmt: skip
        return sign(Kind.CAPABILITY, dump(document), self._parts.keys.signing)

    # ---- the receipt ----
    def consent(
        self,
        transaction: Transaction,
        site: Site,
        settled: Settled,
        statement: str,
        notice: bytes,
        *,
        capable: bool = True,
    ) -> ConsentAnswer:
        """The receipt, kept as proof with the statement that it answers, and the capability unless the key is not `capable` of one any more."""
        receipt = self.receipt(site, settled, statement, notice)
        signer = b64(settled.key.sign)
        proof = {"statement": statement, "receipt": receipt, "signer": signer}
        self._keep(transaction, site, settled, proof)
        may = self.may(site, settled.person, settled.decision.at) if capable else ()
        return ConsentAnswer(receipt=receipt, capability=self.capability(site, settled, may))

    def receipt(self, site: Site, settled: Settled, statement: str, notice: bytes) -> str:
        """The signed receipt."""
        parts, person, decision = self._parts, settled.person, settled.decision
        receipt = Receipt.model_validate({
            "receipt": record.new_id("rcp", parts.entropy), "site": site.id,
            "subject": person.subject, "outcome": settled.outcome,
            "purposes": standing(person, decision.at),
            "refused": [
                {"purpose": purpose, "laws": list(each.laws), "says": list(each.says)}
                for purpose, each in sorted(settled.refused.items())
            ],
            "withdrawn": sorted(settled.withdrawn), "laws": list(decision.laws),
            "says": list(decision.says), "notice_sha256": b64(notice),
            "statement_sha256": b64(hashlib.sha256(statement.encode()).digest()),
            "jurisdictions": sorted(where(site, person)), "by": settled.key.role,
            "bundle_version": decision.bundle_version,
            "bundle_sha256": _sha256(decision),
            "at": decision.at, "expires_at": person.expires_at, "promise": settled.promise,
        })  # fmt: skip
        return sign(Kind.RECEIPT, dump(receipt), parts.keys.signing)

    def _keep(
        self, transaction: Transaction, site: Site, settled: Settled, content: dict[str, Any]
    ) -> None:
        """Keep the proof of an act, under its own key and until its own end."""
        parts, at = self._parts, settled.decision.at
        epoch = parts.keys.epoch()
        until = at + parts.known_life("consent_evidence", where(site, settled.person))
        transaction.evidence.add(
            record.seal_evidence(
                site.id, settled.person.subject, {"v": 1, **content}, at, until,
                parts.keys.kek(epoch), epoch, parts.entropy,
            )
        )  # fmt: skip


def standing(person: Person, now: int) -> list[str]:
    """The purposes that may be processed for at `now`: none once the consent ended."""
    return sorted(person.purposes) if lifecycle.stands(state_now(person, now)) else []


def _sha256(decision: Decision) -> str:
    """The bundle that a decision was made under: another may be in force by now."""
    return b64(bytes.fromhex(decision.bundle_sha256))
