"""What a label summarizes: the mean, by time, of the steady views since the last one. Pictures of a blink are in no view, so in no label."""

from dataclasses import dataclass, field
from typing import Final

from mien.label.steady import GAP, View
from mien.values import EXPRESSIONS

_LEAST: Final = 0.001
"""Seconds that the first picture stands for: something, so that there is a mean."""


@dataclass(slots=True)
class Window:
    """Times are seconds of the session. Keeps sums, no pictures."""

    since: float | None = None
    pictures: int = 0
    _at: float = 0.0
    _seconds: float = 0.0
    _sums: list[float] = field(default_factory=list, repr=False)
    _stood: list[float] = field(default_factory=list, repr=False)
    _actions: dict[str, float] = field(default_factory=dict, repr=False)

    def drop(self) -> None:
        """Forget all of it; the next picture begins a window."""
        self.since = None
        self._clear()

    def begin(self, at: float) -> None:
        """Begin a window at `at`."""
        self._clear()
        self.since = self._at = at

    def see(self, at: float, view: View | None) -> float:
        """One picture and the view it gives, None for a blink. Gives the seconds since the window began."""
        if self.since is None or not 0 <= at - self._at <= GAP:
            self.begin(at)
        if view is not None:
            self._add(view, max(at - self._at, _LEAST))
        self._at = at
        return at - (self.since or 0.0)

    def close(self, at: float) -> View:
        """The window as one view, and begin the next. Its word is the one that stood the longest, the stronger one of two. Needs a picture."""
        numbers = [number / self._seconds for number in self._sums]
        shares = tuple(numbers[:-2])
        word = max(range(len(shares)), key=lambda i: (self._stood[i], shares[i]))
        actions = {name: total / self._seconds for name, total in self._actions.items()}
        self.begin(at)
        return View(shares, word, numbers[-2], numbers[-1], actions)

    def _add(self, view: View, seconds: float) -> None:
        self.pictures += 1
        self._seconds += seconds
        self._stood[view.word] += seconds
        for index, number in enumerate((*view.shares, view.valence, view.arousal)):
            self._sums[index] += number * seconds
        for name, strength in view.actions.items():
            self._actions[name] = self._actions.get(name, 0.0) + strength * seconds

    def _clear(self) -> None:
        self.pictures, self._seconds, self._actions = 0, 0.0, {}
        self._stood = [0.0] * len(EXPRESSIONS)
        self._sums = [0.0] * (len(EXPRESSIONS) + 2)
