"""The device's commands, as a person types them. Yes and no weigh the same; an error is one line and status 2."""

import getpass
import io
import json
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any, Self

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console
from typer.testing import CliRunner

from mien import cli, client
from mien.cli import look
from mien.client import SystemClock, local_session
from mien.errors import ConsentMissing, ModelInvalid, RequestInvalid, SettingsError
from mien.label import Moment, Reading
from mien.testing import FakeEyes, FakeServer, picture
from mien.testing import film as play
from mien.values import Face, Label, Scores
from mien.wire.canonical import decode
from mien.wire.keys import SigningKey
from mien.wire.signatures import unverified

runner = CliRunner()


def handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Bridge(BaseHTTPRequestHandler):
        """Speaks HTTP for the fake server."""

        def do_GET(self) -> None:
            size = int(self.headers.get("content-length", 0))
            asked = httpx.Request(
                self.command, "https://fake" + self.path, headers=dict(self.headers), content=self.rfile.read(size)
            )  # fmt: skip
            answer = fake.handle_request(asked)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            body = answer.read()
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Bridge


class Shop:
    """The fake server on loopback, and the options that lead to it."""

    def __init__(self, home: Path) -> None:
        self.fake = FakeServer(SystemClock())
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler(self.fake))
        self.home = home
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    @property
    def link(self) -> list[str]:
        url = f"http://127.0.0.1:{self.http.server_port}"
        return [
            "--server",
            url,
            "--site",
            "shop",
            "--key",
            self.fake.key,
            "--trust",
            self.fake.trust,
        ]

    def run(self, *words: str, said: str = "") -> str:
        done = runner.invoke(cli.app, [*words, "--home", str(self.home)], input=said)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def consent(self, said: str = "yes\nno\nno\nadult\n") -> str:
        return self.run("consent", *self.link, "--jurisdiction", "EU-DE", said=said)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop(tmp_path / "home") as shop:
        yield shop


def test_the_whole_way_by_hand(shop: Shop) -> None:
    said = shop.consent()
    assert "A fake shop would like to read your expression" in said
    assert "personalize_offers, until" in said
    assert "adapt_service" not in said.partition("Receipt")[2]
    assert len(shop.fake.people) == 1
    assert "said yes to: personalize_offers" in shop.run("me", "show")
    assert json.loads(shop.run("me", "export"))["purposes"] == ["personalize_offers"]
    assert "Taken back" in shop.run("me", "withdraw")
    assert "said yes to: nothing" in shop.run("me", "show")
    assert "Erased" in shop.run("me", "erase", said="yes\n")
    assert "person: nobody" in shop.run("me", "show")


def test_a_no_to_all_sends_nothing(shop: Shop) -> None:
    assert "You said no" in shop.consent("no\nno\nno\n")
    assert [path for _m, path, _b in shop.fake.requests if not path.endswith("/notices/en")] == []


def test_only_yes_and_no_are_answers(shop: Shop) -> None:
    assert "You said no" in shop.consent("y\nsure\n\nno\nNO\nno\n")


def test_silence_is_a_no(shop: Shop) -> None:
    done = runner.invoke(
        cli.app,
        ["consent", *shop.link, "--jurisdiction", "EU-DE", "--home", str(shop.home)],
        input="",
    )
    assert done.exit_code != 0
    assert shop.fake.people == {}


def test_erasing_asks_and_a_no_deletes_nothing(shop: Shop) -> None:
    shop.consent()
    assert "Nothing was deleted" in shop.run("me", "erase", said="no\n")
    assert len(shop.fake.people) == 1


def test_offline_withdrawal_says_that_it_holds(shop: Shop, tmp_path: Path) -> None:
    shop.consent()
    shop.fake.replies = [(503, {"content-type": "text/plain", "retry-after": "3600"}, b"")] * 4
    assert "It holds here already" in shop.run("me", "withdraw")
    assert "not yet confirmed" in shop.run("me", "show")
    shop.fake.replies = []
    shop.run("me", "flush")
    assert "not yet confirmed" not in shop.run("me", "show")


def test_export_writes_a_new_private_file_only(shop: Shop, tmp_path: Path) -> None:
    shop.consent()
    out = tmp_path / "mine.json"
    shop.run("me", "export", "--out", str(out))
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(out.read_text())["subject"].startswith("sub_")
    done = runner.invoke(cli.app, ["me", "export", "--out", str(out), "--home", str(shop.home)])
    assert isinstance(done.exception, SettingsError)


def test_export_can_be_read_and_verified_offline(tmp_path: Path) -> None:
    data, page = tmp_path / "mine.json", tmp_path / "mine.html"
    with Shop(tmp_path / "home") as shop:
        shop.consent()
        shop.run("me", "export", "--out", str(data), "--html", str(page))
        assert "Written" in shop.run("me", "export", "--html", str(tmp_path / "other.html"))
        trust = shop.fake.trust
    subject = json.loads(data.read_text())["subject"]
    assert subject in page.read_text()
    assert page.stat().st_mode & 0o077 == data.stat().st_mode & 0o077 == 0
    # Nobody listens any more: the files and the key are enough.
    verify = ["me", "verify", str(data), "--home", str(shop.home)]
    done = runner.invoke(cli.app, [*verify, "--html", str(page)])
    assert (done.exit_code, subject in done.output) == (0, True)
    assert runner.invoke(cli.app, ["me", "verify", str(data), "--trust", trust]).exit_code == 0
    other = SigningKey.generate().verify_key().text()
    assert runner.invoke(cli.app, [*verify, "--trust", other]).exit_code == 1
    page.chmod(0o600)
    page.write_text(page.read_text().replace(subject, "sub_nobody"))
    assert runner.invoke(cli.app, [*verify, "--html", str(page)]).exit_code == 1
    data.write_text(data.read_text().replace("personalize_offers", "declare_mood"))
    done = runner.invoke(cli.app, verify)
    assert (done.exit_code, done.output[:3]) == (1, "No:")
    gone = runner.invoke(cli.app, ["me", "verify", str(tmp_path / "none"), "--trust", trust])
    assert isinstance(gone.exception, SettingsError)


def test_the_age_is_asked_and_never_guessed(shop: Shop) -> None:
    said = shop.consent("yes\nno\nno\nforty\nadult\n")
    assert said.count("How old are you?") == 2  # `forty` is no answer
    assert claims_of(shop)["age_band"] == "adult"


def test_an_age_that_was_given_is_not_asked_for(shop: Shop) -> None:
    said = shop.run(
        "consent", *shop.link, "--jurisdiction", "EU-DE", "--age-band", "undeclared", said="yes\nno\nno\n"
    )  # fmt: skip
    assert "How old" not in said
    assert claims_of(shop)["age_band"] == "undeclared"


def claims_of(shop: Shop) -> dict[str, object]:
    found: dict[str, object] = statement_of(shop)["claims"]
    return found


def statement_of(shop: Shop) -> dict[str, Any]:
    """The consent statement that was sent last."""
    bodies = [body for _m, path, body in shop.fake.requests if path == "/v1/consents"]
    return unverified(decode(bodies[-1])["jws"])


def test_yes_and_no_stand_beside_each_other_for_every_purpose(shop: Shop) -> None:
    said = shop.consent("no\nno\nno\n")
    for title in ("Offers", "Service", "Mood"):
        assert said.count(title) == 1
    assert said.count("(yes/no)") == 3


def test_another_language_than_asked_for_is_said(shop: Shop) -> None:
    words = ("consent", *shop.link, "--jurisdiction", "EU-DE", "--locale", "fr")
    assert "no notice in the language `fr`" in shop.run(*words, said="no\nno\nno\n")
    assert "no notice in" not in shop.consent("no\nno\nno\n")


def test_the_privacy_signal_may_be_told(shop: Shop) -> None:
    words = ("consent", *shop.link, "--jurisdiction", "US-CA", "--gpc")
    shop.run(*words, said="yes\nno\nno\nadult\n")
    assert shop.fake.signalled > 1
    assert claims_of(shop)["gpc"] is True


def test_in_illinois_a_name_is_typed_under_the_whole_text(shop: Shop) -> None:
    words = ("consent", *shop.link, "--jurisdiction", "US-IL")
    said = shop.run(*words, said="yes\nno\nno\nadult\n\n")
    assert "I release my expression to the fake shop" in said
    assert "You did not sign. Nothing was sent" in said
    assert shop.fake.people == {}
    shop.run(*words, said="yes\nno\nno\nadult\nAda Lovelace\n")
    assert statement_of(shop)["release"]["name"] == "Ada Lovelace"


def test_nothing_visible_signs_nothing(shop: Shop) -> None:
    words = ("consent", *shop.link, "--jurisdiction", "US-IL", "--home", str(shop.home))
    done = runner.invoke(cli.app, words, input="yes\nno\nno\nadult\n\u200b\u200b\n")
    assert isinstance(done.exception, RequestInvalid)
    assert "bears a name in letters" in str(done.exception)
    assert shop.fake.people == {}


def test_a_purpose_that_is_refused_is_told_with_its_own_law(shop: Shop) -> None:
    shop.fake.deny = {"personalize_offers": "AI Act 5(1)(f)", "adapt_service": "policy:not-here"}
    said = shop.consent("yes\nyes\nyes\nadult\n").replace("\n", " ")
    assert "declare_mood, until" in said
    assert (
        "Not allowed: personalize_offers. This fake forbids personalize_offers. (AI Act 5(1)(f))"
        in said
    )
    assert "Not allowed: adapt_service. This fake forbids adapt_service. (policy:not-here)" in said


def test_elsewhere_a_release_is_signed_when_it_is_asked_for(shop: Shop) -> None:
    said = shop.run(
        "consent", *shop.link, "--jurisdiction", "US-TX", "--sign-release",
        said="yes\nno\nno\nadult\nAda Lovelace\n",
    )  # fmt: skip
    assert "I release" in said
    assert statement_of(shop)["release"]["name"] == "Ada Lovelace"
    assert "I release" not in shop.consent("yes\nno\nno\nadult\n")


def test_a_renewal_is_said_as_one(shop: Shop) -> None:
    words = ("consent", *shop.link, "--jurisdiction", "EU-DE", "--renew", "--home", str(shop.home))
    done = runner.invoke(cli.app, words, input="yes\nno\nno\nadult\n")
    assert isinstance(done.exception, ConsentMissing)
    shop.consent()
    shop.run(*words[:-2], said="yes\nno\nno\nadult\n")
    assert statement_of(shop)["renewal"] is True


def test_standing_is_shown_with_its_end(shop: Shop) -> None:
    shop.consent()
    said = shop.run("me", "show")
    assert "consent: given" in said
    assert re.search(r"until: \d{4}-\d\d-\d\d", said)
    shop.run("me", "withdraw")
    assert "There was nothing" not in shop.run("me", "withdraw")  # it may be said twice
    assert "consent: withdrawn" in shop.run("me", "show")


def test_a_mood_by_hand(shop: Shop) -> None:
    shop.consent("no\nno\nyes\nadult\n")
    assert "Declared: joy." in shop.run("me", "declare", "joy", "--second", "surprise")
    assert [(label.expression, label.second) for label in shop.fake.labels()] == [
        ("joy", "surprise")
    ]


def test_a_second_device_by_hand(shop: Shop, tmp_path: Path) -> None:
    shop.consent()
    code = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){9}", shop.run("me", "link"))[0]
    home = ["--home", str(tmp_path / "other")]
    done = runner.invoke(cli.app, ["me", "join", code, *shop.link, *home])
    assert done.exit_code == 0, done.output
    keys = runner.invoke(cli.app, ["me", "keys", *home]).output
    assert keys.count(": device") == 2
    assert keys.count("this device") == 1
    lost = next(
        line.split(":")[0]
        for line in keys.splitlines()
        if ": device" in line and "this device" not in line
    )
    done = runner.invoke(cli.app, ["me", "remove", "--home", home[1], "--", lost])
    assert done.exit_code == 0, done.output
    assert runner.invoke(cli.app, ["me", "keys", *home]).output.count(": device") == 1


class Family:
    """A child's device and their guardian's commands, with the code typed unseen."""

    def __init__(self, shop: Shop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shop, self.folder = shop, folder
        said = runner.invoke(cli.app, ["guardian", "new"]).output
        self.code = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){7}", said)[0]
        monkeypatch.setattr(getpass, "getpass", lambda _prompt: self.code)

    def child(self, *more: str) -> str:
        return self.shop.run(
            "consent", *self.shop.link, "--jurisdiction", "US-CA", "--age-band", "under_13", *more,
            said="yes\nno\nno\n",
        )  # fmt: skip

    def guardian(self, *words: str, said: str = "") -> str:
        done = runner.invoke(cli.app, ["guardian", *words, *self.shop.link], input=said)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output


def test_a_child_and_their_guardian_by_hand(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = Family(shop, tmp_path, monkeypatch)
    request, answer, held = (str(tmp_path / name) for name in ("ask.json", "yes.json", "all.json"))
    assert "Nothing was sent" in family.child("--guardian-request", request)
    assert "You said no" in family.guardian("approve", request, "--out", answer, said="no\n")
    assert not Path(answer).exists()
    said = family.guardian("approve", request, "--out", answer, said="yes\n")
    assert "A fake shop would like" in said
    assert "`under_13`" in said
    assert "Offers" in said
    assert "Help may be offered" not in said  # only what the child asks for
    family.child("--guardian", answer)
    assert statement_of(shop)["guardian"]["approval"]
    (subject,) = shop.fake.people
    assert subject in said
    assert "Taken back" in family.guardian("withdraw", subject)
    family.guardian("export", subject, "--out", held)
    assert json.loads(Path(held).read_text())["subject"] == subject
    assert "Nothing was deleted" in family.guardian("erase", subject, said="no\n")
    assert "Erased" in family.guardian("erase", subject, said="yes\n")
    assert shop.fake.people == {}


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 70_000])
def test_a_file_that_is_no_answer_is_one_line(
    shop: Shop, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "answer.json"
    if content is not None:
        file.write_bytes(content)
    words = [
        "consent",
        *shop.link,
        "--jurisdiction",
        "US-CA",
        "--age-band",
        "under_13",
        "--guardian",
        str(file),
    ]
    done = runner.invoke(cli.app, [*words, "--home", str(shop.home)], input="yes\nno\nno\n")
    assert isinstance(done.exception, RequestInvalid)
    assert shop.fake.people == {}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (96, 96))
    for _ in range(5):
        writer.write(picture(dark=True))
    writer.release()
    return path


def test_look_says_what_will_happen_and_a_no_ends_it(film: Path) -> None:
    done = runner.invoke(cli.app, ["look", "--video", str(film)], input="no\n")
    assert "nothing is sent" in done.output.replace("\n", " ")
    assert getattr(done.exception, "code", None) == "consent-missing"


def test_look_reads_after_a_yes_and_keeps_nothing(film: Path) -> None:
    before = sorted(film.parent.iterdir())
    done = runner.invoke(cli.app, ["look", "--video", str(film)], input="yes\n")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "0 labels were shown, none were kept" in done.output
    assert sorted(film.parent.iterdir()) == before


@dataclass
class Actors(FakeEyes):
    """Fake eyes that see a smile, too."""

    def scores(self, pixels: NDArray[np.uint8], face: Face) -> Scores:
        return replace(super().scores(pixels, face), actions={"AU12": 0.8, "AU6": 0.6})


def test_look_shows_labels_and_says_what_is_not_validated(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def played(source: object, *, ask: Callable[[str], bool], eyes: object) -> client.Session:
        scenes = play("joy", "joy", "joy")
        return local_session(scenes, ask=ask, eyes=Actors(), paced=False)

    monkeypatch.setattr(client, "local_session", played)
    done = runner.invoke(cli.app, ["look", "--video", str(film)], input="yes\n")
    assert "2 labels were shown, none were kept" in done.output
    assert "states are not validated on people" in " ".join(done.output.split())


def test_look_uses_the_models_chosen_in_a_folder(film: Path, tmp_path: Path) -> None:
    (tmp_path / "in_use.json").write_text("not a choice")
    words = ["look", "--video", str(film), "--models"]
    done = runner.invoke(cli.app, [*words, str(tmp_path)], input="yes\n")
    assert isinstance(done.exception, ModelInvalid)
    done = runner.invoke(cli.app, [*words, str(tmp_path / "none")], input="yes\n")
    assert done.exit_code == 0, (done.output, done.exception)


def shown(reading: Reading, *labels: Label) -> str:
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(look._table(deque(labels), reading))
    return console.export_text()


def test_look_shows_the_word_of_the_moment_and_why() -> None:
    moment = Moment("joy", 0.82, "surprise", 0.5, 0.1, "smile 0.8, cheek raise 0.6 -> joy")
    label = Label("neutral", 1_790_000_000, 12, state="confused")
    text = shown(Reading(3.0, "gathering", now=moment), label)
    assert "now: joy 82% mixed with surprise (smile 0.8, cheek raise 0.6 -> joy)" in text
    assert "state: confused (not validated on people)" in text


def test_look_says_when_it_is_not_sure() -> None:
    text = shown(Reading(3.0, "unsure", now=Moment(None, 0.3)))
    assert "now: not sure" in text
    assert "state: none (not validated on people)" in text
    assert "now:" not in shown(Reading(3.0, "no face"))


def test_an_error_is_one_line_and_status_two(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mien.cli", "me", "show", "--home", str(tmp_path / "home")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert (
        done.stderr
        == "mien: this device knows no server yet; run `mien consent` first [keep-missing]\n"
    )
    assert done.stdout == ""


def test_a_broken_package_of_commands_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> object:
            raise ModuleNotFoundError(self.name, name=self.name)

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Point("fastapi")])
    assert cli.build().registered_commands
    monkeypatch.setattr(metadata, "entry_points", lambda group: [Point("mien_server.cli")])
    with pytest.raises(ModuleNotFoundError):
        cli.build()
