"""Everything that may leave this device, as one closed union, and how each becomes a request.

Reads carry nothing of the person but, in a proof query, the leaf of a decision; statements are signed by the person's key; envelopes are sealed.
Labels, scores and pictures have no way in.
"""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from mien.errors import RequestInvalid
from mien.wire.canonical import decode, encode, unb64
from mien.wire.messages import (
    Accepted,
    AnswersRequest,
    CapabilityAnswer,
    ConsentAnswer,
    Envelope,
    ErasureAnswer,
    ExportAnswer,
    Hash,
    HelpAnswer,
    HelpRequest,
    Jws,
    LessonAnswer,
    LessonRequest,
    Locale,
    Message,
    Notice,
    OpaqueId,
    ProofAnswer,
    RankAnswer,
    RankRequest,
    RewardRequest,
    SignedAnswer,
    dump,
    parse,
)
from mien.wire.signatures import Kind, signer, unverified


class ServiceQuery(Message):
    """What are the server's keys?"""


class NoticeQuery(Message):
    """What is the person told here? `site` is the site's id."""

    site: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    locale: Locale


class ProofQuery(Message):
    """Is this decision in the log?"""

    leaf: Hash


class CertificateQuery(Message):
    """How far is this erasure?"""

    erasure: OpaqueId


class RoundsQuery(Message):
    """Which rounds of the shared head are open here?"""


class HeadQuery(Message):
    """What is the shared head of this number?"""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class Statement(Message):
    """Something the person signed."""

    jws: Jws


Outbound = (
    Envelope
    | Statement
    | LessonRequest
    | AnswersRequest
    | RankRequest
    | RewardRequest
    | HelpRequest
    | ServiceQuery
    | NoticeQuery
    | ProofQuery
    | CertificateQuery
    | RoundsQuery
    | HeadQuery
)

# A kind of statement, where it goes and what comes back.
_STATEMENTS: Final[dict[str, tuple[str, type[BaseModel]]]] = {
    Kind.CONSENT: ("/v1/consents", ConsentAnswer),
    Kind.WITHDRAWAL: ("/v1/withdrawals", ConsentAnswer),
    Kind.CAPABILITY_REQUEST: ("/v1/capabilities", CapabilityAnswer),
    Kind.KEY_CHANGE: ("/v1/keys", ConsentAnswer),
    Kind.EXPORT_REQUEST: ("/v1/me", ExportAnswer),
    Kind.CORRECTION: ("/v1/me/corrections", Accepted),
    Kind.ERASURE: ("/v1/erasures", ErasureAnswer),
    Kind.UPDATE: ("/v1/updates", Accepted),
}
_REPEATABLE: Final = frozenset({Kind.ERASURE})
"""Statements that the server answers the same when they come twice; the others hold a nonce that is spent."""
_POSTS: Final[dict[type[Message], tuple[str, type[BaseModel]]]] = {
    Envelope: ("/v1/labels", Accepted),
    LessonRequest: ("/v1/lessons/next", LessonAnswer),
    AnswersRequest: ("/v1/lessons/answers", Accepted),
    RankRequest: ("/v1/rank", RankAnswer),
    RewardRequest: ("/v1/rewards", Accepted),
    HelpRequest: ("/v1/help", HelpAnswer),
}

_ONCE: Final = frozenset({RankRequest, HelpRequest, LessonRequest})
"""Requests whose `request` is spent by the answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `again` says that it may be sent again after an answer was lost: the server then answers the same."""

    method: str
    path: str
    body: bytes | None
    headers: tuple[tuple[str, str], ...]
    answer: type[BaseModel]
    again: bool


def request_of(outbound: Outbound) -> Request:
    """The request of an `Outbound`. Raises `RequestInvalid` for anything else, subclasses and unchecked instances included."""
    if type(outbound) not in (
        Statement,
        ServiceQuery,
        NoticeQuery,
        ProofQuery,
        CertificateQuery,
        RoundsQuery,
        HeadQuery,
        *_POSTS,
    ):
        msg = "only sealed envelopes, signed statements and plain questions may leave; see `mien.send.outbound`"
        raise RequestInvalid(msg)
    again = parse(type(outbound), dump(outbound))  # `model_construct` and `model_copy` skip checks
    if isinstance(again, Statement):
        return _statement(again)
    if type(again) in _POSTS:
        path, answer = _POSTS[type(again)]
        return _post(path, dump(again), answer, again=type(again) not in _ONCE)
    return _read(again)


def _statement(statement: Statement) -> Request:
    kind = kind_of(statement.jws)
    path, answer = _STATEMENTS[kind]
    if kind == Kind.EXPORT_REQUEST:
        headers = (("Authorization", f"Mien-Statement {statement.jws}"),)
        return Request("GET", path, None, headers, answer, again=False)
    return _post(path, dump(statement), answer, again=kind in _REPEATABLE)


def _post(path: str, body: object, answer: type[BaseModel], *, again: bool) -> Request:
    headers = (("Content-Type", "application/json"),)
    return Request("POST", path, encode(body), headers, answer, again)


def _read(query: Message) -> Request:
    answer: type[BaseModel]
    match query:
        case NoticeQuery():
            path, answer = f"/v1/sites/{query.site}/notices/{query.locale}", Notice
        case ProofQuery():
            path, answer = f"/audit/proof?leaf={quote(query.leaf)}", ProofAnswer
        case CertificateQuery():
            path, answer = f"/v1/erasures/{query.erasure}", ErasureAnswer
        case RoundsQuery():
            path, answer = "/v1/rounds", SignedAnswer
        case HeadQuery():
            path, answer = f"/v1/heads/{query.version}", SignedAnswer
        case _:
            path, answer = "/.well-known/mien", SignedAnswer
    return Request("GET", path, None, (), answer, again=True)


def kind_of(jws: str) -> str:
    """The kind a statement names. Raises `RequestInvalid` for none that a device sends."""
    signer(jws), unverified(jws)  # well-formed at all
    header = _header(jws)
    kind = header.get("typ")
    if not isinstance(kind, str) or kind not in _STATEMENTS:
        msg = "not a statement that a device sends; build it with `mien.consent`"
        raise RequestInvalid(msg)
    return kind


def _header(jws: str) -> dict[str, object]:
    header: dict[str, object] = decode(unb64(jws.split(".", 1)[0]))
    return header
