"""The shop's chat: a machine that answers from a few words, and people who take over with what the visitor let them know."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien.errors import MienError
from mien.wire.tickets import open_ticket

if TYPE_CHECKING:
    from mien.wire.keys import OpenKey, VerifyKey

ANSWERS: Final = (
    (("return", "refund", "back"), "You can send anything back within thirty days, used or not. The label is in the box."),
    (("deliver", "ship", "arrive", "when"), "What is ordered before noon leaves the same day and takes two days."),
    (("broken", "damaged", "missing", "wrong"), "That should not happen. Tell me which thing it is, and a new one leaves today."),
    (("price", "cheaper", "discount"), "Everything has one price, and it is the same for everybody."),
)  # fmt: skip
OTHERWISE: Final = "I am a small machine and know about delivery, returns and what is broken. For anything else a person is better."
TAKEN_OVER: Final = "A person takes over from here. You can go on writing."
HOW: Final = {
    "plain": "as with anybody",
    "calm": "to the point",
    "patient": "step by step",
    "gentle": "softly and with time",
    "reassuring": "it will be all right",
}
CONVERSATIONS: Final = 200
LINES: Final = 200
TICKETS: Final = 10_000


@dataclass(slots=True)
class Conversation:
    """What was said, as (who, words). `person` is set once somebody takes over; `tone` and `state` are what the visitor handed on."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    person: bool = False
    tone: str = "plain"
    state: str = ""


@dataclass(slots=True)
class Talk:
    """All conversations, in memory. A ticket is taken once; one that is not for this desk is passed over, and a person comes all the same.

    `trust` is the mien server's verification key and `key` the desk's own; without them no ticket is opened.
    """

    site: str = ""
    trust: VerifyKey | None = None
    key: OpenKey | None = None
    _all: dict[str, Conversation] = field(default_factory=dict)
    _taken: dict[str, None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def says(self, name: str, text: str) -> dict[str, Any]:
        """The visitor writes; the machine answers until a person took over."""
        with self._lock:
            found = self._conversation(name)
            found.lines.append(("you", text))
            if not found.person:
                found.lines.append(("machine", _answer(text)))
            del found.lines[:-LINES]
            return _told(found)

    def wants_a_person(self, name: str, ticket: str | None) -> dict[str, Any]:
        """The visitor pressed for a person; `ticket` is what they chose to hand on."""
        with self._lock:
            found = self._conversation(name)
            if not found.person:
                found.lines.append(("machine", TAKEN_OVER))
            found.person = True
            if ticket is not None:
                self._take(found, ticket)
            return _told(found)

    def answers(self, name: str, text: str) -> dict[str, Any]:
        """Somebody of the shop writes."""
        with self._lock:
            found = self._conversation(name)
            found.lines.append(("person", text))
            del found.lines[:-LINES]
            return _told(found)

    def of(self, name: str) -> dict[str, Any]:
        """What was said so far."""
        with self._lock:
            return _told(self._all.get(name, Conversation()))

    def waiting(self) -> list[dict[str, Any]]:
        """What the people of the shop see: who waits, and how to speak with them. No label, no name."""
        with self._lock:
            return [
                {"conversation": name, "state": each.state, "tone": each.tone, "how": HOW[each.tone], "lines": each.lines}
                for name, each in self._all.items()
                if each.person
            ]  # fmt: skip

    def _conversation(self, name: str) -> Conversation:
        if name not in self._all and len(self._all) >= CONVERSATIONS:
            self._all.pop(next(iter(self._all)))
        return self._all.setdefault(name, Conversation())

    def _take(self, found: Conversation, text: str) -> None:
        if self.trust is None or self.key is None:
            return
        try:
            ticket = open_ticket(
                text, key=self.key, trust=self.trust, site=self.site, now=int(time.time())
            )
        except MienError:
            return  # not for this desk, not by this server, or over: nothing is known, as of anybody
        if ticket.ticket not in self._taken:
            self._taken[ticket.ticket] = None
            while len(self._taken) > TICKETS:  # the oldest goes: it is over before so many came
                del self._taken[next(iter(self._taken))]
            found.tone, found.state = ticket.tone, ticket.state


def _told(found: Conversation) -> dict[str, Any]:
    return {"lines": found.lines, "person": found.person}


def _answer(text: str) -> str:
    said = text.casefold()
    return next((words for keys, words in ANSWERS if any(key in said for key in keys)), OTHERWISE)
