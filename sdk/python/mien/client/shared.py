"""The released head that this device keeps: encrypted like everything else, and verified again whenever it is read."""

from dataclasses import dataclass, field
from typing import Any, Final

from mien import keep
from mien.errors import HeadInvalid, RequestInvalid
from mien.wire.keys import VerifyKey
from mien.wire.messages import HeadRef, parse
from mien.wire.signatures import unverified
from mien.wire.updates import open_head

_HEAD: Final = "head"


@dataclass(frozen=True, slots=True)
class SharedHead:
    """A verified head by its name, for the network `model`: 3,104 bytes."""

    named: HeadRef
    model: int
    content: bytes = field(repr=False)


def kept_head(kept: keep.Keep, trust: VerifyKey) -> SharedHead | None:
    """The head on the disk; None where none was ever fetched. Raises `HeadInvalid`, `KeepUnreadable`."""
    found = kept.document(_HEAD)
    if found is None:
        return None
    jws, model = found["jws"], found["model"]
    named = _named(jws)
    return SharedHead(named, model, open_head(jws, trust, named, model))


def keep_head(kept: keep.Keep, jws: str, model: int) -> None:
    """Keep a head that was verified, in the place of the one before."""
    kept.keep_document(_HEAD, {"model": model, "jws": jws})


def _named(jws: str) -> HeadRef:
    """What a signed head says of itself: `open_head` then checks signature and bytes against it."""
    said: Any = unverified(jws)
    try:
        return parse(HeadRef, {"version": said.get("version"), "sha256": said.get("sha256")})
    except RequestInvalid as error:
        msg = "the kept shared head is damaged; it is fetched anew with the next `refresh_head`"
        raise HeadInvalid(msg) from error
