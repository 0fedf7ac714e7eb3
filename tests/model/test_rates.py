"""`rates.json`: counts from confusion matrices, of the very files that ship."""

import json

import pytest
from model import rates  # type: ignore[import-not-found]  # not installed: see conftest

from mien.infer import load_models
from mien.values import EXPRESSIONS


def test_counts_are_those_of_the_table() -> None:
    table = {
        "neutral": {"neutral": 8, "anger": 2, "missed": 3},
        "joy": {"joy": 9, "sadness": 1},
        "anger": {"anger": 5, "sadness": 3, "neutral": 2, "missed": 1},
    }
    assert rates.counts("who", table, rates.NEGATIVE["expression"]) == {
        "of": "who", "hits": 8, "negative": 10, "alarms": 3, "other": 20,
    }  # fmt: skip


def figures(**micro: object) -> dict[str, object]:
    eight = [[10 * (i == j) for j in range(8)] for i in range(8)]
    return {"expression": {"hard": {"confusion": eight}}, "micro": micro}


MANIFEST = {"model_id": 2, "files": {name: {"sha256": name} for name in ("expression", "micro")}}


def test_what_was_not_measured_is_left_out() -> None:
    bare = rates.content(figures(), MANIFEST)
    assert set(bare["measured"]) == set(bare["negative"]) == {"expression"}
    assert bare["files"] == {"expression": "expression", "micro": "micro"}
    (only,) = bare["measured"]["expression"]
    assert (only["hits"], only["negative"], only["alarms"], only["other"]) == (50, 50, 0, 30)
    brief = rates.content(figures(confusion=[[4, 1, 0], [1, 4, 0], [0, 0, 5]]), MANIFEST)
    assert brief["measured"]["polarity"][0] == {
        "of": rates.OF["brief"], "hits": 4, "negative": 5, "alarms": 1, "other": 10,
    }  # fmt: skip


def test_the_shipped_counts_agree_with_the_model_card() -> None:
    """The recalls of the card and the counts of the file come of one run: as many renders, and not fewer flagged than were read right."""
    found = json.loads(rates.FILE.read_text())
    rendered = found["measured"]["expression"][0]
    assert rendered["negative"] + rendered["other"] == 2000
    card = (rates.SHIPPED.parents[4] / "sdk/model/MODEL_CARD.md").read_text()
    assert "2000 renders of held-out people" in card
    assert found["model_id"] == load_models().model_id
    right = {
        line.split("|")[1].strip().removeprefix("recall of "): float(line.split("|")[3].strip(" %"))
        for line in card.splitlines()
        if line.startswith("| recall of")
    }
    assert set(right) == set(EXPRESSIONS)
    least = min(right[word] for word in rates.NEGATIVE["expression"]) / 100
    assert least < rendered["hits"] / rendered["negative"] < 1
    brief = found["measured"]["polarity"][0]
    assert brief["negative"] + brief["other"] == 1350
    assert brief["hits"] / brief["negative"] == pytest.approx(0.79, abs=0.05)
