"""The built web SDK that this server serves: `scripts/web.py build` (`make web`) leaves it in `web/`, and the wheel carries it.

Files lie there as they travel: `name.br` and `name.gz` where compressing pays, else `name`. `manifest.json` says what each is, and when a browser loads it.
"""

import gzip
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien_server.errors import WebMissing

FOLDER: Final = Path(str(files("mien_server"))) / "web"
MANIFEST: Final = "manifest.json"
MAX_MANIFEST: Final = 256 * 1024
UNBUILT: Final = "the web SDK was not built here; run `make web`, or install the released wheel"

Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,80}(\.[a-z0-9]{2,5}|-?[a-f0-9]*/[a-z.]{1,40})$", max_length=120
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WebFile(_Strict):
    """One file. `sha384` (base64) is of the file itself, as browsers check it. `br` and `gzip` are bytes on the way, None where it travels as it is.

    `when`: with every page, with a frame that is shown, with one of its views, after a yes, after the camera was started, or by who wants to read it.
    """

    type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z-]+(; charset=utf-8)?$")]
    when: Literal["page", "frame", "view", "yes", "camera", "reader"]
    sha384: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{64}$")]
    bytes: Annotated[int, Field(ge=1)]
    br: int | None
    gzip: int | None


class WebBuild(_Strict):
    """What was built. `entries` are names of `files` by what they are for; `models` is a folder. `model` is the id of the models, None without a camera."""

    v: Literal[1]
    entries: dict[str, str]
    model: Annotated[int, Field(ge=1, le=255)] | None
    files: dict[Name, WebFile]

    def integrity(self, name: str) -> str:
        """What a browser checks the file against (Subresource Integrity)."""
        return f"sha384-{self.files[name].sha384}"


@dataclass(slots=True)
class Built:
    """The build in `folder`, read again when it was made anew."""

    folder: Path = FOLDER
    _known: tuple[int, WebBuild] | None = None

    def now(self) -> WebBuild:
        """The build as it lies there. Raises `WebMissing` when there is none, or one of another version."""
        path = self.folder / MANIFEST
        try:
            stamp = path.stat().st_mtime_ns
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, _read(path)
        except (OSError, ValidationError):
            raise WebMissing(UNBUILT) from None
        return self._known[1]

    def travelling(self, name: str, accepted: frozenset[str]) -> tuple[Path, str]:
        """Where a file of the build lies in the smallest form that the asker accepts, and its content coding; empty: as it is, or to be unpacked.

        Raises `KeyError` for what is no file of the build.
        """
        file = self.now().files[name]
        path = self.folder / name
        if file.gzip is None:
            return path, ""
        for coding, ending in (("br", ".br"), ("gzip", ".gz")):
            if coding in accepted:
                return path.with_name(path.name + ending), coding
        return path.with_name(path.name + ".gz"), ""

    @staticmethod
    def unpacked(path: Path) -> bytes:
        """A file that travels compressed, for the few who accept that not."""
        return gzip.decompress(path.read_bytes())


def _read(path: Path) -> WebBuild:
    with path.open("rb") as file:
        data = file.read(MAX_MANIFEST)
    build = WebBuild.model_validate_json(data)
    for name in build.entries.values():
        if name not in build.files and f"{name}{MANIFEST}" not in build.files:
            raise OSError(os.strerror(2))
    return build
