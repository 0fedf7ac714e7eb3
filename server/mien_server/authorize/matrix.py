"""What holds where: every place, sector and role, found by deciding, never written by hand. As of `AS_OF`.

Each cell begins with a question in perfect order. Is it denied, the cell is forbidden, and nobody can agree to it. Is it allowed, then one thing after
another is taken away: what turns the answer to no is needed there, by the laws that then deny.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mien.values import AGE_BANDS, ROLES, SECTORS
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.corpus import departed
from mien_server.authorize.decide import Authorizer
from mien_server.authorize.reasons import reasons
from mien_server.values import Question

AS_OF: Final = 1_795_996_800
"""The day for which the page is written: the last of November 2026, when the laws were read. What begins later stands in a list of its own."""
FORBIDDEN: Final = "F"
NEEDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "X": {"consent_state": "none"},
    "W": {"written_release": False},
    "N": {"notice_current": False},
    "D": {"impact_assessment": False},
    "G": {"guardian": False, "guardian_verified": False},
    "V": {"guardian_verified": False},
}
"""Letter of each thing that may be needed, and the fields that take it away from a question in order."""
WORDS: Final[Mapping[str, str]] = {
    FORBIDDEN: "forbidden, whoever agrees",
    "X": "explicit consent",
    "W": "written release",
    "N": "current notice",
    "D": "impact assessment",
    "G": "guardian's signature",
    "V": "guardian verified by the site's verifier",
}
MARKS: Final[Mapping[str, str]] = {"settled": "", "arguable": "?", "our-policy": "*"}
"""Behind a letter or a law: how certain it is."""
MINORS: Final = AGE_BANDS[:3]
ADULT: Final = "adult"
USES: Final[Mapping[str, Mapping[str, Any]]] = {
    "service": {"purpose": "adapt_service", "effect": "help"},
    "offers": {"purpose": "personalize_offers", "effect": "order"},
    "lessons": {"purpose": "adapt_lessons", "effect": "content"},
    "training": {"purpose": "contribute", "effect": "none", "action": "contribute"},
    "mood": {"purpose": "declare_mood", "effect": "help", "source": "declared"},
    "ordered": {"purpose": "declare_mood", "effect": "order", "source": "declared"},
    "price": {"purpose": "personalize_offers", "effect": "price"},
    "eligibility": {"purpose": "adapt_service", "effect": "eligibility"},
}
"""What emotion may be used for, as a question asks it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A law that denies, how certain it is, and whether only this place has it (False: everywhere)."""

    law: str
    certainty: str
    local: bool

    @property
    def mark(self) -> str:
        """The law with its certainty behind it."""
        return self.law + MARKS[self.certainty]


@dataclass(frozen=True, slots=True)
class Cell:
    """What holds for one place, sector, role, age band and use: `needs` are letters with their grounds, or `F` alone."""

    place: str
    sector: str
    role: str
    age_band: str
    use: str
    needs: Mapping[str, tuple[Ground, ...]]

    @property
    def code(self) -> str:
        """The letters, each with the certainty of the surest law behind it."""
        return " ".join(letter + mark(grounds) for letter, grounds in self.needs.items())


def mark(grounds: Iterable[Ground]) -> str:
    """The mark of the surest: one settled law is enough for a settled no."""
    order = tuple(MARKS)
    return MARKS[min((ground.certainty for ground in grounds), key=order.index)]


def surest(grounds: Iterable[Ground]) -> tuple[Ground, ...]:
    """Each law once, as certain as the surest policy that rests on it, in the order of laws."""
    order = tuple(MARKS)
    found: dict[str, Ground] = {}
    for ground in sorted(grounds, key=lambda each: (each.law, order.index(each.certainty))):
        found.setdefault(ground.law, ground)
    return tuple(found.values())


def rows(bundle: Bundle) -> tuple[str, ...]:
    """The places that have policies of their own, in the order of the table of places."""
    speaking = {policy.place for policy in bundle.policies.values()}
    return tuple(code for code in bundle.places if code in speaking)


class Matrix:
    """Cells of a bundle, by deciding."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._authorizer = Authorizer(bundle)

    def cells(self) -> Iterator[Cell]:
        """Adults, served with help by what a face shows: every place, sector and role."""
        for place in rows(self.bundle):
            for sector in SECTORS:
                for role in ROLES:
                    yield self.cell(place, sector, role, ADULT, "service")

    def minors(self) -> Iterator[Cell]:
        """Customers of a shop under 18: service, offers, and a declared mood that helps or orders offers, by place and age band."""
        for place in rows(self.bundle):
            for use in ("service", "offers", "mood", "ordered"):
                for band in MINORS:
                    yield self.cell(place, "retail", "customer", band, use)

    def pupils(self) -> Iterator[Cell]:
        """Students in education under 18: lessons and a declared mood, by place and age band."""
        for place in rows(self.bundle):
            for use in ("lessons", "mood"):
                for band in MINORS:
                    yield self.cell(place, "education", "student", band, use)

    def uses(self) -> Iterator[Cell]:
        """Everything else that an adult customer could be asked for, by place; and moods declared in school and at work."""
        for place in rows(self.bundle):
            for use in ("offers", "training", "mood", "price", "eligibility"):
                yield self.cell(place, "retail", "customer", ADULT, use)
            yield self.cell(place, "education", "student", ADULT, "mood")
            yield self.cell(place, "workplace", "employee", ADULT, "mood")

    def cell(self, place: str, sector: str, role: str, age_band: str, use: str) -> Cell:
        """One cell. Six decisions at most."""
        changes = {"sector": sector, "role": role, "age_band": age_band, **USES[use]}
        grounds = self._grounds(departed(place, changes))
        if grounds:
            needs = {FORBIDDEN: grounds}
        else:
            taken = {
                letter: self._grounds(departed(place, {**changes, **away}))
                for letter, away in NEEDS.items()
            }
            needs = {letter: grounds for letter, grounds in taken.items() if grounds}
        return Cell(place, sector, role, age_band, use, needs)

    def _grounds(self, question: Question) -> tuple[Ground, ...]:
        """The laws that deny, each once; none when it is allowed."""
        decision = self._authorizer.decide(replace(question, now=AS_OF))
        if decision.allow:
            return ()
        return surest(
            Ground(law, each.certainty, local=each.place is not None)
            for each in reasons(self.bundle, decision)
            for law in each.laws
        )
