"""A session as a whole: what a person sees of it, and how it ends."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import pytest

from mien import Claims, Client, local_session
from mien.client import Session
from mien.consent import open_capability, person_json
from mien.errors import (
    AffirmationNeeded,
    ConsentMissing,
    ConsentRefused,
    LabelInvalid,
    RequestRefused,
)
from mien.testing import FakeClock, FakeEyes, FakeServer, film, picture
from mien.values import Face
from mien.wire.canonical import encode
from mien.wire.messages import dump
from mien.wire.signatures import Kind, sign


def problem(code: str) -> tuple[int, dict[str, str], bytes]:
    body = {
        "type": "x",
        "title": "t",
        "status": 403,
        "detail": "no",
        "code": code,
        "laws": ["GDPR 9"],
    }
    return 403, {"content-type": "application/problem+json"}, encode(body)


def test_after_an_absence_nothing_is_even_looked_at_until_somebody_affirms(
    consented: Client, eyes: FakeEyes
) -> None:
    with consented.session(film("joy", (), "anger", seconds=4)) as session:
        readings = iter(session)
        said = [next(readings) for _ in range(80)]
        assert said[-1].why == "affirm again"
        looked = eyes.looked
        assert [next(readings).why for _ in range(20)] == ["affirm again"] * 20
        assert eyes.looked == looked
        session.affirm()
        labels = [reading.label for reading in readings if reading.label]
    assert {label.expression for label in labels} == {"anger"}


def test_nobody_affirms_and_the_camera_goes_off(consented: Client) -> None:
    pictures = film((), seconds=200, rate=2)
    with pytest.raises(AffirmationNeeded), consented.session(pictures) as session:
        list(session)
    assert next(pictures).at <= 3 + Session.PATIENCE + 1


@dataclass(slots=True)
class Moved:
    """A brief movement that is over."""

    polarity: str


@dataclass
class WatchfulEyes(FakeEyes):
    """Fake eyes that spot one brief movement, at their twelfth picture."""

    watches: list["WatchfulEyes"] = field(default_factory=list)
    pictures: int = 0
    forgotten: int = 0

    def watch(self) -> "WatchfulEyes":  # type: ignore[override]
        self.watches.append(self)
        return self

    def see(self, at: float, pixels: object, face: Face, closure: float = 0.0) -> Moved | None:
        self.pictures += 1
        return Moved("surprise") if self.pictures == 12 else None

    def forget(self) -> None:
        self.forgotten += 1


def test_a_brief_movement_is_told_once_by_the_next_label() -> None:
    eyes = WatchfulEyes()
    with local_session(
        film("joy", seconds=4), ask=lambda _: True, eyes=eyes, paced=False
    ) as session:
        told = [reading.label.polarity for reading in session if reading.label]
    assert told == ["none", "surprise", "none"]


def test_a_movement_is_forgotten_with_the_face() -> None:
    eyes = WatchfulEyes()
    with local_session(
        film("joy", (), "joy", seconds=1), ask=lambda _: True, eyes=eyes, paced=False
    ) as session:
        list(session)
    assert eyes.forgotten == 10


def test_nobody_watches_for_movements_that_no_purpose_needs(
    server: FakeServer, tmp_path: Path
) -> None:
    eyes = WatchfulEyes()
    client = server.client(tmp_path / "home", eyes=eyes)
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=Claims(jurisdictions=("EU-DE",)))
    with client.session(film("joy", seconds=2)) as session:
        assert {r.label.polarity for r in session if r.label} == {"none"}
    assert eyes.watches == []


def test_two_faces_give_no_label(consented: Client, server: FakeServer) -> None:
    with consented.session(film(("joy", "anger"), seconds=2)) as session:
        assert {reading.why for reading in session} == {"two faces"}
    consented.flush()
    assert server.labels() == []


def test_what_cannot_be_seen_is_said(consented: Client) -> None:
    dark, nobody = picture("joy", dark=True), picture()
    with consented.session(film(dark, nobody, seconds=1)) as session:
        assert {reading.why for reading in session} == {"dark", "no face"}


def test_unsure_eyes_say_nothing(server: FakeServer, consented: Client, eyes: FakeEyes) -> None:
    eyes.sure = 0.2
    with consented.session(film("joy", seconds=5)) as session:
        assert {reading.why for reading in session} == {"gathering", "unsure"}


def test_a_session_needs_its_block(consented: Client) -> None:
    session = consented.session(film("joy"))
    with pytest.raises(RuntimeError, match="with"):
        iter(session)
    session.close()


def test_leaving_early_seals_what_was_read(consented: Client, server: FakeServer) -> None:
    with consented.session(film("joy", seconds=60)) as session:
        for reading in session:
            if reading.label:
                break
    consented.flush()
    assert [label.expression for label in server.labels()] == ["joy"]


class Camera:
    """What OpenCV gives for a camera."""

    def __init__(self) -> None:
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def read(self) -> tuple[bool, object]:
        return True, picture("joy")

    def release(self) -> None:
        self.released = True


def read_and_fail(client: Client) -> None:
    with client.session(0) as session:
        next(iter(session))
        raise ZeroDivisionError


def test_a_fault_of_the_caller_gives_the_camera_back(
    consented: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera()
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number: camera)
    with pytest.raises(ZeroDivisionError):
        read_and_fail(consented)
    assert camera.released


def test_withdrawal_gives_the_camera_back(
    consented: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera()
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number: camera)
    with consented.session(0) as session:
        readings = iter(session)
        next(readings)
        consented.withdraw()
        with pytest.raises(ConsentMissing):
            next(readings)
        assert camera.released


def test_where_policy_allows_reading_only_nothing_is_sent(
    consented: Client, server: FakeServer
) -> None:
    person = consented._refresh()
    assert person is not None
    assert person.capability is not None
    may = open_capability(
        person.capability, consented._trust, "shop", person.subject, person.device
    ).model_copy(update={"may": ["infer"]})
    weak = replace(person, capability=sign(Kind.CAPABILITY, dump(may), server.signing))
    consented._keep.change_person(lambda _: person_json(weak))
    with consented.session(film("joy", seconds=5), beat=1.0) as session:
        assert [reading for reading in session if reading.label]
    assert consented.flush().sent == 0
    with pytest.raises(ConsentMissing):
        consented.declare("joy")
    assert server.labels() == []


def test_a_mood_is_a_word_of_the_vocabulary(consented: Client, server: FakeServer) -> None:
    with pytest.raises(LabelInvalid):
        consented.declare("blissful")
    assert server.labels() == []
    assert consented.declare("joy", second="surprise").second == "surprise"


def test_a_mood_needs_consent_as_well(client: Client) -> None:
    with pytest.raises(ConsentMissing):
        client.declare("joy")


def test_a_law_that_changed_ends_reading_and_is_named(
    consented: Client, server: FakeServer, clock: FakeClock
) -> None:
    clock.move(250)
    server.replies = [problem("policy-denied")]
    with pytest.raises(ConsentRefused) as refused:
        consented.session(film("joy"))
    assert refused.value.laws == ("GDPR 9",)


def test_what_the_server_says_of_us_is_told(
    consented: Client, server: FakeServer, clock: FakeClock
) -> None:
    clock.move(250)
    server.replies = [problem("origin-refused")] * 2
    with consented.session(film("joy", seconds=1)) as session:  # it still has time left
        list(session)
    assert isinstance(session.trouble, RequestRefused)
    clock.move(60)
    server.replies = [problem("origin-refused")]
    with pytest.raises(RequestRefused):
        consented.session(film("joy"))


def test_a_local_session_asks_sends_nothing_and_keeps_nothing(eyes: FakeEyes) -> None:
    clock = FakeClock()
    asked: list[str] = []

    def no(words: str) -> bool:
        asked.append(words)
        return False

    with pytest.raises(ConsentMissing):
        local_session(film("joy"), ask=no, clock=clock, eyes=eyes)
    assert "nothing is sent" in asked[0].replace("nothing is stored and ", "")
    assert eyes.loaded == 0
    pictures = film("joy", seconds=700, rate=2, clock=clock)
    with local_session(pictures, ask=lambda _words: True, clock=clock, eyes=eyes) as session:
        labels = [reading.label for reading in session if reading.label]
    assert len(labels) == 699
    assert session.trouble is None
