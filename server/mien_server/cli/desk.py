"""Where an officer's question is asked: at a server, signed with their key, or at the server's own database. The same functions answer.

    found = ask_at(server, officer, lambda desk: desk.ask(StateAsk(), StateAnswer))

Whoever answers logs that they did, first.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from pydantic import BaseModel

from mien.errors import (
    RequestInvalid,
    RequestRefused,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
    SettingsError,
)
from mien.wire.canonical import decode
from mien.wire.keys import VerifyKey
from mien.wire.messages import Problem, parse
from mien.wire.proof import note_key
from mien_server import addresses
from mien_server.cli.officer.key import OfficerKey, read
from mien_server.machine import SystemClock

if TYPE_CHECKING:
    import httpx

    from mien_server.pipeline import Pipeline
    from mien_server.pipeline.looking import Asks

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
PATHS: Final = {
    "find": "/audit/find", "tally": "/audit/tally", "explain": "/audit/explain", "state": "/audit/state",
}  # fmt: skip
MAX_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of an answer: 200 decisions have about one megabyte."""
SECONDS: Final = 60.0
TRIES: Final = 5
LONGEST: Final = 30.0
"""Seconds that a busy server is waited for before one try."""
_BUSY: Final = frozenset({429, 503})
_OK: Final = 200
_ERROR: Final = 400


class Desk(Protocol):
    """Answers an officer's questions about one log."""

    @property
    def origin(self) -> str:
        """The log's name."""
        ...

    @property
    def key(self) -> VerifyKey:
        """The key that signs the log's checkpoints, as the officer knows it."""
        ...

    async def ask(self, ask: "Asks", answer: type[M]) -> M:
        """The answer. Raises what the server says, or what keeps it from being asked."""
        ...


def vkey(desk: Desk) -> str:
    """The log's verification key as text."""
    return note_key(desk.origin, desk.key)


def ask_at(server: str | None, officer: Path | None, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do `work` at the desk of `server` as the officer with the key in the file `officer`; without a server, at the configured database.

    There, without a key, the log says that somebody looked who stands at the server.
    """
    key = None if officer is None else read(officer)
    if server is None:
        return _here(key, work)
    if key is None:
        msg = "a server answers officers only; give the file of your key as --officer, or make one with `mien officer init`"
        raise SettingsError(msg)
    return asyncio.run(_away(addresses.base(server, "server"), key, work))


# ---- at the server's own database ----
def _here(key: OfficerKey | None, work: Callable[[Desk], Awaitable[T]]) -> T:
    from mien_server import errands
    from mien_server.settings import load

    settings = load(os.environ)
    own = errands.open_keys(settings).log.verify_key()
    return errands.attend(
        settings, lambda pipeline: work(_Here(pipeline, settings.origin, own, key))
    )


@dataclass(frozen=True, slots=True)
class _Here:
    """`Desk` over the configured database and keys."""

    pipeline: "Pipeline"
    origin: str
    key: VerifyKey
    officer: OfficerKey | None

    async def ask(self, ask: "Asks", answer: type[M]) -> M:
        """See `Desk`."""
        if self.officer is None:
            found = await self.pipeline.asked_here(ask)
        else:
            text = self.officer.says(ask, SystemClock().now())
            found = await self.pipeline.asked_by_officer(text, type(ask))
        if not isinstance(found, answer):
            msg = f"a `{ask.what}` is not answered with {answer.__name__}"
            raise TypeError(msg)
        return found


# ---- at a server ----
async def _away(server: str, key: OfficerKey, work: Callable[[Desk], Awaitable[T]]) -> T:
    import httpx

    async with httpx.AsyncClient(
        base_url=server,
        follow_redirects=False,  # what is signed for this log goes to no other address
        timeout=SECONDS,
        headers={"user-agent": "mien", "accept-encoding": "identity"},
        mounts={"http://": None},  # loopback is asked itself, and no proxy for it
    ) as client:
        return await work(_Away(client, key))


@dataclass(frozen=True, slots=True)
class _Away:
    """`Desk` over HTTP."""

    client: "httpx.AsyncClient"
    officer: OfficerKey
    wait: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    @property
    def origin(self) -> str:
        """See `Desk`."""
        return self.officer.origin

    @property
    def key(self) -> VerifyKey:
        """See `Desk`."""
        return self.officer.log

    async def ask(self, ask: "Asks", answer: type[M]) -> M:
        """See `Desk`. A busy server is asked again, each time with a fresh statement."""
        for _ in range(TRIES - 1):
            try:
                return await self._once(ask, answer)
            except ServerBusy as busy:
                await self.wait(min(busy.retry_after, LONGEST))
        return await self._once(ask, answer)

    async def _once(self, ask: "Asks", answer: type[M]) -> M:
        import httpx

        headers = {"authorization": self.officer.authorization(ask, SystemClock().now())}
        try:
            async with (
                asyncio.timeout(SECONDS),
                self.client.stream("POST", PATHS[ask.what], headers=headers) as response,
            ):
                return _read(response, await _body(response), answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            msg = "the server cannot be reached or does not answer in time; check its address and the connection"
            raise ServerUnreachable(msg) from error


async def _body(response: "httpx.Response") -> bytes:
    data = bytearray()
    async for piece in response.aiter_raw():  # what comes packed was not asked for
        data += piece
        if len(data) > MAX_ANSWER:
            msg = f"the server's answer has more than {MAX_ANSWER} bytes; check that the address is a mien server"
            raise ServerAnswerInvalid(msg)
    return bytes(data)


def _read(response: "httpx.Response", body: bytes, answer: type[M]) -> M:
    status = response.status_code
    if status in _BUSY:
        msg = "the server asks to wait and stays busy; ask again later"
        raise ServerBusy(msg, retry_after=_seconds(response.headers.get("retry-after", "")))
    try:
        found: Any = decode(body, limit=MAX_ANSWER)
        if status >= _ERROR:
            raise _refused(parse(Problem, found), status)
        if status == _OK:
            return parse(answer, found)
    except RequestInvalid as error:
        msg = "the server's answer is not what the protocol says; check that the address is a mien server of this version"
        raise ServerAnswerInvalid(msg) from error
    msg = f"the server answered {status}, which is not followed; give its final address"
    raise ServerAnswerInvalid(msg)


def _refused(problem: Problem, status: int) -> RequestRefused:
    """A server's words, made safe for a terminal."""
    said = "".join(each if each.isprintable() else " " for each in problem.detail[:400])
    code = "".join(each for each in problem.code[:80] if each.isalnum() or each == "-")
    return RequestRefused(f"{said} ({code})", status=status, problem=code)


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 1.0
