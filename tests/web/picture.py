"""`python -m tests.web.picture docs/shop.png`: the picture of the shop in the README, taken of what `make sample NAME=shop` opens."""

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.node import built
from tests.web.browser import chromium, packages
from tests.web.filmed import ran
from tests.web.test_shop import sample

HERE = Path(__file__).parent


def main(file: Path) -> None:
    """Open the shop, take the picture."""
    built()
    browser = chromium()
    with tempfile.TemporaryDirectory() as folder, sample(Path(folder) / "shop", "shop") as shop:
        asked = {"program": browser.program, "env": browser.env, "shop": shop()["url"], "file": str(file)}  # fmt: skip
        ran([packages(), str(HERE / "picture.ts")], json.dumps(asked), dict(os.environ), 300)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
