"""Counts by route, status and outcome."""

import re
from pathlib import Path

from mien_server.metrics import Meters

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/metrics.md"


def test_answers_refusals_decisions_and_tasks_are_counted() -> None:
    meters = Meters()
    for status in (200, 200, 409):
        meters.answered("/v1/labels", status, 0.004)
    meters.refused("/v1/labels", "envelope-replayed")
    meters.decided("record", "deny")
    meters.task("sweep", "done")
    text = meters.text().decode()
    assert 'mien_http_answers_total{route="/v1/labels",status="200"} 2.0' in text
    assert 'mien_http_answers_total{route="/v1/labels",status="409"} 1.0' in text
    assert 'mien_http_seconds_bucket{le="0.005",route="/v1/labels"} 3.0' in text
    assert 'mien_refusals_total{code="envelope-replayed",route="/v1/labels"} 1.0' in text
    assert 'mien_decisions_total{action="record",outcome="deny"} 1.0' in text
    assert 'mien_background_total{outcome="done",task="sweep"} 1.0' in text


def test_each_application_counts_for_itself() -> None:
    one, other = Meters(), Meters()
    one.refused("/v1/rank", "rate-limited")
    assert b"rate-limited" not in other.text()


def test_the_reference_lists_every_metric_and_no_other() -> None:
    kinds = re.findall(r"^# TYPE (mien_\w+) (\w+)$", Meters().text().decode(), re.MULTILINE)
    given = {name for name, _ in kinds if not name.endswith("_created")}
    told = set(re.findall(r"^\| `(mien_\w+)`", PAGE.read_text(), re.MULTILINE))
    assert told == given
