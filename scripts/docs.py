"""Write the generated pages: the command-line reference from the commands themselves, and the OpenAPI reference from the application."""

import json
from pathlib import Path
from typing import Any

import typer
import typer.core
import typer.main

from mien.cli import app as commands
from mien_server.app import openapi_document

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def main() -> None:
    """Write both pages."""
    (REFERENCE / "cli.md").write_text(command_reference())
    (REFERENCE / "openapi.json").write_text(openapi_reference())


def openapi_reference() -> str:
    """The OpenAPI document as it is committed."""
    return json.dumps(openapi_document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def command_reference() -> str:
    """The page of all commands."""
    head = (
        "# The command line\n\n`mien` is the device's command; where the server is installed (`mien[server]`) it adds its own. This page is written by `make docs` "
        "from the commands' own help.\n"
    )
    return head + "".join(
        section(command, path) for path, command in leaves(typer.main.get_command(commands), "mien")
    )


def leaves(command: Any, path: str) -> list[tuple[str, Any]]:
    """Every command that does something, with the words that call it."""
    if isinstance(command, typer.core.TyperGroup):
        return [
            leaf
            for name, child in sorted(command.commands.items())
            for leaf in leaves(child, f"{path} {name}")
        ]
    return [(path, command)]


def section(command: Any, path: str) -> str:
    """One command: what it does, its usage, a table of its options."""
    context = typer.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [row for parameter in command.params if (row := parameter_row(parameter, context))]
    table = ("\n| option | meaning |\n|---|---|\n" + "\n".join(rows) + "\n") if rows else ""
    words = (command.help or command.short_help or "").replace("\b", "").strip()
    return f"\n## `{path}`\n\n    {path} {usage}\n\n{words}\n{table}"


def parameter_row(parameter: Any, context: typer.Context) -> str:
    """One row of the table, empty for what every command has."""
    record = parameter.get_help_record(context)
    if record is None or record[0] == "--help":
        return ""
    name, text = (part.replace("|", "\\|") for part in record)
    return f"| `{name}` | {text} |"


if __name__ == "__main__":
    main()
