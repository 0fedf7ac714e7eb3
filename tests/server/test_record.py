"""What is kept is sealed under the subject's key, bound to what and whose it is, and comes back as it was."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import KeepUnreadable
from mien.values import EXPRESSIONS, POLARITIES, PURPOSES, SOURCES, STATES, Label
from mien.wire.canonical import b64, decode, encode
from mien.wire.proof import leaf_of
from mien_server import record
from mien_server.record import Vault
from mien_server.values import Decision, Event, Judged, Question

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


@settings(deadline=None)
@given(labels)
def test_a_label_comes_back_as_it_was(label: Label) -> None:
    kept = record.seal_label(VAULT, label, "label", NOW, ENTROPY)
    assert record.open_label(VAULT, kept) == label
    assert (kept.ended_at, kept.retain_until) == (label.ended_at, NOW)


def test_a_record_under_another_name_does_not_open() -> None:
    kept = record.seal_label(VAULT, Label("joy", NOW, confidence=3), "label", NOW, ENTROPY)
    for moved in [replace(kept, id="rec_" + "b" * 26), replace(kept, data_class="correction")]:
        with pytest.raises(KeepUnreadable):
            record.open_label(VAULT, moved)


places = st.tuples(
    st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=64),
    st.dictionaries(st.integers(0, 162), st.sampled_from([1.0, -0.5, 1e-300, 0.1]), max_size=5),
    st.floats(0, 1),
    st.none() | st.floats(0, 1),
)


@settings(deadline=None)
@given(st.lists(places, min_size=1, max_size=4), st.booleans(), st.sets(st.sampled_from(PURPOSES)))
def test_an_event_comes_back_exactly(rows: list[Any], used: bool, rests_on: set[str]) -> None:
    basis = tuple(purpose for purpose in PURPOSES if purpose in rests_on)
    event = Event(
        id="evt_" + "a" * 26, site="shop", subject=SUBJECT, at=NOW, retain_until=NOW + 1,
        offers=tuple(row[0] for row in rows), features=tuple(tuple(row[1].get(i, 0.0) for i in range(163)) for row in rows),
        propensities=tuple(row[2] for row in rows), used_emotion=used,
        rewards=tuple((i, row[3]) for i, row in enumerate(rows, 1) if row[3] is not None), basis=basis,
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
    leaf = record.sealed_leaf_of_nobody("shop", content, NOW, NOW + 1, kek, 3, ENTROPY)
    assert leaf.subject is None
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
