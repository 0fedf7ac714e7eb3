"""What adaptation to a person is worth, on rendered people never seen in training. `SEEDS=1,2,3,4` names groups of 50 people; constants were chosen on seed 101.

Needs a C compiler and the CC0 head data beside the project (`ASSETS=dir`) for people that are not in the cache under `var/model`: about four seconds a person
and core (`sdk/model/persons.py` says what they do and how their pictures are made).

Each person calibrates with eight pictures at rest. `corrections`: they correct what is read wrongly and agree with the rest, over at most 36 pictures; counted are
corrections (`came_to`: the share of people who had to make so many), measured on the last 24. `answers`, the harder count: they say of the first pictures what
they show, read rightly or wrongly, and each counts; measured on the last 40. `anew`: 25 people of the first seed of whom only the face stays the same from
picture to picture, counted as `answers`. `reads` is what a person gets, with the guard; `own` what it would be without. Intervals: 95 %, bootstrap over people.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien import adapt
from mien.infer import load_models, pin
from mien.values import EXPRESSIONS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sdk"))  # `sdk/model` is never installed

AFTER: Final = (5, 10, 20)
ANEW: Final = 25
MEASURED: Final = {"answers": 40, "corrections": 24}
COLUMNS: Final = ("base", "calibrated", *map(str, AFTER))
AIM_REMOVED: Final = 1 / 3
AIM_WORSE: Final = 0.05
DRAWS: Final = 2000
Numbers = NDArray[np.float64]
Course = dict[str, Numbers]
"""Accuracies of one person by what was before: `base`, `calibrated`, and after so many."""


def _base() -> adapt.Head:
    found = load_models().head
    assert found is not None
    return adapt.Head(found)


def _accuracy(head: adapt.Head, seen: NDArray[Any], shown: NDArray[np.int64]) -> float:
    return float((head.logits(seen).argmax(1) == shown).mean())


def course(
    protocol: str, rest: NDArray[Any], seen: NDArray[Any], shown: NDArray[np.int64]
) -> Course:
    """One person's way: (2,) accuracies, with the guard and without, at each stage; the verdict's head at the end."""
    measured = MEASURED[protocol]
    later = (seen[-measured:], shown[-measured:])
    known = adapt.Personal(pin.MODEL_ID, _base()).calibrated(rest)
    out = {"base": np.full(2, _accuracy(known.base, *later))}
    out["calibrated"] = _both(known, later)
    for embedding, word in zip(seen[:-measured], shown[:-measured], strict=True):
        if (done := _count(known, protocol)) in AFTER and str(done) not in out:
            out[str(done)] = _both(known, later)
        if done >= max(AFTER):
            break
        known = known.answered(embedding, EXPRESSIONS[word])
    for number in AFTER:  # who was read too well to correct so much: as far as they came
        out.setdefault(str(number), _both(known, later))
    out["came"] = np.array([_count(known, protocol), 0.0])
    return out


def _count(known: adapt.Personal, protocol: str) -> int:
    return known.corrected + (known.agreed if protocol == "answers" else 0)


def _both(known: adapt.Personal, later: tuple[NDArray[Any], NDArray[np.int64]]) -> Numbers:
    return np.array([_accuracy(known.reads, *later), _accuracy(known.heads["own"], *later)])


def _courses(job: tuple[str, str, int]) -> list[Course]:
    from model import persons  # type: ignore[import-not-found]  # not installed

    protocol, kind, seed = job
    group = persons.load(kind, seed, count=_count_of(kind))
    return [
        course(protocol, *person)
        for person in zip(group.rest, group.embedding, group.label, strict=True)
    ]


def _count_of(kind: str) -> int:
    from model import persons

    return ANEW if kind == "anew" else int(persons.GROUP)


def _interval(statistic: Callable[[NDArray[np.int64]], float], people: int) -> list[float]:
    rng = np.random.default_rng(0)
    values = [statistic(rng.integers(0, people, people)) for _ in range(DRAWS)]
    return [round(float(q), 4) for q in np.quantile(values, (0.025, 0.975))]


def summary(people: list[Course], which: int) -> dict[str, Any]:
    """Figures with intervals at each stage; `which` 0 with the guard, 1 without."""
    base = np.array([one["base"][0] for one in people])
    found: dict[str, Any] = {"base_accuracy": _told(partial(_mean, base), len(people))}
    for stage in ("calibrated", *map(str, AFTER)):
        after = np.array([one[stage][which] for one in people])
        found[stage] = {
            "accuracy": _told(partial(_mean, after), len(people)),
            "errors_removed": _told(partial(_removed, base, after), len(people)),
            "people_worse": _told(partial(_mean, after < base - 1e-9), len(people)),
            "people_better": round(_mean(after > base + 1e-9, np.arange(len(people))), 4),
        }
    return found


def _mean(values: NDArray[Any], keys: NDArray[np.int64]) -> float:
    return float(values[keys].mean())


def _removed(base: Numbers, after: Numbers, keys: NDArray[np.int64]) -> float:
    return float(1 - (1 - after[keys].mean()) / (1 - base[keys].mean()))


def _told(statistic: Callable[[NDArray[np.int64]], float], people: int) -> dict[str, Any]:
    value = round(statistic(np.arange(people)), 4)
    return {"value": value, "interval": _interval(statistic, people)}


def _times() -> Mapping[str, float]:
    """Milliseconds: a step of learning at 20 answers, one answer learned at 10 and at all that are kept, one reading."""
    rng = np.random.default_rng(1)
    known = adapt.Personal(pin.MODEL_ID, _base())
    seen = np.abs(rng.normal(size=(adapt.ANSWERS, adapt.EMBEDDING)))
    words = [EXPRESSIONS[int(k)] for k in rng.integers(0, 8, adapt.ANSWERS)]
    spent = {}
    for number, (embedding, word) in enumerate(zip(seen, words, strict=True), 1):
        before = known
        known = known.answered(embedding, word)
        if number in {10, 20, adapt.ANSWERS}:
            spent[number] = _milliseconds(partial(before.answered, embedding, word))
    return {
        "step_ms_at_20": round(spent[20] / 40, 4),
        **{f"answer_ms_at_{number}": round(ms, 3) for number, ms in spent.items()},
        "reading_ms": round(_milliseconds(partial(known.reads.probabilities, seen[0])), 4),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(30):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1e3


def run() -> dict[str, object]:
    """The same numbers for the same seeds, but for the times."""
    seeds = [int(each) for each in os.environ.get("SEEDS", "1,2,3,4").split(",")]
    jobs = [("answers", "own", seed) for seed in seeds]
    jobs += [("corrections", "own", seed) for seed in seeds] + [("answers", "anew", seeds[0])]
    for _, kind, seed in dict.fromkeys((("", kind, seed) for _, kind, seed in jobs)):
        _rendered(kind, seed)
    with ProcessPoolExecutor(2) as pool:
        groups = list(pool.map(_courses, jobs))
    answers = [one for job, group in zip(jobs, groups, strict=True) if job[:2] == ("answers", "own") for one in group]  # fmt: skip
    corrections = [one for job, group in zip(jobs, groups, strict=True) if job[0] == "corrections" for one in group]  # fmt: skip
    corrected, answered = summary(corrections, 0), summary(answers, 0)
    return {
        "bench": "adapt",
        "seeds": seeds,
        "people": len(answers),
        "base_accuracy": corrected["base_accuracy"]["value"],
        **_headline(corrected),
        "counted_as_answers": _headline(answered),
        "aims": {"errors_removed_after_10": round(AIM_REMOVED, 4), "people_worse_after_10": AIM_WORSE},
        "corrections": {
            "reads": corrected,
            "own": summary(corrections, 1),
            "came_to": {str(n): round(float(np.mean([one["came"][0] >= n for one in corrections])), 3) for n in AFTER},
        },
        "answers": {"reads": answered, "own": summary(answers, 1)},
        "anew": {"people": len(groups[-1]), "reads": summary(groups[-1], 0), "own": summary(groups[-1], 1)},
        "times": _times(),
        "by_person": {
            "columns": list(COLUMNS),
            "corrections": _rows(corrections),
            "answers": _rows(answers),
        },
    }  # fmt: skip


def _headline(figures: dict[str, Any]) -> dict[str, Any]:
    """The two figures that have an aim, and whether it is met."""
    removed, worse = (figures["10"][name]["value"] for name in ("errors_removed", "people_worse"))
    return {
        "errors_removed_after_10": removed,
        "people_worse_after_10": worse,
        "met": {"errors_removed": removed >= AIM_REMOVED, "people_worse": worse < AIM_WORSE},
    }


def _rows(people: list[Course]) -> list[list[float]]:
    return [[round(float(one[stage][0]), 3) for stage in COLUMNS] for one in people]


def _rendered(kind: str, seed: int) -> None:
    """See to it that the people are in the cache, in this process: the pool of renderers is one of its own."""
    from model import persons

    persons.load(kind, seed, count=_count_of(kind))
