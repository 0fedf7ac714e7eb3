"""The walls at run time: an audit hook in a fresh process sees every socket and every file that the device rooms open."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, os, sys, sysconfig
from pathlib import Path

home = Path(sys.argv[1])
mode = sys.argv[2]
seen = []
CODE = tuple(str(Path(p).resolve()) for p in {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), *filter(None, sys.path)})


def room():
    frame = sys._getframe(2)
    while frame:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("mien.") and name.count(".") >= 1:
            return name.split(".")[1]
        frame = frame.f_back
    return "test"


def hook(event, arguments):
    if event == "open":
        path = arguments[0]
        if isinstance(path, int) or importing():
            return
        path = os.fsdecode(path)
        writes = isinstance(arguments[1], str) and set(arguments[1]) & set("wxa+")
        writes = writes or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        seen.append(["write" if writes else "read", room(), path])
    elif event.startswith("socket.") and event != "socket.gethostname":
        seen.append(["network", room(), event])
    elif event in ("os.rename", "os.remove", "os.mkdir", "subprocess.Popen", "os.system", "os.exec"):
        seen.append(["change", room(), event])


def importing():
    frame = sys._getframe(2)
    while frame:
        if frame.f_globals.get("__name__", "").startswith("importlib._bootstrap"):
            return True
        frame = frame.f_back
    return False


import httpx
from mien import Claims, Client
from mien.testing import FakeClock, FakeEyes, FakeServer, film

server = FakeServer()
if mode == "network":
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Bridge(BaseHTTPRequestHandler):
        def do_GET(self):
            size = int(self.headers.get("content-length", 0))
            request = httpx.Request(self.command, "https://x" + self.path, headers=dict(self.headers), content=self.rfile.read(size))
            answer = server.handle_request(request)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            body = answer.read()
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    bridge = HTTPServer(("127.0.0.1", 0), Bridge)
    threading.Thread(target=bridge.serve_forever, daemon=True).start()
    client = Client(f"http://127.0.0.1:{bridge.server_port}", "shop", key=server.key, trust=server.trust, home=home,
                    clock=server.clock, eyes=FakeEyes())
else:
    client = server.client(home)

sys.addaudithook(hook)
client.notice()
client.consent(purposes=["personalize_offers", "declare_mood"], claims=Claims(jurisdictions=("EU-DE",)))
with client.session(film("joy", "neutral", seconds=3), beat=1.0) as session:
    assert [reading for reading in session if reading.label]
client.declare("joy")
client.flush()
client.rank()
client.withdraw()
client.erase()
if mode == "sabotage":
    from mien.label import reader
    exec(compile("def leak():\\n    import os, socket\\n    open(os.devnull).close()\\n    socket.create_connection(('127.0.0.1', 9), 0.1)", "<leak>", "exec"), reader.__dict__)
    try:
        reader.leak()
    except OSError:
        pass
print(json.dumps(seen))
"""


def run(home: Path, mode: str) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), mode], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_only_keep_touches_the_disk_and_only_its_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    seen = run(home, "memory")
    files = [entry for entry in seen if entry[0] != "network"]
    assert {room for _what, room, _where in files} == {"keep"}
    assert any(what == "write" for what, _room, _where in files)
    for what, _room, where in files:
        assert what == "change" or where.startswith(str(home)), where


def test_without_a_network_nothing_looks_for_one(tmp_path: Path) -> None:
    assert [entry for entry in run(tmp_path / "home", "memory") if entry[0] == "network"] == []


def test_only_send_reaches_the_network(tmp_path: Path) -> None:
    seen = run(tmp_path / "home", "network")
    rooms = {room for what, room, _event in seen if what == "network"}
    assert rooms - {"test", "testing"} == {"send"}


def test_a_leak_would_be_seen(tmp_path: Path) -> None:
    seen = run(tmp_path / "home", "sabotage")
    assert any(what == "network" and room == "label" for what, room, _e in seen)
    assert any(what == "read" and room == "label" for what, room, _e in seen)
