"""Questions for the tests of the policies: one in perfect order, and generators of others; and an authorizer that asks all policies every time."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import cedarpy
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mien.values import AGE_BANDS, CONSENT_STATES, PURPOSES, ROLES, SECTORS, SOURCES
from mien_server.authorize import DATA_CLASSES, Bundle, load_bundle
from mien_server.authorize.bundle import whole
from mien_server.authorize.decide import Rules
from mien_server.values import Question

GOOD = Question(
    action="use",
    sector="retail",
    role="customer",
    jurisdictions=frozenset({"EU-DE"}),
    now=1_800_000_000,
    purpose="adapt_service",
    source="face",
    effect="help",
    age_band="adult",
    impact_assessment=True,
    consent_state="given",
    consented_purposes=frozenset({"adapt_service"}),
    notice_current=True,
    consent_expires_at=1_800_600_000,
    retain_until=1_800_500_000,
    subject_known=True,
)
ACTIONS = ("give_consent", "infer", "record", "use", "contribute", "retain")
AGAINST = ("price", "eligibility", "urgency", "vulnerability")
EFFECTS = ("order", "content", "help", "none", *AGAINST)
PLACES = sorted(load_bundle().places)
YEAR_2027 = 1_798_761_600
TIMES = st.sampled_from([0, 1, GOOD.now - 1, GOOD.now, GOOD.now + 1, GOOD.now + 86_400, 2**63 - 1])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "action": st.sampled_from(ACTIONS),
    "sector": st.sampled_from(SECTORS),
    "role": st.sampled_from(ROLES),
    "jurisdictions": st.frozensets(st.sampled_from([*PLACES, "ATLANTIS"]), max_size=4),
    "now": st.sampled_from([0, 1, YEAR_2027 - 1, YEAR_2027, GOOD.now, 2**63 - 1]),
    "purpose": st.sampled_from([None, *PURPOSES]),
    "source": st.sampled_from(SOURCES),
    "effect": st.sampled_from(EFFECTS),
    "age_band": st.sampled_from(AGE_BANDS),
    "consent_state": st.sampled_from(CONSENT_STATES),
    "consented_purposes": st.frozensets(st.sampled_from(PURPOSES)),
    "consent_expires_at": TIMES,
    "retain_until": TIMES,
    "data_class": st.sampled_from(DATA_CLASSES),
}
FIELDS = tuple(field.name for field in fields(Question))
JUNK = st.one_of(
    st.none(), st.floats(), st.integers(min_value=2**63), st.integers(max_value=-(2**63) - 1), st.binary(max_size=3),
    st.text(max_size=5), st.just("x" * 1_000_000), st.just(10**5000), st.just(["EU"]), st.just({}), st.just(object()),
    st.just(frozenset({"x" * 100_000})), st.just(frozenset({1})),
)  # fmt: skip
many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def questions(draw: st.DrawFn, /, **fixed: st.SearchStrategy[Any]) -> Question:
    """Near a question in perfect order, so that a good part is allowed: a few fields differ, and those in `fixed` are drawn."""
    changed = draw(st.lists(st.sampled_from(FIELDS), max_size=6, unique=True))
    drawn = {name: draw(VALUES.get(name, st.booleans())) for name in changed}
    return replace(GOOD, **{**drawn, **{name: draw(value) for name, value in fixed.items()}})


class Whole(Rules):
    """Asks all policies every time."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.all = whole(bundle.sources)

    def policies(
        self, places: frozenset[str], action: str, asked: Mapping[str, Any]
    ) -> cedarpy.PolicySet:
        return self.all
