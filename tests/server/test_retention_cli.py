"""`mien retention` and `mien hold`, as they are typed."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from tests.server.world import Phone, StillClock, World
from typer.testing import CliRunner, Result

from mien_server.cli import commands

DAY = 86_400
NOW = int(time.time())
Typed = Callable[..., Result]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "world"


@pytest.fixture
def phones(directory: Path) -> tuple[Phone, ...]:
    """Two people whose labels were recorded forty days ago, and who asked for rankings; the server is closed."""
    directory.mkdir()

    async def fill() -> tuple[Phone, ...]:
        async with World(directory, clock=StillClock(NOW - 40 * DAY)) as world:
            phones = (await world.enrolled(), await world.enrolled())
            for phone in phones:
                await phone.send()
                await phone.rank()
            await world.pipeline.sequence()
            world.clock.at = NOW
            await world.pipeline.rotate()
        return phones

    return asyncio.run(fill())


@pytest.fixture
def mien(directory: Path, phones: tuple[Phone, ...], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command for that server."""
    del phones
    monkeypatch.setenv("MIEN_DATABASE", f"sqlite:///{directory / 'mien.db'}")
    monkeypatch.setenv("MIEN_KEYS", str(directory / "keys"))
    monkeypatch.setenv("MIEN_ORIGIN", "shop.example/log")
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.chdir(directory)
    app = typer.Typer()
    commands(app)

    def typed(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return typed


def day(days: int) -> str:
    return datetime.fromtimestamp(NOW + days * DAY, UTC).strftime("%Y-%m-%d")


def place(mien: Typed, subject: str, **more: str) -> Result:
    given = {"--reason": "dispute 17", "--until": day(90), **more}
    options = [word for pair in given.items() for word in pair]
    return mien("hold", "place", "shop", subject, *options)


def test_status_says_how_long_by_which_law_and_how_much(mien: Typed) -> None:
    shown = mien("retention", "status")
    assert shown.exit_code == 0, shown.stderr
    for said in ("label", "US-IL", "740 ILCS 14/15(a)", "30 days", "envelope_replay", "48 hours"):
        assert said in shown.stdout
    found = json.loads(mien("retention", "status", "--json").stdout)
    assert found["kept"]["label"] == {
        "rows": 2, "oldest": found["kept"]["label"]["oldest"], "overdue": 2, "on_hold": 0,
    }  # fmt: skip
    assert {
        "class": "consent", "jurisdiction": "everywhere", "seconds": 180 * DAY, "at_least": 0,
        "law": "policy:consent-expires", "basis": "a yes stands for half a year; then the person is asked again",
    } in found["rules"]  # fmt: skip


def test_plan_then_sweep_then_nothing(mien: Typed) -> None:
    plan = mien("retention", "plan")
    assert plan.exit_code == 0, plan.stderr
    assert day(-10) in plan.stdout
    due = json.loads(mien("retention", "plan", "--json").stdout)["due"]
    assert {(each["class"], each["rows"]) for each in due} >= {("label", 2), ("event", 2)}
    done = json.loads(mien("retention", "sweep", "--json").stdout)["deleted"]
    assert done["retention"] == {each["class"]: each["rows"] for each in due}
    assert json.loads(mien("retention", "plan", "--json").stdout)["due"] == []
    assert mien("retention", "sweep").stdout == "nothing had to go\n"


def test_a_sweep_says_what_went(mien: Typed) -> None:
    done = mien("retention", "sweep")
    assert done.exit_code == 0, done.stderr
    assert "retention: 2 label\n" in done.stdout
    assert done.stdout.endswith("deleted, and in the log\n")


def test_a_hold_is_placed_listed_and_lifted(mien: Typed, phones: tuple[Phone, ...]) -> None:
    placed = place(mien, phones[0].subject)
    assert placed.exit_code == 0, placed.stderr
    name = placed.stdout.split(":")[0]
    assert f"until {day(90)} 00:00" in placed.stdout
    assert phones[0].subject not in placed.stdout
    (listed,) = json.loads(mien("hold", "list", "--json").stdout)
    assert (listed["hold"], listed["reason"]) == (name, "dispute 17")
    table = mien("hold", "list", "shop").stdout
    assert "stands" in table
    assert "dispute 17" in table
    assert json.loads(mien("hold", "list", "elsewhere", "--json").stdout) == []
    assert json.loads(mien("retention", "sweep", "--json").stdout)["deleted"]["retention"]["label"] == 1  # fmt: skip
    assert json.loads(mien("retention", "status", "--json").stdout)["kept"]["label"]["on_hold"] == 1
    assert mien("hold", "lift", name).stdout == f"{name}: lifted\n"
    assert "lifted" in mien("hold", "list").stdout
    assert json.loads(mien("retention", "sweep", "--json").stdout)["deleted"]["retention"] == {
        "label": 1, "event": 1,
    }  # fmt: skip
    again = mien("hold", "lift", name)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    assert "hold-unknown" in again.stderr


def test_a_subject_stays_out_of_the_shell_s_history(mien: Typed, phones: tuple[Phone, ...]) -> None:
    words = (
        "hold",
        "place",
        "shop",
        "-",
        "--reason",
        "r",
        "--until",
        day(2),
    )  # midnight may come between
    placed = mien(*words, stdin=f"{phones[1].subject}\n")
    assert placed.exit_code == 0, placed.stderr
    assert json.loads(mien("hold", "list", "--json").stdout)[0]["subject"] == phones[1].subject


@pytest.mark.parametrize(("option", "value", "told"), [
    ("--until", "soon", "is no date"), ("--until", day(-1), "in the future"), ("--until", day(1200), "three years"),
    ("--reason", " ", "needs a reason"),
])  # fmt: skip
def test_what_is_no_hold_is_told_in_one_line(
    mien: Typed, phones: tuple[Phone, ...], option: str, value: str, told: str
) -> None:
    done = place(mien, phones[0].subject, **{option: value})
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr
    assert json.loads(mien("hold", "list", "--json").stdout) == []


def test_times_may_be_given_with_their_zone(mien: Typed, phones: tuple[Phone, ...]) -> None:
    until = datetime.fromtimestamp(NOW + DAY, UTC).isoformat()
    assert place(mien, phones[0].subject, **{"--until": until}).exit_code == 0
    (listed,) = json.loads(mien("hold", "list", "--json").stdout)
    assert listed["ends_at"] == NOW + DAY


def test_nobody_unknown_is_held(mien: Typed) -> None:
    assert "person-unknown" in place(mien, "sub_nobody").stderr
    done = mien(
        "hold", "place", "nowhere", "sub_x", "--reason", "r", "--until", day(2)
    )  # midnight may come between
    assert "site-unknown" in done.stderr
