"""A mood that a person declares: a purpose of its own, no camera, no model; it works where reading faces is forbidden."""

import subprocess
import sys
from pathlib import Path

import pytest

from mien import Claims, Client
from mien.errors import ConsentMissing, LabelInvalid, SettingsError
from mien.label import trim
from mien.testing import FakeClock, FakeEyes, FakeServer, film
from mien.values import PURPOSES, Label
from mien.wire.canonical import decode
from mien.wire.messages import Capability
from mien.wire.signatures import unverified

PUPIL = Claims(jurisdictions=("EU-DE",), sector="education", role="student", age_band="16_to_17")


@pytest.fixture
def school(client: Client, server: FakeServer) -> Client:
    """A pupil who agreed to tell their mood, where reading faces is forbidden."""
    for purpose in ("personalize_offers", "adapt_service", "adapt_lessons"):
        server.deny[purpose] = "EU AI Act 5(1)(f)"
    client.notice()
    client.consent(purposes=["declare_mood"], claims=PUPIL)
    return client


def test_a_mood_alone_suffices(school: Client, server: FakeServer, eyes: FakeEyes) -> None:
    said = school.declare("joy", second="surprise")
    (arrived,) = server.labels()
    assert arrived == said
    assert (said.source, said.model, said.expression, said.second) == (
        "declared",
        0,
        "joy",
        "surprise",
    )
    assert (said.valence, said.arousal, said.state, said.polarity) == (None, None, "none", "none")
    assert eyes.loaded == 0


def test_it_opens_no_camera(school: Client, eyes: FakeEyes) -> None:
    with pytest.raises(ConsentMissing):
        school.session(film("joy"))
    assert (eyes.loaded, eyes.looked) == (0, 0)


def test_the_capability_for_it_is_for_no_model(school: Client, server: FakeServer) -> None:
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    assert unverified(decode(body)["jws"])["model"] == 0
    person = school._refresh()
    assert person is not None
    assert person.capability is not None
    found = Capability.model_validate(unverified(person.capability))
    assert (found.model, found.may, found.purposes) == (0, ["send"], ["declare_mood"])


def test_a_purpose_of_reading_does_not_cover_it(client: Client, server: FakeServer) -> None:
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=PUPIL)
    with pytest.raises(ConsentMissing, match="`declare_mood`"):
        client.declare("joy")
    assert server.labels() == []


def test_a_mood_is_never_read_in_a_face(consented: Client, server: FakeServer) -> None:
    """With both purposes, what the camera gives is for offers and what is declared is for itself; neither borrows from the other."""
    consented.withdraw(["personalize_offers"])
    with pytest.raises(ConsentMissing):
        consented.session(film("joy", seconds=2))
    consented.declare("sadness")
    assert [label.source for label in server.labels()] == ["declared"]


@pytest.mark.parametrize("purpose", ["declare_mood", "contribute", "bind_account"])
def test_no_camera_opens_for_a_purpose_that_is_not_for_reading(
    consented: Client, eyes: FakeEyes, purpose: str
) -> None:
    """Although the capability allows both reading, for offers, and the mood."""
    with pytest.raises(ConsentMissing):
        consented.session(film("joy"), purposes=[purpose])
    assert (eyes.loaded, eyes.looked) == (0, 0)


def test_it_waits_offline_and_goes_with_a_no(school: Client, server: FakeServer) -> None:
    server.down = True
    school.declare("joy")
    assert school.standing().waiting == 1
    school.withdraw(["declare_mood"])
    assert school.standing().waiting == 0
    with pytest.raises(ConsentMissing):
        school.declare("joy")


def test_after_five_minutes_it_is_renewed_without_a_word(
    school: Client, server: FakeServer, clock: FakeClock
) -> None:
    clock.move(1000)
    school.declare("joy")
    assert len(server.labels()) == 1


@pytest.mark.parametrize("mood", ["blissful", "", "JOY"])
def test_it_is_a_word_of_the_vocabulary(school: Client, server: FakeServer, mood: str) -> None:
    with pytest.raises(LabelInvalid):
        school.declare(mood)
    assert server.labels() == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_trimming_keeps_a_mood_for_its_own_purpose_only(purpose: str) -> None:
    said = Label(
        "joy", 1_790_000_000, 15, second="surprise", state="bored", polarity="positive",
        valence=3, arousal=4, source="declared",
    )  # fmt: skip
    kept = trim(said, [purpose])
    if purpose != "declare_mood":
        assert kept is None
        return
    assert kept == Label("joy", 1_790_000_000, 15, second="surprise", source="declared")
    assert trim(Label("joy", 1_790_000_000, 15, model=7), [purpose]) is None


def test_a_device_without_eyes_declares_and_reads_nothing(server: FakeServer, home: Path) -> None:
    with server.client(home) as template:
        template.notice()
    blind = Client(
        "https://fake.example", server.site, key=server.key, trust=server.trust, home=home,
        clock=server.clock, transport=server, eyes=None,
    )  # fmt: skip
    blind.notice()
    blind.consent(purposes=["declare_mood", "personalize_offers"], claims=PUPIL)
    blind.declare("joy")
    assert len(server.labels()) == 1
    with pytest.raises(SettingsError, match="without `eyes`"):
        blind.session(film("joy"))


def test_no_library_for_pictures_or_models_is_loaded(tmp_path: Path) -> None:
    """From the yes to the declared mood, with the embedded eyes in place."""
    code = (
        "import sys; from pathlib import Path\n"
        "from mien import Claims; from mien.client import embedded_eyes; from mien.testing import FakeServer\n"
        "client = FakeServer().client(Path(sys.argv[1]), eyes=embedded_eyes)\n"
        "client.notice()\n"
        "client.consent(purposes=['declare_mood', 'personalize_offers'], claims=Claims(('EU-DE',)))\n"
        "client.declare('joy')\n"
        "assert client._refresh().capability\n"
        "print([name for name in ('onnxruntime', 'cv2') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
