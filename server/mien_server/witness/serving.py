"""The witness over HTTP: `POST /add-checkpoint`, and `GET /healthz` for whoever watches it. Bodies are bounded in size and time."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from mien.errors import MienError
from mien.wire.witness import MAX_REQUEST_BYTES, PATH
from mien_server.witness.judging import Answer, Judge

BODY_SECONDS: Final = 10.0
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def application(judge: Judge, logger: FilteringBoundLogger) -> Application:
    """The ASGI application of one witness."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _answer(judge, logger, scope, receive)
        response = Response(answer.text, answer.status, headers=_headers(answer))
        await response(scope, receive, send)

    return serve


async def _answer(
    judge: Judge, logger: FilteringBoundLogger, scope: Scope, receive: Receive
) -> Answer:
    asked = scope["method"], scope["path"]
    if asked == ("GET", "/healthz"):
        return await _health(judge)
    if asked[1] != PATH:
        return Answer(HTTPStatus.NOT_FOUND, "no such page\n")
    if asked[0] != "POST":
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "a checkpoint is posted\n")
    body = await _body(receive)
    if isinstance(body, Answer):
        return body
    return await _judged(judge, logger, body)


async def _judged(judge: Judge, logger: FilteringBoundLogger, body: bytes) -> Answer:
    try:
        answer = await asyncio.to_thread(judge.answer, body)
    except MienError as error:
        logger.error("not-cosigned", code=error.code)  # noqa: TRY400 - the text names files of this machine
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "the witness cannot remember now\n")
    if answer.word == "fork":
        logger.error("log-forked", status=answer.status)
    else:
        tell = logger.debug if answer.word == "cosigned" else logger.info
        tell(answer.word, status=answer.status)
    return answer


async def _health(judge: Judge) -> Answer:
    try:
        await asyncio.to_thread(judge.memory.owner)
    except MienError:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "the witness cannot remember now\n")
    return Answer(HTTPStatus.OK, "alive\n")


async def _body(receive: Receive) -> bytes | Answer:
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return Answer(HTTPStatus.BAD_REQUEST, "the request broke off\n")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MAX_REQUEST_BYTES:
                    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large\n")
                more = message.get("more_body", False)
    except TimeoutError:
        return Answer(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly\n")
    return b"".join(parts)


def _headers(answer: Answer) -> dict[str, str]:
    headers = {"content-type": answer.media, "cache-control": "no-store", "x-content-type-options": "nosniff"}  # fmt: skip
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "POST"
    if answer.status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        headers["connection"] = "close"
    return headers
