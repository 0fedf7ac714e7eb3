"""What somebody's participations come to, and whether one more is within what they were promised."""

from collections.abc import Sequence
from typing import Final

from mien_server.adapt.accounting import epsilon_of, mu_of
from mien_server.adapt.terms import THOUSAND, millionths
from mien_server.values import Participation, Terms

YEAR: Final = 365 * 86_400


def spent(parts: Sequence[Participation], delta_one_in: int) -> int:
    """The epsilon of all these together at a delta of one in so many, in millionths, rounded up; 0 for none."""
    return _epsilon([each.noise_thousandths for each in parts], delta_one_in)


def after(parts: Sequence[Participation], terms: Terms) -> int:
    """The same with one participation more, on these terms."""
    noises = [each.noise_thousandths for each in parts] + [terms.noise_thousandths]
    return _epsilon(noises, terms.delta_one_in)


def may_join(parts: Sequence[Participation], terms: Terms, now: int) -> bool:
    """Whether one more keeps within the cap of a lifetime and the number of a year. Asked before anything is released."""
    lately = sum(now - each.at < YEAR for each in parts)
    return lately < terms.per_year and after(parts, terms) <= terms.cap_millionths


def _epsilon(noises: Sequence[int], delta_one_in: int) -> int:
    return millionths(epsilon_of(mu_of(each / THOUSAND for each in noises), 1 / delta_one_in))
