"""What the server's tests share: coroutines as tests, and worlds to run them in (`world.py`)."""

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
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


@pytest.fixture
def make_world(tmp_path: Path) -> MakeWorld:
    """Makes worlds that are not open yet (`async with`); `directory` is a name below the test's own."""

    def make(directory: str = "world", **other: Any) -> World:
        path = tmp_path / directory
        path.mkdir(exist_ok=True)
        return World(path, **other)

    return make


@pytest.fixture
def conftest_shop() -> Site:
    """The site that worlds have unless they are given another."""
    return shop()
