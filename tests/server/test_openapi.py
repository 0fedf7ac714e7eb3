"""The description of the API: current on disk, complete in the reference, and true of the application, by generated requests."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.python.asgi import ASGIClient, get_client
from schemathesis.specs.openapi import checks

from mien.wire.messages import EntriesAsk, ExplainAsk, FindAsk, Problem, StateAsk, TallyAsk
from mien.wire.proof import note_key
from mien_server.app import create_app, openapi_document
from mien_server.cli.officer.key import Ask, OfficerKey, fresh
from mien_server.errands import administer, make_keys
from mien_server.errors import SiteUnknown, status_of
from mien_server.registry import CatalogueDoc, SiteDoc, catalogue, register
from mien_server.registry import add as add_site
from mien_server.routes import ENDPOINTS
from mien_server.settings import Settings

KEYS: list[OfficerKey] = []
"""The officer's, made with the application."""
ASKS: dict[str, Ask] = {
    "/audit/tile/entries/{tile}": EntriesAsk(),
    "/audit/find": FindAsk(),
    "/audit/tally": TallyAsk(),
    "/audit/explain": ExplainAsk(index=0),
    "/audit/state": StateAsk(),
}
REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference"
API = schemathesis.openapi.from_dict(openapi_document())
API.config.update(base_url="http://mien.test")
# A body that is too large is refused for that, before anybody reads what else is wrong with it. What is generated depends on the modules that are loaded.
API.config.checks.negative_data_rejection.expected_statuses.append("413")
CHECKED = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Fixed:
    """Bytes that are the same in every run, and different in every call."""

    def __init__(self) -> None:
        self.count = 0

    def bytes(self, count: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(4, "big") * (count // 4) + bytes(count % 4)

    def now(self) -> int:
        return 1_795_348_800


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIClient]:
    """The real application, asked with the publishable key of its site."""
    work = tmp_path_factory.mktemp("api")
    found = Settings(
        database=f"sqlite:///{work / 'mien.db'}", keys=work / "keys", rate_per_site=1e9, rate_per_address=1e9, rate_per_subject=1e9,
        log_level="error",
    )  # fmt: skip
    keys = make_keys(found)
    officer = OfficerKey.of(fresh("anna", note_key(found.origin, keys.log.verify_key())))
    found = found.model_copy(update={"officer_keys": (officer.listed,)})
    KEYS.append(officer)
    doc = SiteDoc(
        id="shop", name="Shop", sector="retail", roles=["customer"], jurisdictions=["EU-DE"], controller="Shop GmbH",
        contact="privacy@shop.example", impact_assessment=True,
    )  # fmt: skip
    new = register(doc, Fixed(), Fixed())
    offers = catalogue(
        json.dumps({"offers": [{"id": "tea", "title": "Tea", "price": 490}]}).encode()
    )
    administer(found, lambda transaction: add_site(transaction.sites, new.site, offers))
    app = create_app(found)
    with get_client(_without_lifespan(app)) as session:
        session.headers["Mien-Site-Key"] = new.publishable
        yield session
    asyncio.run(_closed(app))


def _without_lifespan(app: Any) -> Any:
    """Schemathesis ends the lifespan after every test; the store is to stay open for all of them."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
            return
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})

    return served


async def _closed(app: Any) -> None:
    async with app.router.lifespan_context(app):
        pass


@API.parametrize()
@CHECKED
def test_generated_requests_are_answered_as_described(case: Any, client: ASGIClient) -> None:
    # A schema cannot say that a signature is good: what it lets through may still be refused.
    case.call_and_validate(
        session=client,
        headers=_officer(case),
        # `ignored_auth` asks over a real connection; the test below does it here.
        excluded_checks=[checks.positive_data_acceptance, checks.ignored_auth],
    )


@pytest.mark.parametrize(
    "endpoint", [e for e in ENDPOINTS if e.asks], ids=lambda e: f"{e.method} {e.path}"
)
def test_nobody_without_a_key_is_answered(endpoint: Any, client: ASGIClient) -> None:
    path = re.sub(r"\{[^}]*\}", "x001", endpoint.path)
    for key in (None, "pk_" + "A" * 32):
        answer = client.request(
            endpoint.method, f"http://mien.test{path}", json={}, headers={"Mien-Site-Key": key}
        )
        assert answer.status_code == 401, answer.text


def _officer(case: Any) -> dict[str, str]:
    ask = ASKS.get(case.operation.path)
    return {} if ask is None else {"Authorization": KEYS[-1].authorization(ask, int(time.time()))}


# ---- on paper ----
def test_committed_description_is_current() -> None:
    committed = json.loads((REFERENCE / "openapi.json").read_text())
    assert committed == openapi_document(), "run `make docs`"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_every_endpoint_has_its_section_with_its_own_errors(endpoint: Any) -> None:
    page = (REFERENCE / "http-api.md").read_text()
    _, found, rest = page.partition(f"### `{endpoint.method} {endpoint.path}`\n")
    assert found
    section = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]
    for problem in endpoint.problems:
        assert f"`{problem.code}`" in section
    if endpoint.body is not None:
        assert f"`{endpoint.body.__name__}`" in section


def test_no_section_without_its_endpoint() -> None:
    sections = re.findall(
        r"^### `(\w+ \S+)`$", (REFERENCE / "http-api.md").read_text(), re.MULTILINE
    )
    assert sorted(sections) == sorted(f"{e.method} {e.path}" for e in ENDPOINTS)


def test_operations_name_problems_by_status_and_code() -> None:
    operation = openapi_document()["paths"]["/v1/labels"]["post"]
    refused = operation["responses"][str(status_of(SiteUnknown))]
    assert "site-unknown" in refused["description"]
    assert refused["content"]["application/problem+json"]["schema"]["$ref"].endswith(
        Problem.__name__
    )
    assert operation["security"] == [{"SiteKey": []}]
    assert operation["requestBody"]["required"] is True


def test_every_reference_in_the_description_leads_somewhere() -> None:
    document = openapi_document()
    names = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert names <= set(document["components"]["schemas"])


def test_catalogue_shape_in_the_how_to_is_accepted() -> None:
    page = (REFERENCE.parent / "how-to/register-a-site.md").read_text()
    (example,) = re.findall(r"\n\n((?:    .*\n)+)", page.split("## The catalogue")[1])[:1]
    assert len(CatalogueDoc.model_validate(json.loads(example)).offers) == 2
