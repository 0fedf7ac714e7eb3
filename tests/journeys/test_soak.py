"""What `make soak` does at length, in small: servers killed under load on both databases, withdrawals racing decisions on three nodes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.postgres import databases
from tests.soak import kills, race
from tests.soak.nodes import Place

SEED = 5
Url = Callable[[Path], str]


def sqlite(directory: Path) -> str:
    return f"sqlite:///{directory}/mien.db"


def postgresql(_directory: Path) -> str:
    return databases().cluster.create()


@pytest.mark.parametrize("url", [sqlite, postgresql])
def test_nothing_acknowledged_is_lost_or_doubled_when_a_server_is_killed(
    url: Url, tmp_path: Path
) -> None:
    toll = kills.run(Place.made(tmp_path / "place", url(tmp_path)), kills=2, seed=SEED)
    assert toll.faults == []
    assert toll.acknowledged > 0


def test_nothing_is_used_after_a_withdrawal_on_three_nodes(tmp_path: Path) -> None:
    place = Place.made(tmp_path / "place", databases().cluster.create())
    raced = race.run(place, nodes=3, people=12, decisions=360, seed=SEED)
    assert raced.faults == []
    assert raced.withdrawn == 12
    assert raced.allowed > 0
    assert raced.denied > 0
    assert set(raced.statuses) == {"200", "403"}
