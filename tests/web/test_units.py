"""The web SDK's own tests, in Node: `tests/web/*.test.ts`, the shared vectors among them; its types; and the package as it would be published."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.node import ROOT, WEB, built, node, npm
from tests.web.browser import packages

from mien_server.built import Built

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"


@pytest.fixture(scope="module")
def ran() -> "subprocess.CompletedProcess[str]":
    """All of them, run once."""
    packages()
    tests = sorted(str(file) for file in HERE.glob("*.test.ts"))
    command = [node(WEB), "--test", "--test-isolation=none", "--test-reporter=tap", *tests]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_they_pass(ran: "subprocess.CompletedProcess[str]") -> None:
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    assert "# fail 0" in ran.stdout
    assert "# skipped 0" in ran.stdout


def test_every_shared_vector_is_among_them(ran: "subprocess.CompletedProcess[str]") -> None:
    """But for those of witnesses, whose cosignatures a browser does not count, and of rounds, in which it takes no part yet."""
    for file in VECTORS.glob("*.json"):
        if file.stem in {
            "cosignature",
            "tlog_tiles",
            "adapt_accounting",
            "adapt_update",
            "updates",
        }:
            continue
        for vector in json.loads(file.read_text())["vectors"]:
            assert f"{file.stem}: {vector['name']}" in ran.stdout.replace("\\", ""), vector["name"]


def test_the_types_hold() -> None:
    packages()
    done = npm(WEB, "run", "check:tests")  # the sources are among them
    assert done.returncode == 0, done.stdout


def test_a_wheel_carries_what_the_server_serves(tmp_path: Path) -> None:
    """Every file of the build, where one was made; `make demo` and all else need none."""
    built()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("mien_server/web/")}  # fmt: skip
    expected = {"manifest.json"}
    for name, file in Built().now().files.items():
        expected |= {f"{name}.br", f"{name}.gz"} if file.gzip else {name}
    assert carried == {f"mien_server/web/{name}" for name in expected}


def test_the_licences_of_what_is_inside_travel_with_it() -> None:
    text = (built().parent / "LICENSES.txt").read_text()
    inside = json.loads((WEB / "package.json").read_text())["dependencies"]
    assert [name for name, version in inside.items() if f"{name} {version} (" not in text] == []
    titles = re.findall(r"^\S+ [0-9.]+ \(MIT\)$", text, re.MULTILINE)
    assert len(titles) == text.count("Permission is hereby granted") > len(inside)
    assert Built().travelling(Built().now().entries["licences"], frozenset())[0].exists()


def test_the_package_is_clean(tmp_path: Path) -> None:
    """What `npm pack` would publish is the module, its types, and who may use it; and somebody who installs it compiles against it."""
    module = built().read_text()
    done = npm(WEB, "pack", "--json", "--pack-destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    [packed] = json.loads(done.stdout)
    files = {file["path"] for file in packed["files"]}
    types = {str(file.relative_to(WEB / "src").with_suffix("")) for file in (WEB / "src").rglob("*.ts")}  # fmt: skip
    scripts = {"dist/mien.js", "dist/loader.js", "dist/worker.js"}
    assert files == {"LICENSE", "README.md", "package.json", "dist/LICENSES.txt", *scripts} | {f"dist/types/{name}.d.ts" for name in types}  # fmt: skip
    assert re.findall(r"""^\s*(?:import|export)\s.*from\s*["']""", module, re.MULTILINE) == []
    assert set(re.findall(r"https?://[a-z][a-z.]*", module)) == {
        "https://mien.example"
    }  # in a message
    subprocess.run(["tar", "-xzf", packed["filename"]], cwd=tmp_path, check=True)
    home = tmp_path / "node_modules" / "mien-web"
    home.parent.mkdir()
    (tmp_path / "package").rename(home)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "app.ts").write_text(APP)
    strict = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--module", "nodenext", "--lib", "es2024,dom", "--types", ""]  # fmt: skip
    compiler = [node(WEB), str(WEB / "node_modules" / "typescript" / "bin" / "tsc"), *strict, "app.ts"]  # fmt: skip
    done_types = subprocess.run(
        compiler, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done_types.returncode == 0, done_types.stdout


APP = """
import { Client, MienError, type Receipt } from "mien-web";
import { connect, LoaderError, type Mien, type Ranked } from "mien-web/loader";
const mien: Mien = connect({ server: "https://mien.example", site: "shop", key: "pk" });
const order: Ranked = await mien.rank({ places: 3 });
// @ts-expect-error: whether emotion had a part in it is not for a page
order.used_emotion;
// @ts-expect-error: nothing starts the camera from here
mien.start();
mien.show("consent");
if (mien.state.consent === "on") throw new LoaderError("x", "y");
const client: Client = await Client.open({ server: "https://mien.example", site: "shop", key: "pk", trust: "x" });
const receipt: Receipt = await client.consent({ purposes: ["declare_mood"], claims: { jurisdictions: ["EU-DE"] } });
// @ts-expect-error: no such purpose
await client.consent({ purposes: ["price"], claims: { jurisdictions: ["EU-DE"] } });
// @ts-expect-error: a mood is a word of the vocabulary
await client.declare("gleeful");
if (receipt.outcome === "given") throw new MienError("x");
"""
