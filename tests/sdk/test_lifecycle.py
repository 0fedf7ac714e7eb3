"""A consent's life on the device: asked, put off, refused, given, renewed, run out, asked again. A no is never sent; an end is in force offline too."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mien import Claims, Client
from mien.errors import (
    ConsentError,
    ConsentMissing,
    ConsentRefused,
    MienError,
    NoticeStale,
    SendError,
)
from mien.testing import FakeClock, FakeEyes, FakeServer, film
from mien.wire.canonical import decode
from mien.wire.lifecycle import DPV
from mien.wire.signatures import unverified

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
OFFERS = ["personalize_offers"]


def agree(client: Client, *, renewal: bool = False) -> None:
    client.notice()
    client.consent(purposes=OFFERS, claims=GERMANY, renewal=renewal)


def state(client: Client) -> str:
    return client.standing().state


def posts(server: FakeServer) -> list[str]:
    return [path for method, path, _body in server.requests if method == "POST"]


def test_before_an_answer_it_is_known_how_far_asking_went(
    client: Client, server: FakeServer, home: Path
) -> None:
    assert state(client) == "none"
    client.notice()
    assert state(client) == "requested"
    client.defer()
    assert state(client) == "deferred"
    client.notice()
    client.refuse()
    assert state(client) == "refused"
    assert state(server.client(home)) == "refused"  # and so it stays after a restart
    assert posts(server) == []  # a no costs nothing, and says nothing
    with pytest.raises(ConsentMissing):
        client.session(film("joy"))
    agree(client)
    assert state(client) == "given"


def test_nothing_of_the_answer_is_readable_on_disk(client: Client, home: Path) -> None:
    client.notice()
    client.refuse()
    for path in home.rglob("*"):
        assert not path.is_file() or b"refused" not in path.read_bytes()


def test_each_state_has_its_name_in_dpv(client: Client, server: FakeServer) -> None:
    agree(client)
    assert DPV[state(client)] == "ConsentGiven"
    agree(client)
    assert DPV[state(client)] == "RenewedConsentGiven"
    client.withdraw()
    assert DPV[state(client)] == "ConsentWithdrawn"


def test_a_no_to_a_new_question_leaves_what_stands(consented: Client) -> None:
    consented.notice()
    consented.refuse()
    assert state(consented) == "given"
    with consented.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_a_policy_that_refuses_leaves_no_consent(client: Client, server: FakeServer) -> None:
    server.deny = {"personalize_offers": "EU AI Act 5(1)(f)"}
    client.notice()
    with pytest.raises(ConsentRefused):
        client.consent(purposes=OFFERS, claims=GERMANY)
    assert state(client) == "refused"
    assert client.standing().expires_at == 0


# ---- renewal ----
def test_a_renewal_is_said_as_one_and_lasts_anew(
    client: Client, server: FakeServer, clock: FakeClock
) -> None:
    agree(client)
    before = client.standing().expires_at
    clock.move(1000)
    agree(client, renewal=True)
    assert client.standing().expires_at == before + 1000
    said = [decode(body)["jws"] for _m, path, body in server.requests if path == "/v1/consents"]
    assert [unverified(jws)["renewal"] for jws in said] == [False, True]


@pytest.mark.parametrize("ended", ["never", "withdrawn", "expired"])
def test_what_does_not_stand_is_not_renewed(
    client: Client, server: FakeServer, clock: FakeClock, ended: str
) -> None:
    if ended != "never":
        agree(client)
    if ended == "withdrawn":
        client.withdraw()
    if ended == "expired":
        clock.move(server.lasts)
    sent = posts(server)
    client.notice()
    with pytest.raises(ConsentMissing, match="cannot be renewed"):
        client.consent(purposes=OFFERS, claims=GERMANY, renewal=True)
    assert posts(server) == sent


def test_a_server_that_knows_of_no_consent_renews_none(client: Client, server: FakeServer) -> None:
    agree(client)
    for known in server.people.values():
        known.purposes.clear()
    client.notice()
    with pytest.raises(ConsentMissing):
        client.consent(purposes=OFFERS, claims=GERMANY, renewal=True)


# ---- running out ----
def test_a_consent_runs_out_on_its_day_also_without_a_server(
    client: Client, server: FakeServer, clock: FakeClock, eyes: FakeEyes, home: Path
) -> None:
    server.lasts = 200  # shorter than a capability, so that nothing else can be what stops it
    agree(client)
    server.down = True
    clock.move(199)
    with client.session(film("joy")) as session:
        list(session)
    clock.move(1)
    loaded = eyes.loaded
    with pytest.raises(ConsentMissing, match="ran out"):
        client.session(film("joy"))
    assert eyes.loaded == loaded
    standing = client.standing()
    assert (standing.state, standing.purposes, standing.ask_again) == ("expired", (), True)
    assert (standing.waiting, standing.expires_at, standing.capability_seconds) == (0, 0, 0)
    clock.set_wall(clock.now() - 1000)  # a clock that is turned back brings nothing back
    with pytest.raises(ConsentMissing):
        server.client(home).session(film("joy"))


def test_it_runs_out_in_the_middle_of_a_session(
    client: Client, server: FakeServer, clock: FakeClock, eyes: FakeEyes
) -> None:
    server.lasts = 60
    agree(client)
    server.down = True
    with (
        pytest.raises(ConsentMissing),
        client.session(film("joy", seconds=100, rate=2, clock=clock)) as session,
    ):
        list(session)
    assert eyes.looked == 120  # the picture of second 59.5 and none after
    assert client.standing().waiting == 0


# ---- another notice ----
def test_a_changed_notice_stops_what_stood_and_asks_again(
    client: Client, server: FakeServer, clock: FakeClock
) -> None:
    agree(client)
    server.notice_version = "2"
    clock.move(250)
    with pytest.raises(ConsentRefused, match="notice"):
        client.session(film("joy"))
    assert client.standing().ask_again
    with pytest.raises(ConsentError):  # and until it was answered, so it stays
        client.session(film("joy"))
    agree(client)
    assert not client.standing().ask_again
    with client.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_a_no_to_the_changed_notice_is_not_asked_again(
    client: Client, server: FakeServer, clock: FakeClock
) -> None:
    agree(client)
    server.notice_version = "2"
    clock.move(250)
    with pytest.raises(ConsentRefused):
        client.session(film("joy"))
    client.notice()
    client.refuse()
    assert not client.standing().ask_again


def test_a_notice_that_changed_while_it_was_read_is_shown_again(
    client: Client, server: FakeServer
) -> None:
    agree(client)
    client.notice()
    server.notice_version = "2"
    with pytest.raises(NoticeStale):
        client.consent(purposes=OFFERS, claims=GERMANY)
    assert client.standing().ask_again
    assert client.standing().purposes == ("personalize_offers",)


def test_a_notice_in_another_language_says_which(client: Client, server: FakeServer) -> None:
    assert client.notice("de").locale == "de"
    assert client.notice("xx").locale == "en"
    client.consent(purposes=OFFERS, claims=GERMANY)
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    assert unverified(decode(body)["jws"])["locale"] == "en"  # what was shown is what is said


# ---- the privacy signal ----
def test_the_privacy_signal_goes_along_with_everything(server: FakeServer, home: Path) -> None:
    client = server.client(home, gpc=True)
    agree(client)
    client.rank()
    client.withdraw()
    assert server.signalled == len(server.requests) > 4
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    assert unverified(decode(body)["jws"])["claims"]["gpc"] is True


def test_without_a_signal_none_is_sent(consented: Client, server: FakeServer) -> None:
    consented.rank()
    assert server.signalled == 0


# ---- all of it, against a naive model ----
class Life(RuleBasedStateMachine):
    """The client beside a model of a few lines: nothing is read, sent or declared outside a consent that stands, online or not."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.server = FakeServer(self.clock)
        self.eyes = FakeEyes()
        self.client = self.server.client(Path(self.folder.name) / "home", eyes=self.eyes)
        self.until = 0.0  # when the last yes ends
        self.yes = False
        self.version = 1

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.client.close()
            self.folder.cleanup()

    def stands(self) -> bool:
        return self.yes and self.clock.now() < self.until

    @rule(seconds=st.sampled_from([1, 100, 250, 400, 5000]))
    def time(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule()
    def cut(self) -> None:
        self.server.down = not self.server.down

    @rule()
    def another_notice(self) -> None:
        self.version += 1
        self.server.notice_version = str(self.version)

    @rule()
    def restart(self) -> None:
        self.client.close()
        self.client = self.server.client(Path(self.folder.name) / "home", eyes=self.eyes)

    @precondition(lambda self: not self.server.down)
    @rule(lasts=st.sampled_from([50, 300, 4000]), renewal=st.booleans())
    def give(self, lasts: int, renewal: bool) -> None:
        self.server.lasts = lasts
        self.client.notice()
        try:
            self.client.consent(
                purposes=["personalize_offers", "declare_mood"], claims=GERMANY, renewal=renewal
            )
        except ConsentMissing:
            assert renewal
            assert not self.stands()
            return
        assert self.stands() or not renewal
        self.yes, self.until = True, int(self.clock.now()) + lasts

    @rule()
    def refuse(self) -> None:
        self.client.refuse()

    @rule()
    def withdraw(self) -> None:
        self.client.withdraw()
        self.yes = False

    @rule()
    def read(self) -> None:
        looked = self.eyes.looked
        try:
            with self.client.session(film("joy")) as session:
                list(session)
        except (ConsentError, SendError):
            assert self.eyes.looked == looked
        else:
            assert self.stands()
            assert self.eyes.looked > looked

    @rule()
    def declare(self) -> None:
        try:
            self.client.declare("joy")
        except MienError:
            return
        assert self.stands()

    @invariant()
    def nothing_outside(self) -> None:
        if not hasattr(self, "client"):
            return
        standing = self.client.standing()
        assert (standing.state in {"given", "renewed"}) == bool(standing.purposes)
        if not self.stands():
            assert standing.purposes == ()
            assert standing.capability_seconds == 0
            assert standing.waiting == 0


Life.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLife = Life.TestCase
