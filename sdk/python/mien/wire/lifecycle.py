"""A consent's life: the states a consent can be in, what happens to it, and what follows. The states are those of DPV (https://w3id.org/dpv).

    none -> requested -> given <-> renewed -> withdrawn | revoked | expired | invalidated -> given
                      -> refused | deferred

Processing is allowed in `given` and `renewed` only (DPV: the two valid states). Device and server use the same table, so neither believes in a
consent that the other does not. Source: ISO/IEC TS 27560:2023 `event_state`, DPV 2.3 "Consent Status".
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mien.errors import ConsentMissing
from mien.values import STANDING

DPV: Final = MappingProxyType({
    "none": "ConsentUnknown", "requested": "ConsentRequested", "deferred": "ConsentRequestDeferred",
    "refused": "ConsentRefused", "given": "ConsentGiven", "renewed": "RenewedConsentGiven",
    "withdrawn": "ConsentWithdrawn", "revoked": "ConsentRevoked", "expired": "ConsentExpired",
    "invalidated": "ConsentInvalidated",
})  # fmt: skip
"""Each state's name in DPV."""


class Happening(StrEnum):
    """What happens to a consent. `give` is a yes to a notice just shown; `revoke` is a withdrawal by somebody else than the person, a guardian."""

    ASK = "ask"
    DEFER = "defer"
    REFUSE = "refuse"
    GIVE = "give"
    RENEW = "renew"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    EXPIRE = "expire"
    INVALIDATE = "invalidate"


_ENDS: Final = {
    Happening.WITHDRAW: "withdrawn", Happening.REVOKE: "revoked", Happening.EXPIRE: "expired",
    Happening.INVALIDATE: "invalidated",
}  # fmt: skip
_ASKED: Final = {
    Happening.ASK: "requested", Happening.DEFER: "deferred", Happening.REFUSE: "refused",
}  # fmt: skip
_NEVER: Final = frozenset({"none", "requested", "deferred", "refused"})
"""States in which there is nothing to keep as it was: an answer to a question replaces them."""


def stands(state: str) -> bool:
    """Whether anything may be done under a consent in this state."""
    return state in STANDING


def after(state: str, happening: Happening) -> str:
    """The state that follows. What cannot end again, or was asked in vain, stays as it is: every happening may be told twice.

    Raises `ConsentMissing` for a renewal of what does not stand, and `KeyError` for a state that is none.
    """
    DPV[state]
    if happening is Happening.GIVE:
        return "renewed" if stands(state) else "given"
    if happening is Happening.RENEW:
        if not stands(state):
            msg = f"a consent that is `{state}` cannot be renewed; show the notice and ask anew"
            raise ConsentMissing(msg)
        return "renewed"
    if happening in _ENDS:
        return _ENDS[happening] if stands(state) else state
    return _ASKED[happening] if state in _NEVER else state
