"""The learners: each a client of the SDK, with an ability that answers are drawn from. One has a scripted face."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien import Claims, Client
from mien.testing import FakeClock, FakeEyes, film
from mien.values import Lesson, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class School:
    """Where somebody learns: a site of a server, and where it is. `hard` is the difficulty of each of its items."""

    url: str
    trust: str
    site: str
    place: str
    publishable: str
    secret: str = field(repr=False)
    hard: dict[str, float] = field(repr=False)

    def client(self, home: Path, **more: Any) -> Client:
        """The SDK on somebody's device."""
        return Client(
            self.url, self.site, key=self.publishable, trust=self.trust, home=home, **more
        )


@dataclass(slots=True)
class Learner:
    """Somebody at a desk. `able` is the highest difficulty that they get right (log-odds)."""

    name: str
    client: Client
    school: School
    able: float
    film: Any = None

    @property
    def claims(self) -> Claims:
        """What the device says of the situation."""
        return Claims((self.school.place,), sector="education", role="student", age_band="adult")

    def agrees(self, purpose: str) -> None:
        """Read the notice, and say yes to one thing. Raises `ConsentRefused` where the law says no."""
        self.client.notice("en")
        self.client.consent(purposes=[purpose], claims=self.claims)

    def works(self, lessons: int) -> list[tuple[Lesson, bool]]:
        """Take lessons one after the other; each with whether it was right."""
        done = []
        for _ in range(lessons):
            lesson = self.client.next_lesson()
            right = self.school.hard[lesson.item] <= self.able
            self.client.answer(lesson, correct=right)
            done.append((lesson, right))
        return done

    def is_read(self) -> list[str]:
        """Let the device read the scripted face, and send what it may; the states that were said."""
        with self.client.session(self.film, paced=False) as session:
            states = [reading.label.state for reading in session if reading.label]
        self.client.flush()
        return states


def at_school(school: School, home: Path, name: str, able: float) -> Learner:
    """A pupil without any camera."""
    return Learner(name, school.client(home, eyes=None), school, able)


def with_a_camera(school: School, home: Path, name: str) -> Learner:
    """Calm for a while, then puzzled. Nobody waits for it: the clock runs with the script and ends now."""
    clock = FakeClock(unix=time.time() - CALM_SECONDS - PUZZLED_SECONDS - 1)
    client = school.client(home, clock=clock, eyes=ScriptedEyes())
    scenes = ["neutral"] * CALM_SECONDS + ["surprise"] * PUZZLED_SECONDS
    return Learner(name, client, school, 0.5, film(*scenes, clock=clock))
