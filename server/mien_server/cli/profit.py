"""`mien profit`: what handing over to a human earns, by the formula of `personalize.handoff`, beside its controls, and how much of it rests on assumptions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.personalize.handoff import Economics, Profits, Rates, Swing

STEEP: Final = 1.0
"""R is warned of when a tenth more loss, or less, moves it by this many times its own size, or beyond all bounds."""
_SHOWN: Final = 6
_POINTS: Final = 60
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def _part(words: str) -> Any:
    return typer.Option(min=0, max=1, help=f"{words} A probability, 0 to 1.")


def _money(words: str) -> Any:
    return typer.Option(min=0, help=words)


@dataclass(frozen=True, slots=True)
class Case:
    """One set of inputs and what comes out."""

    economics: "Economics"
    rates: "Rates"
    profits: "Profits"
    swings: "tuple[Swing, ...]"
    assumed: float
    vanishing: float | None

    @property
    def diverges(self) -> bool:
        """Whether the multiple R says more of how little the machine alone earns than of the hand-off."""
        ratio = self.profits.ratio(self.profits.hybrid)
        loss = next(each for each in self.swings if each.name == "loss")
        ends = loss.ratio
        if ratio is None or None in ends:
            return True
        return max(abs(end - ratio) for end in ends if end is not None) > STEEP * abs(ratio)


def profit(  # noqa: PLR0917 - one option for each symbol of the formula
    negative: Annotated[float, _part("pi: share of customers in a bad mood.")] = 0.25,
    sale_auto_content: Annotated[float, _part("pa+: the machine sells to a content customer.")] = 0.05,
    sale_auto_negative: Annotated[float, _part("pa-: the machine sells to one in a bad mood.")] = 0.01,
    sale_human_content: Annotated[float, _part("pm+: a human sells to a content customer.")] = 0.06,
    sale_human_negative: Annotated[float, _part("pm-: a human sells to one in a bad mood.")] = 0.04,
    complaint_auto: Annotated[float, _part("ka: one in a bad mood complains after the machine.")] = 0.12,
    complaint_human: Annotated[float, _part("km: one in a bad mood complains after a human.")] = 0.01,
    value: Annotated[float, _money("V: what a sale is worth, in any unit of money.")] = 1.0,
    loss: Annotated[list[float] | None, typer.Option(min=0, help="lambda: loss by one complaint, in values; repeat for several. Without it, the three that give the published figures.")] = None,
    human_cost: Annotated[float, _money("g: cost of a case handed over.")] = 0.03,
    contact_cost: Annotated[float, _money("ca: cost of the machine's contact.")] = 2e-4,
    sensing_cost: Annotated[float, _money("cs: cost of reading the expression.")] = 5e-5,
    hit_rate: Annotated[float, _part("t: a bad mood is noticed.")] = 0.8,
    false_alarm_rate: Annotated[float, _part("f: a content customer is taken for one in a bad mood.")] = 0.1,
    shipped: Annotated[bool, typer.Option("--shipped", help="Take both rates from what was measured of the shipped model, at the bad end of the interval.")] = False,
    measured: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Name of an input that was measured, such as `negative`; repeat. All others count as assumed.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw the four profits over the loss by a complaint.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Work out what handing over to a human earns a customer: H - B and R, beside a random flag and a human for everybody.

    Money is in the unit of `--value`. The defaults reproduce the published figures, and every one of them is assumed.
    """
    with told():
        from mien_server.personalize.handoff import PUBLISHED_LOSSES, Economics, Rates

        rates, known = Rates(hit_rate, false_alarm_rate), set(measured or ())
        if shipped:
            rates, known = _shipped(), known | {"hit_rate", "false_alarm_rate"}
        losses = list(loss or PUBLISHED_LOSSES)
        first = Economics(
            negative, sale_auto_content, sale_auto_negative, sale_human_content, sale_human_negative, complaint_auto, complaint_human,
            value, losses[0], human_cost, contact_cost, sensing_cost, frozenset(known),
        )  # fmt: skip
        cases = [worked_out(replace(first, loss=each), rates) for each in losses]
        if plot is not None:
            _write(plot, picture(cases))
    if as_json:
        print(json.dumps({"cases": [as_doc(case) for case in cases]}))
        return
    _show(cases, plot)


def worked_out(economics: "Economics", rates: "Rates") -> Case:
    """All that is told of one set of inputs."""
    from mien_server.personalize import handoff

    swings = handoff.swings(economics, rates)
    return Case(
        economics, rates, handoff.profits(economics, rates), swings,
        handoff.assumed_part(swings), handoff.vanishing_loss(economics),
    )  # fmt: skip


def _shipped() -> "Rates":
    from mien.errors import SettingsError
    from mien_server.measured import shipped
    from mien_server.personalize import shipped_rates

    found = [
        rates
        for (_model, signal), rates in shipped_rates(shipped()).items()
        if signal == "expression"
    ]
    if not found:
        msg = "nothing was measured of the model files that are here; give `--hit-rate` and `--false-alarm-rate`"
        raise SettingsError(msg)
    return found[0]


def _write(path: Path, svg: str) -> None:
    from mien.errors import SettingsError

    if path.suffix.lower() != ".svg":
        msg = f"`{path.name}` is no SVG file; plots are written as SVG, so end its name with .svg"
        raise SettingsError(msg)
    try:
        path.write_text(svg, "utf-8")
    except OSError as error:
        msg = f"`{path}` cannot be written: {(error.strerror or 'unwritable').lower()}; choose another place"
        raise SettingsError(msg) from None


# ---- as JSON ----
def as_doc(case: Case) -> dict[str, Any]:
    """One case as JSON. Profits are per customer, in the unit of the value; a ratio is null where the machine alone earns nothing."""
    from mien_server.personalize.handoff import INPUTS, SYMBOLS, threshold

    found = case.profits
    inputs = {name: getattr(case.economics, name) for name in INPUTS}
    inputs |= {"hit_rate": case.rates.hit, "false_alarm_rate": case.rates.alarm}
    known = case.economics.measured
    return {
        "inputs": {
            name: {"symbol": SYMBOLS[name], "value": number, "basis": "measured" if name in known else "assumed"}
            for name, number in inputs.items()
        },
        "profits": {"auto": found.auto, "hybrid": found.hybrid, "random_flag": found.random, "all_manual": found.manual},
        "gain": found.gain,
        "ratio": {
            "hybrid": found.ratio(found.hybrid), "random_flag": found.ratio(found.random), "all_manual": found.ratio(found.manual),
        },
        "threshold": threshold(case.economics),
        "diverges": case.diverges,
        "diverges_at_loss": case.vanishing,
        "assumed": {"inputs": len(inputs) - len(known), "of": len(inputs), "share_of_swing": case.assumed},
        "swings": [
            {"input": each.name, "basis": "measured" if each.measured else "assumed", "gain": list(each.gain), "ratio": list(each.ratio)}
            for each in case.swings
        ],
    }  # fmt: skip


# ---- as words ----
def _show(cases: Sequence[Case], plot: Path | None) -> None:
    from rich.console import Console

    from mien_server.cli.shown import filled

    console = Console()
    heads = ("loss", "machine (B)", "hand-off (H)", "H - B", "R = H/B", "random flag", "all manual")
    console.print(filled("Profit per customer, and as a multiple of the machine alone", heads, (_row(c) for c in cases)))  # fmt: skip
    for line in _words(cases[0]):
        console.print(line, highlight=False, soft_wrap=True)
    if len(cases) == 1:
        title = "One input a tenth down and up (the widest first)"
        rows = (_swung(each) for each in cases[0].swings[:_SHOWN])
        console.print(filled(title, ("input", "basis", "H - B", "R"), rows))
    steep = [case for case in cases if case.diverges]
    if steep:
        console.print(_warning(steep), highlight=False, soft_wrap=True)
    if plot is not None:
        console.print(f"{plot}: drawn")


def _row(case: Case) -> tuple[str, ...]:
    found = case.profits
    ratios = (_multiple(found.ratio(each)) for each in (found.hybrid, found.random, found.manual))
    return (
        f"{case.economics.loss:g}", f"{found.auto:.6f}", f"{found.hybrid:.6f}", f"{found.gain:+.6f}", *ratios,
    )  # fmt: skip


def _multiple(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.3f}"


def _swung(each: "Swing") -> tuple[str, ...]:
    gains = " to ".join(f"{gain:+.6f}" for gain in each.gain)
    ratios = " to ".join(_multiple(ratio) for ratio in each.ratio)
    return each.name, "measured" if each.measured else "assumed", gains, ratios


def _words(case: Case) -> list[str]:
    from mien_server.personalize.handoff import SYMBOLS, threshold

    known = sorted(case.economics.measured)
    assumed = len(SYMBOLS) - len(known)
    basis = f"Measured: {', '.join(known)}." if known else "No input was measured."
    edge = threshold(case.economics)
    above = "A human never pays here." if edge is None else f"A human pays from a probability of {edge:.3f} on that the customer is in a bad mood."  # fmt: skip
    return [
        above,
        f"{basis} {assumed} of {len(SYMBOLS)} inputs are assumed, and so is {case.assumed:.0%} of all that moves H - B when each input moves by a tenth.",
    ]


def _warning(cases: Sequence[Case]) -> str:
    losses = ", ".join(f"{case.economics.loss:g}" for case in cases)
    ends = cases[0].vanishing
    where = "" if ends is None else f" at a loss of {ends:.4f} values by a complaint"
    return (
        f"Loss {losses}: R is not a figure to quote. The machine alone earns next to nothing, and R grows without bounds as B goes to 0{where}; "
        "look at H - B."
    )


# ---- as a picture ----
def picture(cases: Sequence[Case]) -> str:
    """The four profits over the loss by a complaint, as SVG. Where the machine alone crosses 0, R diverges."""
    from mien_server.cli.audit.report.plots import BLUE, GREEN, INK, RED, Axis, Line, Said, lines

    last = max(case.economics.loss for case in cases)
    last = max([last, *(case.vanishing or 0.0 for case in cases)]) * 1.15 or 1.0
    losses = [last * step / _POINTS for step in range(_POINTS + 1)]
    drawn = [_profits_at(cases[0], each) for each in losses]
    ways = (
        ("hand-off (H)", "hybrid", GREEN, ""), ("a human for everybody", "manual", BLUE, "8 4"),
        ("random flag", "random", INK, "2 3"), ("machine alone (B)", "auto", RED, "12 4 2 4"),
    )  # fmt: skip
    found = [
        Line(
            name,
            [(x, float(getattr(p, way))) for x, p in zip(losses, drawn, strict=True)],
            colour,
            dashes,
        )
        for name, way, colour, dashes in ways
    ]
    heights = [y for line in found for _x, y in line.points] + [0.0]
    low, high = min(heights), max(heights)
    up = Axis(
        low, high if high > low else low + 1.0, "profit per customer, in the unit of the value"
    )
    zero = Line("no profit: here R diverges", [(0.0, 0.0), (last, 0.0)], "#8a8894", "1 4")
    said = Said(
        "profit", "Profit per customer over the loss by a complaint",
        "Four lines: hand-off, a human for everybody, a random flag and the machine alone.",
    )  # fmt: skip
    return lines(said, Axis(0.0, last, "loss by one complaint, in values"), up, [*found, zero])


def _profits_at(case: Case, loss: float) -> "Profits":
    from mien_server.personalize.handoff import profits

    return profits(replace(case.economics, loss=loss), case.rates)
