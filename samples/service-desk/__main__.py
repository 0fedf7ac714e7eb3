"""A service desk in one terminal: three customers at home, one agent, a real server on loopback. `make sample NAME=service-desk`.

Needs no network and ends by itself, with status 1 when something did not hold. What it writes is under `var/service-desk`.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from desk import AgentDesk
from people import Customer, from_video, scripted, unread
from rich.console import Console
from rich.panel import Panel

from mien.cli.demo.screen import Screen
from mien.cli.demo.stage import SITE, Stage
from mien.client import embedded_eyes
from mien.wire.keys import OpenKey, VerifyKey

if TYPE_CHECKING:
    from mien.values import Help, Label

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent
FOLDER = Path("var/service-desk")
CLAIMS = {"sector": "retail", "role": "customer", "jurisdiction": "EU-DE"}


def main() -> int:
    """Play it. 0 when all held."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, mode=0o700)
    screen, key = Screen(Console()), OpenKey.generate()
    desks = (FOLDER / "desks.json").resolve()
    economics = json.loads((HERE / "economics.json").read_text())
    desks.write_text(json.dumps({SITE: {"economics": economics, "key": key.seal_key().text()}}))
    catalogue = SAMPLES / "catalogue/demo.json"
    with Stage(FOLDER.resolve() / "server", catalogue, dict(CLAIMS), {"MIEN_DESKS": str(desks)}) as stage:  # fmt: skip
        desk = AgentDesk(VerifyKey.from_text(stage.trust), key)
        ada = from_video(stage, FOLDER / "ada", SAMPLES / "person/person.mp4")
        read(screen, desk, ada)
        ben = scripted(stage, FOLDER / "ben", embedded_eyes.model)  # whose clock runs from here
        read(screen, desk, ben)
        cleo = unread(stage, FOLDER / "cleo")
        not_read(screen, desk, cleo)
        at_the_desk(screen, desk)
        taken_back(screen, desk, ada)
        for customer in (ada, ben, cleo):
            customer.client.close()
    return 0 if screen.summary() else 1


def read(screen: Screen, desk: AgentDesk, customer: Customer) -> None:
    """Somebody who agreed to be read."""
    screen.scene(f"{customer.name} writes to the shop, and agrees to service that notices")
    before = customer.asks()
    check(screen, "before a yes the machine goes on, as for anybody", before.mode == "auto", before.mode)  # fmt: skip
    customer.says_yes()
    labels: list[Label] = []
    customer.is_read(lambda reading: labels.append(reading.label) if reading.label else None)
    last = labels[-1]
    screen.note(f"read on {customer.name}'s device: {len(labels)} labels, the last {last.expression}, state {last.state}")  # fmt: skip
    offer = customer.asks()
    shown(screen, customer, offer)
    check(screen, "a person is offered, and why is said", offer.mode == "human" and offer.used_emotion, offer.tone)  # fmt: skip
    check(screen, "the desk has heard nothing yet", offer.ticket is None)
    if customer.presses["person"] == "yes":
        hand_over(screen, desk, customer, pass_on=customer.presses["pass on"] == "yes")


def not_read(screen: Screen, desk: AgentDesk, customer: Customer) -> None:
    """Somebody who said no."""
    screen.scene(f"{customer.name} does not want to be read")
    found = customer.asks()
    check(screen, "the machine goes on, with a button for a person", found.mode == "auto" and not found.used_emotion)  # fmt: skip
    pressed = customer.asks(human=True)
    check(screen, "a press is honoured at once, read or not", pressed.mode == "human")
    desk.joins(customer.name)


def hand_over(screen: Screen, desk: AgentDesk, customer: Customer, *, pass_on: bool) -> None:
    """The presses, and the ticket that goes along with the conversation."""
    screen.note(f"{customer.name} presses: yes, a person; " + ("yes, they may know that" if pass_on else "no, tell them nothing"))  # fmt: skip
    ticket = customer.asks(human=True, pass_on=pass_on).ticket or ""
    now = int(time.time())
    refused = desk.takes(customer.name, ticket, now)
    check(screen, "the desk opens the ticket with its own key", refused is None, refused or "")
    again = desk.takes(customer.name, ticket, now)
    check(screen, "and takes it once", again == "shown before", again or "")


def at_the_desk(screen: Screen, desk: AgentDesk) -> None:
    """What the agent sees."""
    screen.scene("At the desk")
    screen.console.print(desk.view(int(time.time())))
    screen.note("a tone and at most one word, because the customer said that it may be passed on; no label, no name, no price")  # fmt: skip


def taken_back(screen: Screen, desk: AgentDesk, customer: Customer) -> None:
    """A yes taken back."""
    screen.scene(f"{customer.name} takes the yes back")
    customer.client.withdraw()
    after = customer.asks()
    check(screen, "nothing of it is used any more, and the button is still there", after.mode == "auto" and not after.used_emotion)  # fmt: skip
    pressed = customer.asks(human=True, pass_on=True)
    check(screen, "a person comes all the same", pressed.mode == "human" and not pressed.used_emotion)  # fmt: skip
    refused = desk.takes("somebody", "A" * 2880, int(time.time()))
    check(screen, "a ticket that the server did not make is refused", refused is not None, refused or "")  # fmt: skip


def shown(screen: Screen, customer: Customer, offer: Help) -> None:
    """The person's own screen: the question, why, and two equal buttons."""
    words = (
        f"Would you like a person to take over?\n\n  [ yes ]   [ no ]\n\nWhy this is asked: {offer.why}\n"
        f"If you like, they are told {offer.passes_on or 'nothing'}."
    )
    screen.console.print(Panel(words, title=f"{customer.name}'s screen", width=100), highlight=False, markup=False)  # fmt: skip


def check(screen: Screen, what: str, held: bool, evidence: str = "") -> None:
    """One thing that must hold."""
    (screen.held if held else screen.failed)(what, evidence)


if __name__ == "__main__":
    sys.exit(main())
