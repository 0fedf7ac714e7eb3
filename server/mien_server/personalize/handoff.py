"""When a person should take over from the machine, and what that earns: hybrid intelligent marketing, in numbers.

    profit of the machine alone   B = -ca + (1-pi) pa+ V + pi (pa- V - ka L)
    profit with hand-off          H = -ca - cs + (1-pi)[(1-f) pa+ V + f (pm+ V - g)] + pi [t (pm- V - km L - g) + (1-t)(pa- V - ka L)]

The published account (recommendation by machine, a person when negative emotion is seen, 8.8 to 12.8 times the profit) gives no formula. This one is our
derivation; it reproduces those figures with the values of `PUBLISHED`, all of which are assumed. `docs/explanation/profit.md` derives it.

Pure arithmetic on floats. Nothing here knows a price: `value` is what a sale is worth to the site, and what is decided is whether to offer help.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final

from mien.errors import RequestInvalid

SYMBOLS: Final = {
    "negative": "pi",
    "sale_auto_content": "pa+",
    "sale_auto_negative": "pa-",
    "sale_human_content": "pm+",
    "sale_human_negative": "pm-",
    "complaint_auto": "ka",
    "complaint_human": "km",
    "value": "V",
    "loss": "lambda",
    "human_cost": "g",
    "contact_cost": "ca",
    "sensing_cost": "cs",
    "hit_rate": "t",
    "false_alarm_rate": "f",
}
"""Every input by its name here and its symbol in the formula."""
_PROBABILITIES: Final = frozenset(tuple(SYMBOLS)[:7])
MOST: Final = 1e9
"""Largest amount of money and largest multiple of the value."""


def _check(name: str, number: float, most: float, what: str) -> None:
    if not (math.isfinite(number) and 0.0 <= number <= most):
        msg = f"`{name}` must be {what}"
        raise RequestInvalid(msg)


@dataclass(frozen=True, slots=True)
class Economics:
    """What a contact with a customer costs and brings. Probabilities 0..1; `value` and the costs in one unit of money, 0 (`value`: above 0) to `MOST`.

    `negative` is the share of customers in a negative mood. `sale_...` is the chance of a sale by machine or human to a content or a negative
    customer, `complaint_...` that of a complaint by a negative one. A complaint costs `loss` times `value`, a human `human_cost` a case, the contact
    itself `contact_cost` and reading the expression `sensing_cost`.

    `measured` names the inputs that somebody measured; all others are assumed, and a result says so. Raises `RequestInvalid`.
    """

    negative: float
    sale_auto_content: float
    sale_auto_negative: float
    sale_human_content: float
    sale_human_negative: float
    complaint_auto: float
    complaint_human: float
    value: float
    loss: float
    human_cost: float
    contact_cost: float
    sensing_cost: float
    measured: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in INPUTS:
            if name in _PROBABILITIES:
                _check(name, getattr(self, name), 1.0, "a probability, 0 to 1")
            else:
                _check(name, getattr(self, name), MOST, "a number from 0 to a thousand million")
        if self.value <= 0:
            msg = "`value` must be more than 0; give what a sale is worth"
            raise RequestInvalid(msg)
        unknown = sorted(self.measured.difference(SYMBOLS))
        if unknown:
            msg = f"`measured` names something that is no input; use names such as `{INPUTS[0]}`"
            raise RequestInvalid(msg)

    @property
    def complaint(self) -> float:
        """What one complaint costs (L)."""
        return self.loss * self.value

    @property
    def auto_negative(self) -> float:
        """What a negative customer brings by machine, the contact not counted."""
        return self.sale_auto_negative * self.value - self.complaint_auto * self.complaint

    @property
    def human_negative(self) -> float:
        """What a negative customer brings by human."""
        brought = self.sale_human_negative * self.value - self.complaint_human * self.complaint
        return brought - self.human_cost

    @property
    def gain_negative(self) -> float:
        """What handing over a customer who is negative earns more than not doing so."""
        return self.human_negative - self.auto_negative

    @property
    def gain_content(self) -> float:
        """The same of one who is not."""
        more = self.sale_human_content - self.sale_auto_content
        return more * self.value - self.human_cost


INPUTS: Final = tuple(each.name for each in fields(Economics) if each.name != "measured")


@dataclass(frozen=True, slots=True)
class Rates:
    """How well a negative mood is told: `hit` of those who are (true positive rate), `alarm` of those who are not (false positive rate). 0..1.

    Raises `RequestInvalid`.
    """

    hit: float
    alarm: float

    def __post_init__(self) -> None:
        _check("hit_rate", self.hit, 1.0, "a probability, 0 to 1")
        _check("false_alarm_rate", self.alarm, 1.0, "a probability, 0 to 1")

    @property
    def tells(self) -> bool:
        """Whether being flagged makes a negative mood likelier at all."""
        return self.hit > self.alarm


PUBLISHED: Final = Economics(
    negative=0.25, sale_auto_content=0.05, sale_auto_negative=0.01, sale_human_content=0.06, sale_human_negative=0.04,
    complaint_auto=0.12, complaint_human=0.01, value=1.0, loss=1.23, human_cost=0.03, contact_cost=2e-4, sensing_cost=5e-5,
)  # fmt: skip
"""Values with which the derivation gives the published figures. Assumed, every one."""
PUBLISHED_RATES: Final = Rates(0.8, 0.1)
PUBLISHED_LOSSES: Final = (1.21871, 1.23, 1.25316)
"""Losses a complaint (in values) that give 8.800, 9.797 and 12.800."""


# ---- profits, per customer ----
def auto_profit(economics: Economics) -> float:
    """The machine alone (B)."""
    e = economics
    content = e.sale_auto_content * e.value
    return -e.contact_cost + (1 - e.negative) * content + e.negative * e.auto_negative


def hybrid_profit(economics: Economics, rates: Rates) -> float:
    """A human for whoever is flagged, the machine for the others (H)."""
    e = economics
    gained = (1 - e.negative) * rates.alarm * e.gain_content
    gained += e.negative * rates.hit * e.gain_negative
    return auto_profit(e) - e.sensing_cost + gained


def random_profit(economics: Economics, rates: Rates) -> float:
    """As many handed over as with `rates`, drawn by lot: a flag that knows nothing, at the same cost."""
    share = flagged_share(economics.negative, rates)
    return hybrid_profit(economics, Rates(share, share))


def manual_profit(economics: Economics) -> float:
    """A human for everybody: nothing is read and no machine makes contact."""
    e = economics
    content = e.sale_human_content * e.value - e.human_cost
    return (1 - e.negative) * content + e.negative * e.human_negative


def flagged_share(negative: float, rates: Rates) -> float:
    """The share of customers who are flagged, 0..1."""
    return min(1.0, negative * rates.hit + (1 - negative) * rates.alarm)


@dataclass(frozen=True, slots=True)
class Profits:
    """Profits per customer of the four ways, in the unit of `value`."""

    auto: float
    hybrid: float
    random: float
    manual: float

    @property
    def gain(self) -> float:
        """H - B: what hand-off earns more. This is the figure to look at."""
        return self.hybrid - self.auto

    def ratio(self, profit: float) -> float | None:
        """`profit` over that of the machine alone; None where the machine alone earns nothing, so that no multiple says anything."""
        return profit / self.auto if self.auto > 0 else None


def profits(economics: Economics, rates: Rates) -> Profits:
    """All four."""
    return Profits(
        auto=auto_profit(economics),
        hybrid=hybrid_profit(economics, rates),
        random=random_profit(economics, rates),
        manual=manual_profit(economics),
    )


def vanishing_loss(economics: Economics) -> float | None:
    """The loss a complaint (in values) at which the machine alone earns nothing, so that R diverges; None where complaints do not matter."""
    e = economics
    slope = e.negative * e.complaint_auto * e.value
    return (auto_profit(replace(e, loss=0.0)) / slope) if slope > 0 else None


# ---- what a result rests on ----
@dataclass(frozen=True, slots=True)
class Swing:
    """How a result moves when one input moves by a tenth down and up: `gain` is H - B, `ratio` is R (None where it says nothing)."""

    name: str
    measured: bool
    gain: tuple[float, float]
    ratio: tuple[float | None, float | None]

    @property
    def width(self) -> float:
        """How far apart the two gains are."""
        return abs(self.gain[1] - self.gain[0])


def swings(economics: Economics, rates: Rates, step: float = 0.1) -> tuple[Swing, ...]:
    """The swing of every input, the widest first. A probability stays within 0..1, an amount within what `Economics` takes."""
    found = [
        _swing(economics, name, [_profits_at(economics, rates, name, by) for by in (-step, step)])
        for name in SYMBOLS
    ]
    return tuple(sorted(found, key=lambda each: -each.width))


def _swing(economics: Economics, name: str, ends: list[Profits]) -> Swing:
    low, high = ends
    return Swing(
        name=name,
        measured=name in economics.measured,
        gain=(low.gain, high.gain),
        ratio=(low.ratio(low.hybrid), high.ratio(high.hybrid)),
    )


def _profits_at(economics: Economics, rates: Rates, name: str, by: float) -> Profits:
    if name == "hit_rate":
        return profits(economics, replace(rates, hit=min(1.0, rates.hit * (1 + by))))
    if name == "false_alarm_rate":
        return profits(economics, replace(rates, alarm=min(1.0, rates.alarm * (1 + by))))
    most = 1.0 if name in _PROBABILITIES else MOST
    moved = min(most, getattr(economics, name) * (1 + by))
    return profits(replace(economics, **{name: moved}), rates)


def assumed_part(found: Iterable[Swing]) -> float:
    """What part of all swings, 0..1, belongs to inputs that nobody measured. 1 where nothing moves: then nothing is known either."""
    each = tuple(found)
    whole = sum(one.width for one in each)
    return sum(one.width for one in each if not one.measured) / whole if whole > 0 else 1.0


# ---- one customer, now ----
def posterior(negative: float, rates: Rates | None, *, flagged: bool | None) -> float:
    """How likely a customer is negative, 0..1: by Bayes after being flagged or not; the share `negative` where nothing was read (None)."""
    if rates is None or flagged is None:
        return negative
    likely, unlikely = (rates.hit, rates.alarm) if flagged else (1 - rates.hit, 1 - rates.alarm)
    whole = negative * likely + (1 - negative) * unlikely
    return negative * likely / whole if whole > 0 else negative


def expected_gain(economics: Economics, negative: float) -> float:
    """What offering a human to this customer is expected to earn more, when they are negative with this probability."""
    return (1 - negative) * economics.gain_content + negative * economics.gain_negative


def hands_over(economics: Economics, negative: float) -> bool:
    """Whether a human is to be offered: exactly when the expected gain is positive."""
    return expected_gain(economics, negative) > 0


def threshold(economics: Economics) -> float | None:
    """The probability of a negative mood, 0..1, above which a human is offered: 0 when always, None when never.

    Only of economics that never punish (`never_punishes`): there the gain rises with the probability.
    """
    low, high = economics.gain_content, economics.gain_negative
    if high <= 0:
        return None
    return 0.0 if low >= 0 else -low / (high - low)


def never_punishes(economics: Economics) -> bool:
    """Whether a negative mood never makes help less likely. Where it would, emotion would work against the person, and nothing is decided by it."""
    return economics.gain_negative >= economics.gain_content


def together(rates: Iterable[Rates]) -> Rates | None:
    """What is sure of "one of these flags": at least as many hits as the best has, at most as many false alarms as all have together (Boole's inequality).

    Holds whether or not they err together. None of none.
    """
    every = tuple(rates)
    if not every:
        return None
    return Rates(max(each.hit for each in every), min(1.0, sum(each.alarm for each in every)))
