"""The audit of the privacy claim: its bounds are valid and sharp, the claim stands, and every sabotage is caught."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from tests.soak.privacy import BROKEN, Seeded, run
from typer.testing import CliRunner

from mien.cli import app
from mien_server.adapt.auditing import Plan, audit
from mien_server.adapt.one_run import least_epsilon, least_mu, p_value

SMALL = Plan(canaries=776, runs=4, rounds=1, noise=6 / math.sqrt(12), guessed=0.1)
"""What twelve rounds at noise 6 tell, in one: as much is claimed, and found, in a twelfth of the time."""


# ---- the bounds ----
@pytest.mark.parametrize(
    ("canaries", "guesses", "right", "odds", "delta"),
    [(10, 6, 5, 3, "0"), (12, 12, 12, 1, "1/1000"), (9, 7, 4, 2, "1/50"), (20, 5, 0, 4, "1/100")],
)
def test_the_chance_is_that_of_the_theorem(
    canaries: int, guesses: int, right: int, odds: int, delta: str
) -> None:
    """Counted out in fractions: exp(epsilon) is a whole number of odds."""
    chance = Fraction(odds, odds + 1)
    exact = [math.comb(guesses, k) * chance**k * (1 - chance) ** (guesses - k) for k in range(guesses + 1)]  # fmt: skip
    least = sum(exact[right:])
    steepest = max(sum(exact[max(0, right - i) : right]) / i for i in range(1, canaries + 1))
    expected = min(1, least + 2 * canaries * Fraction(delta) * steepest)
    assert p_value(canaries, guesses, right, math.log(odds), float(Fraction(delta))) == pytest.approx(float(expected), abs=1e-12)  # fmt: skip


def test_all_right_bounds_epsilon_as_far_as_the_number_of_guesses_goes() -> None:
    for guesses in (10, 100, 1000):
        chance = 0.05 ** (1 / guesses)
        bound = least_epsilon(guesses, guesses, guesses, 0.0, 0.05)
        assert bound == pytest.approx(math.log(chance / (1 - chance)), abs=1e-9)
    assert least_epsilon(100, 100, 50, 0.0, 0.05) == 0.0
    assert least_mu(100, 100, 50, 0.05) == 0.0
    assert least_epsilon(400, 100, 100, 1e-3, 0.05) < least_epsilon(400, 100, 100, 0.0, 0.05)


@pytest.mark.parametrize("mu", [0.3, 1.0, 3.0])
def test_the_bounds_are_valid_and_not_empty(mu: float) -> None:
    """Of 400 audits of a real Gaussian at most one in twenty refutes the truth; and much of it is found."""
    rng, rights = np.random.default_rng(11), []
    for _ in range(400):
        inside = rng.random(1000) < 0.5
        order = np.argsort(mu * inside + rng.normal(size=1000))
        rights.append(int(inside[order[-50:]].sum() + (~inside[order[:50]]).sum()))
    bounds = {right: least_mu(1000, 100, right, 0.05) for right in set(rights)}
    assert sum(bounds[right] > mu for right in rights) <= 20
    assert np.median([bounds[right] for right in rights]) > 0.3 * mu
    assert [bounds[right] for right in sorted(bounds)] == sorted(bounds.values())


@pytest.mark.parametrize(("canaries", "guesses", "right", "doubt"), [(4, 5, 5, 0.1), (5, 4, 5, 0.1), (5, 0, 0, 0.1), (5, 4, -1, 0.1), (5, 4, 4, 0.0), (5, 4, 4, 1.0)])  # fmt: skip
def test_impossible_counts_are_refused(
    canaries: int, guesses: int, right: int, doubt: float
) -> None:
    with pytest.raises(ValueError):
        least_mu(canaries, guesses, right, doubt)
    with pytest.raises(ValueError):
        least_epsilon(canaries, guesses, right, 0.0, doubt)


# ---- the claim ----
def test_the_claim_stands_and_every_sabotage_is_caught() -> None:
    """What `make soak` does with ten thousand canaries."""
    report = run(SMALL, 20261127, lambda _line: None)
    assert report.faults == []
    assert report.claim == 2.6411
    assert 0.5 < report.least < report.claim
    assert set(report.broken) == set(BROKEN)
    assert min(report.broken.values()) > report.claim


def test_what_is_too_long_gives_nothing_away_because_it_never_counts() -> None:
    found = audit(Plan(canaries=200, rounds=2), Seeded(5))
    allowed, oversized = found.attacks
    assert allowed.refused == 0
    assert oversized.refused == 2 * round(oversized.refused / 2) > 100
    assert oversized.least_epsilon == oversized.least_epsilon_gaussian == 0.0


@pytest.mark.parametrize("change", [{"canaries": 0}, {"canaries": 777}, {"runs": 0}, {"rounds": 0}, {"noise": 0.0}, {"noise": math.nan}, {"delta": 0.0}, {"guessed": 0.0}, {"confidence": 1.0}])  # fmt: skip
def test_a_plan_that_proves_nothing_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Plan(**change)  # type: ignore[arg-type]


# ---- the command ----
def test_the_command_says_whether_the_claim_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    small = ["adapt", "audit", "--canaries", "300", "--rounds", "1"]
    good = CliRunner().invoke(app, [*small, "--json"])
    assert good.exit_code == 0
    answer = json.loads(good.output)
    assert answer["holds"] is True
    assert answer["claim_epsilon"] == pytest.approx(0.685782)
    assert [each["attack"] for each in answer["attacks"]] == ["as long as allowed", "ten times as long"]  # fmt: skip
    monkeypatch.setattr("mien_server.adapt.auditing.audit.__defaults__", (BROKEN["a tenth of the noise"],))  # fmt: skip
    bad = CliRunner().invoke(app, small)
    assert bad.exit_code == 1
    assert "is refuted" in bad.output


def test_an_audit_too_small_to_guess_is_refused_in_words() -> None:
    result = CliRunner().invoke(app, ["adapt", "audit", "--canaries", "1"])
    assert (result.exit_code, "--canaries" in result.output) == (2, True)
