"""How a command ends when something is wrong: one line, no traceback, exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from mien.errors import MienError

FAILED = 2


@contextmanager
def told() -> Iterator[None]:
    """Turn an error of mien into its one line on standard error and exit code 2."""
    try:
        yield
    except MienError as error:
        print(f"mien: {error} [{error.code}]", file=sys.stderr)
        raise typer.Exit(FAILED) from None
