"""A classroom in one terminal: pupils, a student, a teacher, two real servers on loopback. `make sample NAME=classroom`.

Needs no network and ends by itself, with status 1 when something did not hold. What it writes is under `var/classroom`.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from learners import Learner, at_school, with_a_camera
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from mien.cli.demo.screen import Screen
from mien.cli.demo.stage import SITE, Stage
from mien.errors import ConsentRefused
from mien.values import Lesson

HERE = Path(__file__).resolve().parent
LESSONS = HERE / "lessons.json"
FOLDER = Path("var/classroom")
CLASS = 10
EACH = 3
"""Lessons that each of the class takes."""
PATIENCE = 60.0
"""Seconds that the teacher waits for what was learned to be made anew."""


def main() -> int:
    """Play it. 0 when all held."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, mode=0o700)
    screen = Screen(Console())
    hard = {each["id"]: each["difficulty"] for each in json.loads(LESSONS.read_text())["lessons"]}
    with school("EU-DE") as stage:
        emma = in_the_eu(screen, stage, hard)
        whole_class(screen, stage, hard, emma)
    with school("US") as stage:
        in_the_us(screen, stage, hard)
    return 0 if screen.summary() else 1


def school(place: str) -> Stage:
    """A server with one site of education, and its lessons."""
    claims = {"sector": "education", "role": "student", "jurisdiction": place}
    folder = FOLDER.resolve() / f"server-{place}"
    return Taught(
        folder, HERE.parent / "catalogue/demo.json", claims, {"MIEN_REBUILD_SECONDS": "1"}
    )


class Taught(Stage):
    """A stage whose site has lessons before it opens."""

    def _prepare(self) -> None:
        super()._prepare()
        self.mien("site", "lessons", SITE, str(LESSONS))


def in_the_eu(screen: Screen, stage: Stage, hard: dict[str, float]) -> Learner:
    """No face is read; the person's own word and their answers take over."""
    screen.scene("A school in Germany: Emma is asked whether her face may be read for her lessons")
    refused: tuple[str, ...] = ()
    watched = with_a_camera(stage, FOLDER / "emma-camera", "Emma", "EU-DE", hard)
    try:
        watched.agrees("adapt_lessons")
    except ConsentRefused as error:
        refused = tuple(error.laws)
        screen.note(f"refused: {', '.join(refused)}")
    check(screen, "even a yes is refused, with the article", "AI Act 5(1)(f)" in refused)
    watched.client.close()

    screen.scene("Emma says herself how she feels, and her answers choose her lessons")
    emma = at_school(stage, FOLDER / "emma", "Emma", 0.0, hard)
    emma.agrees("declare_mood")
    done = emma.works(EACH)
    for lesson, right in done:
        shown(screen, "Emma", lesson, right=right)
    last = done[-1][0]
    check(screen, "answers are used, no feeling is", last.used_answers and not last.used_emotion)
    check(screen, "and the law is named to her, and to nobody else", "AI Act 5(1)(f)" in last.refused, ", ".join(last.refused))  # fmt: skip
    emma.client.declare("sadness")
    after = emma.client.next_lesson()
    shown(screen, "Emma", after)
    check(screen, "her own word makes the next one easier", after.used_emotion and after.target > last.target, f"aimed at {after.target} of 100 instead of {last.target}")  # fmt: skip
    return emma


def whole_class(screen: Screen, stage: Stage, hard: dict[str, float], emma: Learner) -> None:
    """The teacher's view: from ten people on, and not below."""
    screen.scene("The teacher looks, before and after the class has worked")
    none = group(stage)
    check(screen, "of one pupil nothing is shown", none["skills"] == [], "skills: none")
    for number in range(CLASS - 1):
        pupil = at_school(stage, FOLDER / f"pupil-{number}", f"Pupil {number}", -1.5 + number / 3, hard)  # fmt: skip
        pupil.agrees("declare_mood")
        pupil.works(EACH)
        pupil.client.close()
    seen = wait(stage, some=True)
    screen.console.print(view(seen))
    check(screen, "of ten there is a view by skill", bool(seen["skills"]))
    text = json.dumps(seen)
    check(screen, "with nobody in it, and no feeling", not any(word in text for word in ("sub_", "sadness", "Emma")))  # fmt: skip

    screen.scene("Emma takes her yes back")
    emma.client.withdraw()
    after = wait(stage, some=False)
    check(screen, "what was learned is made anew from the nine who remain: too few to be shown", after["skills"] == [])  # fmt: skip
    lesson = emma.client.next_lesson()
    check(screen, "and she still gets lessons, as anybody does", not lesson.used_answers, lesson.title)  # fmt: skip
    emma.client.close()


def in_the_us(screen: Screen, stage: Stage, hard: dict[str, float]) -> None:
    """Where it is lawful for an adult who agreed."""
    screen.scene("A college in the United States: Noah, an adult, agrees to lessons that notice")
    noah = with_a_camera(stage, FOLDER / "noah", "Noah", "US", hard)
    noah.agrees("adapt_lessons")
    before = noah.client.next_lesson()
    shown(screen, "Noah", before)
    states = noah.is_read()
    screen.note(f"read on Noah's device: {len(states)} labels, the last says {states[-1]}")
    after = noah.client.next_lesson()
    shown(screen, "Noah", after)
    check(screen, "confusion makes the next one easier", after.used_emotion and hard[after.item] < hard[before.item], f"{before.target} -> {after.target} of 100")  # fmt: skip
    check(screen, "slower, and no law refused it", after.pace == "slower" and not after.refused)
    noah.client.close()


def group(stage: Stage) -> dict[str, Any]:
    """What the school's backend is told."""
    headers = {"Authorization": f"Bearer {stage.secret}"}
    answer = httpx.get(f"{stage.url}/v1/lessons/group", headers=headers)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def wait(stage: Stage, *, some: bool) -> dict[str, Any]:
    """The view, as soon as it has some skills, or none any more."""
    deadline = time.monotonic() + PATIENCE
    while bool((found := group(stage))["skills"]) is not some and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def view(seen: dict[str, Any]) -> Table:
    """The teacher's terminal."""
    table = Table(title="the teacher's terminal", padding=(0, 1), header_style="bold")
    for name in ("skill", "people, at least", "right of 100", "difficulty"):
        table.add_column(name)
    for each in seen["skills"]:
        table.add_row(each["skill"], str(each["people"]), str(each["success"]), f"{each['difficulty'] / 10:+.1f}")  # fmt: skip
    return table


def shown(screen: Screen, name: str, lesson: Lesson, *, right: bool | None = None) -> None:
    """The learner's own screen."""
    outcome = "" if right is None else f"\n{name} gets it {'right' if right else 'wrong'}."
    words = f"{lesson.title}\n\nWhy this one: {lesson.why}{outcome}"
    screen.console.print(Panel(words, title=f"{name}'s screen", width=100), highlight=False, markup=False)  # fmt: skip


def check(screen: Screen, what: str, held: bool, evidence: str = "") -> None:
    """One thing that must hold."""
    (screen.held if held else screen.failed)(what, evidence)


if __name__ == "__main__":
    sys.exit(main())
