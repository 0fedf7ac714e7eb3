"""A fake server, a clock that stands still, and a client whose home is fresh."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import Claims, Client
from mien.testing import FakeClock, FakeEyes, FakeServer

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
BOTH = ["personalize_offers", "declare_mood"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> FakeServer:
    return FakeServer(clock)


@pytest.fixture
def eyes() -> FakeEyes:
    return FakeEyes()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def client(server: FakeServer, home: Path, eyes: FakeEyes) -> Iterator[Client]:
    with server.client(home, eyes=eyes) as client:
        yield client


@pytest.fixture
def consented(client: Client) -> Client:
    """A client whose person said yes to offers and to telling their mood."""
    client.notice()
    client.consent(purposes=BOTH, claims=GERMANY)
    return client
