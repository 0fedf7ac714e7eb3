"""When something may be allowed, said a second time: in plain Python, from LAW.md and the promises, without Cedar and without the bundle's text.

    reasons = why_not(question)     # empty: it may be

Slow, small and dull on purpose. The bundle may say no where this says nothing; it must never say yes where this says no.
"""

from collections.abc import Iterator

from mien_server.values import Question

UNION = [
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
]
STATES = ["CA", "CO", "FL", "IL", "NY", "TX", "WA"]
INSIDE = {
    **{f"EU-{code}": "EU" for code in UNION},
    **{f"US-{code}": "US" for code in STATES},
    **dict.fromkeys(("EU", "UK", "US", "CN", "BR", "IN", "KR"), ""),
}
WORDS = {
    "action": "give_consent infer record use contribute retain",
    "sector": "retail education workplace health finance service",
    "role": "customer student patient client employee candidate",
    "source": "face declared text",
    "effect": "order content help none price eligibility urgency vulnerability",
    "age_band": "under_13 13_to_15 16_to_17 adult undeclared",
    "consent_state": "none requested deferred refused given renewed withdrawn revoked expired invalidated",
    "data_class": "label mood event correction consent consent_evidence decision_record envelope_replay answer",
}
PURPOSES = [
    "personalize_offers",
    "adapt_service",
    "adapt_lessons",
    "bind_account",
    "contribute",
    "declare_mood",
]
TRUTHS = (
    "guardian", "guardian_verified", "written_release", "gpc", "explicit_after_gpc", "impact_assessment", "notice_current",
    "subject_known", "held",
)  # fmt: skip
TIMES = ("now", "consent_expires_at", "retain_until")
UNDER_13, UNDER_16 = ("under_13",), ("under_13", "13_to_15")
UNDER_18 = ("under_13", "13_to_15", "16_to_17")

NO_FACE = {
    "school": ("EU", "UK", "US-NY", "US-FL", "CN"),
    "work": ("EU", "UK", "US-WA", "US-CO", "CN", "IN"),
}
GUARDIAN = {
    "EU": UNDER_16,
    "UK": UNDER_13,
    "US": UNDER_13,
    "CN": UNDER_16,
    "BR": UNDER_13,
    "IN": UNDER_18,
    "KR": UNDER_16,
}
GUARDIAN_FOR_A_FACE = ("US-IL", "US-WA", "US-CO")
GUARDIAN_AT_SCHOOL = ("US", "BR", "KR")
VERIFIED = {"US": UNDER_13, "IN": UNDER_18}
ASSESSED = ("EU", "UK", "CN")
NO_OFFERS_TO_MINORS = ("EU", "BR", "IN")


def may(question: Question) -> bool:
    """Whether nothing that is known here speaks against it."""
    return not why_not(question)


def why_not(question: Question) -> tuple[str, ...]:
    """What speaks against it, one word each."""
    broken = tuple(_ill_formed(question))
    if broken:
        return broken
    if question.action == "retain" and question.data_class in {
        "consent_evidence",
        "decision_record",
    }:
        return tuple(_proof(question))
    return (
        *_anywhere(question),
        *_consent(question),
        *_purpose(question),
        *_apart(question),
        *_places(question),
    )


def _ill_formed(q: Question) -> Iterator[str]:
    for name, words in WORDS.items():
        if type(getattr(q, name)) is not str or getattr(q, name) not in words.split():
            yield name
    if q.purpose is not None and (type(q.purpose) is not str or q.purpose not in PURPOSES):
        yield "purpose"
    if type(q.consented_purposes) is not frozenset or not q.consented_purposes <= set(PURPOSES):
        yield "consented_purposes"
    if (
        type(q.jurisdictions) is not frozenset
        or not q.jurisdictions
        or not q.jurisdictions <= INSIDE.keys()
    ):
        yield "jurisdictions"
    yield from (name for name in TRUTHS if type(getattr(q, name)) is not bool)
    yield from (
        name
        for name in TIMES
        if type(getattr(q, name)) is not int or abs(getattr(q, name)) >= 2**63
    )


def _proof(q: Question) -> Iterator[str]:
    if q.now <= 0 or q.retain_until <= q.now:
        yield "time"


def _anywhere(q: Question) -> Iterator[str]:
    if q.now <= 0:
        yield "clock"
    if q.effect in {"price", "eligibility", "urgency", "vulnerability"}:
        yield "against the person"
    if q.age_band == "undeclared":
        yield "age"
    if not q.subject_known:
        yield "nobody"
    if q.held and q.action != "retain":
        yield "hold"
    if q.data_class in {"consent_evidence", "decision_record"}:
        yield "proof"
    yield from _contradiction(q)


def _contradiction(q: Question) -> Iterator[str]:
    if q.role == "patient" and q.sector != "health":
        yield "patient"
    if q.sector == "workplace" and q.role not in {"employee", "candidate"}:
        yield "workplace"
    if q.source == "text" and _work(q):
        yield "text at work"


def _consent(q: Question) -> Iterator[str]:
    if q.action != "retain" and not q.notice_current:
        yield "notice"
    if q.action == "give_consent":
        return
    if q.consent_state not in {"given", "renewed"}:
        yield "consent"
    if q.purpose not in q.consented_purposes:
        yield "another purpose"
    if q.consent_expires_at == 0 or q.consent_expires_at <= q.now:
        yield "expired"
    if q.action in {"record", "use", "retain"} and (q.retain_until == 0 or q.retain_until <= q.now):
        yield "retention"
    if q.action != "retain" and q.gpc and not q.explicit_after_gpc:
        yield "gpc"


def _purpose(q: Question) -> Iterator[str]:
    if q.purpose is None:
        yield "no purpose"
    if q.action == "contribute" and q.purpose != "contribute":
        yield "training"
    if q.action in {"record", "use"} and q.purpose == "contribute":
        yield "training only"
    if (
        q.purpose == "bind_account"
        and q.source == "face"
        and q.action not in {"give_consent", "retain"}
    ):
        yield "account"
    if q.purpose == "declare_mood" and (q.source != "declared" or q.action == "infer"):
        yield "mood"


def _apart(q: Question) -> Iterator[str]:
    """A mood that somebody declared and what was read of a face keep to their own purposes."""
    if q.action != "give_consent":
        if q.data_class == "mood" and q.purpose != "declare_mood":
            yield "a mood for something else"
        if q.data_class in {"label", "correction"} and q.purpose == "declare_mood":
            yield "something else for a mood"
        if q.data_class == "answer" and not (
            q.source == "declared"
            and q.effect in {"content", "none"}
            and q.purpose in {"adapt_lessons", "declare_mood"}
        ):
            yield "an answer for something else"


def _places(q: Question) -> Iterator[str]:
    """The strictest of all laws that apply."""
    laws = {code for place in q.jurisdictions for code in (place, INSIDE[place])}
    yield from (
        f"no face at school in {code}"
        for code in NO_FACE["school"]
        if code in laws and _face(q) and _school(q)
    )
    yield from (
        f"no face at work in {code}"
        for code in NO_FACE["work"]
        if code in laws and _face(q) and _work(q)
    )
    yield from _minors(q, laws)
    yield from _duties(q, laws)


def _minors(q: Question, laws: set[str]) -> Iterator[str]:
    young = q.age_band in UNDER_18
    yield from (
        f"guardian in {code}"
        for code, bands in GUARDIAN.items()
        if code in laws and q.age_band in bands and not q.guardian
    )
    yield from (
        f"verified in {code}"
        for code, bands in VERIFIED.items()
        if code in laws and q.age_band in bands and not q.guardian_verified
    )
    if young and not q.guardian:
        yield from (
            f"guardian for a face in {code}"
            for code in GUARDIAN_FOR_A_FACE
            if code in laws and _face(q)
        )
        yield from (
            f"guardian at school in {code}"
            for code in GUARDIAN_AT_SCHOOL
            if code in laws and _school(q)
        )
    if young and _offers(q):
        yield from (f"offers in {code}" for code in NO_OFFERS_TO_MINORS if code in laws)
    if young and "IN" in laws and q.source != "declared":
        yield "a child is not watched"


def _duties(q: Question, laws: set[str]) -> Iterator[str]:
    new = q.action != "retain"
    if new and _face(q) and not q.impact_assessment and laws & set(ASSESSED):
        yield "assessment"
    trains_or_watches = q.purpose == "contribute" or (new and _face(q) and _work(q))
    if "US-CA" in laws and not q.impact_assessment and trains_or_watches:
        yield "assessment in California"
    if _face(q) and not q.written_release and "US-IL" in laws:
        yield "release"
    if q.source != "declared" and not q.written_release and "US" in laws and _care(q):
        yield "authorization"
    if "US-CA" in laws and _school(q) and _offers(q):
        yield "offers to pupils"


def _offers(q: Question) -> bool:
    """What a shop puts in order are offers, whatever it calls them."""
    return q.purpose == "personalize_offers" or (
        q.purpose == "declare_mood" and q.effect == "order"
    )


def _face(q: Question) -> bool:
    return q.source == "face"


def _school(q: Question) -> bool:
    return q.sector == "education" or q.role == "student"


def _work(q: Question) -> bool:
    return q.sector == "workplace" or q.role in {"employee", "candidate"}


def _care(q: Question) -> bool:
    return q.sector == "health" or q.role == "patient"
