"""`POST /v1/decisions:explain`: what the site registered counts, nothing about people is read or logged, and the search is bounded."""

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.server.web import Web
from tests.server.world import NOON, StillClock, SystemEntropy, shop

from mien.errors import ServerBusy
from mien.wire import messages
from mien.wire.canonical import b64
from mien.wire.messages import Explanation, QuestionDoc, parse
from mien_server.app import create_app
from mien_server.authorize import DATA_CLASSES, Authorizer, load_bundle
from mien_server.authorize.corpus import EFFECTS
from mien_server.authorize.explain import explain
from mien_server.authorize.words import ACTIONS
from mien_server.errands import administer, make_keys
from mien_server.pipeline import explaining
from mien_server.pipeline.explaining import Explaining, asked
from mien_server.ports import Transaction
from mien_server.registry import SiteDoc, register
from mien_server.registry import add as add_site
from mien_server.settings import Settings
from mien_server.values import Question, Site

BUNDLE = load_bundle()
PATH = "/v1/decisions:explain"
ORDER: dict[str, Any] = {
    "action": "use", "role": "customer", "jurisdictions": ["EU-FR"], "purpose": "adapt_service", "effect": "help",
    "age_band": "adult", "consent_state": "given", "consented_purposes": ["adapt_service"], "notice_current": True,
    "consent_expires_at": NOON + 86_400, "retain_until": NOON + 86_400, "now": NOON, "subject_known": True,
}  # fmt: skip


def site_doc(**other: Any) -> SiteDoc:
    given = {
        "id": "shop", "name": "Shop", "sector": "retail", "roles": ["customer"], "jurisdictions": ["EU-DE"],
        "controller": "Shop GmbH", "contact": "privacy@shop.example", "impact_assessment": True,
    }  # fmt: skip
    return SiteDoc(**{**given, **other})


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Web, Any, Settings]]:
    """The real application with one shop, and the shop's keys."""
    found = Settings(
        database=f"sqlite:///{tmp_path / 'mien.db'}", keys=tmp_path / "keys", log_level="error"
    )
    make_keys(found)
    new = register(site_doc(), SystemEntropy(), StillClock(NOON))
    administer(found, lambda t: add_site(t.sites, new.site, None))
    with Web(create_app(found)) as web:
        yield web, new, found


def told(web: Web, key: str, **other: Any) -> Explanation:
    done = web.post(PATH, json={**ORDER, **other}, headers={"Mien-Site-Key": key})
    assert done.status_code == 200, done.text
    return parse(Explanation, done.json())


def test_the_words_of_a_question_are_those_of_the_policies() -> None:
    assert get_args(messages.Action) == ACTIONS
    assert get_args(messages.Effect) == EFFECTS
    assert set(get_args(messages.DataClass)) == set(DATA_CLASSES)
    fields = {field.name for field in dataclasses.fields(Question)}
    assert fields - set(QuestionDoc.model_fields) == {"impact_assessment"}


# ---- over HTTP ----
def test_an_answer_says_why_and_what_ends_it(served: Any) -> None:
    web, new, _ = served
    found = told(web, new.publishable)
    assert found.allow
    assert {each.effect for each in found.reasons} == {"permit"}
    assert "GDPR 7(3)" in {law for way in found.ends for law in way.laws}
    assert found.added == [
        "jurisdiction EU-DE: the site registered it",
        "sector retail: the site registered it",
        "impact assessment: the site registered one",
    ]
    assert (found.bundle_version, found.at) == (BUNDLE.version, NOON)


def test_a_refusal_names_its_law_and_what_would_help(served: Any) -> None:
    web, new, _ = served
    found = told(web, new.publishable, consent_state="none", consented_purposes=[])
    assert not found.allow
    assert "GDPR 6(1)(a)" in {law for each in found.reasons for law in each.laws}
    assert [[step.kind for step in way.steps] for way in found.ways] == [["say_yes"]]
    assert found.ways[0].allow
    assert {each.field for each in found.ways[0].changes} >= {"consent_state", "consented_purposes"}


def test_the_site_cannot_leave_out_what_it_registered(served: Any) -> None:
    web, new, _ = served
    found = told(web, new.publishable, jurisdictions=[], sector="education")
    assert not found.allow
    assert "AI Act 5(1)(f)" in {law for each in found.fixed for law in each.laws}
    assert found.instead
    assert "jurisdiction EU-DE: the site registered it" in found.added


def test_a_backend_may_ask_and_a_stranger_may_not(served: Any) -> None:
    web, new, _ = served
    asked_by = web.post(PATH, json=ORDER, headers={"Authorization": f"Bearer {new.secret}"})
    assert asked_by.status_code == 200
    for headers in ({}, {"Mien-Site-Key": "pk_nobody"}):
        refused = web.post(PATH, json=ORDER, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "site-unknown")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sector": "casino"}, {"role": "tiger"}, {"jurisdictions": ["Germany"]}, {"jurisdictions": ["EU"] * 17},
        {"now": -1}, {"guardian": "yes"}, {"subject": "sub_x"}, {"impact_assessment": True}, {"action": None},
        {"consented_purposes": ["everything"]}, {"retain_until": 2**60},
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused_without_an_echo(served: Any, wrong: dict[str, Any]) -> None:
    web, new, _ = served
    done = web.post(PATH, json={**ORDER, **wrong}, headers={"Mien-Site-Key": new.publishable})
    assert (done.status_code, done.json()["code"]) == (400, "request-invalid")
    assert "tiger" not in done.text
    assert "Germany" not in done.text


def test_nothing_is_logged_and_nobody_is_counted(served: Any) -> None:
    web, new, found = served

    def rows(transaction: Transaction) -> tuple[int, int]:
        return transaction.leaves.pending_count(), transaction.tiles.size()

    before = administer(found, rows)
    told(web, new.publishable)
    told(web, new.publishable, consent_state="none")
    assert administer(found, rows) == before == (0, 0)
    assert 'outcome="allow"' not in web.get("/metrics").text


# ---- inside ----
class Parts:
    """The two things that explaining takes from the others."""

    def __init__(self) -> None:
        self.authorizer = Authorizer(BUNDLE)
        self.clock = StillClock(NOON)


@pytest.mark.parametrize("assessed", [True, False])
def test_the_strictest_claim_is_asked(assessed: bool) -> None:
    site = shop(impact_assessment=assessed, jurisdictions=("EU-DE", "US-IL"))
    doc = QuestionDoc(**{**ORDER, "sector": "health", "guardian_verified": True})
    question, sectors = asked(site, doc, NOON)
    assert question.jurisdictions == {"EU-DE", "EU-FR", "US-IL"}
    assert sectors == ("retail", "health")
    assert question.impact_assessment is assessed
    assert question.guardian_verified is False
    verified, _ = asked(shop(verifier=bytes(32)), doc, NOON)
    assert verified.guardian_verified is True


async def test_what_a_real_question_would_be_refused_for_is_added() -> None:
    doc = QuestionDoc(**{**ORDER, "role": "employee", "guardian_verified": True, "now": 0})
    found = await Explaining(Parts()).explain(shop(), doc)  # type: ignore[arg-type]
    assert "guardian not verified: the site configures no verifier" in found.added
    assert "role employee: the site does not serve people in it" in found.added
    assert found.at == NOON


def test_a_field_that_no_message_holds_is_a_fault_and_not_a_text() -> None:
    with pytest.raises(TypeError, match="bytes"):
        explaining._plain(b"x")


REGISTERED = "policy:site-registration"


async def test_a_purpose_that_the_notice_does_not_name_is_a_no() -> None:
    """A real consent to it is refused before any policy is asked, so policy's yes would mislead."""
    agreed = {"purpose": "adapt_lessons", "consented_purposes": ["adapt_lessons"]}
    doc = QuestionDoc(**{**ORDER, **agreed})
    found = await Explaining(Parts()).explain(shop(), doc)  # type: ignore[arg-type]
    assert not found.allow
    assert [each.laws for each in found.reasons] == [[REGISTERED]]
    assert "adapt_lessons" in found.reasons[0].says
    assert "purpose adapt_lessons: the site's notice does not ask for it" in found.added
    school = dataclasses.replace(shop(), sector="education")
    said = QuestionDoc(**{**ORDER, **agreed, "source": "declared"})
    taught = await Explaining(Parts()).explain(school, said)  # type: ignore[arg-type]
    assert taught.allow


async def test_a_role_that_the_site_does_not_serve_is_a_no_that_nothing_changes() -> None:
    doc = QuestionDoc(**{**ORDER, "role": "client", "consent_state": "none"})
    found = await Explaining(Parts()).explain(shop(), doc)  # type: ignore[arg-type]
    assert not found.allow
    assert not found.ways
    assert not found.instead
    assert "GDPR 6(1)(a)" in {law for each in found.reasons for law in each.laws}
    assert [each.laws for each in found.fixed] == [[REGISTERED]]


async def test_what_a_site_does_not_ask_for_is_not_suggested() -> None:
    minor = {"purpose": "personalize_offers", "effect": "order", "age_band": "16_to_17"}
    doc = QuestionDoc(**{**ORDER, **minor, "consented_purposes": ["personalize_offers"]})
    found = await Explaining(Parts()).explain(shop(), doc)  # type: ignore[arg-type]
    steps = [step for way in (*found.ways, *found.instead) for step in way.steps]
    assert {step.value for step in steps if step.kind == "purpose"} == {"adapt_service"}
    assert found.instead
    assert found.complete


async def test_what_is_there_already_may_be_kept_whatever_a_site_asks_for_now() -> None:
    agreed = {"purpose": "adapt_lessons", "consented_purposes": ["adapt_lessons"]}
    doc = QuestionDoc(**{**ORDER, **agreed, "action": "retain", "effect": "none"})
    assert (await Explaining(Parts()).explain(shop(), doc)).allow  # type: ignore[arg-type]


async def test_one_search_keeps_the_bundle_it_was_asked_under() -> None:
    """A bundle that comes while a question waits does not answer it, and its answer is not kept for the old one."""
    closed = dataclasses.replace(
        BUNDLE, sha256="00" * 32, sources={k: v for k, v in BUNDLE.sources.items() if k != "permit-use"}
    )  # fmt: skip
    parts = Parts()
    found = Explaining(parts)  # type: ignore[arg-type]
    doc = QuestionDoc(**{**ORDER, "jurisdictions": ["US"]})
    site = shop(jurisdictions=("US",))
    async with found._one:
        waiting = asyncio.create_task(found.explain(site, doc))
        await asyncio.sleep(0.05)
        parts.authorizer.use(closed)
    during = await waiting
    assert (during.allow, during.bundle_sha256) == (True, b64(bytes.fromhex(BUNDLE.sha256)))
    assert not (await found.explain(site, doc)).allow
    parts.authorizer.use(BUNDLE)
    assert (await found.explain(site, doc)).allow


async def test_a_question_without_a_time_is_one_search_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[int] = []
    real = explain

    def counted(decide: Any, bundle: Any, question: Question, purposes: Any) -> Any:
        searched.append(question.now)
        return real(decide, bundle, question, purposes)

    monkeypatch.setattr(explaining, "explain", counted)
    parts = Parts()
    found = Explaining(parts)  # type: ignore[arg-type]
    doc = QuestionDoc(**{**ORDER, "now": 0})
    for second in range(0, 120, 10):
        parts.clock.at = NOON + second
        await found.explain(shop(), doc)
    assert searched == [NOON, NOON + 60]
    parts.clock.at = NOON + 30
    ended = QuestionDoc(**{**ORDER, "now": 0, "consent_expires_at": NOON + 20})
    late = await found.explain(shop(), ended)
    assert (late.allow, late.at) == (False, NOON + 30)


async def test_one_site_does_not_keep_another_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = explain

    def slow(*arguments: Any) -> Any:
        gate.wait(20)
        return real(*arguments)

    monkeypatch.setattr(explaining, "explain", slow)
    found = Explaining(Parts())  # type: ignore[arg-type]
    docs = [QuestionDoc(**{**ORDER, "now": NOON + i}) for i in range(12)]
    greedy = [asyncio.create_task(found.explain(shop(), doc)) for doc in docs]
    await asyncio.sleep(0.05)
    other = asyncio.create_task(found.explain(dataclasses.replace(shop(), id="other"), docs[0]))
    await asyncio.sleep(0.05)
    gate.set()
    assert (await other).allow
    answers = await asyncio.gather(*greedy, return_exceptions=True)
    assert sum(isinstance(each, ServerBusy) for each in answers) == len(docs) - explaining.WAITING
    assert not found._waiting


async def test_searches_wait_for_each_other_and_too_many_are_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running, most, gate = 0, 0, threading.Event()
    real = explain

    def slow(*arguments: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        gate.wait(20)
        running -= 1
        return real(*arguments)

    monkeypatch.setattr(explaining, "explain", slow)
    parts = Explaining(Parts())  # type: ignore[arg-type]
    docs = [QuestionDoc(**{**ORDER, "now": NOON + i}) for i in range(explaining.WAITING + 1)]
    tasks = [asyncio.create_task(parts.explain(shop(), doc)) for doc in docs]
    await asyncio.sleep(0.05)
    gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    busy = [each for each in answers if isinstance(each, ServerBusy)]
    assert len(busy) == 1
    assert sum(isinstance(each, Explanation) for each in answers) == explaining.WAITING
    assert most == 1
    assert (await parts.explain(shop(), docs[0])).allow


async def test_an_answer_is_kept_for_its_bundle_only(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[Question] = []
    real = explain

    def counted(decide: Any, bundle: Any, question: Question, purposes: Any) -> Any:
        searched.append(question)
        return real(decide, bundle, question, purposes)

    monkeypatch.setattr(explaining, "explain", counted)
    monkeypatch.setattr(explaining, "KEPT", 1)
    parts = Parts()
    found = Explaining(parts)  # type: ignore[arg-type]
    site: Site = shop()
    first, second = QuestionDoc(**ORDER), QuestionDoc(**{**ORDER, "gpc": True})
    assert await found.explain(site, first) == await found.explain(site, first)
    assert len(searched) == 1
    await found.explain(site, second)
    await found.explain(site, first)
    assert len(searched) == 3
