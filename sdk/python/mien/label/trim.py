"""Data minimization (GDPR 5(1)(c)): of a label only what some purpose needs."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from mien.values import Label

LABEL_PURPOSES: Final = ("personalize_offers", "adapt_service", "adapt_lessons")
"""The purposes that use labels at all. `contribute` and `bind_account` never see one."""
_NEED_AFFECT: Final = frozenset({"personalize_offers", "adapt_service"})
_NEED_STATE: Final = frozenset({"adapt_service", "adapt_lessons"})
_NEED_POLARITY: Final = frozenset({"adapt_service"})


def trim(label: Label, purposes: Collection[str]) -> Label | None:
    """`label` without what none of `purposes` needs; None when none of them needs a label."""
    wanted = frozenset(purposes)
    if not wanted & frozenset(LABEL_PURPOSES):
        return None
    affect = bool(wanted & _NEED_AFFECT)
    return replace(
        label,
        state=label.state if wanted & _NEED_STATE else "none",
        polarity=label.polarity if wanted & _NEED_POLARITY else "none",
        valence=label.valence if affect else None,
        arousal=label.arousal if affect else None,
    )
