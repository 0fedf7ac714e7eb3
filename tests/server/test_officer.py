"""The privacy officer: consents declared invalid, by person or by notice; the proof of one, also after erasure; and the commands for both."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.server.stuck import stuck_sums
from tests.server.world import MakeWorld, World
from typer.testing import CliRunner

from mien.consent.receipts import open_receipt_file, read_receipt_file
from mien.errors import ConsentMissing, RequestInvalid
from mien.wire.canonical import b64, encode, unb64
from mien.wire.signatures import Kind, unverified, verify
from mien_server.cli.consents import app
from mien_server.errors import PersonUnknown, SiteUnknown
from mien_server.ports import Transaction

RUN = CliRunner()
ADDRESS = "https://mien.shop.example"


async def states(world: World, *subjects: str) -> list[str]:
    return [(await world.person(subject)).state for subject in subjects]


async def records(world: World, subject: str) -> int:
    return len(await world.store.transact(lambda t: t.records.all("shop", subject)))


async def test_one_consent_is_declared_invalid(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        await phone.send()
        assert await world.pipeline.invalidate("shop", subject=phone.subject) == 1
        assert await states(world, phone.subject, other.subject) == ["invalidated", "given"]
        assert await records(world, phone.subject) == 0
        with pytest.raises(ConsentMissing) as caught:
            await phone.send()
        assert "policy:consent-invalidated" in caught.value.laws
        assert await world.pipeline.invalidate("shop", subject=phone.subject) == 0
        logged = [json.loads(each["record"])["action"] for each in (await phone.export())["decisions"]]  # fmt: skip
        assert "invalidate" in logged
        assert (await phone.consent("personalize_offers")).outcome == "given"
        assert (await phone.send()).accepted


async def test_one_who_cannot_be_read_keeps_nobody_else_valid(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        person = await world.person(phone.subject)
        broken = replace(person, wrapped_key=bytes(len(person.wrapped_key or b"")))
        await world.store.transact(lambda t: t.people.put(broken))
        notice = unb64(await world.notice_hash())
        assert await world.pipeline.invalidate("shop", notice=notice) == 2
        assert await states(world, phone.subject, other.subject) == ["invalidated"] * 2


async def test_what_cannot_be_tidied_up_at_once_changes_no_answer(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site's sums cannot be changed, so rankings cannot be taken out of them: the acts count all the same, and deleting follows when they can."""
    monkeypatch.setattr("mien_server.pipeline.officer.CHUNK", 1)
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(3)]
        for phone in phones:
            await phone.reward((await phone.rank()).event, 100)
        with stuck_sums("shop"):
            assert (await phones[0].withdraw()).outcome == "withdrawn"
            until = world.clock.at + 60
            await world.pipeline.place_hold("shop", phones[0].subject, "a dispute", until)
            notice = unb64(await world.notice_hash())
            assert await world.pipeline.invalidate("shop", notice=notice) == 2
            with pytest.raises(RequestInvalid, match="sums"):
                await world.pipeline.sweep()
        world.clock.at = until
        await world.pipeline.sweep()
        for phone in phones:
            who = "shop", phone.subject
            assert await world.store.transact(lambda t, who=who: t.events.of_person(*who, 9)) == ()


async def test_a_notice_that_was_wrong_takes_every_consent_to_it_along(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        english = [await world.enrolled() for _ in range(3)]
        german = world.phone()
        shown = await world.notice_hash("de")
        await german.consent("personalize_offers", locale="de", notice_sha256=shown)
        wrong = unb64(await world.notice_hash("en"))
        assert await world.pipeline.invalidate("shop", notice=wrong) == 3
        assert await states(world, *(each.subject for each in english)) == ["invalidated"] * 3
        assert await states(world, german.subject) == ["given"]


async def test_what_is_not_there(make_world: MakeWorld) -> None:
    async with make_world() as world:
        with pytest.raises(SiteUnknown):
            await world.pipeline.invalidate("other", subject="sub_x")
        with pytest.raises(PersonUnknown):
            await world.pipeline.invalidate("shop", subject="sub_x")
        with pytest.raises(PersonUnknown, match="no proof of consent"):
            await world.pipeline.evidence("shop", "sub_x", ADDRESS)
        assert await world.pipeline.invalidate("shop", notice=bytes(32)) == 0


async def test_the_proof_of_a_consent_stands_without_the_person(make_world: MakeWorld) -> None:
    """Who signed what to which words, when: after erasure too."""
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.erase()
        await world.pipeline.complete_erasures()
        (found,) = await world.pipeline.evidence("shop", phone.subject, ADDRESS)
        proof = found["file"]
        statement = verify(proof["statement"], Kind.CONSENT, phone.signing.verify_key())
        receipt = verify(proof["receipt"], Kind.RECEIPT, world.keys.signing.verify_key())
        shown = b64(hashlib.sha256(encode(proof["notice"])).digest())
        assert shown == receipt["notice_sha256"] == statement["notice_sha256"]
        digest = hashlib.sha256(proof["statement"].encode()).digest()
        assert receipt["statement_sha256"] == b64(digest)


async def test_a_new_answer_says_what_it_leaves_out(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled("personalize_offers", "adapt_service")
        world.clock.at += 1
        receipt = await phone.consent("adapt_service")
        assert (receipt.purposes, receipt.withdrawn) == (["adapt_service"], ["personalize_offers"])
        _first, second = await world.pipeline.evidence("shop", phone.subject, ADDRESS)
        opened = open_receipt_file(read_receipt_file(json.dumps(second["file"]).encode()))
        assert [(each.state, each.purposes) for each in opened.events()] == [
            ("renewed", ("adapt_service",)),
            ("withdrawn", ("personalize_offers",)),
        ]


# ---- the commands ----
@pytest.fixture
def enrolled(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> tuple[World, str]:
    """A closed world with one person, which the environment names."""
    world = make_world()

    async def live() -> str:
        async with world:
            phone = await world.enrolled()
            await phone.send()
            return phone.subject

    subject = asyncio.run(live())
    monkeypatch.setenv("MIEN_DATABASE", world.address)
    monkeypatch.setenv("MIEN_KEYS", str(world.key_directory))
    monkeypatch.setenv("MIEN_JOURNAL", str(world.journal_directory))
    return world, subject


def test_the_command_shows_a_proof(enrolled: tuple[World, str], tmp_path: Path) -> None:
    world, subject = enrolled
    done = RUN.invoke(app, ["evidence", "shop", subject])
    assert done.exit_code == 0
    (proof,) = json.loads(done.stdout)
    assert unverified(proof["file"]["statement"])["subject"] == subject
    # What the officer has is what anybody can check, with the key that the site published.
    trust = world.keys.signing.verify_key()
    opened = open_receipt_file(read_receipt_file(json.dumps(proof["file"]).encode()), trust)
    assert (opened.trusted, opened.receipt.subject) == (True, subject)
    out = tmp_path / "proof.json"
    assert RUN.invoke(app, ["evidence", "shop", subject, "--out", str(out)]).exit_code == 0
    assert json.loads(out.read_text()) == [proof]
    assert out.stat().st_mode & 0o777 == 0o600
    again = RUN.invoke(app, ["evidence", "shop", subject, "--out", str(out)])
    assert again.exit_code == 2
    assert "choose a new file" in again.stderr


def test_the_command_declares_invalid(enrolled: tuple[World, str]) -> None:
    world, subject = enrolled
    done = RUN.invoke(app, ["invalidate", "shop", "--subject", subject])
    assert (done.exit_code, done.stdout) == (0, "shop: 1 consent is invalid\n")

    async def look() -> tuple[str, int]:
        async with world:
            return (await states(world, subject))[0], await records(world, subject)

    assert asyncio.run(look()) == ("invalidated", 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shop"], "give --subject or --notice"),
        (["shop", "--subject", "sub_x", "--notice", "AA"], "give --subject or --notice"),
        (["shop", "--subject", "sub_x"], "person-unknown"),
        (["other", "--subject", "sub_x"], "site-unknown"),
        (["shop", "--notice", "%"], "request-invalid"),
        (["shop", "--notice", "ab" * 32], "32 bytes as base64url"),
    ],
)
def test_what_the_command_is_told_wrongly(
    enrolled: tuple[World, str], arguments: list[str], told: str
) -> None:
    assert enrolled
    done = RUN.invoke(app, ["invalidate", *arguments])
    assert done.exit_code == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_naming_what_is_not_there_is_no_success(enrolled: tuple[World, str]) -> None:
    assert enrolled
    done = RUN.invoke(app, ["invalidate", "shop", "--notice", "A" * 43])
    assert done.exit_code == 1
    assert "nothing stood" in done.stderr


def test_people_under_a_notice(make_world: MakeWorld) -> None:
    """The port: only what stands in the row, of this site, to this notice."""

    async def live() -> None:
        async with make_world() as world:
            phone = await world.enrolled()
            shown = (await world.person(phone.subject)).notice_sha256

            def work(transaction: Transaction) -> list[int]:
                people = transaction.people
                asked = [("shop", shown, 9), ("shop", bytes(32), 9), ("other", shown, 9), ("shop", shown, 0)]  # fmt: skip
                return [len(people.standing_under(*each)) for each in asked]

            assert await world.store.transact(work) == [1, 0, 0, 0]
            await phone.withdraw()
            assert (await world.store.transact(work))[0] == 0

    asyncio.run(live())
