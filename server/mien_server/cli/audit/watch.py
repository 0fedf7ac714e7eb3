"""`mien audit watch`: is the log still what it was, grown? Says so at once when it is not."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from mien.errors import (
    AuditError,
    CheckpointInvalid,
    RequestRefused,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
)
from mien.wire.proof import parse_note_key
from mien.wire.witness import check_quorum
from mien_server import audit
from mien_server.cli.audit.verify import TAMPERED
from mien_server.cli.audit.watched import Watched
from mien_server.cli.audit.witnesses import AHEAD_SECONDS, named
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.cli.audit.remote import Remote


class _Alarm(Exception):
    """Something is wrong with the log: what, and where the evidence lies."""

    def __init__(self, says: str, evidence: Path) -> None:
        super().__init__(says)
        self.evidence = evidence


def watch(
    url: Annotated[str, typer.Argument(help="The server, or the prefix below which its log is served.")],
    *,
    key: Annotated[str, typer.Option(metavar="VKEY", help="The log's verification key, as the controller published it.")],
    state: Annotated[Path, typer.Option(metavar="FOLDER", help="Where every verified checkpoint is kept, and evidence.")],
    witness: Annotated[list[str] | None, typer.Option(metavar="VKEY", help="A witness whose cosignature is looked for; repeatable.")] = None,
    quorum: Annotated[int | None, typer.Option(min=0, help="How many of them must have signed; without it, all.")] = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 10.0,
    silent_after: Annotated[float, typer.Option(min=1, help="Seconds without a good look, or since the witnesses signed, after which that is an alarm too.")] = 600.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
) -> None:  # fmt: skip
    """Fetch the checkpoint again and again; verify signatures, witnesses, and that the log begins as it did. Ends with 1 when something is wrong.

    Network trouble and missing cosignatures are told, and are an alarm after a time. With `--once`: 0 when all is well, 1 when something is wrong, 2 when
    nothing could be fetched.
    """
    with told():
        trusted = _trusted(key, witness or [], quorum)
        watched = Watched(state, trusted)
        watched.newest()  # a folder of another log is refused before anything is fetched
        from mien_server.cli.audit.remote import Remote, nobody

        try:
            with Remote(url, nobody, tries=1) as remote:
                watcher = _Watcher(trusted, watched, remote, silent_after)
                if once:
                    watcher.once()
                else:
                    watcher.for_ever(every)
        except _Alarm as alarm:
            print(f"ALARM: {alarm}; evidence: {alarm.evidence}", file=sys.stderr, flush=True)
            raise typer.Exit(TAMPERED) from None


def _trusted(key: str, witnesses: list[str], quorum: int | None) -> audit.Trusted:
    origin, public = parse_note_key(key)
    known = named(witnesses, quorum)
    return audit.Trusted(origin, public, known, len(known) if quorum is None else quorum)


@dataclass
class _Watcher:
    trusted: audit.Trusted
    watched: Watched
    remote: "Remote"
    silent_after: float
    good_at: float = field(default_factory=time.monotonic)
    trouble: str = ""
    shown: bytes | None = None
    """What the log showed last."""
    untold: bool = True
    """Whether there is more than was told; the first good look is told."""

    def once(self) -> None:
        """One look, which must be good. Raises `ServerUnreachable`."""
        try:
            self._look()
        except CheckpointInvalid as error:
            self._accuse(str(error))

    def for_ever(self, every: float) -> None:
        """Look until something is wrong."""
        while True:
            try:
                self._look()
            except (ServerUnreachable, CheckpointInvalid) as error:
                self._bear(str(error))
            else:
                self._recover()
            time.sleep(every)

    def _look(self) -> None:
        """One look. Raises what may pass: `ServerUnreachable`, and `CheckpointInvalid` for missing cosignatures; ends the watch for what may not."""
        kept = self.watched.newest()
        note = self._file(audit.CHECKPOINT)
        self.shown = note
        try:
            look = audit.look(note, self._file, self.trusted, kept[0] if kept else None)
        except AuditError as error:
            self._accuse(str(error))
        # Before anybody asks who cosigned it: what the log signed it must stand by, also when no witness was there.
        self.untold |= self.watched.keep(look)
        now = int(time.time())
        check_quorum(
            look.cosigned, self.trusted.quorum,
            since=now - int(self.silent_after), until=now + AHEAD_SECONDS,
        )  # fmt: skip
        if self.untold:
            self.untold = False
            count = f", cosigned by {len(look.cosigned)}" if self.trusted.witnesses else ""
            print(f"{look.checkpoint.size} entries, root {look.checkpoint.root.hex()[:16]}{count}", flush=True)  # fmt: skip

    def _file(self, name: str) -> bytes:
        """A file of the log. Raises `ServerUnreachable` for whatever keeps it from coming: that may pass."""
        try:
            found = self.remote.read(name)
        except (ServerBusy, RequestRefused, ServerAnswerInvalid) as error:
            raise ServerUnreachable(str(error)) from error
        if found is None:
            msg = f"the log has no `{name}` where it should be; ask who serves it"
            raise ServerUnreachable(msg)
        return found

    def _bear(self, says: str) -> None:
        if says != self.trouble:
            print(f"trouble: {says}", file=sys.stderr, flush=True)
            self.trouble = says
        if time.monotonic() - self.good_at > self.silent_after:
            self._accuse(f"nothing good was seen for {self.silent_after:g} seconds: {says}")

    def _recover(self) -> None:
        self.good_at = time.monotonic()
        if self.trouble:
            print("trouble: over", file=sys.stderr, flush=True)
            self.trouble = ""

    def _accuse(self, says: str) -> Never:
        kept = self.watched.newest()
        path = self.watched.accuse(int(time.time()), says, self.shown, kept[1] if kept else None)
        raise _Alarm(says, path)
