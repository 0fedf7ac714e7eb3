"""Consent: given, refused with the law, renewed, stale, taken back in part or whole; what a device may do; whose keys speak."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeReplayed,
    MienError,
    NoticeStale,
    PolicyDenied,
    RequestInvalid,
    SealKeyExpired,
    SignatureInvalid,
)
from mien.values import Claims, Label
from mien.wire.canonical import b64, decode, unb64
from mien.wire.keys import SigningKey
from mien.wire.messages import KeyDoc
from mien.wire.proof import verify_tlog_proof
from mien.wire.signatures import Kind, sign
from mien_server import record
from mien_server.errors import PersonUnknown, SiteUnknown
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import Site

DAY = 86_400
OFFERS, SERVICE = "personalize_offers", "adapt_service"


async def row(world: World, phone: Phone) -> Any:
    return await world.store.transact(lambda t: t.people.get("shop", phone.subject, "none"))


async def kept(world: World, phone: Phone) -> tuple[int, int]:
    """How many labels and events of a person are kept."""

    def work(transaction: Transaction) -> Any:
        person = transaction.people.get("shop", phone.subject, "none")
        records = transaction.records.all("shop", phone.subject)
        events = transaction.events.of_person("shop", phone.subject, 99)
        if not records or person is None:
            return 0, len(events)
        vault = world.pipeline._parts.vault(person)
        return sum(len(record.open_labels(vault, each)) for each in records), len(events)

    found: tuple[int, int] = await world.store.transact(work)
    return found


# ---- giving ----
async def test_a_yes_is_answered_with_a_receipt_and_a_proof_follows(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        receipt = await phone.consent(OFFERS)
        assert (receipt.outcome, receipt.purposes, receipt.subject) == (
            "given",
            [OFFERS],
            phone.subject,
        )
        assert receipt.laws
        assert receipt.expires_at == world.clock.at + 180 * DAY
        assert receipt.promise.publish_by == world.clock.at + 60
        await world.pipeline.sequence()
        proof = await world.pipeline.proof(unb64(receipt.promise.leaf))
        verify_tlog_proof(
            proof.proof, unb64(proof.entry), receipt.promise.origin, world.keys.log.verify_key()
        )
        assert unb64(proof.entry)[:32] == unb64(receipt.promise.leaf)


async def test_a_refusal_names_the_law_and_keeps_only_the_decision(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        receipt = await phone.consent(OFFERS, claims=Claims(("EU-DE",), age_band="under_13"))
        assert (receipt.outcome, receipt.purposes) == ("refused", [])
        assert any("GDPR 8" in law for law in receipt.laws), receipt.laws
        assert receipt.says
        assert await row(world, phone) is None
        # The decision is in the log under a key of its own; nothing in the row names the person.
        (leaf,) = await world.store.transact(lambda t: t.leaves.pending(9))
        key = record.unwrap(
            world.keys.kek(leaf.epoch), leaf.wrapped_key or b"", leaf.epoch, "shop", leaf.hash.hex()
        )
        content = decode(record.open_leaf(Vault.of("shop", "", key), leaf).record)
        assert (content["action"], content["allow"], content["subject"]) == (
            "give_consent",
            False,
            phone.subject,
        )
        with pytest.raises(PersonUnknown):
            await phone.capability()


async def test_the_strictest_place_wins(make_world: MakeWorld) -> None:
    """The site says Germany; the device says also Illinois, where a written release is needed for faces."""
    async with make_world() as world:
        phone = world.phone()
        receipt = await phone.consent(OFFERS, claims=Claims(("US-IL",), age_band="adult"))
        person = await row(world, phone)
        assert (receipt.outcome, person) == ("refused", None)
        assert "740 ILCS 14/15(b)(3)" in receipt.laws
        assert receipt.jurisdictions == ["EU-DE", "US-IL"]


async def test_workers_are_refused_where_the_law_says_so(
    make_world: MakeWorld, conftest_shop: Site
) -> None:
    site = dataclasses.replace(conftest_shop, sector="workplace", roles=("employee",))
    async with make_world(site=site) as world:
        receipt = await world.phone().consent(OFFERS, claims=Claims(("EU-DE",), sector="workplace", role="employee", age_band="adult"))  # fmt: skip
        assert receipt.outcome == "refused"
        assert any("AI Act" in law for law in receipt.laws), receipt.laws


@pytest.mark.parametrize("sector", ["workplace", "education"])
async def test_the_strictest_sector_wins(make_world: MakeWorld, sector: str) -> None:
    """The site says retail; a device that says where it really stands is believed when that is stricter."""
    async with make_world() as world:
        phone = world.phone()
        refused = await phone.consent(OFFERS, claims=Claims(("EU-DE",), sector, age_band="adult"))
        assert refused.outcome == "refused"
        assert any("AI Act" in law for law in refused.laws), refused.laws
        assert (await phone.consent(OFFERS)).outcome == "given"


async def test_a_refused_renewal_says_what_still_stands(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        before = await row(world, phone)
        refused = await phone.consent(OFFERS, claims=Claims(("EU-DE",)))  # says no age
        assert refused.outcome == "refused"
        assert (refused.purposes, refused.expires_at) == ([OFFERS], before.expires_at)
        assert await row(world, phone) == before
        assert (await phone.withdraw()).purposes == []


async def test_a_role_the_site_does_not_serve(make_world: MakeWorld) -> None:
    async with make_world() as world:
        with pytest.raises(RequestInvalid, match="employee"):
            await world.phone().consent(OFFERS, claims=Claims(("EU-DE",), role="employee"))


async def test_a_purpose_the_notice_does_not_name(make_world: MakeWorld) -> None:
    async with make_world() as world:
        with pytest.raises(RequestInvalid, match="notice"):
            await world.phone().consent(OFFERS, "contribute")


async def test_a_stale_notice_is_refused_and_logged(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        with pytest.raises(NoticeStale) as caught:
            await phone.consent(OFFERS, notice_sha256=b64(bytes(32)))
        assert "policy:current-notice" in caught.value.laws
        assert await row(world, phone) is None
        assert await world.store.transact(lambda t: t.leaves.pending_count()) == 1


async def test_the_notice_of_another_language_is_another_notice(make_world: MakeWorld) -> None:
    async with make_world() as world:
        german = await world.notice_hash("de")
        assert german != await world.notice_hash("en")
        assert (
            await world.phone().consent(OFFERS, locale="de", notice_sha256=german)
        ).outcome == "given"
        with pytest.raises(NoticeStale):
            await world.phone().consent(OFFERS, locale="en", notice_sha256=german)


async def test_when_the_notice_changes_what_was_agreed_to_another_is_not_used(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        world.site = dataclasses.replace(world.site, controller="Another GmbH")
        await world.store.transact(lambda t: t.sites.put(world.site))
        assert not phone.why(await phone.rank()).used_emotion
        with pytest.raises(PolicyDenied) as caught:
            await phone.send()
        assert "policy:current-notice" in caught.value.laws
        assert (await phone.consent(OFFERS)).outcome == "renewed"
        assert phone.why(await phone.rank()).used_emotion


async def test_renewal_keeps_the_key_and_the_labels(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        before = await row(world, phone)
        world.clock.at += 100
        receipt = await phone.consent(OFFERS, SERVICE)
        assert (receipt.outcome, receipt.purposes) == ("renewed", [SERVICE, OFFERS])
        after = await row(world, phone)
        assert (after.wrapped_key, after.expires_at) == (
            before.wrapped_key,
            before.expires_at + 100,
        )
        assert (await kept(world, phone))[0] == 8


async def test_a_known_subject_is_not_taken_over_by_another_key(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        with pytest.raises(SignatureInvalid, match="key set"):
            await world.phone(subject=phone.subject).consent(OFFERS)


async def test_a_renewal_adds_no_keys(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        other = KeyDoc(role="recovery", sign=SigningKey.generate().verify_key().text())
        with pytest.raises(RequestInvalid, match="/v1/keys"):
            await phone.consent(OFFERS, keys=[phone.key_doc(), other])


async def test_a_renewal_gives_no_key_another_role(make_world: MakeWorld) -> None:
    """A recovery key must not become a device, nor a device lose its stream, without `/v1/keys`."""
    async with make_world() as world:
        phone, recovery = world.phone(), SigningKey.generate()
        paper = KeyDoc(role="recovery", sign=recovery.verify_key().text())
        await phone.consent(OFFERS, keys=[phone.key_doc(), paper])
        with pytest.raises(SignatureInvalid, match="key set"):
            await world.phone(subject=phone.subject, signing=recovery).consent(OFFERS)
        guardian = KeyDoc(role="guardian", sign=recovery.verify_key().text())
        with pytest.raises(RequestInvalid, match="in its role"):
            await phone.child_consent(recovery, OFFERS, keys=[phone.key_doc(), guardian])
        assert (await phone.send()).accepted


@pytest.mark.parametrize("skew", [-121, 121])
async def test_a_clock_that_is_wrong(make_world: MakeWorld, skew: int) -> None:
    async with make_world() as world:
        with pytest.raises(ClockSkewed):
            await world.phone().consent(OFFERS, at=world.clock.at + skew)


async def test_a_consent_is_given_once(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        text = phone.signed(Kind.CONSENT, await phone.consent_statement(OFFERS))
        await world.pipeline.consent(world.site, text)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline.consent(world.site, text)


async def test_a_statement_for_another_site(make_world: MakeWorld, conftest_shop: Site) -> None:
    async with make_world() as world:
        phone = world.phone()
        text = phone.signed(Kind.CONSENT, await phone.consent_statement(OFFERS, site="other"))
        with pytest.raises(RequestInvalid, match="another site"):
            await world.pipeline.consent(world.site, text)
        other = dataclasses.replace(conftest_shop, id="other", publishable_sha256=b"1" * 32, secret_sha256=b"2" * 32)  # fmt: skip
        await world.store.transact(lambda t: t.sites.put(other))
        enrolled = await world.enrolled()
        with pytest.raises(PersonUnknown):
            await world.pipeline.labels(other, enrolled.envelope())


async def test_a_stream_key_sealed_to_a_dead_key(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        doc = phone.key_doc()
        world.clock.at += 2 * DAY
        await world.pipeline.rotate()
        with pytest.raises(SealKeyExpired):
            await phone.consent(OFFERS, keys=[doc])


# ---- meanwhile ----
async def test_a_capability_lives_five_minutes_for_one_device(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        capability = await phone.capability()
        assert capability["expires_at"] - capability["issued_at"] == 300
        assert (capability["device"], capability["purposes"]) == (phone.id, [OFFERS])


async def test_nothing_may_be_done_once_the_consent_has_run_out(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        world.clock.at += 180 * DAY
        await world.pipeline.rotate()
        with pytest.raises(ConsentMissing) as caught:
            await phone.capability()
        assert "policy:consent-expires" in caught.value.laws
        assert not phone.why(await phone.rank()).used_emotion
        await world.pipeline.sweep()
        assert (await row(world, phone)).state == "expired"
        assert await kept(world, phone) == (0, 0)
        assert (await phone.consent(OFFERS)).outcome == "given"


async def test_the_first_capability_comes_with_the_consent(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        text = phone.signed(Kind.CONSENT, await phone.consent_statement(OFFERS))
        assert (await world.pipeline.consent(world.site, text)).capability is not None
        text = phone.withdrawal(OFFERS)
        assert (await world.pipeline.withdraw(world.site, text)).capability is None


# ---- taking back ----
async def test_a_withdrawal_deletes_what_it_covered(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        event = (await phone.rank()).event
        assert await kept(world, phone) == (8, 1)
        receipt = await phone.withdraw()
        assert (receipt.outcome, receipt.purposes, receipt.laws) == ("withdrawn", [], ["GDPR 7(3)"])
        assert (await row(world, phone)).state == "withdrawn"
        assert await kept(world, phone) == (0, 0)
        with pytest.raises(Exception, match="not kept"):
            await phone.reward(event, 100)


async def test_a_partial_withdrawal_keeps_the_other_purposes(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS, SERVICE)
        await phone.send()
        await phone.rank()
        receipt = await phone.withdraw(OFFERS)
        assert receipt.purposes == [SERVICE]
        person = await row(world, phone)
        assert (person.state, person.purposes) == ("given", frozenset({SERVICE}))
        assert await kept(world, phone) == (8, 0)  # labels serve the other purpose, rankings do not
        assert not phone.why(await phone.rank()).used_emotion
        assert not (await phone.send()).duplicate
        assert (await phone.withdraw(SERVICE)).purposes == []
        assert await kept(world, phone) == (0, 0)


async def test_a_renewal_with_fewer_purposes_takes_the_others_back(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS, SERVICE)
        await phone.send()
        await phone.rank()
        await phone.consent(SERVICE)
        assert await kept(world, phone) == (8, 0)


async def test_withdrawing_again_changes_nothing(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.withdraw()
        assert (await phone.withdraw()).purposes == []
        assert (await row(world, phone)).state == "withdrawn"
        assert (await phone.consent(OFFERS)).outcome == "given"


async def test_what_a_crash_left_is_deleted_by_the_sweep(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()

        class Dies:
            """A store whose process ends after the withdrawal's own commit."""

            answered = 0

            async def transact(self, work: Callable[..., Any]) -> Any:
                if self.answered:
                    raise SystemExit
                answer = await world.store.transact(work)
                self.answered += 1
                return answer

        with pytest.raises(SystemExit):
            await world.pipeline_over(Dies()).withdraw(world.site, phone.withdrawal(OFFERS))
        assert await kept(world, phone) == (8, 0)
        await world.pipeline.sweep()
        assert await kept(world, phone) == (0, 0)


async def test_what_fails_after_a_withdrawal_does_not_unsay_it(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()

        class Fails:
            """A store that fails at whatever is deleted after the withdrawal's own commit."""

            answered = 0

            async def transact(self, work: Callable[..., Any]) -> Any:
                if self.answered:
                    raise ConnectionAbortedError
                answer = await world.store.transact(work)
                self.answered += 1
                return answer

        failing = world.pipeline_over(Fails())
        await failing.withdraw(world.site, phone.withdrawal(OFFERS))
        assert (await row(world, phone)).state == "withdrawn"
        assert await kept(world, phone) == (8, 0)
        with pytest.raises(ConnectionAbortedError):
            await failing.sweep()
        await world.pipeline.sweep()
        assert await kept(world, phone) == (0, 0)


async def test_what_was_withdrawn_does_not_come_back_with_a_new_yes(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await phone.reward((await phone.rank()).event, 100)
        assert await kept(world, phone) == (8, 1)

        class Dies:
            """A store whose process ends before anything is deleted."""

            async def transact(self, work: Callable[..., Any]) -> Any:
                await world.store.transact(work)
                raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            await world.pipeline_over(Dies()).withdraw(world.site, phone.withdrawal(OFFERS))
        assert await kept(world, phone) == (8, 1)
        assert (await phone.consent(OFFERS)).outcome == "given"
        assert await kept(world, phone) == (0, 0)


# ---- sites ----
async def test_sites_by_their_keys(make_world: MakeWorld) -> None:
    async with make_world() as world:
        assert await world.pipeline.site_of_publishable("pk_shop") == world.site
        assert await world.pipeline.site_of_secret("sk_shop") == world.site
        for find in (world.pipeline.site_of_publishable, world.pipeline.site_of_secret):
            with pytest.raises(SiteUnknown):
                await find("pk_other")
        with pytest.raises(SiteUnknown):
            await world.pipeline.site_of_secret("pk_shop")
        with pytest.raises(SiteUnknown):
            await world.pipeline.notice("other", "en")


async def test_a_changed_site_is_seen_within_seconds(make_world: MakeWorld) -> None:
    async with make_world() as world:
        await world.pipeline.site_of_publishable("pk_shop")
        changed = dataclasses.replace(world.site, controller="New GmbH")
        await world.store.transact(lambda t: t.sites.put(changed))
        world.clock.at += 5
        assert (await world.pipeline.site_of_publishable("pk_shop")).controller == "New GmbH"


# ---- what a review found ----
async def test_what_ran_out_does_not_come_back_with_a_new_yes(make_world: MakeWorld) -> None:
    """Also when nobody swept in between."""
    async with make_world() as world:
        phone = await world.enrolled()
        world.clock.at += 180 * DAY - 60
        await world.pipeline.rotate()
        await phone.send()
        world.clock.at += 65
        assert (await phone.consent(OFFERS)).outcome == "given"
        assert await kept(world, phone) == (0, 0)


async def test_a_refusal_is_logged_and_answered_as_it_was_claimed(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        refused = await phone.consent(OFFERS, claims=Claims(("US-TX",), age_band="under_13"))
        assert (refused.outcome, refused.purposes) == ("refused", [OFFERS])
        assert refused.jurisdictions == ["EU-DE", "US-TX"]
        logged = decode((await phone.export())["decisions"][1]["record"].encode())
        device = logged["claims"]["device"]
        assert (device["age_band"], device["jurisdictions"]) == ("under_13", ["US-TX"])
        assert logged["asked"][0]["question"]["age_band"] == "under_13"


async def test_a_receipt_names_no_purpose_once_nothing_stands(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        world.clock.at += 180 * DAY
        await world.pipeline.rotate()
        other = world.phone(subject=phone.subject)
        text = phone.key_change(other.signing, other.key_doc())
        answer = await world.pipeline.change_keys(world.site, text)
        receipt = phone.receipt(answer.receipt)
        assert (receipt.outcome, receipt.purposes) == ("expired", [])


async def test_elsewhere_a_right_rests_on_our_policy(
    make_world: MakeWorld, conftest_shop: Site
) -> None:
    site = dataclasses.replace(conftest_shop, jurisdictions=("US-TX",))
    async with make_world(site=site) as world:
        phone = world.phone()
        await phone.consent(OFFERS, claims=Claims(("US-TX",), age_band="adult"))
        assert (await phone.withdraw()).laws == ["policy:rights-everywhere"]
    both = dataclasses.replace(conftest_shop, jurisdictions=("EU-DE", "UK"))
    async with make_world("both", site=both) as world:
        phone = await world.enrolled()
        assert (await phone.withdraw()).laws == ["GDPR 7(3)", "UK GDPR 7(3)"]


async def test_notice_and_policy_are_of_one_bundle(make_world: MakeWorld) -> None:
    """A bundle that comes into force between the notice and the decisions: both are asked again."""
    async with make_world() as world:
        authorizer = world.pipeline._parts.authorizer
        later = dataclasses.replace(world.bundle, version="later")
        asked: list[str] = []
        decide = authorizer.decide

        def slow(question: Any) -> Any:
            asked.append(authorizer.bundle.version)
            if len(asked) == 1:
                authorizer.use(later)
            return decide(question)

        authorizer.decide = slow  # type: ignore[method-assign]
        receipt = await world.phone().consent(OFFERS, SERVICE)
        assert receipt.bundle_version == "later"
        assert asked[:4] == [world.bundle.version, "later", "later", "later"]


async def test_rights_do_not_wait_for_a_table_to_be_complete(make_world: MakeWorld) -> None:
    """A new bundle that no longer knows a place stops every use there, and nobody's withdrawal, export or erasure."""
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(3)]
        await phones[1].send()
        left = {code: around for code, around in world.bundle.places.items() if code != "EU-DE"}
        world.pipeline._parts.authorizer.use(dataclasses.replace(world.bundle, places=left))
        with pytest.raises(MienError):
            await phones[0].send()
        assert (await phones[0].withdraw()).purposes == []
        (label, *_) = (await phones[1].export())["labels"]
        said = Label("sadness", label["ended_at"], confidence=15, source="declared")
        assert (await phones[1].correct(label["record"], said)).accepted
        await phones[1].erase()
        await world.pipeline.complete_erasures()
        assert await world.pipeline.invalidate("shop", subject=phones[2].subject) == 1


async def test_taking_back_costs_the_same_however_much_is_kept(make_world: MakeWorld) -> None:
    """What a withdrawal does not take along is not even opened: whoever ranks a lot must not stall the others."""
    async with make_world() as world:
        phone = await world.enrolled(OFFERS, SERVICE)
        await phone.send()
        for _ in range(3):
            await phone.rank()
        opened: list[str] = []
        vault = world.pipeline._parts.vault(await world.person(phone.subject))
        real = type(vault).open

        def counted(self: Vault, sealed: bytes, what: str, name: bytes) -> bytes:
            opened.append(what)
            return real(self, sealed, what, name)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Vault, "open", counted)
            await phone.withdraw(SERVICE)
        assert "event" not in opened
        assert (await kept(world, phone))[1] == 3


async def test_a_statement_of_nobody(make_world: MakeWorld) -> None:
    async with make_world() as world:
        text = sign(Kind.WITHDRAWAL, {"site": "shop"}, SigningKey.generate())
        with pytest.raises(RequestInvalid, match="names no subject"):
            await world.pipeline.withdraw(world.site, text)
