"""The compose file in docs/how-to/scale.md says nothing that the server would refuse. No container engine is needed to see that."""

import re
from pathlib import Path
from typing import Any

import yaml

from mien_server.settings import load

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/scale.md"


def compose() -> dict[str, Any]:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 1
    content: dict[str, Any] = yaml.safe_load(blocks[0])
    return content


def test_the_server_takes_every_setting_of_a_node() -> None:
    given = {
        name: re.sub(r"\$\{\w+:\?\}", "Secret0", value)
        for name, value in compose()["services"]["node"]["environment"].items()
    }
    settings = load(given, **{name.removeprefix("MIEN_").lower(): value for name, value in given.items()})  # fmt: skip
    assert settings.database == "postgresql://mien:Secret0@database/mien"
    assert str(settings.keys) == "/secrets/keys"


def test_what_a_service_names_is_there() -> None:
    content = compose()
    services = content["services"]
    for service in services.values():
        assert set(service.get("depends_on", [])) <= set(services)
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in content["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in content["configs"]


def test_the_database_is_not_told_to_forget() -> None:
    said = compose()["services"]["database"]["command"]
    assert "fsync=on" in said
    assert "synchronous_commit=on" in said


def test_keys_and_journal_do_not_lie_with_the_database() -> None:
    services = compose()["services"]
    kept = {volume.partition(":")[0] for volume in services["node"]["volumes"]}
    assert kept.isdisjoint(volume.partition(":")[0] for volume in services["database"]["volumes"])
