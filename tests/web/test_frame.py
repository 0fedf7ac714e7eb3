"""Frames of the mien origin in a shop's page, in a real Chromium against the real server: what is loaded when, what the page gets to know, and a page that attacks."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.journeys.test_recorded_session import BODIES, CATALOGUE, ROOT
from tests.node import ENVIRONMENT, built
from tests.web.browser import chromium, packages
from tests.web.frames.shop import Shop, stage

from mien.cli.demo.scenes import spoken
from mien.cli.demo.stage import SITE, Stage
from mien.values import EXPRESSIONS, POLARITIES, PURPOSES, STATES
from mien.wire.canonical import decode
from mien.wire.messages import Envelope, SignedAnswer, parse
from mien_server.built import Built, WebBuild

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

DRIVER = Path(__file__).parent / "frames" / "journeys.ts"
WORDS = {*EXPRESSIONS, *STATES, *POLARITIES} - {"none"}
LOADER_BYTES = 15_000
SHELL_BYTES = 20_000
"""Of a frame before its view: gzip, as all of these."""
REFUSING_BYTES = 60_000
"""All that a visitor who reads the question in one language and says no downloads."""
COUNTED = {"rank", "reward", "help", "lesson", "answer", "drop", "stop", "theme"}


@pytest.fixture(scope="module")
def build() -> WebBuild:
    built()
    return Built().now()


@pytest.fixture(scope="module")
def world(
    build: WebBuild, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, Shop, Shop, Path]]:
    """A server with policies of its own, a shop that it lists, and one that it does not."""
    assert build.model
    home = tmp_path_factory.mktemp("frames")
    policies = home / "policies"
    shutil.copytree(ROOT / "policies" / "mien_policies", policies)
    with Shop() as shop, Shop() as stranger:
        server = stage(home / "stage", CATALOGUE, shop.origin)
        server.more = {"MIEN_POLICIES": str(policies), "MIEN_RELOAD_SECONDS": "0.1"}
        with server:
            shop.pages |= {"/": shop.page(server), "/bare": shop.page(server, elements="")}
            stranger.pages["/bare"] = shop.pages["/bare"]
            yield server, shop, stranger, policies / "notices" / "en.md"


@pytest.fixture(scope="module")
def found(world: tuple[Stage, Shop, Shop, Path]) -> dict[str, Any]:
    """What `journeys.ts` says came of it."""
    server, shop, stranger, notice = world
    browser = chromium()
    told = {
        "program": browser.program, "env": browser.env, "server": server.url, "shop": shop.origin, "stranger": stranger.origin, "site": SITE,
        "key": server.publishable, "notice": str(notice),
    }  # fmt: skip
    done = subprocess.run(
        [packages(), str(DRIVER)], input=json.dumps(told), capture_output=True, text=True, check=False, timeout=500, env=ENVIRONMENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    broken = {name: each["broke"] for name, each in found.items() if "broke" in each}
    assert broken == {}, done.stderr
    assert {name: each["troubles"] for name, each in found.items() if each["troubles"]} == {}
    return found


def sizes(build: WebBuild, paths: list[str]) -> int:
    """Bytes on the way, with gzip."""
    files = [build.files[path.removeprefix("/web/")] for path in paths]
    return sum(file.gzip or file.bytes for file in files)


def loaded(build: WebBuild, paths: list[str], when: str) -> list[str]:
    """Which of the paths are files of the build that belong to a moment."""
    names = [path.removeprefix("/web/") for path in paths]
    return [name for name in names if name in build.files and build.files[name].when == when]


# ---- what is loaded when ----
def test_the_loader_is_small_and_a_frame_begins_small(build: WebBuild) -> None:
    for name in ("loader", "module"):
        file = build.files[build.entries[name]]
        assert file.gzip is not None
        assert file.gzip <= LOADER_BYTES, f"{name} has {file.gzip} bytes with gzip"
    shell = [f"/web/{name}" for name, file in build.files.items() if file.when == "frame"]
    assert sizes(build, shell) <= SHELL_BYTES, f"a frame begins with {sizes(build, shell)} bytes"


def test_who_opens_nothing_loads_the_loader_and_nothing_else(found: dict[str, Any]) -> None:
    assert found["refusal"]["places"] == 5
    assert found["refusal"]["unopened"] == ["/web/loader.js", "/v1/rank"]


def test_a_no_costs_nothing_and_loads_neither_client_nor_runtime_nor_model(
    found: dict[str, Any], build: WebBuild
) -> None:
    refusal = found["refusal"]
    assert refusal["asked"] == {
        "marks": [],
        "databases": [],
        "cookies": "",
    }  # who reads leaves nothing
    assert refusal["refused"] == {"marks": [[f"mien {SITE}", "refused"]], "databases": [], "cookies": ""}  # fmt: skip
    assert refusal["marks"] == []
    paths = refusal["paths"]
    assert (loaded(build, paths, "yes"), loaded(build, paths, "camera")) == ([], [])
    assert loaded(build, paths, "view")
    others = {path for path in paths if not path.startswith("/web/")}
    assert others == {"/v1/rank", f"/v1/sites/{SITE}/notices/en"}
    pieces = [path for path in paths if path.startswith("/web/") and path.removeprefix("/web/") in build.files]  # fmt: skip
    assert sizes(build, pieces) <= REFUSING_BYTES, sizes(build, pieces)
    assert refusal["after"][0] == 5
    assert refusal["after"][2] == 1, "the next page has no frame"


def test_after_a_yes_the_client_comes_and_before_a_start_no_camera_part(
    found: dict[str, Any], build: WebBuild
) -> None:
    paths = found["consent"]["paths"]
    assert any(name.startswith("client-") for name in loaded(build, paths, "yes"))
    assert loaded(build, paths, "camera") == []


# ---- what the page gets to know ----
def test_a_yes_adapts_the_order_and_the_person_can_read_why(found: dict[str, Any]) -> None:
    consent = found["consent"]
    assert consent["code"].count("-") == 7
    assert "you said you feel happy" in consent["why"]
    assert len(consent["first"]) == len(consent["alike"]) == 5
    assert set(consent["event"]) == {"event", "places", "behaviour", "agreed"}


def test_no_word_of_what_is_felt_goes_over_a_port(found: dict[str, Any]) -> None:
    said = found["consent"]["said"]
    kinds = {each["data"]["kind"] for each in said if each["way"] == "in"}
    assert {"ready", "state", "size", "ranked", "done"} <= kinds <= {"ready", "state", "size", "show", "close", "ranked", "done", "failed"}  # fmt: skip
    assert {each["data"]["kind"] for each in said if each["way"] == "out"} <= COUNTED | {None}
    heard = json.dumps([each["data"] for each in said if each["way"] == "in"]).encode()
    ranked = [each["data"] for each in said if each["data"].get("kind") == "ranked"]
    assert ranked
    assert {frozenset(each) for each in ranked} == {frozenset({"kind", "id", "event", "places", "behaviour", "agreed"})}  # fmt: skip
    assert [word for word in {*WORDS, *PURPOSES, "emotion", "happy", "sub_"} if spoken(word, heard)] == []  # fmt: skip
    assert found["consent"]["reached"]["shadow"] == [None, None]
    assert found["consent"]["reached"]["keys"] == [f"mien:{SITE}"]
    assert not [word for word in WORDS if spoken(word, found["consent"]["reached"]["text"].encode())]  # fmt: skip


def test_what_is_taken_back_in_one_tab_ends_in_the_other_and_the_next_page_has_none_of_it(
    found: dict[str, Any],
) -> None:
    consent = found["consent"]
    assert consent["left"] == {"marks": [], "cookies": ""}
    assert consent["after"]["places"] == 5
    assert consent["after"]["state"] == {"consent": "none", "camera": "off"}
    assert consent["after"]["frames"] == 1
    assert set(consent["after"]["paths"]) <= {"/", "/web/loader.js", "/v1/rank"}


def test_every_request_is_a_statement_an_envelope_or_a_plain_question_of_the_mien_origin(
    found: dict[str, Any], world: tuple[Stage, Shop, Shop, Path]
) -> None:
    server, shop, *_ = world
    seen = [each for name in ("refusal", "consent") for each in found[name]["seen"]]
    origins = {f"{urlsplit(each['url']).scheme}://{urlsplit(each['url']).netloc}" for each in seen}
    assert origins == {server.url, shop.origin}
    assert {urlsplit(each["url"]).path for each in seen if each["url"].startswith(shop.origin)} == {"/"}  # fmt: skip
    bodies = [(urlsplit(each["url"]).path, each["body"].encode()) for each in seen if each["body"]]
    for path, body in bodies:
        parse((BODIES | {"/v1/keys": SignedAnswer})[path], decode(body))
        assert [word for word in WORDS if spoken(word, body)] == []
    envelopes = [body for path, body in bodies if path == "/v1/labels"]
    assert len({len(body) for body in envelopes}) == 1
    for body in envelopes:
        parse(Envelope, decode(body))
    ranks = [decode(body) for path, body in bodies if path == "/v1/rank"]
    assert {rank["asker"] is None for rank in ranks} == {True, False}
    assert len({frozenset(rank) for rank in ranks}) == 1
    alike = [{**rank, "asker": 0, "mac": 0, "request": 0, "age_band": 0, "history": 0} for rank in ranks]  # fmt: skip
    assert all(each == alike[0] for each in alike)


# ---- what goes wrong ----
def test_a_shop_that_is_offline_does_not_wait_and_a_no_waits_for_the_server(
    found: dict[str, Any],
) -> None:
    offline = found["offline"]
    assert offline["order"] == "server-unreachable"
    assert offline["sent"] == offline["tried"], "what waited was taken back before it could leave"


def test_a_withdrawal_that_waits_is_told_from_the_next_page(found: dict[str, Any]) -> None:
    assert found["untold"]["waiting"] == ["waits"]
    assert found["untold"]["next"] == ["off", 5], "and its orders are nobody's meanwhile"


def test_a_yes_is_to_the_notice_that_is_seen_not_to_the_one_that_came_last(
    found: dict[str, Any],
) -> None:
    assert found["untold"]["lang"] == "en"
    assert found["untold"]["answered"].endswith("/notices/en")


def test_a_cleared_storage_is_noticed_and_the_recovery_code_brings_everything_back(
    found: dict[str, Any],
) -> None:
    assert found["recovery"]["cleared"] == {"marks": [], "places": 5}
    assert "Anger" in found["recovery"]["held"]


def test_on_a_capability_that_ran_out_nothing_is_said(found: dict[str, Any]) -> None:
    assert found["expiry"]["sent"] == 0
    assert found["expiry"]["refused"].endswith(("(server-unreachable)", "(capability-expired)"))


def test_a_notice_that_changed_while_it_was_shown_is_shown_again_before_a_yes_counts(
    found: dict[str, Any],
) -> None:
    stale = found["stale"]
    assert (stale["changed"], stale["state"], stale["posted"]) == (True, "none", 0)


# ---- a hostile page ----
def test_a_page_cannot_look_into_the_frame(found: dict[str, Any]) -> None:
    assert found["scripts"]["read"] == ["nothing", "SecurityError", "SecurityError", "SecurityError"]  # fmt: skip


def test_forged_messages_clicks_and_floods_do_nothing(found: dict[str, Any]) -> None:
    scripts = found["scripts"]
    heard = scripts["heard"]
    assert {each["kind"] for each in heard} <= {"ready", "state", "size", "failed"}
    assert {each["consent"] for each in heard if each["kind"] == "state"} == {"none"}
    assert {each["camera"] for each in heard if each["kind"] == "state"} == {"off"}
    answered = [each["id"] for each in heard if each["kind"] == "failed"]
    assert {each["code"] for each in heard if each["kind"] == "failed"} <= {"consent-missing", "server-busy"}  # fmt: skip
    assert 9 in answered, "a question that may be asked is answered"
    assert not {7, 8} & set(answered)
    assert len(answered) < 200, "of ten thousand"
    assert scripts["secondly"] == [], "only the first greeting counts"
    assert scripts["waited"] < 10_000
    assert scripts["alive"]
    assert not [each for each in scripts["asked"] if each.startswith("POST")]


def test_nobody_else_can_embed_it_and_on_its_own_it_is_nothing(found: dict[str, Any]) -> None:
    assert found["scripts"]["unlisted"] == ["chrome-error://chromewebdata/"]
    words, buttons = found["scripts"]["alone"]
    assert (buttons, "On its own it shows nothing." in words) == (0, True)


def test_a_page_that_opens_the_confirming_window_hears_nothing_from_it(
    found: dict[str, Any],
) -> None:
    assert found["scripts"]["lured"] == []


@pytest.mark.parametrize(
    "trick", ["covered", "faded", "shrunk", "bleached", "moved", "unread", "cropped"]
)
def test_a_press_on_what_could_not_be_seen_does_not_count(
    found: dict[str, Any], trick: str
) -> None:
    words, consent = found["clickjacking"][trick]
    assert "press-refused" in words
    assert consent == "none"
    assert found["clickjacking"]["posted"] == 0


def test_no_script_starts_the_camera_and_a_page_that_hides_its_sign_ends_it(
    found: dict[str, Any],
) -> None:
    assert found["camera"]["scripted"] == [False, "off"]
    assert found["camera"]["ended"] >= 4000
    assert found["camera"]["spoiled"] == ["asking", "stopped"], "another worker does not run"


def test_where_a_browser_does_not_tell_what_is_seen_the_person_is_asked_in_a_window(
    found: dict[str, Any],
) -> None:
    words, consent = found["elsewhere"]["no"]
    assert "use how you feel, for the purposes that you chose?" in found["elsewhere"]["words"]
    assert "by the word that you pressed?" in found["elsewhere"]["next"], (
        "no more than what was asked"
    )
    assert ("press-refused" in words, consent) == (True, "none")
