"""Machine or human over the pipeline: with and without emotion, on both databases; what policy denies; what a desk gets to see."""

import json
import os
from typing import Any

import pytest
from tests.server.world import MakeWorld, World, shop

from mien.errors import (
    ClockSkewed,
    EnvelopeInvalid,
    EnvelopeReplayed,
    RequestInvalid,
    SignatureInvalid,
)
from mien.values import Claims, Label
from mien.wire import seal, tickets
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import HelpRequest, Ticket, authenticate, parse
from mien.wire.seal import OVERHEAD, Use
from mien_server import measured
from mien_server.errors import PersonUnknown
from mien_server.personalize import Desk, shipped_rates
from mien_server.personalize.handoff import PUBLISHED, Economics
from mien_server.pipeline.helping import HELP_BLOCK
from mien_server.values import Decision, Question

AGENTS = OpenKey.generate()
RELUCTANT = Economics(
    negative=0.05, sale_auto_content=0.05, sale_auto_negative=0.01, sale_human_content=0.06, sale_human_negative=0.04,
    complaint_auto=0.12, complaint_human=0.01, value=1.0, loss=1.23, human_cost=0.03, contact_cost=2e-4, sensing_cost=5e-5,
)  # fmt: skip
"""Here a human does not pay for the average customer."""


def desk(economics: Economics = RELUCTANT) -> Desk:
    return Desk(economics, key=AGENTS.seal_key(), rates=shipped_rates(measured.shipped()))


def readings(world: World, expression: str, count: int = 6, **other: Any) -> list[Label]:
    now = world.clock.at
    given = {"confidence": 13, "model": 2, **other}
    return [Label(expression, now - count + i, **given) for i in range(count)]


async def helped_by(world: World, *purposes: str, labels: list[Label] | None = None, **other: Any) -> Any:  # fmt: skip
    phone = world.phone(model=2)
    assert (await phone.consent(*purposes)).outcome == "given"
    if labels:
        await phone.send(labels)
    return (phone, *(await phone.help(**other)))


async def test_a_person_who_looks_unhappy_is_offered_a_human(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        angry = readings(world, "anger", state="frustrated")
        _phone, answer, doc = await helped_by(world, "adapt_service", labels=angry)
        assert (doc.mode, doc.tone, doc.used_emotion) == ("human", "calm", True)
        assert "you looked frustrated and annoyed (6 readings)" in doc.why
        assert "so a person is offered" in doc.why
        assert doc.passes_on == "that you looked frustrated and to speak with you calmly and straight to the point"  # fmt: skip
        assert doc.laws
        assert doc.ticket is None  # nobody asked for a person yet
        assert answer.mode == "auto"  # in the clear: what anybody gets
        _phone, _answer, happy = await helped_by(
            world, "adapt_service", labels=readings(world, "joy")
        )
        assert (happy.mode, happy.tone) == ("auto", "plain")


async def test_refusing_costs_nothing_and_shows_nothing(make_world: MakeWorld) -> None:
    """P8: the same request and answer with emotion, without, and after withdrawal; in the clear all are one, sealed all have one size."""
    async with make_world(desks={"shop": desk()}) as world:
        angry = readings(world, "anger", state="frustrated", polarity="negative")
        yes, shown, used = await helped_by(world, "adapt_service", labels=angry)
        _other, silent, unused = await helped_by(world, "personalize_offers")
        assert (used.used_emotion, unused.used_emotion) == (True, False)
        _a, asked, with_ticket = await helped_by(world, "adapt_service", labels=angry, human=True, pass_on=True)  # fmt: skip
        assert with_ticket.ticket
        await yes.withdraw("adapt_service")
        after, gone = await yes.help()
        assert (gone.used_emotion, gone.mode) == (False, "auto")
        assert {a.mode for a in (shown, silent, after)} == {"auto"}
        answers = (shown, silent, asked, after)
        assert {len(unb64(a.sealed or "")) for a in answers} == {HELP_BLOCK + OVERHEAD}
        request = HelpRequest(site="shop", request=b64(os.urandom(16)))
        nobody = await world.pipeline.help(world.site, request, backend=True)
        assert (nobody.mode, nobody.sealed) == ("auto", None)


async def test_no_answer_knows_a_price_and_policy_is_asked_for_help_alone(
    make_world: MakeWorld,
) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        asked: list[Question] = []
        authorizer = world.pipeline._parts.authorizer
        decide = authorizer.decide

        def listening(question: Question) -> Decision:
            asked.append(question)
            return decide(question)

        authorizer.decide = listening  # type: ignore[method-assign]
        await helped_by(world, "adapt_service", labels=readings(world, "anger"))
        uses = [each for each in asked if each.action == "use"]
        assert uses
        assert {(each.purpose, each.effect) for each in uses} == {("adapt_service", "help")}


async def test_a_press_is_honoured_at_once(make_world: MakeWorld) -> None:
    """Whoever asks for a person gets one: known or not, content or not, at a desk that has said nothing."""
    async with make_world(desks={"shop": desk()}) as world:
        phone, answer, doc = await helped_by(
            world, "adapt_service", labels=readings(world, "joy"), human=True
        )
        assert (answer.mode, doc.mode) == ("human", "human")
        await phone.withdraw("adapt_service")
        _answer, after = await phone.help(human=True)
        assert after.mode == "human"
        request = HelpRequest(site="shop", request=b64(os.urandom(16)), human=True)
        assert (await world.pipeline.help(world.site, request, backend=False)).mode == "human"
    async with make_world() as silent:
        _phone, _answer, doc = await helped_by(
            silent, "adapt_service", labels=readings(silent, "anger"), human=True
        )
        assert (doc.mode, doc.ticket) == ("human", None)
        _phone, _answer, doc = await helped_by(
            silent, "adapt_service", labels=readings(silent, "anger")
        )
        assert doc.mode == "auto"
        assert "has not said" in doc.why


async def test_what_is_said_counts_as_said(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        mood = [Label("anger", world.clock.at - 5, confidence=15, source="declared", model=0)]
        phone = world.phone(model=0)
        assert (await phone.consent("declare_mood", model=0)).outcome == "given"
        await phone.send(mood)
        _answer, doc = await phone.help()
        assert (doc.mode, doc.used_emotion) == ("human", True)
        assert "you said you feel angry" in doc.why


async def test_a_model_nobody_measured_decides_nothing(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        own = readings(world, "anger", model=255)
        _phone, _answer, doc = await helped_by(world, "adapt_service", labels=own)
        assert doc.mode == "auto"
        assert "never measured" in doc.why
        _phone, _answer, doc = await helped_by(
            world, "adapt_service", labels=readings(world, "anger"), page="home"
        )
        assert doc.mode == "human"


async def test_the_browsers_signal_counts_here_too(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        phone, _answer, doc = await helped_by(
            world, "adapt_service", labels=readings(world, "anger")
        )
        assert doc.used_emotion
        request = phone.help_request()
        answer = await world.pipeline.help(world.site, request, backend=False, gpc=True)
        signalled = phone.helped(answer)
        assert (signalled.used_emotion, signalled.mode) == (False, "auto")
        assert signalled.laws == ["policy:gpc"]


async def test_old_labels_are_over(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        phone, _answer, _doc = await helped_by(
            world, "adapt_service", labels=readings(world, "anger")
        )
        world.clock.at += 601
        _answer, doc = await phone.help()
        assert (doc.mode, doc.used_emotion) == ("auto", False)


# ---- where the law says no ----
@pytest.mark.parametrize(
    ("site", "claims", "law"),
    [
        ({"sector": "workplace", "roles": ("employee",)}, {"sector": "workplace", "role": "employee"}, "AI Act 5(1)(f)"),
        ({"sector": "education", "roles": ("student",)}, {"sector": "education", "role": "student"}, "AI Act 5(1)(f)"),
        ({"roles": ("customer", "employee")}, {"role": "employee"}, "AI Act 5(1)(f)"),
    ],
    ids=["workplace", "education", "the shop's own staff"],
)  # fmt: skip
async def test_where_emotion_is_forbidden_the_desk_goes_by_the_average(
    make_world: MakeWorld, site: dict[str, Any], claims: dict[str, Any], law: str
) -> None:
    """The yes to a declared mood stands there; the one to being read does not, and a label from elsewhere changes nothing."""
    async with make_world(site=shop(**site), desks={"shop": desk(PUBLISHED)}) as world:
        phone = world.phone(model=0)
        said = Claims(("EU-DE",), age_band="adult", **claims)
        receipt = await phone.consent("adapt_service", "declare_mood", model=0, claims=said)
        assert receipt.purposes == ["declare_mood"]
        assert law in {each for refusal in receipt.refused for each in refusal.laws}
        answer, doc = await phone.help()
        assert (answer.mode, doc.mode) == ("human", "human")  # PUBLISHED: a human pays for anybody
        assert (doc.used_emotion, doc.ticket) == (False, None)
        assert doc.why.startswith("no expression was used")


async def test_the_law_is_named_and_the_use_is_logged(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        phone, _answer, doc = await helped_by(
            world, "adapt_service", labels=readings(world, "anger")
        )
        _answer, again = await phone.help()
        held = [json.loads(each["record"]) for each in (await phone.export())["decisions"]]
        uses = [each for each in held if each["action"] == "use"]
        assert [(each["purpose"], each["allow"]) for each in uses] == [("adapt_service", True)] * 2
        assert [each["laws"] for each in uses] == [doc.laws, again.laws]
        await phone.withdraw("adapt_service")
        _answer, denied = await phone.help()
        assert denied.laws
        assert denied.laws != doc.laws


# ---- who asks ----
async def test_who_asks_must_be_who_they_say(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        phone, other = await world.enrolled("adapt_service"), await world.enrolled("adapt_service")
        request = phone.help_request()
        await world.pipeline.help(world.site, request, backend=False)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline.help(world.site, request, backend=False)
        forged = phone.help_request().model_copy(update={"asker": other.asker()})
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.help(world.site, forged, backend=False)
        pressed = phone.help_request().model_copy(update={"human": True})
        with pytest.raises(EnvelopeInvalid):  # nobody presses the button for another
            await world.pipeline.help(world.site, pressed, backend=False)
        as_rank = authenticate(phone.help_request(), phone.stream_key, Use.RANK)
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.help(world.site, as_rank, backend=False)
        with pytest.raises(RequestInvalid, match="backend"):
            await world.pipeline.help(world.site, phone.help_request(), backend=True)
        with pytest.raises(PersonUnknown):
            await world.phone().help()
        late = phone.help_request()
        world.clock.at += 121
        with pytest.raises(ClockSkewed):
            await world.pipeline.help(world.site, late, backend=False)
        answer = await world.pipeline.help(world.site, other.help_request(), backend=False)
        with pytest.raises(EnvelopeInvalid):
            phone.helped(answer)


# ---- tickets ----
def open_with(world: World, text: str, **other: Any) -> Ticket:
    given = {"key": AGENTS, "trust": world.keys.signing.verify_key(), "site": "shop", "now": world.clock.at}  # fmt: skip
    return tickets.open_ticket(text, **{**given, **other})


async def test_a_ticket_says_what_the_person_let_it_say(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        labels = readings(world, "sadness", state="confused")
        _phone, _answer, told = await helped_by(world, "adapt_service", labels=labels, human=True, pass_on=True)  # fmt: skip
        _phone, _answer, kept = await helped_by(world, "adapt_service", labels=labels, human=True)
        spoken, silent = open_with(world, told.ticket or ""), open_with(world, kept.ticket or "")
        assert (spoken.tone, spoken.state) == ("patient", "confused")
        assert (silent.tone, silent.state) == ("plain", "")
        assert len(told.ticket or "") == len(kept.ticket or "")
        names = set(Ticket.model_fields)
        assert names == {
            "v",
            "site",
            "ticket",
            "tone",
            "state",
            "at",
            "expires_at",
        }  # nobody's name
        phone, _answer, _doc = await helped_by(world, "adapt_service", labels=labels)
        await phone.withdraw("adapt_service")
        _answer, after = await phone.help(human=True, pass_on=True)
        unknown = open_with(world, after.ticket or "")
        assert (unknown.tone, unknown.state) == ("plain", "")
        with pytest.raises(RequestInvalid, match="passed on"):
            parse(HelpRequest, {"site": "shop", "request": b64(bytes(16)), "pass_on": True})


async def test_a_ticket_is_for_one_desk_and_ten_minutes(make_world: MakeWorld) -> None:
    async with make_world(desks={"shop": desk()}) as world:
        _phone, _answer, doc = await helped_by(world, "adapt_service", human=True)
        text = doc.ticket or ""
        assert open_with(world, text, now=world.clock.at + 599).tone == "plain"
        with pytest.raises(ClockSkewed):
            open_with(world, text, now=world.clock.at + 600)
        with pytest.raises(ClockSkewed):
            open_with(world, text, now=world.clock.at - 121)
        with pytest.raises(EnvelopeInvalid):
            open_with(world, text, key=OpenKey.generate())
        with pytest.raises(EnvelopeInvalid):
            open_with(world, text, site="school")
        with pytest.raises(SignatureInvalid):
            open_with(world, text, trust=SigningKey.generate().verify_key())
        for moved in (text[:-4] + "AAAA", "", text[: len(text) // 2]):
            with pytest.raises((EnvelopeInvalid, RequestInvalid)):
                open_with(world, moved)


def test_a_ticket_of_another_site_is_refused_whoever_signed_it() -> None:
    """Two sites of one server with one desk key: what was sealed for the one is worth nothing at the other."""
    signing = SigningKey.generate()
    ticket = Ticket(site="school", ticket="tkt_" + "a" * 26, tone="plain", state="", at=100, expires_at=700)  # fmt: skip
    text = tickets.seal_ticket(ticket, AGENTS.seal_key(), signing)
    with pytest.raises(EnvelopeInvalid):
        tickets.open_ticket(text, key=AGENTS, trust=signing.verify_key(), site="shop", now=200)
    sealed = seal.open_sealed(unb64(text), AGENTS, Use.TICKET, b"school")
    moved = b64(seal.seal(sealed, AGENTS.seal_key(), Use.TICKET, b"shop"))
    with pytest.raises(SignatureInvalid, match="another site"):
        tickets.open_ticket(moved, key=AGENTS, trust=signing.verify_key(), site="shop", now=200)
