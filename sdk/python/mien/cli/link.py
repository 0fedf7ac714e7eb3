"""Which server and site the commands talk to: given once to `mien consent`, remembered in this device's home."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mien.errors import KeepMissing, KeepUnreadable, MienError

if TYPE_CHECKING:
    from mien.client import Client

_NAME: Final = "link.json"
Home = Annotated[
    Path | None, typer.Option(help="Folder of this device's encrypted files; a default one else.")
]


@dataclass(frozen=True, slots=True)
class Link:
    """What a client must know of its server; nothing of the person."""

    server: str
    site: str
    key: str
    trust: str

    def client(self, home: Path | None) -> "Client":
        """A client over this link."""
        from mien.client import Client

        return Client(self.server, self.site, key=self.key, trust=self.trust, home=home)


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
