"""The audit log: as static resources, in the shapes of C2SP tlog-tiles, tlog-checkpoint and tlog-proof; and what officers ask of it."""

import re
from typing import Final

from starlette.responses import Response

from mien.errors import EnvelopeReplayed, RequestInvalid
from mien.wire.canonical import unb64
from mien.wire.messages import (
    ExplainAnswer,
    ExplainAsk,
    FindAnswer,
    FindAsk,
    ProofAnswer,
    StateAnswer,
    StateAsk,
    TallyAnswer,
    TallyAsk,
)
from mien_server.errors import LeafUnknown, NotFound
from mien_server.routes.call import Call, answer, public
from mien_server.routes.endpoint import OFFICER, Endpoint, text

FULL: Final = 256
"""Hashes, or entries, of a full tile."""
LEAF_BYTES: Final = 32
BYTES: Final = "application/octet-stream"
FOREVER: Final = "public, max-age=31536000, immutable"
"""A tile of a stated width never changes."""
_INDEX: Final = r"(?P<number>(?:x[0-9]{3}/){0,3}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
_TILE: Final = re.compile(rf"(?P<level>[0-9]|[1-5][0-9]|6[0-3])/{_INDEX}")
_ENTRIES: Final = re.compile(_INDEX)


async def checkpoint(call: Call) -> Response:
    """The newest signed checkpoint."""
    return public(
        call, Response(await call.pipeline.checkpoint(), media_type="text/plain"), "no-cache"
    )


async def tile(call: Call) -> Response:
    """Hashes of the tree: `<L>/<N>` or `<L>/<N>.p/<W>`, with N as `x001/x234/067`."""
    level, number, width = read_tile(call.path("tile"))
    data = await call.pipeline.tile(level, number, width)
    return public(call, _found(data), FOREVER)


async def entries(call: Call) -> Response:
    """Log entries: commitments and hours, for privacy officers."""
    text = call.officer()
    number, width = read_entries(call.path("tile"))
    return _found(await call.pipeline.entries(text, number, width))


async def find(call: Call) -> Response:
    """Logged decisions that fit, opened, for privacy officers. The look is in the log before the answer leaves."""
    return answer(await call.pipeline.asked_by_officer(call.officer(), FindAsk))


async def tally(call: Call) -> Response:
    """Counts of logged decisions, for privacy officers."""
    return answer(await call.pipeline.asked_by_officer(call.officer(), TallyAsk))


async def explain_entry(call: Call) -> Response:
    """One entry of the log, opened where it can be, with its proof, for privacy officers."""
    return answer(await call.pipeline.asked_by_officer(call.officer(), ExplainAsk))


async def state(call: Call) -> Response:
    """How things stand, in counts, for privacy officers."""
    return answer(await call.pipeline.asked_by_officer(call.officer(), StateAsk))


async def proof(call: Call) -> Response:
    """Proof that a leaf is in the log, good offline with the log's key."""
    leaf = unb64(call.query("leaf"))
    if len(leaf) != LEAF_BYTES:
        msg = "`leaf` is the base64url of 32 bytes; take it from the receipt's promise"
        raise RequestInvalid(msg)
    return public(call, answer(await call.pipeline.proof(leaf)))


def read_tile(path: str) -> tuple[int, int, int]:
    """Level, number and width of a tile's path. Raises `NotFound` for any other spelling."""
    match = _TILE.fullmatch(path)
    if match is None:
        raise _no_tile()
    return int(match["level"]), *_number_width(match)


def read_entries(path: str) -> tuple[int, int]:
    """Number and width of an entry bundle's path. Raises `NotFound` for any other spelling."""
    match = _ENTRIES.fullmatch(path)
    if match is None:
        raise _no_tile()
    return _number_width(match)


def _number_width(match: re.Match[str]) -> tuple[int, int]:
    width = int(match["width"] or FULL)
    groups = match["number"].replace("x", "").split("/")
    padded = len(groups) > 1 and groups[0] == "000"  # one tile, one path
    if padded or (match["width"] and width >= FULL):
        raise _no_tile()
    return int("".join(groups)), width


def _found(data: bytes) -> Response:
    if not data:
        raise _no_tile()
    return Response(data, media_type=BYTES)


def _no_tile() -> NotFound:
    return NotFound("no such tile; take the size from the checkpoint")


_PATH: Final = r"^[0-9x/.p]{1,40}$"
ENDPOINTS = (
    Endpoint("GET", "/audit/checkpoint", checkpoint, "text/plain; charset=utf-8"),
    Endpoint(
        "GET", "/audit/tile/entries/{tile:path}", entries, BYTES, asks=OFFICER,
        problems=(NotFound,), parameters=(text("tile", _PATH),),
    ),
    Endpoint("GET", "/audit/tile/{tile:path}", tile, BYTES, problems=(NotFound,), parameters=(text("tile", _PATH),)),
    Endpoint(
        "GET", "/audit/proof", proof, ProofAnswer, problems=(RequestInvalid, LeafUnknown),
        parameters=(text("leaf", r"^[A-Za-z0-9_-]{43}$", where="query"),),
    ),
    Endpoint("POST", "/audit/find", find, FindAnswer, asks=OFFICER, problems=(EnvelopeReplayed,)),
    Endpoint("POST", "/audit/tally", tally, TallyAnswer, asks=OFFICER, problems=(EnvelopeReplayed,)),
    Endpoint(
        "POST", "/audit/explain", explain_entry, ExplainAnswer, asks=OFFICER, problems=(EnvelopeReplayed, LeafUnknown)
    ),
    Endpoint("POST", "/audit/state", state, StateAnswer, asks=OFFICER, problems=(EnvelopeReplayed,)),
)  # fmt: skip
