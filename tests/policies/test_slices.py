"""A slice answers as the whole does, and is cheap to make: what is left out is false for certain, and cannot err."""

import json
from dataclasses import asdict, replace
from typing import Any

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policies.questions import GOOD, PLACES, Whole, many, questions

from mien.values import PURPOSES, ROLES, SECTORS
from mien_server.authorize import Authorizer, load_bundle, words
from mien_server.authorize.decide import Rules
from mien_server.authorize.pruning import reads, surely_false
from mien_server.authorize.slices import KEPT, Slices
from mien_server.values import Question

BUNDLE = load_bundle()
RULES = Rules(BUNDLE)
WHOLE = Whole(BUNDLE)
SHOP: dict[str, str | None] = {
    "sector": "retail", "role": "customer", "source": "face", "effect": "help", "age_band": "adult", "purpose": "adapt_service",
    "data_class": "label", "consent_state": "given",
}  # fmt: skip


@many
@given(questions())
def test_a_slice_answers_as_the_whole_does(question: Question) -> None:
    assert RULES.decide(question) == WHOLE.decide(question)


@many
@given(
    questions(
        sector=st.sampled_from(SECTORS),
        role=st.sampled_from(ROLES),
        purpose=st.sampled_from([None, *PURPOSES]),
        jurisdictions=st.frozensets(st.sampled_from(PLACES), max_size=14),
    )
)
def test_so_it_does_far_from_perfect_order(question: Question) -> None:
    assert RULES.decide(question) == WHOLE.decide(question)


@pytest.mark.parametrize(
    ("places", "said", "there", "not_there"),
    [
        (["EU-DE"], {}, {"eu-notice", "eu-lawful-basis"}, {"eu-workplace", "eu-guardian", "uk-guardian"}),
        (["EU-DE"], {"role": "employee"}, {"eu-workplace"}, {"eu-student-elsewhere"}),
        (["EU"], {"consent_state": "withdrawn"}, {"consent-withdrawn", "eu-consent-withdrawn"}, {"permit-use"}),
        (["EU"], {"source": "declared"}, {"eu-storage-limitation"}, {"eu-notice", "eu-consent-missing"}),
        (["US-IL"], {"sector": "finance"}, {"us-il-finance", "us-fair-dealing"}, {"us-il-health", "us-tx-consent-missing"}),
        (["US"], {"age_band": "under_13"}, {"us-guardian"}, {"us-il-minors"}),
        (["US", "IN"], {"age_band": "16_to_17"}, {"in-guardian"}, {"us-guardian"}),
        ([], {"effect": "price"}, {"no-price"}, {"no-urgency", "eu-no-exploit"}),
        (["BR"], {"purpose": None}, {"purpose-missing"}, {"br-minors-offers", "training-only"}),
    ],
)  # fmt: skip
def test_what_is_in_a_slice(
    places: list[str], said: dict[str, str | None], there: set[str], not_there: set[str]
) -> None:
    slices = Slices(BUNDLE)
    names = slices.names(slices.standing(places, "use", {**SHOP, **said}))
    assert there <= names
    assert not not_there & names


def test_a_slice_is_a_fraction_of_the_whole() -> None:
    slices = Slices(BUNDLE)
    here = slices.names(slices.standing(["EU-DE"], "use", SHOP))
    assert len(here) < len(BUNDLE.policies) / 4


def test_slices_are_shared_and_few_are_kept() -> None:
    slices = Slices(BUNDLE)
    assert slices.of(["EU-DE"], "use", SHOP) is slices.of(["EU-FR"], "use", SHOP)
    speaking = sorted({policy.place for policy in BUNDLE.policies.values() if policy.place})
    child = {**SHOP, "consent_state": "none", "age_band": "under_13"}
    for at in range(4 * KEPT):
        slices.of([place for bit, place in enumerate(speaking) if at >> bit & 1], "use", child)
    assert slices._built.cache_info().currsize == KEPT


def policy(condition: str, head: str = "principal, action, resource") -> dict[str, Any]:
    text = f"forbid ({head}) {condition};"
    (found,) = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    return found  # type: ignore[no-any-return]


KNOWN = {
    ("resource", "sector"): ("Sector", "retail"),
    ("principal", "role"): ("Role", "customer"),
    ("resource", "purpose"): None,
}
SCHOOL = 'resource.sector == Sector::"education"'
SHOP_IS = 'resource.sector == Sector::"retail"'
FALSE = [
    SCHOOL,
    f"!({SHOP_IS})",
    'resource.sector != Sector::"retail"',
    f"{SCHOOL} && principal.gpc",
    f"principal.gpc && {SCHOOL}",
    f"context.now > 0 && principal.guardian && {SCHOOL}",
    f'{SCHOOL} || principal.role == Role::"student"',
    '[Role::"student", Role::"employee"].contains(principal.role)',
    f"if {SCHOOL} then principal.gpc else false",
    "if principal.gpc then false else false",
    "resource has purpose",
    'resource has purpose && resource.purpose == Purpose::"contribute"',
    'principal.consented_purposes.contains(Purpose::"contribute") && 1 > 2',
    "1 == 2", "1 >= 2 || 3 < 2", "3 <= 2", "false", "[1, 2].contains(3)", "1 == true",
    f"{SCHOOL} && context.now + 9223372036854775807 > 0",
    "resource has sector && !(resource has effect)",
]  # fmt: skip
OPEN = [
    SHOP_IS,
    "principal.gpc",
    f"principal.gpc || {SCHOOL}",
    f"{SHOP_IS} && principal.gpc",
    "context.now > 5",
    'principal.consented_purposes.contains(Purpose::"contribute")',
    "if principal.gpc then principal.guardian else false",
    '[principal.age_band].contains(AgeBand::"adult")',
    # may err before it would be false
    f"context.now + 9223372036854775807 > 0 && {SCHOOL}",
    f"principal.colour == 1 && {SCHOOL}",
    f'resource.purpose == Purpose::"contribute" && {SCHOOL}',
    f"principal.role && {SCHOOL}",
    f"({SHOP_IS} && context.now) && {SCHOOL}",
    f"(if principal.gpc then 1 else false) == 1 && {SCHOOL}",
    f"(if context.now then false else false) && {SCHOOL}",
    f"principal.gpc < 3 && {SCHOOL}",
    f"principal.gpc.contains(3) && {SCHOOL}",
    f"[context.now * 2].contains(3) && {SCHOOL}",
    "principal.gpc || context.now",
    f"!(context.now) && {SCHOOL}",
    # not understood, so kept
    f'ip("127.0.0.1").isLoopback() && {SCHOOL}',
    f'"a" like "b*" && {SCHOOL}',
    f"{{a: false}}.a && {SCHOOL}",
    f"{{a: false}} has a && {SCHOOL}",
    f'principal in Jurisdiction::"EU" && {SCHOOL}',
    '"a" == "b"',
]  # fmt: skip


@pytest.mark.parametrize("condition", FALSE)
def test_what_is_false_for_certain_is_left_out(condition: str) -> None:
    assert surely_false(policy(f"when {{ {condition} }}"), KNOWN)
    assert surely_false(policy(f"when {{ principal.gpc }} when {{ {condition} }}"), KNOWN)
    assert surely_false(policy(f"unless {{ !({condition}) }}"), KNOWN)


@pytest.mark.parametrize("condition", OPEN)
def test_what_is_open_or_could_err_is_kept(condition: str) -> None:
    assert not surely_false(policy(f"when {{ {condition} }}"), KNOWN)
    assert not surely_false(policy(f"unless {{ {condition} }}"), {})


def test_an_error_in_an_earlier_condition_keeps_the_policy() -> None:
    assert not surely_false(policy(f"when {{ principal.colour }} when {{ {SCHOOL} }}"), KNOWN)
    assert not surely_false(policy(""), KNOWN)


@pytest.mark.parametrize("body", [{}, {"!": {}, "&&": {}}, 3, None])
def test_what_is_no_expression_is_kept(body: object) -> None:
    assert not surely_false({"conditions": [{"kind": "when", "body": body}]}, KNOWN)


def test_a_schema_that_lacks_an_action_makes_no_slices() -> None:
    text = str(BUNDLE.schema).replace('action "retain_evidence"', 'action "retain_proof"')
    schema = cedarpy.Schema.from_str(text)
    with pytest.raises(LookupError, match="retain_evidence"):
        Slices(replace(BUNDLE, schema=schema))


def test_where_a_policy_reads_is_found() -> None:
    text = "when { [1, 2].contains(context.now) && (resource has purpose || {a: principal.gpc}.a) }"  # fmt: skip
    assert set(reads(policy(text)["conditions"])) == {
        ("context", "now"), ("resource", "purpose"), ("principal", "gpc"),
    }  # fmt: skip


def test_a_policy_that_asks_for_the_resource_in_its_head_is_in_every_slice() -> None:
    for head, allowed in (("resource is Use", False), ('resource == Use::"other"', True)):
        odd = policy("when { principal.notice_current }", f"principal, action, {head}")
        about = replace(BUNDLE.policies["no-price"], id="odd")
        bundle = replace(
            BUNDLE,
            sources={**BUNDLE.sources, "odd": odd},
            policies={**BUNDLE.policies, "odd": about},
        )
        assert Authorizer(bundle).decide(GOOD).allow is allowed


@many
@given(questions())
def test_the_person_is_written_from_parts_as_in_one_piece(question: Question) -> None:
    """The text that the engine is given, put together from what many share, says what the entity says."""
    asked, places = asdict(question), question.jurisdictions
    for stated, known in ((True, False), (False, True)):
        text = words.person_text(places, stated=stated, known=known, asked=asked)
        (written,) = json.loads(text)
        whole = words.person(places, stated=stated, known=known, asked=asked)
        agreed = [each["attrs"].pop("consented_purposes") for each in (written, whole)]
        assert written == whole
        assert sorted(map(str, agreed[0])) == sorted(map(str, agreed[1]))


def test_equal_values_of_other_kinds_are_written_as_they_are() -> None:
    asked = asdict(GOOD)
    for value, spelled in ((True, "true"), (1, "1"), (1.0, "1.0")):
        text = words.person_text(
            frozenset(), stated=True, known=True, asked={**asked, "guardian": value}
        )
        assert f'"guardian": {spelled},' in text
