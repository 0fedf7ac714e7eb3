"""The notice for people: the same words as `GET /v1/sites/{site}/notices/{locale}`, as a page that a browser shows."""

from starlette.responses import Response

from mien_server.errors import NotFound, SiteUnknown
from mien_server.routes.call import Call, public
from mien_server.routes.endpoint import Endpoint, text
from mien_server.routes.page import POLICY, notice_page

MEDIA_TYPE = "text/html; charset=utf-8"


async def notice_as_page(call: Call) -> Response:
    """The notice as an accessible HTML page. In a language that there is none in, it is in English and says so."""
    asked = call.path("locale")
    try:
        found = await call.pipeline.notice(call.path("site"), asked)
    except SiteUnknown:
        msg = "no such site here; ask the site's owner for its id"
        raise NotFound(msg) from None
    page = notice_page(found, asked, call.pipeline.languages())
    headers = {"content-language": found.locale, "content-security-policy": POLICY}
    return public(call, Response(page, media_type=MEDIA_TYPE, headers=headers))


ENDPOINTS = (
    Endpoint(
        "GET", "/v1/sites/{site}/notices/{locale}/page", notice_as_page, MEDIA_TYPE, problems=(NotFound,),
        parameters=(
            text("site", r"^[a-z][a-z0-9-]{1,40}$"),
            text("locale", r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$"),
        ),
    ),
)  # fmt: skip
