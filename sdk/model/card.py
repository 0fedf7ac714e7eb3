"""Write the figures of a run into MODEL_CARD.md, between its two markers, and the card's copy of the plan."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .export import MODEL_ID, VERSION
from .paths import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .plan import Plan

CARD = Path(__file__).with_name("MODEL_CARD.md")
BEGIN, END = "<!-- figures: written by `make model`, do not edit -->", "<!-- end of figures -->"


def _percent(x: float) -> str:
    return f"{100 * x:.1f} %"


def _interval(low_high: list[float]) -> str:
    return f"{100 * low_high[0]:.1f} to {100 * low_high[1]:.1f}"


def _expression(figures: dict[str, Any]) -> list[str]:
    clean, hard = figures["clean"], figures["hard"]
    lines = [
        (
            f"### Expressions\n\n{clean['n']} renders of held-out people, eight classes, temperature {figures['temperature']} (set on as many "
            "others):"
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
    return [
        *lines,
        "",
        "![confusion matrices](figures/confusion.png)",
        "",
        "![how often right, by how sure](figures/reliability.png)",
        "",
        "![sixteen held-out rendered people and what the networks say](figures/examples.png)",
    ]


def _groups(groups: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        "### Groups of people",
        "",
        "All held-out renders, clean and with camera faults together; 95 % intervals by bootstrap over renders.",
        "",
        "| | renders | accuracy | interval | gap best to worst |",
        "|---|---|---|---|---|",
    ]
    for trait, found in groups.items():
        gap = f"{100 * found['gap']:.1f} points ({_interval(found['gap_interval'])})"
        for k, (name, row) in enumerate(found["groups"].items()):
            lines.append(
                f"| {trait}: {name} | {row['n']} | {_percent(row['accuracy'])} | {_interval(row['interval'])} | {'' if k else gap} |"
            )
    return lines


def _measures(figures: dict[str, Any]) -> list[str]:
    rows = [
        f"| {name} | {row['correlation']:.2f} | {row['error']:.3f} |"
        for name, row in figures["actions"].items()
    ]
    return [
        "",
        "### Action units, affect, pose, gaze",
        "",
        (
            f"With camera faults. Correlation of valence {figures['valence']:.2f}, arousal {figures['arousal']:.2f}, horizontal gaze "
            f"{figures['gaze']:.2f}; mean error of pitch {figures['pitch_degrees']} and of yaw {figures['yaw_degrees']} degrees."
        ),
        "",
        "| action unit | correlation | mean error (0..1) |",
        "|---|---|---|",
        *rows,
    ]


def _detection(figures: dict[str, Any]) -> list[str]:
    sizes = ", ".join(f"{k}: {_percent(v)}" for k, v in figures["recall_by_height"].items())
    turns = ", ".join(f"{k}: {_percent(v)}" for k, v in figures["recall_by_turn"].items())
    found = (
        f"{figures['faces']} faces of held-out rendered people in {figures['pictures']} composed pictures at threshold "
        f"{figures['face_threshold']}: {_percent(figures['recall'])} found (overlap over .5). By height of the face as a share of the picture: "
        f"{sizes}. By turn of the head: {turns}. False alarms: {figures['false_alarms_per_picture']:.3f} per picture. Median landmark error: "
        f"{_percent(figures['landmark_error_of_eye_distance'])} of the distance of the eyes."
    )
    return ["", "### Detection", "", found]


def _micro(figures: dict[str, Any]) -> list[str]:
    s = figures["spotting"]
    text = (
        f"Polarity of {figures['n']} movements of people never trained on, onset and apex given: UF1 {figures['uf1']:.3f}, UAR "
        f"{figures['uar']:.3f}, accuracy {_percent(figures['accuracy'])}. Spotting in {s['clips']} clips with head movement and blinks, at "
        f"threshold {figures['threshold']}: {_percent(s['spotted'])} of {s['movements']} brief movements found, polarity right in "
        f"{_percent(s['polarity_right'])} of those, {s['false_alarms_per_minute']} false alarms a minute."
    )
    return ["", "### Brief movements", "", text]


def _photographs(figures: dict[str, Any]) -> list[str]:
    right = sum(row[word] for word, row in figures["confusion"].items())
    missed = sum(row["missed"] for row in figures["confusion"].values())
    error = figures["calibration_error"]  # None when no labelled face was found
    sure = "not measured, for want of faces" if error is None else f"{error:.2f}"
    text = (
        f"`make evaluate` over {figures['n']} free photographs with one face each (five of them hard on purpose: profile, cap, sunglasses, low light): "
        f"{_percent(figures['detection_recall'])} found, {figures['faces_per_image']:.2f} faces reported per photograph; of the {figures['labelled']} that plainly smile or "
        f"are neutral, {right} read right ({missed} not found). Expected calibration error on these {sure}. A small set, and not a "
        "blind one: see below."
    )
    return ["", "### Photographs of real people", "", text]


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
        *_groups(figures["expression"]["groups"]),
        *_measures(figures["expression"]["measures"]),
        *_detection(figures["detection"]),
        *_micro(figures["micro"]),
        *(_photographs(figures["photographs"]) if "photographs" in figures else []),
        END,
    ]
    return "\n".join(lines)


def write(plan: Plan, figures: dict[str, Any]) -> None:
    """Replace the generated section of the card."""
    before, _, rest = CARD.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    CARD.write_text(before + text(plan, figures) + after)
