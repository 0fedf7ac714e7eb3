"""Local privacy: no label proves a word, and many together still say how often each was true."""

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien import Claims, label
from mien.errors import RequestInvalid
from mien.label.local import LEAST, MOST, WHOLE
from mien.testing import FakeServer, film
from mien.values import EXPRESSIONS, POLARITIES, STATES, Label

SEEN = Label(
    "joy", 1_795_000_000, 14, 3, "surprise", "interested", "positive", 9, 4, "face", 7
)  # fmt: skip


def drawing(number: int) -> bytes:
    """Entropy that draws exactly this one of 2^53."""
    return (number << 11).to_bytes(8, "big")


@settings(max_examples=30, deadline=None)
@given(epsilon=st.floats(LEAST, MOST))
def test_no_word_is_more_than_e_to_the_epsilon_likelier_than_another(epsilon: float) -> None:
    """Exactly, in whole numbers: keep / other <= e^epsilon, from an upper bound of e^epsilon as a fraction; and hardly less."""
    keep, other = label.chances(epsilon)
    assert keep + 7 * other == WHOLE
    terms = [Fraction(epsilon) ** n / math.factorial(n) for n in range(60)]
    odds = sum(terms)  # under the true value, by less than the next term
    assert Fraction(keep, other) <= odds
    assert float(Fraction(keep, other)) == pytest.approx(math.exp(epsilon), rel=1e-9)
    assert keep > other > 0


def test_each_draw_has_its_word() -> None:
    """All 2^53 draws, by their borders: the true word, then each of the other seven, equally often."""
    keep, other = label.chances(1.0)
    for word in EXPRESSIONS:
        said = {}
        for part in range(8):
            first = 0 if part == 0 else keep + (part - 1) * other
            last = (keep if part == 0 else first + other) - 1
            words = {
                label.randomized(replace(SEEN, expression=word), 1.0, lambda _n, d=d: drawing(d)).expression  # type: ignore[misc]
                for d in (first, last)
            }  # fmt: skip
            assert len(words) == 1
            said[part] = words.pop()
        assert said[0] == word
        assert sorted(said.values()) == sorted(EXPRESSIONS)


@settings(max_examples=30, deadline=None)
@given(
    one=st.sampled_from(EXPRESSIONS), state=st.sampled_from(STATES), polarity=st.sampled_from(POLARITIES),
    valence=st.integers(-15, 15), confidence=st.integers(0, 15), number=st.integers(0, WHOLE - 1),
)  # fmt: skip
def test_nothing_else_that_the_face_decided_is_left(  # noqa: PLR0917 - drawn
    one: str, state: str, polarity: str, valence: int, confidence: int, number: int
) -> None:
    """Two labels of one moment that differ in everything leave as the same but for the word."""
    other = replace(SEEN, expression=one, second=None, state=state, polarity=polarity, valence=valence, arousal=-valence, confidence=confidence)  # fmt: skip
    first = label.randomized(SEEN, 2.0, lambda _n: drawing(0))
    second = label.randomized(other, 2.0, lambda _n: drawing(number))
    assert replace(second, expression=first.expression) == first
    assert first.confidence == int(16 * math.exp(2) / (math.exp(2) + 7))


def test_what_a_person_declares_is_their_word() -> None:
    said = Label("sadness", 1_795_000_000, 15, source="declared")
    assert label.randomized(said, 0.1, lambda _n: drawing(WHOLE - 1)) == said


def test_the_estimate_is_unbiased_and_its_error_honest() -> None:
    """On expected counts it gives the truth; over 300 samples it is right on average and as far off as it says."""
    truth = np.array([0.3, 0.25, 0.05, 0.1, 0.05, 0.15, 0.1, 0.0])
    for epsilon in (0.5, 1.0, 3.0):
        keep, other = (part / WHOLE for part in label.chances(epsilon))
        arriving = other + (keep - other) * truth
        exact = {w: round(10**12 * p) for w, p in zip(EXPRESSIONS, arriving, strict=True)}
        found = label.estimate(exact, epsilon)
        assert [found[w].share for w in EXPRESSIONS] == pytest.approx(truth, abs=1e-9)
        rng, shares, errors = np.random.default_rng(4), [], []
        for _ in range(300):
            counts = rng.multinomial(5000, arriving).tolist()
            one = label.estimate(dict(zip(EXPRESSIONS, counts, strict=True)), epsilon)
            shares.append([one[w].share for w in EXPRESSIONS])
            errors.append([one[w].error for w in EXPRESSIONS])
        off = np.mean(shares, axis=0) - truth
        assert (np.abs(off) < 5 * np.mean(errors, axis=0) / math.sqrt(300)).all()
        assert np.std(shares, axis=0) == pytest.approx(np.mean(errors, axis=0), rel=0.2)


def test_real_draws_through_the_whole_way() -> None:
    """10,000 labels, two of three joy, randomized one by one: the estimate finds that."""
    rng, counts = np.random.default_rng(6), dict.fromkeys(EXPRESSIONS, 0)
    for number in range(10_000):
        word = "fear" if number % 3 == 0 else "joy"
        left = label.randomized(replace(SEEN, expression=word), 1.5, rng.bytes)
        counts[left.expression] += 1
    found = label.estimate(counts, 1.5)
    for word, share in (("joy", 2 / 3), ("fear", 1 / 3), ("anger", 0.0)):
        assert abs(found[word].share - share) < 4 * found[word].error


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 0.049, 10.1, math.nan, math.inf])
def test_an_epsilon_that_promises_nothing_is_refused(
    epsilon: float, server: FakeServer, tmp_path: Path
) -> None:
    with pytest.raises(RequestInvalid):
        label.randomized(SEEN, epsilon, bytes)
    with pytest.raises(RequestInvalid, match="local privacy"):
        server.client(tmp_path, local_privacy=epsilon)


@pytest.mark.parametrize("counts", [{}, {"joy": 0}, {"joy": -1, "fear": 5}, {"bliss": 3}])
def test_an_estimate_needs_counts(counts: dict[str, int]) -> None:
    with pytest.raises(RequestInvalid):
        label.estimate(counts, 1.0)


def test_a_client_with_local_privacy_sends_randomized_words_and_nothing_else(
    server: FakeServer, tmp_path: Path
) -> None:
    """The person sees what was read; what leaves is randomized, with the entropy of the client, and stripped."""
    real = np.random.default_rng(8)
    with server.client(tmp_path, local_privacy=0.05, entropy=real.bytes) as client:
        client.notice()
        client.consent(purposes=["adapt_service", "declare_mood"], claims=Claims(jurisdictions=("US-CA",), age_band="adult"))  # fmt: skip
        with client.session(film("joy", seconds=40)) as session:
            seen = [reading.label for reading in session if reading.label]
        client.declare("contempt")
        client.flush()
    assert {each.expression for each in seen} == {"joy"}
    assert any(each.valence for each in seen)
    left = [each for each in server.labels() if each.source == "face"]
    assert len(left) == len(seen) > 30
    assert len({each.expression for each in left}) >= 4
    assert {(e.second, e.state, e.polarity, e.valence, e.arousal, e.confidence) for e in left} == {(None, "none", "none", None, None, 2)}  # fmt: skip
    assert [e.expression for e in server.labels() if e.source == "declared"] == ["contempt"]


def test_without_it_labels_leave_as_they_were_seen(server: FakeServer, tmp_path: Path) -> None:
    with server.client(tmp_path) as client:
        client.notice()
        client.consent(purposes=["adapt_service"], claims=Claims(jurisdictions=("US-CA",), age_band="adult"))  # fmt: skip
        with client.session(film("joy", seconds=20)) as session:
            list(session)
        client.flush()
    assert {each.expression for each in server.labels()} == {"joy"}
    assert any(each.valence for each in server.labels())
