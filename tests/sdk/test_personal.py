"""What a device learns of its person, through the client: with consent alone, encrypted, never sent, and gone when it must be."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien import Claims, Client
from mien.adapt import PICTURES, Learned
from mien.client import check_export, readable
from mien.errors import (
    ConsentMissing,
    KeepUnreadable,
    LabelInvalid,
    RequestInvalid,
    SettingsError,
    SignatureInvalid,
)
from mien.testing import FakeClock, FakeEyes, FakeServer, film
from mien.wire.keys import VerifyKey

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")


@pytest.fixture
def eyes() -> FakeEyes:
    """A face that looks angry at rest."""
    return FakeEyes(sure=0.5, mistaken={"neutral": "anger"})


def kept(home: Path) -> list[Path]:
    return list(home.rglob("personal"))


def taught(client: Client, times: int = 8) -> Learned:
    """The person says of so many readings that their face was at rest."""
    with client.session(film("neutral", seconds=times + 2)) as session:
        for reading in session:
            if reading.label and times:
                session.correct("neutral")
                times -= 1
    return client.personal()


def words(client: Client) -> set[str]:
    with client.session(film("neutral", seconds=4)) as session:
        return {reading.label.expression for reading in session if reading.label}


# ---- learning ----
def test_answers_change_what_is_read_and_the_reading_says_so(consented: Client) -> None:
    assert words(consented) == {"anger"}
    found = taught(consented)
    assert found.reads == "own"
    assert found.said == {"neutral": 8}
    assert found.corrected >= 1
    with consented.session(film("neutral", "joy", seconds=4)) as session:
        readings = list(session)
    assert {r.label.expression for r in readings if r.label} == {"neutral", "joy"}
    assert all(reading.own for reading in readings)


def test_a_calibration_is_read_with_at_once(consented: Client) -> None:
    found = consented.calibrate(film("neutral", seconds=4))
    assert (found.calibrated, found.leans, found.reads) == (True, True, "rest")
    with consented.session(film("neutral", seconds=2)) as session:
        readings = list(session)
    assert all(reading.own for reading in readings)
    assert max(reading.now.share for reading in readings if reading.now) < 0.5


def test_a_calibration_leaves_out_what_is_not_one_face_at_rest(consented: Client) -> None:
    nobody = film((), ("joy", "joy"), "neutral", seconds=1)
    consented.calibrate(nobody, seconds=5)  # ten pictures of one face are enough
    with pytest.raises(RequestInvalid, match="longer"):
        consented.calibrate(film((), "neutral", seconds=3), seconds=3.05)
    assert PICTURES > 1


def test_one_moment_has_one_answer(consented: Client) -> None:
    with consented.session(film("neutral", seconds=4)) as session:
        with pytest.raises(RequestInvalid, match="label"):
            session.agree()
        next(reading for reading in session if reading.label)
        with pytest.raises(LabelInvalid, match="hope"):
            session.correct("hope")
        assert session.correct("neutral")
        assert not session.agree()
    assert consented.personal().said == {"neutral": 1}


def test_who_agrees_is_heard(consented: Client) -> None:
    with consented.session(film("joy", seconds=3)) as session:
        for reading in session:
            if reading.label:
                assert session.agree()
    found = consented.personal()
    assert found.agreed == found.tried == found.base_right >= 2
    assert found.corrected == 0


def test_a_stored_label_that_is_corrected_teaches_this_device(
    consented: Client, server: FakeServer
) -> None:
    with consented.session(film("neutral", seconds=4)) as session:
        list(session)
    consented.flush()
    record = consented.export()["labels"][0]["record"]
    consented.correct(record, "neutral")
    assert consented.personal().said == {"neutral": 1}
    assert server.labels()[0].expression == "neutral"
    consented.correct(
        record, "joy"
    )  # the moment was spoken of: the label changes, nothing is learned
    assert consented.personal().said == {"neutral": 1}


def test_it_outlives_the_process_and_is_this_devices_alone(
    consented: Client, server: FakeServer, home: Path, eyes: FakeEyes, tmp_path: Path
) -> None:
    taught(consented)
    consented.close()
    with server.client(home, eyes=eyes) as again:
        assert again.personal().reads == "own"
        assert words(again) == {"neutral"}
    with server.client(tmp_path / "other", eyes=eyes) as other:
        assert other.personal() == Learned()


def test_another_network_begins_afresh(consented: Client, server: FakeServer, home: Path) -> None:
    taught(consented)
    with server.client(home, eyes=FakeEyes(sure=0.6, mistaken={"neutral": "anger"})) as newer:
        assert words(newer) == {"anger"}


class Headless(FakeEyes):
    """A site's own classifier: no layer that could be a person's own."""

    head = None  # type: ignore[assignment]


def test_eyes_without_a_layer_of_ones_own_learn_nothing(server: FakeServer, home: Path) -> None:
    with server.client(home, eyes=Headless()) as client:
        client.notice()
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
        with pytest.raises(SettingsError, match="embedded"):
            client.calibrate(film("neutral", seconds=4))
        with client.session(film("joy", seconds=3)) as session:
            next(reading for reading in session if reading.label)
            with pytest.raises(SettingsError, match="embedded"):
                session.agree()
    assert kept(home) == []


# ---- consent ----
def test_nothing_is_learned_before_a_yes(client: Client, eyes: FakeEyes, home: Path) -> None:
    with pytest.raises(ConsentMissing):
        client.calibrate(film("neutral", seconds=4))
    assert eyes.loaded == eyes.looked == 0
    assert kept(home) == []


def test_a_yes_to_no_reading_is_no_yes_to_learning(client: Client, home: Path) -> None:
    client.notice()
    client.consent(purposes=["declare_mood"], claims=GERMANY)
    with pytest.raises(ConsentMissing):
        client.calibrate(film("neutral", seconds=4))
    assert kept(home) == []


def test_withdrawal_leaves_nothing_and_nothing_is_learned_after(
    consented: Client, home: Path, server: FakeServer
) -> None:
    with consented.session(film("neutral", seconds=8)) as session:
        readings = iter(session)
        next(reading for reading in readings if reading.label)
        session.correct("neutral")
        assert kept(home)
        next(reading for reading in readings if reading.label)
        server.down = True  # in force here, online or not
        consented.withdraw()
        assert kept(home) == []
        with pytest.raises(ConsentMissing):
            session.correct("neutral")
        with pytest.raises(ConsentMissing):
            next(readings)
    assert kept(home) == []
    assert consented.personal() == Learned()


def test_it_stays_while_a_purpose_of_reading_does(client: Client, home: Path) -> None:
    client.notice()
    client.consent(purposes=["personalize_offers", "adapt_service"], claims=GERMANY)
    taught(client, 1)
    client.withdraw(["adapt_service"])
    assert kept(home)
    client.withdraw(["personalize_offers"])
    assert kept(home) == []


def test_erasure_leaves_nothing(consented: Client, home: Path, server: FakeServer) -> None:
    taught(consented, 1)
    server.down = True
    consented.erase()
    assert kept(home) == []


def test_a_consent_that_runs_out_takes_it_along(
    consented: Client, home: Path, clock: FakeClock
) -> None:
    taught(consented, 1)
    clock.move(consented.standing().expires_at - clock.now() + 1)
    assert consented.standing().state == "expired"
    assert kept(home) == []


def test_a_withdrawal_on_another_device_takes_it_along(
    consented: Client, home: Path, server: FakeServer, clock: FakeClock
) -> None:
    taught(consented, 1)
    for known in server.people.values():
        known.purposes = []
    clock.move(400)
    with pytest.raises(ConsentMissing):
        consented.session(film("neutral"))
    assert kept(home) == []


def test_another_process_that_withdrew_a_moment_ago_wins(
    consented: Client, home: Path, server: FakeServer, eyes: FakeEyes
) -> None:
    taught(consented, 1)
    with consented.session(film("neutral", seconds=4)) as session:
        next(reading for reading in session if reading.label)
        with server.client(home, eyes=eyes) as other:
            other.withdraw()
        assert kept(home) == []
        with pytest.raises(ConsentMissing):  # past the gate, as if it had been asked before
            consented._own.answer(session._last.ended_at, "neutral")  # type: ignore[union-attr]
    assert kept(home) == []


def test_the_person_forgets_it_in_a_running_session(consented: Client, home: Path) -> None:
    taught(consented)
    with consented.session(film("neutral", seconds=6)) as session:
        readings = iter(session)
        assert next(readings).own
        assert consented.forget_personal()
        assert kept(home) == []
        assert not next(readings).own
    assert not consented.forget_personal()
    assert words(consented) == {"anger"}


def test_what_is_damaged_is_told_and_can_be_forgotten(consented: Client, home: Path) -> None:
    taught(consented, 1)
    (path,) = kept(home)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(KeepUnreadable), consented.session(film("neutral", seconds=2)) as session:
        list(session)
    assert consented.forget_personal()
    assert words(consented) == {"anger"}


# ---- nothing leaves, nothing lies in the clear ----
class Canaries(FakeEyes):
    """Numbers that would be known again anywhere."""

    def scores(self, pixels: Any, face: Any) -> Any:
        from dataclasses import replace

        found = super().scores(pixels, face)
        marked = np.array(found.embedding)
        marked[40:] = np.linspace(0.3717, 0.7173, 56)
        return replace(found, embedding=tuple(marked.tolist()))


def spellings(embedding: np.ndarray) -> list[bytes]:
    """Eight numbers in a row as any of our formats would write them."""
    out = []
    for kind in ("<f2", "<f4", "<f8"):
        raw = embedding.astype(kind)[48:72].tobytes()
        out += [raw[8:24]]
        for shift in range(3):
            text = base64.urlsafe_b64encode(raw[shift : shift + 24])
            out += [text[4:20], text.replace(b"-", b"+").replace(b"_", b"/")[4:20]]
    return out + [f"{number:.4f}".encode() for number in embedding[50:60]]


def test_what_was_learned_is_on_no_wire_and_nowhere_in_the_clear(
    server: FakeServer, home: Path
) -> None:
    eyes = Canaries(sure=0.5, mistaken={"neutral": "anger"})
    with server.client(home, eyes=eyes) as client:
        client.notice()
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
        taught(client)
        client.calibrate(film("neutral", seconds=4))
        client.flush()
        client.rank()
        held = client.export()
        client.correct(held["labels"][0]["record"], "neutral")
        document = client._keep.personal()
        on_disk = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        client.withdraw()
    assert document is not None
    own = np.frombuffer(
        base64.urlsafe_b64decode(document["answers"][0]["embedding"]), "<f2"
    ).astype(float)
    sent = b"".join(path.encode() + body for _, path, body in server.requests)
    assert len(sent) > 10_000
    for canary in spellings(own):
        assert canary not in sent
        assert canary not in on_disk
    assert b"thousandths" not in sent + on_disk
    # The search would find them: the same bytes, where they may be.
    assert any(canary in held["on_this_device"]["personal"]["answers"][0]["embedding"].encode() for canary in spellings(own))  # fmt: skip


# ---- seen by the person ----
def test_the_export_holds_it_beside_what_the_server_signed(
    consented: Client, server: FakeServer
) -> None:
    assert "on_this_device" not in consented.export()
    taught(consented, 2)
    held = consented.export()
    assert held["on_this_device"]["personal"]["corrected"] == 2
    trust = VerifyKey.from_text(server.trust)
    check_export(held, trust)
    with pytest.raises(SignatureInvalid):
        check_export({**held, "labels": []}, trust)
    page = readable(held)
    assert "What this device learned of your face" in page
    assert "never sent" in page


def test_seeing_it_asks_nobody(consented: Client, server: FakeServer, eyes: FakeEyes) -> None:
    taught(consented, 1)
    asked, loaded = len(server.requests), eyes.loaded
    server.down = True
    assert consented.personal().corrected == 1
    consented.forget_personal()
    assert (len(server.requests), eyes.loaded) == (asked, loaded)
