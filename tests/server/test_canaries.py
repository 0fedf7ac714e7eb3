"""Nobody's data and no secret in a log, an answer or a path; and the watch over every other test does see what leaks (`tests/conftest.py`)."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.conftest import NOT_TOLD, NOWHERE, leaks

from mien.errors import RequestInvalid
from mien.wire import messages
from mien.wire.messages import Message
from mien_server.routes import ENDPOINTS
from mien_server.stores import sqlite

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
SUBJECT = "sub_" + "abcdefghijklm" + "2345672345672"
ENGINE = re.compile(r"create_(?:async_)?engine\(")


# ---- the watch itself ----
LEAKING = f"""
import io
import subprocess
import sys

import structlog

import mien_server.routes.shell as shell
from mien.errors import RequestInvalid
from mien_server import logs

def test_log():
    logger = structlog.wrap_logger(structlog.WriteLogger(io.StringIO()), processors=[structlog.processors.JSONRenderer()])
    logger.info("refused", subject="{SUBJECT}")

def test_problem():
    shell.document(RequestInvalid("`{SUBJECT}` is not known"))

def test_stderr():
    print("Traceback: {SUBJECT}", file=sys.stderr)

def test_program():
    subprocess.run([sys.executable, "-c", "import os; os.write(2, b'{SUBJECT}')"], check=True)

def test_clean():
    logs.make("info").info("refused", code="request-invalid", status=400, route="/v1/labels")
    shell.document(RequestInvalid("`seq` is missing; see the reference"))
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["here", "in a worker"])
def test_leak_fails_the_test_in_which_it_happens(tmp_path: Path, workers: tuple[str, ...]) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_it.py").write_text(LEAKING)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers, str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "MIEN_TIERS": "all"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "4 failed, 1 passed" in done.stdout, done.stdout
    assert len(re.findall(r"^LEAKED a subject", done.stdout, re.MULTILINE)) == 4, done.stdout


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Bearer sk_9hT3_Zr-4", "a site's secret key"),
        ("postgresql://mien:pw-canary-3f9d1c@db/mien", "a planted canary"),
        ("k=3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a key, a hash or a nonce"),
        ('"client": "192.0.2.7"', "a caller's address"),
        ("expression joy", "an emotion"),
    ],
)
def test_every_kind_is_known_when_seen(text: str, what: str) -> None:
    (found,) = leaks(text, NOT_TOLD)
    assert found.startswith(what)


def test_hash_of_the_bundle_and_ordinary_words_are_none() -> None:
    assert leaks(f'{{"bundle": "{"0a" * 32}", "route": "/v1/labels"}}', NOT_TOLD) == []
    assert leaks("subscribe, risk_level, joyful", NOWHERE | NOT_TOLD) == []


# ---- nothing to leak from ----
def test_no_path_and_no_query_names_a_person() -> None:
    for endpoint in ENDPOINTS:
        parameters = re.findall(r"\{(\w+)", endpoint.path) + [
            p["name"] for p in endpoint.parameters
        ]
        assert set(parameters) <= {
            "site",
            "locale",
            "tile",
            "leaf",
            "erasure",
            "version",
            "file",
        }, endpoint.path


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mien:pw-canary-1a2b@127.0.0.1:9/none",  # nobody listens
        "postgresql://mien:pw-canary-1a2b@127.0.0.1:port/none",
        "mysql://mien:pw-canary-1a2b@127.0.0.1/none",
        "pw-canary-1a2b",
    ],
)
def test_password_of_the_database_is_in_no_refusal(tmp_path: Path, url: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
    for command in (["keys", "init"], ["serve", "--port", "0"]):
        done = subprocess.run(
            [sys.executable, "-m", "mien.cli", *command],
            capture_output=True, text=True, check=False, cwd=tmp_path, env={**kept, "MIEN_DATABASE": url},
        )  # fmt: skip
        assert "canary" not in done.stdout + done.stderr
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def _bodies() -> list[type[BaseModel]]:
    asked = {endpoint.body for endpoint in ENDPOINTS if endpoint.body is not None}
    known = {
        kind
        for kind in vars(messages).values()
        if inspect.isclass(kind) and issubclass(kind, Message) and kind is not Message
    }
    return sorted(asked | known, key=lambda kind: kind.__name__)


HOSTILE = "canary-5f2e ü"
WRONG: list[Any] = [HOSTILE, [HOSTILE], {HOSTILE: HOSTILE}, None, 1.5, True, -1, 2**70]


@pytest.mark.parametrize("kind", _bodies(), ids=lambda kind: kind.__name__)
def test_no_message_repeats_what_was_wrong_with_it(kind: type[BaseModel]) -> None:
    """Each field in turn, and a field that there is not."""
    for name in [*kind.model_fields, HOSTILE]:
        for wrong in WRONG:
            try:
                messages.parse(kind, {name: wrong})
            except RequestInvalid as error:
                told = f"{error} {error.__cause__} {error.args}"
                assert "canary" not in told
                assert str(2**70) not in told


def test_parameters_of_statements_are_hidden_wherever_an_engine_is_made() -> None:
    """A driver's error tells the statement's values unless it is told not to."""
    for file in Path(sqlite.__file__).parent.rglob("*.py"):
        text = file.read_text()
        assert len(ENGINE.findall(text)) <= text.count("hide_parameters=True"), file.name
