"""What a device knows of its person: keys, consent as it stands, and what is still to be told to the server. Stored by `mien.keep`, encrypted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from mien.consent.recovery import read_code, subject_of
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import Jws, Message, Purpose, SiteId, SubjectId, parse

STREAM_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Person:
    """One person on one device at one site.

    `purposes` are those that stand. `withdrawing` and `erasing` are intents already in force here that the server has not confirmed yet.
    `recovery` is the recovery code until the first yes is confirmed, so that an answer lost on the way does not lose the code; then None.
    """

    site: str
    subject: str
    sign: SigningKey = field(repr=False)
    seal: OpenKey = field(repr=False)
    stream_key: bytes = field(repr=False)
    purposes: tuple[str, ...] = ()
    receipt: str | None = None
    capability: str | None = field(default=None, repr=False)
    withdrawing: tuple[str, ...] = ()
    erasing: bool = False
    recovery: str | None = field(default=None, repr=False)

    @property
    def device(self) -> str:
        """Id of the device key."""
        return self.sign.verify_key().id


class _PersonDoc(Message):
    v: Literal[1] = 1
    site: SiteId
    subject: SubjectId
    sign: Annotated[str, Field(max_length=64)]
    seal: Annotated[str, Field(max_length=256)]
    stream_key: Annotated[str, Field(max_length=64)]
    purposes: list[Purpose]
    receipt: Jws | None
    capability: Jws | None
    withdrawing: list[Purpose]
    erasing: bool
    recovery: Annotated[str, Field(max_length=64)] | None


def new_person(site: str, code: str, entropy: Callable[[int], bytes]) -> Person:
    """A person with fresh device keys and no consent yet; the subject id comes from the recovery code."""
    return Person(
        site=site,
        subject=subject_of(read_code(code)),
        recovery=code,
        sign=SigningKey.from_secret(entropy(32)),
        seal=OpenKey.from_secret(entropy(96)),
        stream_key=entropy(STREAM_KEY_BYTES),
    )


def person_json(person: Person) -> dict[str, Any]:
    """As a JSON value with the secrets in it: only ever for encrypted storage."""
    return {
        "v": 1,
        "site": person.site,
        "subject": person.subject,
        "sign": b64(person.sign.secret()),
        "seal": b64(person.seal.secret()),
        "stream_key": b64(person.stream_key),
        "purposes": list(person.purposes),
        "receipt": person.receipt,
        "capability": person.capability,
        "withdrawing": list(person.withdrawing),
        "erasing": person.erasing,
        "recovery": person.recovery,
    }


def person_from(value: Any) -> Person:
    """What `person_json` wrote. Raises `RequestInvalid`."""
    doc = parse(_PersonDoc, value)
    return Person(
        site=doc.site,
        subject=doc.subject,
        sign=SigningKey.from_secret(unb64(doc.sign)),
        seal=OpenKey.from_secret(unb64(doc.seal)),
        stream_key=unb64(doc.stream_key),
        purposes=tuple(doc.purposes),
        receipt=doc.receipt,
        capability=doc.capability,
        withdrawing=tuple(doc.withdrawing),
        erasing=doc.erasing,
        recovery=doc.recovery,
    )
