"""What the server's tests share: coroutines as tests, and worlds to run them in (`world.py`), each on both databases.

A test that takes `make_world`, or anything made of it, runs once on an SQLite file and once on a real PostgreSQL. One that is about the file itself is
marked `sqlite`.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import databases
from tests.server.world import MakeWorld, World, shop

from mien_server.values import Site


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Tests may be coroutines; each runs in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of a world runs on both databases, unless it is marked."""
    if "database_kind" in metafunc.fixturenames:
        file_only = metafunc.definition.get_closest_marker("sqlite")
        kinds = ["sqlite"] if file_only else ["sqlite", "postgresql"]
        metafunc.parametrize("database_kind", kinds)


@pytest.fixture
def new_url(database_kind: str) -> Iterator[Callable[[], str]]:
    """Makes the URL of a fresh PostgreSQL database; empty on SQLite, where a world has a file of its own."""
    if database_kind == "sqlite":
        yield lambda: ""
        return
    taken: list[str] = []

    def take() -> str:
        taken.append(databases().take())
        return taken[-1]

    yield take
    for url in taken:
        databases().give_back(url)


@pytest.fixture
def make_world(tmp_path: Path, new_url: Callable[[], str]) -> MakeWorld:
    """Makes worlds that are not open yet (`async with`); `directory` is a name below the test's own. The same name is the same world again."""
    urls: dict[str, str] = {}

    def make(directory: str = "world", **other: Any) -> World:
        path = tmp_path / directory
        path.mkdir(exist_ok=True)
        if directory not in urls:
            urls[directory] = new_url()
        return World(path, **{"url": urls[directory], **other})

    return make


@pytest.fixture
def conftest_shop() -> Site:
    """The site that worlds have unless they are given another."""
    return shop()
