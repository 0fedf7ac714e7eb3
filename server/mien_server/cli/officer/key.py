"""An officer's key file: who they are, which log they ask, by which key they know it, and their secret. Mode 0600, one JSON object."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field

from mien.errors import KeysMissing, KeysUnsafe, RequestInvalid
from mien.wire.canonical import b64, decode, encode, unb64
from mien.wire.keys import SigningKey, VerifyKey
from mien.wire.messages import (
    EntriesAsk,
    ExplainAsk,
    FindAsk,
    Message,
    OfficerName,
    OfficerStatement,
    StateAsk,
    TallyAsk,
    dump,
    parse,
)
from mien.wire.proof import parse_note_key
from mien.wire.signatures import Kind, sign

NONCE: Final = 16
SCHEME: Final = "Mien-Statement"
_OTHERS: Final = 0o077
_MOST: Final = 4096
Ask = FindAsk | TallyAsk | ExplainAsk | StateAsk | EntriesAsk


class OfficerFile(Message):
    """What the file holds. `log` is the log's verification key, `<origin>+<id>+<key>`."""

    v: Literal[1] = 1
    officer: OfficerName
    log: Annotated[str, Field(max_length=400)]
    secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", repr=False)]


@dataclass(frozen=True, slots=True)
class OfficerKey:
    """An officer's key, for one log."""

    officer: str
    origin: str
    log: VerifyKey
    _signing: SigningKey = field(repr=False)

    @classmethod
    def of(cls, content: OfficerFile) -> Self:
        """From a file's content. Raises `CheckpointInvalid` for a log's key that is none."""
        origin, log = parse_note_key(content.log)
        return cls(content.officer, origin, log, SigningKey.from_secret(unb64(content.secret)))

    @property
    def listed(self) -> str:
        """How the server lists it in `MIEN_OFFICER_KEYS`."""
        return f"{self.officer}+{self._signing.verify_key().text()}"

    def says(self, ask: Ask, now: int) -> str:
        """A signed statement that asks for this, now, once."""
        statement = OfficerStatement(
            origin=self.origin, officer=self.officer, at=now, nonce=b64(os.urandom(NONCE)), ask=ask
        )
        return sign(Kind.OFFICER, dump(statement), self._signing)

    def authorization(self, ask: Ask, now: int) -> str:
        """The value of the header `Authorization` that asks for this."""
        return f"{SCHEME} {self.says(ask, now)}"


def fresh(officer: str, log: str) -> OfficerFile:
    """A new key for an officer of the log with this verification key. Raises `RequestInvalid` for a name that the log cannot keep, `CheckpointInvalid`."""
    parse_note_key(log)
    secret = b64(SigningKey.generate().secret())
    return parse(OfficerFile, {"v": 1, "officer": officer, "log": log, "secret": secret})


def spelled(content: OfficerFile) -> bytes:
    """The bytes of the file."""
    return encode(dump(content)) + b"\n"


def read(path: Path) -> OfficerKey:
    """The key in a file. Raises `KeysMissing`, `KeysUnsafe`, `CheckpointInvalid`."""
    try:
        if path.stat().st_mode & _OTHERS:
            msg = f"`{path}` can be read by other users; run `chmod 600 {path}` and think about who has seen it"
            raise KeysUnsafe(msg)
        return OfficerKey.of(parse(OfficerFile, decode(path.read_bytes().strip(), limit=_MOST)))
    except FileNotFoundError as error:
        msg = f"`{path}` is not there; make an officer's key with `mien officer init`"
        raise KeysMissing(msg) from error
    except (OSError, RequestInvalid) as error:
        msg = f"`{path}` cannot be read as an officer's key; restore it, or make a new one with `mien officer init`"
        raise KeysMissing(msg) from error
