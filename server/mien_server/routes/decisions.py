"""What policy would answer, and what would change it: for a site that wants to know before it asks anybody."""

from starlette.responses import Response

from mien.errors import RequestInvalid
from mien.wire.messages import Explanation, QuestionDoc
from mien_server.routes.call import Call, answer
from mien_server.routes.endpoint import BACKEND, Endpoint


async def explain(call: Call) -> Response:
    """Why a question about nobody in particular is answered as it is, and what would change the answer."""
    site, _ = await call.any_site()
    return answer(await call.pipeline.explain(site, await call.message(QuestionDoc)))


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/decisions:explain", explain, Explanation, body=QuestionDoc, asks=BACKEND, problems=(RequestInvalid,)
    ),
)  # fmt: skip
