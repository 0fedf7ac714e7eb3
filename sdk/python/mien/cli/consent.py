"""`mien consent`: the notice in full, then each purpose on its own."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.link import Home, Link, remember

if TYPE_CHECKING:
    from rich.console import Console

    from mien.client import Client
    from mien.wire.messages import Notice, Receipt


def consent(  # noqa: PLR0917 - each argument is an option of the command
    server: Annotated[str, typer.Option(help="Address of the mien server.")],
    site: Annotated[str, typer.Option(help="Id of the site.")],
    key: Annotated[str, typer.Option(help="The site's publishable key, pk_...")],
    trust: Annotated[str, typer.Option(help="The server's verification key.")],
    jurisdiction: Annotated[
        list[str], typer.Option(help="Where you are, such as EU-DE or US-CA; repeat for several.")
    ],
    age_band: Annotated[
        str, typer.Option(help="under_13, 13_to_15, 16_to_17, adult or undeclared.")
    ] = "undeclared",
    role: Annotated[
        str, typer.Option(help="What you are to the site, such as customer.")
    ] = "customer",
    sector: Annotated[str, typer.Option(help="What the site is, such as retail.")] = "retail",
    locale: Annotated[str, typer.Option(help="Language of the notice.")] = "en",
    home: Home = None,
) -> None:
    """Show the notice and ask for each purpose. A no costs nothing and sends nothing."""
    from rich.console import Console

    from mien.values import Claims

    console = Console()
    link = Link(server, site, key, trust)
    claims = Claims(tuple(jurisdiction), sector=sector, role=role, age_band=age_band)
    with link.client(home) as client:
        purposes = _answers(console, client.notice(locale))
        if not purposes:
            console.print("You said no. Nothing was sent, and everything works as before.")
            return
        receipt = client.consent(purposes=purposes, claims=claims, method="cli")
        remember(link, home)
        _show(console, client, receipt)


def _answers(console: "Console", notice: "Notice") -> list[str]:
    from rich.markdown import Markdown

    from mien.cli.ask import yes

    console.print(Markdown(notice.text))
    return [
        purpose.id
        for purpose in notice.purposes
        if yes(console, f"\n[bold]{purpose.title}[/] {purpose.text}\n")
    ]


def _show(console: "Console", client: "Client", receipt: "Receipt") -> None:
    until = datetime.fromtimestamp(receipt.expires_at, UTC).date().isoformat()
    console.print(f"Receipt {receipt.receipt}: {', '.join(receipt.purposes)}, until {until}.")
    if client.recovery_code:
        console.print(
            "\nWrite this recovery code down. With it you can withdraw and erase from any device;"
        )
        console.print("it is shown this once and kept nowhere:\n")
        console.print(f"    [bold]{client.recovery_code}[/]\n")
    console.print("Take it back at any time: mien me withdraw")
