"""Secrets as variables of the environment, for hosts that hand them out so. Read-only: who sets them makes and removes them.

    MIEN_KEY_SIGNING      32 bytes, base64url: Ed25519, as `signing` of a directory
    MIEN_KEY_LOG          32 bytes: Ed25519, as `log`
    MIEN_KEY_EPOCH_00690  32 bytes: the root of epoch 690; with eight more it says when it begins

From the root of an epoch come, by HKDF-SHA256 (RFC 5869) under labels of their own, its key-encryption key and the seal keys of its days. So
a day's seal key can be had again until the root's variable is removed: only then has it died. What `destroy` forgets, this process
does not use again; another that is started with the variable can.
"""

import re
from collections.abc import Mapping
from typing import Final

from mien.errors import KeysMissing, RequestInvalid
from mien.wire.canonical import unb64
from mien.wire.keys import derive
from mien_server.keys.names import DAY, Kek, epoch_in, kek_name, kid_in, start_of

PREFIX: Final = "MIEN_KEY_"
_EPOCH: Final = re.compile(r"MIEN_KEY_EPOCH_(\d{5})", re.ASCII)
_SEAL_BYTES: Final = 96


class EnvironmentProvider:
    """`ports.KeyProvider` from variables. Raises `KeysMissing`, which names the variable and never its value."""

    writable: Final = False

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._values = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
        self._days: set[str] = set()
        self._destroyed: set[str] = set()

    def names(self) -> frozenset[str]:
        """See `ports.KeyProvider`. Seal keys are listed once they were derived."""
        epochs = {
            kek_name(int(found[1])) for name in self._values if (found := _EPOCH.fullmatch(name))
        }
        fixed = (
            {"signing", "log"}
            if {f"{PREFIX}SIGNING", f"{PREFIX}LOG"} <= self._values.keys()
            else set[str]()
        )
        return frozenset((epochs | fixed | self._days) - self._destroyed)

    def read(self, name: str) -> bytes:
        """See `ports.KeyProvider`."""
        if name in self._destroyed:
            msg = f"the secret in `{self.where(name)}` has had its time and is not used any more; remove the variable"
            raise KeysMissing(msg)
        kid = kid_in(name)
        if kid is not None:
            secret = derive(
                self._root(self._epoch_at(kid)).secret, f"mien seal v1 {kid}", _SEAL_BYTES
            )
            self._days.add(name)
            return secret
        epoch = epoch_in(name)
        return self._value(self.where(name)) if epoch is None else self._kek(epoch)

    def create(self, name: str, secret: bytes) -> bool:
        """Find that the secret is there already. Raises `KeysMissing`: only the operator can set a variable."""
        del secret
        self.read(name)
        return False

    def destroy(self, name: str) -> None:
        """Forget the secret and refuse to use it again in this process."""
        self._destroyed.add(name)
        self._days.discard(name)

    def where(self, name: str) -> str:
        """See `ports.KeyProvider`."""
        kid, epoch = kid_in(name), epoch_in(name)
        if kid is not None:
            roots = self._roots_of(kid)
            return _variable(roots[-1]) if roots else f"{PREFIX}EPOCH_"
        return f"{PREFIX}{name.upper()}" if epoch is None else _variable(epoch)

    def _kek(self, epoch: int) -> bytes:
        root = self._root(epoch)
        return Kek(derive(root.secret, f"mien kek v1 {epoch}"), root.begins).to_bytes()

    def _root(self, epoch: int) -> Kek:
        return Kek.from_bytes(epoch, self._value(_variable(epoch)))

    def _epoch_at(self, kid: str) -> int:
        """The epoch whose root gives a day's seal key: the youngest begun when the day begins, else the one that begins during it."""
        roots = self._roots_of(kid)
        if not roots:
            msg = f"no root in `{PREFIX}EPOCH_...` serves on {kid}; set the one that `mien keys list` names"
            raise KeysMissing(msg)
        return roots[-1]

    def _roots_of(self, kid: str) -> list[int]:
        day = start_of(kid)
        numbers = sorted(
            int(found[1]) for name in self._values if (found := _EPOCH.fullmatch(name))
        )
        serving = [number for number in numbers if day < self._root(number).ends]
        begun = [number for number in serving if self._root(number).begins <= day]
        return begun or [number for number in serving if self._root(number).begins < day + DAY][:1]

    def _value(self, variable: str) -> bytes:
        text = self._values.get(variable)
        if text is None:
            msg = f"`{variable}` is not set; set it to what `mien keys secret` prints"
            raise KeysMissing(msg)
        try:
            return unb64(text.strip())
        except RequestInvalid:
            # The cause would hold the value.
            msg = (
                f"`{variable}` is no secret in base64url; set it to what `mien keys secret` prints"
            )
            raise KeysMissing(msg) from None


def _variable(epoch: int) -> str:
    return f"{PREFIX}EPOCH_{epoch:05d}"
