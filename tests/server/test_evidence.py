"""Proofs of consent: kept apart, under keys of their own, until their own end; a written release; and what was shown."""

import hashlib
from typing import Any

import pytest
from tests.server.world import DAY, MakeWorld, Phone, World

from mien.errors import ClockSkewed, KeepUnreadable, RequestInvalid
from mien.values import Claims
from mien.wire.canonical import b64, encode, unb64
from mien.wire.messages import ReleaseDoc, dump
from mien.wire.signatures import Kind, unverified, verify
from mien_server import record

OFFERS = "personalize_offers"
YEARS = 1095 * DAY


async def proofs(world: World, subject: str) -> list[dict[str, Any]]:
    """What is kept, opened with the server's keys."""
    found = await world.store.transact(lambda t: t.evidence.of_person("shop", subject))
    return [record.open_evidence(each, world.keys.kek(each.epoch)) for each in found]


async def test_statement_receipt_and_notice_are_kept(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        text = phone.signed(Kind.CONSENT, await phone.consent_statement(OFFERS))
        answer = await world.pipeline.consent(world.site, text)
        (proof,) = await proofs(world, phone.subject)
        signer = phone.signing.verify_key().text()
        assert proof == {"v": 1, "statement": text, "receipt": answer.receipt, "signer": signer}
        verify(proof["statement"], Kind.CONSENT, phone.signing.verify_key())
        shown = unb64(unverified(text)["notice_sha256"])
        content = await world.store.transact(lambda t: t.evidence.notice(shown))
        assert content is not None
        assert content == encode(dump(await world.pipeline.notice("shop", "en")))
        assert hashlib.sha256(content).digest() == shown


async def test_a_withdrawal_is_kept_too_and_the_person_gets_all_of_it(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        world.clock.at += 10
        await phone.withdraw()
        kinds = [
            unverified(proof["receipt"])["outcome"] for proof in await proofs(world, phone.subject)
        ]
        assert kinds == ["given", "withdrawn"]
        exported = (await phone.export())["evidence"]
        assert [each["file"] for each in exported] == await proofs(world, phone.subject)
        assert all(each["at"] < each["retain_until"] for each in exported)


async def test_a_refused_stranger_leaves_no_proof(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        await phone.consent(OFFERS, claims=Claims(("EU-DE",)))
        assert await proofs(world, phone.subject) == []


async def test_proofs_outlive_erasure_and_end_when_their_time_has_passed(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        began = world.clock.at
        await phone.erase()
        await world.pipeline.complete_erasures()
        assert len(await proofs(world, phone.subject)) == 1
        world.clock.at = began + YEARS - 1
        await world.pipeline.rotate()  # epochs went by: the keys of proofs were wrapped anew
        await world.pipeline.sweep()
        assert len(await proofs(world, phone.subject)) == 1
        world.clock.at = began + YEARS
        await world.pipeline.sweep()
        assert await proofs(world, phone.subject) == []


async def test_a_proof_has_a_key_of_its_own(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.withdraw()
        one, two = await world.store.transact(lambda t: t.evidence.of_person("shop", phone.subject))
        keys = {record.evidence_key(each, world.keys.kek(each.epoch)) for each in (one, two)}
        person = await world.person(phone.subject)
        kek = world.keys.kek(person.epoch)
        own = record.unwrap(kek, person.wrapped_key or b"", person.epoch, "shop", phone.subject)
        assert len({*keys, own}) == 3
        with pytest.raises(KeepUnreadable):
            record.Vault.of("shop", phone.subject, own).open(
                one.sealed, "consent evidence", one.id.encode()
            )


@pytest.mark.sqlite
async def test_no_proof_lies_in_the_clear(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await signed_release(world, world.phone(), "Ada Lovelace")
        files = list(world.directory.rglob("mien.db*"))
        assert files
        assert all(b"Lovelace" not in file.read_bytes() for file in files)
        (proof,) = await proofs(world, phone.subject)
        assert unverified(proof["statement"])["release"]["name"] == "Ada Lovelace"


# ---- a written release ----
async def release(world: World, name: str, **other: Any) -> ReleaseDoc:
    notice = await world.pipeline.notice("shop", "en")
    text = b64(hashlib.sha256(notice.release.encode()).digest())
    return ReleaseDoc.model_validate(
        {"name": name, "text_sha256": text, "at": world.clock.at, **other}
    )


IN_ILLINOIS = Claims(("US-IL",), age_band="adult")


async def signed_release(world: World, phone: Phone, name: str) -> Phone:
    receipt = await phone.consent(OFFERS, claims=IN_ILLINOIS, release=await release(world, name))
    assert receipt.outcome == "given", receipt
    return phone


async def test_illinois_wants_a_written_release(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        refused = await phone.consent(OFFERS, claims=IN_ILLINOIS)
        assert refused.outcome == "refused"
        assert "740 ILCS 14/15(b)(3)" in refused.laws
        await signed_release(world, phone, "Ada Lovelace")
        assert (await phone.send()).accepted


async def test_a_release_of_another_text(make_world: MakeWorld) -> None:
    async with make_world() as world:
        doc = await release(world, "Ada Lovelace", text_sha256=b64(bytes(32)))
        with pytest.raises(RequestInvalid, match="another text"):
            await world.phone().consent(OFFERS, claims=IN_ILLINOIS, release=doc)


@pytest.mark.parametrize("seconds", [-DAY - 1, 121])
async def test_a_release_of_another_day(make_world: MakeWorld, seconds: int) -> None:
    async with make_world() as world:
        doc = await release(world, "Ada Lovelace", at=world.clock.at + seconds)
        with pytest.raises(ClockSkewed, match="sign again"):
            await world.phone().consent(OFFERS, claims=IN_ILLINOIS, release=doc)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "x" * 121,
        "a\nb",
        "   ",
        "\u200b\u200b",
        "12 34",
        " Ada Lovelace",
        "Ada\u202eLovelace",
    ],
)
async def test_a_release_bears_a_name(make_world: MakeWorld, name: str) -> None:
    async with make_world() as world:
        with pytest.raises(ValueError, match="name"):
            await release(world, name)
