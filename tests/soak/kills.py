"""A server killed (SIGKILL) at random moments under load, over and over, on one database.

After each death: what was acknowledged is there, once; what was not is there whole or not at all, and sent again it is there once; whoever was
erased stays erased, whoever withdrew is used no more; the log holds every decision, and only grew.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from tests.bench.enrolled import Device, enrol
from tests.soak.nodes import SITE, Node, Place

from mien.values import Label

DEVICES = 6
LONGEST = 1.5
"""Seconds under load before the kill, at most."""
OLD = 20_000
"""Seconds before now at which the first label of a device ends; each later one a second later, so that its time is its name."""
OK = 200
REFUSED = 403
GONE = (404, 410)
"""Erased: once the keys are gone nobody is known any more."""


@dataclass
class Witness:
    """A device, and what the server told it: each label is one envelope."""

    device: Device
    base: int
    sent: dict[int, bytes] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    odd: list[int] = field(default_factory=list)
    """Statuses of answers under load that should have been 200."""
    asked: str = ""
    answered: bool = False
    """Whether the withdrawal or erasure that it `asked` for was acknowledged."""

    def label(self) -> tuple[int, bytes]:
        """The next label's second, and its envelope as a body."""
        second = self.base + len(self.sent)
        label = Label("joy", second, confidence=14, valence=10, arousal=5, model=1)
        body = self.device.sealed([label])
        self.sent[second] = body
        return second, body


@dataclass
class Toll:
    """What was done and found, over all kills."""

    kills: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    withdrawn: int = 0
    erased: int = 0
    log_entries: int = 0
    faults: list[str] = field(default_factory=list)


def run(place: Place, kills: int, seed: int, tell: Callable[[str], None] = print) -> Toll:
    """Kill a server of `place` `kills` times; what was found. `faults` is empty when every promise held."""
    draw = np.random.default_rng(seed)
    toll, older = Toll(), None
    for number in range(kills):
        witnesses = _under_load_then_killed(place, draw)
        with place.node() as node, place.client(node) as client:
            for each in witnesses:
                toll.faults += [f"kill {number}: {fault}" for fault in _check(client, each)]
        report = place.log_agrees(f"log-{number}", older)
        older = Path(place.folder / f"log-{number}" / "checkpoint")
        _add(toll, witnesses, report)
        tell(
            f"kill {number + 1} of {kills}: {toll.acknowledged} acknowledged, {len(toll.faults)} faults"
        )
    return toll


def _under_load_then_killed(place: Place, draw: np.random.Generator) -> list[Witness]:
    node = place.start()
    now = int(time.time())
    with place.client(node) as client:
        witnesses = [Witness(enrol(client, SITE, place.key), now - OLD) for _ in range(DEVICES)]
    witnesses[0].asked, witnesses[1].asked = "withdrawals", "erasures"
    moments = [draw.uniform(0, LONGEST) for _ in witnesses]
    threads = [
        threading.Thread(target=_load, args=(place, node, each, moment))
        for each, moment in zip(witnesses, moments, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(draw.uniform(0.05, LONGEST))
    node.kill()
    for thread in threads:
        thread.join()
    return witnesses


def _load(place: Place, node: Node, witness: Witness, moment: float) -> None:
    """Send labels and rankings until the server is gone; one kind of witness asks for its right at its `moment`."""
    began = time.monotonic()
    try:
        with place.client(node) as client:
            while True:
                if witness.asked and time.monotonic() - began > moment:
                    _ask(client, witness)
                    return
                _send(client, witness)
                _rank(client, witness)
    except httpx.TransportError:
        return  # the server was killed: that is what this is about


_JSON = {"Content-Type": "application/json"}


def _send(client: httpx.Client, witness: Witness) -> None:
    second, body = witness.label()
    status = client.post("/v1/labels", content=body, headers=_JSON).status_code
    if status == OK:
        witness.acknowledged.add(second)
    else:
        witness.odd.append(status)


def _rank(client: httpx.Client, witness: Witness) -> None:
    body = witness.device.rank(int(time.time()))
    status = client.post("/v1/rank", content=body, headers=_JSON).status_code
    if status != OK:
        witness.odd.append(status)


def _ask(client: httpx.Client, witness: Witness) -> None:
    now = int(time.time())
    body = (
        witness.device.erasure(now)
        if witness.asked == "erasures"
        else witness.device.withdrawal(now)
    )
    witness.answered = (
        client.post(f"/v1/{witness.asked}", content=body, headers=_JSON).status_code == OK
    )


def _check(client: httpx.Client, witness: Witness) -> list[str]:
    odd = [f"answered with {status} under load" for status in witness.odd]
    return odd + _check_promise(client, witness)


def _check_promise(client: httpx.Client, witness: Witness) -> list[str]:
    if not witness.asked:
        return _check_kept(client, witness)
    if not witness.answered:
        return _check_whole(client, witness)
    return (
        _check_erased(client, witness)
        if witness.asked == "erasures"
        else _check_withdrawn(client, witness)
    )


def _check_whole(client: httpx.Client, witness: Witness) -> list[str]:
    """A right that was asked for and not answered: done, or as if it had never been asked."""
    _, body = witness.label()
    status = client.post("/v1/labels", content=body, headers=_JSON).status_code
    if status == OK:
        return _compare(client, witness, {*witness.acknowledged, max(witness.sent)})
    if witness.asked == "withdrawals" and status == REFUSED:
        return _check_withdrawn(client, witness)
    return _check_erased(client, witness)


def _check_kept(client: httpx.Client, witness: Witness) -> list[str]:
    """Everything acknowledged, once, with a decision for each; then what was not acknowledged, sent again."""
    faults = _compare(client, witness, witness.acknowledged)
    for second, body in witness.sent.items():
        status = client.post("/v1/labels", content=body, headers=_JSON).status_code
        faults += [] if status == OK else [f"label {second} sent again: {status}"]
    return faults + _compare(client, witness, set(witness.sent))


def _compare(client: httpx.Client, witness: Witness, wanted: set[int]) -> list[str]:
    content = _exported(client, witness)
    kept = [label["ended_at"] for label in content["labels"]]
    logged = sum('"action":"record"' in each["record"] for each in content["decisions"])
    found = {
        "lost": len(wanted - set(kept)),
        "doubled": len(kept) - len(set(kept)),
        "never sent": len(set(kept) - set(witness.sent)),
        "not logged": abs(logged - len(kept)),
    }
    return [f"{count} labels {what}" for what, count in found.items() if count]


def _exported(client: httpx.Client, witness: Witness) -> dict[str, list[dict[str, Any]]]:
    return witness.device.exported(_export(client, witness).raise_for_status().json())


def _export(client: httpx.Client, witness: Witness) -> httpx.Response:
    said = witness.device.export(int(time.time()))
    return client.get("/v1/me", headers={"Authorization": f"Mien-Statement {said}"})


def _check_withdrawn(client: httpx.Client, witness: Witness) -> list[str]:
    _, body = witness.label()
    status = client.post("/v1/labels", content=body, headers=_JSON).status_code
    return [] if status == REFUSED else [f"after a withdrawal a label was answered with {status}"]


def _check_erased(client: httpx.Client, witness: Witness) -> list[str]:
    _, body = witness.label()
    answers = [
        client.post("/v1/labels", content=body, headers=_JSON),
        _export(client, witness),
    ]
    return [
        f"after an erasure: {each.status_code}" for each in answers if each.status_code not in GONE
    ]


def _add(toll: Toll, witnesses: list[Witness], report: dict[str, object]) -> None:
    toll.kills += 1
    toll.acknowledged += sum(len(each.acknowledged) for each in witnesses)
    toll.unanswered += sum(len(each.sent) - len(each.acknowledged) for each in witnesses)
    toll.withdrawn += sum(each.answered for each in witnesses if each.asked == "withdrawals")
    toll.erased += sum(each.answered for each in witnesses if each.asked == "erasures")
    toll.log_entries = int(str(report["size"]))
