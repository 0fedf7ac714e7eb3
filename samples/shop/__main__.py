"""A shop that asks first, in your browser: `make sample NAME=shop`.

A real mien server and the shop's own small backend, each on an origin of its own on loopback. Runs until Ctrl-C; `--once` opens, looks at its own pages and ends. What it
writes is under `var/shop`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from counter import Counter
from pages import Pages
from shelf import CATALOGUE, HERE, shelf
from talk import Talk

from mien.cli.demo.door import Door
from mien.cli.demo.stage import SITE, Stage
from mien.wire.keys import OpenKey, VerifyKey

if TYPE_CHECKING:
    from types import FrameType

ROOT = HERE.parents[1]
FOLDER = Path("var/shop")
DESK = HERE.parent / "service-desk/economics.json"
CLAIMS = {"sector": "retail", "role": "customer", "jurisdiction": "EU-DE", "name": "Idle Hours"}


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `port` and `mien_port` 0 take free ones; `ready` is a file for those who wait: the addresses, as JSON."""

    once: bool
    port: int
    ready: Path | None
    place: str
    without: bool


def main(words: list[str]) -> int:
    """Open the shop. 0 when all was well."""
    options = read(words)
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Door(options.port) as door:
        if options.without:
            door.open(Counter(Pages(shelf(), ""), Talk()).site(""))
            return stay(options, door.url, None)
        key = OpenKey.generate()
        desks = (FOLDER / "desks.json").resolve()
        economics = json.loads(DESK.read_text())
        desks.write_text(json.dumps({SITE: {"economics": economics, "key": key.seal_key().text()}}))
        claims = CLAIMS | {"jurisdiction": options.place, "origin": door.url}
        with Stage(FOLDER.resolve() / "server", CATALOGUE, claims, {"MIEN_DESKS": str(desks)}) as stage:  # fmt: skip
            talk = Talk(SITE, VerifyKey.from_text(stage.trust), key)
            door.open(Counter(Pages(shelf(), embedded(stage)), talk).site(stage.url))
            return stay(options, door.url, stage)


def embedded(stage: Stage) -> str:
    """The loader, as a page embeds it."""
    return stage.mien(
        "site", "embed", SITE, "--key", stage.publishable, "--server", stage.url
    ).strip()


def stay(options: Options, url: str, stage: Stage | None) -> int:
    """Say where it is, and stay until told to go."""
    print(f"the shop:        {url}")
    print(f"its people see:  {url}/desk")
    if stage is not None:
        print(f"the mien server: {stage.url}")
    if options.ready is not None:
        options.ready.write_text(json.dumps({"shop": url, "mien": stage.url if stage else ""}))
    if options.once:
        return looked(url)
    print("stop with Ctrl-C", flush=True)
    told = threading.Event()

    def go(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, go)
    told.wait()
    return 0


def looked(url: str) -> int:
    """Whether every page is there."""
    names = ["/", *(f"/product/{each.id}" for each in shelf().products), *(f"/c/{each.id}" for each in shelf().categories)]  # fmt: skip
    with httpx.Client(base_url=url) as visitor:
        missing = [name for name in (*names, "/cart", "/help", "/your-data", "/desk") if visitor.get(name).status_code != httpx.codes.OK]  # fmt: skip
    print(f"{len(names) + 4} pages are there" if not missing else f"missing: {', '.join(missing)}")
    return 1 if missing else 0


def read(words: list[str]) -> Options:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="make sample NAME=shop")
    parser.add_argument("--once", action="store_true", help="open, look, end")
    parser.add_argument("--port", type=int, default=0, help="the shop's port; 0 takes a free one")
    parser.add_argument(
        "--ready", type=Path, help="write the addresses into this file once it is open"
    )
    parser.add_argument(
        "--place", default="EU-DE", help="where the shop serves people, such as EU-DE or US-IL"
    )
    parser.add_argument("--without", action="store_true", help="the shop alone, without mien")
    found = parser.parse_args(words)
    return Options(found.once, found.port, found.ready, found.place, found.without)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
