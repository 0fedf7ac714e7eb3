"""`python -m model COMMAND`: make, evaluate, calibrate and describe the embedded models. Run from `sdk/` (the Makefile does)."""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .plan import FULL, SMALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def _render(args: argparse.Namespace) -> None:
    from .render import shards

    shards.make(SMALL if args.small else FULL, args.processes)


def _train(args: argparse.Namespace) -> None:
    from . import train

    plan = SMALL if args.small else FULL
    if args.networks:
        for name in args.networks:
            train.run(plan, name, args.processes)
        return
    with _beside(train.SECOND, args) as rest:
        for name in train.FIRST:
            train.run(plan, name, max(1, args.processes // 2))
        if rest.wait():
            sys.exit("training failed; see above")


@contextmanager
def _beside(networks: Sequence[str], args: argparse.Namespace) -> Iterator[subprocess.Popen[bytes]]:
    """Train `networks` in another process meanwhile; it ends with this one."""
    command = [sys.executable, "-m", "model", "train", *networks]
    command += ["--processes", str(max(1, args.processes // 2))]
    other = subprocess.Popen(command + (["--small"] if args.small else []))
    try:
        yield other
    finally:
        other.terminate()
        other.wait()


def _finish(args: argparse.Namespace) -> None:
    from . import finish

    finish.run(SMALL if args.small else FULL, args.processes)


def _all(args: argparse.Namespace) -> None:
    for step in (_render, _train, _finish):
        step(args)


def _sample(args: argparse.Namespace) -> None:
    from . import sample

    sample.run(args.processes)


def _holdout(args: argparse.Namespace) -> None:
    from . import holdout

    holdout.make(args.processes)


def _evaluate(args: argparse.Namespace) -> None:
    from . import evaluate

    evaluate.run(args.folder, crops=args.crops)


def _evaluate_micro(args: argparse.Namespace) -> None:
    from . import evaluate_micro

    evaluate_micro.run(args.folder)


def _rates(args: argparse.Namespace) -> None:
    from . import rates

    rates.run(args.figures)


def _adaptation(args: argparse.Namespace) -> None:
    from . import adaptation

    adaptation.run(args.figures)


def _budget(args: argparse.Namespace) -> None:
    from . import budget

    budget.run(args.figures)


def _sheet(args: argparse.Namespace) -> None:
    from .render import sheet

    sheet.run(args.picture)


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="model", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(run=run, networks=[])
        sub.add_argument("--processes", type=int, default=2, help="worker processes")
        sub.add_argument("--small", action="store_true", help="a run of minutes to try the chain")
        return sub

    command("all", _all, "render, train, calibrate, export, describe")
    command("render", _render, "render the training set")
    trainer = command("train", _train, "train the networks")
    trainer.add_argument("networks", nargs="*", metavar="network")
    command("finish", _finish, "calibrate, export, write the model card")
    command("sample", _sample, "render the sample videos")
    command("holdout", _holdout, "render the people that new shared heads are tried on")
    sheet = command("sheet", _sheet, "render a contact sheet to look at")
    sheet.add_argument("picture", type=Path)
    evaluation = command("evaluate", _evaluate, "run the shipped pipeline over labelled images")
    evaluation.add_argument("folder", type=Path)
    evaluation.add_argument("--crops", action="store_true", help="each image is a face crop")
    cubes = command("evaluate-micro", _evaluate_micro, "polarity over labelled flow cubes")
    cubes.add_argument("folder", type=Path)
    counted = command("rates", _rates, "write rates.json again from recorded figures")
    counted.add_argument("figures", type=Path)
    drawn = command("adaptation", _adaptation, "draw adaptation, person by person")
    drawn.add_argument("figures", type=Path, help="what `make bench NAME=adapt` printed")
    spent = command("budget", _budget, "draw what privacy costs and what it is worth")
    spent.add_argument("figures", type=Path, help="what `make bench NAME=shared` printed")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
