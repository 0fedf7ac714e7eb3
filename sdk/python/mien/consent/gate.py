"""The gate before camera, model and network. It opens only with a verified capability and shuts by itself when that expires.

A capability is verified once and then remembered by its exact text; time, what it allows and for which purpose are checked at every passage.
Two clocks are asked: wall time, and a monotonic one that turning the wall clock back cannot stretch.
"""

from dataclasses import dataclass, field
from typing import Final

from mien.consent.answers import open_capability
from mien.errors import CapabilityExpired, CapabilityInvalid, ClockSkewed, ConsentMissing
from mien.wire.keys import VerifyKey
from mien.wire.messages import CLOCK_SKEW, Capability

RENEW_BEFORE: Final = 120
"""Seconds before expiry from which a device asks for the next capability."""


@dataclass(slots=True)
class Gate:
    """Stands shut until `admit`. One for each person and device."""

    trust: VerifyKey
    site: str
    subject: str
    device: str
    _text: str | None = field(default=None, repr=False)
    _capability: Capability | None = field(default=None, repr=False)
    _deadline: float = 0.0

    def admit(self, text: str | None, now: int, monotonic: float) -> None:
        """Take over a capability (None shuts). Raises `CapabilityInvalid`, and is shut then; time is checked by `require`."""
        if text is not None and text == self._text:
            return
        self.shut()
        if text is None:
            return
        found = open_capability(text, self.trust, self.site, self.subject, self.device)
        self._text, self._capability = text, found
        self._deadline = monotonic + (found.expires_at - now)

    @property
    def model(self) -> int | None:
        """The model that the capability is for, None when there is no capability."""
        return None if self._capability is None else self._capability.model

    def shut(self) -> None:
        """Let nothing pass any more."""
        self._text = self._capability = None

    def require(
        self,
        may: str,
        now: int,
        monotonic: float,
        purpose: str | None = None,
        model: int | None = None,
    ) -> Capability:
        """Return the capability when `may` (for `purpose` and with `model`, if they are named) is allowed now.

        Raises `ConsentMissing`, `CapabilityExpired`, or `CapabilityInvalid` when it was given for another model or for none.
        """
        found = self._capability
        if found is None:
            msg = "the person has not said yes, or took it back; show the notice and ask"
            raise ConsentMissing(msg)
        _in_time(found, now)
        if monotonic >= self._deadline:
            raise CapabilityExpired(_EXPIRED)
        if may not in found.may or not found.purposes:
            msg = f"the server's policy does not allow `{may}` now; see the laws in the receipt"
            raise ConsentMissing(msg)
        if purpose is not None and purpose not in found.purposes:
            msg = f"the person has not said yes to `{purpose}`; ask for that purpose"
            raise ConsentMissing(msg)
        _of_model(found, may, model)
        return found

    def remaining(self, now: int, monotonic: float) -> float:
        """Seconds until it shuts; 0 when shut."""
        if self._capability is None:
            return 0.0
        return max(0.0, min(self._capability.expires_at - now, self._deadline - monotonic))


_EXPIRED: Final = "the capability is older than its five minutes; connect to the server to renew it"


def _of_model(found: Capability, may: str, model: int | None) -> None:
    """A capability to read faces is for one model; without a model there is nothing to read them with."""
    if may == "infer" and found.model == 0:
        msg = "the capability names no model, so no face may be read on it; ask for consent to read"
        raise CapabilityInvalid(msg)
    if model is not None and found.model != model:
        msg = f"the capability is for model {found.model} and this device reads with model {model}; ask the server for another"
        raise CapabilityInvalid(msg)


def _in_time(found: Capability, now: int) -> None:
    if now >= found.expires_at:
        raise CapabilityExpired(_EXPIRED)
    if now < found.issued_at - CLOCK_SKEW:
        msg = "this device's clock is more than two minutes behind the server's; set the clock"
        raise ClockSkewed(msg)
