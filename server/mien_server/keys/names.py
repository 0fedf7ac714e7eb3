"""What the secrets are called, what they hold, and how long they live."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from mien.errors import KeysMissing, SealKeyUnknown

DAY: Final = 86_400
SEAL_LIFE: Final = 2 * DAY
"""Seconds from the start of its day until a seal key dies: what was sealed just before midnight has a day to arrive."""
EPOCH: Final = 30 * DAY
"""Seconds between two ends of epochs: every key-encryption key is used for new wrapping until the next multiple of this, at most so long."""
REWRAP: Final = DAY
"""Seconds after an epoch's end within which everybody living has been wrapped anew and the old key is gone."""
GRACE: Final = 3600
"""Seconds from the making of a key-encryption key until older ones may be destroyed: by then every node wraps with the new one."""
LOOK: Final = 60
"""Seconds after which a node that is about to wrap looks whether another node has begun an epoch."""
SKEW: Final = 120
"""Seconds by which another node's clock may be ahead when it begins an epoch."""
AHEAD: Final = 7 * DAY
"""Seconds before the end of an epoch from when on a missing next key is told, where only the operator can make one."""

SIGNING: Final = "signing"
LOG: Final = "log"
FIXED: Final = (SIGNING, LOG)
SECRET: Final = 32
_STAMP: Final = 8
_KEK: Final = re.compile(r"kek-(\d{5})", re.ASCII)
_SEAL: Final = re.compile(r"seal-(\d{4}-\d{2}-\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kek:
    """A key-encryption key: 32 secret bytes, and the unix second from which on it wraps."""

    secret: bytes = field(repr=False)
    begins: int

    @property
    def ends(self) -> int:
        """Unix seconds from which on the next one wraps."""
        return (self.begins // EPOCH + 1) * EPOCH

    def to_bytes(self) -> bytes:
        """As a provider keeps it: the secret, then eight bytes of time."""
        return self.secret + self.begins.to_bytes(_STAMP, "big")

    @classmethod
    def from_bytes(cls, epoch: int, content: bytes) -> "Kek":
        """What `to_bytes` gave. 32 bytes alone begin where the calendar says. Raises `KeysMissing` for another length."""
        if len(content) == SECRET:
            return cls(content, epoch * EPOCH)
        if len(content) != SECRET + _STAMP:
            msg = f"the key-encryption key of epoch {epoch} has the wrong length; restore it"
            raise KeysMissing(msg)
        return cls(content[:SECRET], int.from_bytes(content[SECRET:], "big"))


def unreadable_by(moment: int) -> int:
    """Unix seconds from which on nobody opens a backup made until `moment`: each epoch begun by then, by whatever clock, is over and its key gone."""
    return ((moment + SKEW) // EPOCH + 1) * EPOCH + REWRAP


def kek_name(epoch: int) -> str:
    """The name of an epoch's key-encryption key."""
    return f"kek-{epoch:05d}"


def seal_name(kid: str) -> str:
    """The name of the seal key of the day `kid`."""
    return f"seal-{kid}"


def epoch_in(name: str) -> int | None:
    """The epoch whose key-encryption key has this name, None for another secret."""
    found = _KEK.fullmatch(name)
    return None if found is None else int(found[1])


def kid_in(name: str) -> str | None:
    """The day whose seal key has this name, None for another secret."""
    found = _SEAL.fullmatch(name)
    return None if found is None else found[1]


def is_name(name: str) -> bool:
    """Whether a secret may be called so."""
    return name in FIXED or epoch_in(name) is not None or kid_in(name) is not None


def day_of(now: int) -> str:
    """The UTC day of a time, as a seal key's id."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def start_of(kid: str) -> int:
    """Unix seconds at which the day `kid` begins. Raises `SealKeyUnknown` when it is no day."""
    try:
        return int(datetime.combine(date.fromisoformat(kid), datetime.min.time(), UTC).timestamp())
    except ValueError as error:
        msg = "no seal key has this id; fetch the service document again"
        raise SealKeyUnknown(msg) from error


def epoch_of(now: int) -> int:
    """The number of the calendar's epoch that a time lies in: a new key gets it, or the next that was never used."""
    return now // EPOCH
