"""A classroom in one terminal: pupils, a student, a teacher, a real server on loopback. `make sample NAME=classroom`; with `--page`, in your browser.

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
from in_a_browser import serve
from learners import Learner, School, at_school, with_a_camera
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
"""Lessons that Emma takes; the others take one each."""
PATIENCE = 60.0
"""Seconds that the teacher waits for what was learned to be made anew."""


def main() -> int:
    """Play it. 0 when all held."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, mode=0o700)
    screen = Screen(Console())
    claims = {"sector": "education", "role": "student", "jurisdiction": "EU-DE"}
    offers = HERE.parent / "catalogue/demo.json"
    with Stage(FOLDER.resolve() / "server", offers, claims, {"MIEN_REBUILD_SECONDS": "1"}) as stage:
        school = teaching(stage, SITE, "EU-DE", stage.publishable, stage.secret)
        emma = in_the_eu(screen, school)
        without_a_yes(screen, school)
        whole_class(screen, school, emma)
        in_the_us(screen, college(stage))
    return 0 if screen.summary() else 1


def teaching(stage: Stage, site: str, place: str, publishable: str, secret: str) -> School:
    """A site of the server, with its lessons."""
    stage.mien("site", "lessons", site, str(LESSONS))
    lessons = json.loads(LESSONS.read_text())["lessons"]
    hard = {each["id"]: each["difficulty"] for each in lessons}
    return School(stage.url, stage.trust, site, place, publishable, secret, hard)


def college(stage: Stage) -> School:
    """A second site of the same server, in another country."""
    added = json.loads(stage.mien(
        "site", "add", "college", "--sector", "education", "--role", "student", "--jurisdiction", "US", "--impact-assessment",
        "--controller", "A College (a pretend one)", "--contact", "privacy@college.example", "--json",
    ))  # fmt: skip
    return teaching(stage, "college", "US", added["publishable_key"], added["secret_key"])


def in_the_eu(screen: Screen, school: School) -> Learner:
    """No face is read; the person's own word and their answers take over."""
    screen.scene("A school in Germany: Emma is asked whether her face may be read for her lessons")
    refused: tuple[str, ...] = ()
    watched = with_a_camera(school, FOLDER / "emma-camera", "Emma")
    try:
        watched.agrees("adapt_lessons")
    except ConsentRefused as error:
        refused = tuple(error.laws)
        screen.note(f"refused: {', '.join(refused)}")
    check(screen, "even a yes is refused, with the article", "AI Act 5(1)(f)" in refused)
    watched.client.close()

    screen.scene("Emma says herself how she feels, and her answers choose her lessons")
    emma = at_school(school, FOLDER / "emma", "Emma", 0.0)
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


def without_a_yes(screen: Screen, school: School) -> None:
    """Refusing costs nothing: what was answered stays on the device and goes along with each question."""
    screen.scene("Zoe says yes to nothing")
    zoe = at_school(school, FOLDER / "zoe", "Zoe", 1.0)
    done = zoe.works(EACH)
    first, last = done[0][0], done[-1][0]
    check(screen, "her lessons get harder as well", school.hard[last.item] > school.hard[first.item], f"{first.title} -> {last.title}")  # fmt: skip
    check(screen, "and nothing of her is kept or used", not last.used_answers and not last.used_emotion)  # fmt: skip
    zoe.client.close()


def whole_class(screen: Screen, school: School, emma: Learner) -> None:
    """The teacher's view: from ten people on, and not below."""
    screen.scene("The teacher looks, before and after the class has worked")
    none = group(school)
    check(screen, "of one pupil nothing is shown", none["skills"] == [], "skills: none")
    for number in range(CLASS - 1):
        pupil = at_school(school, FOLDER / f"pupil-{number}", f"Pupil {number}", number / 3 - 1.5)
        pupil.agrees("declare_mood")
        pupil.works(1)
        pupil.client.close()
    seen = wait(school, some=True)
    screen.console.print(view(seen))
    check(screen, "of ten there is a view by skill", bool(seen["skills"]))
    text = json.dumps(seen)
    check(screen, "with nobody in it, and no feeling", not any(word in text for word in ("sub_", "sadness", "Emma")))  # fmt: skip

    screen.scene("Emma takes her yes back")
    emma.client.withdraw()
    after = wait(school, some=False)
    check(screen, "what was learned is made anew from the nine who remain: too few to be shown", after["skills"] == [])  # fmt: skip
    lesson = emma.client.next_lesson()
    check(screen, "and she still gets lessons, as anybody does", not lesson.used_answers, lesson.title)  # fmt: skip
    emma.client.close()


def in_the_us(screen: Screen, school: School) -> None:
    """Where it is lawful for an adult who agreed."""
    screen.scene("A college in the United States: Noah, an adult, agrees to lessons that notice")
    noah = with_a_camera(school, FOLDER / "noah", "Noah")
    noah.agrees("adapt_lessons")
    before = noah.client.next_lesson()
    shown(screen, "Noah", before)
    states = noah.is_read()
    screen.note(f"read on Noah's device: {len(states)} labels, the last says {states[-1]}")
    after = noah.client.next_lesson()
    shown(screen, "Noah", after)
    check(screen, "confusion makes the next one easier", after.used_emotion and school.hard[after.item] < school.hard[before.item], f"{before.target} -> {after.target} of 100")  # fmt: skip
    check(screen, "slower, and no law refused it", after.pace == "slower" and not after.refused)
    noah.client.close()


def group(school: School) -> dict[str, Any]:
    """What the school's backend is told."""
    headers = {"Authorization": f"Bearer {school.secret}"}
    answer = httpx.get(f"{school.url}/v1/lessons/group", headers=headers)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def wait(school: School, *, some: bool) -> dict[str, Any]:
    """The view, as soon as it has some skills, or none any more."""
    deadline = time.monotonic() + PATIENCE
    while bool((found := group(school))["skills"]) is not some and time.monotonic() < deadline:
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
    sys.exit(
        serve([word for word in sys.argv[1:] if word != "--page"])
        if "--page" in sys.argv
        else main()
    )
