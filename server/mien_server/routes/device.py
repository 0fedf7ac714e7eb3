"""What devices and backends ask: consent and rights, the stream of labels, ranking."""

from pydantic import BaseModel
from starlette.responses import Response

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeInvalid,
    EnvelopeReplayed,
    MienError,
    NoticeStale,
    PolicyDenied,
    RequestInvalid,
    SealKeyExpired,
    SealKeyUnknown,
    SignatureInvalid,
)
from mien.wire.messages import (
    Accepted,
    CapabilityAnswer,
    ConsentAnswer,
    Envelope,
    ErasureAnswer,
    ExportAnswer,
    Notice,
    RankAnswer,
    RankRequest,
    RewardRequest,
    SignedAnswer,
)
from mien_server.errors import (
    ErasureUnknown,
    EventUnknown,
    ExportTooLarge,
    NotFound,
    PersonErased,
    PersonUnknown,
    RecordUnknown,
    SiteUnknown,
)
from mien_server.routes.call import Call, answer, public
from mien_server.routes.endpoint import BACKEND, DEVICE, STATEMENT, Answer, Endpoint, text

SIGNED = (
    RequestInvalid, SignatureInvalid, ClockSkewed, EnvelopeReplayed, PersonUnknown, PersonErased,
)  # fmt: skip
"""What can be wrong with any signed statement."""
STREAMED = (
    RequestInvalid, EnvelopeInvalid, EnvelopeReplayed, ClockSkewed, PersonUnknown, PersonErased,
)  # fmt: skip
"""What can be wrong with anything authenticated by a stream key."""


async def service(call: Call) -> Response:
    """Keys, audit log, policy bundle and limits of this server, signed by its receipt key."""
    return public(call, answer(await call.pipeline.service()))


async def notice(call: Call) -> Response:
    """Everything a person is shown before answering. Its SHA-256 in canonical form goes into the consent."""
    try:
        found = await call.pipeline.notice(call.path("site"), call.path("locale"))
    except SiteUnknown:
        msg = "no such site here; ask the site's owner for its id"
        raise NotFound(msg) from None
    return public(call, answer(found))


async def consent(call: Call) -> Response:
    """A person's signed yes. A refusal by policy is an answer too: a receipt that names the law."""
    site = await call.device_site()
    statement = await call.message(SignedAnswer)
    return answer(await call.pipeline.consent(site, statement.jws, gpc=call.gpc))


async def withdraw(call: Call) -> Response:
    """Takes purposes back, by any key of the key set; effective when answered."""
    site = await call.device_site()
    return answer(
        await call.pipeline.withdraw(site, (await call.message(SignedAnswer)).jws, gpc=call.gpc)
    )


async def capability(call: Call) -> Response:
    """What this device may do for the next five minutes."""
    site = await call.device_site()
    return answer(
        await call.pipeline.capability(site, (await call.message(SignedAnswer)).jws, gpc=call.gpc)
    )


async def change_keys(call: Call) -> Response:
    """Adds a key to the key set, or removes one."""
    site = await call.device_site()
    return answer(
        await call.pipeline.change_keys(site, (await call.message(SignedAnswer)).jws, gpc=call.gpc)
    )


async def labels(call: Call) -> Response:
    """One sealed envelope of 64 slots. 200 means durable."""
    site = await call.device_site()
    return answer(await call.pipeline.labels(site, await call.message(Envelope), gpc=call.gpc))


async def rank(call: Call) -> Response:
    """Offers in order, for a device or for nobody in particular: the same request and candidates either way."""
    site, backend = await call.any_site()
    request = await call.message(RankRequest)
    return answer(await call.pipeline.rank(site, request, backend=backend, gpc=call.gpc))


async def reward(call: Call) -> Response:
    """What came of a ranking."""
    site, backend = await call.any_site()
    request = await call.message(RewardRequest)
    return answer(await call.pipeline.reward(site, request, backend=backend, gpc=call.gpc))


async def export(call: Call) -> Response:
    """Everything held about the person who signs, sealed to the key named in the statement."""
    site = await call.device_site()
    return answer(await call.pipeline.export(site, call.statement(), gpc=call.gpc))


async def correct(call: Call) -> Response:
    """What a stored label should have said."""
    site = await call.device_site()
    return answer(
        await call.pipeline.correct(site, (await call.message(SignedAnswer)).jws, gpc=call.gpc)
    )


async def erase(call: Call) -> Response:
    """Forget this person. Effective when answered; the certificate becomes complete within 24 hours."""
    site = await call.device_site()
    return answer(
        await call.pipeline.erase(site, (await call.message(SignedAnswer)).jws, gpc=call.gpc)
    )


async def erasure(call: Call) -> Response:
    """Where an erasure stands, by its random id."""
    return public(call, answer(await call.pipeline.erasure(call.path("erasure"))))


def _signed(path: str, of: Answer, gives: type[BaseModel], *more: type[MienError]) -> Endpoint:
    return Endpoint(
        "POST", path, of, gives, body=SignedAnswer, asks=DEVICE, problems=(*SIGNED, *more)
    )


# The router looks from the top: what is asked most comes first.
ENDPOINTS = (
    Endpoint(
        "POST", "/v1/labels", labels, Accepted, body=Envelope, asks=DEVICE,
        problems=(*STREAMED, ConsentMissing, PolicyDenied, SealKeyUnknown, SealKeyExpired),
    ),
    Endpoint("POST", "/v1/rank", rank, RankAnswer, body=RankRequest, asks=BACKEND, problems=STREAMED),
    Endpoint(
        "POST", "/v1/rewards", reward, Accepted, body=RewardRequest, asks=BACKEND, problems=(*STREAMED, EventUnknown)
    ),
    Endpoint("GET", "/.well-known/mien", service, SignedAnswer),
    Endpoint(
        "GET", "/v1/sites/{site}/notices/{locale}", notice, Notice, problems=(NotFound,),
        parameters=(text("site", r"^[a-z][a-z0-9-]{1,40}$"), text("locale", r"^[a-z]{2}$")),
    ),
    _signed("/v1/consents", consent, ConsentAnswer, NoticeStale, ConsentMissing, EnvelopeInvalid, SealKeyUnknown, SealKeyExpired),
    _signed("/v1/withdrawals", withdraw, ConsentAnswer),
    _signed("/v1/capabilities", capability, CapabilityAnswer, ConsentMissing, PolicyDenied),
    _signed("/v1/keys", change_keys, ConsentAnswer, EnvelopeInvalid, SealKeyUnknown, SealKeyExpired),
    Endpoint("GET", "/v1/me", export, ExportAnswer, asks=STATEMENT, problems=(*SIGNED, ExportTooLarge)),
    _signed("/v1/me/corrections", correct, Accepted, RecordUnknown, EnvelopeInvalid, SealKeyUnknown, SealKeyExpired),
    _signed("/v1/erasures", erase, ErasureAnswer),
    Endpoint(
        "GET", "/v1/erasures/{erasure}", erasure, ErasureAnswer, problems=(ErasureUnknown,),
        parameters=(text("erasure", r"^[a-z]{2,4}_[a-z2-7]{26}$"),),
    ),
)  # fmt: skip
