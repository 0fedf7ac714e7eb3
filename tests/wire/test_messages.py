"""Messages are closed, strict and consistent, and a refusal never repeats what was sent."""

import inspect
from typing import Any, get_args

import pytest

from mien import values
from mien.errors import EnvelopeInvalid, RequestInvalid
from mien.values import Claims
from mien.wire import messages
from mien.wire.canonical import b64, decode, encode, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.seal import OVERHEAD, Use, check_mac
from mien.wire.slots import PLAINTEXT_BYTES

MODELS = [
    each
    for _name, each in inspect.getmembers(messages, inspect.isclass)
    if issubclass(each, messages.Message) and each is not messages.Message
]
SUBJECT = "sub_" + "a" * 26
SIGN = SigningKey.from_secret(bytes(range(32))).verify_key().text()
SEAL = OpenKey.from_secret(bytes(range(96))).seal_key().text()
DEVICE = {
    "role": "device", "sign": SIGN, "seal": SEAL, "stream_kid": "2026-11-22",
    "sealed_stream_key": b64(bytes(32 + OVERHEAD)),
}  # fmt: skip
GUARDIAN = {"role": "guardian", "sign": SIGN}
LINK = {"role": "link", "sign": SIGN}
APPROVED = {"approval": "a.b.c", "verification": None}
RELEASE = {"name": "Ada Lovelace", "text_sha256": b64(bytes(32)), "at": 1_795_000_000}
BY_PERSON = {
    "v": 1,
    "site": "shop",
    "subject": SUBJECT,
    "at": 1_795_000_000,
    "nonce": b64(bytes(16)),
}
CONSENT = {
    **BY_PERSON, "keys": [DEVICE], "notice_sha256": b64(bytes(32)), "locale": "en", "purposes": ["personalize_offers"],
    "claims": {"jurisdictions": ["EU-DE"], "sector": "retail", "role": "customer", "age_band": "adult", "gpc": False}, "method": "demo",
}  # fmt: skip
ADD = {**BY_PERSON, "add": GUARDIAN, "possession": "a.b.c"}
REMOVE = {**BY_PERSON, "remove": b64(bytes(16))}
ENVELOPE = {
    "v": 1, "site": "shop", "subject": SUBJECT, "device": b64(bytes(16)), "seq": 1, "kid": "2026-11-22",
    "ct": b64(bytes(PLAINTEXT_BYTES + OVERHEAD)), "mac": b64(bytes(32)),
}  # fmt: skip
LESSON = {"v": 1, "site": "shop", "request": b64(bytes(16))}
ANSWER = {"item": "angles-1", "correct": True, "at": 1_795_000_000}
ANSWERS = {"v": 1, "site": "shop", "answers": [ANSWER]}
RANK = {"v": 1, "site": "shop", "request": b64(bytes(16))}
ASKER = {"subject": SUBJECT, "device": b64(bytes(16)), "at": 1_795_000_000}
HELP = {
    "mode": "human", "tone": "calm", "used_emotion": True, "why": "you looked annoyed", "passes_on": "to speak with you calmly", "laws": ["GDPR 6(1)(a)"],
    "ticket": "AAAA",
}  # fmt: skip
TICKET = {
    "v": 1, "site": "shop", "ticket": "tkt_" + "a" * 26, "tone": "patient", "state": "confused", "at": 1_795_000_000, "expires_at": 1_795_000_600,
}  # fmt: skip
OFFER = {"id": "mug-1", "title": "Mug", "price": 1290, "tags": ["cosy"]}
SAMPLES: list[tuple[type[messages.Message], dict[str, Any]]] = [
    (messages.ConsentStatement, CONSENT),
    (messages.WithdrawalStatement, {**BY_PERSON, "purposes": ["personalize_offers"]}),
    (messages.CapabilityRequest, BY_PERSON),
    (messages.CapabilityRequest, {**BY_PERSON, "model": 255}),
    (messages.KeyChange, ADD),
    (messages.KeyChange, REMOVE),
    (messages.KeyChange, {**ADD, "add": LINK, "expires_at": 1_795_000_600}),
    (messages.ConsentStatement, {**CONSENT, "release": RELEASE, "renewal": True, "model": 2}),
    (messages.Envelope, ENVELOPE),
    (messages.RankRequest, RANK),
    (messages.RankRequest, {**RANK, "asker": ASKER, "mac": b64(bytes(32)), "candidates": [OFFER]}),
    (messages.HelpRequest, {**RANK, "page": "returns"}),
    (
        messages.HelpRequest,
        {**RANK, "asker": ASKER, "mac": b64(bytes(32)), "human": True, "pass_on": True},
    ),
    (messages.HelpAnswer, {"help": "hlp_" + "a" * 26, "mode": "auto", "sealed": None}),
    (messages.HelpDoc, HELP),
    (messages.Ticket, TICKET),
    (messages.RewardRequest, {"v": 1, "site": "shop", "event": "evt_" + "a" * 26, "reward": 100}),
    (messages.LessonRequest, LESSON),
    (
        messages.LessonRequest,
        {
            **LESSON,
            "asker": ASKER,
            "mac": b64(bytes(32)),
            "skills": ["angles"],
            "history": [ANSWER],
        },
    ),
    (messages.AnswersRequest, {**ANSWERS, "asker": ASKER, "mac": b64(bytes(32))}),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_message_is_closed_strict_and_immutable(model: type[messages.Message]) -> None:
    config = model.model_config
    assert (config["strict"], config["extra"], config["frozen"]) == (True, "forbid", True)
    assert model.__doc__


@pytest.mark.parametrize(("model", "sample"), SAMPLES)
def test_a_message_survives_the_wire(model: type[messages.Message], sample: dict[str, Any]) -> None:
    message = messages.parse(model, sample)
    assert messages.parse(model, decode(encode(messages.dump(message)))) == message


@pytest.mark.parametrize(("model", "sample"), SAMPLES)
def test_an_unknown_field_is_refused_without_repeating_it(
    model: type[messages.Message], sample: dict[str, Any]
) -> None:
    with pytest.raises(RequestInvalid) as caught:
        messages.parse(model, {**sample, "maria@example.com": "secret-value"})
    assert "maria" not in str(caught.value)
    assert "secret-value" not in str(caught.value)


@pytest.mark.parametrize(("model", "sample"), SAMPLES)
def test_every_required_field_is_required_and_typed(
    model: type[messages.Message], sample: dict[str, Any]
) -> None:
    for name, field in model.model_fields.items():
        if field.is_required():
            with pytest.raises(RequestInvalid, match=name):
                messages.parse(model, {key: sample[key] for key in sample if key != name})
        with pytest.raises(RequestInvalid):
            messages.parse(model, {**sample, name: object()})
    nothings: list[object] = [None, [], "text", 5]
    for nothing in nothings:
        with pytest.raises(RequestInvalid):
            messages.parse(model, nothing)


@pytest.mark.parametrize(
    ("model", "sample", "wrong"),
    [
        (messages.CapabilityRequest, BY_PERSON, {"at": "1795000000"}),
        (messages.CapabilityRequest, BY_PERSON, {"at": 1.0}),
        (messages.CapabilityRequest, BY_PERSON, {"at": True}),
        (messages.CapabilityRequest, BY_PERSON, {"at": -1}),
        (messages.CapabilityRequest, BY_PERSON, {"at": 2**32}),
        (messages.CapabilityRequest, BY_PERSON, {"v": 2}),
        (messages.CapabilityRequest, BY_PERSON, {"site": "Shop"}),
        (messages.CapabilityRequest, BY_PERSON, {"site": "shop\n"}),
        (messages.CapabilityRequest, BY_PERSON, {"site": "shop/../other"}),
        (messages.CapabilityRequest, BY_PERSON, {"subject": SUBJECT + "\n"}),
        (messages.CapabilityRequest, BY_PERSON, {"subject": "sub_" + "A" * 26}),
        (messages.CapabilityRequest, BY_PERSON, {"nonce": b64(bytes(15))}),
        (messages.CapabilityRequest, BY_PERSON, {"nonce": b64(bytes(16)) + "="}),
        (messages.Envelope, ENVELOPE, {"seq": 0}),
        (messages.Envelope, ENVELOPE, {"seq": 2**53}),
        (messages.Envelope, ENVELOPE, {"ct": b64(bytes(PLAINTEXT_BYTES + OVERHEAD - 1))}),
        (messages.Envelope, ENVELOPE, {"ct": b64(bytes(PLAINTEXT_BYTES + OVERHEAD + 1))}),
        (messages.Envelope, ENVELOPE, {"kid": "2026-11-222"}),
        (messages.RankRequest, RANK, {"places": 0}),
        (messages.RankRequest, RANK, {"places": 21}),
        (messages.RankRequest, RANK, {"candidates": []}),
        (messages.RankRequest, RANK, {"candidates": [OFFER] * 201}),
        (messages.RankRequest, RANK, {"candidates": [{**OFFER, "price": -1}]}),
        (messages.RankRequest, RANK, {"candidates": [{**OFFER, "price": 1.5}]}),
        (messages.RankRequest, RANK, {"candidates": [{**OFFER, "tags": ["no|pipe"]}]}),
        (messages.RankRequest, RANK, {"candidates": [{**OFFER, "emotion": "joy"}]}),
        (messages.RankRequest, RANK, {"emotion": "joy"}),
        (messages.RankRequest, RANK, {"asker": ASKER}),
        (messages.RankRequest, RANK, {"mac": b64(bytes(32))}),
        (messages.LessonRequest, LESSON, {"emotion": "joy"}),
        (messages.LessonRequest, LESSON, {"asker": ASKER}),
        (messages.LessonRequest, LESSON, {"skills": ["no|pipe"]}),
        (messages.LessonRequest, LESSON, {"skills": ["s"] * 65}),
        (messages.LessonRequest, LESSON, {"history": [ANSWER] * 501}),
        (messages.LessonRequest, LESSON, {"history": [{**ANSWER, "correct": 1}]}),
        (messages.AnswersRequest, ANSWERS, {"answers": []}),
        (messages.AnswersRequest, ANSWERS, {"answers": [ANSWER] * 65}),
        (messages.AnswersRequest, ANSWERS, {"answers": [{**ANSWER, "at": 1.5}]}),
        (messages.AnswersRequest, ANSWERS, {"answers": [{**ANSWER, "state": "bored"}]}),
        (messages.ConsentStatement, CONSENT, {"keys": []}),
        (messages.ConsentStatement, CONSENT, {"keys": [GUARDIAN]}),
        (messages.ConsentStatement, CONSENT, {"keys": [DEVICE, GUARDIAN]}),
        (messages.ConsentStatement, CONSENT, {"guardian": True}),
        (messages.ConsentStatement, CONSENT, {"guardian": APPROVED}),
        (messages.ConsentStatement, CONSENT, {"keys": [DEVICE, LINK]}),
        (messages.ConsentStatement, CONSENT, {"model": 256}),
        (messages.ConsentStatement, CONSENT, {"release": {**RELEASE, "name": "A\nB"}}),
        (messages.ConsentStatement, CONSENT, {"release": True}),
        (messages.KeyChange, ADD, {"remove": b64(bytes(16))}),
        (messages.KeyChange, ADD, {"possession": None}),
        (messages.KeyChange, ADD, {"expires_at": 1_795_000_600}),
        (messages.KeyChange, ADD, {"add": LINK}),
        (messages.KeyChange, REMOVE, {"remove": None}),
        (messages.KeyChange, REMOVE, {"expires_at": 1_795_000_600}),
        (messages.KeyChange, REMOVE, {"possession": "a.b.c"}),
        (messages.ConsentStatement, CONSENT, {"purposes": []}),
        (messages.ConsentStatement, CONSENT, {"purposes": ["personalize_offers"] * 2}),
        (messages.ConsentStatement, CONSENT, {"purposes": ["everything"]}),
        (messages.ConsentStatement, CONSENT, {"purposes": ["bind_account"]}),
        (messages.ConsentStatement, CONSENT, {"site_handle": b64(bytes(32))}),
        (messages.ConsentStatement, CONSENT, {"keys": [{**DEVICE, "seal": None}]}),
        (messages.ConsentStatement, CONSENT, {"keys": [{"role": "device", "sign": SIGN}]}),
        (messages.ConsentStatement, CONSENT, {"keys": [DEVICE, {**DEVICE, "role": "recovery"}]}),
    ],
    ids=lambda each: None if isinstance(each, type) else str(each)[:60],
)
def test_what_is_wrong_is_refused(
    model: type[messages.Message], sample: dict[str, Any], wrong: dict[str, Any]
) -> None:
    messages.parse(model, sample)
    with pytest.raises(RequestInvalid):
        messages.parse(model, {**sample, **wrong})


def test_a_guardian_consents_with_their_key() -> None:
    with_guardian = {**CONSENT, "keys": [DEVICE, GUARDIAN], "guardian": APPROVED}
    assert messages.parse(messages.ConsentStatement, with_guardian).guardian


def test_an_account_is_bound_under_its_own_purpose() -> None:
    bound = {**CONSENT, "purposes": ["bind_account"], "site_handle": b64(bytes(32))}
    assert messages.parse(messages.ConsentStatement, bound).site_handle


def test_the_words_on_the_wire_are_those_of_the_nouns() -> None:
    assert get_args(messages.Purpose) == values.PURPOSES
    assert get_args(messages.Sector) == values.SECTORS
    assert get_args(messages.Role) == values.ROLES
    assert get_args(messages.AgeBand) == values.AGE_BANDS
    assert {"none", "requested", "deferred", *get_args(messages.Outcome)} == set(
        values.CONSENT_STATES
    )
    assert get_args(messages.KeyDoc.model_fields["role"].annotation) == values.KEY_ROLES


def test_claims_of_the_device_are_checked_on_their_way_out() -> None:
    doc = messages.ClaimsDoc.of(Claims(("EU-DE",), age_band="adult", gpc=True))
    assert messages.dump(doc) == {
        "jurisdictions": ["EU-DE"], "sector": "retail", "role": "customer", "age_band": "adult", "gpc": True,
    }  # fmt: skip
    with pytest.raises(RequestInvalid):
        messages.ClaimsDoc.of(Claims(("Germany",)))


def test_a_request_is_authenticated_whole() -> None:
    key = bytes(range(32))
    asked = messages.parse(messages.RankRequest, {**RANK, "asker": ASKER, "mac": b64(bytes(32))})
    made = messages.authenticate(asked, key, Use.RANK)
    tag = unb64(str(made.mac))
    check_mac(tag, key, Use.RANK, made.signable())
    for changed in (
        {"page": "cart"}, {"places": 4}, {"site": "shop2"}, {"asker": made.asker.model_copy(update={"at": 5}) if made.asker else None},
    ):  # fmt: skip
        with pytest.raises(EnvelopeInvalid):
            check_mac(tag, key, Use.RANK, made.model_copy(update=changed).signable())
    with pytest.raises(EnvelopeInvalid):
        check_mac(tag, key, Use.REWARD, made.signable())


def test_the_contexts_of_different_envelopes_differ() -> None:
    first = messages.envelope_context("shop", SUBJECT, "d", 1, "2026-11-22")
    assert first == (b"shop", SUBJECT.encode(), b"d", bytes(7) + b"\x01", b"2026-11-22")
    assert first != messages.envelope_context("shop", SUBJECT, "d", 256, "2026-11-22")


def test_a_problem_may_say_more_than_we_know() -> None:
    problem = {
        "type": "about:blank", "title": "no", "status": 403, "detail": "no", "code": "policy-denied", "laws": ["GDPR 7(3)"], "new": 1,
    }  # fmt: skip
    assert messages.parse(messages.Problem, problem).code == "policy-denied"


# ---- decisions ----
def test_a_question_is_closed_and_its_defaults_are_denied_answers() -> None:
    least = messages.parse(messages.QuestionDoc, {"action": "use", "role": "customer"})
    assert (least.age_band, least.consent_state, least.subject_known) == (
        "undeclared",
        "none",
        False,
    )
    assert (least.consent_expires_at, least.retain_until, least.purpose) == (0, 0, None)
    for wrong in (
        {"sector": "casino"}, {"subject": "sub_x"}, {"site": "shop"}, {"impact_assessment": True}, {"now": "1"},
        {"jurisdictions": ["EU"] * 17}, {"consented_purposes": ["use"] }, {"effect": "prices"}, {"gpc": 1},
    ):  # fmt: skip
        with pytest.raises(RequestInvalid):
            messages.parse(messages.QuestionDoc, {"action": "use", "role": "customer", **wrong})


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (messages.Source, values.SOURCES),
        (messages.ConsentState, values.CONSENT_STATES),
        (messages.Purpose, values.PURPOSES),
    ],
)
def test_words_of_a_question_are_those_of_the_nouns(words: Any, known: tuple[str, ...]) -> None:
    assert get_args(words) == known


def test_an_explanation_survives_its_bytes() -> None:
    reason = {
        "policy": "eu-education", "effect": "forbid", "laws": ["AI Act 5(1)(f)"], "says": "No.", "certainty": "settled",
        "place": "EU",
    }  # fmt: skip
    way = {
        "steps": [{"kind": "say_yes", "who": "person", "says": "Say yes.", "value": ""}],
        "changes": [
            {"field": "consented_purposes", "before": [], "after": ["adapt_service"]},
            {"field": "purpose", "before": None, "after": "adapt_service"},
            {"field": "gpc", "before": True, "after": False},
            {"field": "now", "before": 1, "after": 2},
        ],
        "allow": True, "laws": [],
    }  # fmt: skip
    whole = {
        "allow": False, "reasons": [reason], "ways": [way], "instead": [], "fixed": [], "ends": [], "added": [],
        "tried": 3, "complete": True, "bundle_version": "1", "bundle_sha256": b64(bytes(32)), "at": 5,
    }  # fmt: skip
    found = messages.parse(messages.Explanation, whole)
    assert messages.parse(messages.Explanation, decode(encode(messages.dump(found)))) == found
    assert found.ways[0].changes[2].before is True
