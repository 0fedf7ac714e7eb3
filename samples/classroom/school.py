"""The classroom's pages, and their small backend: the exercise, the pupil's own data, the teacher's view. What is answered never reaches it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

from mien.cli.demo.door import Answer, Query, Site, assets, page, told

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Path(__file__).resolve().parent
LAYOUT: Final = Template((HERE / "page/layout.html").read_text(encoding="utf-8"))
EXERCISES: Final = json.loads((HERE / "exercises.json").read_text(encoding="utf-8"))
LESSONS: Final = HERE / "lessons.json"


@dataclass(frozen=True, slots=True)
class Classroom:
    """What the school answers. `embedded` is the loader's markup; `group` asks the mien server, with the school's secret key, what a teacher may see."""

    embedded: str
    group: Callable[[], dict[str, Any]]

    def site(self, mien: str) -> Site:
        """The school as an origin, beside the mien server's."""
        return Site(assets(HERE / "page"), self.get, mien=mien)

    def get(self, path: str, _query: Query) -> Answer:
        """The page at a path, or the bank of exercises."""
        if path == "/api/exercises":
            titles = {each["id"]: each["title"] for each in json.loads(LESSONS.read_text())["lessons"]}  # fmt: skip
            return told([{"item": item, "title": titles[item], **each} for item, each in EXERCISES.items()])  # fmt: skip
        pages = {"/": self._lesson, "/your-data": self._yours, "/teacher": self._teacher}
        if path in pages:
            return self._page(*pages[path]())
        return self._page("Not here", "<h1>Nothing is here</h1>", HTTPStatus.NOT_FOUND)

    def _page(self, title: str, main: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
        known = f"{title} · The open classroom"
        return page(LAYOUT.substitute(title=escape(known), main=main, mien=self.embedded), status)

    def _lesson(self) -> tuple[str, str]:
        return (
            "Exercises",
            """
<section class="board" aria-labelledby="ask">
  <p class="title" id="lesson">Exercise</p>
  <h1 id="ask" tabindex="-1">One moment …</h1>
  <div class="choices" id="choices" role="group" aria-labelledby="ask"></div>
  <p class="said" id="said" role="status"></p>
  <button type="button" class="button" id="next" hidden>The next one</button>
</section>
<div class="beside">
  <section aria-labelledby="how-title">
    <h2 id="how-title">What chooses the next exercise</h2>
    <p>Your answers do. If you want, so does what you say of how you are today. Both are asked first, and a no makes nothing harder.</p>
    <p><button type="button" class="button plain" data-open="consent">Read about it, and answer</button></p>
    <mien-consent></mien-consent>
    <p class="away" hidden>This cannot be shown just now. The exercises work as they are.</p>
  </section>
  <section aria-labelledby="mood-title" data-with hidden>
    <h2 id="mood-title">How are you today?</h2>
    <p>You may say it, or not. The school is not told.</p>
    <mien-mood></mien-mood>
  </section>
</div>""",
        )

    @staticmethod
    def _yours() -> tuple[str, str]:
        return (
            "Your data",
            """
<section class="paper" aria-labelledby="title">
  <h1 id="title">Your data</h1>
  <p>What you said and what you answered, where you agreed that it is kept; and the way to see it, correct it, take it back or have it erased. The school cannot read it.</p>
  <mien-me></mien-me>
  <p class="away" hidden>It cannot be shown just now: the school's mien server does not answer.</p>
</section>""",
        )

    def _teacher(self) -> tuple[str, str]:
        skills = self.group()["skills"]
        rows = "".join(
            f"<tr><th scope='row'>{escape(each['skill'])}</th><td>{each['people']}</td><td>{each['success']} of 100</td><td>{each['difficulty'] / 10:+.1f}</td></tr>"
            for each in skills
        )
        table = (
            f"<table><thead><tr><th scope='col'>skill</th><th scope='col'>people, at least</th><th scope='col'>right</th><th scope='col'>difficulty</th></tr></thead><tbody>{rows}</tbody></table>"
            if skills
            else "<p><strong>Fewer than ten pupils took part: nothing is shown.</strong></p>"
        )
        return (
            "The teacher",
            f"""
<section class="paper" aria-labelledby="title">
  <h1 id="title">The teacher's view</h1>
  <p>Skills of the whole class, from ten pupils on. No pupil, no answer and no feeling is ever in it.</p>
  {table}
</section>""",
        )
