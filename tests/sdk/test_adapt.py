"""What is learned of one person: the resting face, the head of their answers, and the guard that keeps the base head."""

import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.adapt import (
    ANSWERS,
    CLASSES,
    EMBEDDING,
    PICTURES,
    SIZE,
    WINDOW,
    Head,
    Learned,
    Personal,
    learned,
    learned_of,
    shift,
    softmax,
)
from mien.adapt.guard import HEADS, Trial, verdict
from mien.adapt.personal import _Word
from mien.errors import LabelInvalid, ModelTampered, RequestInvalid
from mien.infer import load_models
from mien.infer.last import last_layer
from mien.infer.manifest import EMBEDDED, verify
from mien.values import EXPRESSIONS
from mien.wire.canonical import b64, decode, encode

MODEL = 2
Rows = NDArray[np.float32]


# ---- the head ----
@pytest.fixture(scope="module")
def blob() -> bytes:
    return verify(EMBEDDED).blobs["expression"]


def test_the_base_head_is_the_networks_own_last_layer(blob: bytes) -> None:
    models = load_models()
    assert models.head is not None
    head = Head(models.head)
    for seed in range(3):
        crop = np.random.default_rng(seed).integers(0, 256, (1, 64, 64)).astype(np.uint8)
        logits, *_, embedding = (out[0] for out in models.expression.run(crop))
        assert head.logits(embedding) == pytest.approx(logits / models.temperature, abs=1e-4)


def test_a_model_that_is_cut_off_gives_no_head(blob: bytes) -> None:
    for size in (3, 1000, len(blob) // 2, len(blob) - 1):
        with pytest.raises(ModelTampered):
            last_layer(blob[:size], 1.0)


def test_a_network_with_other_names_has_no_head_of_ours(blob: bytes) -> None:
    assert last_layer(blob.replace(b"net.label.bias", b"net.other.bias"), 1.0) is None


def test_a_head_travels_as_bytes() -> None:
    head = base()
    assert len(head.encode()) == 3104
    assert Head.parse(head.encode()).flat.tobytes() == head.flat.tobytes()
    with pytest.raises(ValueError, match="read-only"):
        head.flat[0] = 1


@pytest.mark.parametrize(
    "flat",
    [
        np.zeros(SIZE - 1, np.float32),
        np.zeros((97, 8), np.float32),
        np.zeros(SIZE, np.float64),
        np.full(SIZE, np.nan, np.float32),
        np.full(SIZE, np.inf, np.float32),
        np.full(SIZE, 1001, np.float32),
    ],
    ids=["short", "table", "double", "nan", "infinite", "large"],
)
def test_what_is_no_head_is_refused(flat: Any) -> None:
    with pytest.raises(RequestInvalid):
        Head(flat)


def test_bytes_of_another_length_are_no_head() -> None:
    with pytest.raises(RequestInvalid):
        Head.parse(bytes(3103))


# ---- people made of numbers: eight directions for eight expressions, and what is theirs alone ----
def base() -> Head:
    table = np.zeros((EMBEDDING + 1, CLASSES), np.float32)
    table[:CLASSES] = 3 * np.eye(CLASSES)
    return Head(table.reshape(-1))


def moments(seed: int, count: int, own: Rows) -> tuple[Rows, NDArray[np.int64]]:
    """Embeddings of a person whose face adds `own` (96,) to all that it shows, and what it shows. Each expression comes with something of its own as well."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, CLASSES, count)
    seen = rng.normal(size=(count, EMBEDDING)) * 0.2
    seen[np.arange(count), shown] += 1.0
    seen[np.arange(count), CLASSES + shown] += 1.0
    return np.asarray(seen + own, np.float32), shown


def leaning(seed: int) -> Rows:
    """A face that looks angry whatever it shows."""
    own = np.random.default_rng(seed).normal(size=EMBEDDING) * 0.2
    own[EXPRESSIONS.index("anger")] += 1.6
    return np.asarray(own, np.float32)


def resting(seed: int, own: Rows) -> Rows:
    seen = np.random.default_rng([seed, 9]).normal(size=(PICTURES, EMBEDDING)) * 0.3
    seen[:, 0] += 1.0
    return np.asarray(seen + own, np.float32)


def told(known: Personal, seen: Rows, shown: NDArray[np.int64]) -> Personal:
    for embedding, word in zip(seen, shown, strict=True):
        known = known.answered(embedding, EXPRESSIONS[word])
    return known


def right(head: Head, seen: Rows, shown: NDArray[np.int64]) -> float:
    return float((head.logits(seen).argmax(1) == shown).mean())


# ---- learning ----
def test_answers_mend_a_face_that_leans() -> None:
    gains, before, reads = [], [], []
    for seed in range(5):
        own = leaning(seed)
        known = told(Personal(MODEL, base()), *moments(seed, 15, own))
        later = moments(seed + 100, 200, own)
        before.append(right(base(), *later))
        gains.append(right(known.reads, *later) - before[-1])
        reads.append(known.verdict.reads)
    assert reads.count("own") >= 4
    assert min(gains) > 0
    assert np.mean(gains) > (1 - np.mean(before)) / 3


def test_a_calibration_alone_takes_away_what_rest_is_mistaken_for() -> None:
    own = leaning(1)
    known = Personal(MODEL, base()).calibrated(resting(1, own))
    assert known.rest is not None
    assert known.rest.leans
    assert known.verdict.reads == "rest"
    later = moments(7, 300, own)
    assert right(known.reads, *later) > right(base(), *later) + 0.05
    straight = Personal(MODEL, base()).calibrated(resting(1, np.zeros(EMBEDDING, np.float32)))
    assert straight.reads is straight.base  # a face that is read as neutral needs nothing


def test_the_shift_evens_out_the_rest_and_leaves_neutral_alone() -> None:
    found = shift(base(), resting(3, leaning(3)).mean(0))
    assert found[0] == 0
    assert found[EXPRESSIONS.index("anger")] == found.min() < -1
    assert float(found.sum()) == pytest.approx(0, abs=1e-5)


def test_answers_at_random_leave_the_base_head() -> None:
    kept = 0
    for seed in range(6):
        seen, _shown = moments(seed, 25, np.zeros(EMBEDDING, np.float32))
        noise = np.random.default_rng([seed, 5]).integers(0, CLASSES, 25)
        known = told(Personal(MODEL, base()), seen, noise)
        later = moments(seed + 50, 100, np.zeros(EMBEDDING, np.float32))
        own, plain = right(known.heads["own"], *later), right(base(), *later)
        assert own < plain - 0.1  # what was learned is nonsense
        kept += known.verdict.reads == "base"
    assert kept == 6


def test_the_head_is_the_one_that_the_objective_asks_for() -> None:
    """Against a plain gradient descent on all 776 numbers, much longer."""
    seen, shown = moments(4, 12, leaning(4))
    weights, centre = np.linspace(0.5, 1.5, 12), seen.mean(0)
    moved = np.zeros(CLASSES, np.float32)
    found = learned(base(), moved, embeddings=seen, said=shown, weights=weights, centre=centre)
    rows = np.hstack([np.asarray(seen - centre, np.float64), np.ones((12, 1))])
    prior, ridge = base().logits(seen).astype(np.float64), 1 + 20 / 12
    change = np.zeros((EMBEDDING + 1, CLASSES))
    for _ in range(4000):
        wrong = softmax(prior + rows @ change) - np.eye(CLASSES)[shown]
        change -= 0.02 * (rows.T @ (weights[:, None] * wrong) + ridge * change)
    wanted = np.asarray(prior + rows @ change)
    assert found.logits(seen) == pytest.approx(wanted, abs=5e-3)


def test_no_answers_and_no_rest_are_the_base_head_to_the_bit() -> None:
    known = Personal(MODEL, base())
    assert known.reads is known.base
    assert all(head is known.base for head in known.heads.values())


def test_what_is_said_often_is_forgotten_first() -> None:
    own = np.zeros(EMBEDDING, np.float32)
    seen, _ = moments(2, ANSWERS + 10, own)
    shown = np.ones(ANSWERS + 10, np.int64)
    shown[:2] = 7
    known = told(Personal(MODEL, base()), seen, shown)
    assert len(known.answers) == ANSWERS
    assert sum(each.said == 7 for each in known.answers) == 2
    assert known.corrected + known.agreed == ANSWERS + 10
    assert len(known.trials) == WINDOW


# ---- the guard ----
chance = st.integers(0, 1000).map(lambda n: n / 1000)
trial = st.builds(
    Trial,
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.tuples(chance, chance, chance),
)


@settings(max_examples=60, deadline=None)
@given(trials=st.lists(trial, max_size=WINDOW + 5), leans=st.booleans())
def test_the_own_head_reads_only_where_it_was_better_on_what_it_had_not_learned(
    trials: list[Trial], *, leans: bool
) -> None:
    found = verdict(trials, leans=leans)
    recent = trials[-WINDOW:]
    base, rest, own = (naive_score([t.chances[k] for t in recent]) for k in range(len(HEADS)))
    if found.reads == "own":
        assert recent
        assert own > base
        assert own > rest or not leans or rest < base
    if found.reads == "rest":
        assert leans
        assert rest >= base - 1e-9
    assert found.right == tuple(sum(t.right[k] for t in recent) for k in range(len(HEADS)))


def naive_score(chances: list[float]) -> float:
    """The likelihood as a product, for the share of answers at random that makes it largest."""
    product = max(
        math.prod((1 - share) * c + share / 8 + 0.001 for c in chances)
        for share in (0, 0.1, 0.2, 0.35, 0.5, 0.75, 1)
    )
    return math.log(product)


def test_a_head_that_gets_worse_goes_again() -> None:
    better = Trial((False, False, True), (0.1, 0.1, 0.8))
    worse = Trial((True, True, False), (0.8, 0.8, 0.1))
    assert verdict([better] * 5, leans=False).reads == "own"
    assert verdict([better] * 5 + [worse] * 6, leans=False).reads == "base"
    assert verdict([better] * 5 + [worse] * 6 + [better] * WINDOW, leans=False).reads == "own"


def test_a_head_that_is_merely_less_sure_does_not_win_on_answers_that_mean_nothing() -> None:
    sure = [Trial((k % 8 == 0,) * 2 + (False,), (0.9 if k % 8 == 0 else 0.01,) * 2 + (0.125,)) for k in range(32)]  # fmt: skip
    found = verdict(sure, leans=False)
    assert math.log(0.126) * 32 > 28 * math.log(0.011) + 4 * math.log(
        0.9
    )  # as it would by likelihood alone
    assert found.reads == "base"


# ---- what is kept ----
def known_well() -> Personal:
    own = leaning(2)
    return told(Personal(MODEL, base()).calibrated(resting(2, own)), *moments(2, 12, own))


def test_what_is_kept_comes_back_to_the_bit() -> None:
    known = known_well()
    document = decode(encode(known.document()))
    again = Personal.read(document, MODEL, base())
    assert again.document() == known.document()
    assert again.heads["own"].encode() == known.heads["own"].encode()
    assert again.verdict == known.verdict


def test_the_person_is_told_counts_and_no_number_of_their_face() -> None:
    known = known_well()
    found = learned_of(known.document())
    assert found.calibrated
    assert found.leans
    assert found.corrected + found.agreed == sum(found.said.values()) == found.tried == 12
    assert found.own_right >= found.base_right
    assert found.reads == "own"
    assert learned_of(None) == Learned()


def test_of_another_network_nothing_is_taken_over() -> None:
    fresh = Personal.read(known_well().document(), 3, base())
    assert fresh.rest is None
    assert not fresh.answers
    assert not fresh.trials


def test_on_another_base_head_of_the_same_network_what_was_said_stays() -> None:
    """A released head takes the base head's place: what the person said counts on, how the old one did on it does not."""
    known, head = known_well(), base().moved(np.linspace(-0.1, 0.1, SIZE))
    moved = Personal.read(known.document(), MODEL, head)
    assert [(a.said, a.embedding.tolist()) for a in moved.answers] == [(a.said, a.embedding.tolist()) for a in known.answers]  # fmt: skip
    assert moved.rest is not None
    assert known.rest is not None
    assert moved.rest.middle.tolist() == known.rest.middle.tolist()
    assert not moved.trials
    assert moved.base is head


def broken(**change: Any) -> dict[str, Any]:
    return {**known_well().document(), **change}


NAN = b64(np.full(EMBEDDING, np.nan, "<f2").tobytes())
WRONG: dict[str, dict[str, Any]] = {
    "an unknown field": {"more": 1},
    "another version": {"v": 2},
    "a number that is none": {"rest": {"middle": NAN, "leans": True}},
    "too few numbers": {"rest": {"middle": b64(bytes(190)), "leans": True}},
    "no base64": {"rest": {"middle": "*" * 256, "leans": True}},
    "an unknown word": {"answers": [{"read": "joy", "said": "hope", "embedding": NAN}]},
    "a chance over one": {"trials": [{"right": [True] * 3, "thousandths": [1001, 0, 0]}]},
    "a missing chance": {"trials": [{"right": [True] * 3, "thousandths": [1, 0]}]},
    "too many trials": {"trials": [{"right": [True] * 3, "thousandths": [1, 1, 1]}] * 41},
    "a count below zero": {"corrected": -1},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_was_damaged_is_refused(what: str) -> None:
    with pytest.raises(RequestInvalid):
        Personal.read(broken(**WRONG[what]), MODEL, base())


@pytest.mark.parametrize(
    "embedding",
    [np.zeros(95), np.full(96, np.nan), np.full(96, np.inf), np.full(96, 1e5), np.zeros((2, 96))],
    ids=["short", "nan", "infinite", "large", "two"],
)
def test_an_answer_to_no_embedding_is_refused(embedding: Any) -> None:
    with pytest.raises(RequestInvalid):
        Personal(MODEL, base()).answered(embedding, "joy")


def test_what_is_kept_of_a_person_has_the_words_of_the_vocabulary() -> None:
    assert get_args(_Word) == EXPRESSIONS


def test_a_word_that_is_no_expression_is_refused() -> None:
    with pytest.raises(LabelInvalid, match="hope"):
        Personal(MODEL, base()).answered(np.zeros(EMBEDDING), "hope")


@pytest.mark.parametrize("rows", [PICTURES - 1, 0])
def test_a_calibration_needs_enough_pictures(rows: int) -> None:
    with pytest.raises(RequestInvalid, match="longer"):
        Personal(MODEL, base()).calibrated(np.zeros((rows, EMBEDDING)))
