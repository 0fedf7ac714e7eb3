"""Settings: read from the environment, refused when unknown or impossible, each on the page."""

import re
from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.wire.canonical import b64
from mien.wire.keys import SigningKey
from mien_server.settings import NOT_THE_SERVERS, PREFIX, Settings, load

KEYS = [SigningKey.from_secret(bytes([each] * 32)).verify_key().text() for each in (1, 2)]
PAGE = Path(__file__).resolve().parents[2] / "docs/reference/settings.md"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_defaults_listen_on_loopback_and_let_nobody_read_entries() -> None:
    settings = load({})
    assert settings.host == "127.0.0.1"
    assert settings.officer_keys == ()
    assert settings.proxies == ()


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_PORT", "9000")
    monkeypatch.setenv("MIEN_OFFICER_KEYS", f"anna+{KEYS[0]}, bert-2+{KEYS[1]}")
    settings = load({"MIEN_PORT": "9000"})
    assert settings.port == 9000
    assert [(each.name, b64(each.key)) for each in settings.officers] == [
        ("anna", KEYS[0]),
        ("bert-2", KEYS[1]),
    ]


def test_arguments_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_PORT", "9000")
    assert load({"MIEN_PORT": "9000"}, port=0, host=None).port == 0


def test_misspelt_setting_is_refused_with_a_hint() -> None:
    with pytest.raises(SettingsError, match="did you mean `MIEN_DATABASE`"):
        load({"MIEN_DATABSE": "sqlite:///x.db"})


def test_variables_of_the_other_side_may_be_there() -> None:
    assert load(dict.fromkeys(NOT_THE_SERVERS, "x")) == load({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIEN_PORT", "70000"),
        ("MIEN_PORT", "eighty"),
        ("MIEN_DATABASE", "mysql://x"),
        ("MIEN_OFFICER_KEYS", KEYS[0]),
        ("MIEN_OFFICER_KEYS", f"Anna+{KEYS[0]}"),
        ("MIEN_OFFICER_KEYS", f"@server+{KEYS[0]}"),
        ("MIEN_OFFICER_KEYS", "anna+" + "A" * 43),
        ("MIEN_OFFICER_KEYS", f"anna+{KEYS[0]},anna+{KEYS[1]}"),
        ("MIEN_OFFICER_KEYS", f"anna+{KEYS[0]},bert+{KEYS[0]}"),
        ("MIEN_LOG_LEVEL", "loud"),
        ("MIEN_SEQUENCE_SECONDS", "5"),
        ("MIEN_ORIGIN", "not an origin"),
        ("MIEN_RATE_PER_SITE", "0"),
    ],
)
def test_impossible_value_is_refused_by_name_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load({name: value})
    assert f"`{name}`" in str(caught.value)
    assert f"`{value}`" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).port = 1


def test_every_setting_is_on_the_page_with_its_default_and_description() -> None:
    rows = dict(re.findall(r"^\| `(MIEN_\w+)` \|(.*)\|$", PAGE.read_text(), re.MULTILINE))
    assert set(rows) == {PREFIX + name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        row = rows[PREFIX + name.upper()]
        assert field.description is not None
        assert field.description in row, name
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = (
            ""
            if default in {None, ""}
            else str(default).lower()
            if isinstance(default, bool)
            else str(default)
        )
        assert (f"`{shown}`" if shown else "empty") in row, name
