"""`mien consent`: the notice in full, then each purpose on its own."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.cli.link import Home, Key, Link, Server, Site, Trust, new_file, remember, short_file

if TYPE_CHECKING:
    from rich.console import Console

    from mien.client import Client
    from mien.values import Claims, Release
    from mien.wire.messages import Notice, Receipt

SIGNED_IN: Final = frozenset({"US-IL"})
"""Where a written release is asked for without being told to: 740 ILCS 14/15(b)(3)."""


def consent(  # noqa: PLR0917 - each argument is an option of the command
    server: Server,
    site: Site,
    key: Key,
    trust: Trust,
    jurisdiction: Annotated[
        list[str], typer.Option(help="Where you are, such as EU-DE or US-CA; repeat for several.")
    ],
    age_band: Annotated[
        str | None,
        typer.Option(help="under_13, 13_to_15, 16_to_17, adult or undeclared; asked for else."),
    ] = None,
    role: Annotated[
        str, typer.Option(help="What you are to the site, such as customer.")
    ] = "customer",
    sector: Annotated[str, typer.Option(help="What the site is, such as retail.")] = "retail",
    locale: Annotated[str, typer.Option(help="Language of the notice.")] = "en",
    renew: Annotated[bool, typer.Option(help="Prolong the consent that stands.")] = False,
    gpc: Annotated[
        bool, typer.Option(help="Your browser or system sends Global Privacy Control.")
    ] = False,
    sign_release: Annotated[
        bool,
        typer.Option(help="Sign the written release, where a law wants one; asked for in US-IL."),
    ] = False,
    guardian_request: Annotated[
        Path | None,
        typer.Option(help="Send nothing; write what your guardian must approve to this new file."),
    ] = None,
    guardian: Annotated[
        Path | None,
        typer.Option(help="File with your guardian's answer (`mien guardian approve`)."),
    ] = None,
    verification: Annotated[
        Path | None, typer.Option(help="File with the word of the site's verifier about them.")
    ] = None,
    home: Home = None,
) -> None:
    """Show the notice and ask for each purpose. A no costs nothing and sends nothing."""
    from rich.console import Console

    from mien.values import Claims

    console = Console()
    link = Link(server, site, key, trust)
    with link.client(home, gpc=gpc) as client:
        notice = client.notice(locale)
        purposes = _answers(console, notice, locale)
        if not purposes:
            client.refuse()
            console.print("You said no. Nothing was sent, and everything works as before.")
            return
        claims = Claims(
            tuple(jurisdiction), sector=sector, role=role, age_band=age_band or _age(console)
        )
        if guardian_request is not None:
            _request(console, client, purposes, claims, guardian_request)
            return
        wanted = sign_release or not SIGNED_IN.isdisjoint(jurisdiction)
        release = _release(console, notice) if wanted else None
        if wanted and release is None:
            client.refuse()
            console.print("You did not sign. Nothing was sent, and everything works as before.")
            return
        receipt = client.consent(
            purposes=purposes,
            claims=claims,
            method="cli",
            renewal=renew,
            release=release,
            guardian=short_file(guardian),
            verification=short_file(verification),
        )
        remember(link, home)
        _show(console, client, receipt)


def _answers(console: "Console", notice: "Notice", locale: str) -> list[str]:
    from rich.markdown import Markdown
    from rich.markup import escape

    from mien.cli.ask import yes

    if notice.locale != locale:
        console.print(
            f"There is no notice in the language `{escape(locale)}`; this one is in `{notice.locale}`."
        )
    console.print(Markdown(notice.text))
    return [
        purpose.id
        for purpose in notice.purposes
        if yes(console, f"\n[bold]{escape(purpose.title)}[/] {escape(purpose.text)}\n")
    ]


def _age(console: "Console") -> str:
    """As the person says: nothing here looks at them to guess it."""
    from mien.cli.ask import one_of
    from mien.values import AGE_BANDS

    return one_of(console, "\nHow old are you? `undeclared` is an answer too.\n", AGE_BANDS)


def _release(console: "Console", notice: "Notice") -> "Release | None":
    """A name typed under the whole text; None when nothing was typed."""
    from rich.markdown import Markdown

    from mien.cli.ask import words
    from mien.values import Release

    console.print(Markdown(notice.release))
    name = words(console, "\nType your full name to sign this, or nothing to leave it unsigned:")
    return Release(name, int(time.time())) if name else None


def _request(
    console: "Console", client: "Client", purposes: list[str], claims: "Claims", out: Path
) -> None:
    new_file(out, client.guardian_request(purposes=purposes, claims=claims))
    console.print(
        f"Nothing was sent. Give {out} to your guardian (`mien guardian approve`), then run this again with `--guardian` and their answer.",
        highlight=False,
    )


def _show(console: "Console", client: "Client", receipt: "Receipt") -> None:
    until = datetime.fromtimestamp(receipt.expires_at, UTC).date().isoformat()
    console.print(f"Receipt {receipt.receipt}: {', '.join(receipt.purposes)}, until {until}.")
    for each in receipt.refused:
        why = " ".join(each.says) or "no reason was given"
        console.print(
            f"Not allowed: {each.purpose}. {why} ({'; '.join(each.laws) or 'no law named'})",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if client.recovery_code:
        console.print(
            "\nWrite this recovery code down. With it you can withdraw and erase from any device;"
        )
        console.print("it is shown this once and kept nowhere:\n")
        console.print(f"    [bold]{client.recovery_code}[/]\n")
    console.print("Take it back at any time: mien me withdraw")
