"""Bars as SVG in the page itself, and lines as a file. Each has a title and a description; denied is hatched, so that nothing depends on seeing colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from mien_server.cli.audit.report.gather import Outcomes

GREEN: Final = "#1b6e3c"
RED: Final = "#b3261e"
BLUE: Final = "#1f4e8c"
INK: Final = "#1c1b1f"
LINE: Final = "#8a8894"
_WIDTH: Final = 760
_LEFT: Final = 56
_BOTTOM: Final = 40
_HEIGHT: Final = 240
_TOP: Final = 16
_MARKS: Final = 4
_LABELS: Final = 8
_WIDEST: Final = 48
_LABEL: Final = 72
"""Room for a date."""
_ROW: Final = 26
_NAME: Final = 300
_SPARK: Final = (200, 28)
_PLOT: Final = 420
_ROOM: Final = 210
"""Room for the names of lines."""
_MARGIN: Final = 64
_SPACES: Final = 6
_HEAD: Final = 32
_OWN: Final = '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" '
"""How an SVG file begins; inside a page it needs no name."""
HATCH: Final = (
    f'<svg width="0" height="0" aria-hidden="true"><defs><pattern id="denied" width="6" height="6" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{RED}"/><rect width="2" height="6" fill="#ffffff"/></pattern></defs></svg>'
)
"""The pattern of what was denied, once a page."""
_DENIED: Final = "url(#denied)"


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a picture to whoever does not see it. `id` is of the page, each once."""

    id: str
    title: str
    words: str


def _picture(said: Said, width: int, height: int, body: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{said.id}-t {said.id}-d" font-size="12" fill="{INK}">'
        f'<title id="{said.id}-t">{escape(said.title)}</title><desc id="{said.id}-d">{escape(said.words)}</desc>{body}</svg>'
    )


def key() -> str:
    """Which bars are which."""
    return (
        f'<p class="key"><svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" fill="{GREEN}"/></svg> allowed '
        f'<svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" fill="{_DENIED}" stroke="{RED}"/></svg> denied</p>'
    )


def columns(said: Said, labels: Sequence[str], counts: Sequence[Outcomes]) -> str:
    """A column for each label, allowed below and denied on top."""
    most = max((each.whole for each in counts), default=0)
    step = (_WIDTH - _LEFT) / max(len(labels), 1)
    body = _grid(most)
    every = -(-len(labels) // _LABELS)
    for place, (label, each) in enumerate(zip(labels, counts, strict=True)):
        x = _LEFT + place * step
        body += _column(x + step * 0.1, min(step * 0.8, _WIDEST), each, most)
        if place % every == 0 and x <= _WIDTH - _LABEL:
            body += f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}">{escape(label)}</text>'
    return _picture(said, _WIDTH, _HEIGHT, body)


def _column(x: float, width: float, each: Outcomes, most: int) -> str:
    high = _HEIGHT - _BOTTOM - _TOP
    allowed, denied = (high * count / most if most else 0 for count in (each.allowed, each.denied))
    base = _HEIGHT - _BOTTOM
    return _rect(x, base - allowed, width, allowed, GREEN) + _rect(
        x, base - allowed - denied, width, denied, _DENIED
    )


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    if not width or not height:
        return ""
    edge = f' stroke="{RED}" stroke-width="0.5"' if fill == _DENIED else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{edge}/>'


def _grid(most: int) -> str:
    base, high, lines = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP, ""
    for number in range(0, most + 1, _step(most)):
        y = base - (high * number / most if most else 0)
        lines += (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}" stroke="{LINE}" stroke-width="0.5"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number}</text>'
        )
    return lines


def _step(most: int) -> int:
    """A round number of which at most five fit."""
    size = 1
    while True:
        for each in (1, 2, 5):
            if most <= _MARKS * each * size:
                return each * size
        size *= 10


def outcome_bars(said: Said, rows: Sequence[tuple[str, Outcomes]]) -> str:
    """A bar for each name, allowed first and then denied."""
    most = max((each.whole for _, each in rows), default=0)
    return _bars(said, [(name, [(each.allowed, GREEN), (each.denied, _DENIED)]) for name, each in rows], most)  # fmt: skip


def bars(said: Said, rows: Sequence[tuple[str, int]]) -> str:
    """A bar for each name."""
    most = max((count for _, count in rows), default=0)
    return _bars(said, [(name, [(count, BLUE)]) for name, count in rows], most)


def _bars(said: Said, rows: Sequence[tuple[str, Sequence[tuple[int, str]]]], most: int) -> str:
    room = _WIDTH - _NAME - 70
    body = ""
    for place, (name, parts) in enumerate(rows):
        y, x = place * _ROW, float(_NAME)
        body += (
            f'<text x="{_NAME - 8}" y="{y + 17}" text-anchor="end">{escape(_short(name))}</text>'
        )
        for count, fill in parts:
            width = room * count / most if most else 0.0
            body += _rect(x, y + 4, width, _ROW - 8, fill)
            x += width
        body += f'<text x="{x + 6:.1f}" y="{y + 17}">{sum(count for count, _ in parts)}</text>'
    return _picture(said, _WIDTH, max(len(rows), 1) * _ROW, body)


def _short(name: str) -> str:
    """A name that fits beside its bar; the table has it whole."""
    return name if len(name) <= _NAME // 7 else name[: _NAME // 7 - 1] + "…"


def spark(said: Said, counts: Sequence[Outcomes]) -> str:
    """Small columns without an axis, for a cell of a table."""
    width, height = _SPARK
    most = max((each.whole for each in counts), default=0) or 1
    step = width / max(len(counts), 1)
    body = f'<line x1="0" y1="{height}" x2="{width}" y2="{height}" stroke="{LINE}"/>'
    for place, each in enumerate(counts):
        allowed, denied = height * each.allowed / most, height * each.denied / most
        wide = min(step * 0.85, _WIDEST / 4)
        body += _rect(place * step, height - allowed, wide, allowed, GREEN)
        body += _rect(place * step, height - allowed - denied, wide, denied, _DENIED)
    return _picture(said, width, height, body)


# ---- lines ----
@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: straight between its points (x, y), in a colour, dashed as SVG writes it (empty: whole)."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    dashes: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where (`high` above `low`), and what is measured."""

    low: float
    high: float
    name: str

    def at(self, value: float) -> float:
        """Where a value lies, 0..1."""
        return (value - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        """The multiples of a round number that lie between: at most seven."""
        rough = (self.high - self.low) / _SPACES
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(each * size for each in (1, 2, 5, 10) if rough <= each * size)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)]


def lines(said: Said, across: Axis, up: Axis, drawn: Sequence[Line]) -> str:
    """Lines over two axes, each named in words and by its own dashes, as an SVG file of its own."""
    base, high, wide = _PLOT - _BOTTOM, _PLOT - _BOTTOM - _HEAD, _WIDTH - _ROOM - _MARGIN
    body = f'<rect width="{_WIDTH}" height="{_PLOT}" fill="#ffffff"/>'
    for mark in up.marks():
        y = base - high * up.at(mark)
        body += _rule(_MARGIN, y, _MARGIN + wide, y) + _text(
            _MARGIN - 6, y + 4, f"{mark:.3g}", "end"
        )
    for mark in across.marks():
        body += _text(_MARGIN + wide * across.at(mark), base + 16, f"{mark:.3g}", "middle")
    body += _text(_MARGIN + wide / 2, _PLOT - 6, across.name, "middle")
    body += _text(8, _HEAD / 2, up.name, "start")
    for place, line in enumerate(drawn):
        points = [(_MARGIN + wide * across.at(x), base - high * up.at(y)) for x, y in line.points]
        x, y = _WIDTH - _ROOM + 12, _HEAD + 10 + place * _ROW
        body += _path(line, points) + _path(line, [(x, y), (x + 32, y)])
        body += _text(x + 40, y + 4, line.name, "start")
    inline = _picture(said, _WIDTH, _PLOT, body)
    return inline.replace("<svg ", _OWN, 1)


def _path(line: Line, points: Sequence[tuple[float, float]]) -> str:
    shown = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
    return (
        f'<polyline points="{shown}" fill="none" stroke="{line.colour}" stroke-width="2"{dashes}/>'
    )


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{LINE}" stroke-width="0.5"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
