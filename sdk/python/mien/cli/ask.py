"""Questions where yes and no weigh the same: no default, no highlight, the same number of keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mien.errors import ConsentMissing

if TYPE_CHECKING:
    from rich.console import Console

_NOBODY: Final = "nobody answered, and no answer is a no; run the command in a terminal"


def yes(console: "Console", question: str) -> bool:
    """Whether the person typed yes. Asks again for anything but yes or no. Raises `ConsentMissing` when nobody answers."""
    return one_of(console, question, ("yes", "no")) == "yes"


def one_of(console: "Console", question: str, answers: Sequence[str]) -> str:
    """The answer that was typed, asked for until it is one of `answers`. Raises `ConsentMissing` when nobody answers."""
    while True:
        said = words(console, f"{question} ({'/'.join(answers)})").lower()
        if said in answers:
            return said


def words(console: "Console", question: str) -> str:
    """What was typed, without the spaces around it; may be nothing. Raises `ConsentMissing` when nobody answers."""
    try:
        return console.input(f"{question} ").strip()
    except EOFError:
        raise ConsentMissing(_NOBODY) from None
