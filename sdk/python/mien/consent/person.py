"""What a device knows of its person: keys, consent as it stands, and what is still to be told to the server. Stored by `mien.keep`, encrypted."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mien.values import CONSENT_STATES
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.lifecycle import Happening, after, stands
from mien.wire.messages import Jws, Message, Purpose, SiteId, SubjectId, Time, parse

STREAM_KEY_BYTES = 32


def _state(word: str) -> str:
    if word not in CONSENT_STATES:
        msg = "no state of a consent"
        raise ValueError(msg)
    return word


State = Annotated[str, AfterValidator(_state)]


@dataclass(frozen=True, slots=True)
class Person:
    """One person on one device at one site.

    `purposes` are those that stand, in a consent whose life `mien.wire.lifecycle` tells: `state`, and `expires_at` (unix seconds, 0 for none) when it
    ends by itself. `ask_again`: it ended, or the server stopped acting on it, without a no of the person. `unanswered` are purposes of a yes whose
    answer never came. `withdrawing` and `erasing` are intents already in force here that the server has not confirmed yet.
    `recovery` is the recovery code until the first yes is confirmed, so that an answer lost on the way does not lose the code; then None.
    """

    site: str
    subject: str
    sign: SigningKey = field(repr=False)
    seal: OpenKey = field(repr=False)
    stream_key: bytes = field(repr=False)
    purposes: tuple[str, ...] = ()
    state: str = "none"
    expires_at: int = 0
    ask_again: bool = False
    unanswered: tuple[str, ...] = ()
    receipt: str | None = None
    capability: str | None = field(default=None, repr=False)
    withdrawing: tuple[str, ...] = ()
    erasing: bool = False
    recovery: str | None = field(default=None, repr=False)

    @property
    def device(self) -> str:
        """Id of the device key."""
        return self.sign.verify_key().id

    def ran_out(self, now: int) -> bool:
        """Whether the consent ended by itself before `now`, and nobody has written that down yet."""
        return stands(self.state) and 0 < self.expires_at <= now

    def expired(self) -> "Person":
        """The person after their consent ran out."""
        state = after(self.state, Happening.EXPIRE)
        return replace(self, state=state, purposes=(), capability=None, ask_again=True)


class _PersonDoc(Message):
    v: Literal[2] = 2
    site: SiteId
    subject: SubjectId
    sign: Annotated[str, Field(max_length=64)]
    seal: Annotated[str, Field(max_length=256)]
    stream_key: Annotated[str, Field(max_length=64)]
    purposes: list[Purpose]
    state: State
    expires_at: Time
    ask_again: bool
    unanswered: list[Purpose]
    receipt: Jws | None
    capability: Jws | None
    withdrawing: list[Purpose]
    erasing: bool
    recovery: Annotated[str, Field(max_length=64)] | None


def new_person(
    site: str, subject: str, entropy: Callable[[int], bytes], recovery: str | None = None
) -> Person:
    """A person with fresh device keys and no consent yet. `recovery` is the code that the subject id comes from, for one who is new."""
    return Person(
        site=site,
        subject=subject,
        recovery=recovery,
        sign=SigningKey.from_secret(entropy(32)),
        seal=OpenKey.from_secret(entropy(96)),
        stream_key=entropy(STREAM_KEY_BYTES),
    )


def person_json(person: Person) -> dict[str, Any]:
    """As a JSON value with the secrets in it: only ever for encrypted storage."""
    return {
        "v": 2,
        "site": person.site,
        "subject": person.subject,
        "sign": b64(person.sign.secret()),
        "seal": b64(person.seal.secret()),
        "stream_key": b64(person.stream_key),
        "purposes": list(person.purposes),
        "state": person.state,
        "expires_at": person.expires_at,
        "ask_again": person.ask_again,
        "unanswered": list(person.unanswered),
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
        state=doc.state,
        expires_at=doc.expires_at,
        ask_again=doc.ask_again,
        unanswered=tuple(doc.unanswered),
        receipt=doc.receipt,
        capability=doc.capability,
        withdrawing=tuple(doc.withdrawing),
        erasing=doc.erasing,
        recovery=doc.recovery,
    )
