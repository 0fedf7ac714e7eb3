"""The three who write to the desk: one is read from a video, one has a scripted face, one says no. All of them through the SDK as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien import Claims, Client
from mien.cli.demo.stage import SITE
from mien.testing import FakeClock, FakeEyes, film
from mien.values import Help, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mien.cli.demo.stage import Stage
    from mien.label import Reading
    from mien.values import Face

CALM_SECONDS: Final = 25
"""How long the scripted face rests first: states are told against a person's own rest."""
CROSS_SECONDS: Final = 12
PAGE: Final = "returns"


@dataclass(slots=True)
class ScriptedEyes:
    """Says what the script wants where a network would say what it sees: an angry face lowers its brows and presses a dimple (AU4, AU14).

    Carries the shipped model's id, so that its measured rates count.
    """

    model: int
    eyes: FakeEyes = field(default_factory=lambda: FakeEyes(sure=0.85))

    def __call__(self) -> tuple[Any, int]:
        """As `Client(eyes=...)` wants it."""
        return self, self.model

    def faces(self, pixels: Any) -> Sequence[Face]:
        """The one face."""
        return self.eyes.faces(pixels)

    def scores(self, pixels: Any, face: Face) -> Scores:
        """The script's word, with the facial actions that go with it."""
        seen = self.eyes.scores(pixels, face)
        cross = seen.expressions[3] > 0.5  # noqa: PLR2004 - anger leads
        actions = {"AU4": 0.7, "AU14": 0.5} if cross else {"AU4": 0.05, "AU14": 0.05}
        return Scores(seen.expressions, seen.valence, seen.arousal, actions)

    def watch(self) -> None:
        """A script has no brief movements."""


@dataclass(slots=True)
class Customer:
    """Somebody at home: their client, and what they press when they are asked. `presses` maps the question to the button."""

    name: str
    client: Client
    source: Any = None
    presses: dict[str, str] = field(default_factory=dict)

    def says_yes(self) -> None:
        """Read the notice, and agree to service that notices and to nothing else."""
        self.client.notice("en")
        claims = Claims(("EU-DE",), age_band="adult")
        self.client.consent(purposes=["adapt_service"], claims=claims)

    def is_read(self, seen: Callable[[Reading], None]) -> None:
        """Let the device read the face, and send what it may."""
        with self.client.session(self.source, paced=False) as session:
            for reading in session:
                seen(reading)
        self.client.flush()

    def asks(self, *, human: bool = False, pass_on: bool = False) -> Help:
        """What the page asks the server for this person."""
        return self.client.help(PAGE, human=human, pass_on=pass_on)


def from_video(stage: Stage, home: Path, video: Path) -> Customer:
    """Ada: the rendered person of the sample video, who ends sad. The shipped networks read her."""
    client = Client(stage.url, SITE, key=stage.publishable, trust=stage.trust, home=home)
    return Customer("Ada", client, video, {"person": "yes", "pass on": "yes"})


def scripted(stage: Stage, home: Path, model: int) -> Customer:
    """Ben: calm for a while, then cross. Nobody waits for it: his clock runs with the script and ends now."""
    clock = FakeClock(unix=time.time() - CALM_SECONDS - CROSS_SECONDS - 1)
    client = Client(
        stage.url, SITE, key=stage.publishable, trust=stage.trust, home=home, clock=clock,
        eyes=ScriptedEyes(model),
    )  # fmt: skip
    scenes = ["neutral"] * CALM_SECONDS + ["anger"] * CROSS_SECONDS
    return Customer("Ben", client, film(*scenes, clock=clock), {"person": "yes", "pass on": "yes"})


def unread(stage: Stage, home: Path) -> Customer:
    """Cleo: says no to being read, and wants a person."""
    client = Client(stage.url, SITE, key=stage.publishable, trust=stage.trust, home=home)
    return Customer("Cleo", client, None, {"person": "yes"})
