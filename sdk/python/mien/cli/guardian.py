"""`mien guardian`: what a child's guardian does, with a key of their own. Nothing is kept; the code is asked for and not shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.cli.link import Key, Link, Server, Site, Trust, new_file, short_file

if TYPE_CHECKING:
    from rich.console import Console

    from mien.client import Guardian
    from mien.consent import GuardianRequest
    from mien.wire.messages import Notice

HELP: Final = (
    "For a child's guardian: approve what they ask for; withdraw, download or erase for them."
)
Subject = Annotated[str, typer.Argument(help="The child's id, sub_..., as `approve` named it.")]
Out = Annotated[Path, typer.Option(help="Write to this new file.")]


def app() -> typer.Typer:
    """The group of commands."""
    found = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False)
    for command in (new, approve, withdraw, export, erase):
        found.command(command.__name__)(command)
    return found


def new() -> None:
    """Make a guardian's code. It is shown this once and kept nowhere."""
    from mien.client import new_guardian_code

    console = _console()
    console.print("Write this down and keep it from the child. Your key comes from it:\n")
    console.print(f"    [bold]{new_guardian_code()}[/]\n")


def approve(
    request: Annotated[
        Path, typer.Argument(help="What the child's `mien consent --guardian-request` wrote.")
    ],
    *,
    server: Server,
    site: Site,
    key: Key,
    trust: Trust,
    out: Out,
) -> None:
    """Show the notice the child was shown, and what they would say yes to; ask; write your answer for their device."""
    from mien.cli.ask import yes

    console = _console()
    text = short_file(request)
    with _guardian(Link(server, site, key, trust)) as guardian:
        asked = guardian.read(text)
        _show(console, guardian.notice(text), asked)
        if not yes(console, "\nDo you approve this, and only this?"):
            console.print("You said no. Nothing was written and nothing was sent.")
            return
        new_file(out, guardian.approve(text))
    console.print(f"Give {out} to the child's device: mien consent --guardian {out}")
    console.print(f"Keep the child's id, to withdraw or erase: {asked.subject}")


def withdraw(subject: Subject, server: Server, site: Site, key: Key, trust: Trust) -> None:
    """Take the child's yes back. Their devices stop within five minutes."""
    with _guardian(Link(server, site, key, trust)) as guardian:
        receipt = guardian.withdraw(subject)
    _console().print(f"Taken back. Receipt {receipt.receipt}.")


def export(
    subject: Subject, *, server: Server, site: Site, key: Key, trust: Trust, out: Out
) -> None:
    """Download everything the server holds about the child, as JSON."""
    import json

    with _guardian(Link(server, site, key, trust)) as guardian:
        held = guardian.export(subject)
    new_file(out, json.dumps(held, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    _console().print(f"Written to {out}.")


def erase(subject: Subject, server: Server, site: Site, key: Key, trust: Trust) -> None:
    """Have everything about the child forgotten."""
    from mien.cli.ask import yes

    console = _console()
    if not yes(console, "Everything about the child is deleted on the server. Go on?"):
        console.print("Nothing was deleted.")
        return
    with _guardian(Link(server, site, key, trust)) as guardian:
        certificate = guardian.erase(subject)
    console.print(f"Erased. Certificate {certificate.erasure}: {certificate.stage}.")


def _show(console: "Console", notice: "Notice", asked: "GuardianRequest") -> None:
    from rich.markdown import Markdown
    from rich.markup import escape

    console.print(Markdown(notice.text))
    console.print(f"\nThe child's age was given as `{asked.age_band}`. They would say yes to:")
    for purpose in notice.purposes:
        if purpose.id in asked.purposes:
            console.print(f"\n[bold]{escape(purpose.title)}[/] {escape(purpose.text)}")


def _guardian(link: Link) -> "Guardian":
    import getpass

    from mien.client import Guardian

    code = getpass.getpass("Guardian's code: ")
    return Guardian(link.server, link.site, key=link.key, trust=link.trust, code=code)


def _console() -> "Console":
    from rich.console import Console

    return Console()
