"""Which server and site the commands talk to: given once to `mien consent`, remembered in this device's home. And the files people carry."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, overload

import typer

from mien.errors import KeepMissing, KeepUnreadable, MienError, RequestInvalid, SettingsError

if TYPE_CHECKING:
    from mien.client import Client

_NAME: Final = "link.json"
_MOST: Final = 64 * 1024
"""Bytes of a file that people carry from one device to another."""
Home = Annotated[
    Path | None, typer.Option(help="Folder of this device's encrypted files; a default one else.")
]
Server = Annotated[str, typer.Option(help="Address of the mien server.")]
Site = Annotated[str, typer.Option(help="Id of the site.")]
Key = Annotated[str, typer.Option(help="The site's publishable key, pk_...")]
Trust = Annotated[str, typer.Option(help="The server's verification key.")]


@dataclass(frozen=True, slots=True)
class Link:
    """What a client must know of its server; nothing of the person."""

    server: str
    site: str
    key: str
    trust: str

    def client(self, home: Path | None, *, gpc: bool = False) -> "Client":
        """A client over this link."""
        from mien.client import Client

        return Client(self.server, self.site, key=self.key, trust=self.trust, home=home, gpc=gpc)


def remember(link: Link, home: Path | None) -> None:
    """Keep the link for the next command."""
    from mien.keep import Disk, default_home
    from mien.wire.canonical import encode

    Disk.open(home or default_home()).write(_NAME, encode(asdict(link)))


def remembered(home: Path | None) -> Link:
    """The link of the last `mien consent`. Raises `KeepMissing` or `KeepUnreadable`."""
    from mien.keep import Disk, default_home
    from mien.wire.canonical import decode

    data = Disk.open(home or default_home()).read(_NAME)
    if data is None:
        msg = "this device knows no server yet; run `mien consent` first"
        raise KeepMissing(msg)
    try:
        value: Any = decode(data)
        return Link(**value)
    except (MienError, TypeError) as error:
        msg = f"`{_NAME}` is damaged; run `mien consent` with its options again"
        raise KeepUnreadable(msg) from error


def new_file(path: Path, text: str) -> None:
    """Write a file that was not there, for its owner's eyes only. Raises `SettingsError`."""
    try:
        # Made with its mode: nobody can open it before it has one.
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        msg = f"`{path}` is there already; name a new file"
        raise SettingsError(msg) from error
    except OSError as error:
        msg = f"cannot write `{path}`; check the folder and its permissions"
        raise SettingsError(msg) from error


@overload
def short_file(path: Path) -> str: ...


@overload
def short_file(path: Path | None) -> str | None: ...


def short_file(path: Path | None) -> str | None:
    """The text of a file that somebody was given, None for none. Raises `RequestInvalid`."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
        text = data.decode("utf-8").strip()
    except (OSError, ValueError) as error:
        msg = f"`{path}` is no file that can be read; name the one you were given"
        raise RequestInvalid(msg) from error
    if len(data) > _MOST:
        msg = f"`{path}` has more than {_MOST} bytes; name the one you were given"
        raise RequestInvalid(msg)
    return text
