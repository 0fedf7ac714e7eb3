"""A child's consent: countersigned by their guardian, verified where the law wants it, taken back by the guardian as well."""

import dataclasses
import os
from typing import Any

import pytest
from tests.server.world import NOON, MakeWorld, Phone, World

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeReplayed,
    PolicyDenied,
    RequestInvalid,
    SignatureInvalid,
)
from mien.values import Claims
from mien.wire.canonical import b64
from mien.wire.keys import SigningKey
from mien.wire.messages import GuardianDoc, GuardianVerification, KeyDoc, Receipt, dump
from mien.wire.signatures import Kind, sign

SERVICE, OFFERS = "adapt_service", "personalize_offers"
DAY = 86_400


async def test_a_child_says_yes_with_their_guardian(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        child = Claims(("EU-DE",), age_band="13_to_15")
        refused = await phone.consent(SERVICE, claims=child)
        assert refused.outcome == "refused"
        assert "GDPR 8(1)" in refused.laws
        assert (await phone.child_consent(guardian, SERVICE)).outcome == "given"
        assert (await phone.send()).accepted


async def test_what_a_guardian_takes_back_is_revoked(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        await phone.child_consent(guardian, SERVICE)
        receipt = await phone.withdraw(SERVICE, key=guardian)
        assert (receipt.outcome, receipt.by, receipt.purposes) == ("revoked", "guardian", [])
        assert (await world.person(phone.subject)).state == "revoked"
        with pytest.raises(ConsentMissing) as caught:
            await phone.send()
        assert caught.value.laws


async def test_a_guardian_exports_and_erases(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        await phone.child_consent(guardian, SERVICE)
        phone.signing, own = guardian, phone.signing
        assert (await phone.export())["subject"] == phone.subject
        phone.signing = own
        await phone.erase(key=guardian)
        await world.pipeline.complete_erasures()
        assert (await world.person(phone.subject)).tombstoned_at


FORGED: dict[str, dict[str, Any]] = {
    "for another device": {"device": b64(bytes(16))},
    "of another notice": {"notice_sha256": b64(bytes(32))},
    "for another age": {"age_band": "16_to_17"},
    "for less than is asked": {"purposes": [OFFERS]},
    "for another subject": {"subject": "sub_" + "a" * 26},
    "for another site": {"site": "other"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_an_approval_of_something_else(make_world: MakeWorld, name: str) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        doc = await phone.approval(guardian, SERVICE, **FORGED[name])
        with pytest.raises(SignatureInvalid, match="approved something else"):
            await phone.child_consent(guardian, SERVICE, guardian=doc)


@pytest.mark.parametrize("at", [NOON - DAY - 1, NOON + 121])
async def test_an_approval_of_another_day(make_world: MakeWorld, at: int) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        doc = await phone.approval(guardian, SERVICE, at=at)
        with pytest.raises(ClockSkewed, match="sign again"):
            await phone.child_consent(guardian, SERVICE, guardian=doc)


async def test_an_approval_by_another_key(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        doc = await phone.approval(SigningKey.generate(), SERVICE)
        with pytest.raises(SignatureInvalid):
            await phone.child_consent(guardian, SERVICE, guardian=doc)


async def test_a_child_is_not_their_own_guardian(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        with pytest.raises(RequestInvalid, match="two roles"):
            await phone.child_consent(phone.signing, SERVICE)


async def test_the_recovery_code_is_no_guardian(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, paper = world.phone(), SigningKey.generate()
        sign_ = paper.verify_key().text()
        keys = [phone.key_doc(), KeyDoc(role="recovery", sign=sign_), KeyDoc(role="guardian", sign=sign_)]  # fmt: skip
        with pytest.raises(RequestInvalid, match="two roles"):
            await phone.child_consent(paper, SERVICE, keys=keys)


async def test_an_approval_is_used_once(make_world: MakeWorld) -> None:
    """What was taken back does not come back with the signature of this morning."""
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        doc = await phone.approval(guardian, SERVICE)
        await phone.child_consent(guardian, SERVICE, guardian=doc)
        await phone.withdraw(SERVICE)
        world.clock.at += 7200
        await world.pipeline.sweep()
        with pytest.raises(EnvelopeReplayed):
            await phone.child_consent(guardian, SERVICE, guardian=doc)


async def test_a_child_does_not_grow_up_to_be_rid_of_their_guardian(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        await phone.child_consent(guardian, SERVICE)
        with pytest.raises(RequestInvalid, match="has a guardian"):
            await phone.consent(OFFERS)
        text = phone.key_removal(guardian.verify_key().id)
        with pytest.raises(RequestInvalid, match="removed by itself or a guardian only"):
            await world.pipeline.change_keys(world.site, text)
        text = phone.key_removal(guardian.verify_key().id, by=guardian)
        await world.pipeline.change_keys(world.site, text)
        assert (await phone.consent(OFFERS)).outcome == "renewed"  # an adult, says the device


async def test_a_child_adds_no_guardian_of_their_own(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian, friend = world.phone(), SigningKey.generate(), SigningKey.generate()
        await phone.child_consent(guardian, SERVICE)
        doc = KeyDoc(role="guardian", sign=friend.verify_key().text())
        with pytest.raises(RequestInvalid, match="added by a guardian"):
            await world.pipeline.change_keys(world.site, phone.key_change(friend, doc))
        await world.pipeline.change_keys(world.site, phone.key_change(friend, doc, by=guardian))
        assert (await phone.withdraw(SERVICE, key=friend)).outcome == "revoked"


async def test_no_second_guardian_slips_in_with_the_first_ones_signature(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone, guardian, friend = world.phone(), SigningKey.generate(), SigningKey.generate()
        keys = [
            phone.key_doc(),
            *(KeyDoc(role="guardian", sign=key.verify_key().text()) for key in (guardian, friend)),
        ]
        with pytest.raises(ValueError, match="at most one recovery and one guardian"):
            await phone.child_consent(guardian, SERVICE, keys=keys)
        other = world.phone(subject=phone.subject)
        with pytest.raises(ValueError, match="names its device"):
            await phone.child_consent(guardian, SERVICE, keys=[phone.key_doc(), other.key_doc()])


async def test_nobody_gets_a_guardian_afterwards(make_world: MakeWorld) -> None:
    """Whoever holds an adult's device must not make themselves the guardian, who outranks the recovery code."""
    async with make_world() as world:
        phone, guardian = await world.enrolled(OFFERS), SigningKey.generate()
        with pytest.raises(RequestInvalid, match="only keys of the key set"):
            await phone.child_consent(guardian, SERVICE)


async def test_an_approval_from_before_the_guardians_no_is_worth_nothing(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        spare = await phone.approval(guardian, SERVICE)
        await phone.child_consent(guardian, SERVICE)
        world.clock.at += 3600
        await phone.withdraw(SERVICE, key=guardian)
        with pytest.raises(SignatureInvalid, match="took something back"):
            await phone.child_consent(guardian, SERVICE, guardian=spare)
        world.clock.at += 1
        assert (await phone.child_consent(guardian, SERVICE)).outcome == "given"


async def test_when_the_last_guardian_goes_their_word_goes(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, guardian = world.phone(), SigningKey.generate()
        await phone.child_consent(guardian, SERVICE)
        name = guardian.verify_key().id
        await world.pipeline.change_keys(world.site, phone.key_removal(name, by=guardian))
        assert not (await world.person(phone.subject)).guardian
        with pytest.raises(PolicyDenied) as caught:
            await phone.send()
        assert "GDPR 8(1)" in caught.value.laws


# ---- verified, where the law wants it ----
CHILD = Claims(("US-TX",), age_band="under_13")


def word(phone: Phone, guardian: SigningKey, verifier: SigningKey, **other: Any) -> str:
    given = {
        "site": phone.site.id, "subject": phone.subject, "guardian": guardian.verify_key().id,
        "method": "id-document", "at": phone.now(), "expires_at": phone.now() + DAY, **other,
    }  # fmt: skip
    return sign(Kind.GUARDIAN_VERIFICATION, dump(GuardianVerification(**given)), verifier)


async def ask(phone: Phone, guardian: SigningKey, verification: str | None = None) -> Receipt:
    doc = await phone.approval(guardian, SERVICE, age_band="under_13", verification=verification)
    return await phone.child_consent(guardian, SERVICE, claims=CHILD, guardian=doc)


def american(world: World, verifier: SigningKey | None) -> World:
    public = None if verifier is None else verifier.verify_key().public
    world.site = dataclasses.replace(world.site, jurisdictions=("US-TX",), verifier=public)
    return world


async def test_without_a_verifier_the_answer_is_no(make_world: MakeWorld) -> None:
    async with american(make_world(), None) as world:
        phone, guardian = world.phone(), SigningKey.generate()
        receipt = await ask(phone, guardian)
        assert receipt.outcome == "refused"
        assert any("312.5" in law for law in receipt.laws), receipt.laws
        # Nobody's word counts where the site named no verifier.
        receipt = await ask(phone, guardian, word(phone, guardian, SigningKey.generate()))
        assert receipt.outcome == "refused"


async def test_a_verified_guardian_opens_the_way(make_world: MakeWorld) -> None:
    verifier = SigningKey.generate()
    async with american(make_world(), verifier) as world:
        phone, guardian = world.phone(), SigningKey.generate()
        assert (await ask(phone, guardian)).outcome == "refused"
        receipt = await ask(phone, guardian, word(phone, guardian, verifier))
        assert receipt.outcome == "given", receipt
        assert (await world.person(phone.subject)).guardian_verified
        assert (await phone.send()).accepted


async def test_a_consent_ends_with_the_verifiers_word(make_world: MakeWorld) -> None:
    verifier = SigningKey.generate()
    async with american(make_world(), verifier) as world:
        phone, guardian = world.phone(), SigningKey.generate()
        ends = phone.now() + 60
        receipt = await ask(phone, guardian, word(phone, guardian, verifier, expires_at=ends))
        assert (receipt.outcome, receipt.expires_at) == ("given", ends)
        world.clock.at = ends
        with pytest.raises(ConsentMissing):
            await phone.send()


async def test_without_its_verifier_a_site_relies_on_nobodys_word(make_world: MakeWorld) -> None:
    verifier = SigningKey.generate()
    async with american(make_world(), verifier) as world:
        phone, guardian = world.phone(), SigningKey.generate()
        await ask(phone, guardian, word(phone, guardian, verifier))
        world.site = dataclasses.replace(world.site, verifier=None)
        with pytest.raises(PolicyDenied) as caught:
            await phone.send()
        assert any("312.5" in law for law in caught.value.laws), caught.value.laws


async def test_words_of_a_verifier_that_do_not_count(make_world: MakeWorld) -> None:
    verifier = SigningKey.generate()
    async with american(make_world(), verifier) as world:
        phone, guardian = world.phone(), SigningKey.generate()
        wrong: list[tuple[str, type[Exception]]] = [
            (word(phone, guardian, SigningKey.generate()), SignatureInvalid),
            (word(phone, SigningKey.generate(), verifier), SignatureInvalid),
            (word(phone, guardian, verifier, subject="sub_" + "a" * 26), SignatureInvalid),
            (word(phone, guardian, verifier, site="other"), SignatureInvalid),
            (word(phone, guardian, verifier, expires_at=phone.now()), ClockSkewed),
            (word(phone, guardian, verifier, at=phone.now() + 121), ClockSkewed),
            (sign(Kind.RECEIPT, {}, verifier), SignatureInvalid),
        ]
        for text, error in wrong:
            with pytest.raises(error):
                await ask(phone, guardian, text)


def test_a_guardian_document_without_a_guardians_key_is_no_statement() -> None:
    with pytest.raises(ValueError, match="approval"):
        GuardianDoc(approval=os.urandom(3).hex())
