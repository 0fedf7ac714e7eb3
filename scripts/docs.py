"""Write the generated pages: the command-line reference from the commands themselves, and the OpenAPI reference from the application."""

import json
from pathlib import Path

import click
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
    return head + "".join(section(command, path) for path, command in leaves(typer.main.get_command(commands), "mien"))


def leaves(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    """Every command that does something, with the words that call it."""
    if isinstance(command, click.Group):
        return [leaf for name, child in sorted(command.commands.items()) for leaf in leaves(child, f"{path} {name}")]
    return [(path, command)]


def section(command: click.Command, path: str) -> str:
    """One command: what it does, its usage, a table of its options."""
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [row for parameter in command.params if (row := parameter_row(parameter, context))]
    table = ("\n| | |\n|---|---|\n" + "\n".join(rows) + "\n") if rows else ""
    words = (command.help or command.short_help or "").replace("\b", "").strip()
    return f"\n## `{path}`\n\n    {path} {usage}\n\n{words}\n{table}"


def parameter_row(parameter: click.Parameter, context: click.Context) -> str:
    """One row of the table, empty for what every command has."""
    record = parameter.get_help_record(context)
    if record is None or record[0] == "--help":
        return ""
    name, text = (part.replace("|", "\\|") for part in record)
    return f"| `{name}` | {text} |"


if __name__ == "__main__":
    main()
