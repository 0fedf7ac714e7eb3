"""The shop and the classroom as `make sample` runs them, in a real Chromium: with and without a yes, before a camera, without the server, in a school. `shop.ts` drives it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel
from tests.journeys.test_recorded_session import BODIES
from tests.node import ROOT, built
from tests.web.browser import chromium, packages
from tests.web.filmed import clip, film

from mien.cli.demo.scenes import spoken
from mien.values import EXPRESSIONS, POLARITIES, STATES
from mien.wire.canonical import decode
from mien.wire.messages import AnswersRequest, LessonRequest, SignedAnswer, parse

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.timeout(900)]

HERE: Final = Path(__file__).parent
SAMPLES: Final = ROOT / "samples"
CATALOGUE: Final = json.loads((SAMPLES / "catalogue/demo.json").read_text())["offers"]
OWN: Final = json.loads((SAMPLES / "shop/products.json").read_text())["products"]
LESSONS: Final = json.loads((SAMPLES / "classroom/lessons.json").read_text())["lessons"]
FILMS: Final = ROOT / "var/films"
SECONDS: Final = 420
RUN: Final = (("shop", ()), ("classroom", ("--page",)))
WORDS: Final = {*EXPRESSIONS, *STATES, *POLARITIES} - {"none"}


@contextmanager
def sample(folder: Path, name: str, *more: str) -> Iterator[Callable[[], dict[str, str]]]:
    """A sample as somebody starts it, stopped as by Ctrl-C. Gives what waits until it is open, and says where."""
    folder.mkdir()
    ready = folder / "ready.json"
    with (folder / "said").open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, str(SAMPLES / name), *more, "--ready", str(ready), "--patience", "30000"],
            cwd=folder, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def opened() -> dict[str, str]:
        deadline = time.monotonic() + SECONDS
        while not ready.exists() or not ready.read_text():
            assert running.poll() is None, (folder / "said").read_text()
            assert time.monotonic() < deadline, (folder / "said").read_text()
            time.sleep(0.05)
        found: dict[str, str] = json.loads(ready.read_text())
        return found

    try:
        yield opened
    finally:
        running.terminate()
        status = running.wait(SECONDS)
    assert status == 0, (folder / "said").read_text()


def camera(name: str, first: int, count: int) -> str:
    """What the fake camera plays; made once."""
    file = FILMS / f"{name}-{first}-{count}.mjpeg"
    if not file.exists():
        FILMS.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f".{os.getpid()}")
        film(clip(name, 1, first, count), half)
        half.replace(file)
    return str(file)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `shop.ts` says came of it."""
    built()
    browser = chromium()
    folder = tmp_path_factory.mktemp("samples")
    with ExitStack() as open_now:
        opening = [open_now.enter_context(sample(folder / name, name, *more)) for name, more in RUN]
        films = {"joy": camera("person", 100, 175), "two": camera("two-faces", 0, 60)}
        shop, school = (opened() for opened in opening)
        options = {
            "program": browser.program, "env": browser.env, "shop": shop["url"], "mien": shop["mien"], "school": school["url"], **films,
        }  # fmt: skip
        done = subprocess.run(
            [packages(), str(HERE / "shop.ts")],
            input=json.dumps(options), capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loaded(paths: list[str]) -> set[str]:
    """When files of the build that were asked for are meant to be loaded."""
    manifest = json.loads((ROOT / "server/mien_server/web/manifest.json").read_text())["files"]
    return {manifest[name]["when"] for path in paths if (name := path.removeprefix("/web/")) in manifest}  # fmt: skip


def money(offer: str) -> str:
    """The one price of an offer, as the shop shows it."""
    price = next(each["price"] for each in CATALOGUE if each["id"] == offer)
    return f"€\u202f{price // 100}.{price % 100:02}"


# ---- without a yes ----
@pytest.mark.node
def test_everything_can_be_bought_without_being_asked_anything(told: Any) -> None:
    seen = told["browses"]
    assert (len(seen["first"]), len(seen["beside"]), seen["lines"]) == (6, 4, 1)
    assert seen["rewards"] == ["view", "cart", "purchase"]
    assert "Nothing was charged" in seen["said"]
    assert not any(rank["asker"] for rank in seen["ranks"])
    assert loaded(seen["files"]) <= {"page", "frame", "view"}
    assert seen["troubles"] == []


@pytest.mark.node
def test_without_the_server_the_shop_has_its_own_order(told: Any) -> None:
    assert [card["offer"] for card in told["alone"]["cards"]] == [each["id"] for each in OWN[:6]]
    assert told["alone"]["order"] == "in our own order"


@pytest.mark.node
def test_a_thing_has_one_price_whoever_looks(told: Any) -> None:
    cards = [
        *told["browses"]["first"], *told["browses"]["beside"], *told["alone"]["cards"], *told["agrees"]["adapted"]["cards"], *told["agrees"]["later"]["cards"],
    ]  # fmt: skip
    assert [card["price"] for card in cards] == [money(card["offer"]) for card in cards]


# ---- with one ----
@pytest.mark.node
def test_after_a_yes_the_order_follows_how_the_visitor_looks_and_the_frame_says_why(
    told: Any,
) -> None:
    adapted = told["agrees"]["adapted"]
    assert "How you feel was used for this order." in adapted["text"]
    assert "you looked pleased" in adapted["text"]
    titles = {each["id"]: each["title"] for each in CATALOGUE}
    explained = re.findall(r"^[1-6]\. (.+)$", adapted["text"], re.MULTILINE)
    # It is the order that stands on the page, also after the frame that says why was opened.
    assert explained == [titles[card["offer"]] for card in adapted["cards"]]
    assert told["agrees"]["troubles"] == []


@pytest.mark.node
def test_the_page_is_told_no_word_of_it(told: Any) -> None:
    for said in (told["agrees"]["adapted"]["said"], told["agrees"]["said"]):
        assert not [word for word in WORDS if spoken(word, said.encode())]
        assert not re.search(r"sub_|used_emotion|sealed_why|rcp_", said)
    assert '"ranked"' in told["agrees"]["adapted"]["said"]
    assert len({rank["fields"] for rank in told["agrees"]["ranks"]}) == 1


@pytest.mark.node
def test_what_left_the_browser_is_sealed_signed_or_plain(told: Any) -> None:
    bodies = [(path, body.encode()) for path, body in told["agrees"]["bodies"]]
    for path, body in bodies:
        parse((BODIES | {"/v1/keys": SignedAnswer})[path], decode(body))
    envelopes = [len(body) for path, body in bodies if path == "/v1/labels"]
    assert envelopes, "no label left"
    assert len(set(envelopes)) == 1
    assert [word for word in WORDS for _, body in bodies if spoken(word, body)] == []
    assert len(told["agrees"]["hosts"]) == 2  # the shop and its mien server


@pytest.mark.node
def test_a_yes_taken_back_leaves_nothing_on_the_next_page(told: Any) -> None:
    later = told["agrees"]["later"]
    assert [rank["asker"] for rank in later["ranks"]] == [False]
    assert later["state"] == 0  # the page keeps no mark
    assert {"accepted", "completed"} <= set(told["agrees"]["erased"]["certificates"])


@pytest.mark.node
def test_a_person_is_offered_in_the_frame_and_told_what_the_visitor_let_through(told: Any) -> None:
    seen = told["helped"]
    assert "Would you like a person to take over?" in seen["offered"]
    assert "handed" not in seen["before"]  # the page hears of it at the press
    assert not [word for word in WORDS if spoken(word, seen["before"].encode())]
    assert seen["lines"] == ["you", "machine", "machine"]
    assert "gentle: softly and with time" in seen["desk"]
    assert "sadness" not in seen["desk"]
    assert seen["troubles"] == []


# ---- other visitors ----
@pytest.mark.node
def test_a_browsers_no_is_said_and_a_later_yes_wins_and_a_denied_camera_is_told(told: Any) -> None:
    seen = told["signals"]
    assert seen["untouched"] == []
    assert seen["fromTheStart"] == ["off", "off"]  # the page is told, and can leave them alone
    assert re.search(r"You said yes to\s+Offers that suit you\s+You said no to", seen["text"])
    assert "Your browser does not allow the camera." in seen["sign"]
    assert seen["troubles"] == []


@pytest.mark.node
def test_a_childs_yes_needs_a_guardian_who_signs_on_a_device_of_their_own(told: Any) -> None:
    seen = told["young"]
    assert "This rests on" in seen["refused"]
    assert "Your choices are in force." not in seen["refused"]
    assert "Your choices are in force." in seen["given"]
    assert seen["troubles"] == []


@pytest.mark.node
def test_of_two_faces_no_word_is_said(told: Any) -> None:
    assert "More than one face is seen, so nothing is read." in told["together"]["sign"]
    assert not any(word in told["together"]["sign"].lower() for word in ("joy", "sadness", "anger"))
    assert told["together"]["troubles"] == []


@pytest.mark.node
def test_in_a_german_school_the_face_is_refused_with_its_article_and_answers_choose(
    told: Any,
) -> None:
    seen = told["learns"]
    hard = {each["id"]: each["difficulty"] for each in LESSONS}
    assert "AI Act 5(1)(f)" in seen["refused"]
    first, last = seen["alone"][0][0], seen["alone"][-1][1]
    assert hard[last] > hard[first]  # right answers, of nobody in particular
    wrong, after = seen["known"][0][0], seen["known"][-1][1]
    assert hard[after] < hard[wrong]
    assert "Fewer than ten" in seen["teacher"]
    shapes: dict[str, type[BaseModel]] = {
        **BODIES, "/v1/lessons/next": LessonRequest, "/v1/lessons/answers": AnswersRequest,
    }  # fmt: skip
    for path, body in seen["posted"]:
        parse(shapes[path], decode(body.encode()))
    assert "/v1/lessons/answers" in {path for path, _ in seen["posted"]}
    assert seen["troubles"] == []


@pytest.mark.node
def test_axe_finds_nothing_on_any_page(told: Any) -> None:
    assert told["violations"] == []


# ---- as a program ----
def test_the_shop_opens_without_mien_and_without_node(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SAMPLES / "shop"), "--without", "--once"],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"all \d+ pages are there", done.stdout)
