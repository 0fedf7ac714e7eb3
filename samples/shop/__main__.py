"""A shop that asks first, in your browser: `make sample NAME=shop`.

A real mien server and the shop's own small backend, each on an origin of its own on loopback. Runs until Ctrl-C. What it writes is under `var/shop`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from counter import Counter
from pages import Pages
from shelf import CATALOGUE, HERE, shelf
from talk import Talk

from mien.cli.demo.door import Door, Stay, embedded
from mien.cli.demo.stage import SITE, Stage
from mien.wire.keys import OpenKey, VerifyKey

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path("var/shop")
DESK = HERE.parent / "service-desk/economics.json"
NAME = "make sample NAME=shop"
CLAIMS = {"sector": "retail", "role": "customer", "name": "Idle Hours"}
THEME = {
    "ground": "#fbf8f2", "ink": "#23262e", "accent": "#24565c", "dark-ground": "#16181d", "dark-ink": "#efe9de", "dark-accent": "#9fd0cf",
    "radius": "14",
}  # fmt: skip
"""The look of the frames, beside the shop's own stylesheet."""


def main(words: Sequence[str]) -> int:
    """Open the shop. 0 when all was well."""
    stay = Stay.of(NAME, words)
    parser = argparse.ArgumentParser(prog=NAME)
    parser.add_argument(
        "--place", default="EU-DE", help="where the shop serves people, such as EU-DE or US-IL"
    )
    parser.add_argument("--without", action="store_true", help="the shop alone, without mien")
    options = parser.parse_args(stay.rest)
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Door(stay.port) as door:
        if options.without:
            door.open(Counter(Pages(shelf(), ""), Talk()).site(""))
            return stay.until_told(door.url, None, {}, paths())
        key = OpenKey.generate()
        with beside(door.url, options.place, key) as stage:
            talk = Talk(SITE, VerifyKey.from_text(stage.trust), key)
            door.open(
                Counter(Pages(shelf(), embedded(stage, THEME, stay.patience)), talk).site(stage.url)
            )
            return stay.until_told(door.url, stage, {"its people see": "/desk"}, paths())


def beside(origin: str, place: str, key: OpenKey) -> Stage:
    """The mien server that the shop's pages embed, with a desk whose tickets are sealed to `key`."""
    desks = (FOLDER / "desks.json").resolve()
    desk = {"economics": json.loads(DESK.read_text()), "key": key.seal_key().text()}
    desks.write_text(json.dumps({SITE: desk}))
    return Stage(
        FOLDER.resolve() / "server", CATALOGUE, CLAIMS | {"jurisdiction": place, "origin": origin}, {"MIEN_DESKS": str(desks)},
        controller="Idle Hours (a pretend shop)", contact="privacy@idle-hours.example",
    )  # fmt: skip


def paths() -> Sequence[str]:
    """Every page."""
    found = shelf()
    return (
        "/", "/cart", "/help", "/your-data", "/desk", "/search?q=tea",
        *(f"/product/{each.id}" for each in found.products), *(f"/c/{each.id}" for each in found.categories),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
