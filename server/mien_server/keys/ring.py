"""The ring of keys: which are in force, made when due and destroyed when done, wherever the secrets lie."""

import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from mien.errors import KeysMissing, KeysUnwritable, RequestInvalid, SealKeyExpired, SealKeyUnknown
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import SealKeyDoc
from mien_server.keys.names import (
    AHEAD,
    DAY,
    EPOCH,
    FIXED,
    GRACE,
    LOG,
    LOOK,
    REWRAP,
    SEAL_LIFE,
    SECRET,
    SIGNING,
    SKEW,
    Kek,
    day_of,
    epoch_in,
    epoch_of,
    kek_name,
    kid_in,
    seal_name,
    start_of,
)
from mien_server.ports import Clock, Entropy, KeyProvider

_UNKNOWN: Final = "no seal key has this id; fetch the service document again"


@dataclass(frozen=True, slots=True)
class Listed:
    """A secret by its name and place, never its content. Times in unix seconds; None: without an end."""

    name: str
    kind: str
    place: str
    begins: int | None
    ends: int | None

    @property
    def epoch(self) -> int | None:
        """The number of the epoch whose key-encryption key this is; None for another secret."""
        return epoch_in(self.name)


class Keyring:
    """`ports.Keys` over a `ports.KeyProvider`. Several processes and nodes may each hold one over the same secrets.

    Raises `KeysMissing`, `KeysUnsafe`.
    """

    def __init__(self, provider: KeyProvider, entropy: Entropy, clock: Clock) -> None:
        self._provider = provider
        self._entropy = entropy
        self._clock = clock
        self.signing = self._signing_key(SIGNING)
        self.log = self._signing_key(LOG)
        # Whoever looks or changes holds the lock; the dicts are replaced whole, so whoever only reads needs none.
        self._lock = threading.RLock()
        self._keks: dict[int, Kek] = {}
        self._seals: dict[str, OpenKey] = {}
        self._looked = 0
        self._look()
        if not self._keks:
            msg = "no key-encryption key is here; run `mien keys init`, or restore `kek-*`"
            raise KeysMissing(msg)

    # ---- epochs ----
    def epoch(self) -> int:
        """See `ports.Keys`. Whoever first needs the next one begins it. Raises `KeysMissing`, `KeysUnwritable`."""
        now = self._clock.now()
        if not 0 <= now - self._looked < LOOK:
            self._look()
        found = self._current(now)
        return self._begin_due(now) if found is None else found

    def epoch_ends(self, epoch: int) -> int:
        """Unix seconds from which on the key-encryption key of `epoch` is not needed any more: the living are wrapped anew."""
        found = self._keks.get(epoch)
        return (found.ends if found else (epoch + 1) * EPOCH) + REWRAP

    def kek(self, epoch: int) -> bytes:
        """See `ports.Keys`."""
        found = self._keks.get(epoch)
        if found is None and epoch > max(self._keks, default=-1):
            self._look()  # another node has begun an epoch
            found = self._keks.get(epoch)
        if found is None:
            place = self._provider.where(kek_name(epoch))
            msg = f"the key-encryption key of epoch {epoch} is not here: what it wrapped was erased with it, or restore `{place}`"
            raise KeysMissing(msg)
        return found.secret

    def begin(self) -> int:
        """Begin an epoch now, before its time, and give its number. Raises `KeysUnwritable` where only the operator makes keys."""
        now = self._clock.now()
        with self._lock:
            self._look()
            number = max(max(self._keks, default=-1) + 1, epoch_of(now))
            if not self._provider.writable:
                msg = f"these keys are the operator's to make: set `{self._provider.where(kek_name(number))}` to what `mien keys secret --begins-now` prints, on every node"
                raise KeysUnwritable(msg)
            return self._begin(number, now)

    def settled(self) -> bool:
        """See `ports.Keys`."""
        kek = self._keks[self.epoch()]
        return self._clock.now() >= kek.begins + GRACE

    def drop_epochs_before(self, epoch: int) -> int:
        """See `ports.Keys`."""
        with self._lock:
            old = [
                name for name in self._provider.names()
                if (number := epoch_in(name)) is not None and number < epoch
            ]  # fmt: skip
            for name in old:
                self._provider.destroy(name)
            self._look()
        return len(old)

    def _current(self, now: int) -> int | None:
        """The youngest epoch that has begun, unless it has ended."""
        begun = self._begun(now)
        if not begun or now >= self._keks[max(begun)].ends:
            return None
        return max(begun)

    def _begun(self, now: int) -> list[int]:
        return [number for number, kek in self._keks.items() if kek.begins <= now + SKEW]

    def _begin_due(self, now: int) -> int:
        with self._lock:
            self._look()
            found = self._current(now)
            if found is not None:
                return found
            # A number is never used twice, also when a clock was far ahead. The operator's keys may lie there before they begin.
            used = self._keks if self._provider.writable else self._begun(now)
            return self._begin(max(max(used, default=-1) + 1, epoch_of(now)), now)

    def _begin(self, number: int, now: int) -> int:
        # The clock is a node's own: what another node began meanwhile under this number stands.
        fresh = Kek(self._entropy.bytes(SECRET), now)
        self._provider.create(kek_name(number), fresh.to_bytes())
        self._look()
        found = self._current(now)
        if found is None:
            msg = f"`{self._provider.where(kek_name(number))}` holds no key that serves now; restore it, and set the clocks"
            raise KeysMissing(msg)
        return found

    # ---- seal keys ----
    def seal_keys(self, now: int) -> tuple[SealKeyDoc, ...]:
        """See `ports.Keys`."""
        documents = [_document(kid, key) for kid, key in sorted(self._seals.items(), reverse=True)]
        return tuple(each for each in documents if each.not_before <= now < each.not_after)

    def open_key(self, kid: str, now: int) -> OpenKey:
        """See `ports.Keys`."""
        start = start_of(kid)
        if now >= start + SEAL_LIFE:
            msg = "this was sealed to a key that has died; seal it to today's"
            raise SealKeyExpired(msg)
        found = self._seals.get(kid)
        if found is None and start <= now + DAY:
            found = self._read_seal(kid)  # another node has made today's
        if found is None:
            raise SealKeyUnknown(_UNKNOWN)
        return found

    def _read_seal(self, kid: str) -> OpenKey | None:
        with self._lock:
            try:
                found = OpenKey.from_secret(self._provider.read(seal_name(kid)))
            except KeysMissing:
                return None
            self._seals = {**self._seals, kid: found}
        return found

    # ---- by the day ----
    def make(self, now: int) -> None:
        """Make what `now` needs and is not there. Raises `KeysMissing`, `KeysUnwritable`."""
        with self._lock:
            self._look()
            if self._current(now) is None:
                self._begin_due(now)
            if day_of(now) not in self._seals:
                self._provider.create(seal_name(day_of(now)), OpenKey.generate().secret())
                self._look()

    def rotate(self, now: int) -> None:
        """See `ports.Keys`."""
        with self._lock:
            self.make(now)
            dead = [kid for kid in self._seals if now >= start_of(kid) + SEAL_LIFE]
            for kid in dead:
                self._provider.destroy(seal_name(kid))
            if dead:
                self._look()

    # ---- told ----
    def listed(self) -> tuple[Listed, ...]:
        """Every secret that is here, by name: never its content."""
        where = self._provider.where
        found = [Listed(name, name, where(name), None, None) for name in (SIGNING, LOG)]
        found += [
            Listed(kek_name(n), "epoch", where(kek_name(n)), kek.begins, kek.ends)
            for n, kek in sorted(self._keks.items())
        ]
        found += [
            Listed(seal_name(kid), "seal", where(seal_name(kid)), start_of(kid), start_of(kid) + SEAL_LIFE)
            for kid in sorted(self._seals)
        ]  # fmt: skip
        return tuple(found)

    def next_missing(self) -> str | None:
        """Where the next epoch's secret must be put soon, None when nothing must be done."""
        current = self.epoch()
        kek = self._keks[current]
        if self._provider.writable or self._clock.now() < kek.ends - AHEAD:
            return None
        if any(n > current and each.begins <= kek.ends for n, each in self._keks.items()):
            return None
        return self._provider.where(kek_name(max(current + 1, epoch_of(kek.ends))))

    def done_with(self, each: Listed, used: Collection[int]) -> bool:
        """Whether an epoch's secret can go: it is over, so are the seal keys of its days, and none of the `used` epochs is its."""
        if each.epoch is None or each.epoch in used or each.epoch == self.epoch():
            return False
        return self._clock.now() >= self.epoch_ends(each.epoch)

    @property
    def kept_by_operator(self) -> bool:
        """Whether only the operator can make and really remove secrets."""
        return not self._provider.writable

    # ---- what lies where the secrets lie ----
    def _look(self) -> None:
        """Take over what was made and forget what was destroyed, by this process or another."""
        with self._lock:
            names = self._provider.names()
            if not names.issuperset(FIXED):
                # An empty directory where a disk was, say: a key made there now would not be the one that everything is wrapped by.
                lost = self._provider.where(SIGNING)
                msg = f"`{lost}` is not there any more; mount or restore what holds the secrets"
                raise KeysMissing(msg)
            epochs = {n: name for name in names if (n := epoch_in(name)) is not None}
            days = {kid: name for name in names if (kid := kid_in(name)) is not None}
            keks = {n: self._keks.get(n) or self._kek(n, name) for n, name in epochs.items()}
            seals = {kid: self._seals.get(kid) or self._seal(name) for kid, name in days.items()}
            self._keks = {n: kek for n, kek in keks.items() if kek is not None}
            self._seals = {kid: key for kid, key in seals.items() if key is not None}
            self._looked = self._clock.now()

    def _kek(self, epoch: int, name: str) -> Kek | None:
        content = self._found(name)
        return None if content is None else Kek.from_bytes(epoch, content)

    def _seal(self, name: str) -> OpenKey | None:
        content = self._found(name)
        try:
            return None if content is None else OpenKey.from_secret(content)
        except RequestInvalid as error:
            raise self._unusable(name) from error

    def _found(self, name: str) -> bytes | None:
        """A listed secret, None when another node destroyed it since it was listed."""
        try:
            return self._provider.read(name)
        except KeysMissing:
            if name in self._provider.names():
                raise
            return None

    def _signing_key(self, name: str) -> SigningKey:
        try:
            return SigningKey.from_secret(self._provider.read(name))
        except RequestInvalid as error:
            raise self._unusable(name) from error

    def _unusable(self, name: str) -> KeysMissing:
        msg = f"`{self._provider.where(name)}` cannot be read as a key; restore it"
        return KeysMissing(msg)


def _document(kid: str, key: OpenKey) -> SealKeyDoc:
    start = start_of(kid)
    return SealKeyDoc(
        kid=kid, public=key.seal_key().text(), not_before=start, not_after=start + SEAL_LIFE
    )
