"""Questions where yes and no weigh the same: no default, no highlight, the same number of keys."""

from typing import TYPE_CHECKING

from mien.errors import ConsentMissing

if TYPE_CHECKING:
    from rich.console import Console


def yes(console: "Console", question: str) -> bool:
    """Whether the person typed yes. Asks again for anything but yes or no. Raises `ConsentMissing` when nobody answers."""
    while True:
        try:
            said = console.input(f"{question} (yes/no) ").strip().lower()
        except EOFError:
            msg = "nobody answered, and no answer is a no; run the command in a terminal"
            raise ConsentMissing(msg) from None
        if said in {"yes", "no"}:
            return said == "yes"
