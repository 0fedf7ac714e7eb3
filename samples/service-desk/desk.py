"""The agent's side: a key, the tickets that customers handed on, and a view of who waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table

from mien.cli.demo.stage import SITE
from mien.errors import MienError
from mien.wire.keys import OpenKey, VerifyKey
from mien.wire.tickets import open_ticket

if TYPE_CHECKING:
    from mien.wire.messages import Ticket

HOW = {
    "plain": "as with anybody",
    "calm": "to the point",
    "patient": "step by step",
    "gentle": "softly and with time",
    "reassuring": "it will be all right",
}


@dataclass(slots=True)
class AgentDesk:
    """Holds the key that tickets are sealed to. An id is taken once."""

    trust: VerifyKey
    key: OpenKey = field(default_factory=OpenKey.generate)
    waiting: list[tuple[str, Ticket | None]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def takes(self, conversation: str, text: str, now: int) -> str | None:
        """Put a conversation into the queue; None when its ticket holds, else why it was refused."""
        try:
            ticket = open_ticket(text, key=self.key, trust=self.trust, site=SITE, now=now)
        except MienError as error:
            return error.code
        if ticket.ticket in self.taken:
            return "shown before"
        self.taken.add(ticket.ticket)
        self.waiting.append((conversation, ticket))
        return None

    def joins(self, conversation: str) -> None:
        """Put a conversation into the queue of which nothing is known."""
        self.waiting.append((conversation, None))

    def view(self, now: int) -> Table:
        """What the agent sees: who waits, how to speak with them, and not a word more than they let through."""
        table = Table(title="the agent's terminal", padding=(0, 1), header_style="bold")
        for name in ("conversation", "hand-off", "state", "tone", "good for"):
            table.add_column(name)
        for conversation, ticket in self.waiting:
            tone = ticket.tone if ticket else "plain"
            state = (ticket.state if ticket else "") or "-"
            left = f"{(ticket.expires_at - now) // 60} min" if ticket else "-"
            table.add_row(conversation, "wants a person", state, f"{tone}: {HOW[tone]}", left)
        return table
