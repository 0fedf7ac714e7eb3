"""`mien lessons evaluate`: how well skill mean, Elo and the logistic model predict the answers in a folder of logs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mien_server.cli.shown import filled, progress
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.cli.lessons.datasets import Dataset
    from mien_server.personalize.lessons.evaluate import Measured, Progress
    from mien_server.personalize.lessons.logs import Learner


def evaluate(
    data: Annotated[Path, typer.Argument(help="Folder of answer logs: rows of learner, skill, correct, or the three-line format.")],
    seed: Annotated[int, typer.Option(help="Of every split of learners.", min=0)] = 1,
) -> None:  # fmt: skip
    """Print the area under the ROC curve of skill mean, Elo and the logistic model on each set of logs: a table and one line of JSON."""
    with told():
        from mien_server.cli.lessons.datasets import find
        from mien_server.personalize.lessons.evaluate import STAGES

        sets = find(data)
        done = 0
        with progress("fitted") as advance:

            def one() -> None:
                nonlocal done
                done += 1
                advance(done, len(sets) * STAGES)

            results = [(each.name, *_measured(each, seed, one)) for each in sets]
        _show(results)


def _measured(each: "Dataset", seed: int, progress: "Progress") -> tuple["Measured", int]:
    """What was measured on one set, and how many rows had no skill."""
    from mien_server.personalize.lessons.evaluate import measure, split

    train, without = _read(each.train)
    if each.test:
        test, more = _read(each.test)
        without += more
    else:
        train, test = split(train, seed)
    return measure(train, test, seed=seed, progress=progress), without


def _read(paths: tuple[Path, ...]) -> tuple[list["Learner"], int]:
    from mien.errors import RequestInvalid
    from mien_server.personalize.lessons import logs

    learners: list[Learner] = []
    without = 0
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            msg = f"`{path}` cannot be read: {(error.strerror or 'unreadable').lower()}; check its permissions"
            raise RequestInvalid(msg) from None
        log = logs.read(text, path.name)
        learners += log.learners
        without += log.without_skill
    return learners, without


def _show(results: list[tuple[str, "Measured", int]]) -> None:
    columns = ("set", "learners", "test answers", "skills", "skill mean", "Elo", "logistic")
    rows = (
        (
            name, f"{found.train_learners} + {found.test_learners}", f"{found.test_answers}", f"{found.skills}",
            *(f"{area:.4f}" for area in (found.skill_mean, found.elo, found.logistic)),
        )
        for name, found, _without in results
    )  # fmt: skip
    Console().print(filled("Area under the ROC curve, on learners not fitted on", columns, rows))
    print(json.dumps({"sets": [_doc(*each) for each in results]}))


def _doc(name: str, found: "Measured", without: int) -> dict[str, Any]:
    return {
        "set": name, "auc_skill_mean": round(found.skill_mean, 6), "auc_elo": round(found.elo, 6),
        "auc_logistic": round(found.logistic, 6), "train_learners": found.train_learners, "test_learners": found.test_learners,
        "test_answers": found.test_answers, "skills": found.skills, "rows_without_skill": without,
        "elo_first": found.step.first, "elo_slowing": found.step.slowing, "decay": found.decay,
    }  # fmt: skip
