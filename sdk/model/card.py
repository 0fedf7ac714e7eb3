"""Write the figures of a run into MODEL_CARD.md, between its two markers, and the card's copy of the plan."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .export import MODEL_ID, VERSION
from .paths import SHIPPED

if TYPE_CHECKING:
    from .plan import Plan

CARD = Path(__file__).with_name("MODEL_CARD.md")
BEGIN, END = "<!-- figures: written by `make model`, do not edit -->", "<!-- end of figures -->"


def _percent(x: float) -> str:
    return f"{100 * x:.1f} %"


def _expression(figures: dict[str, Any]) -> list[str]:
    clean, hard = figures["clean"], figures["hard"]
    lines = [
        (
            f"Expression network, {clean['n']} held-out rendered people, eight classes, temperature "
            f"{figures['temperature']} (set on as many other held-out people):"
        ),
        "",
        "| | clean renders | with camera faults |",
        "|---|---|---|",
        f"| accuracy | {_percent(clean['accuracy'])} | {_percent(hard['accuracy'])} |",
        f"| macro F1 | {_percent(clean['macro_f1'])} | {_percent(hard['macro_f1'])} |",
        f"| expected calibration error | {clean['calibration_error']:.3f} | {hard['calibration_error']:.3f} |",
    ]
    lines += [
        f"| recall of {name} | {_percent(value)} | {_percent(hard['recall'][name])} |"
        for name, value in clean["recall"].items()
    ]
    return lines


def _detection(figures: dict[str, Any]) -> list[str]:
    bands = ", ".join(f"{k}: {_percent(v)}" for k, v in figures["recall_by_height"].items())
    found = (
        f"Detection by the shipped pipeline, {figures['faces']} faces of held-out rendered people in "
        f"{figures['pictures']} composed pictures at threshold {figures['face_threshold']}: {_percent(figures['recall'])} found (overlap over .5); by height of the "
        f"face as a share of the picture, {bands}. False alarms: {figures['false_alarms_per_picture']:.3f} per picture. "
        f"Median landmark error: {_percent(figures['landmark_error_of_eye_distance'])} of the distance of the eyes."
    )
    return ["", found]


def text(plan: Plan, figures: dict[str, Any]) -> str:
    """The generated section."""
    sizes = ", ".join(
        f"`{p.name}` {p.stat().st_size / 1e3:.0f} kB" for p in sorted(SHIPPED.glob("*.onnx"))
    )
    run = ", ".join(f"{k} {v:,}" for k, v in asdict(plan).items())
    lines = [
        BEGIN,
        f"Version {VERSION}, model id {MODEL_ID}. Files: {sizes}. Plan: {run}.",
        "",
        *_expression(figures["expression"]),
        *_detection(figures["detection"]),
        END,
    ]
    return "\n".join(lines)


def write(plan: Plan, figures: dict[str, Any]) -> None:
    """Replace the generated section of the card."""
    before, _, rest = CARD.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    CARD.write_text(before + text(plan, figures) + after)
