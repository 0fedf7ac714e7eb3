"""Counts for operators, in the Prometheus text format. Labels are routes, statuses and outcomes: closed sets, nobody's data."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency histogram, in seconds."""


class Meters:
    """The counters of one application; each application has its own registry."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "mien_http_answers",
            "Answers by route and status.",
            ["route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "mien_http_seconds",
            "Seconds to answer, by route.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._refusals = Counter(
            "mien_refusals",
            "Refusals by route and code.",
            ["route", "code"],
            registry=self._registry,
        )
        self._decisions = Counter(
            "mien_decisions",
            "Policy decisions by action and outcome.",
            ["action", "outcome"],
            registry=self._registry,
        )
        self._tasks = Counter(
            "mien_background",
            "Rounds of background tasks by outcome.",
            ["task", "outcome"],
            registry=self._registry,
        )
        self._told = Counter(
            "mien_webhooks",
            "Notices to sites' webhooks by outcome.",
            ["outcome"],
            registry=self._registry,
        )
        self._untold = Gauge(
            "mien_webhooks_waiting", "Notices not delivered yet.", registry=self._registry
        )
        self._asked = Counter(
            "mien_witness_answers",
            "Answers of the log's witnesses by outcome.",
            ["outcome"],
            registry=self._registry,
        )
        self._cosigned = Gauge(
            "mien_checkpoint_cosignatures",
            "Witnesses that cosigned the checkpoint shown.",
            registry=self._registry,
        )
        self._forked = Gauge(
            "mien_log_forked",
            "Witnesses that hold another log, or more of it, than this server has. Not 0: an alarm.",
            registry=self._registry,
        )
        self._waiting = Gauge(
            "mien_round_updates",
            "Updates that wait in the open round of the shared head. -1: none is open.",
            registry=self._registry,
        )
        self._waiting.set(-1)
        self._ready = Gauge(
            "mien_ready", "1 while the server is ready to serve.", registry=self._registry
        )
        self._routes: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._outcomes: dict[tuple[str, str], Counter] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer. `route` is the template, never the path."""
        found = self._routes.get((route, status))
        if found is None:
            found = self._answers.labels(route, str(status)), self._seconds.labels(route)
            self._routes[route, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def refused(self, route: str, code: str) -> None:
        """Count one refusal by its stable code."""
        self._refusals.labels(route, code).inc()

    def decided(self, action: str, outcome: str) -> None:
        """Count one policy decision. `outcome` is `allow` or `deny`."""
        found = self._outcomes.get((action, outcome))
        if found is None:
            found = self._outcomes[action, outcome] = self._decisions.labels(action, outcome)
        found.inc()

    def task(self, name: str, outcome: str) -> None:
        """Count one round of a background task. `outcome` is `done` or `failed`; of `reload` also `refused`: the bundle on the disk is not taken."""
        self._tasks.labels(name, outcome).inc()

    def told(self, outcome: str, count: int) -> None:
        """Count notices to sites. `outcome` is `delivered`, `failed`, `given_up`, `gone` or `dropped`."""
        self._told.labels(outcome).inc(count)

    def untold(self, count: int) -> None:
        """Remember how many notices wait."""
        self._untold.set(count)

    def asked(self, outcome: str, count: int) -> None:
        """Count answers of witnesses. `outcome` is `cosigned`, `overtaken`, `failed`, `refused` or `forked`."""
        self._asked.labels(outcome).inc(count)

    def witnessed(self, *, cosigned: int, forked: int) -> None:
        """Remember how many witnesses signed what is shown, and how many hold another log."""
        self._cosigned.set(cosigned)
        self._forked.set(forked)

    def round(self, updates: int | None) -> None:
        """Remember how many updates wait in the open round; None: none is open."""
        self._waiting.set(-1 if updates is None else updates)

    def ready(self, *, yes: bool) -> None:
        """Remember whether the server is ready."""
        self._ready.set(1 if yes else 0)

    def text(self) -> bytes:
        """Everything counted, as Prometheus reads it."""
        return generate_latest(self._registry)
