"""Killed (SIGKILL) at any write of a close, and after any commit of it: a head and its price are there together, or neither is."""

import asyncio
import json
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.server.rounding import PEOPLE, learner
from tests.server.world import ROOT, MakeWorld

EMPTY = {"contribution": 0, "participation": 0, "head": 0}


@pytest.mark.slow
async def test_killed_anywhere_in_a_close_it_is_released_and_charged_or_neither(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = learner(make_world, "killed")
    async with world:
        pass
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.server.rounding", str(tmp_path / "killed"), world.url],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told, ends = lines[::2], lines[1::2]
    deaths = len(ends) - 1
    assert ends == [-signal.SIGKILL] * deaths + [0], done.stderr
    assert (
        deaths >= (4 if world.url else 12)
    )  # each person's decision, the ledger, the head, the updates, the round, the log, and the commits
    assert told[0]["before"] == EMPTY
    kinds = [_left(before, after) for before, after in pairwise(told)]
    # All that died before the last commit left nothing; whoever died after it, and whoever lived, a release.
    after = kinds.count("released")
    assert after == 2 or (world.url and after == 1)
    assert kinds == ["nothing"] * (deaths + 1 - after) + ["released"] * after


def _left(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What one owner left. INVARIANT: whoever released charged everybody in it, and nobody else charged anybody."""
    new = set(after["released"]) - set(before["released"])
    charged = {name: n for name, n in after["charged"].items() if name not in before["charged"]}
    assert charged == dict.fromkeys(new, PEOPLE)
    assert after["after"]["contribution"] == 0  # the next one gave the round up
    state = after["states"][0]
    if new:
        assert (state, after["before"]["contribution"]) == ("released", 0)
        return "released"
    assert (state, after["before"]["contribution"]) == ("aborted", PEOPLE)
    return "nothing"
