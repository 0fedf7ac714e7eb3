"""What devices ask of rounds of the shared head: which are open, the released heads, and the way in for one sealed update."""

import re
from typing import Final

from starlette.responses import Response

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeReplayed,
    PolicyDenied,
    RequestInvalid,
    SignatureInvalid,
)
from mien.wire.messages import Accepted, SignedAnswer
from mien.wire.signatures import unverified
from mien_server.errors import (
    BudgetSpent,
    HeadStale,
    HeadUnknown,
    PersonErased,
    PersonUnknown,
    RoundFull,
    RoundOver,
    RoundUnknown,
    UpdateTwice,
)
from mien_server.routes.call import PROVEN, Call, answer, public
from mien_server.routes.endpoint import DEVICE, Endpoint, text

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
FOREVER: Final = "public, max-age=31536000, immutable"


async def rounds(call: Call) -> Response:
    """Open rounds of this site, the shared head in force and how the latest rounds ended, signed by the server's receipt key."""
    site = await call.device_site()
    return answer(await call.pipeline.rounds(site))


async def head(call: Call) -> Response:
    """A released head of the shared model, signed. The same for everybody, and for ever."""
    version = call.path("version")
    if not _VERSION.fullmatch(version):
        msg = "a head has a number from 1; `GET /v1/rounds` names the one in force"
        raise HeadUnknown(msg)
    return public(call, answer(await call.pipeline.head(int(version))), FOREVER)


async def update(call: Call) -> Response:
    """One person's update of the shared head, sealed to an open round and signed by their device. 200 means durable."""
    site = await call.device_site()
    jws = (await call.message(SignedAnswer)).jws
    with call.on_account_of(site, unverified(jws).get("subject"), *PROVEN, BudgetSpent):
        return answer(await call.pipeline.update(site, jws, gpc=call.gpc))


ENDPOINTS = (
    Endpoint("GET", "/v1/rounds", rounds, SignedAnswer, asks=DEVICE),
    Endpoint(
        "GET", "/v1/heads/{version}", head, SignedAnswer, problems=(HeadUnknown,),
        parameters=(text("version", r"^[1-9][0-9]{0,8}$"),),
    ),
    Endpoint(
        "POST", "/v1/updates", update, Accepted, body=SignedAnswer, asks=DEVICE,
        problems=(
            RequestInvalid, SignatureInvalid, ClockSkewed, EnvelopeReplayed, PersonUnknown, PersonErased, ConsentMissing, PolicyDenied,
            RoundUnknown, RoundOver, RoundFull, HeadStale, UpdateTwice, BudgetSpent,
        ),
    ),
)  # fmt: skip
