"""`mien me calibrate`, `teach`, `learned`, `unlearn`: as a person types them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mien import Claims, cli, client
from mien.cli.link import Link, remember
from mien.testing import FakeEyes, FakeServer, film

runner = CliRunner()


@pytest.fixture
def home(home: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that knows its server, in which somebody said yes to reading; every source shows a face at rest that looks angry."""
    eyes = FakeEyes(sure=0.5, mistaken={"neutral": "anger"})

    def made(self: Link, home: Path | None, *, gpc: bool = False) -> client.Client:
        assert home is not None
        found = server.client(home, eyes=eyes, gpc=gpc)
        for name in ("session", "calibrate"):
            real = getattr(found, name)
            monkeypatch.setattr(found, name, lambda _source, *a, _real=real, **k: _real(film("neutral", seconds=6), *a, **k))  # fmt: skip
        return found

    remember(Link("https://fake.example", server.site, server.key, server.trust), home)
    monkeypatch.setattr(Link, "client", made)
    with server.client(home, eyes=eyes) as found:
        found.notice()
        found.consent(purposes=["personalize_offers"], claims=Claims(jurisdictions=("EU-DE",)))
    return home


def run(home: Path, *words: str, given: str = "") -> tuple[int, str]:
    done = runner.invoke(cli.app, ["me", *words, "--home", str(home)], input=given)
    return done.exit_code, done.output


def test_calibrate_says_whether_the_face_was_mistaken(home: Path) -> None:
    status, said = run(home, "calibrate", "--seconds", "3")
    assert status == 0
    assert "mistaken for something else" in said
    assert "known, mistaken" in run(home, "learned")[1]


def test_teach_learns_from_what_is_typed(home: Path) -> None:
    status, said = run(home, "teach", given="hope\nneutral\nskip\n\nstop\n")
    assert status == 0
    assert "anger?" in said
    assert "no expression" in said  # `hope`, and it was asked again
    assert "corrected: 1" in said
    assert "agreed: 1" in said
    assert run(home, "teach", given="")[0] == 0  # the end of what is typed ends it


def test_unlearn_forgets(home: Path) -> None:
    run(home, "calibrate")
    assert "Forgotten." in run(home, "unlearn")[1]
    assert "Nothing was learned." in run(home, "unlearn")[1]
    assert "not known" in run(home, "learned")[1]
