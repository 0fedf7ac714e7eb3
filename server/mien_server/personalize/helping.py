"""Machine or human, in what tone, and why, in words for the person. Chooses help and nothing else: it knows no offer and no price."""

from dataclasses import dataclass
from typing import Final, Literal

from mien_server.personalize.desk import Desk
from mien_server.personalize.emotion import NEGATIVE
from mien_server.personalize.handoff import Rates, hands_over
from mien_server.personalize.noticing import PLAIN, Noticed
from mien_server.personalize.words import FEELS, LOOKS

Mode = Literal["auto", "human"]
BUTTON: Final = "a person is one press away at any time"
_STATES: Final = {"confused": "confused", "frustrated": "frustrated", "stressed": "under stress"}
_SPEAKS: Final = {
    "calm": "calmly and straight to the point", "patient": "patiently, step by step", "gentle": "gently", "reassuring": "reassuringly",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Help:
    """What is decided for one person. `state` is a word of how they looked, or empty; `passes_on` is what a ticket would say, in words."""

    mode: Mode
    tone: str
    used_emotion: bool
    why: str
    state: str = ""
    passes_on: str = ""


def mode_of_anybody(desk: Desk | None, page: str, *, pressed: bool) -> Mode:
    """The mode for somebody of whom nothing is known: a human when they asked for one, or when that pays for the average person."""
    if pressed or (desk is not None and _human(desk, page, None)):
        return "human"
    return "auto"


def help_for(desk: Desk | None, page: str, noticed: Noticed | None, *, pressed: bool) -> Help:
    """What to do for one person. `noticed` is None when nothing may be known of them: then they are anybody."""
    known = noticed is not None and (noticed.said is not None or noticed.readings > 0)
    if noticed is None or not known:
        mode = mode_of_anybody(desk, page, pressed=pressed)
        return Help(mode, PLAIN, used_emotion=False, why=_why_anybody(desk, mode, pressed=pressed))
    human = pressed or (desk is not None and _human(desk, page, noticed))
    decided = desk is not None and not pressed and _tells(noticed)
    return Help(
        mode="human" if human else "auto",
        tone=noticed.tone,
        used_emotion=decided or noticed.tone != PLAIN or bool(noticed.state),
        why=_why(desk, noticed, human=human, pressed=pressed),
        state=noticed.state,
        passes_on=_passes_on(noticed),
    )


def _human(desk: Desk, page: str, noticed: Noticed | None) -> bool:
    economics = desk.on(page)
    likely = economics.negative if noticed is None else noticed.likely(economics.negative)
    return hands_over(economics, likely)


def _tells(noticed: Noticed) -> bool:
    """Whether what was noticed moves the decision at all."""
    return noticed.said is not None or noticed.negative is not None


# ---- words ----
def _why_anybody(desk: Desk | None, mode: Mode, *, pressed: bool) -> str:
    if pressed:
        return "no expression was used; you asked for a person"
    if desk is None:
        return f"no expression was used; this desk has not said when a person should take over; {BUTTON}"
    if mode == "human":
        return "no expression was used; here a person helps most people better, so one is offered to everybody"
    return f"no expression was used; most people do well without a person here, and {BUTTON}"


def _why(desk: Desk | None, noticed: Noticed, *, human: bool, pressed: bool) -> str:
    known = _known(noticed)
    if pressed:
        return f"you asked for a person; {known}" + _tone_words(noticed)
    if desk is None:
        return f"this desk has not said when a person should take over, so nothing was decided by it; {known}; {BUTTON}"
    if not _tells(noticed):
        unmeasured = "how well that is told was never measured, so it decided nothing"
        return f"{known}; {unmeasured}; {BUTTON}" + _tone_words(noticed)
    outcome = (
        "so a person is offered"
        if human
        else f"so it goes on without one unless you want one: {BUTTON}"
    )
    sure = "" if noticed.said is not None else _sure(noticed.rates)
    return f"{known}, {outcome}{sure}" + _tone_words(noticed)


def _known(noticed: Noticed) -> str:
    """What was said, or how the person looked."""
    if noticed.said is not None:
        return f"you said you feel {FEELS.get(noticed.mood, noticed.mood)}"
    times = f"{noticed.readings} {'reading' if noticed.readings == 1 else 'readings'}"
    words = [_STATES[noticed.state]] if noticed.state else []
    words += [LOOKS[noticed.mood]] if noticed.mood in NEGATIVE or not words else []
    brief = ", with a brief unhappy movement" if ("polarity", True) in noticed.flagged else ""
    return f"you looked {' and '.join(words)} ({times}){brief}"


def _sure(rates: Rates | None) -> str:
    if rates is None:
        return ""
    return f" (of 100 people in a bad mood at least {round(100 * rates.hit)} are noticed, of 100 others up to {round(100 * rates.alarm)} are taken for one)"


def _tone_words(noticed: Noticed) -> str:
    speaks = _SPEAKS.get(noticed.tone)
    return f"; you are spoken with {speaks}" if speaks else ""


def _passes_on(noticed: Noticed) -> str:
    """What a ticket would tell the desk."""
    speaks = _SPEAKS.get(noticed.tone)
    looked = f"that you looked {_STATES[noticed.state]}" if noticed.state else ""
    spoken = f"to speak with you {speaks}" if speaks else ""
    return " and ".join(each for each in (looked, spoken) if each)
