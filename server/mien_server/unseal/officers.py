"""What privacy officers ask, signed by their own keys. Checked in this order: a known key, signature, name, log, clock; the nonce is spent by the caller."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mien.errors import ClockSkewed, RequestInvalid
from mien.wire.keys import VerifyKey
from mien.wire.messages import CLOCK_SKEW, PASS_SECONDS, EntriesAsk, OfficerStatement, parse
from mien.wire.signatures import Kind, signer, verify
from mien_server.errors import OfficerUnknown
from mien_server.unseal.statements import check_clock
from mien_server.values import Officer

WHO: Final = (
    "only privacy officers read this; sign with a key that is in `MIEN_OFFICER_KEYS`, and send it "
    "as `Authorization: Mien-Statement`"
)


@dataclass(frozen=True, slots=True)
class Officers:
    """Who may ask, by the id of their key, and the name of the log that they must ask for."""

    origin: str
    by_key: dict[str, Officer]

    @classmethod
    def of(cls, officers: Iterable[Officer], origin: str) -> "Officers":
        """These officers."""
        return cls(origin, {VerifyKey(each.key).id: each for each in officers})

    def read(self, text: str, now: int) -> OfficerStatement:
        """The statement in `text`, when an officer signed it for this log and for now.

        Raises `OfficerUnknown` (a key that is not listed, another's name), `SignatureInvalid`, `RequestInvalid` (malformed, or for another log),
        `ClockSkewed`.
        """
        officer = self.by_key.get(signer(text))
        if officer is None:
            raise OfficerUnknown(WHO)
        statement = parse(OfficerStatement, verify(text, Kind.OFFICER, VerifyKey(officer.key)))
        if statement.officer != officer.name:
            msg = "this key is listed under another name; make the name in the key's file the same"
            raise OfficerUnknown(msg)
        if statement.origin != self.origin:
            msg = (
                "the statement is for another log; make a key with this log's own verification key"
            )
            raise RequestInvalid(msg)
        check_time(statement, now)
        return statement


def check_time(statement: OfficerStatement, now: int) -> None:
    """Return when a statement is good at `now`: for two minutes, one that asks for entries for five; raise `ClockSkewed` otherwise."""
    if not isinstance(statement.ask, EntriesAsk):
        check_clock(statement.at, now)
    elif not -CLOCK_SKEW <= now - statement.at <= PASS_SECONDS:
        msg = f"this was signed more than {PASS_SECONDS} seconds ago, or the clocks differ; sign it anew"
        raise ClockSkewed(msg)
