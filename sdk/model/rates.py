"""How well the shipped networks tell a negative mood, counted on people they were never trained on, written beside them as `rates.json`.

Only counts are written, from the confusion matrices that `make model` records in `figures.json`; whoever uses them makes intervals. Which words are negative stands
in the file. A measurement without negative people (photographs of smiling and calm ones) says something of false alarms alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mien.values import EXPRESSIONS, POLARITIES

from .paths import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

FORMAT: Final = 1
NEGATIVE: Final = {
    "expression": ("anger", "fear", "sadness", "disgust", "contempt"),
    "polarity": ("negative",),
}
OF: Final = {
    "rendered": "renders of held-out people, with camera faults; the most probable of eight expressions",
    "photographs": "free photographs of real people, calm or smiling; none of them negative",
    "brief": "rendered brief movements of held-out people, onset and apex given",
}
FILE: Final = SHIPPED / "rates.json"


def counts(
    of: str, table: Mapping[str, Mapping[str, int]], negative: Collection[str]
) -> dict[str, Any]:
    """Hits among the negative and false alarms among the others. `table` is truth -> guess -> how often; what was not found counts nowhere."""
    hits = others = alarms = whole = 0
    for truth, row in table.items():
        flagged = sum(count for word, count in row.items() if word in negative)
        said = sum(count for word, count in row.items() if word != "missed")
        if truth in negative:
            hits, whole = hits + flagged, whole + said
        else:
            alarms, others = alarms + flagged, others + said
    return {"of": of, "hits": hits, "negative": whole, "alarms": alarms, "other": others}


def _named(words: Sequence[str], table: Sequence[Sequence[int]]) -> dict[str, dict[str, int]]:
    return {
        truth: dict(zip(words, row, strict=True)) for truth, row in zip(words, table, strict=True)
    }


def content(figures: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What is written. A measurement that the figures lack is left out: then nothing is said of its signal."""
    rendered = _named(EXPRESSIONS, figures["expression"]["hard"]["confusion"])
    expression = [counts(OF["rendered"], rendered, NEGATIVE["expression"])]
    if "photographs" in figures:
        table = figures["photographs"]["confusion"]
        expression.append(counts(OF["photographs"], table, NEGATIVE["expression"]))
    measured = {"expression": expression}
    if "confusion" in figures["micro"]:
        brief = _named(POLARITIES[1:], figures["micro"]["confusion"])
        measured["polarity"] = [counts(OF["brief"], brief, NEGATIVE["polarity"])]
    return {
        "format": FORMAT,
        "model_id": manifest["model_id"],
        "files": {name: manifest["files"][name]["sha256"] for name in ("expression", "micro")},
        "negative": {name: list(NEGATIVE[name]) for name in measured},
        "measured": measured,
    }


def write(figures: Mapping[str, Any]) -> None:
    """Write `rates.json` beside the shipped models, whose manifest it names the files of."""
    manifest = json.loads((SHIPPED / "manifest.json").read_text())
    FILE.write_text(json.dumps(content(figures, manifest), indent=1) + "\n")


def run(figures: Path) -> None:
    """The same from a recorded `figures.json`."""
    write(json.loads(figures.read_text()))
    print(FILE.read_text())
