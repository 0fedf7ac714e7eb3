"""A consent's life against the real server: a school that may not read faces, a child and their guardian, a release, a second device, a signal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import Claims, Client, Guardian, Release
from mien.cli.demo.stage import SITE, Stage
from mien.client import SystemClock, new_guardian_code
from mien.consent import dpv_receipt, open_receipt_file, vouch
from mien.errors import ConsentMissing, ConsentRefused, RequestRefused
from mien.testing import FakeEyes, film
from mien.wire.keys import SigningKey, VerifyKey

CATALOGUE = Path(__file__).resolve().parents[2] / "samples/catalogue/demo.json"
GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
OFFERS = ["personalize_offers"]
HELP = ["adapt_service"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One shop for all: every test is another person."""
    with Stage(tmp_path_factory.mktemp("shop") / "stage", CATALOGUE) as stage:
        yield stage


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    claims = {"sector": "education", "role": "student", "jurisdiction": "EU-DE"}
    with Stage(tmp_path_factory.mktemp("school") / "stage", CATALOGUE, claims) as stage:
        yield stage


@pytest.fixture
def texas(tmp_path: Path) -> Iterator[Stage]:
    claims = {"sector": "retail", "role": "customer", "jurisdiction": "US-TX"}
    with Stage(tmp_path / "texas", CATALOGUE, claims) as stage:
        yield stage


def connect(stage: Stage, home: Path, *, gpc: bool = False) -> Client:
    return Client(
        stage.url, SITE, key=stage.publishable, trust=stage.trust, home=home, eyes=FakeEyes(), gpc=gpc
    )  # fmt: skip


@pytest.fixture
def client(shop: Stage, tmp_path: Path) -> Iterator[Client]:
    with connect(shop, tmp_path / "home") as client:
        yield client


def read(client: Client) -> list[str]:
    with client.session(film("joy", seconds=3)) as session:
        return [reading.label.expression for reading in session if reading.label]


# ---- a school ----
def test_in_a_school_faces_are_refused_by_name_and_a_mood_may_be_told(
    school: Stage, tmp_path: Path
) -> None:
    pupil = Claims(("EU-DE",), sector="education", role="student", age_band="adult")
    with connect(school, tmp_path / "home") as client:
        client.notice("de")
        with pytest.raises(ConsentRefused) as refused:
            client.consent(purposes=["adapt_lessons"], claims=pupil)
        assert any("AI Act" in law and "5(1)(f)" in law for law in refused.value.laws)
        receipt = client.consent(purposes=["adapt_lessons", "declare_mood"], claims=pupil)
        assert receipt.purposes == ["declare_mood"]
        with pytest.raises(ConsentMissing):
            client.session(film("joy"))
        client.declare("joy", second="surprise")
        (held,) = client.export()["labels"]
        assert (held["expression"], held["second"], held["source"]) == (
            "joy",
            "surprise",
            "declared",
        )
        assert (held["model"], held["valence"], held["arousal"]) == (0, None, None)
        client.withdraw()
        assert client.export()["labels"] == []


def test_a_no_keeps_its_law_in_what_is_exported_and_a_withdrawal_names_what_stood(
    school: Stage, tmp_path: Path
) -> None:
    pupil = Claims(("EU-DE",), sector="education", role="student", age_band="adult")
    with connect(school, tmp_path / "home") as client:
        client.notice()
        client.consent(purposes=["adapt_lessons", "declare_mood"], claims=pupil)
        client.withdraw()
        partly, taken = (
            open_receipt_file(file, VerifyKey.from_text(school.trust)) for file in client.receipts()
        )
    given, refused = partly.events()
    assert (given.purposes, refused.purposes) == (("declare_mood",), ("adapt_lessons",))
    assert any("AI Act" in law and "5(1)(f)" in law for law in refused.laws)
    assert not set(refused.says) & set(given.says)
    lessons = next(
        process
        for process in dpv_receipt(partly)["dct:hasPart"]["dpv:hasProcess"]
        if process["dct:identifier"] == "adapt_lessons"
    )
    assert any("5(1)(f)" in law["dct:title"] for law in lessons["dpv:hasApplicableLaw"])
    assert [(event.state, event.purposes) for event in taken.events()] == [
        ("withdrawn", ("declare_mood",))
    ]


# ---- a second device ----
def test_a_second_device_joins_by_a_code_once_and_a_lost_one_is_removed(
    shop: Stage, client: Client, tmp_path: Path
) -> None:
    client.notice()
    client.consent(purposes=OFFERS, claims=GERMANY)
    code = client.link_code()
    with connect(shop, tmp_path / "other") as other, connect(shop, tmp_path / "third") as third:
        other.join(code)
        assert read(other)
        with pytest.raises(ConsentMissing, match="was used"):
            third.join(code)
        (lost,) = [k.id for k in other.key_set() if k.role == "device" and not k.here]
        other.remove_key(lost)
        with pytest.raises(RequestRefused):
            client.export()
        receipt = other.withdraw()
        assert receipt is not None
        assert other.withdraw() == receipt
        assert all(open_receipt_file(f, VerifyKey.from_text(shop.trust)) for f in other.receipts())
        assert len(other.receipts()) == 3


# ---- renewal ----
def test_a_renewal_prolongs_what_stands_and_nothing_else(client: Client) -> None:
    client.notice()
    with pytest.raises(ConsentMissing):
        client.consent(purposes=OFFERS, claims=GERMANY, renewal=True)
    client.consent(purposes=OFFERS, claims=GERMANY)
    assert client.consent(purposes=OFFERS, claims=GERMANY, renewal=True).outcome == "renewed"
    assert client.standing().state == "renewed"
    client.withdraw()
    with pytest.raises(ConsentMissing):
        client.consent(purposes=OFFERS, claims=GERMANY, renewal=True)


# ---- a written release ----
def test_in_illinois_only_a_signed_release_is_a_yes(client: Client) -> None:
    illinois = Claims(jurisdictions=("US-IL",), age_band="adult")
    client.notice()
    with pytest.raises(ConsentRefused) as refused:
        client.consent(purposes=OFFERS, claims=illinois)
    assert any("740 ILCS 14" in law for law in refused.value.laws)
    release = Release("Ada Lovelace", int(SystemClock().now()))
    assert client.consent(purposes=OFFERS, claims=illinois, release=release).outcome == "given"
    assert read(client)


# ---- a child ----
def test_a_childs_yes_counts_with_their_guardians_and_ends_with_the_guardians_no(
    shop: Stage, client: Client
) -> None:
    child = Claims(jurisdictions=("EU-DE",), age_band="13_to_15")
    client.notice("fr")
    with pytest.raises(ConsentRefused):
        client.consent(purposes=HELP, claims=child)
    request = client.guardian_request(purposes=HELP, claims=child)
    with Guardian(
        shop.url, SITE, key=shop.publishable, trust=shop.trust, code=new_guardian_code()
    ) as guardian:
        assert guardian.notice(request).locale == "fr"
        answer = guardian.approve(request)
        receipt = client.consent(purposes=HELP, claims=child, guardian=answer)
        assert receipt.outcome == "given"
        assert read(client)
        subject = receipt.subject
        assert guardian.export(subject)["consent"]["age_band"] == "13_to_15"
        assert guardian.withdraw(subject).outcome == "revoked"
        client._end(forever=False)  # as after its five minutes
        with pytest.raises((ConsentMissing, ConsentRefused)):
            client.session(film("joy"))
        assert guardian.erase(subject).stage == "accepted"


# ---- a child, where the law wants the guardian verified ----
def test_under_coppa_the_answer_is_no_until_a_verifier_vouches(
    texas: Stage, tmp_path: Path
) -> None:
    child = Claims(jurisdictions=("US-TX",), age_band="under_13")
    verifier = SigningKey.generate()
    now = int(SystemClock().now())
    with (
        connect(texas, tmp_path / "home") as client,
        Guardian(
            texas.url, SITE, key=texas.publishable, trust=texas.trust, code=new_guardian_code()
        ) as guardian,
    ):
        client.notice()
        request = client.guardian_request(purposes=HELP, claims=child)
        guardian.notice(request)

        def consent(verification: str | None) -> str:
            answer = guardian.approve(request)
            word = verification and vouch(
                guardian.read(request), answer, method="id-document", at=now, expires_at=now + 600, key=verifier
            )  # fmt: skip
            return client.consent(
                purposes=HELP, claims=child, guardian=answer, verification=word or None
            ).outcome

        for verification in (None, "vouched"):  # the site has named nobody yet
            with pytest.raises(ConsentRefused) as refused:
                consent(verification)
            assert any("312.5" in law for law in refused.value.laws)
        texas.mien("site", "verifier", SITE, verifier.verify_key().text())
        SystemClock().sleep(5.5)  # a change of a site takes effect within five seconds
        with pytest.raises(ConsentRefused):
            consent(None)
        assert consent("vouched") == "given"
        assert read(client)


# ---- the privacy signal ----
def test_a_yes_before_the_signal_gives_way_and_one_after_it_wins(
    shop: Stage, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with connect(shop, home) as before:
        before.notice()
        before.consent(purposes=OFFERS, claims=GERMANY)
        assert read(before)
    with connect(shop, home, gpc=True) as signalling:
        signalling._end(forever=False)
        with pytest.raises(ConsentRefused):
            signalling.session(film("joy"))
        assert signalling.standing().ask_again
        signalling.notice()
        signalling.consent(purposes=OFFERS, claims=GERMANY)
        assert read(signalling)
