"""The claim of privacy attacked with canaries, and the same attack on code that is broken in three ways: the first must stand, the others must fall."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien_server.adapt.auditing import Audited, Plan, audit
from mien_server.adapt.release import STEPS, Adding
from mien_server.ports import Entropy


class Seeded:
    """Bytes that are the same each time."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def bytes(self, count: int) -> bytes:
        return self._rng.bytes(count)


class LessNoise(Adding):
    """A tenth of the noise."""

    def release(self, noise: float, expected: int, entropy: Entropy) -> NDArray[np.float64]:
        return super().release(noise / 10, expected, entropy)


class NoBound(Adding):
    """Takes updates of any length."""

    def add(self, update: ArrayLike) -> None:
        self._take(np.trunc(np.asarray(update) * (STEPS / self.clip)).astype(np.int64))


class Twice(Adding):
    """Counts every update double."""

    def add(self, update: ArrayLike) -> None:
        super().add(update)
        super().add(update)


BROKEN = {"a tenth of the noise": LessNoise, "no bound": NoBound, "counted twice": Twice}


@dataclass
class Audits:
    """What was found. `faults` is empty when the claim stood and every sabotage was caught."""

    canaries: int
    rounds: int
    noise: float
    claim: float = 0.0
    least: float = 0.0
    least_one_run: float = 0.0
    """By the bound for (epsilon, delta) alone."""
    broken: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def run(plan: Plan, seed: int, tell: Callable[[str], None] = print) -> Audits:
    """Audit the code as it is, then broken."""
    report = Audits(plan.canaries * plan.runs, plan.rounds, plan.noise)
    found = _audited(plan, seed, "as it is", Adding, tell)
    report.claim, report.least = round(found.claim, 4), round(found.least, 4)
    report.least_one_run = round(max(a.least_epsilon for a in found.attacks), 4)
    if not found.holds:
        report.faults.append(f"the claim is refuted: {asdict(found)}")
    if not found.attacks[0].least_epsilon_gaussian > 0.0:
        report.faults.append("the audit saw nothing at all: it would not see a fault either")
    for name, broken in BROKEN.items():
        found = _audited(plan, seed, name, broken, tell)
        report.broken[name] = round(found.least, 4)
        if found.holds:
            report.faults.append(f"not caught: {name}")
    return report


def _audited(
    plan: Plan, seed: int, name: str, adding: Callable[[float, int], Any], tell: Callable[[str], None]
) -> Audited:  # fmt: skip
    began = time.monotonic()
    found = audit(plan, Seeded(seed), adding)
    tell(f"{name}: claimed {found.claim:.3f}, surely over {found.least:.3f} ({time.monotonic() - began:.0f} s)")  # fmt: skip
    return found
