"""Whether a desk may offer help by what was read or said: every place, sector and role."""

from dataclasses import replace

import pytest
from tests.policies.questions import AGAINST, GOOD, PLACES

from mien.values import ROLES, SECTORS
from mien_server.authorize import Authorizer, load_bundle
from mien_server.values import Question

BUNDLE = load_bundle()
AUTHORIZER = Authorizer(BUNDLE)
FORBIDDEN = {"workplace", "education"}
STAFF = {"employee", "candidate"}
FULL = replace(GOOD, written_release=True, guardian=True, guardian_verified=True)
"""With everything that a law might want besides."""


def asked(place: str, sector: str, role: str) -> Question:
    return replace(FULL, jurisdictions=frozenset({place}), sector=sector, role=role)


@pytest.mark.parametrize("place", PLACES)
def test_reading_for_help_is_denied_where_reading_is_and_never_moves_a_price(place: str) -> None:
    allowed = set()
    for row, sector in enumerate(SECTORS):
        for column, role in enumerate(ROLES):
            question = asked(place, sector, role)
            decision = AUTHORIZER.decide(question)
            if decision.allow:
                allowed.add((sector, role))
            effect = AGAINST[(row + column) % len(AGAINST)]
            other = AUTHORIZER.decide(replace(question, effect=effect))
            assert not other.allow
            assert f"no-{effect}" in other.policies
    if place.partition("-")[0] == "EU":
        assert not {each for each in allowed if each[0] in FORBIDDEN or each[1] in STAFF}
        assert ("retail", "customer") in allowed
        assert ("service", "client") in allowed


@pytest.mark.parametrize(("sector", "role"), [("education", "student"), ("workplace", "employee")])
def test_what_somebody_says_of_their_mood_may_bring_help_where_reading_may_not(
    sector: str, role: str
) -> None:
    read = AUTHORIZER.decide(asked("EU-DE", sector, role))
    assert not read.allow
    assert "AI Act 5(1)(f)" in read.laws
    said = replace(
        asked("EU-DE", sector, role), purpose="declare_mood", source="declared", data_class="mood",
        consented_purposes=frozenset({"declare_mood"}),
    )  # fmt: skip
    assert AUTHORIZER.decide(said).allow
