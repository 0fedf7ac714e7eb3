"""What a person sees of the demo: headings, tables and bars by rich; plain lines where there is no terminal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mien.values import Label, Ranking

RECENT = 6
COLOURS = {
    "joy": "yellow",
    "surprise": "cyan",
    "sadness": "blue",
    "anger": "red",
    "neutral": "white",
}


@dataclass(slots=True)
class Screen:
    """Draws on one console. `record` keeps everything for a picture."""

    console: Console
    _number: int = 0
    outcomes: list[tuple[str, bool, str]] = field(default_factory=list)

    def title(self) -> None:
        """The first lines."""
        self.console.print(
            Panel(
                Text.assemble(
                    ("mien", "bold"), " reads a face on this machine, only after a yes, and sends nothing but\n"
                    "sealed labels to a server that must ask the policy at every use.\n",
                    ("Everything below is real: the server is a process on loopback, the face a rendered person.", "dim"),
                ),
                border_style="cyan", expand=False,
            )
        )  # fmt: skip

    def scene(self, title: str) -> None:
        """A heading with its number."""
        self._number += 1
        self.console.print()
        self.console.print(Rule(f"[bold]{self._number}. {title}", align="left", style="cyan"))

    def held(self, what: str, evidence: str = "") -> None:
        """A check that held."""
        self.outcomes.append((what, True, evidence))
        self.console.print(
            Text.assemble(
                ("  ✓ ", "bold green"), what, (f"  {evidence}" if evidence else "", "dim")
            )
        )

    def failed(self, what: str, evidence: str) -> None:
        """A check that did not hold."""
        self.outcomes.append((what, False, evidence))
        self.console.print(Text.assemble(("  ✗ ", "bold red"), (what, "bold red"), f"  {evidence}"))

    def words(self, markdown: str, title: str) -> None:
        """A text as the person reads it."""
        self.console.print(
            Panel(
                Markdown(markdown),
                title=title,
                border_style="white",
                width=min(100, self.console.width),
            )
        )

    def facts(self, rows: Mapping[str, str]) -> None:
        """Names and values."""
        table = Table(box=None, show_header=False, padding=(0, 2))
        for name, value in rows.items():
            table.add_row(Text(name, style="cyan"), value)
        self.console.print(table)

    def note(self, text: str) -> None:
        """A line of explanation."""
        self.console.print(Text(f"  {text}", style="dim"))

    def ranking(self, ranking: Ranking, before: Ranking | None = None) -> None:
        """A ranking; beside each place what `before` had there, if given."""
        table = Table(padding=(0, 1), header_style="bold")
        for name in ("", "offer", "price", *(("before",) if before else ()), "why"):
            table.add_column(
                name,
                justify="right" if name == "price" else "left",
                no_wrap=name in {"offer", "price"},
            )
        for index, place in enumerate(ranking.places):
            offer = place.offer
            price = f"{offer.price / 100:.2f} {offer.currency}"
            old = (Text(before.places[index].offer.title, style="dim"),) if before else ()
            table.add_row(str(place.place), offer.title, price, *old, place.why or "-")
        self.console.print(table)

    def sent(self, rows: Sequence[tuple[str, int, int, str]], sample: bytes) -> None:
        """What left: (path, requests, bytes, what it was), and the first bytes of one envelope."""
        table = Table(padding=(0, 1), header_style="bold")
        for name in ("to", "requests", "bytes", "what"):
            table.add_column(name, justify="right" if name in {"requests", "bytes"} else "left")
        for path, requests, size, what in rows:
            table.add_row(path, str(requests), f"{size:,}", what)
        self.console.print(table)
        self.console.print(
            Text(
                f"  the first bytes of an envelope's sealed part: {sample[:24].hex(' ')} ...",
                style="dim",
            )
        )

    @contextmanager
    def reading(self, total: float | None) -> Iterator["Reading"]:
        """A live view of labels while a session runs. `total` is the source's length in seconds, if known."""
        view = Reading(total)
        if not self.console.is_terminal:
            yield view
            self.console.print(view.history())
            return
        with Live(view, console=self.console, refresh_per_second=10, transient=True):
            yield view
        self.console.print(view.history())

    def begin_picture(self) -> None:
        """Forget what a recording console kept so far."""
        if self.console.record:
            self.console.export_text(clear=True)

    def save_picture(self, file: Path) -> None:
        """Write what was shown since `begin_picture` as SVG, without the web fonts that rich would fetch from another host."""
        svg = self.console.export_svg(title="make demo (a part)", clear=False)
        file.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))

    def summary(self) -> bool:
        """All checks and whether all held."""
        failed = [what for what, good, _ in self.outcomes if not good]
        self.console.print()
        if failed:
            self.console.print(
                Panel(
                    "\n".join(f"✗ {what}" for what in failed),
                    title="did not hold",
                    border_style="red",
                    expand=False,
                )
            )
            return False
        text = f"All {len(self.outcomes)} checks held."
        self.console.print(Panel(text, border_style="green", expand=False))
        return True


class Reading:
    """Labels as they are read: the latest in a table with bars, and how far the source has come."""

    def __init__(self, total: float | None) -> None:
        self.labels: list[Label] = []
        self.silences: dict[str, int] = {}
        self._progress = Progress(
            TextColumn("  reading on this device"), BarColumn(40), TimeElapsedColumn()
        )
        self._task = self._progress.add_task("", total=total)

    def at(self, seconds: float) -> None:
        """The source has come this far."""
        self._progress.update(self._task, completed=seconds)

    def label(self, label: Label) -> None:
        """One more label."""
        self.labels.append(label)

    def silence(self, reason: str) -> None:
        """A picture without a label, and why; filling the next window is no reason."""
        if reason == "gathering":
            return
        self.silences[reason] = self.silences.get(reason, 0) + 1

    def __rich__(self) -> Group:
        """The live picture."""
        return Group(self._progress, rows(self.labels[-RECENT:]))

    def history(self) -> Group:
        """What is left on the screen afterwards: runs of equal labels."""
        runs: list[list[Label]] = []
        for label in self.labels:
            if runs and runs[-1][0].expression == label.expression:
                runs[-1].append(label)
            else:
                runs.append([label])
        table = Table(padding=(0, 1), header_style="bold")
        for name in ("seconds", "label", "sure", "valence", "labels"):
            table.add_column(name, justify="left" if name in {"label", "sure"} else "right")
        first = self.labels[0].ended_at if self.labels else 0
        for run in runs:
            sure = sum(label.confidence for label in run) / len(run)
            valence = [label.valence for label in run if label.valence is not None]
            mean = f"{sum(valence) / len(valence) / 15:+.2f}" if valence else "-"
            span = f"{run[0].ended_at - first}-{run[-1].ended_at - first}"
            first_word = word(replace(run[0], second=None))
            table.add_row(span, first_word, bar(sure / 15), mean, str(len(run)))
        quiet = ", ".join(f"{reason}: {count}" for reason, count in sorted(self.silences.items()))
        return Group(
            table, *([Text(f"  pictures without a label: {quiet}", style="dim")] if quiet else [])
        )


def rows(labels: Sequence[Label]) -> Table:
    """The latest labels."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    for label in labels:
        table.add_row(word(label), bar(label.confidence / 15))
    return table


def word(label: Label) -> Text:
    """A label's words in its colour."""
    second = f" + {label.second}" if label.second else ""
    return Text(label.expression + second, style=COLOURS.get(label.expression, "magenta"))


def bar(share: float, width: int = 15) -> Text:
    """A share of one as blocks."""
    full = round(share * width)
    return Text("█" * full + "░" * (width - full), style="green")
