"""Labels survive the wire exactly, and the wire holds nothing but labels: every bit pattern is one label, a dummy, or refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import EnvelopeInvalid, LabelInvalid
from mien.values import EXPRESSIONS, MAX_WINDOW, POLARITIES, SLOTS, SOURCES, STATES, Label
from mien.wire import slots

BASE = 1_795_000_000
SIGNED = st.none() | st.integers(-15, 15)


@st.composite
def labels(draw: st.DrawFn) -> Label:
    expression = draw(st.sampled_from(EXPRESSIONS))
    return Label(
        expression=expression,
        ended_at=draw(st.integers(BASE, BASE + slots.MAX_SPAN)),
        confidence=draw(st.integers(0, 15)),
        window=draw(st.integers(1, MAX_WINDOW)),
        second=draw(
            st.none() | st.sampled_from([word for word in EXPRESSIONS if word != expression])
        ),
        state=draw(st.sampled_from(STATES)),
        polarity=draw(st.sampled_from(POLARITIES)),
        valence=draw(SIGNED),
        arousal=draw(SIGNED),
        source=draw(st.sampled_from(SOURCES)),
        model=draw(st.integers(0, 255)),
    )


@given(st.lists(labels(), max_size=SLOTS))
def test_labels_survive(row: list[Label]) -> None:
    plain = slots.pack(row, BASE)
    assert len(plain) == slots.PLAINTEXT_BYTES
    assert slots.unpack(plain) == tuple(row)


@given(labels(), labels())
def test_different_labels_have_different_bits(one: Label, other: Label) -> None:
    assert (slots.pack_slot(one, BASE) == slots.pack_slot(other, BASE)) == (one == other)


@given(st.binary(min_size=8, max_size=8))
def test_any_bits_are_a_label_or_refused(slot: bytes) -> None:
    try:
        label = slots.unpack_slot(slot, BASE)
    except EnvelopeInvalid:
        return
    assert slots.pack_slot(label, BASE) == slot


def test_a_dummy_is_no_label() -> None:
    with pytest.raises(EnvelopeInvalid):
        slots.unpack_slot(bytes(8), BASE)


def test_time_does_not_run_over_the_end_of_unix_time() -> None:
    plain = slots.pack([], 0xFFFF_FFFF)
    late = slots.pack_slot(Label("joy", BASE + 1, 1), BASE)
    with pytest.raises(EnvelopeInvalid):
        slots.unpack(plain[:5] + late + plain[13:])


GOOD = Label("joy", BASE, 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence": True}, {"confidence": -1}, {"confidence": 3.0}, {"valence": -16}, {"arousal": 16}, {"valence": False}, {"window": 65},
        {"model": -1}, {"ended_at": -1}, {"ended_at": 2**32}, {"expression": "happy"}, {"expression": None}, {"second": "joy"},
        {"second": "none"}, {"state": ""}, {"polarity": "mixed"}, {"source": "voice"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_outside_the_vocabulary_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(LabelInvalid):
        slots.check(replace(GOOD, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("base", [-1, 2**32, 1.5, True])
def test_a_base_that_is_no_time_is_refused(base: int) -> None:
    with pytest.raises(LabelInvalid):
        slots.pack([], base)


def test_a_slot_of_another_size_is_refused() -> None:
    whole = slots.pack_slot(GOOD, BASE)
    for slot in (b"", whole[:7], b"\0" + whole):
        with pytest.raises(EnvelopeInvalid):
            slots.unpack_slot(slot, BASE)


def test_one_label_at_two_times_differs_in_its_time_only() -> None:
    early, late = (slots.pack_slot(replace(GOOD, ended_at=BASE + s), BASE) for s in (1, 9))
    assert slots.unpack_slot(late, BASE) == replace(
        slots.unpack_slot(early, BASE), ended_at=BASE + 9
    )


# ---- a sheet: read, not taken apart ----
@given(st.data())
def test_a_sheet_without_some_labels_is_that_of_the_others(data: st.DataObject) -> None:
    row = [replace(GOOD, ended_at=BASE + data.draw(st.integers(0, 5000)), confidence=i % 16) for i in range(data.draw(st.integers(0, 64)))]  # fmt: skip
    sheet = slots.read(slots.pack(row, BASE))
    kept = data.draw(st.sets(st.sampled_from(range(len(row))))) if row else set()
    some = sheet.only(kept)
    assert some.labels() == tuple(row[place] for place in sorted(kept))
    assert [place for place, _what, _ended_at in some.seen] == sorted(kept)
    assert slots.read(some.plaintext) == some
    assert len(some.plaintext) == slots.PLAINTEXT_BYTES


def test_labels_of_a_sheet_share_what_they_say() -> None:
    sheet = slots.read(slots.pack([replace(GOOD, ended_at=BASE + i) for i in range(3)], BASE))
    assert len({id(what) for _place, what, _ended_at in sheet.seen}) == 1
    assert {what.ended_at for _place, what, _ended_at in sheet.seen} == {0}


@pytest.mark.parametrize("place", [0, 1, 63])
def test_a_sheet_with_one_slot_that_is_no_label_is_refused(place: int) -> None:
    plain = bytearray(slots.pack([], BASE))
    plain[5 + 8 * place + 7] = 1  # a bit of the filling, and no label beside it
    with pytest.raises(EnvelopeInvalid):
        slots.read(bytes(plain))


def test_a_slot_whose_time_no_clock_will_show_is_refused() -> None:
    label = Label("joy", BASE + 9, confidence=14)
    slot = slots.pack_slot(label, BASE)
    for base in (slots.MAX_TIME - 8, slots.MAX_TIME + 1, -1):
        with pytest.raises(EnvelopeInvalid):
            slots.unpack_slot(slot, base)
    last = slots.unpack_slot(slot, slots.MAX_TIME - 9)
    assert last.ended_at == slots.MAX_TIME
