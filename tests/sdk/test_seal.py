"""Envelopes: one size, one beat, one use of a number."""

import pytest

from mien.errors import EnvelopeInvalid, SealKeyExpired
from mien.seal import Batch, Sender, envelope, live_key
from mien.values import SLOTS, Label
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey
from mien.wire.messages import SealKeyDoc, Service, envelope_context
from mien.wire.seal import Use, check_mac, open_sealed
from mien.wire.slots import unpack

DAY = 86_400
NOW = 1_790_000_000
SENDER = Sender("shop", "sub_" + "a" * 26, "A" * 22, bytes(32))
KEY = OpenKey.generate()
SERVER = ("2026-09-21", KEY.seal_key())


def labels(number: int) -> list[Label]:
    return [Label("joy", NOW + index, 9) for index in range(number)]


@pytest.mark.parametrize("number", [0, 1, 10, SLOTS])
def test_full_and_empty_look_the_same(number: int) -> None:
    sealed = envelope(labels(number), 7, NOW, SENDER, SERVER)
    assert len(sealed.ct) == len(envelope([], 8, NOW, SENDER, SERVER).ct)
    context = envelope_context(sealed.site, sealed.subject, sealed.device, sealed.seq, sealed.kid)
    check_mac(unb64(sealed.mac), SENDER.stream_key, Use.ENVELOPE, *context, unb64(sealed.ct))
    assert list(unpack(open_sealed(unb64(sealed.ct), KEY, Use.ENVELOPE, *context))) == labels(
        number
    )


def test_the_same_labels_never_seal_to_the_same_bytes() -> None:
    assert (
        envelope(labels(3), 7, NOW, SENDER, SERVER).ct
        != envelope(labels(3), 7, NOW, SENDER, SERVER).ct
    )


def test_an_envelope_under_another_number_does_not_open() -> None:
    sealed = envelope(labels(3), 7, NOW, SENDER, SERVER)
    context = envelope_context(sealed.site, sealed.subject, sealed.device, 8, sealed.kid)
    with pytest.raises(EnvelopeInvalid):
        open_sealed(unb64(sealed.ct), KEY, Use.ENVELOPE, *context)
    with pytest.raises(EnvelopeInvalid):
        check_mac(unb64(sealed.mac), SENDER.stream_key, Use.ENVELOPE, *context, unb64(sealed.ct))


def test_a_batch_keeps_its_beat_and_never_overflows() -> None:
    batch = Batch(beat=10.0)
    assert not batch.due(0.0)
    assert not batch.due(9.9)
    assert batch.due(10.0)
    for label in labels(SLOTS + 6):
        batch.add(label)
    assert len(batch.take(10.0)) == SLOTS
    assert not batch.due(19.9)
    assert batch.due(20.0)
    assert batch.take(20.0) == ()
    batch.add(labels(1)[0])
    batch.drop()
    assert batch.take(30.0) == ()


def service(*days: int) -> Service:
    docs = [
        SealKeyDoc(
            kid=f"2026-09-{day:02d}", public=KEY.seal_key().text(), not_before=day * DAY, not_after=(day + 2) * DAY,
        )
        for day in days
    ]  # fmt: skip
    return Service(
        audit_origin="x", audit_key="x", seal_keys=docs, bundle_version="1", bundle_sha256=b64(bytes(32)), at=0,
    )  # fmt: skip


def test_the_newest_living_key_is_used() -> None:
    assert live_key(service(1, 2), 2 * DAY)[0] == "2026-09-02"
    assert live_key(service(1, 2), 2 * DAY - 1)[0] == "2026-09-01"
    assert live_key(service(1, 3), 3 * DAY - 1)[0] == "2026-09-01"
    with pytest.raises(SealKeyExpired):
        live_key(service(1, 2), 4 * DAY)
