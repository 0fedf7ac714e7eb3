"""What a client gives beside the nouns."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Flushed:
    """What `flush` did: envelopes sent and still waiting; `lost` counts since the first yes what could never arrive, by why."""

    sent: int
    waiting: int
    lost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand on this device. `withdrawing` and `erasing` are in force here and not yet confirmed by the server."""

    subject: str | None
    purposes: tuple[str, ...] = ()
    withdrawing: tuple[str, ...] = ()
    erasing: bool = False
    capability_seconds: int = 0
    waiting: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified place in the audit log: the entry's index, and the C2SP tlog-proof and entry to keep and verify again offline."""

    index: int
    text: str
    entry: bytes
