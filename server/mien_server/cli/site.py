"""`mien site`: who may use this server, and what they offer."""

import json
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.built import WebBuild
    from mien_server.registry import Registered

app = typer.Typer(no_args_is_help=True, add_completion=False)
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


@app.command()
def add(  # noqa: PLR0917 - one per option
    site: Annotated[str, typer.Argument(help="Id: lowercase letters, digits and hyphens.")],
    controller: Annotated[str, typer.Option(help="Who answers for the data (GDPR 4(7)).")],
    contact: Annotated[str, typer.Option(help="How people reach the controller.")],
    sector: Annotated[str, typer.Option(help="retail, education, workplace, health, finance or service.")],
    jurisdiction: Annotated[list[str], typer.Option(help="Where it serves people, such as EU-DE; repeat for more.")],
    role: Annotated[list[str], typer.Option(help="Whom it serves: customer, student, patient, client, employee, candidate; repeat for more.")],
    name: Annotated[str | None, typer.Option(help="Name shown to people; the id without it.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="Web origin that may call, such as https://shop.example; repeat for more.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="JSON file of offers and affinities.")] = None,
    impact_assessment: Annotated[bool, typer.Option("--impact-assessment", help="A data protection impact assessment has been done (GDPR 35).")] = False,
    verifier: Annotated[str | None, typer.Option(help="Public key of whoever verifies guardians for this site (Ed25519, base64url).")] = None,
    webhook: Annotated[str | None, typer.Option(help="Address that is told of erasures and withdrawals, such as https://shop.example/mien.")] = None,
    contributes: Annotated[bool, typer.Option("--contributes", help="Ask its people whether they take part in rounds of the shared head.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Register a site; prints its keys. The secret key is shown this once only."""
    with told():
        from mien.wire.messages import parse
        from mien_server import errands, registry
        from mien_server.machine import SystemClock, SystemEntropy
        from mien_server.settings import load

        settings = load(os.environ)
        doc = parse(registry.SiteDoc, {
            "id": site, "name": name or site, "sector": sector, "roles": role, "jurisdictions": jurisdiction,
            "controller": controller, "contact": contact, "origins": origin or [], "impact_assessment": impact_assessment, "verifier": verifier, "webhook": webhook,
            "contributes": contributes,
        })  # fmt: skip
        offers = registry.catalogue(_read(catalogue)) if catalogue else None
        keys = errands.open_keys(settings)
        new = registry.register(doc, SystemEntropy(), SystemClock())
        errands.administer(
            settings, lambda transaction: registry.add(transaction.sites, new.site, offers)
        )
        _show(new, keys.signing.verify_key().text(), as_json)


@app.command("list")
def list_sites(as_json: AsJson = False) -> None:
    """List the registered sites."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        sites = errands.administer(load(os.environ), lambda transaction: transaction.sites.all())
    rows: list[dict[str, Any]] = [
        {"site": s.id, "name": s.name, "sector": s.sector, "roles": list(s.roles), "jurisdictions": list(s.jurisdictions),
         "origins": list(s.origins), "webhook": s.webhook, "contributes": s.contributes}
        for s in sites
    ]  # fmt: skip
    if as_json:
        print(json.dumps({"sites": rows}))
        return
    for row in rows:
        print(
            f"{row['site']:24} {row['sector']:10} {','.join(row['roles']):20} {','.join(row['jurisdictions'])}"
        )


@app.command()
def catalogue(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    file: Annotated[Path, typer.Argument(help="JSON file of offers and affinities.")],
) -> None:
    """Replace what a site offers."""
    with told():
        from mien_server import errands, registry
        from mien_server.settings import load

        offers = registry.catalogue(_read(file))
        errands.administer(
            load(os.environ),
            lambda transaction: registry.offer(transaction.sites, site, offers),
        )
    print(f"{site}: {len(offers.offers)} offers")


@app.command()
def lessons(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    file: Annotated[
        Path, typer.Argument(help="JSON file of lessons: id, skill, difficulty, title.")
    ],
) -> None:
    """Replace what a site teaches."""
    with told():
        from mien_server import errands, registry
        from mien_server.machine import SystemClock
        from mien_server.settings import load

        bank, now = registry.lessons(_read(file)), SystemClock().now()
        errands.administer(
            load(os.environ), lambda transaction: registry.teach(transaction, site, bank, now)
        )
    print(f"{site}: {len(bank.items)} lessons")


@app.command(context_settings={"ignore_unknown_options": True})  # a key may begin with a hyphen
def verifier(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    key: Annotated[str | None, typer.Argument(help="Public key of the verifier (Ed25519, base64url); without it, nobody verifies.")] = None,
) -> None:  # fmt: skip
    """Name who verifies guardians, where a law wants that (COPPA, DPDP 9). Without a verifier the answer is no there."""
    with told():
        from mien_server import errands, registry
        from mien_server.settings import load

        errands.administer(
            load(os.environ),
            lambda transaction: registry.name_verifier(transaction.sites, site, key),
        )
    print(f"{site}: guardians are verified by {key or 'nobody'}")


@app.command()
def webhook(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    url: Annotated[str | None, typer.Argument(help="Address, https://...; without it, nobody is told, and what waits is dropped.")] = None,
) -> None:  # fmt: skip
    """Name the address that is told of erasures and withdrawals, and show the key its backend verifies with."""
    with told():
        from mien.wire.webhooks import public_text
        from mien_server import errands, registry
        from mien_server.settings import load

        settings = load(os.environ)
        key = errands.open_keys(settings).signing.verify_key()
        errands.administer(
            settings, lambda transaction: registry.name_webhook(transaction, site, url)
        )
    print(f"{site}: {url or 'nobody'} is told of erasures and withdrawals")
    if url is not None:
        print(f"verify key   {key.text()}")
        print(f"webhook key  {public_text(key)}   (the same, for other libraries)")


@app.command()
def contribute(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    off: Annotated[bool, typer.Option("--off", help="Ask nobody any more.")] = False,
) -> None:
    """Ask people of a site whether they take part in rounds of the shared head.

    Their notice gains a choice: whoever agreed to the one before is asked again.
    """
    with told():
        from mien_server import errands, registry
        from mien_server.settings import load

        errands.administer(
            load(os.environ),
            lambda t: registry.let_contribute(t.sites, site, contributes=not off),
        )
    print(f"{site}: people are {'not ' if off else ''}asked to take part in rounds")


@app.command()
def embed(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    server: Annotated[str | None, typer.Option(help="Address at which browsers reach this server; without it, where it listens.")] = None,
    key: Annotated[str, typer.Option(help="The site's publishable key.")] = "pk_...",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Print what a page of the site embeds: the loader's tag, pinned to the built web SDK, and the policy that a page needs for it."""
    with told():
        from mien_server import errands
        from mien_server.built import Built
        from mien_server.settings import load

        settings = load(os.environ)
        build = Built().now()
        found = errands.administer(settings, lambda transaction: transaction.sites.get(site))
        if found is None:
            from mien.errors import SettingsError

            msg = f"there is no site `{site}`; `mien site list` names them"
            raise SettingsError(msg)
        base = (server or f"http://{settings.host}:{settings.port}").rstrip("/")
        _show_embed(_Embed(site, key, base, build), found.origins, as_json)


@dataclass(frozen=True, slots=True)
class _Embed:
    """What is shown of how to embed."""

    site: str
    key: str
    server: str
    build: "WebBuild"

    def script(self) -> str:
        name = self.build.entries["loader"]
        return (
            f'<script src="{escape(self.server)}/web/{name}" integrity="{self.build.integrity(name)}" crossorigin="anonymous" '
            f'data-site="{escape(self.site)}" data-key="{escape(self.key)}" async></script>'
        )

    def policy(self) -> str:
        parts = urlsplit(self.server)
        origin = (
            f"{parts.scheme}://{parts.netloc}"  # a source with a path would allow that one file
        )
        return f"script-src {origin}; frame-src {origin}; connect-src {origin}"


def _show_embed(embed: _Embed, origins: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        module = embed.build.entries["module"]
        shown = {
            "script": embed.script(), "policy": embed.policy(), "origins": list(origins),
            "module": {"src": f"{embed.server}/web/{module}", "integrity": embed.build.integrity(module)},
        }  # fmt: skip
        print(json.dumps(shown))
        return
    print("in the page's head:")
    print(f"  {embed.script()}")
    print("where the visitor is to find it:")
    print("  <mien-indicator></mien-indicator> <mien-consent></mien-consent> <mien-me></mien-me>")
    print("in the page's Content-Security-Policy, beside what is there:")
    print(f"  {embed.policy()}")
    print(
        f"embedded by  {', '.join(origins) or 'no origin yet: register the site with `--origin`'}"
    )


def _show(new: "Registered", verify_key: str, as_json: bool) -> None:
    shown = {
        "site": new.site.id, "publishable_key": new.publishable, "secret_key": new.secret, "verify_key": verify_key,
    }  # fmt: skip
    if as_json:
        print(json.dumps(shown))
        return
    print(f"site             {new.site.id}")
    print(f"publishable key  {new.publishable}   (devices: Mien-Site-Key)")
    print(f"secret key       {new.secret}   (backend only; not shown again)")
    print(f"verify key       {verify_key}   (devices pin it)")


def _read(path: Path) -> bytes:
    from mien.errors import SettingsError

    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"`{path}` cannot be read: {(error.strerror or 'unreadable').lower()}; check the path"
        raise SettingsError(msg) from None
