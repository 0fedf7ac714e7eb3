"""The classroom as pages in your browser: `make sample NAME=classroom ARGS=--page`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from school import LESSONS, Classroom

from mien.cli.demo.door import Door, Stay, embedded
from mien.cli.demo.stage import SITE, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
CLAIMS = {"sector": "education", "role": "student", "jurisdiction": "EU-DE", "name": "The open classroom"}  # fmt: skip
THEME = {"accent": "#22483c", "dark-ground": "#1e2426", "dark-ink": "#ece8dd", "dark-accent": "#a9d3c3"}  # fmt: skip
FOLDER = Path("var/classroom-page")


def serve(words: Sequence[str]) -> int:
    """Open the school. 0 when all was well."""
    stay = Stay.of("make sample NAME=classroom ARGS=--page", words)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with Door(stay.port) as door:
        claims = CLAIMS | {"origin": door.url}
        stage = Stage(
            FOLDER.resolve() / "server", HERE.parent / "catalogue/demo.json", claims, {"MIEN_REBUILD_SECONDS": "1"},
            controller="The open classroom (a pretend school)", contact="privacy@classroom.example",
        )  # fmt: skip
        with stage:
            stage.mien("site", "lessons", SITE, str(LESSONS))
            door.open(
                Classroom(embedded(stage, THEME, stay.patience), lambda: _group(stage)).site(
                    stage.url
                )
            )
            return stay.until_told(door.url, stage, {"the teacher sees": "/teacher"}, ("/", "/your-data", "/teacher"))  # fmt: skip


def _group(stage: Stage) -> dict[str, Any]:
    answer = httpx.get(
        f"{stage.url}/v1/lessons/group", headers={"Authorization": f"Bearer {stage.secret}"}
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
