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
    """How things stand on this device. `withdrawing` and `erasing` are in force here and not yet confirmed by the server.

    `state` is a state of the consent's life (`mien.wire.lifecycle`), `expires_at` when it ends by itself (unix seconds, 0 for none). `ask_again`:
    it ended or is not acted on without a no of the person, so show the notice as it is now and ask.
    """

    subject: str | None
    purposes: tuple[str, ...] = ()
    withdrawing: tuple[str, ...] = ()
    erasing: bool = False
    capability_seconds: int = 0
    waiting: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    state: str = "none"
    expires_at: int = 0
    ask_again: bool = False


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key of the person's key set as the server has it. `here`: it is this device's own. `added_at` is in unix seconds."""

    id: str
    role: str
    added_at: int
    here: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified place in the audit log: the entry's index, and the C2SP tlog-proof and entry to keep and verify again offline."""

    index: int
    text: str
    entry: bytes


@dataclass(frozen=True, slots=True)
class Contributed:
    """What became of one round: an update was sent, or `why` none was.

    `update-twice` (there is one already), `nothing-learned` (the person said nothing yet), `budget-spent`, `another-network` (the round is of another model),
    or the server's own code, such as `round-full`.
    """

    round: str
    sent: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """What this device's updates may have revealed: `epsilon` at `delta`, over `rounds` rounds, of which `waiting` are not over and count already."""

    rounds: int
    waiting: int
    epsilon: float
    delta: float
