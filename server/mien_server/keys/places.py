"""What `MIEN_KEYS` means: a directory, `env:`, or `NAME:REST` of a provider that another distribution brings.

A provider of the entry-point group `mien.keys` is a callable that takes what follows the colon and gives a `ports.KeyProvider`.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from mien.errors import SettingsError
from mien_server.keys.environment import EnvironmentProvider
from mien_server.keys.files import FileProvider
from mien_server.keys.names import FIXED, SECRET, Kek, epoch_in, epoch_of, kek_name
from mien_server.keys.ring import Keyring
from mien_server.ports import Clock, Entropy, KeyProvider

GROUP: Final = "mien.keys"
ENVIRONMENT: Final = "env"


def open_keys(
    place: Path | str, entropy: Entropy, clock: Clock, environ: Mapping[str, str]
) -> Keyring:
    """The keys that lie at `place`. Raises `KeysMissing`, `KeysUnsafe`, `SettingsError`."""
    return Keyring(_opened(place, environ), entropy, clock)


def create_keys(
    place: Path | str, entropy: Entropy, clock: Clock, environ: Mapping[str, str] | None = None
) -> Keyring:
    """The same, after making what is missing; what is there stays. Raises `KeysMissing`, `KeysUnsafe`, `KeysUnwritable`, `SettingsError`."""
    provider: KeyProvider = (
        FileProvider.made(place) if isinstance(place, Path) else _provider(place, environ or {})
    )
    there, now = provider.names(), clock.now()
    for name in FIXED:
        if name not in there:
            provider.create(name, entropy.bytes(SECRET))
    if all(epoch_in(name) is None for name in there):
        fresh = Kek(entropy.bytes(SECRET), now)
        provider.create(kek_name(epoch_of(now)), fresh.to_bytes())
    keys = Keyring(provider, entropy, clock)
    keys.make(now)
    return keys


def _opened(place: Path | str, environ: Mapping[str, str]) -> KeyProvider:
    return FileProvider(place) if isinstance(place, Path) else _provider(place, environ)


def _provider(place: str, environ: Mapping[str, str]) -> KeyProvider:
    name, _, rest = place.partition(":")
    if name == ENVIRONMENT:
        if rest:
            msg = "nothing follows `env:`; the secrets stand in `MIEN_KEY_...`"
            raise SettingsError(msg)
        return EnvironmentProvider(environ)
    found = {each.name: each for each in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(f"`{each}:`" for each in sorted([*found, ENVIRONMENT]))
        msg = f"no provider of keys is called `{name}`; install it, write a directory as `./{name}:`, or choose one of {known}"
        raise SettingsError(msg)
    provider: KeyProvider = found[name].load()(rest)
    return provider
