"""P2, attacked one by one: neither camera nor model without a capability that is real, ours, of this minute and for this purpose."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mien import Claims, Client, consent
from mien.consent import Gate, LocalYes
from mien.errors import (
    CapabilityExpired,
    CapabilityInvalid,
    ClockSkewed,
    ConsentMissing,
    KeepUnreadable,
    MienError,
    ServerUnreachable,
)
from mien.testing import FakeClock, FakeEyes, FakeServer, film, picture
from mien.values import Frame
from mien.wire.canonical import decode
from mien.wire.keys import SigningKey
from mien.wire.messages import Capability, dump
from mien.wire.signatures import Kind, sign, unverified

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")


class Camera:
    """Frames handed in that know whether anybody took one."""

    def __init__(self, frames: Iterator[Frame] | None = None) -> None:
        self.taken = 0
        self._frames = frames if frames is not None else film("joy", seconds=100)

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            self.taken += 1
            yield frame


def read(client: Client, camera: Camera) -> None:
    with client.session(camera) as session:
        for _ in session:
            pass


def put(client: Client, change: Callable[[dict[str, Any]], None], key: SigningKey) -> None:
    """Give the client another capability than the server gave it, as somebody who edits its state could not: below its checks."""
    person = client._refresh()
    assert person is not None
    assert person.capability is not None
    payload = consent.open_capability(
        person.capability, client._trust, client.site, person.subject, person.device
    ).model_dump()
    change(payload)
    forged = sign(Kind.CAPABILITY, payload, key)
    client._keep.change_person(lambda _: consent.person_json(replace(person, capability=forged)))


def test_no_camera_and_no_model_before_consent(client: Client, eyes: FakeEyes) -> None:
    camera = Camera()
    with pytest.raises(ConsentMissing):
        read(client, camera)
    assert (camera.taken, eyes.loaded) == (0, 0)


def test_no_camera_and_no_model_with_the_notice_only(client: Client, eyes: FakeEyes) -> None:
    client.notice()
    camera = Camera()
    with pytest.raises(ConsentMissing):
        read(client, camera)
    assert (camera.taken, eyes.loaded) == (0, 0)


FORGERIES: dict[str, tuple[Callable[[dict[str, Any]], None], bool, type[MienError]]] = {
    "signed by somebody else": (lambda c: None, False, CapabilityInvalid),
    "of another site": (lambda c: c.update(site="other-shop"), True, CapabilityInvalid),
    "of another person": (lambda c: c.update(subject="sub_" + "a" * 26), True, CapabilityInvalid),
    "of another device": (lambda c: c.update(device="A" * 22), True, CapabilityInvalid),
    "that lives for a day": (lambda c: c.update(expires_at=c["issued_at"] + 86400), True, CapabilityInvalid),
    "with a field nobody knows": (lambda c: c.update(root=True), True, CapabilityInvalid),
    "that may nothing": (lambda c: c.update(may=[]), True, ConsentMissing),
    "that may send but not infer": (lambda c: c.update(may=["send"]), True, ConsentMissing),
    "for no purpose": (lambda c: c.update(purposes=[]), True, ConsentMissing),
    "for a purpose without labels": (lambda c: c.update(purposes=["contribute"]), True, ConsentMissing),
    "from the future": (lambda c: c.update(issued_at=c["issued_at"] + 200, expires_at=c["expires_at"] + 200), True, ClockSkewed),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_capability_that_is_wrong_opens_nothing(
    consented: Client, server: FakeServer, eyes: FakeEyes, forgery: str
) -> None:
    change, trusted, error = FORGERIES[forgery]
    put(consented, change, server.signing if trusted else SigningKey.generate())
    camera = Camera()
    with pytest.raises(error):
        read(consented, camera)
    assert (camera.taken, eyes.loaded) == (0, 0)


def test_a_capability_for_another_model_opens_nothing(
    consented: Client, server: FakeServer, eyes: FakeEyes
) -> None:
    """It is asked for anew; while the server cannot be reached nothing is read with it."""
    put(consented, lambda c: c.update(model=eyes.model + 1), server.signing)
    server.down = True
    camera = Camera()
    with pytest.raises(CapabilityInvalid, match="this device reads with model 7"):
        read(consented, camera)
    assert (camera.taken, eyes.loaded) == (0, 0)
    server.down = False
    with consented.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_a_capability_for_another_model_in_the_middle_shuts_the_camera(
    consented: Client, server: FakeServer, eyes: FakeEyes
) -> None:
    """As when another program on this device renews it for its own models."""
    camera = Camera()
    with consented.session(camera) as session:
        readings = iter(session)
        for _ in range(5):
            next(readings)
        put(consented, lambda c: c.update(model=eyes.model + 1), server.signing)
        with pytest.raises(CapabilityInvalid):
            next(readings)
    assert eyes.looked == 5


class Swapped(FakeEyes):
    """Eyes whose models were changed after the client was made."""

    def __call__(self) -> tuple[FakeEyes, int]:
        super().__call__()
        return self, self.model + 1


def test_models_that_are_others_when_loaded_read_nothing(server: FakeServer, home: Path) -> None:
    eyes = Swapped()
    camera = Camera()
    with server.client(home, eyes=eyes) as client:
        client.notice()
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
        with pytest.raises(CapabilityInvalid, match="make the client anew"):
            read(client, camera)
    assert (camera.taken, eyes.loaded, eyes.looked) == (0, 1, 0)


def test_the_statement_names_the_model_before_any_is_loaded(
    consented: Client, server: FakeServer, eyes: FakeEyes
) -> None:
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    assert unverified(decode(body)["jws"])["model"] == eyes.model
    assert eyes.loaded == 0


def test_another_devices_capability_of_the_same_person_is_of_no_use(
    consented: Client, server: FakeServer, tmp_path: Path
) -> None:
    other = server.client(tmp_path / "other")
    other.join(consented.link_code())
    with other.session(film("joy")) as session:
        list(session)
    theirs = other._refresh()
    assert theirs is not None
    assert theirs.capability is not None
    consented._change(lambda person: replace(person, capability=theirs.capability))
    camera = Camera()
    with pytest.raises(CapabilityInvalid, match="device"):
        read(consented, camera)
    assert camera.taken == 0


def test_a_receipt_is_no_capability(consented: Client, eyes: FakeEyes) -> None:
    consented._change(lambda person: replace(person, capability=person.receipt))
    camera = Camera()
    with pytest.raises(CapabilityInvalid):
        read(consented, camera)
    assert (camera.taken, eyes.loaded) == (0, 0)


def test_a_capability_of_another_persons_device_is_refused(
    consented: Client, server: FakeServer, tmp_path: Path
) -> None:
    other = server.client(tmp_path / "other")
    other.notice()
    other.consent(purposes=["personalize_offers"], claims=GERMANY)
    theirs = other._refresh()
    assert theirs is not None
    consented._change(lambda person: replace(person, capability=theirs.capability))
    with pytest.raises(CapabilityInvalid):
        consented.session(film("joy"))
    assert consented.withdraw() is not None  # a no works whatever else is broken


def test_a_capability_for_one_purpose_does_not_serve_another(
    consented: Client, eyes: FakeEyes
) -> None:
    camera = Camera()
    with pytest.raises(ConsentMissing):
        consented.session(camera, purposes=["adapt_lessons"])
    assert (camera.taken, eyes.loaded) == (0, 0)


def test_an_expired_capability_opens_nothing_while_offline(
    consented: Client, server: FakeServer, clock: FakeClock, eyes: FakeEyes
) -> None:
    clock.move(301)
    server.down = True
    camera = Camera()
    with pytest.raises(ServerUnreachable):
        read(consented, camera)
    assert (camera.taken, eyes.loaded) == (0, 0)


def test_it_expires_during_a_session_too(
    consented: Client, server: FakeServer, clock: FakeClock, eyes: FakeEyes
) -> None:
    server.down = True
    camera = Camera(film("joy", seconds=400, rate=2, clock=clock))
    with pytest.raises(CapabilityExpired):
        read(consented, camera)
    assert eyes.looked == 600  # the picture of second 299.5 and none after
    assert camera.taken == 601  # while this one was waited for, time ran out


def test_turning_the_wall_clock_back_does_not_stretch_it(
    consented: Client, server: FakeServer, clock: FakeClock, eyes: FakeEyes
) -> None:
    server.down = True
    start = clock.now()

    def turned() -> Iterator[Frame]:
        for frame in film("joy", seconds=400, rate=2, clock=clock):
            clock.set_wall(start + 10)
            yield frame

    camera = Camera(turned())
    with pytest.raises(CapabilityExpired):
        read(consented, camera)
    assert eyes.looked == 600


def test_it_is_renewed_before_it_expires_while_online(
    consented: Client, server: FakeServer, clock: FakeClock
) -> None:
    camera = Camera(film("joy", seconds=700, rate=1, clock=clock))
    with consented.session(camera, beat=5.0) as session:
        for _ in session:
            _settled(consented)
    assert camera.taken == 700
    assert sum(path == "/v1/capabilities" for _m, path, _b in server.requests) >= 3


def _settled(client: Client) -> None:
    """Wait until the courier is not on an errand and nothing waits."""
    while client.standing().waiting:
        with client._wire:
            pass


def test_a_person_edited_on_disk_is_not_believed(consented: Client, home: Path) -> None:
    file = next(home.glob("*/person"))
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    with pytest.raises(KeepUnreadable):
        consented.session(film("joy"))


# ---- the gate by itself ----
def capability(key: SigningKey, now: int = 1000, **more: Any) -> str:
    found = Capability(
        site="shop", subject="sub_" + "a" * 26, device="A" * 22, may=["infer"],
        purposes=["personalize_offers"], model=7, bundle_sha256="A" * 43, issued_at=now, expires_at=now + 300,
    )  # fmt: skip
    return sign(Kind.CAPABILITY, dump(found) | more, key)


def test_a_gate_stands_shut_and_shuts_again() -> None:
    key = SigningKey.generate()
    gate = Gate(key.verify_key(), "shop", "sub_" + "a" * 26, "A" * 22)
    with pytest.raises(ConsentMissing):
        gate.require("infer", 1000, 0.0)
    gate.admit(capability(key), 1000, 0.0)
    assert gate.require("infer", 1299, 299.0).may == ["infer"]
    with pytest.raises(ConsentMissing):
        gate.require("send", 1000, 0.0)
    with pytest.raises(ConsentMissing):
        gate.require("infer", 1000, 0.0, purpose="adapt_service")
    with pytest.raises(CapabilityExpired):
        gate.require("infer", 1300, 0.0)
    with pytest.raises(CapabilityExpired):
        gate.require("infer", 1000, 300.0)
    with pytest.raises(CapabilityInvalid):
        gate.admit(capability(SigningKey.generate()), 1000, 0.0)
    with pytest.raises(ConsentMissing):  # a refused one leaves it shut
        gate.require("infer", 1000, 0.0)


def test_a_gate_passes_one_model_and_no_face_without_one() -> None:
    key = SigningKey.generate()
    gate = Gate(key.verify_key(), "shop", "sub_" + "a" * 26, "A" * 22)
    assert gate.model is None
    gate.admit(capability(key), 1000, 0.0)
    assert gate.model == gate.require("infer", 1000, 0.0, model=7).model == 7
    with pytest.raises(CapabilityInvalid, match="model 7"):
        gate.require("infer", 1000, 0.0, model=8)
    gate.admit(capability(key, model=0, may=["infer", "send"]), 1000, 0.0)
    with pytest.raises(CapabilityInvalid, match="no model"):
        gate.require("infer", 1000, 0.0)
    assert gate.require("send", 1000, 0.0).model == 0  # a declared mood needs none


def test_the_same_text_does_not_begin_its_five_minutes_again() -> None:
    key = SigningKey.generate()
    gate = Gate(key.verify_key(), "shop", "sub_" + "a" * 26, "A" * 22)
    text = capability(key)
    gate.admit(text, 1000, 0.0)
    gate.admit(text, 1000, 299.0)  # the wall clock was turned back
    with pytest.raises(CapabilityExpired):
        gate.require("infer", 1000, 300.0)
    assert gate.remaining(1000, 250.0) == 50.0


def test_a_local_yes_can_infer_and_never_send() -> None:
    yes = LocalYes.said(lambda size: bytes(range(size)), 7)
    assert yes.require(1000, 0.0).may == ["infer"]
    assert yes.require(9000, 8000.0).expires_at == 9300  # it renews itself while it is used
    with pytest.raises(ConsentMissing):
        yes.gate.require("send", 9000, 8000.0)


def test_pictures_that_show_nobody_are_never_kept(consented: Client, eyes: FakeEyes) -> None:
    with consented.session(film(picture(dark=True), seconds=1)) as session:
        assert {reading.why for reading in session} == {"dark"}
    assert eyes.looked == 0
