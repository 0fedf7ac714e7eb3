"""A yes that stays on this device: for looking at oneself. The same gate, opened by a key that is made for it and thrown away.

Nothing can be sent on it: no server knows the key, and it allows `infer` only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from mien.consent.answers import CAPABILITY_SECONDS
from mien.consent.codes import CODE_BYTES, subject_of
from mien.consent.gate import RENEW_BEFORE, Gate
from mien.consent.person import Person, new_person
from mien.values import PURPOSES
from mien.wire.canonical import b64
from mien.wire.messages import Capability, dump
from mien.wire.signatures import Kind, sign

_SITE = "this-device"


@dataclass(slots=True)
class LocalYes:
    """Made only after the person said yes to looking. Renews itself while it is used, five minutes at a time."""

    person: Person = field(repr=False)
    gate: Gate = field(repr=False)
    model: int

    @classmethod
    def said(cls, entropy: Callable[[int], bytes], model: int) -> "LocalYes":
        """The person has just said yes to being read with this model."""
        person = new_person(_SITE, subject_of(entropy(CODE_BYTES)), entropy)
        trust = person.sign.verify_key()
        return cls(person, Gate(trust, _SITE, person.subject, person.device), model)

    def require(self, now: int, monotonic: float) -> Capability:
        """The capability to infer, for everything a label can be for."""
        if self.gate.remaining(now, monotonic) < RENEW_BEFORE:
            self.gate.admit(self._sign(now), now, monotonic)
        return self.gate.require("infer", now, monotonic, model=self.model)

    def _sign(self, now: int) -> str:
        capability = Capability(
            site=_SITE,
            subject=self.person.subject,
            device=self.person.device,
            may=["infer"],
            purposes=[
                purpose for purpose in PURPOSES if purpose.startswith(("personalize", "adapt"))
            ],
            model=self.model,
            bundle_sha256=b64(bytes(32)),
            issued_at=now,
            expires_at=now + CAPABILITY_SECONDS,
        )
        return sign(Kind.CAPABILITY, dump(capability), self.person.sign)
