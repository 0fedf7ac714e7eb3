"""HTTP and nothing else: who asks, what they sent, one call of the pipeline, the answer. All decisions are elsewhere.

- `endpoint`    an endpoint as a row of a table; routes and OpenAPI are made from it
- `call`        one request: keys, body, answer
- `shell`       around everything: limits by address, CORS, headers, problem documents, counts, log
- `page`        a notice as HTML
- `frame`       the document of a frame, with its policy
- `device`, `lessons`, `rounds`, `notices`, `web`, `decisions`, `audit`, `operations`   the endpoints
"""

from mien_server.routes import audit, decisions, device, lessons, notices, operations, rounds, web
from mien_server.routes.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *device.ENDPOINTS,
    *lessons.ENDPOINTS,
    *rounds.ENDPOINTS,
    *notices.ENDPOINTS,
    *web.ENDPOINTS,
    *decisions.ENDPOINTS,
    *audit.ENDPOINTS,
    *operations.ENDPOINTS,
)
