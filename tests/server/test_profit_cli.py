"""`mien profit`: the published figures with their controls, and how much rests on assumptions."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mien.cli import app
from mien_server.cli.audit.report.plots import Axis
from mien_server.personalize.handoff import SYMBOLS

RUN = CliRunner()


def asked(*arguments: str) -> list[dict[str, Any]]:
    done = RUN.invoke(app, ["profit", "--json", *arguments])
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)["cases"]
    return found


def test_the_published_figures_with_their_controls() -> None:
    cases = asked()
    assert [c["ratio"]["hybrid"] for c in cases] == pytest.approx([8.8, 9.797, 12.8], abs=0.001)
    middle = cases[1]
    assert middle["ratio"]["random_flag"] == pytest.approx(2.77, abs=0.005)
    assert middle["ratio"]["all_manual"] == pytest.approx(7.56, abs=0.005)
    assert middle["gain"] == pytest.approx(middle["profits"]["hybrid"] - middle["profits"]["auto"])
    assert {name: each["symbol"] for name, each in middle["inputs"].items()} == SYMBOLS
    assert {each["basis"] for each in middle["inputs"].values()} == {"assumed"}
    assert middle["assumed"] == {"inputs": 14, "of": 14, "share_of_swing": 1.0}
    assert all(case["diverges"] for case in cases)


def test_every_symbol_is_an_option() -> None:
    changed = dict.fromkeys(SYMBOLS, 0.5)
    options = [
        word for name in changed for word in (f"--{name.replace('_', '-')}", str(changed[name]))
    ]
    (case,) = asked(*options)
    assert {name: each["value"] for name, each in case["inputs"].items()} == changed


def test_what_was_measured_counts_as_measured() -> None:
    (case,) = asked("--loss", "0.2", "--shipped", "--measured", "negative")
    known = {name for name, each in case["inputs"].items() if each["basis"] == "measured"}
    assert known == {"hit_rate", "false_alarm_rate", "negative"}
    assert 0 < case["assumed"]["share_of_swing"] < 1
    assert case["inputs"]["hit_rate"]["value"] != 0.8
    assert not case["diverges"]


def test_the_words_say_what_not_to_believe() -> None:
    said = RUN.invoke(app, ["profit"], env={"COLUMNS": "120"}).stdout
    for word in ("8.800", "9.797", "12.799", "2.768", "7.560", "14 of 14 inputs are assumed"):
        assert word in said
    assert "R is not a figure to quote" in said
    calm = RUN.invoke(app, ["profit", "--loss", "0.2"], env={"COLUMNS": "120"}).stdout
    assert "not a figure to quote" not in calm
    beyond = RUN.invoke(app, ["profit", "--loss", "1.4"], env={"COLUMNS": "120"}).stdout
    assert "12.8" not in beyond
    assert "R is not a figure to quote" in beyond


def test_the_plot_has_a_line_for_each_way(tmp_path: Path) -> None:
    file = tmp_path / "profit.svg"
    done = RUN.invoke(app, ["profit", "--plot", str(file)])
    assert done.exit_code == 0, done.output
    root = ET.fromstring(file.read_text())  # noqa: S314 - what was written a line above
    name = "{http://www.w3.org/2000/svg}"
    words = [each.text for each in root.iter(f"{name}text")]
    for way in ("hand-off (H)", "machine alone (B)", "random flag", "a human for everybody"):
        assert way in words
    assert len(list(root.iter(f"{name}polyline"))) == 10  # five lines, and the key to them


@pytest.mark.parametrize(
    "arguments",
    [
        ["--loss", "nan"], ["--loss", "-1"], ["--negative", "1.1"], ["--hit-rate", "nan"], ["--value", "0"], ["--human-cost", "inf"],
        ["--measured", "luck"], ["--plot", "profit.png"], ["--plot", "nowhere/profit.svg"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_nonsense_is_refused(arguments: list[str], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUN.invoke(app, ["profit", *arguments])
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0.0, 1.5, [0, 0.5, 1, 1.5]),
        (-0.006, 0.04, [0, 0.01, 0.02, 0.03, 0.04]),
        (3.0, 3.1, [3, 3.02, 3.04, 3.06, 3.08, 3.1]),
    ],
)
def test_axes_are_marked_at_round_numbers(low: float, high: float, marks: list[float]) -> None:
    assert Axis(low, high, "").marks() == pytest.approx(marks)
