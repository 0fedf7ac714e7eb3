"""The generated parts of the reference page, as Markdown: policies, retention, and what holds where.

`PARTS` names them; `make docs` writes each between its two marks in `docs/reference/policies.md`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from mien.values import ROLES, SECTORS
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.lint import Policy
from mien_server.authorize.matrix import (
    AS_OF,
    FORBIDDEN,
    MINORS,
    WORDS,
    Cell,
    Ground,
    Matrix,
    mark,
    surest,
)
from mien_server.authorize.retention import EVERYWHERE, Rule
from mien_server.authorize.times import moments

_DAY: Final = 86_400
Pair = tuple[str, str]
"""A role and a sector."""
_HOUR: Final = 3600
_HERE: Final = Ground("", "settled", local=True)


def filled(page: str, bundle: Bundle) -> str:
    """The page with every generated part as `bundle` has it. Raises `ValueError` when a mark is missing."""
    for name in PARTS:  # all before any: a part takes seconds
        _around(page, name)
    for name, part in PARTS.items():
        before, after = _around(page, name)
        page = f"{before}\n{part(bundle)}\n{after}"
    return page


def _around(page: str, name: str) -> tuple[str, str]:
    """The page up to the first mark of a part, and from its last. Raises `ValueError` when one is missing."""
    begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->\n"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        msg = f"the page has no marks for `{name}`: put `{begin.strip()}` and `{end.strip()}` there"
        raise ValueError(msg)
    return before + begin, end + after


# ---- policies and retention ----
def policies(bundle: Bundle) -> str:
    """A table for each file, in the order in which they are read."""
    return "\n".join(
        "\n".join(_of_file(name, list(found)))
        for name, found in groupby(bundle.policies.values(), key=lambda policy: policy.file)
    )


def _of_file(name: str, found: list[Policy]) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield from _head("policy", "law", "certainty", "says")
    for policy in found:
        permits = " (permit)" if policy.effect == "permit" else ""
        cells = (f"`{policy.id}`{permits}", "; ".join(policy.laws), policy.certainty, policy.says)
        yield _row(*cells)
    yield ""


def retention(bundle: Bundle) -> str:
    """One row for each rule."""
    rules = sorted(
        bundle.retention,
        key=lambda rule: (rule.data_class, rule.jurisdiction != EVERYWHERE, rule.jurisdiction),
    )
    lines = [
        *_head("class", "where", "at most", "law", "why"),
        *(_rule(rule) for rule in rules),
        "",
    ]
    return "\n".join(lines)


def _rule(rule: Rule) -> str:
    least = f", at least {_duration(rule.at_least)}" if rule.at_least else ""
    return _row(
        f"`{rule.data_class}`",
        rule.jurisdiction,
        _duration(rule.seconds) + least,
        rule.law,
        rule.basis,
    )


def _duration(seconds: int) -> str:
    return (
        f"{seconds // _DAY} days"
        if seconds % _DAY == 0 and seconds > 2 * _DAY
        else f"{seconds // _HOUR} hours"
    )


# ---- what holds where ----
def matrix(bundle: Bundle) -> str:
    """Places by sectors, the roles within; the laws behind the letters; minors and other uses."""
    found = Matrix(bundle)
    cells = list(found.cells())
    return "\n".join([
        *_key(),
        *_later(bundle),
        *_sectors(bundle, cells),
        *_laws(bundle, cells),
        *_uses(bundle, "#### Under 18, in a shop", list(found.minors()), _minor),
        *_uses(bundle, "#### Under 18, in a school", list(found.pupils()), _minor),
        *_uses(bundle, "#### Other uses, adults", list(found.uses()), _use),
    ])  # fmt: skip


def _key() -> Iterator[str]:
    letters = ", ".join(f"**{letter}** {words}" for letter, words in WORDS.items())
    yield f"Asked as of {_date(AS_OF)}. {letters}. Behind a letter or a law: nothing where it is settled, **?** where it is arguable, **\\*** where it is only our policy; a letter has the mark of the surest law behind it.\n"


def _later(bundle: Bundle) -> Iterator[str]:
    """The policies whose law begins after that day, by the moments that they compare the time with."""
    later = [
        (moment, name)
        for name, source in bundle.sources.items()
        for moment in moments([source]) or ()
        if moment > AS_OF
    ]
    if later:
        told = "; ".join(
            f"`{name}` ({'; '.join(bundle.policies[name].laws)}) on {_date(moment)}"
            for moment, name in sorted(later)
        )
        yield f"Not in force on that day and therefore not in these tables: {told}.\n"


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _sectors(bundle: Bundle, cells: Iterable[Cell]) -> Iterator[str]:
    yield "#### Adults, served by what their face shows\n"
    yield "A role that is refused in a sector everywhere is left out there.\n"
    yield from _head("", *SECTORS)
    for place, here in groupby(cells, key=lambda cell: cell.place):
        by_sector = {
            name: list(found) for name, found in groupby(here, key=lambda cell: cell.sector)
        }
        yield _row(_named(bundle, place), *(_roles(by_sector[sector]) for sector in SECTORS))
    yield ""


def _roles(cells: Iterable[Cell]) -> str:
    """Roles with the same answer together, without names when all have it; what no place but every place forbids is left out."""
    groups: dict[str, list[str]] = {}
    for cell in cells:
        if not _misplaced(cell):
            groups.setdefault(_code(cell), []).append(cell.role)
    if len(groups) == 1:
        return next(iter(groups))
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return "<br>".join(f"{', '.join(roles)}: {code}" for code, roles in ordered)


def _misplaced(cell: Cell) -> bool:
    """Whether this role is refused in this sector wherever one is: it says nothing about the place."""
    return not any(ground.local for ground in cell.needs.get(FORBIDDEN, (_HERE,)))


def _code(cell: Cell) -> str:
    """The letters of a cell, for a table: bold where it is forbidden."""
    code = cell.code.replace("*", "\\*")
    return f"**{code}**" if FORBIDDEN in cell.needs else code or "free"


def _laws(bundle: Bundle, cells: Iterable[Cell]) -> Iterator[str]:
    yield "#### The laws behind the letters\n"
    yield "Only what a place has of its own: what holds everywhere stands in the files under `cedar/`.\n"
    yield from _head("", "", "laws", "for")
    for place, here in groupby(cells, key=lambda cell: cell.place):
        for i, (letter, laws, spread) in enumerate(_grounds(list(here))):
            shown = (cell.replace("*", "\\*") for cell in (letter, laws, spread))
            yield _row("" if i else _named(bundle, place), *shown)
    yield ""


def _grounds(cells: list[Cell]) -> Iterator[tuple[str, str, str]]:
    """Letter, laws, and for whom, of one place; laws that speak to the same people stand together."""
    found: dict[tuple[str, Ground], set[Pair]] = {}
    for cell in cells:
        for letter, grounds in cell.needs.items():
            for ground in surest(ground for ground in grounds if ground.local):
                found.setdefault((letter, ground), set()).add((cell.role, cell.sector))
    asked = {(cell.role, cell.sector) for cell in cells if not _misplaced(cell)}
    together: dict[tuple[str, str], list[Ground]] = {}
    order = list(WORDS)
    for (letter, ground), where in sorted(found.items(), key=lambda item: order.index(item[0][0])):
        together.setdefault((letter, _spread(where, asked)), []).append(ground)
    for (letter, spread), laws in together.items():
        yield letter + mark(laws), ", ".join(law.mark for law in laws), spread


def _spread(where: set[Pair], asked: set[Pair]) -> str:
    """For whom, in words, among those that are `asked` at all; roles that have the same sectors are named together."""
    groups: dict[str, list[str]] = {}
    for role in ROLES:
        here = [sector for sector in SECTORS if (role, sector) in where & asked]
        missing = [sector for sector in SECTORS if (role, sector) in asked - where]
        if here:
            groups.setdefault(_sectors_in_words(here, missing), []).append(role)
    everybody = {role for role, _ in asked}
    return "; ".join(
        f"{'everybody' if set(roles) == everybody else ', '.join(roles)}{sectors}"
        for sectors, roles in groups.items()
    )


def _sectors_in_words(here: list[str], missing: list[str]) -> str:
    if not missing:
        return ""
    if len(missing) < len(here):
        return f", but not in {', '.join(missing)}"
    return f" in {', '.join(here)}"


def _uses(
    bundle: Bundle, title: str, cells: list[Cell], column: Callable[[Cell], str]
) -> Iterator[str]:
    """A table of places by what `column` says."""
    yield f"{title}\n"
    yield from _head("", *dict.fromkeys(column(cell) for cell in cells))
    for place, here in groupby(cells, key=lambda cell: cell.place):
        yield _row(_named(bundle, place), *(_code(cell) for cell in here))
    yield ""


def _minor(cell: Cell) -> str:
    bands = dict(zip(MINORS, ("under 13", "13 to 15", "16, 17"), strict=True))
    return f"{_USES[cell.use]}, {bands[cell.age_band]}"


def _use(cell: Cell) -> str:
    where = "" if cell.sector == "retail" else f", {cell.sector}"
    return f"{_USES[cell.use]}{where}"


_USES: Final[Mapping[str, str]] = {
    "service": "service", "offers": "offers", "lessons": "lessons", "training": "training the model", "mood": "declared mood",
    "ordered": "offers by a declared mood",
    "price": "price", "eligibility": "eligibility",
}  # fmt: skip


def _named(bundle: Bundle, place: str) -> str:
    return f"**{place}**" if bundle.places[place] is None else place


# ---- Markdown ----
def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|---" * len(names) + "|"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


PARTS: Final[Mapping[str, Callable[[Bundle], str]]] = {
    "matrix": matrix, "retention": retention, "policies": policies,
}  # fmt: skip
"""Every generated part by its name."""
