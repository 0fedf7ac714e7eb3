"""`mien audit verify`: everything that can be checked, without trust in any server."""

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from mien.errors import CheckpointInvalid, SettingsError
from mien.wire.keys import VerifyKey
from mien.wire.proof import parse_note_key
from mien.wire.witness import Witness
from mien_server import audit
from mien_server.cli.audit.checking import Question, of_folder, of_remote
from mien_server.cli.audit.files import text
from mien_server.cli.audit.receipts import promises
from mien_server.cli.audit.verdict import Verdict
from mien_server.cli.audit.witnesses import Quorum, named, signed_by
from mien_server.cli.told import told

TAMPERED: Final = 1
"""Exit code when something is wrong with the log; 2 means that nothing could be checked."""
FRESH: Final = 600
"""Seconds since which the witnesses must have signed what a server shows: they do every minute."""
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on one line.")]
Key = Annotated[str | None, typer.Option("--key", metavar="VKEY", help="The log's verification key, as the controller published it. A server's log is checked with nothing else.")]  # fmt: skip


def verify(
    log: Annotated[str, typer.Argument(metavar="FOLDER|URL", help="An exported log, or the address of the server that has it.")],
    *,
    key: Key = None,
    older: Annotated[list[Path] | None, typer.Option(help="A checkpoint kept from before: the log must still begin as it said. Repeat for several.")] = None,
    receipts: Annotated[list[Path] | None, typer.Option(help="Receipts or certificates as they were kept: what they promise must be in the log. Repeat for several.")] = None,
    trust: Annotated[str | None, typer.Option(metavar="KEY", help="The server's key, which signed the receipts.")] = None,
    witness: Annotated[list[str] | None, typer.Option(metavar="VKEY", help="A witness: its times on the checkpoints tell when a promise was kept. Repeat for several.")] = None,
    quorum: Quorum = None,
    officer: Annotated[Path | None, typer.Option(help="The file of an officer's key: checks a server's entries, and not only their hashes.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps what never changes of a server's log, for the next time.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Check a log: every hash, the signature, the history, every opened decision, every promise. Offline from an export, or against a server.

    Ends with 0 when all is well, with 1 naming the entry when something is wrong, with 2 when nothing could be checked.
    """
    with told():
        origin, public, source = _key(log, key)
        promised, unsigned = _promised(receipts or [], trust)
        known = tuple(text(each) for each in older or [])
        question = Question(origin, public, known, audit.hashes_of(promised))
        witnesses = named(witness or [], quorum)
        report = _checked(log, question, officer, cache)
        fates, seen = _fates(promised, report, question, witnesses)
        cosigned, unsure = (None, seen) if seen else _cosigned(log, report, witnesses, quorum)
    wrong = (*unsigned, *unsure)
    verdict = Verdict(
        report, origin, public, source, len(known), fates, wrong, given=bool(receipts),
        cosigned=cosigned,
    )  # fmt: skip
    verdict.tell(as_json=as_json)
    if verdict.findings:
        raise typer.Exit(TAMPERED)


def _key(log: str, key: str | None) -> tuple[str, VerifyKey, str]:
    """Name and key of the log, and where they are from. Raises `CheckpointInvalid`, `SettingsError`."""
    from mien_server.cli.audit.remote import is_url

    if key is None and is_url(log):
        msg = "a server cannot vouch for itself; give the log's key with --key, as the controller published it"
        raise SettingsError(msg)
    vkey = key or text(Path(log) / audit.KEY).strip()
    return *parse_note_key(vkey), "argument" if key else "export"


def _promised(
    files: list[Path], trust: str | None
) -> tuple[list[audit.Promised], list[audit.Finding]]:
    if not files:
        return [], []
    if trust is None:
        msg = "receipts are checked with the server's key; give it with --trust, as `mien site add` printed it"
        raise SettingsError(msg)
    return promises(files, VerifyKey.from_text(trust))


def _fates(
    promised: list[audit.Promised],
    report: audit.Report,
    question: Question,
    witnesses: tuple[Witness, ...],
) -> tuple[tuple[audit.Fate, ...], list[audit.Finding]]:
    """What became of the promises, and which witness's line does not verify."""
    if report.checkpoint is None:
        return (), []
    notes = (*question.known, report.note)
    try:
        seen = audit.sightings(notes, question.origin, question.key, witnesses)
    except CheckpointInvalid as error:
        return (), [audit.Finding(audit.CHECKPOINT, str(error))]
    return tuple(audit.fates(promised, report, seen, int(time.time()))), []


def _cosigned(
    log: str, report: audit.Report, witnesses: tuple[Witness, ...], quorum: int | None
) -> tuple[int | None, list[audit.Finding]]:
    """How many witnesses signed the checkpoint, and what is wrong with that. A server's must be fresh: an old one could be shown again."""
    from mien_server.cli.audit.remote import is_url

    if report.checkpoint is None or not witnesses:
        return None, []
    within = FRESH if is_url(log) and quorum else None
    try:
        found = signed_by(report.note, report.checkpoint, witnesses, quorum or 0, within)
    except CheckpointInvalid as error:
        return None, [audit.Finding(audit.CHECKPOINT, str(error))]
    return len(found), []


def _checked(
    log: str, question: Question, officer: Path | None, cache: Path | None
) -> audit.Report:
    from mien_server.cli.audit import remote
    from mien_server.cli.shown import progress

    with progress("Checking entries") as bar:
        if not remote.is_url(log):
            return of_folder(Path(log), question, bar)
        credentials = remote.nobody if officer is None else remote.officer(officer)
        with remote.Remote(log, credentials, cache) as served:
            return of_remote(served, question, bar, entries=officer is not None)
