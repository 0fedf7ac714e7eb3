"""`mien me`: what is kept of you, and your rights over it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.cli.learned import calibrate, learned, teach, unlearn
from mien.cli.link import (
    Home,
    Key,
    Link,
    Server,
    Site,
    Trust,
    new_file,
    remember,
    remembered,
)
from mien.errors import RequestInvalid, SettingsError, SignatureInvalid

if TYPE_CHECKING:
    from rich.console import Console

BROKEN: Final = 1
"""Exit code of `verify` when a check does not hold; 2 means that nothing could be checked."""
EXPORT_BYTES: Final = 1 << 30
HELP: Final = "See, correct, download, withdraw or erase what is kept about you."
LATER: Final = "The server cannot be reached. It holds here already; the server hears of it at the next `mien me flush`."


def app() -> typer.Typer:
    """The group of commands."""
    found = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False)
    for command in (
        show,
        export,
        verify,
        correct,
        declare,
        withdraw,
        erase,
        flush,
        recover,
        link,
        join,
        keys,
        calibrate,
        teach,
        learned,
        unlearn,
    ):
        found.command(command.__name__)(command)
    # The id of a key may begin with a hyphen.
    found.command("remove", context_settings={"ignore_unknown_options": True})(remove)
    return found


def show(home: Home = None) -> None:
    """How things stand on this device. Asks no server."""
    with remembered(home).client(home) as client:
        found = client.standing()
    lines = {
        "person": found.subject or "nobody",
        "said yes to": ", ".join(found.purposes) or "nothing",
        "consent": found.state,
        "until": _day(found.expires_at),
        "asks again": "yes: run `mien consent`" if found.ask_again else "",
        "taken back, not yet confirmed": ", ".join(found.withdrawing),
        "erasure not yet confirmed": "yes" if found.erasing else "",
        "may read for": f"{found.capability_seconds} s" if found.capability_seconds else "",
        "envelopes waiting": str(found.waiting),
        "lost": ", ".join(f"{number} {why}" for why, number in found.lost.items()),
    }
    console = _console()
    for name, value in lines.items():
        if value:
            console.print(f"{name}: {value}")


def export(
    out: Annotated[Path | None, typer.Option(help="Write the JSON to this new file.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page to read to this new file.")
    ] = None,
    home: Home = None,
) -> None:
    """Download everything the server holds about you, signed by it: as JSON, and as a page to read."""
    import json

    from mien.client import readable

    with remembered(home).client(home) as client:
        held = client.export()
    if html is not None:
        new_file(html, readable(held))
        _console().print(f"Written to {html}.")
    text = json.dumps(held, indent=2, ensure_ascii=False, sort_keys=True)
    if out is not None:
        new_file(out, text + "\n")
        _console().print(f"Written to {out}.")
    elif html is None:
        print(text)


def verify(
    file: Annotated[Path, typer.Argument(help="The JSON of an export.")],
    html: Annotated[
        Path | None, typer.Option(help="Check that this page says what the JSON says.")
    ] = None,
    trust: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="The server's verification key, instead of the remembered one."
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Check, without the server, that an export is word for word what the server signed. Status 0 when it is, 1 when it is not."""
    from mien.client import check_export, readable
    from mien.client.opened import ON_THIS_DEVICE
    from mien.wire.canonical import decode
    from mien.wire.keys import VerifyKey

    key = VerifyKey.from_text(trust or remembered(home).trust)
    console = _console()
    try:
        found = decode(_export_file(file), limit=EXPORT_BYTES)
        if not isinstance(found, dict):
            console.print("No: this file holds no export.")
            raise typer.Exit(BROKEN)
        stated = check_export(found, key)
    except (SignatureInvalid, RequestInvalid) as error:
        console.print(f"No: {error}.", markup=False, highlight=False)
        raise typer.Exit(BROKEN) from None
    if html is not None and _export_file(html) != readable(found).encode():
        console.print("The JSON holds, and the page is not the one that belongs to it.")
        raise typer.Exit(BROKEN)
    words = f"Holds: what {stated.site} held of {stated.subject} at {_time(stated.at)}, signed by {key.id}."
    console.print(words, markup=False, highlight=False, soft_wrap=True)
    if ON_THIS_DEVICE in found:
        console.print(f"`{ON_THIS_DEVICE}` was added by the device: no signature covers it.")


def _export_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(EXPORT_BYTES + 1)
    except OSError as error:
        msg = f"cannot read `{path}`; name a file that `mien me export` wrote"
        raise SettingsError(msg) from error
    if len(data) > EXPORT_BYTES:
        msg = (
            f"`{path}` has more than {EXPORT_BYTES} bytes; name a file that `mien me export` wrote"
        )
        raise SettingsError(msg)
    return data


def correct(
    record: Annotated[str, typer.Argument(help="Id of the record, from the export.")],
    expression: Annotated[str, typer.Argument(help="What it should have said, such as joy.")],
    home: Home = None,
) -> None:
    """Say what a stored label should have been."""
    with remembered(home).client(home) as client:
        client.correct(record, expression)
    _console().print("Corrected.")


def declare(
    mood: Annotated[str, typer.Argument(help="How you feel, such as joy.")],
    second: Annotated[str | None, typer.Option(help="What is mixed into it.")] = None,
    home: Home = None,
) -> None:
    """Say how you feel, without any camera. Needs your yes to `declare_mood` only."""
    with remembered(home).client(home) as client:
        said = client.declare(mood, second)
        waiting = client.standing().waiting
    _console().print(f"Declared: {said.expression}." + (" It waits to be sent." if waiting else ""))


def withdraw(
    purpose: Annotated[
        list[str] | None, typer.Option(help="Only this purpose; repeat for several.")
    ] = None,
    home: Home = None,
) -> None:
    """Take your yes back. In force at once, also without a connection."""
    with remembered(home).client(home) as client:
        receipt = client.withdraw(purpose)
        later = bool(client.standing().withdrawing)
    console = _console()
    if receipt is None and not later:
        console.print("There was nothing to take back. Nothing is read or sent.")
        return
    console.print("Taken back. Nothing more is read or sent.")
    console.print(f"Receipt {receipt.receipt}." if receipt else LATER)


def erase(home: Home = None) -> None:
    """Have everything forgotten, on the server and on this device."""
    from mien.cli.ask import yes

    console = _console()
    if not yes(console, "Everything about you is deleted, here and there. Go on?"):
        console.print("Nothing was deleted.")
        return
    with remembered(home).client(home) as client:
        certificate = client.erase()
    if certificate is None:
        console.print(LATER)
        return
    console.print(f"Erased. Certificate {certificate.erasure}: {certificate.stage}.")
    if certificate.held_until:
        until = datetime.fromtimestamp(certificate.held_until, UTC).strftime("%Y-%m-%d")
        console.print(
            f"A legal hold keeps what is held until {until}: nothing of it is used, then it is deleted."
        )


def flush(home: Home = None) -> None:
    """Send what waits: a withdrawal or erasure first, then sealed envelopes."""
    with remembered(home).client(home) as client:
        done = client.flush()
    _console().print(f"{done.sent} sent, {done.waiting} waiting.")


def recover(
    server: Server,
    site: Site,
    key: Key,
    trust: Trust,
    home: Home = None,
) -> None:
    """Join this device to yourself with the recovery code, which is asked for and not shown."""
    import getpass

    place = Link(server, site, key, trust)
    with place.client(home) as client:
        receipt = client.recover(getpass.getpass("Recovery code: "))
        remember(place, home)
    _console().print(f"This device is yours. Receipt {receipt.receipt}.")


def link(home: Home = None) -> None:
    """Show a code with which one more device joins you, once, within ten minutes."""
    with remembered(home).client(home) as client:
        code = client.link_code()
    console = _console()
    console.print(
        "Give this to `mien me join` on the other device, within ten minutes. It works once:\n"
    )
    console.print(f"    [bold]{code}[/]\n", soft_wrap=True)


def join(
    code: Annotated[str, typer.Argument(help="The code that `mien me link` showed.")],
    *,
    server: Server,
    site: Site,
    key: Key,
    trust: Trust,
    home: Home = None,
) -> None:
    """Join this device to yourself with a link code from another."""
    place = Link(server, site, key, trust)
    with place.client(home) as client:
        receipt = client.join(code)
        remember(place, home)
    _console().print(f"This device is yours. Receipt {receipt.receipt}.")


def keys(home: Home = None) -> None:
    """The keys that can speak for you: devices, recovery code, guardian."""
    with remembered(home).client(home) as client:
        found = client.key_set()
    console = _console()
    for each in found:
        here = ", this device" if each.here else ""
        words = f"{each.id}: {each.role}, since {_day(each.added_at)}{here}"
        console.print(words, highlight=False, markup=False)


def remove(
    key: Annotated[str, typer.Argument(help="Id of the key, from `mien me keys`.")],
    home: Home = None,
) -> None:
    """Remove a key, such as that of a lost device. It can then say nothing for you any more."""
    with remembered(home).client(home) as client:
        receipt = client.remove_key(key)
    _console().print(f"Removed. Receipt {receipt.receipt}.")


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat() if at else ""


def _console() -> "Console":
    from rich.console import Console

    return Console()
