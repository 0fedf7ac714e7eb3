"""What a witness answers: every rule of c2sp.org/tlog-witness, in the order in which it is asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mien.errors import AuditError, CheckpointInvalid, ProofInvalid
from mien.wire.keys import VerifyKey
from mien.wire.proof import (
    EMPTY_ROOT,
    Checkpoint,
    parse_body,
    parse_checkpoint,
    parse_note_key,
    split_note,
    verify_consistency,
)
from mien.wire.witness import SIZE_TYPE, AddCheckpoint, cosign
from mien_server.witness.home import Home, keep_fork
from mien_server.witness.memory import Memory, Seen, Turn

if TYPE_CHECKING:
    from mien_server.ports import Clock

TEXT: Final = "text/plain; charset=utf-8"
Logs = Mapping[str, tuple[VerifyKey, ...]]
"""The keys of each log, by the log's name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, and the word for the witness's own log: `cosigned`, `refused` or `fork`."""

    status: int
    text: str
    word: str = "refused"
    media: str = TEXT


def logs_of(vkeys: Iterable[str]) -> Logs:
    """The logs with these verification keys; one log may have several. Raises `CheckpointInvalid`."""
    found: dict[str, tuple[VerifyKey, ...]] = {}
    for vkey in vkeys:
        origin, key = parse_note_key(vkey)
        found[origin] = (*found.get(origin, ()), key)
    return found


class Judge:
    """One witness and the logs that it was told of."""

    def __init__(self, home: Home, logs: Logs, clock: "Clock") -> None:
        self._home = home
        self._logs = logs
        self._clock = clock

    @property
    def memory(self) -> Memory:
        """What it has seen."""
        return self._home.memory

    def answer(self, body: bytes) -> Answer:
        """What is answered to a request with this body. Raises `StoreBusy`, `StoreUnwritable`: then nothing was signed."""
        try:
            asked = AddCheckpoint.parse(body.decode())
            shown = parse_body(split_note(asked.note)[0])
        except (UnicodeDecodeError, AuditError) as error:
            return _refused(400, error)
        if shown.origin not in self._logs:
            return Answer(404, "this witness was not told of that log\n")
        if not self._signed(asked.note, shown.origin):
            return Answer(403, "the log's key did not sign this checkpoint\n")
        if asked.old > shown.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        return self._advance(asked, shown)

    def _signed(self, note: str, origin: str) -> bool:
        return any(_verifies(note, origin, key) for key in self._logs[origin])

    def _advance(self, asked: AddCheckpoint, shown: Checkpoint) -> Answer:
        with self.memory.turn() as turn:
            refused = self._against(turn, asked, shown)
            if refused is not None:
                return refused
            turn.see(Seen(shown, asked.note))
            # Told in the turn: at this moment no larger tree has been seen, whoever else signs with this memory.
            at = self._clock.now()
        # Only now, with what was seen on the disk, it is signed.
        return Answer(200, cosign(shown, self._home.name, self._home.key, at), "cosigned")

    def _against(self, turn: Turn, asked: AddCheckpoint, shown: Checkpoint) -> Answer | None:
        """Why this is not cosigned after what was seen before; None when it may be."""
        seen = turn.seen(shown.origin)
        kept = Checkpoint(shown.origin, 0, EMPTY_ROOT) if seen is None else seen.checkpoint
        if asked.old != kept.size:
            return Answer(409, f"{kept.size}\n", media=SIZE_TYPE)
        if seen is not None and shown.size == kept.size and shown.root != kept.root:
            keep_fork(self._home, seen, Seen(shown, asked.note))
            return Answer(409, "the log has signed another tree of this size\n", "fork")
        try:
            verify_consistency(kept.size, kept.root, shown.size, shown.root, asked.path)
        except ProofInvalid as error:
            return _refused(422, error)
        return None


def _verifies(note: str, origin: str, key: VerifyKey) -> bool:
    try:
        parse_checkpoint(note, origin, key)
    except CheckpointInvalid:
        return False
    return True


def _refused(status: int, error: Exception) -> Answer:
    says = str(error) if isinstance(error, AuditError) else "the request is no UTF-8"
    return Answer(status, f"{says}\n")
