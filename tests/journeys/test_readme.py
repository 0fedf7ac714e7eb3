"""The README's example is a program that runs, and its commands are the Makefile's."""

import re
from pathlib import Path
from typing import Any

import pytest

from mien.cli.demo.stage import SITE, Stage
from mien_server.authorize import load_bundle

ROOT = Path(__file__).resolve().parents[2]


def test_the_ten_lines_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_DATA_HOME", str(stage.folder / "data"))
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {
        "SERVER": stage.url, "SITE": SITE, "PUBLISHABLE_KEY": stage.publishable, "VERIFICATION_KEY": stage.trust,
    }  # fmt: skip
    exec(compile(code[1], "README.md", "exec"), names)  # noqa: S102 - the point of the test
    names["client"].close()
    said = capsys.readouterr().out
    assert "joy" in said
    assert " - " in said.splitlines()[-1]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"make ([a-z][a-z-]*)", (ROOT / "README.md").read_text()))
    defined = set(
        re.findall(
            r"^([a-z-]+):",
            (ROOT / "Makefile").read_text() + (ROOT / "sdk/model/model.mk").read_text(),
            re.MULTILINE,
        )
    )
    assert targets <= defined


def test_the_policies_are_as_many_as_the_readme_says() -> None:
    said = re.findall(r"(\d+) policies", (ROOT / "README.md").read_text())
    assert said == [str(len(load_bundle().policies))]
