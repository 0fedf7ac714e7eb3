"""Why somebody's data is held, sealed under their own key: it may name a dispute, and it goes when they do."""

from typing import Final

from mien_server.ports import Entropy
from mien_server.record.vault import Vault
from mien_server.values import Hold

_WHAT: Final = "hold reason"


def seal_reason(vault: Vault, hold: str, reason: str, entropy: Entropy) -> bytes:
    """The reason of the hold with this id, at rest."""
    return vault.seal(reason.encode(), _WHAT, hold.encode(), entropy)


def open_reason(vault: Vault, hold: Hold) -> str:
    """Why a hold was placed. Raises `KeepUnreadable`."""
    return vault.open(hold.reason, _WHAT, hold.id.encode()).decode()
