"""`mien receipt`: what was said yes and no to, with the proof, without a server."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mien.cli.link import Home, remembered
from mien.errors import KeepMissing, MienError

if TYPE_CHECKING:
    from rich.console import Console

    from mien.consent import OpenedReceipt, ReceiptFile
    from mien.wire.keys import VerifyKey

HELP: Final = "Show, check and export a receipt: this device's latest, or a file."
BROKEN: Final = 1
"""Exit code of `verify` when a check does not hold; 2 means that nothing could be checked."""
OWN_KEY: Final = (
    "Checked with the key in the file itself: that finds damage, not a forger. Give the server's key, "
    "from somewhere else, with --trust."
)
File = Annotated[
    Path | None,
    typer.Argument(
        help="A receipt file; this device's latest receipt else.", exists=True, dir_okay=False
    ),
]
Id = Annotated[
    str | None,
    typer.Option("--id", metavar="RECEIPT", help="Another of this device's receipts, by its id."),
]
Trust = Annotated[
    str | None,
    typer.Option("--trust", metavar="KEY", help="The server's key, instead of the file's own."),
]


class Format(StrEnum):
    """What `export` writes."""

    MIEN = "mien"
    DPV = "dpv"
    KANTARA = "kantara"


def app() -> typer.Typer:
    """The group of commands."""
    found = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False)
    for command in (show, verify, export):
        found.command(command.__name__)(command)
    return found


def show(file: File = None, chosen: Id = None, trust: Trust = None, home: Home = None) -> None:
    """Say in words what the receipt says, after checking it."""
    from mien.consent import open_receipt_file

    found, key = _found(file, chosen, trust, home)
    opened = open_receipt_file(found, key)
    console = _console()
    for line in _words(opened):
        console.print(_plain(line), markup=False, highlight=False)
    _warn(console, opened.trusted)


def verify(file: File = None, chosen: Id = None, trust: Trust = None, home: Home = None) -> None:
    """Check every part of it. Status 0 when all holds, 1 when something does not."""
    from mien.consent import open_receipt_file

    found, key = _found(file, chosen, trust, home)
    console = _console()

    def holds(words: str) -> None:
        console.print(f"holds: {words}", markup=False, highlight=False)

    try:
        opened = open_receipt_file(found, key, holds=holds)
    except MienError as error:
        console.print(f"DOES NOT HOLD: {error} [{error.code}]", markup=False, highlight=False)
        raise typer.Exit(BROKEN) from None
    _warn(console, opened.trusted)
    console.print(
        "Not signed: the server's address. Take back your yes at an address that you know."
    )


def export(  # noqa: PLR0917 - each argument is an option of the command
    file: File = None,
    form: Annotated[
        Format,
        typer.Option("--format", help="`mien` is the receipt file itself, to keep or hand out."),
    ] = Format.MIEN,
    out: Annotated[Path | None, typer.Option(help="Write to this new file instead.")] = None,
    chosen: Id = None,
    trust: Trust = None,
    home: Home = None,
) -> None:
    """Print it as JSON, after checking it: by ISO/IEC TS 27560 in DPV's terms (JSON-LD), by Kantara's specification, or as it is."""
    import json

    from mien import consent

    found, key = _found(file, chosen, trust, home)
    opened = consent.open_receipt_file(found, key)
    made: dict[Format, Callable[[], dict[str, Any]]] = {
        Format.MIEN: lambda: consent.receipt_file_json(found),
        Format.DPV: lambda: consent.dpv_receipt(opened),
        Format.KANTARA: lambda: consent.kantara_receipt(opened),
    }
    text = json.dumps(made[form](), indent=2, ensure_ascii=False)
    if out is None:
        print(text)
        return
    with open(out, "x", encoding="utf-8", opener=_private) as written:
        written.write(text + "\n")
    _console().print(f"Written to {out}.", markup=False)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _found(
    file: Path | None, chosen: str | None, trust: str | None, home: Path | None
) -> tuple["ReceiptFile", "VerifyKey | None"]:
    """The receipt meant, and the key to check it with: for one of this device's own, the key that the device trusts."""
    from mien.consent import MAX_FILE_BYTES, read_receipt_file
    from mien.wire.keys import VerifyKey

    key = None if trust is None else VerifyKey.from_text(trust)
    if file is not None and chosen is not None:
        msg = "--id names a receipt of this device; leave it out, or leave out the file"
        raise typer.BadParameter(msg)
    if file is not None:
        with file.open("rb") as opened:
            return read_receipt_file(opened.read(MAX_FILE_BYTES + 1)), key
    link = remembered(home)
    with link.client(home) as client:
        kept = client.receipts()
    return _own(kept, chosen), key or VerifyKey.from_text(link.trust)


def _own(kept: tuple["ReceiptFile", ...], chosen: str | None) -> "ReceiptFile":
    from mien.consent import with_notice
    from mien.wire.signatures import unverified

    named = [
        file for file in kept if chosen is None or unverified(file.receipt).get("receipt") == chosen
    ]
    if not named:
        msg = "no such receipt is kept on this device; name a file, or run `mien consent` first"
        raise KeepMissing(msg)
    return with_notice(named[-1], kept)


# ---- in words ----
_STATES: Final = {
    "given": "You said yes to", "renewed": "You said yes again to", "refused": "Not allowed, although you said yes:",
    "withdrawn": "You took back your yes to", "revoked": "Your guardian took back the yes to",
    "expired": "Ran out:", "invalidated": "No longer valid:",
}  # fmt: skip
_KEYS: Final = "The keys that speak for you were changed."


def _words(opened: "OpenedReceipt") -> Iterator[str]:
    """The receipt, one line a fact."""
    from mien.wire.messages import KeyChange

    receipt, said, notice = opened.receipt, opened.said, opened.notice
    titles: dict[str, str] = {doc.id: doc.title for doc in notice.purposes} if notice else {}
    events = opened.events()
    for event in events:
        named = ", ".join(titles.get(purpose, purpose) for purpose in event.purposes)
        yield f"{_STATES[event.state]} {named}"
        if event.state == "refused":
            yield f"  Law: {'; '.join(event.laws) or 'none named'}"
            yield from (f"  {sentence}" for sentence in event.says)
    if not events:
        changed = isinstance(said, KeyChange)
        yield _KEYS if changed else "There was nothing left to take back."
    yield f"When: {_time(said.at)}; answered {_time(receipt.at)}"
    yield f"Still yes to: {', '.join(titles.get(p, p) for p in receipt.purposes) or 'nothing'}"
    if receipt.purposes:
        yield f"Until: {_time(receipt.expires_at)}"
    yield f"Where: {receipt.site} at {opened.server}; law of {', '.join(receipt.jurisdictions)}"
    yield f"Signed by: the {receipt.by} key"
    if notice is not None:
        yield f"Shown: {notice.title}, version {notice.version} ({notice.locale})"
        yield f"Answerable: {notice.controller}, {notice.contact}"
        yield f"Kept for: {notice.retention_days} days"
    if any(event.state != "refused" for event in events) or not events:  # a no told its own above
        yield f"Law: {'; '.join(receipt.laws) or 'none named'}"
        yield from (f"  {sentence}" for sentence in receipt.says)
    yield f"Policies: {receipt.bundle_version}"
    yield f"Receipt: {receipt.receipt}; person {receipt.subject}"
    if receipt.purposes:
        yield "Take it back at any time, with `mien me withdraw` or your recovery code."


def _plain(line: str) -> str:
    """Without what a terminal would obey: the words come from whoever made the file."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line
    )


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _warn(console: "Console", trusted: bool) -> None:
    if not trusted:
        console.print(OWN_KEY, highlight=False)


def _console() -> "Console":
    from rich.console import Console

    return Console(soft_wrap=True)
