"""Data minimization (GDPR 5(1)(c)): of a label only what some purpose needs."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from mien.values import Label

LABEL_PURPOSES: Final = ("personalize_offers", "adapt_service", "adapt_lessons")
"""The purposes that use what is read in a face. `contribute` and `bind_account` never see a label."""
MOOD_PURPOSE: Final = "declare_mood"
"""The purpose of what a person declares: no camera, no biometrics, so it stands where reading faces is forbidden."""
_NEED_AFFECT: Final = frozenset({"personalize_offers", "adapt_service"})
_NEED_STATE: Final = frozenset({"adapt_service", "adapt_lessons"})
_NEED_POLARITY: Final = frozenset({"adapt_service"})


def needs_affect(purposes: Collection[str]) -> bool:
    """Whether one of `purposes` needs valence and arousal."""
    return not _NEED_AFFECT.isdisjoint(purposes)


def needs_state(purposes: Collection[str]) -> bool:
    """Whether one of `purposes` needs the state."""
    return not _NEED_STATE.isdisjoint(purposes)


def needs_polarity(purposes: Collection[str]) -> bool:
    """Whether one of `purposes` needs the polarity of brief movements."""
    return not _NEED_POLARITY.isdisjoint(purposes)


def trim(label: Label, purposes: Collection[str]) -> Label | None:
    """`label` without what none of `purposes` needs; None when none of them needs a label.

    What was declared is for `MOOD_PURPOSE` and keeps its words and its time; what was read in a face never is.
    """
    wanted = frozenset(purposes)
    if label.source == "declared":
        return _declared(label) if MOOD_PURPOSE in wanted else None
    if not wanted & frozenset(LABEL_PURPOSES):
        return None
    affect = needs_affect(wanted)
    return replace(
        label,
        state=label.state if needs_state(wanted) else "none",
        polarity=label.polarity if needs_polarity(wanted) else "none",
        valence=label.valence if affect else None,
        arousal=label.arousal if affect else None,
    )


def _declared(label: Label) -> Label:
    return replace(label, state="none", polarity="none", valence=None, arousal=None, model=0)
