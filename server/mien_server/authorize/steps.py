"""What a person or a site could do so that a question would be answered otherwise: each step with the fields that it changes.

A step is an act, not a field: one yes makes a consent stand, names its purpose, its end and the notice that was shown. Nothing here suggests to say
what is not so: a declared age, a role, a sector and a place stay as they are.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from mien.values import AGE_BANDS, PURPOSES, STANDING
from mien_server.values import Question

PERSON: Final = "person"
SITE: Final = "site"
TIME: Final = "time"
_DAY: Final = 86_400
_YES_DAYS: Final = 180
_KEPT_DAYS: Final = 30
_MILD: Final = ("order", "content", "help", "none")
_NAMES: Final = tuple(field.name for field in fields(Question))


@dataclass(frozen=True, slots=True)
class Step:
    """One act. `kind` is its stable name, `who` is person or site (time, of what ends by itself), `value` what was chosen where there is a choice (else empty)."""

    kind: str
    who: str
    says: str
    value: str = ""


Taken = Callable[[Question], Question]
_PLAIN: Final = {
    "purpose": (SITE, "Ask for another purpose."),
    "effect": (SITE, "Let it change something else than that."),
    "declare_mood": (PERSON, "Say yourself how you feel; no camera is used."),
    "declare_age": (PERSON, "Say which age band you are in."),
    "show_notice": (SITE, "Show the current notice before asking."),
    "say_yes": (PERSON, "Say yes to this purpose, after reading the current notice."),
    "guardian": (PERSON, "Let a parent or guardian sign with their own key."),
    "verifier": (SITE, "Have the guardian verified by a verifier that the site configures."),
    "written_release": (PERSON, "Sign the written release by typing your name."),
    "impact_assessment": (SITE, "Make an impact assessment and register it."),
    "keep_until": (SITE, "State until when it is kept."),
}  # fmt: skip
"""Every kind of step: who can take it, and how it is put to them."""
KINDS: Final = tuple(_PLAIN)
INSTEAD: Final = "declare_mood"
"""The step that leaves the camera out: offered apart, because it is another thing than what was asked for."""


def step(kind: str, value: str = "") -> Step:
    """The step of this kind. Raises `KeyError` for a kind that is none."""
    who, says = _PLAIN[kind]
    return Step(kind, who, says, value)


def possible(question: Question, purposes: Collection[str] = PURPOSES) -> tuple[Step, ...]:
    """Every step that would change this question, or could after another step, in the order of `KINDS`. `purposes` are those that may be asked for."""
    found = [
        step(kind, value)
        for kind in KINDS
        for value in _values(kind, question)
        if _purpose_of(kind, value) in {None, *purposes}
    ]
    changes_purpose = any(_purpose_of(each.kind, each.value) for each in found)
    return tuple(
        each
        for each in found
        if take(question, (each,)) != question or (each.kind == "say_yes" and changes_purpose)
    )


def _purpose_of(kind: str, value: str) -> str | None:
    """The purpose that a step asks for; it needs a yes of its own, however long the one that stands still lasts."""
    return {"purpose": value, INSTEAD: INSTEAD}.get(kind)


def take(question: Question, steps: Iterable[Step]) -> Question:
    """The question after these steps. A yes is said last: it is to what is asked for then."""
    for each in sorted(steps, key=lambda each: each.kind == "say_yes"):
        question = _TAKEN[each.kind](question, each.value)
    return question


def changes(before: Question, after: Question) -> tuple[tuple[str, Any, Any], ...]:
    """Field, value before, value after, of what differs."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _NAMES)
    return tuple(each for each in pairs if each[1] != each[2])


def _values(kind: str, question: Question) -> tuple[str, ...]:
    """What can be chosen in a step of this kind; nothing when it cannot be taken honestly or has no sense here."""
    return _CHOICES.get(kind, _once)(question)


def _once(_question: Question) -> tuple[str, ...]:
    return ("",)


def _when(holds: Callable[[Question], bool]) -> Callable[[Question], tuple[str, ...]]:
    return lambda question: ("",) if holds(question) else ()


def _keeps(question: Question) -> bool:
    """Whether a time can be stated: not for what is there already and has had its time."""
    return question.action == "record" or question.retain_until == 0


_CHOICES: Final[Mapping[str, Callable[[Question], tuple[str, ...]]]] = {
    # Nobody can say yes to nothing, and asking is not yet an answer.
    "say_yes": _when(lambda q: q.action != "give_consent"),
    "show_notice": _when(lambda q: q.action == "give_consent"),
    "guardian": _when(lambda q: q.age_band != "adult"),
    "verifier": _when(lambda q: q.age_band != "adult"),
    "declare_age": lambda q: AGE_BANDS[:-1][::-1] if q.age_band == AGE_BANDS[-1] else (),
    "declare_mood": _when(lambda q: q.source != "declared" and q.action != "contribute"),
    "purpose": lambda q: tuple(each for each in PURPOSES if each not in {q.purpose, INSTEAD}),
    # An order is mild, but what is put in order may be offers.
    "effect": lambda q: (
        tuple(each for each in _MILD if each != q.effect) if q.effect not in _MILD[1:] else ()
    ),
    "keep_until": _when(_keeps),
}


# ---- what each step changes ----
def _yes(question: Question, _value: str) -> Question:
    if question.purpose is None:
        return question
    stood = question.consent_state in STANDING
    return replace(
        question,
        consent_state=question.consent_state if stood else "given",
        consented_purposes=question.consented_purposes | {question.purpose},
        consent_expires_at=max(question.consent_expires_at, question.now + _YES_DAYS * _DAY),
        notice_current=True,
        explicit_after_gpc=question.gpc,
        subject_known=True,
    )


def _mood(question: Question, _value: str) -> Question:
    """A mood is said, not read: what would be read is recorded instead."""
    read = question.action == "infer"
    return _kept(
        replace(
            question,
            source="declared",
            purpose=INSTEAD,
            action="record" if read else question.action,
            data_class="mood" if question.data_class == "label" else question.data_class,
        ),
        "",
    )


def _kept(question: Question, _value: str) -> Question:
    if question.retain_until > question.now or question.action in {"give_consent", "infer"}:
        return question
    return replace(question, retain_until=question.now + _KEPT_DAYS * _DAY)


_TAKEN: Final[Mapping[str, Callable[[Question, str], Question]]] = {
    "say_yes": _yes,
    "guardian": lambda q, _: replace(q, guardian=True),
    "written_release": lambda q, _: replace(q, written_release=True),
    "declare_age": lambda q, value: replace(q, age_band=value),
    "declare_mood": _mood,
    "show_notice": lambda q, _: replace(q, notice_current=True),
    "impact_assessment": lambda q, _: replace(q, impact_assessment=True),
    "verifier": lambda q, _: replace(q, guardian_verified=True),
    "purpose": lambda q, value: replace(q, purpose=value),
    "effect": lambda q, value: replace(q, effect=value),
    "keep_until": _kept,
}


# ---- what ends a yes ----
_ENDINGS: Final[Mapping[str, tuple[str, str, Callable[[Question], Question]]]] = {
    "withdraw": (
        PERSON, "Take the consent back.",
        lambda q: replace(q, consent_state="withdrawn", consented_purposes=q.consented_purposes - {q.purpose or ""}),
    ),
    "send_signal": (
        PERSON, "Send the browser's privacy signal after the yes.",
        lambda q: replace(q, gpc=True, explicit_after_gpc=False),
    ),
    "guardian_gone": (
        PERSON, "The guardian's signature goes.", lambda q: replace(q, guardian=False, guardian_verified=False)
    ),
    "release_gone": (PERSON, "There is no written release.", lambda q: replace(q, written_release=False)),
    "notice_changes": (SITE, "The notice changes.", lambda q: replace(q, notice_current=False)),
    "assessment_gone": (SITE, "There is no impact assessment.", lambda q: replace(q, impact_assessment=False)),
    "hold_placed": (SITE, "Somebody puts what is kept under a legal hold.", lambda q: replace(q, held=True)),
    "consent_expires": (
        TIME, "The consent runs out.", lambda q: replace(q, now=max(q.now, q.consent_expires_at)),
    ),
    "time_is_over": (
        TIME, "The stated time is over.", lambda q: replace(q, now=max(q.now, q.retain_until)),
    ),
}  # fmt: skip
ENDINGS: Final = tuple(_ENDINGS)


def ends(question: Question) -> tuple[tuple[Step, Question], ...]:
    """What can happen to a yes, and the question after it."""
    found = []
    for kind, (who, says, happens) in _ENDINGS.items():
        changed = happens(question)
        if changed != question:
            found.append((Step(kind, who, says), changed))
    return tuple(found)
