"""A round from end to end: a server, its owner as a process of its own, two people's devices; then an owner that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.server.served import Served
from tests.server.world import shop

from mien import Claims, Client
from mien.adapt import Head
from mien.testing import FakeEyes
from mien_server.adapt import shipped_holdout

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
TERMS = {"MIEN_ROUND_FLOOR": "2", "MIEN_EPSILON_CAP": "1000", "OPENBLAS_NUM_THREADS": "1"}
PATIENCE = 60.0


class Learned(FakeEyes):
    """Eyes of the network that ships, without loading it."""

    @property
    def head(self) -> Any:
        return shipped_holdout().base


@contextmanager
def owner(server: Served, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """`mien rounds open` on the server's database."""
    settings = server.settings
    environment = {
        **os.environ, **TERMS, "MIEN_DATABASE": settings.database, "MIEN_KEYS": str(settings.keys),
    }  # fmt: skip
    command = [sys.executable, "-m", "mien.cli", "rounds", "open", "--json", *options]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    text = process.stdout.readline()
    assert text, process.stderr.read() if process.stderr else ""
    found: dict[str, Any] = json.loads(text)
    return found


@contextmanager
def people(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Client]]:
    """Two people who said yes, and who corrected what rendered faces show: each half of the holdout."""
    found = shipped_holdout()
    clients = []
    for number in range(2):
        client = Client(
            server.address, server.site.id, key="pk_shop", trust=server.keys.signing.verify_key().text(),
            home=tmp_path / f"home-{number}", eyes=Learned(model=found.model),
        )  # fmt: skip
        client.notice()
        client.consent(purposes=["personalize_offers", "contribute"], claims=GERMANY)
        examples = found.embeddings[number::2], found.words[number::2]
        monkeypatch.setattr(client, "_examples", lambda *_, examples=examples: examples)
        clients.append(client)
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def test_two_people_teach_a_head_and_a_killed_owner_releases_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = shop(contributes=True)
    with (
        Served(tmp_path / "shop", site=site) as server,
        people(server, tmp_path, monkeypatch) as (one, two),
    ):
        with owner(server, "--cohort", "2", "--noise", "0.1", "--clip", "0.2") as process:
            name = line(process)["round"]
            sent = [client.contribute(cap=1000.0) for client in (one, two)]
            assert [(each.round, each.sent) for (each,) in sent] == [(name, True)] * 2
            ended = line(process)
            assert process.wait(PATIENCE) == 0
        assert (ended["state"], ended["participants"], ended["released"]) == ("released", 2, 1)
        assert ended["loss_after"] < ended["loss_before"]
        assert one.contribute() == ()  # none is open; what it cost is settled
        spent = one.budget()
        assert (spent.rounds, spent.waiting) == (1, 0)
        (mine,) = one.export()["participations"]
        assert mine["round"] == name
        assert mine["epsilon_millionths"] == pytest.approx(spent.epsilon * 1e6, abs=1)
        with owner(server, "--cohort", "2") as process:
            line(process)
            (done,) = two.contribute(cap=1000.0)
            assert done.sent
            # It trained from the head that was released, and has verified it.
            content = two.shared_head()
            assert content is not None
            moved = Head.parse(content).flat - shipped_holdout().base
            assert 0 < np.linalg.norm(moved) < 3
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
        assert counts(server) == (2, 1, 1)
        _silence(server)
        assert counts(server) == (2, 1, 0)


def counts(server: Served) -> tuple[int, int, int]:
    """Participations, heads and waiting updates."""

    def work(t: Any) -> tuple[int, int, int]:
        standing = t.rounds.standing()
        waiting = 0 if standing is None else sum(t.rounds.counts(standing.id).values())
        return len(t.rounds.ledger("shop", ("", ""), 10)), len(t.rounds.heads()), waiting

    found: tuple[int, int, int] = server.administer(work)
    return found


def _silence(server: Served) -> None:
    """A minute later, as far as the owner's last word is concerned; then somebody looks."""
    from dataclasses import replace

    def older(t: Any) -> None:
        standing = t.rounds.standing("update")
        t.rounds.put(replace(standing, beat_at=int(time.time()) - 61))

    server.administer(older)
    settings = server.settings
    environment = {
        **os.environ,
        "MIEN_DATABASE": settings.database,
        "MIEN_KEYS": str(settings.keys),
    }
    done = subprocess.run(
        [sys.executable, "-m", "mien.cli", "rounds", "list", "--json"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [each["state"] for each in json.loads(done.stdout)] == ["aborted", "released"]
