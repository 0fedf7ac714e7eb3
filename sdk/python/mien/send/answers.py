"""Answers, read strictly: bounded, of the declared type, and exactly what the protocol says."""

from typing import Final, TypeVar

from pydantic import BaseModel

from mien.errors import RequestInvalid, RequestRefused, ServerAnswerInvalid
from mien.wire.canonical import decode
from mien.wire.messages import MAX_EXPORT_CHARS, ExportAnswer, Problem, parse

A = TypeVar("A", bound=BaseModel)
MAX_BYTES: Final = 1024 * 1024
MAX_EXPORT_BYTES: Final = MAX_EXPORT_CHARS + 1024
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_ERROR: Final = 400


def limit(answer: type[BaseModel]) -> int:
    """The most bytes an answer may have."""
    return MAX_EXPORT_BYTES if answer is ExportAnswer else MAX_BYTES


def read(answer: type[A], status: int, content_type: str, body: bytes) -> A:
    """The answer as a message. Raises `RequestRefused` for a problem document, `ServerAnswerInvalid` for anything else that is no `answer`."""
    media = content_type.partition(";")[0].strip().lower()
    if status >= _ERROR:
        raise _refused(status, media, body)
    if media != _JSON:
        raise _garbage("has the wrong content type")
    try:
        return parse(answer, decode(body, limit=limit(answer)))
    except RequestInvalid as error:
        raise _garbage("is not what the protocol says") from error


def _refused(status: int, media: str, body: bytes) -> RequestRefused | ServerAnswerInvalid:
    if media != _PROBLEM:
        return _garbage(f"is an error {status} without a problem document")
    try:
        problem = parse(Problem, decode(body, limit=MAX_BYTES))
    except RequestInvalid:
        return _garbage(f"is an error {status} with a damaged problem document")
    return RequestRefused(
        _one_line(problem.detail), status=status, problem=problem.code[:80], laws=problem.laws[:32]
    )


def _garbage(what: str) -> ServerAnswerInvalid:
    msg = f"the server's answer {what}; check that the address is a mien server"
    return ServerAnswerInvalid(msg)


def _one_line(text: str) -> str:
    """A server's words, made safe for a terminal and a log line."""
    return "".join(c if c.isprintable() else " " for c in text[:400])
