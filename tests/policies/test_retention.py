"""The shortest duration wins, and what nobody declared is refused."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

import mien_server
from mien.errors import PolicyInvalid, RetentionUndeclared
from mien.wire.messages import DataClass
from mien_server.authorize import DATA_CLASSES, Bundle, load_bundle, retention
from mien_server.authorize.retention import LEAST
from mien_server.authorize.words import vocabulary
from mien_server.keys import SEAL_LIFE

DAY = 86_400
SHORT = (
    "[[rule]]\nclass = 'label'\njurisdiction = 'EU'\nduration = 'PT36H'\nlaw = 'l'\nbasis = 'b'\n"
)


def test_labels_and_events_live_thirty_days(bundle: Bundle) -> None:
    assert retention(bundle, "label", ["EU-DE"]) == 30 * DAY
    assert retention(bundle, "event", {"US-IL", "UK"}) == 30 * DAY


@pytest.mark.parametrize("data_class", DATA_CLASSES)
def test_every_class_is_declared_everywhere(bundle: Bundle, data_class: str) -> None:
    for place in bundle.places:
        assert retention(bundle, data_class, [place]) > 0


def test_decision_records_outlive_the_six_months_that_the_law_demands(bundle: Bundle) -> None:
    assert retention(bundle, "decision_record", ["EU"]) >= 184 * DAY


@pytest.mark.parametrize(("places", "seconds"), [
    (["EU-DE"], 36 * 3600), (["UK"], 30 * DAY), (["UK", "EU-DE"], 36 * 3600), (["UK", "US-IL"], 30 * DAY),
])  # fmt: skip
def test_the_shortest_wins(broken: Path, places: list[str], seconds: int) -> None:
    (broken / "retention/x.toml").write_text(SHORT)
    assert retention(load_bundle(broken), "label", places) == seconds


@pytest.mark.parametrize(("data_class", "places"), [
    ("photo", ["EU-DE"]), ("label", ["ATLANTIS"]), ("label", ["EU", "ATLANTIS"]), ("label", []),
])  # fmt: skip
def test_what_nobody_declared_is_refused(
    bundle: Bundle, data_class: str, places: list[str]
) -> None:
    with pytest.raises(RetentionUndeclared):
        retention(bundle, data_class, places)


def test_the_classes_are_the_same_everywhere(bundle: Bundle) -> None:
    assert set(get_args(DataClass)) == set(DATA_CLASSES)
    assert vocabulary(bundle.schema)["data_class"] == set(DATA_CLASSES)


def test_every_class_that_the_server_asks_about_is_declared() -> None:
    """Calls of `retention` and `known_life` with a class written out; others take it from what is stored."""
    named: set[str] = set()
    for path in Path(mien_server.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if called and node.func.attr in {"retention", "known_life", "_days"} and node.args:  # type: ignore[attr-defined]
                first = node.args[0]  # type: ignore[attr-defined]
                named.update({str(first.value)} if isinstance(first, ast.Constant) else ())
    assert {"consent", "consent_evidence", "decision_record", "event"} <= named
    assert named <= set(DATA_CLASSES)


@pytest.mark.parametrize("data_class", DATA_CLASSES)
def test_a_bundle_that_leaves_a_class_out_is_refused_at_start(
    broken: Path, data_class: str
) -> None:
    path = broken / "retention/core.toml"
    rules = re.split(r"(?=\[\[rule\]\])", path.read_text("utf-8"))
    left = [each for each in rules if f'class = "{data_class}"' not in each]
    assert len(left) == len(rules) - 1
    path.write_text("".join(left), "utf-8")
    with pytest.raises(PolicyInvalid, match=data_class):
        load_bundle(broken)


def test_a_place_without_a_duration_is_refused_at_start(broken: Path) -> None:
    path = broken / "retention/core.toml"
    text = path.read_text("utf-8")
    rule = '[[rule]]\nclass = "mood"\njurisdiction = "everywhere"'
    assert rule in text
    path.write_text(text.replace(rule, rule.replace("everywhere", "EU")), "utf-8")
    with pytest.raises(PolicyInvalid, match=r"no retention is declared for `mood` in "):
        load_bundle(broken)


def test_a_class_that_the_server_does_not_keep_is_refused(broken: Path) -> None:
    path = broken / "cedar/schema.cedarschema"
    path.write_text(
        path.read_text("utf-8").replace('"envelope_replay"', '"envelope_replay", "photo"'), "utf-8"
    )
    with pytest.raises(PolicyInvalid, match="DataClass"):
        load_bundle(broken)


def test_replays_are_known_for_as_long_as_an_envelope_opens(broken: Path) -> None:
    assert LEAST["envelope_replay"] == SEAL_LIFE
    path = broken / "retention/core.toml"
    path.write_text(path.read_text("utf-8").replace("PT48H", "PT47H"), "utf-8")
    with pytest.raises(PolicyInvalid, match="48 hours"):
        load_bundle(broken)
