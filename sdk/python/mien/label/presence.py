"""Whether the person who said yes is still the one in the picture. Nobody is recognized: only place and time of a face are compared.

A person is present while one face stays where it was, moving little from picture to picture. When that face is gone for `absence` seconds, or
a face stays elsewhere for `elsewhere` seconds, somebody must affirm.
"""

from dataclasses import dataclass, field

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Presence:
    """Times are seconds of the session; boxes are x, y, width, height in pixels."""

    absence: float
    elsewhere: float
    lost: bool = False
    _last: Box | None = field(default=None, repr=False)
    _seen_at: float | None = None
    _stranger_at: float | None = None

    def see(self, at: float, box: Box | None) -> bool:
        """One picture with exactly one face in `box`, or None for none or several. True when the face may be read as the person's."""
        if self._seen_at is None:  # the person who just said yes sits down
            self._seen_at = at
        if at - self._seen_at >= self.absence:
            self.lost = True
        if self.lost or box is None:
            self._stranger_at = None
            return False
        if self._last is not None and not overlap(self._last, box):
            self._wait_for_stranger(at)
            return False
        self._last, self._seen_at, self._stranger_at = box, at, None
        return True

    def affirm(self) -> None:
        """Somebody said yes: whoever is in the next picture is the person."""
        self.lost = False
        self._last = self._seen_at = self._stranger_at = None

    def _wait_for_stranger(self, at: float) -> None:
        if self._stranger_at is None:
            self._stranger_at = at
        if at - self._stranger_at >= self.elsewhere:
            self.lost = True


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share any area."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0
