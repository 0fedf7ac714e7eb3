"""The learners: each a client of the SDK, with an ability that answers are drawn from. One has a scripted face."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien import Claims, Client
from mien.cli.demo.stage import SITE
from mien.testing import FakeClock, FakeEyes, film
from mien.values import Lesson, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mien.cli.demo.stage import Stage
    from mien.values import Face

CALM_SECONDS: Final = 25
"""How long the scripted face rests first: states are told against a person's own rest."""
PUZZLED_SECONDS: Final = 30
_PUZZLED: Final = 2
"""The place of `surprise`, which the script stands for a puzzled face."""


@dataclass(slots=True)
class ScriptedEyes:
    """Says what the script wants where a network would say what it sees: a puzzled face lowers its brows and tightens its lids (AU4, AU7)."""

    eyes: FakeEyes = field(default_factory=lambda: FakeEyes(sure=0.85))
    model: int = 7

    def __call__(self) -> tuple[Any, int]:
        """As `Client(eyes=...)` wants it."""
        return self, self.model

    def faces(self, pixels: Any) -> Sequence[Face]:
        """The one face."""
        return self.eyes.faces(pixels)

    def scores(self, pixels: Any, face: Face) -> Scores:
        """The script's word, with the facial actions that go with it."""
        seen = self.eyes.scores(pixels, face)
        puzzled = seen.expressions[_PUZZLED] > 1 / 2
        actions = {"AU4": 0.7, "AU7": 0.6} if puzzled else {"AU4": 0.05, "AU7": 0.05}
        return Scores(seen.expressions, seen.valence, seen.arousal, actions)

    def watch(self) -> None:
        """A script has no brief movements."""


@dataclass(slots=True)
class Learner:
    """Somebody at a desk. `able` is the highest difficulty that they get right (log-odds); `hard` the difficulty of each item."""

    name: str
    client: Client
    place: str
    able: float
    hard: dict[str, float]
    film: Any = None

    @property
    def claims(self) -> Claims:
        """What the device says of the situation."""
        return Claims((self.place,), sector="education", role="student", age_band="adult")

    def agrees(self, purpose: str) -> None:
        """Read the notice, and say yes to one thing. Raises `ConsentRefused` where the law says no."""
        self.client.notice("en")
        self.client.consent(purposes=[purpose], claims=self.claims)

    def works(self, lessons: int) -> list[tuple[Lesson, bool]]:
        """Take lessons one after the other; each with whether it was right."""
        done = []
        for _ in range(lessons):
            lesson = self.client.next_lesson()
            right = self.hard[lesson.item] <= self.able
            self.client.answer(lesson, correct=right)
            done.append((lesson, right))
        return done

    def is_read(self) -> list[str]:
        """Let the device read the scripted face, and send what it may; the states that were said."""
        with self.client.session(self.film, paced=False) as session:
            states = [reading.label.state for reading in session if reading.label]
        self.client.flush()
        return states


def at_school(stage: Stage, home: Path, name: str, able: float, hard: dict[str, float]) -> Learner:
    """A pupil without any camera."""
    client = Client(stage.url, SITE, key=stage.publishable, trust=stage.trust, home=home, eyes=None)
    return Learner(name, client, "EU-DE", able, hard)


def with_a_camera(
    stage: Stage, home: Path, name: str, place: str, hard: dict[str, float]
) -> Learner:
    """Calm for a while, then puzzled. Nobody waits for it: the clock runs with the script and ends now."""
    clock = FakeClock(unix=time.time() - CALM_SECONDS - PUZZLED_SECONDS - 1)
    client = Client(
        stage.url, SITE, key=stage.publishable, trust=stage.trust, home=home, clock=clock, eyes=ScriptedEyes(),
    )  # fmt: skip
    scenes = ["neutral"] * CALM_SECONDS + ["surprise"] * PUZZLED_SECONDS
    return Learner(name, client, place, 0.5, hard, film(*scenes, clock=clock))
