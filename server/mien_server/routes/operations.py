"""What operators and their machines ask: alive, ready, counts, the description of the API."""

import json
from typing import Literal

from starlette.responses import Response

from mien.wire.messages import Message
from mien_server.errors import NotFound, NotReady
from mien_server.metrics import CONTENT_TYPE
from mien_server.routes.call import Call, answer, public
from mien_server.routes.endpoint import Endpoint


class Health(Message):
    """The process answers."""

    alive: Literal[True] = True


class Ready(Message):
    """Everything needed to serve is there."""

    ready: Literal[True] = True


async def healthz(call: Call) -> Response:
    """200 while the process answers."""
    del call
    return answer(Health())


async def readyz(call: Call) -> Response:
    """200 while store, keys, policies and today's sealing key are there; 503 says which is not."""
    await call.services.ready()
    return answer(Ready())


async def metrics(call: Call) -> Response:
    """Counts in the Prometheus text format."""
    if not call.services.publish_metrics:
        msg = "no such page; the reference of the API lists them"
        raise NotFound(msg)
    return Response(call.services.meters.text(), media_type=CONTENT_TYPE)


async def openapi(call: Call) -> Response:
    """This description."""
    return public(
        call, Response(json.dumps(call.services.openapi()), media_type="application/json")
    )


ENDPOINTS = (
    Endpoint("GET", "/healthz", healthz, Health),
    Endpoint("GET", "/readyz", readyz, Ready, problems=(NotReady,)),
    Endpoint("GET", "/metrics", metrics, CONTENT_TYPE, problems=(NotFound,)),
    Endpoint("GET", "/openapi.json", openapi, "application/json"),
)
