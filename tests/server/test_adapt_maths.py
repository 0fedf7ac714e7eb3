"""What a round tells of one person, and how it is released: held to dp-accounting, to the mathematics of the noise and to Opacus."""

import contextlib
import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.soak.privacy import Seeded

from mien_server import adapt
from mien_server.adapt import accounting
from mien_server.adapt.noise import Draws
from mien_server.adapt.release import NUMBERS, STEPS, Adding, on_grid
from mien_server.values import Participation, Terms

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/adapt_accounting.json").read_text())
DELTA = 1e-6
WEEK = 7 * 86_400


# ---- accounting ----
@pytest.mark.parametrize("row", VECTORS["vectors"], ids=[r["name"] for r in VECTORS["vectors"]])
def test_the_ledger_is_dp_accountings(row: dict[str, Any]) -> None:
    """Between dp-accounting's two roundings, equal to what its accountant says, and never over Renyi's."""
    noises = row["noises"] if len(row["noises"]) > 1 else row["noises"] * row["rounds"]
    ours = accounting.epsilon_of(accounting.mu_of(noises), row["delta"])
    assert row["pld_optimistic"] <= ours <= row["pld"] + 1e-9
    assert ours == pytest.approx(row["pld"], rel=3e-6)
    assert row["pld"] <= row["rdp"]
    if len(row["noises"]) == 1:
        assert accounting.epsilon(row["rounds"], noises[0], row["delta"]) == pytest.approx(ours)


def test_the_table_that_people_are_shown() -> None:
    table = {
        z: [round(accounting.epsilon(k, z, DELTA), 2) for k in (1, 4, 12)] for z in (4.0, 6.0, 8.0)
    }
    assert table == {4.0: [1.06, 2.25, 4.15], 6.0: [0.69, 1.45, 2.64], 8.0: [0.50, 1.06, 1.93]}
    assert round(accounting.epsilon(12, 6.0, DELTA), 3) == 2.641


def test_a_live_dp_accounting_says_the_same() -> None:
    pld = pytest.importorskip("dp_accounting.pld.pld_privacy_accountant", reason="NOT HERE: dp-accounting, a peer that is no part of the project")  # fmt: skip
    event = pytest.importorskip("dp_accounting.dp_event", reason="NOT HERE: dp-accounting")
    accountant = pld.PLDAccountant()
    accountant.compose(event.GaussianDpEvent(6.0), 7)
    assert accountant.get_epsilon(DELTA) == pytest.approx(
        accounting.epsilon(7, 6.0, DELTA), rel=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(
    rounds=st.integers(1, 500),
    noise=st.floats(0.3, 60.0),
    delta=st.sampled_from((1e-3, 1e-6, 1e-9)),
)
def test_spent_is_never_understated(rounds: int, noise: float, delta: float) -> None:
    """What is stated has at most that delta; a hair less has more. More rounds spend more, more noise less."""
    spent = accounting.epsilon(rounds, noise, delta)
    mu = math.sqrt(rounds) / noise
    assert accounting.delta_of(mu, spent) <= delta
    if spent > 0:
        assert accounting.delta_of(mu, spent * (1 - 1e-6)) > delta
    assert accounting.epsilon(rounds + 1, noise, delta) >= spent >= accounting.epsilon(rounds, 2 * noise, delta)  # fmt: skip


TERMS = Terms(1_000_000, 6000, 1_000_000, 6_000_000, 366, 1, 1, 1)
"""Nothing but the cap refuses anybody on these."""


def taken(times: int) -> list[Participation]:
    """One round a week, all at the noise of `TERMS`."""
    return [Participation("s", "p", f"r{k}", k * WEEK, 6000, 1_000_000, 0) for k in range(times)]


def test_the_round_that_would_pass_the_cap_is_the_first_refused() -> None:
    """What the door of a round asks: the 51st is let in, the 52nd is not, nor one whose own noise is so small."""
    assert adapt.may_join(taken(50), TERMS, 50 * WEEK)
    assert not adapt.may_join(taken(51), TERMS, 51 * WEEK)
    assert adapt.may_join(taken(51), replace(TERMS, noise_thousandths=60_000), 51 * WEEK)
    assert not adapt.may_join(taken(50), replace(TERMS, noise_thousandths=2000), 50 * WEEK)
    assert adapt.spent(taken(51), 1_000_000) <= TERMS.cap_millionths < adapt.after(taken(51), TERMS)
    assert adapt.after(taken(50), TERMS) == adapt.spent(taken(51), 1_000_000)


def test_no_more_rounds_in_a_year_than_were_promised() -> None:
    """The number of a year counts those of the last 365 days, the cap all of them."""
    terms, year = replace(TERMS, per_year=12), 365 * 86_400
    assert adapt.may_join(taken(11), terms, 11 * WEEK)
    assert not adapt.may_join(taken(12), terms, year - 1)
    assert adapt.may_join(taken(12), terms, year)


@pytest.mark.parametrize(
    ("rounds", "noise", "delta"),
    [(-1, 6.0, DELTA), (1, 0.0, DELTA), (1, 0.0999, DELTA), (1, math.nan, DELTA), (1, math.inf, DELTA), (1, 6.0, 0.0), (1, 6.0, 1.0), (1, 6.0, math.nan), (10**7, 6.0, DELTA)],
)  # fmt: skip
def test_nonsense_is_refused_not_calculated(rounds: int, noise: float, delta: float) -> None:
    with pytest.raises(ValueError):
        accounting.epsilon(rounds, noise, delta)


def test_far_out_the_curve_still_rounds_up() -> None:
    """Where a tail is under what floats hold, the bound takes its place: more than before, never less."""
    near, far = accounting.epsilon_of(24.0, DELTA), accounting.epsilon_of(60.0, DELTA)
    assert near == pytest.approx(24.0**2 / 2 + 24.0 * 4.7534, rel=0.01)
    assert far == pytest.approx(60.0**2 / 2 + 60.0 * 4.7534, rel=0.01)
    assert accounting.epsilon_of(0.0, DELTA) == 0.0


# ---- noise ----
def test_the_noise_is_a_discrete_gaussian() -> None:
    """Frequencies of 20,000 draws against the probabilities themselves (chi-square, far beyond chance)."""
    variance, count = Fraction(9, 2), 20_000
    drawn = np.array(Draws(Seeded(7)).gaussians(variance, count))
    numbers = np.arange(-12, 13)
    weights = np.exp(-(numbers**2) / (2 * float(variance)))
    expected = count * weights / weights.sum()
    seen = np.array([(drawn == n).sum() for n in numbers])
    usual = expected > 5
    off = ((seen - expected)[usual] ** 2 / expected[usual]).sum()
    assert off < usual.sum() + 6 * math.sqrt(2 * usual.sum())
    assert seen[~usual].sum() < 30


def test_wide_noise_has_its_width() -> None:
    variance = Fraction(6 * STEPS) ** 2
    drawn = np.array(Draws(Seeded(8)).gaussians(variance, 4_000), float) / (6 * STEPS)
    assert drawn.std() == pytest.approx(1.0, abs=0.04)
    assert drawn.mean() == pytest.approx(0.0, abs=0.05)
    assert (drawn**4).mean() == pytest.approx(3.0, abs=0.5)


def test_every_number_below_a_bound_is_as_likely() -> None:
    draws = Draws(Seeded(9))
    counts = np.bincount([draws.below(5) for _ in range(5_000)], minlength=5)
    assert counts.min() > 880
    assert counts.max() < 1120
    assert draws.below(1) == 0
    with pytest.raises(ValueError, match="variance"):
        draws.gaussians(Fraction(0), 1)


# ---- release ----
def updates_of(count: int, seed: int = 1, clip: float = 0.5) -> np.ndarray:
    raw = np.random.default_rng(seed).normal(size=(count, NUMBERS))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return np.asarray(unit * clip * 0.999, np.float32)


def test_a_release_is_the_mean_over_the_fixed_batch_and_its_noise() -> None:
    updates = updates_of(40)
    drawn = Draws(Seeded(3)).gaussians((Fraction(6.0) * STEPS) ** 2, NUMBERS)
    noise = np.array(drawn, float) * 0.5 / STEPS / 50
    adding = Adding(0.5)
    for update in updates:
        adding.add(update)
    released = adding.release(6.0, 50, Seeded(3))
    mean = updates.astype(np.float64).sum(axis=0) / 50
    assert np.abs(released - noise - mean).max() < 40 * 0.5 / STEPS / 50
    assert released.std() == pytest.approx(6.0 * 0.5 / 50, rel=0.1)


def test_each_release_draws_anew() -> None:
    adding = Adding(0.5)
    adding.add(updates_of(1)[0])
    entropy = Seeded(4)
    assert not np.array_equal(adding.release(6.0, 1, entropy), adding.release(6.0, 1, entropy))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), clip=st.floats(1e-3, 1e3), length=st.sampled_from((0.0, 0.5, 0.9999999, 1.0))
)  # fmt: skip
def test_no_update_counts_for_more_than_the_bound(seed: int, clip: float, length: float) -> None:
    """The sensitivity is the bound itself, in whole numbers, whatever rounding did before."""
    raw = np.random.default_rng(seed).normal(size=NUMBERS)
    update = raw / np.linalg.norm(raw) * clip * length
    if length == 1.0:  # rounded outwards or inwards: either refused, or no longer than the bound
        with contextlib.suppress(adapt.UpdateRefused):
            assert sum(int(s) ** 2 for s in on_grid(update, clip)) <= STEPS**2
        return
    steps = on_grid(update, clip)
    assert sum(int(s) ** 2 for s in steps) <= STEPS**2
    assert np.abs(steps * (clip / STEPS) - update).max() <= clip / STEPS * (1 + 1e-6)
    assert (np.abs(steps) <= np.abs(update) * (STEPS / clip) * (1 + 1e-12)).all()  # towards zero


@pytest.mark.parametrize(
    ("reason", "update"),
    [
        ("number", np.full(NUMBERS, math.nan)),
        ("number", np.r_[np.zeros(NUMBERS - 1), math.inf]),
        ("shape", np.zeros(NUMBERS - 1)),
        ("shape", np.zeros((1, NUMBERS))),
        ("shape", np.zeros(NUMBERS, np.int64)),
        ("shape", np.zeros(NUMBERS, np.complex128)),
        ("shape", np.zeros(NUMBERS, np.float16)),
        ("norm", np.r_[np.zeros(NUMBERS - 1), np.nextafter(0.5, 1) + 1e-7]),
        ("norm", np.full(NUMBERS, 0.5 / math.sqrt(NUMBERS) * 1.0001)),
        ("norm", np.full(NUMBERS, 1e300)),
        ("norm", np.full(NUMBERS, np.finfo(np.float64).max)),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_counts_nothing(
    reason: str, update: np.ndarray
) -> None:
    adding = Adding(0.5)
    adding.add(updates_of(1)[0])
    before = adding.total()
    with pytest.raises(adapt.UpdateRefused) as caught:
        adding.add(update)
    assert caught.value.reason == reason
    assert np.array_equal(adding.total(), before)
    assert adding.count == 1


@pytest.mark.parametrize(("clip", "noise", "expected"), [(0.0, 6.0, 1), (math.nan, 6.0, 1), (1.0, 0.0, 1), (1.0, 0.0999, 1), (1.0, math.inf, 1), (1.0, 6.0, 0)])  # fmt: skip
def test_no_release_without_a_bound_noise_and_batch(
    clip: float, noise: float, expected: int
) -> None:
    with pytest.raises(ValueError):
        Adding(clip).release(noise, expected, Seeded(1))


def test_a_sum_takes_no_more_updates_than_a_round_may_have() -> None:
    adding, update = Adding(0.5, 1), np.zeros(1)
    for _ in range(10_000):
        adding.add(update)
    with pytest.raises(ValueError, match="at most 10000"):
        adding.add(update)
    assert adding.count == 10_000


def test_opacus_adds_the_same_to_the_bit() -> None:
    pytest.importorskip("opacus", reason="NOT HERE: torch and opacus, which the extra `adapt` brings (over 1 GB)")  # fmt: skip
    from mien_server.adapt.by_opacus import OpacusAdding

    ours, theirs = Adding(0.5), OpacusAdding(0.5)
    updates = updates_of(150)
    for update in updates:
        ours.add(update)
        theirs.add(update)
    assert np.array_equal(ours.total(), theirs.total())
    mean = theirs.total() * (0.5 / STEPS) / 150
    assert np.abs(mean - updates.astype(np.float64).mean(axis=0)).max() < 1e-7
