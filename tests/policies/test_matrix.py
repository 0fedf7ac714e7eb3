"""What holds where is found by deciding: it agrees with the law as it is written down, and it changes when a policy does."""

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from tests.policies.test_compare import without
from typer.testing import CliRunner

from mien.values import ROLES, SECTORS
from mien_server.authorize import Authorizer, Bundle, load_bundle
from mien_server.authorize.corpus import departed
from mien_server.authorize.matrix import (
    AS_OF,
    MARKS,
    MINORS,
    NEEDS,
    USES,
    Cell,
    Matrix,
    mark,
    rows,
)
from mien_server.cli.policy import app

# Written down from the table of the law, not from the bundle.
KNOWN = [
    # place, sector, role, band, use, letter, law, mark of the law
    ("EU", "education", "student", "adult", "service", "F", "AI Act 5(1)(f)", ""),
    ("EU", "workplace", "employee", "adult", "service", "F", "AI Act 5(1)(f)", ""),
    ("EU", "retail", "employee", "adult", "service", "F", "AI Act 5(1)(f)", ""),
    ("EU", "retail", "customer", "adult", "service", "X", "GDPR 6(1)(a)", ""),
    ("EU", "retail", "customer", "adult", "service", "X", "GDPR 9(2)(a)", "?"),
    ("EU", "retail", "customer", "adult", "service", "N", "AI Act 50(3)", ""),
    ("EU", "retail", "customer", "adult", "service", "D", "GDPR 35", "?"),
    ("EU", "retail", "customer", "13_to_15", "service", "G", "GDPR 8(1)", "?"),
    ("EU", "retail", "customer", "13_to_15", "offers", "F", "DSA 28(2)", "?"),
    ("EU", "retail", "customer", "adult", "eligibility", "F", "GDPR 22", "?"),
    ("UK", "education", "student", "adult", "service", "F", "policy:uk-education", "*"),
    ("US-IL", "retail", "customer", "adult", "service", "W", "740 ILCS 14/15(b)(3)", "?"),
    ("US-CA", "retail", "customer", "adult", "training", "D", "11 CCR 7150(b)(6)", ""),
    ("US-FL", "education", "student", "adult", "service", "F", "Fla. Stat. 1002.222(1)(a)", "?"),
    ("US", "retail", "customer", "under_13", "service", "G", "COPPA 16 CFR 312.5", ""),
    ("CN", "retail", "customer", "adult", "service", "D", "PIPL 55", ""),
    ("EU", "education", "customer", "adult", "service", "F", "AI Act 5(1)(f)", "?"),
    ("EU", "retail", "customer", "16_to_17", "ordered", "F", "DSA 28(2)", "?"),
    ("BR", "retail", "customer", "16_to_17", "ordered", "F", "Lei 15.211/2025 22", "?"),
    ("IN", "retail", "customer", "16_to_17", "ordered", "F", "DPDP 9(3)", "?"),
    ("IN", "retail", "customer", "16_to_17", "mood", "G", "DPDP 9(1)", "?"),
    ("IN", "retail", "customer", "adult", "service", "X", "DPDP 6", "?"),
    ("IN", "retail", "customer", "16_to_17", "service", "F", "DPDP 9(3)", "?"),
    ("CN", "retail", "customer", "under_13", "service", "G", "PIPL 31", ""),
    ("CN", "retail", "customer", "13_to_15", "service", "G", "PIPL 31", "?"),
    ("KR", "retail", "customer", "under_13", "service", "G", "PIPA 22-2", ""),
    ("KR", "retail", "customer", "13_to_15", "service", "G", "PIPA 22-2", "?"),
    ("US-WA", "retail", "customer", "adult", "service", "X", "RCW 19.373.030", ""),
    ("US-WA", "finance", "client", "adult", "service", "X", "policy:us-wa-finance", "*"),
    ("BR", "retail", "customer", "under_13", "offers", "F", "Lei 15.211/2025 22", "?"),
    ("KR", "retail", "customer", "adult", "service", "X", "PIPA 15", ""),
]


@pytest.fixture(scope="module")
def matrix(bundle: Bundle) -> Matrix:
    return Matrix(bundle)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: " ".join(known[:6]))
def test_the_law_as_written_down_is_found(matrix: Matrix, known: tuple[str, ...]) -> None:
    *where, letter, law, certain = known
    cell = matrix.cell(*where)
    assert letter in cell.needs
    assert [MARKS[g.certainty] for g in cell.needs[letter] if g.law == law] == [certain]


@pytest.mark.parametrize(
    ("place", "sector", "role", "law"),
    [
        ("US-WA", "finance", "client", "RCW 19.373.030"),
        ("US-WA", "workplace", "employee", "RCW 19.373.030"),
        ("US-CO", "finance", "client", "Colo. SB26-189"),
    ],
)
def test_a_law_that_does_not_reach_so_far_is_not_cited(
    matrix: Matrix, place: str, sector: str, role: str, law: str
) -> None:
    needs = matrix.cell(place, sector, role, "adult", "service").needs
    moods = matrix.cell(place, sector, role, "adult", "mood").needs
    assert law not in {each.law for found in (needs, moods) for each in chain(*found.values())}


def test_every_place_of_the_law_has_a_row(bundle: Bundle) -> None:
    wanted = {
        "EU", "UK", "US", "US-IL", "US-TX", "US-WA", "US-CA", "US-CO", "US-NY", "US-FL", "CN", "BR", "IN", "KR",
    }  # fmt: skip
    assert wanted <= set(rows(bundle))


def test_a_cell_says_exactly_what_the_decisions_say(bundle: Bundle, matrix: Matrix) -> None:
    """What is needed is needed, and what is not named is not: by a second look at a sample of cells."""
    authorizer = Authorizer(bundle)
    for place in rows(bundle)[::2]:
        for sector, role in zip(SECTORS, ROLES, strict=True):
            cell = matrix.cell(place, sector, role, "under_13", "service")
            base = {"sector": sector, "role": role, "age_band": "under_13", **USES["service"]}
            order = authorizer.decide(replace(departed(place, base), now=AS_OF))
            assert order.allow == ("F" not in cell.needs)
            for letter, away in NEEDS.items():
                taken = replace(departed(place, {**base, **away}), now=AS_OF)
                denied = not authorizer.decide(taken).allow
                assert not order.allow or denied == (letter in cell.needs)


def test_emotion_never_makes_a_price_anywhere(matrix: Matrix) -> None:
    cells = list(matrix.uses())
    assert {cell.code[0] for cell in cells if cell.use in {"price", "eligibility"}} == {"F"}
    moods = [cell for cell in cells if cell.use == "mood"]
    assert {cell.sector for cell in moods} == {"retail", "education", "workplace"}
    assert not any("F" in cell.needs for cell in moods)


def test_minors_are_asked_about_by_band(matrix: Matrix) -> None:
    cells = [*matrix.minors(), *matrix.pupils()]
    assert {cell.age_band for cell in cells} == set(MINORS)
    assert {cell.role for cell in cells} == {"customer", "student"}
    assert all({"F", "G"} & cell.needs.keys() for cell in cells if cell.age_band == "under_13")


def test_a_policy_taken_away_is_gone_from_its_cells(broken: Path) -> None:
    without(broken, "eu-education")
    cell = Matrix(load_bundle(broken)).cell("EU", "education", "student", "adult", "service")
    assert "F" not in cell.needs


def test_the_mark_is_that_of_the_surest_law(matrix: Matrix) -> None:
    cell: Cell = matrix.cell("EU", "retail", "customer", "adult", "service")
    assert mark(cell.needs["X"]) == ""
    assert mark([ground for ground in cell.needs["X"] if ground.certainty != "settled"]) == "?"
    assert "X" in cell.code.split()


def test_the_command_prints_the_page_or_json(bundle: Bundle) -> None:
    words = CliRunner().invoke(app, ["matrix"]).stdout
    assert "| **EU** |" in words
    found = json.loads(CliRunner().invoke(app, ["matrix", "--json"]).stdout)
    assert found["sha256"] == bundle.sha256
    (cell,) = [
        c for c in found["cells"]
        if (c["place"], c["sector"], c["role"], c["use"]) == ("EU", "education", "student", "service")
    ]  # fmt: skip
    assert "AI Act 5(1)(f)" in {ground["law"] for ground in cell["needs"]["F"]}
