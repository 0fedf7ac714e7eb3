"""Whatever happens to a consent, in whatever order, the server agrees with a naive model: nothing is decided allow outside a valid consent.

The model is a few plain values: which purposes were said yes to, until when, to which notice, by whom it was ended, and which keys speak.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.server.world import BUNDLE, DAY, MakeWorld, Phone, World

from mien.errors import ConsentMissing, NoticeStale, PolicyDenied
from mien.values import Label
from mien.wire.canonical import b64
from mien.wire.keys import SigningKey
from mien.wire.messages import KeyDoc
from mien_server.errors import PersonErased, PersonUnknown
from mien_server.personalize.emotion import WINDOW
from mien_server.ports import Transaction

OFFERS, SERVICE, MOOD = "personalize_offers", "adapt_service", "declare_mood"
FACES = {OFFERS, SERVICE}
LIFE = 180 * DAY
SOME = st.sets(st.sampled_from([OFFERS, SERVICE, MOOD]), min_size=1)


class Consent(RuleBasedStateMachine):
    """One person, up to three devices, a recovery key and a server."""

    def __init__(self, make_world: Callable[[], World]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = make_world()
        self.runner.run(self.world.open())
        self.begin()

    def begin(self) -> None:
        """Nobody yet."""
        self.phone = self.world.phone()
        self.devices: list[Phone] = [self.phone]
        self.lost: list[Phone] = []
        self.paper = SigningKey.generate()
        self.known = False
        self.state = "none"
        self.purposes: set[str] = set()
        self.until = 0
        self.shown = ""

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        self.world.clock.at += 1
        return self.runner.run(work)

    # ---- the model ----
    @property
    def notice(self) -> str:
        return self.world.site.controller

    @property
    def stands(self) -> set[str]:
        """The purposes that may be processed now."""
        valid = self.state in {"given", "renewed"} and self.world.clock.at + 1 < self.until
        return self.purposes if valid and self.shown == self.notice else set()

    def said_yes(self, purposes: set[str]) -> None:
        standing = self.state in {"given", "renewed"} and self.world.clock.at < self.until
        self.state = "renewed" if standing else "given"
        self.purposes, self.until = set(purposes), self.world.clock.at + LIFE
        self.shown, self.known = self.notice, True

    def ended(self, purposes: set[str], state: str) -> None:
        self.purposes -= purposes
        if not self.purposes and self.state in {"given", "renewed"}:
            self.state = state

    # ---- what happens ----
    @rule(purposes=SOME, which=st.integers(0, 2))
    def consent(self, purposes: set[str], which: int) -> None:
        phone = self.devices[which % len(self.devices)]
        keys = {} if self.known else {"keys": [phone.key_doc(), self.recovery()]}
        receipt = self.run(phone.consent(*sorted(purposes), **keys))
        self.said_yes(purposes)
        assert (receipt.outcome, set(receipt.purposes)) == (self.state, self.purposes)

    def recovery(self) -> KeyDoc:
        return KeyDoc(role="recovery", sign=self.paper.verify_key().text())

    @rule(purposes=SOME)
    def renew(self, purposes: set[str]) -> None:
        standing = self.state in {"given", "renewed"} and self.world.clock.at + 1 < self.until
        keys = {} if self.known else {"keys": [self.phone.key_doc(), self.recovery()]}
        work = self.devices[0].consent(*sorted(purposes), renewal=True, **keys)
        if standing:
            assert self.run(work).outcome == "renewed"
            self.said_yes(purposes)
        else:
            with pytest.raises(ConsentMissing, match="ask anew"):
                self.run(work)

    @rule(purposes=SOME)
    def consent_to_an_old_notice(self, purposes: set[str]) -> None:
        keys = {} if self.known else {"keys": [self.phone.key_doc(), self.recovery()]}
        with pytest.raises(NoticeStale):
            self.run(
                self.devices[0].consent(*sorted(purposes), notice_sha256=b64(bytes(32)), **keys)
            )

    @rule(purposes=SOME, paper=st.booleans())
    def withdraw(self, purposes: set[str], paper: bool) -> None:
        key = self.paper if paper else None
        work = self.devices[-1].withdraw(*sorted(purposes), key=key)
        if not self.known:
            with pytest.raises(PersonUnknown):
                self.run(work)
            return
        receipt = self.run(work)
        self.ended(purposes, "withdrawn")
        valid = self.state in {"given", "renewed"} and self.world.clock.at < self.until
        assert set(receipt.purposes) == (self.purposes if valid else set())

    @rule()
    def the_notice_changes(self) -> None:
        self.world.site = dataclasses.replace(
            self.world.site, controller=f"{self.notice[:20]} {self.world.clock.at}"
        )
        self.run(self.world.store.transact(lambda t: t.sites.put(self.world.site)))

    @rule(days=st.integers(1, 200))
    def time_passes(self, days: int) -> None:
        self.world.clock.at += days * DAY
        self.run(self.world.pipeline.rotate())

    @precondition(lambda self: self.world.clock.at < self.until)
    @rule()
    def the_consent_runs_out(self) -> None:
        self.world.clock.at = self.until
        self.run(self.world.pipeline.rotate())

    @rule()
    def the_sweep_runs(self) -> None:
        self.run(self.world.pipeline.sweep())
        if self.state in {"given", "renewed"} and self.world.clock.at >= self.until:
            self.state = "expired"

    # ---- keys ----
    @precondition(lambda self: self.known and len(self.devices) < 3)
    @rule(late=st.booleans())
    def a_device_joins(self, late: bool) -> None:
        link = SigningKey.generate()
        doc = KeyDoc(role="link", sign=link.verify_key().text())
        ends = self.world.clock.at + 300
        text = self.devices[0].key_change(link, doc, expires_at=ends)
        self.run(self.world.pipeline.change_keys(self.world.site, text))
        if late:
            self.world.clock.at = ends
        joining = self.world.phone(subject=self.phone.subject)
        for again in (late, True):  # a code is used once, and not for long
            text = joining.key_change(joining.signing, joining.key_doc(), by=link)
            work = self.world.pipeline.change_keys(self.world.site, text)
            if again:
                with pytest.raises(PersonUnknown):
                    self.run(work)
            else:
                self.run(work)
                self.devices.append(joining)
                joining = self.world.phone(subject=self.phone.subject)

    @precondition(lambda self: self.known and len(self.devices) > 1)
    @rule()
    def a_device_is_lost(self) -> None:
        gone = self.devices.pop()
        text = self.devices[0].key_removal(gone.id)
        self.run(self.world.pipeline.change_keys(self.world.site, text))
        self.lost.append(gone)

    @precondition(lambda self: self.known)
    @rule()
    def erase(self) -> None:
        self.run(self.phone.erase(key=self.paper))
        with pytest.raises(PersonErased):
            self.run(self.phone.send())
        self.run(self.world.pipeline.complete_erasures())
        assert self.kept() == []
        self.begin()

    # ---- what is asked ----
    def refused(self, work: Coroutine[Any, Any, Any]) -> None:
        """A no that says why: nobody known, no consent that stands, or a policy."""
        standing = self.state in {"given", "renewed"} and self.world.clock.at + 1 < self.until
        known = PolicyDenied if standing else ConsentMissing
        with pytest.raises(known if self.known else PersonUnknown):
            self.run(work)

    @rule(which=st.integers(0, 2))
    def send_what_a_camera_saw(self, which: int) -> None:
        phone = self.devices[which % len(self.devices)]
        if self.stands & FACES:
            assert self.run(phone.send()).accepted
        else:
            self.refused(phone.send())

    @rule(which=st.integers(0, 2))
    def send_a_mood(self, which: int) -> None:
        phone = self.devices[which % len(self.devices)]
        said = [Label("joy", self.world.clock.at, confidence=15, source="declared")]
        if MOOD in self.stands:
            assert self.run(phone.send(said)).accepted
        else:
            self.refused(phone.send(said))

    @rule(which=st.integers(0, 2))
    def ask_for_a_capability(self, which: int) -> None:
        phone = self.devices[which % len(self.devices)]
        if not self.stands:
            self.refused(phone.capability())
            return
        capability = self.run(phone.capability())
        assert set(capability["purposes"]) == self.stands
        assert ("infer" in capability["may"]) == bool(self.stands & FACES)
        assert capability["expires_at"] <= self.until
        assert capability["device"] == phone.id

    @rule()
    def rank(self) -> None:
        if not self.known:
            self.refused(self.devices[0].rank())
            return
        recent = self.recent()
        usable = {kind for kind, purpose in (("label", OFFERS), ("mood", MOOD)) if purpose in self.stands}  # fmt: skip
        used = self.devices[0].why(self.run(self.devices[0].rank())).used_emotion
        assert used == bool(usable & recent)

    def recent(self) -> set[str]:
        """The classes of what was recorded lately enough to be used."""
        now = self.world.clock.at + 1

        def work(transaction: Transaction) -> set[str]:
            found = transaction.records.recent("shop", self.phone.subject, now - WINDOW, now, 64)
            return {each.data_class for each in found}

        return self.runner.run(self.world.store.transact(work))

    def kept(self) -> list[Any]:
        who = "shop", self.phone.subject
        return list(self.runner.run(self.world.store.transact(lambda t: t.records.all(*who))))

    @invariant()
    def a_lost_device_is_a_stranger(self) -> None:
        for phone in self.lost:
            with pytest.raises((PersonUnknown, PersonErased)):
                self.run(phone.send())

    @invariant()
    def what_is_kept_is_covered(self) -> None:
        """At once after a withdrawal; after an expiry with the next sweep."""
        if self.state in {"given", "renewed"}:
            wanted = {"label"} if self.purposes & FACES else set()
            wanted |= {"mood"} if MOOD in self.purposes else set()
            assert {each.data_class for each in self.kept()} <= wanted
        else:
            assert self.kept() == []

    def teardown(self) -> None:
        self.runner.run(self.world.close())
        self.runner.close()


def test_nothing_is_allowed_outside_a_valid_consent(make_world: MakeWorld) -> None:
    numbers = count()
    run_state_machine_as_test(
        lambda: Consent(lambda: make_world(f"state-{next(numbers)}")),  # type: ignore[arg-type]  # any factory will do
        settings=settings(max_examples=15, stateful_step_count=25, deadline=None),
    )


GONE = {
    "a changed notice": ({"notice-stale", "eu-notice"}, Consent.the_notice_changes),
    "an end": ({"consent-expired", "consent-endless"}, Consent.the_consent_runs_out),
}


@pytest.mark.parametrize("name", GONE)
def test_the_machine_notices_a_policy_that_is_gone(make_world: MakeWorld, name: str) -> None:
    """Break it on purpose: without the policies for this, a label is taken that the model denies."""
    policies, happens = GONE[name]
    assert policies <= BUNDLE.policies.keys()
    left = {key: source for key, source in BUNDLE.sources.items() if key not in policies}
    for bundle, noticed in ((BUNDLE, False), (dataclasses.replace(BUNDLE, sources=left), True)):
        machine = Consent(partial(make_world, f"world-{noticed}", bundle=bundle))
        machine.consent({OFFERS}, 0)
        happens(machine)
        if noticed:
            with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
                machine.send_what_a_camera_saw(0)
        else:
            machine.send_what_a_camera_saw(0)
        machine.teardown()
