"""What is public is what is said to be public, and the documented examples run."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import mien
from mien import testing
from mien.errors import ConsentMissing

ROOT = Path(__file__).resolve().parents[2]


def test_every_public_name_loads_from_its_home() -> None:
    for name in mien.__all__:
        found = getattr(mien, name)
        home = importlib.import_module(f"mien.{mien._HOME[name]}")
        assert found is getattr(home, name)
    assert set(mien.__all__) == set(mien._HOME)
    assert mien.__all__ == sorted(mien.__all__)
    assert set(mien.__all__) <= set(dir(mien))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        mien.nothing_like_it  # noqa: B018


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(mien.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(mien.__all__)


def test_the_public_names_are_in_the_reference() -> None:
    page = (ROOT / "docs/reference/python-api.md").read_text()
    public = [name for name in vars(mien.Client) if not name.startswith("_")]
    for base in mien.Client.__mro__[1:-1]:
        public += [name for name in vars(base) if not name.startswith("_")]
    missing = [name for name in public if f"{name}(" not in page and f"`{name}`" not in page]
    assert sorted(set(missing)) == ["close"]
    assert [name for name in testing.__all__ if name not in page] == ["OFFERS"]


@pytest.mark.parametrize(
    "room", ["consent", "capture", "label", "seal", "send", "keep", "client", "testing"]
)
def test_all_names_what_is_there(room: str) -> None:
    module = importlib.import_module(f"mien.{room}")
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_the_example_of_the_fakes_runs() -> None:
    page = (ROOT / "docs/reference/python-api.md").read_text()
    example = next(
        code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "FakeServer" in code
    )
    exec(compile(example, "python-api.md", "exec"), {})  # noqa: S102 - the point of the test


def test_the_how_tos_run_in_order(tmp_path: Path) -> None:
    """Embedding, then offline, then withdrawing: one story, against a fake server."""
    clock = testing.FakeClock()
    server = testing.FakeServer(clock)
    shown: list[object] = []

    class Client(mien.Client):
        def __init__(self, server_url: str, site: str, **given: object) -> None:
            eyes = testing.FakeEyes()
            super().__init__(server_url, site, clock=clock, transport=server, eyes=eyes, **given)  # type: ignore[arg-type]

    class Guardian(mien.Guardian):
        def __init__(self, server_url: str, site: str, **given: object) -> None:
            super().__init__(server_url, site, clock=clock, transport=server, **given)  # type: ignore[arg-type]

    names: dict[str, object] = {
        "SERVER": "https://fake.example", "SITE": "shop", "PUBLISHABLE_KEY": server.key, "VERIFICATION_KEY": server.trust,
        "HOME": tmp_path / "one", "OTHER_HOME": tmp_path / "two", "SECOND_HOME": tmp_path / "three", "CHILD_HOME": tmp_path / "four", "SOURCE": testing.film("joy", seconds=3),
        "show": lambda *words: shown.append(words), "ask": lambda *_words: True, "light_on": shown.append,
    }  # fmt: skip
    names |= {"Client": Client, "Guardian": Guardian}
    for page in (
        "embed-the-sdk",
        "handle-offline",
        "add-a-device-or-guardian",
        "withdraw-and-erase",
    ):
        if page == "withdraw-and-erase":
            begin_anew(names)
        for source in sources(page):
            if "other.recover" in source:
                agree_again(names)
            exec(compile(source, page, "exec"), names)  # noqa: S102 - the point of the test
    assert "joy" in shown
    assert [len(known.streams) for known in server.people.values()] == [1]  # the second device's


def sources(page: str) -> list[str]:
    """The programs of a page, with our client and guardian in place of theirs."""
    found = []
    text = (ROOT / f"docs/how-to/{page}.md").read_text()
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        if code.startswith("proof ="):
            continue  # the person is forgotten by then: the proof is tested with the client
        source = code.replace("from mien import Claims, Client\n", "from mien import Claims\n")
        source = source.replace("from mien import Guardian\n", "")
        if 'client.withdraw(["personalize_offers"])' in source:
            source = source.splitlines()[0]
        found.append(source)
    return found


def begin_anew(names: dict[str, object]) -> None:
    """The first device was the lost one: it forgets, and its person says yes as somebody new."""
    client = names["client"]
    assert isinstance(client, mien.Client)
    with pytest.raises(ConsentMissing):
        client.erase()
    agree_again(names)


def agree_again(names: dict[str, object]) -> None:
    """A new person says yes on the first device, and writes the code down."""
    client = names["client"]
    assert isinstance(client, mien.Client)
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=mien.Claims(jurisdictions=("EU-DE",)))
    names["CODE"] = client.recovery_code
