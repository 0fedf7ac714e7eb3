"""What is kept is sealed under the subject's key, bound to what and whose it is, and comes back as it was."""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import KeepUnreadable
from mien.values import EXPRESSIONS, POLARITIES, PURPOSES, SOURCES, STATES, Label
from mien.wire.canonical import b64, decode, encode
from mien.wire.proof import leaf_of
from mien.wire.slots import Sheet, pack, pack_slot, read
from mien_server import record
from mien_server.record import Vault
from mien_server.values import Decision, Event, Judged, Question, Record

SUBJECT = "sub_" + "a" * 26
KEY = bytes(range(32))
NOW = 1_795_348_800


class Entropy:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


ENTROPY = Entropy()
QUESTION = Question("use", "retail", "customer", frozenset({"EU-DE"}), NOW, "personalize_offers")
CLAIMS = {"site": {"sector": "retail"}, "device": {"role": "customer"}}


def questions() -> st.SearchStrategy[Question]:
    """Any question of the right types: words are the policy's affair."""
    words, times = st.text(max_size=9), st.integers(0, 2**53 - 1)
    return st.builds(
        Question, action=words, sector=words, role=words, jurisdictions=st.frozensets(words), now=times,
        purpose=st.none() | st.sampled_from(PURPOSES), guardian=st.booleans(), gpc=st.booleans(),
        consented_purposes=st.frozensets(st.sampled_from(PURPOSES)), consent_expires_at=times, retain_until=times,
    )  # fmt: skip


VAULT = Vault.of("shop", SUBJECT, KEY)


def test_sealed_things_are_bound_to_what_and_whose_they_are() -> None:
    sealed = VAULT.seal(b"joy", "label", b"rec_1", ENTROPY)
    assert VAULT.open(sealed, "label", b"rec_1") == b"joy"
    others: list[Callable[[], bytes]] = [
        lambda: VAULT.open(sealed, "event", b"rec_1"),
        lambda: VAULT.open(sealed, "label", b"rec_2"),
        lambda: Vault.of("shop", "sub_" + "b" * 26, KEY).open(sealed, "label", b"rec_1"),
        lambda: Vault.of("other", SUBJECT, KEY).open(sealed, "label", b"rec_1"),
        lambda: Vault.of("shop", SUBJECT, bytes(32)).open(sealed, "label", b"rec_1"),
        lambda: VAULT.open(sealed[:-1], "label", b"rec_1"),
        lambda: VAULT.open(b"", "label", b"rec_1"),
    ]
    for other in others:
        with pytest.raises(KeepUnreadable):
            other()


def test_two_seals_of_the_same_differ() -> None:
    assert VAULT.seal(b"joy", "label", b"1", ENTROPY) != VAULT.seal(b"joy", "label", b"1", ENTROPY)


def test_data_keys_are_wrapped_for_one_person_and_epoch() -> None:
    kek = os.urandom(32)
    wrapped = record.wrap(kek, KEY, 7, "shop", SUBJECT, ENTROPY)
    assert record.unwrap(kek, wrapped, 7, "shop", SUBJECT) == KEY
    assert KEY not in wrapped
    for other in [(os.urandom(32), 7, SUBJECT), (kek, 8, SUBJECT), (kek, 7, "sub_" + "b" * 26)]:
        with pytest.raises(KeepUnreadable):
            record.unwrap(other[0], wrapped, other[1], "shop", other[2])


def test_nothing_secret_is_printed() -> None:
    assert KEY.hex() not in repr(VAULT)
    assert "AESGCM" not in repr(VAULT)


labels = st.builds(
    Label,
    expression=st.sampled_from(EXPRESSIONS[:4]),
    ended_at=st.integers(0, 0xFFFF_FFFF),
    confidence=st.integers(0, 15),
    window=st.integers(1, 64),
    second=st.none() | st.sampled_from(EXPRESSIONS[4:]),
    state=st.sampled_from(STATES),
    polarity=st.sampled_from(POLARITIES),
    valence=st.none() | st.integers(-15, 15),
    arousal=st.none() | st.integers(-15, 15),
    source=st.sampled_from(SOURCES),
    model=st.integers(0, 255),
)


def sheet(*row: Label, base: int | None = None) -> Sheet:
    """The labels as an envelope brings them."""
    first = min((each.ended_at for each in row), default=NOW) if base is None else base
    return read(pack(row, first))


def runs(*row: Label, life: int = 100) -> tuple[Record, ...]:
    return record.seal_runs(VAULT, sheet(*row), "label", life, ENTROPY)


def at(*ends: int) -> list[Label]:
    return [Label("joy", NOW + end, confidence=3) for end in ends]


@settings(deadline=None)
@given(labels)
def test_a_label_by_itself_comes_back_as_it_was(label: Label) -> None:
    kept = record.seal_label(VAULT, label, "label", NOW, "rec_x", ENTROPY)
    assert record.open_labels(VAULT, kept) == (("rec_x", label),)
    ((what, ended_at),) = record.seen_in(VAULT, kept)
    assert (replace(what, ended_at=ended_at), what.ended_at) == (label, 0)
    assert (kept.ended_at, kept.retain_until) == (label.ended_at, NOW)


def test_a_label_that_was_kept_before_there_were_runs_still_opens() -> None:
    """Twelve bytes of base time and slot, written out: the base need not be the label's own end."""
    old = bytes.fromhex("6b02f4fc") + pack_slot(Label("fear", 0x6B02F4FC + 9, 7), 0x6B02F4FC)
    name = "rec_" + "c" * 26
    sealed = VAULT.seal(old, "label", name.encode(), ENTROPY)
    kept = Record(name, "shop", SUBJECT, "label", 0x6B02F4FC + 9, NOW, sealed)
    assert record.open_labels(VAULT, kept) == ((name, Label("fear", 0x6B02F4FC + 9, 7)),)
    ((what, ended_at),) = record.seen_in(VAULT, kept)
    assert (what.expression, ended_at) == ("fear", 0x6B02F4FC + 9)
    assert record.holders_of(name) == (name,)
    assert record.without(VAULT, kept, name, ENTROPY) is None


@settings(deadline=None)
@given(st.lists(st.tuples(labels, st.integers(0, 20_000)), max_size=64))
def test_runs_hold_every_label_and_none_too_long(row: list[tuple[Label, int]]) -> None:
    sent = [replace(label, ended_at=NOW + since) for label, since in row]
    made = runs(*sent)
    opened = [each for run in made for _name, each in record.open_labels(VAULT, run)]
    assert sorted(opened, key=repr) == sorted(sent, key=repr)
    names = [name for run in made for name, _each in record.open_labels(VAULT, run)]
    assert len(set(names)) == len(sent)
    for run in made:
        ends = [each.ended_at for _name, each in record.open_labels(VAULT, run)]
        assert max(ends) - min(ends) <= record.RUN_SECONDS
        assert (run.ended_at, run.retain_until) == (max(ends), min(ends) + 100)
        assert record.seen_in(VAULT, run) == tuple(
            (replace(each, ended_at=0), each.ended_at) for _name, each in record.open_labels(VAULT, run)
        )  # fmt: skip
    # no fewer would do: the next run begins where the last could not reach
    firsts = sorted(run.retain_until for run in made)
    assert all(later - earlier > record.RUN_SECONDS for earlier, later in pairwise(firsts))


def test_dummies_make_no_run() -> None:
    assert runs() == ()


def test_an_hour_is_one_run_and_a_second_more_is_two() -> None:
    assert len(runs(*at(0, 3600))) == 1
    first, second = runs(*at(0, 3601))
    assert (first.ended_at, second.ended_at) == (NOW, NOW + 3601)


def test_the_length_of_a_run_tells_nothing() -> None:
    assert len({len(run.sealed) for count in (1, 8, 64) for run in runs(*at(*range(count)))}) == 1


def test_a_label_keeps_its_name_when_others_leave() -> None:
    (run,) = runs(*at(0, 1, 2))
    names = [name for name, _label in record.open_labels(VAULT, run)]
    assert names == [f"{run.id}-00", f"{run.id}-01", f"{run.id}-02"]
    assert record.holders_of(names[1]) == (names[1], run.id)
    rest = record.without(VAULT, run, names[1], ENTROPY)
    assert rest is not None
    assert [name for name, _label in record.open_labels(VAULT, rest)] == [names[0], names[2]]
    assert replace(rest, sealed=run.sealed) == run
    assert len(rest.sealed) == len(run.sealed)
    last = record.without(VAULT, rest, names[0], ENTROPY)
    assert last is not None
    assert record.without(VAULT, last, names[2], ENTROPY) is None


def test_a_record_under_another_name_does_not_open() -> None:
    own = record.seal_label(VAULT, Label("joy", NOW, confidence=3), "label", NOW, "rec_x", ENTROPY)
    for kept in (own, *runs(*at(0))):
        for moved in [replace(kept, id="rec_" + "b" * 26), replace(kept, data_class="correction")]:
            for opening in (record.open_labels, record.seen_in):
                with pytest.raises(KeepUnreadable):
                    opening(VAULT, moved)


@pytest.mark.parametrize("plain", [b"", bytes(11), bytes(12), b"\x02" + bytes(516), bytes(517)])
def test_a_record_of_another_version_is_told(plain: bytes) -> None:
    kept = replace(runs(*at(0))[0], sealed=b"")
    kept = replace(kept, sealed=VAULT.seal(plain, "label", kept.id.encode(), ENTROPY))
    for opening in (record.open_labels, record.seen_in):
        with pytest.raises(KeepUnreadable, match="no version"):
            opening(VAULT, kept)


places = st.tuples(
    st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=64),
    st.dictionaries(
        st.integers(0, 40),
        st.sampled_from([1.0, -0.5, 2.0**-149, float(np.float32(0.1))]),
        max_size=5,
    ),
    st.floats(0, 1),
    st.none() | st.floats(0, 1),
)


@settings(deadline=None)
@given(
    st.lists(places, min_size=1, max_size=4),
    st.booleans(),
    st.sets(st.sampled_from(PURPOSES)),
    st.booleans(),
    st.floats(0, 1),
)
def test_an_event_comes_back_exactly(
    rows: list[Any], used: bool, rests_on: set[str], own: bool, otherwise: float
) -> None:
    """Its features have 32 bits before they are learned (`personalize.features.rounded`)."""
    basis = tuple(purpose for purpose in PURPOSES if purpose in rests_on)
    event = Event(
        id="evt_" + "a" * 26, site="shop", subject=SUBJECT, at=NOW, retain_until=NOW + 1,
        offers=tuple(row[0] for row in rows), features=tuple(tuple(row[1].get(i, 0.0) for i in range(41)) for row in rows),
        propensities=tuple(row[2] for row in rows), used_emotion=used,
        rewards=tuple((i, row[3]) for i, row in enumerate(rows, 1) if row[3] is not None), basis=basis,
        felt=(0.5,) * 8 if used else (), own=own, otherwise=otherwise,
    )  # fmt: skip
    sealed = record.seal_event(VAULT, event, ENTROPY, learned=True)
    assert record.open_event(sealed, VAULT) == event
    assert sealed.learned


def test_an_event_of_a_person_is_never_plain() -> None:
    event = Event(
        id="evt_" + "a" * 26, site="shop", subject=None, at=NOW, retain_until=NOW + 1, offers=("a",),
        features=((1.0,),), propensities=(1.0,), used_emotion=False,
    )  # fmt: skip
    plain = record.plain_event(event, learned=False)
    assert record.open_event(plain, None) == event
    for personal in (replace(event, subject=SUBJECT), replace(event, used_emotion=True)):
        with pytest.raises(ValueError, match="sealed"):
            record.plain_event(personal, learned=False)
    with pytest.raises(KeepUnreadable):
        record.open_event(
            record.seal_event(VAULT, replace(event, subject=SUBJECT), ENTROPY, learned=False), None
        )


@pytest.mark.parametrize(
    "content", [b"", b"\x01", b"\x02\x00\x01\x00\x01", b"\x01\x00\x01\x00\x01\x09a"]
)
def test_a_damaged_event_is_told(content: bytes) -> None:
    event = Event("evt_a", "shop", None, NOW, NOW, ("a",), ((1.0,),), (1.0,), used_emotion=False)
    kept = replace(record.plain_event(event, learned=False), content=content)
    with pytest.raises(KeepUnreadable):
        record.open_event(kept, None)


DECISION = Decision(
    True, ("permit-use",), ("GDPR 9(2)(a)",), ("You said yes.",), "1", "00" * 32, NOW
)


def test_a_leaf_is_a_commitment_to_the_record() -> None:
    judged = Judged(QUESTION, allow=True, policies=("permit-use",))
    decision = replace(DECISION, asked=(judged,))
    content = record.decision_record("use", decision, "shop", SUBJECT, "personalize_offers", CLAIMS)
    leaf = record.seal_leaf(VAULT, content, NOW, NOW + 1, ENTROPY)
    opening = record.open_leaf(VAULT, leaf)
    assert leaf_of(opening.nonce, opening.record) == leaf.hash
    said = decode(opening.record)
    assert encode(said) == content  # the quick spelling is the canonical one
    assert said.pop("asked") == [record.judged_doc(judged)]
    assert said == {
        "v": 2, "action": "use", "allow": True, "policies": ["permit-use"], "laws": ["GDPR 9(2)(a)"],
        "bundle_version": DECISION.bundle_version, "bundle_sha256": b64(bytes.fromhex(DECISION.bundle_sha256)),
        "site": "shop", "subject": SUBJECT, "purpose": "personalize_offers", "at": NOW, "claims": CLAIMS,
    }  # fmt: skip
    assert leaf.hour % 3600 == 0
    assert 0 <= NOW - leaf.hour < 3600


def test_a_leaf_of_somebody_unknown_names_nobody_and_opens_with_its_own_key() -> None:
    content = record.decision_record("give_consent", DECISION, "shop", SUBJECT, None, CLAIMS)
    kek = os.urandom(32)
    leaf = record.sealed_leaf_of_nobody("shop", content, NOW, NOW + 1, kek, 3, ENTROPY, SUBJECT)
    assert leaf.subject is None
    assert leaf.tag == record.refusal_tag("shop", SUBJECT)
    assert (
        len(
            {leaf.tag, record.refusal_tag("other", SUBJECT), record.refusal_tag("shop", "sub_else")}
        )
        == 3
    )
    assert SUBJECT.encode() not in (leaf.opening or b"")
    key = record.unwrap(kek, leaf.wrapped_key or b"", 3, "shop", leaf.hash.hex())
    assert record.open_leaf(Vault.of("shop", "", key), leaf).record == content


def test_an_erased_or_altered_opening_is_told() -> None:
    leaf = record.plain_leaf("shop", b"{}", NOW, ENTROPY)
    assert record.open_leaf(None, leaf).record == b"{}"
    with pytest.raises(KeepUnreadable, match="erased"):
        record.open_leaf(None, replace(leaf, opening=None))
    with pytest.raises(KeepUnreadable, match="altered"):
        record.open_leaf(None, replace(leaf, opening=(leaf.opening or b"") + b"x"))


def test_one_request_makes_one_event_id() -> None:
    assert record.event_id("shop", b"1") == record.event_id("shop", b"1")
    assert (
        len(
            {
                record.event_id("shop", b"1"),
                record.event_id("shop", b"2"),
                record.event_id("other", b"1"),
            }
        )
        == 3
    )


# ---- questions ----
@given(questions())
def test_a_question_is_asked_again_as_it_was(question: Question) -> None:
    judged = Judged(question, allow=False, policies=("one", "two"))
    assert record.judged_of(decode(encode(record.judged_doc(judged)))) == judged


BROKEN: dict[str, Any] = {
    "a field is missing": {"now": None},
    "a field is unknown": {"colour": "red"},
    "a number for a truth": {"guardian": 1},
    "a truth for a time": {"now": True},
    "a text for a set": {"jurisdictions": "EU"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_question_that_is_not_whole_is_not_guessed(name: str) -> None:
    doc = {**record.question_doc(QUESTION), **BROKEN[name]}
    if BROKEN[name] == {"now": None}:
        del doc["now"]
    with pytest.raises(KeepUnreadable, match="whole question"):
        record.question_of(doc)


@pytest.mark.parametrize("doc", [None, [], {}, {"question": {}, "allow": True}])
def test_what_is_no_judgement(doc: Any) -> None:
    with pytest.raises(KeepUnreadable):
        record.judged_of(doc)


# ---- proofs of consent ----
def test_a_proof_opens_with_its_own_key_only() -> None:
    kek, content = os.urandom(32), {"v": 1, "statement": "s", "receipt": "r"}
    proof = record.seal_evidence("shop", SUBJECT, content, NOW, NOW + 1, kek, 3, ENTROPY)
    assert record.open_evidence(proof, kek) == content
    assert len(record.evidence_key(proof, kek)) == 32
    for moved in (
        replace(proof, site="other"), replace(proof, subject="sub_" + "b" * 26), replace(proof, id="evd_x"),
        replace(proof, epoch=4), replace(proof, sealed=bytes(40)), replace(proof, wrapped_key=bytes(60)),
    ):  # fmt: skip
        with pytest.raises(KeepUnreadable):
            record.open_evidence(moved, kek)
    with pytest.raises(KeepUnreadable):
        record.open_evidence(proof, os.urandom(32))


def test_a_proof_holds_an_object() -> None:
    kek = os.urandom(32)
    proof: Any = record.seal_evidence("shop", SUBJECT, ["no"], NOW, NOW + 1, kek, 3, ENTROPY)  # type: ignore[arg-type]
    with pytest.raises(KeepUnreadable, match="no object"):
        record.open_evidence(proof, kek)


@pytest.mark.parametrize("doc", [None, "use", 1, ["use"]])
def test_what_is_no_question_is_not_read_as_one(doc: object) -> None:
    with pytest.raises(KeepUnreadable):
        record.question_of(doc)
