"""A person's rights in frames of the mien origin, on a real server in a real Chromium; what they are given as files is verified by the Python SDK."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_recorded_session import CATALOGUE
from tests.node import built
from tests.web.browser import chromium, packages
from tests.web.frames.shop import Shop, stage

from mien.client import check_export
from mien.consent import open_certificate
from mien.wire.keys import VerifyKey

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `frames/rights.ts` says came of it, and the key that the server signs with."""
    assert built().exists()
    browser = chromium()
    with (
        Shop() as shop,
        stage(tmp_path_factory.mktemp("rights") / "stage", CATALOGUE, shop.origin) as served,
    ):
        shop.pages["/"] = shop.page(served)
        told = {"program": browser.program, "env": browser.env, "shop": shop.origin}
        ran = subprocess.run(
            [packages(), str(HERE / "frames" / "rights.ts")],
            input=json.dumps(told), capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) | {"trust": VerifyKey.from_text(served.trust)}


def test_what_was_noted_is_seen_and_corrected_in_place(done: Any) -> None:
    assert done["troubles"] == []
    assert done["held"].startswith("Joy\n")
    assert done["corrected"].startswith("Sadness\n")


def test_a_link_code_brings_another_browser_in_and_the_first_can_be_removed(done: Any) -> None:
    assert done["there"].startswith("Sadness\n")


def test_the_file_is_word_for_word_what_the_server_signed(done: Any) -> None:
    name, export = done["export"]
    assert name == "mien-demo-shop.json"
    stated = check_export(export, done["trust"])
    assert stated.subject == export["subject"]
    assert [label["expression"] for label in export["labels"]] == ["sadness"]
    assert sorted(key["role"] for key in export["keys"]) == ["device", "device", "recovery"]


def test_both_certificates_of_an_erasure_are_the_servers(done: Any) -> None:
    for (name, file), expected in zip(done["certificates"], ("accepted", "completed"), strict=True):
        says = file["says"]
        signed = open_certificate(file["certificate"], done["trust"], "demo-shop", says["erasure"])
        assert signed.model_dump(mode="json") == says
        assert signed.stage == expected
        assert name == f"{says['erasure']}-{expected}.json"
