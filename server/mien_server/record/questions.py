"""Questions as they stand in a decision's record: every field, sets as sorted lists, so that the same question can be asked again."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from mien.errors import KeepUnreadable
from mien_server.values import Judged, Question

_SETS: Final = ("jurisdictions", "consented_purposes")
_FIELDS: Final = tuple(field.name for field in fields(Question))
_SINCE: Final = {"held": False}
"""Fields that came later, and what was true of every question before: nobody was under a hold while there were none."""
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(_FIELDS, str),
    **dict.fromkeys(_SETS, list),
    **dict.fromkeys(("now", "consent_expires_at", "retain_until"), int),
    **dict.fromkeys(
        ("guardian", "guardian_verified", "written_release", "gpc", "explicit_after_gpc", "impact_assessment", "notice_current", "subject_known", "held"),
        bool,
    ),
    "purpose": (str, type(None)),
}  # fmt: skip


def question_doc(question: Question) -> dict[str, Any]:
    """The JSON value of a question."""
    found: dict[str, Any] = {name: getattr(question, name) for name in _FIELDS}
    for name in _SETS:
        found[name] = sorted(found[name])
    return found


def question_of(doc: Any) -> Question:
    """The question in a JSON value. Raises `KeepUnreadable` for one that is not whole: what is missing is never guessed."""
    if not isinstance(doc, Mapping):
        raise KeepUnreadable(_UNREADABLE)
    doc = {**_SINCE, **doc}
    if doc.keys() != set(_FIELDS):
        raise KeepUnreadable(_UNREADABLE)
    for name, value in doc.items():
        wanted = _TYPES[name]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise KeepUnreadable(_UNREADABLE)
    return Question(**{**doc, **{name: frozenset(doc[name]) for name in _SETS}})


def judged_doc(judged: Judged) -> dict[str, Any]:
    """The JSON value of a question with its answer."""
    return {
        "question": question_doc(judged.question),
        "allow": judged.allow,
        "policies": list(judged.policies),
    }


def judged_of(doc: Any) -> Judged:
    """What `judged_doc` wrote. Raises `KeepUnreadable`."""
    if not isinstance(doc, Mapping) or doc.keys() != {"question", "allow", "policies"}:
        raise KeepUnreadable(_UNREADABLE)
    return Judged(question_of(doc["question"]), bool(doc["allow"]), tuple(doc["policies"]))


_UNREADABLE: Final = "this record does not hold a whole question; it is of another version"
