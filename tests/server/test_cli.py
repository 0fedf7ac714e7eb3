"""The server's commands, as they are typed; `serve` in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from mien.wire.keys import SigningKey, VerifyKey
from mien.wire.signatures import Kind, verify
from mien_server import built
from mien_server.cli import commands
from mien_server.errors import WebMissing

MIEN = Path(sys.executable).with_name("mien")
SITE = [
    "--sector", "retail", "--role", "customer", "--jurisdiction", "EU-DE",
    "--controller", "Shop GmbH", "--contact", "privacy@shop.example",
]  # fmt: skip
Mien = Callable[..., Result]


def _environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
    return {**clean, "COLUMNS": "200", **more}


@pytest.fixture
def mien(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mien:
    """Types a command in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MIEN_")]:
        monkeypatch.delenv(name)
    app = typer.Typer()
    commands(app)

    def typed(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=environment)

    return typed


def _failed(done: Result, *named: str) -> None:
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert len(done.stderr.splitlines()) == 1
    for word in named:
        assert word in done.stderr


def test_keys_are_made_once_and_listed_without_secrets(mien: Mien, tmp_path: Path) -> None:
    first = mien("keys", "init")
    assert first.exit_code == 0, first.stderr
    before = {path.name: path.read_text() for path in (tmp_path / "var/keys").iterdir()}
    assert mien("keys", "init").stdout == first.stdout
    assert {path.name: path.read_text() for path in (tmp_path / "var/keys").iterdir()} == before
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    listed = mien("keys", "list").stdout
    key = first.stdout.split()[-1]
    assert VerifyKey.from_text(key).text() in listed
    assert not any(secret.strip() in listed for secret in before.values())


def test_keys_elsewhere(mien: Mien, tmp_path: Path) -> None:
    assert mien("keys", "init", "--dir", "elsewhere").exit_code == 0
    assert (tmp_path / "elsewhere/signing.key").exists()
    assert mien("keys", "list", MIEN_KEYS="elsewhere").exit_code == 0


def test_keys_that_others_can_read_are_refused_with_the_cure(mien: Mien, tmp_path: Path) -> None:
    mien("keys", "init")
    (tmp_path / "var/keys/kek-00000.key").write_text("x")
    (tmp_path / "var/keys").chmod(0o755)
    _failed(mien("keys", "list"), "chmod 700", "[keys-unsafe]")


def test_site_is_registered_once_and_its_keys_are_shown_once(mien: Mien, tmp_path: Path) -> None:
    mien("keys", "init")
    added = mien("site", "add", "shop", *SITE, "--origin", "https://shop.example", "--json")
    assert added.exit_code == 0, added.stderr
    keys = json.loads(added.stdout)
    assert set(keys) == {"site", "publishable_key", "secret_key", "verify_key"}
    assert (keys["publishable_key"][:3], keys["secret_key"][:3]) == ("pk_", "sk_")
    _failed(mien("site", "add", "shop", *SITE), "registered already")
    (row,) = json.loads(mien("site", "list", "--json").stdout)["sites"]
    assert (row["site"], row["origins"]) == ("shop", ["https://shop.example"])
    at_rest = b"".join(path.read_bytes() for path in (tmp_path / "var").glob("mien.db*"))
    assert keys["publishable_key"].encode() not in at_rest
    assert keys["secret_key"].encode() not in at_rest
    assert "secret key" in mien("site", "add", "other", *SITE).stdout
    assert "shop" in mien("site", "list").stdout


def test_a_verifiers_key_may_begin_with_a_hyphen(mien: Mien) -> None:
    mien("keys", "init")
    mien("site", "add", "shop", *SITE)
    keys = (SigningKey.generate().verify_key().text() for _ in range(10_000))
    named = mien("site", "verifier", "shop", next(key for key in keys if key[0] == "-"))
    assert named.exit_code == 0, named.stderr


def test_a_page_is_told_what_to_embed_pinned_by_hash(
    mien: Mien, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mien("keys", "init")
    mien("site", "add", "shop", *SITE, "--origin", "https://shop.example")
    monkeypatch.setattr(built.Built, "now", lambda _self: _refused())
    _failed(mien("site", "embed", "shop"), "make web", "[web-missing]")
    loader = {"type": "text/javascript; charset=utf-8", "when": "page", "bytes": 9, "br": 8, "gzip": 8}  # fmt: skip
    made = {
        "v": 1, "model": None, "entries": {"loader": "loader-aa.js", "module": "module-bb.js", "frame": "loader-aa.js"},
        "files": {"loader-aa.js": loader | {"sha384": "a" * 64}, "module-bb.js": loader | {"sha384": "b" * 64}},
    }  # fmt: skip
    monkeypatch.setattr(built.Built, "now", lambda _self: built.WebBuild.model_validate(made))
    _failed(mien("site", "embed", "nobody"), "there is no site `nobody`")
    where = ["--server", "https://mien.example/", "--key", "pk_<x>"]
    shown = mien("site", "embed", "shop", *where).stdout
    tag = (
        f'<script src="https://mien.example/web/loader-aa.js" integrity="sha384-{"a" * 64}" crossorigin="anonymous" '
        'data-site="shop" data-key="pk_&lt;x&gt;" async></script>'
    )
    assert tag in shown
    assert "frame-src https://mien.example;" in shown
    below = mien("site", "embed", "shop", "--server", "https://mien.example/mien/").stdout
    assert 'src="https://mien.example/mien/web/loader-aa.js"' in below
    assert "script-src https://mien.example;" in below, "a source with a path is one file"
    assert "https://shop.example" in shown
    told = json.loads(mien("site", "embed", "shop", *where, "--json").stdout)
    assert (told["script"], told["origins"]) == (tag, ["https://shop.example"])
    assert told["module"] == {"src": "https://mien.example/web/module-bb.js", "integrity": f"sha384-{'b' * 64}"}  # fmt: skip


def _refused() -> built.WebBuild:
    raise WebMissing(built.UNBUILT)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--sector", "circus"], "sector"),
        (["--role", "tiger"], "roles"),
        (["--jurisdiction", "Germany"], "jurisdictions"),
        (["--origin", "shop.example"], "origins"),
        (["--catalogue", "none.json"], "none.json"),
    ],
)
def test_site_that_cannot_be_is_refused_by_field(mien: Mien, change: list[str], named: str) -> None:
    mien("keys", "init")
    _failed(mien("site", "add", "shop", *SITE, *change), named)


def test_catalogue_is_read_strictly(mien: Mien, tmp_path: Path) -> None:
    mien("keys", "init")
    mien("site", "add", "shop", *SITE)
    sound = {
        "offers": [{"id": "tea", "title": "Tea", "price": 490}],
        "affinities": {"joy": {"calm": 0.5}},
    }
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(sound))
    assert "1 offers" in mien("site", "catalogue", "shop", str(file)).stdout
    _failed(mien("site", "catalogue", "other", str(file)), "other")
    for wrong, named in (
        ({**sound, "affinities": {"glee": {"calm": 0.5}}}, "affinities"),
        ({**sound, "affinities": {"joy": {"calm": 5}}}, "affinities"),
        ({"offers": [*sound["offers"], *sound["offers"]]}, "twice"),
        ({"offers": []}, "offers"),
        ({"offers": [{"id": "tea", "title": "Tea", "price": 4.9}]}, "price"),
    ):
        file.write_text(json.dumps(wrong))
        _failed(mien("site", "catalogue", "shop", str(file)), named)
    file.write_text("{")
    _failed(mien("site", "catalogue", "shop", str(file)), "not JSON")


def test_help_lists_the_commands_without_loading_them() -> None:
    code = (
        "import sys, typer; from mien_server.cli import commands; app = typer.Typer(); commands(app)\n"
        "from typer.testing import CliRunner\n"
        "shown = CliRunner().invoke(app, ['--help'])\n"
        "assert shown.exit_code == 0 and all(w in shown.output for w in ('serve', 'site', 'keys', 'policy', 'audit')), shown.output\n"
        "heavy = {'fastapi', 'cedarpy', 'sqlalchemy', 'uvicorn', 'pydantic', 'cryptography'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("group", ["site", "keys", "policy", "audit"])
def test_each_group_has_its_commands(mien: Mien, group: str) -> None:
    shown = mien(group, "--help")
    assert shown.exit_code == 0
    assert "Commands" in shown.stdout


# ---- serve ----
class Served:
    """A server in a process of its own."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        self.ready = directory / "run" / "ready.json"
        self.log = directory / "serve.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [str(MIEN), "serve", "--port", "0", "--ready-file", str(self.ready), *arguments],
                cwd=directory, env=_environment(**environment), stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().strip()

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ready.read_text())
        return found

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def served(mien: Mien, tmp_path: Path) -> Iterator[Served]:
    mien("keys", "init")
    server = Served(tmp_path)
    yield server
    server.stop(signal.SIGKILL)


def test_serve_says_where_answers_and_stops_well(served: Served) -> None:
    told = served.told
    assert told["pid"] == served.process.pid
    assert served.said.endswith(told["url"])
    answer = httpx.get(f"{told['url']}/readyz")
    assert answer.json() == {"ready": True}
    assert "server" not in answer.headers
    assert httpx.get(f"{told['url']}/audit/checkpoint").status_code == 200
    assert served.stop() == 0
    assert not served.ready.exists()
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started", "stopped"]


def test_ctrl_c_stops_well_too(served: Served) -> None:
    assert served.stop(signal.SIGINT) == 0
    assert "Traceback" not in served.log.read_text()


def test_site_added_while_serving_is_known_and_pins_the_key_that_signs(
    served: Served, mien: Mien
) -> None:
    keys = json.loads(mien("site", "add", "shop", *SITE, "--json").stdout)
    url = served.told["url"]
    assert httpx.get(f"{url}/v1/sites/shop/notices/en").status_code == 200
    jws = httpx.get(f"{url}/.well-known/mien").json()["jws"]
    verify(jws, Kind.SERVICE, VerifyKey.from_text(keys["verify_key"]))
    ranking = httpx.post(
        f"{url}/v1/rank",
        json={"site": "shop", "request": "A" * 22},
        headers={"Mien-Site-Key": keys["publishable_key"]},
    )
    assert ranking.json()["code"] == "request-invalid"  # known, but nothing to rank


def test_broken_http_is_refused_and_leaves_no_text_in_the_log(served: Served) -> None:
    url = httpx.URL(served.told["url"])
    with socket.create_connection((url.host, url.port or 0)) as connection:
        connection.sendall(b"CANARY-7e1 / NOT-HTTP\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert served.stop() == 0
    assert "CANARY-7e1" not in served.log.read_text()


def test_port_that_is_taken(mien: Mien) -> None:
    mien("keys", "init")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _failed(mien("serve", "--port", str(taken.getsockname()[1])), "cannot listen")


def test_serve_without_keys(mien: Mien) -> None:
    _failed(mien("serve"), "mien keys init", "[keys-missing]")


def test_serve_with_a_misspelt_setting(mien: Mien) -> None:
    _failed(mien("serve", MIEN_PROT="1"), "MIEN_PORT", "[settings-invalid]")
