"""What the documentation says exists: links lead somewhere, every command and every decision has its page."""

import ast
import inspect
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.core
import typer.main

from mien import Client
from mien.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout.split()
)  # fmt: skip
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def calls(page: Path) -> Iterator[tuple[str, ast.Call]]:
    """Calls of `Client` and of a `client` in the programs of a page, each by the name of the method."""
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Call):
                match node.func:
                    case ast.Name("Client"):
                        yield "__init__", node
                    case ast.Attribute(ast.Name("client"), method):
                        yield method, node


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_programs_call_what_there_is(page: Path) -> None:
    assert [ast.unparse(call) for name, call in calls(page) if not fits(name, call)] == []


def fits(name: str, call: ast.Call) -> bool:
    """Whether `Client` has this method, and it takes these arguments."""
    given: dict[str, Any] = {each.arg: None for each in call.keywords if each.arg is not None}
    try:
        inspect.signature(getattr(Client, name)).bind(None, *[None for _ in call.args], **given)
    except (AttributeError, TypeError):
        return False
    return True


def commands(command: Any, path: str) -> dict[str, Any]:
    """Every command below `command`, as it is typed."""
    if isinstance(command, typer.core.TyperGroup):
        below = [commands(child, f"{path} {name}") for name, child in command.commands.items()]
        return {name: leaf for leaves in below for name, leaf in leaves.items()}
    return {path: command}


COMMANDS = commands(typer.main.get_command(app), "mien")
CLI_PAGE = (ROOT / "docs/reference/cli.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_one_section_that_names_every_option(command: str) -> None:
    sections = re.findall(rf"^## `{command}`$(.*?)(?=^## |\Z)", CLI_PAGE, re.MULTILINE | re.DOTALL)
    assert len(sections) == 1
    options = {word for option in COMMANDS[command].params for word in option.opts}
    named = {option for option in options if option.startswith("--")}
    assert {option for option in named if option not in sections[0]} == set()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(page.name[:4]) for page in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_decision_states_its_price() -> None:
    for page in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        assert "**Consequences.**" in page.read_text() or "## Consequences" in page.read_text(), (
            page.name
        )
