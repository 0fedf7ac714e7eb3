"""On what terms a round is held unless whoever opens it says otherwise, and what cannot be agreed at all."""

import math
from typing import Final

from mien.errors import RequestInvalid
from mien_server.adapt.accounting import LEAST_NOISE, epsilon_of
from mien_server.adapt.release import MAX_UPDATES
from mien_server.values import Terms

MILLION: Final = 1_000_000
THOUSAND: Final = 1000
LEAST_THOUSANDTHS: Final = math.ceil(LEAST_NOISE * THOUSAND)
"""The least noise in thousandths of a clip."""
DAYS: Final = 366
LONGEST: Final = 7 * 86_400
"""Seconds that a round may be open."""


def checked(terms: Terms, seconds: int) -> Terms:
    """The terms, when a round can be held on them for so many seconds. Raises `RequestInvalid` that says what to change."""
    # No wider than the wire: a round that no device can be shown must not be opened.
    wrong = (
        (not 1 <= terms.floor <= terms.cohort <= MAX_UPDATES, f"a floor is 1 up to the cohort, a cohort at most {MAX_UPDATES}"),
        (not 1 <= terms.quota <= terms.cohort, "a site's quota is 1 up to the cohort"),
        (not 1 <= seconds <= LONGEST, f"a round is open for 1 second up to {LONGEST // 86_400} days"),
        (not 1 <= terms.stride_thousandths <= 100 * THOUSAND, "a stride is above 0 and at most 100"),
        (not 1 <= terms.clip_millionths <= 1000 * MILLION, "a clip is above 0 and at most 1000"),
        (not LEAST_THOUSANDTHS <= terms.noise_thousandths <= 1000 * THOUSAND, f"a noise is {LEAST_NOISE} up to 1000"),
        (not THOUSAND <= terms.delta_one_in <= 1000 * MILLION, "a delta is one in 1000 up to one in 1000 million"),
        (not 1 <= terms.per_year <= DAYS, "somebody takes part once up to 366 times a year"),
        (not 1 <= terms.cap_millionths <= 1000 * MILLION, "a cap is an epsilon above 0 and at most 1000"),
    )  # fmt: skip
    for found, words in wrong:
        if found:
            msg = f"no round can be held on these terms: {words}"
            raise RequestInvalid(msg)
    if first(terms) > terms.cap_millionths:
        msg = f"one participation costs an epsilon of {first(terms) / MILLION:.2f}, more than the cap of {terms.cap_millionths / MILLION:.2f}; add noise"
        raise RequestInvalid(msg)
    return terms


def first(terms: Terms) -> int:
    """What the first participation on these terms costs: epsilon in millionths, rounded up."""
    return millionths(epsilon_of(THOUSAND / terms.noise_thousandths, 1 / terms.delta_one_in))


def millionths(epsilon: float) -> int:
    """An epsilon in whole millionths, rounded up: the ledger never says less than was spent."""
    return math.ceil(epsilon * MILLION)
