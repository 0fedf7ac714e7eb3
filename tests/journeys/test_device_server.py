"""The device side against the real server in its own process: consent, stream, outages, restarts, rights, and the policy's no."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mien import Claims, Client
from mien.cli.demo.stage import SITE, Stage
from mien.errors import (
    ConsentError,
    ConsentMissing,
    ConsentRefused,
    MienError,
    RequestInvalid,
    RequestRefused,
    ServerAnswerInvalid,
    ServerUnreachable,
)
from mien.keep import Keep
from mien.testing import FakeEyes, film
from mien.wire.keys import SigningKey
from mien.wire.slots import pack_slot

CATALOGUE = Path(__file__).resolve().parents[2] / "samples/catalogue/demo.json"
GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
OFFERS = ["personalize_offers"]
BOTH = ["personalize_offers", "declare_mood"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One server for all that leave it running: every test is another person."""
    with Stage(tmp_path_factory.mktemp("shop") / "stage", CATALOGUE) as stage:
        yield stage


def connect(stage: Stage, home: Path, **more: str) -> Client:
    given = {"key": stage.publishable, "trust": stage.trust} | more
    return Client(stage.url, SITE, home=home, eyes=FakeEyes(), **given)  # type: ignore[arg-type]


def agree(client: Client) -> Client:
    client.notice()
    client.consent(purposes=OFFERS, claims=GERMANY)
    return client


@pytest.fixture
def client(shop: Stage, tmp_path: Path) -> Iterator[Client]:
    with connect(shop, tmp_path / "home") as client:
        yield client


@pytest.fixture
def consented(client: Client) -> Client:
    return agree(client)


def read(client: Client, *scenes: str, seconds: float = 5.0) -> list[str]:
    """Film read as fast as it goes; its labels lie in the next seconds."""
    with client.session(film(*scenes, seconds=seconds), beat=2.0) as session:
        return [reading.label.expression for reading in session if reading.label]


def held(client: Client) -> list[str]:
    """The expressions the server holds, oldest first."""
    labels = client.export()["labels"]
    return [label["expression"] for label in sorted(labels, key=lambda label: label["ended_at"])]


def test_every_label_arrives_once_and_in_order(consented: Client) -> None:
    said = read(consented, "joy", "sadness")
    consented.flush()
    assert held(consented) == said
    assert len(said) == 9
    assert consented.flush().sent == 0


def test_a_server_that_goes_away_and_comes_back_loses_nothing(stage: Stage, tmp_path: Path) -> None:
    with connect(stage, tmp_path / "home") as client:
        agree(client)
        stage.stop()
        said = read(client, "joy", "neutral")
        with pytest.raises(ServerUnreachable):
            client.flush()
        waiting = client.standing().waiting
        assert waiting == 5
    start_again(stage)
    with connect(stage, tmp_path / "home") as again:
        flushed = again.flush()
        assert (flushed.sent, flushed.waiting, dict(flushed.lost)) == (waiting, 0, {})
        assert held(again) == said
        read(again, "joy")
        again.flush()
        stage.stop()  # and now a no that the server does not hear at first
        assert again.withdraw() is None
        with pytest.raises(ConsentMissing):
            again.session(film("joy"))
    start_again(stage)
    with connect(stage, tmp_path / "home") as once_more:
        once_more.flush()
        assert once_more.standing().withdrawing == ()
        assert held(once_more) == []
        assert once_more.export()["consent"]["state"] == "withdrawn"


def start_again(stage: Stage) -> None:
    (stage.folder / "ready.json").unlink(missing_ok=True)
    stage._start()


def test_yes_again_after_a_no(consented: Client) -> None:
    receipt = consented.withdraw()
    assert receipt is not None
    assert receipt.outcome == "withdrawn"
    consented.notice()
    assert consented.consent(purposes=OFFERS, claims=GERMANY).outcome in {"given", "renewed"}
    assert read(consented, "joy")
    consented.flush()
    assert held(consented)


def test_emotion_is_used_while_consent_stands_and_not_after(client: Client) -> None:
    before = client.rank(places=20)
    client.notice()
    client.consent(purposes=BOTH, claims=GERMANY)
    for _ in range(5):
        client.declare("joy")
    during = client.rank(places=20)
    assert during.used_emotion
    assert during.why
    client.reward(during, place=1)
    client.withdraw()
    after = client.rank(places=20)
    assert not before.used_emotion
    assert not after.used_emotion
    seen = {(p.offer.id, p.offer.price) for r in (before, during, after) for p in r.places}
    assert len(seen) == len({name for name, _price in seen})  # one price for each offer
    with pytest.raises(RequestRefused):  # what was ranked with emotion teaches nothing any more
        client.reward(during, place=1)


def test_the_policy_refuses_a_child_and_names_the_law(client: Client) -> None:
    client.notice()
    with pytest.raises(ConsentRefused) as refused:
        client.consent(purposes=OFFERS, claims=Claims(("EU-DE",), age_band="under_13"))
    assert refused.value.laws
    with pytest.raises(ConsentMissing):
        client.session(film("joy"))
    assert client.consent(purposes=OFFERS, claims=GERMANY).outcome == "given"


def test_a_role_the_site_does_not_serve_is_refused(client: Client) -> None:
    client.notice()
    with pytest.raises((RequestRefused, ConsentError)):
        client.consent(
            purposes=OFFERS, claims=Claims(("EU-DE",), role="employee", age_band="adult")
        )


def test_a_second_device_joins_by_the_code_and_the_first_hears_of_its_no(
    shop: Stage, consented: Client, tmp_path: Path
) -> None:
    code = consented.recovery_code
    assert code is not None
    with connect(shop, tmp_path / "other") as other:
        assert other.recover(code).subject == consented.standing().subject
        said = read(other, "joy")
        other.flush()
        assert held(consented) == said
        other.withdraw()
    with consented.session(film("joy", seconds=2)) as session, suppress(ConsentMissing):
        list(session)
    assert isinstance(session.trouble, ConsentMissing | ConsentRefused)
    with pytest.raises(ConsentError):
        consented.session(film("joy"))


def test_correct_export_erase(consented: Client) -> None:
    read(consented, "anger", seconds=3)
    consented.flush()
    labels = consented.export()["labels"]
    consented.correct(labels[0]["record"], "joy")
    corrected = {label["record"]: label for label in consented.export()["labels"]}
    assert corrected[labels[0]["record"]]["expression"] == "joy"
    assert corrected[labels[0]["record"]]["ended_at"] == labels[0]["ended_at"]
    with pytest.raises(RequestInvalid):
        consented.correct("rec_" + "a" * 26, "joy")
    certificate = consented.erase()
    assert certificate is not None
    deadline = time.monotonic() + 30
    while certificate.stage != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
        certificate = consented.certificate(certificate.erasure)
    assert certificate.key_destroyed
    assert consented.standing().subject is None
    assert consented.proof(certificate).index >= 0


def test_every_decision_has_its_place_in_the_log(consented: Client) -> None:
    consented.notice()
    renewed = consented.consent(purposes=OFFERS, claims=GERMANY)
    withdrawn = consented.withdraw()
    assert withdrawn is not None
    places = [consented.proof(receipt).index for receipt in (renewed, withdrawn)]
    assert places == sorted(set(places))


def test_a_client_that_trusts_another_key_believes_nothing(shop: Stage, tmp_path: Path) -> None:
    with connect(shop, tmp_path / "wary", trust=SigningKey.generate().verify_key().text()) as wary:
        wary.notice()
        with pytest.raises(ServerAnswerInvalid):
            wary.consent(purposes=OFFERS, claims=GERMANY)
        with pytest.raises(ConsentMissing):
            wary.session(film("joy"))


def test_a_wrong_site_key_is_named(shop: Stage, tmp_path: Path) -> None:
    with connect(shop, tmp_path / "stranger", key="pk_wrong") as stranger:
        stranger.notice()
        with pytest.raises(RequestRefused) as refused:
            stranger.consent(purposes=OFFERS, claims=GERMANY)
    assert refused.value.problem == "site-unknown"


def test_an_envelope_sent_twice_is_kept_once(
    consented: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash between the server's answer and the note of it."""
    consented.notice()
    consented.consent(purposes=BOTH, claims=GERMANY)
    monkeypatch.setattr(Keep, "sent", lambda _keep, _number: None)
    consented.declare("joy")
    monkeypatch.undo()
    assert consented.standing().waiting == 1
    assert consented.flush().sent == 1
    assert held(consented) == ["joy"]


def test_nothing_of_a_person_is_readable_on_either_disk(
    shop: Stage, consented: Client, tmp_path: Path
) -> None:
    with consented.session(film("joy", "sadness", seconds=4), beat=2.0) as session:
        labels = [reading.label for reading in session if reading.label]
    consented.flush()
    assert len(held(consented)) == len(labels) > 5
    subject = consented.standing().subject
    assert subject is not None
    slots = [pack_slot(label, label.ended_at) for label in labels]
    ours = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    theirs = list(shop.folder.glob("mien.db*"))
    assert ours
    assert theirs
    for path in ours:
        assert subject not in path.name
        assert subject.encode() not in path.read_bytes()
    for path in (*ours, *theirs):
        data = path.read_bytes()
        assert not any(slot in data for slot in slots), path.name


def test_a_device_that_was_erased_is_told_so_and_can_begin_anew(
    shop: Stage, consented: Client, tmp_path: Path
) -> None:
    code = consented.recovery_code
    assert code is not None
    with connect(shop, tmp_path / "other") as other:
        other.recover(code)
        other.erase()
    assert consented.rank().places
    with pytest.raises(MienError):
        consented.session(film("joy"))
    consented.erase()
    consented.notice()
    assert consented.consent(purposes=OFFERS, claims=GERMANY).outcome == "given"


def test_the_tutorials_program_runs_on_the_real_video_with_the_real_models(
    shop: Stage, tmp_path: Path, person: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(shop, tmp_path / "home") as client:
        agree(client)
    page = (CATALOGUE.parents[2] / "docs/tutorial/first-session.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    names = {
        "SERVER": shop.url, "SITE": SITE, "PUBLISHABLE_KEY": shop.publishable, "VERIFICATION_KEY": shop.trust,
        "HOME": tmp_path / "home", "VIDEO": person,
    }  # fmt: skip
    exec(compile(code[1], "first-session.md", "exec"), names)  # noqa: S102 - the point of the test
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("before:")
    assert any(line.endswith(" s  joy") for line in lines)
    assert lines[-2].startswith("after:")
    assert lines[-2].removeprefix("after:").strip() != lines[0].removeprefix("before:").strip()
    with connect(shop, tmp_path / "home") as client:
        client.withdraw()
    with pytest.raises(ConsentMissing):  # as the tutorial says
        exec(compile(code[1], "first-session.md", "exec"), names)  # noqa: S102
