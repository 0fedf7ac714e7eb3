"""What devices and backends ask: consent and rights, the stream of labels, ranking."""

from collections.abc import Awaitable, Callable

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
    Authenticated,
    CapabilityAnswer,
    ConsentAnswer,
    Envelope,
    ErasureAnswer,
    ExportAnswer,
    HelpAnswer,
    HelpRequest,
    Notice,
    RankAnswer,
    RankRequest,
    RewardRequest,
    SignedAnswer,
)
from mien.wire.signatures import unverified
from mien_server.errors import (
    ErasureUnknown,
    EventUnknown,
    ExportTooLarge,
    JournalUnwritable,
    NotFound,
    PersonErased,
    PersonUnknown,
    RecordUnknown,
    SiteUnknown,
)
from mien_server.routes.call import PROVEN, Call, answer, public
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
    jws = (await call.message(SignedAnswer)).jws
    # The key that signs comes with the statement: of the refusals none proves whose it is.
    with call.on_account_of(site, unverified(jws).get("subject")):
        return answer(await call.pipeline.consent(site, jws, gpc=call.gpc))


async def withdraw(call: Call) -> Response:
    """Takes purposes back, by any key of the key set; effective when answered."""
    return await _stated(call, call.pipeline.withdraw)


async def capability(call: Call) -> Response:
    """What this device may do for the next five minutes."""
    return await _stated(call, call.pipeline.capability)


async def change_keys(call: Call) -> Response:
    """Adds a key to the key set, or removes one."""
    return await _stated(call, call.pipeline.change_keys)


async def labels(call: Call) -> Response:
    """One sealed envelope of 64 slots. 200 means durable."""
    site = await call.device_site()
    envelope = await call.message(Envelope)
    with call.on_account_of(site, envelope.subject, *PROVEN):
        return answer(await call.pipeline.labels(site, envelope, gpc=call.gpc))


async def rank(call: Call) -> Response:
    """Offers in order, for a device or for nobody in particular: the same request and candidates either way."""
    site, backend = await call.any_site()
    request = await call.message(RankRequest)
    with call.on_account_of(site, _asking(request), *PROVEN):
        return answer(await call.pipeline.rank(site, request, backend=backend, gpc=call.gpc))


async def reward(call: Call) -> Response:
    """What came of a ranking."""
    site, backend = await call.any_site()
    request = await call.message(RewardRequest)
    with call.on_account_of(site, _asking(request), *PROVEN):
        return answer(await call.pipeline.reward(site, request, backend=backend, gpc=call.gpc))


async def offer_help(call: Call) -> Response:
    """Machine or human: whether to go on, or to offer a person. The same request and shape of answer with and without consent."""
    site, backend = await call.any_site()
    request = await call.message(HelpRequest)
    with call.on_account_of(site, _asking(request), *PROVEN):
        return answer(await call.pipeline.help(site, request, backend=backend, gpc=call.gpc))


async def export(call: Call) -> Response:
    """Everything held about the person who signs, sealed to the key named in the statement."""
    site, jws = await call.device_site(), call.statement()
    with call.on_account_of(site, unverified(jws).get("subject"), *PROVEN):
        return answer(await call.pipeline.export(site, jws, gpc=call.gpc))


async def correct(call: Call) -> Response:
    """What a stored label should have said."""
    return await _stated(call, call.pipeline.correct)


async def erase(call: Call) -> Response:
    """Forget this person. Effective when answered; the certificate becomes complete within 24 hours."""
    return await _stated(call, call.pipeline.erase)


async def _stated(call: Call, done: Callable[..., Awaitable[BaseModel]]) -> Response:
    """What a signed statement in the body asks for."""
    site = await call.device_site()
    jws = (await call.message(SignedAnswer)).jws
    with call.on_account_of(site, unverified(jws).get("subject"), *PROVEN):
        return answer(await done(site, jws, gpc=call.gpc))


def _asking(request: Authenticated) -> str | None:
    return request.asker.subject if request.asker else None


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
    Endpoint(
        "POST", "/v1/rank", rank, RankAnswer, body=RankRequest, asks=BACKEND, problems=(*STREAMED, PolicyDenied)
    ),
    Endpoint(
        "POST", "/v1/rewards", reward, Accepted, body=RewardRequest, asks=BACKEND, problems=(*STREAMED, EventUnknown)
    ),
    Endpoint("POST", "/v1/help", offer_help, HelpAnswer, body=HelpRequest, asks=BACKEND, problems=STREAMED),
    Endpoint("GET", "/.well-known/mien", service, SignedAnswer),
    Endpoint(
        "GET", "/v1/sites/{site}/notices/{locale}", notice, Notice, problems=(NotFound,),
        parameters=(text("site", r"^[a-z][a-z0-9-]{1,40}$"), text("locale", r"^[a-z]{2}$")),
    ),
    _signed("/v1/consents", consent, ConsentAnswer, NoticeStale, ConsentMissing, EnvelopeInvalid, SealKeyUnknown, SealKeyExpired, JournalUnwritable),
    _signed("/v1/withdrawals", withdraw, ConsentAnswer, JournalUnwritable),
    _signed("/v1/capabilities", capability, CapabilityAnswer, ConsentMissing, PolicyDenied),
    _signed("/v1/keys", change_keys, ConsentAnswer, EnvelopeInvalid, SealKeyUnknown, SealKeyExpired),
    Endpoint("GET", "/v1/me", export, ExportAnswer, asks=STATEMENT, problems=(*SIGNED, ExportTooLarge)),
    _signed("/v1/me/corrections", correct, Accepted, RecordUnknown, EnvelopeInvalid, SealKeyUnknown, SealKeyExpired),
    _signed("/v1/erasures", erase, ErasureAnswer, JournalUnwritable),
    Endpoint(
        "GET", "/v1/erasures/{erasure}", erasure, ErasureAnswer, problems=(ErasureUnknown,),
        parameters=(text("erasure", r"^[a-z]{2,4}_[a-z2-7]{26}$"),),
    ),
)  # fmt: skip
