"""Where the key to this device's disk comes from.

The default is a file beside what it opens. That protects a copied folder without the key, a backup that leaves it out and a mistaken upload;
it does not protect against somebody who can act as this user. A system keychain fits the same port.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mien.errors import KeepError, KeepUnreadable
from mien.keep.disk import Disk

KEY_BYTES: Final = 32
_NAME: Final = "master.key"


class MasterKey(Protocol):
    """Gives the 32-byte key that everything kept is encrypted under, the same each time."""

    def load(self) -> bytes:
        """The key, made at the first call."""
        ...


@dataclass(frozen=True, slots=True)
class FileKey:
    """A key in `master.key` under `home`, mode 0600."""

    home: Path
    entropy: Callable[[int], bytes]

    def load(self) -> bytes:
        """Raises `KeepUnsafe`, `KeepUnreadable` or `KeepError`."""
        disk = Disk.open(self.home)
        with disk.locked():
            found = disk.read(_NAME)
            if found is None:
                self._refuse_orphans()
                found = self.entropy(KEY_BYTES)
                disk.write(_NAME, found)
        if len(found) != KEY_BYTES:
            msg = f"`{self.home / _NAME}` is damaged; restore it, or remove the folder to start afresh"
            raise KeepUnreadable(msg)
        return found

    def _refuse_orphans(self) -> None:
        """A new key beside old data would only hide that the data is lost."""
        try:
            orphans = [entry.name for entry in os.scandir(self.home) if entry.is_dir()]
        except OSError as error:
            msg = f"cannot read `{self.home}`; check its permissions"
            raise KeepError(msg) from error
        if orphans:
            msg = f"`{self.home / _NAME}` is gone; restore it, or remove the folder to start afresh"
            raise KeepUnreadable(msg)
