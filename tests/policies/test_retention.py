"""The shortest duration wins, and what nobody declared is refused."""

from pathlib import Path

import pytest

from mien.errors import RetentionUndeclared
from mien_server.authorize import DATA_CLASSES, Bundle, load_bundle, retention

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
