"""What browsers load from here: the frame's document, and the files of the built web SDK."""

import asyncio
from typing import Final

from starlette.responses import FileResponse, Response

from mien_server.errors import NotFound, SiteUnknown, WebMissing
from mien_server.routes.call import Call, public
from mien_server.routes.endpoint import Endpoint, text
from mien_server.routes.frame import PERMISSIONS, WORKER_POLICY, frame_page

HTML: Final = "text/html; charset=utf-8"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
BRIEF: Final = "public, max-age=300"
"""How long a page may keep a loader that it asked for by no hash."""
SLOWEST: Final = 64 * 1024
"""Bytes a second, unpacked: a slow line still gets the runtime, four minutes after it asked."""
LOADERS: Final = {"loader.js": "loader", "module.js": "module"}
"""Names without a hash, for pages that pin none: a plain script, and a module."""


async def frame(call: Call) -> Response:
    """The document that a site's pages embed: notice, consent, camera and what is held live in it, out of the page's reach."""
    try:
        site, trust = await call.pipeline.registered(call.path("site"))
    except SiteUnknown:
        msg = "no such site here; ask the site's owner for its id"
        raise NotFound(msg) from None
    page, policy = frame_page(site, trust, call.services.built.now())
    headers = {
        "content-security-policy": policy, "permissions-policy": PERMISSIONS, "cross-origin-resource-policy": "cross-origin", "cache-control": "no-cache",
    }  # fmt: skip
    return Response(page, media_type=HTML, headers=headers)


async def web_file(call: Call) -> Response:
    """A file of the web SDK under a name that holds its hash, kept by browsers for ever; `loader.js` and `module.js` are the current ones."""
    asked = call.path("file")
    built = call.services.built
    build = built.now()
    name = build.entries.get(LOADERS.get(asked, ""), asked)
    file = build.files.get(name)
    if file is None:
        msg = "no such file of the web SDK; take the names from `manifest.json` or the frame's document"
        raise NotFound(msg)
    call.allow(file.bytes / SLOWEST)
    path, coding = built.travelling(name, _accepted(call))
    headers = {
        "vary": "accept-encoding", "etag": f'"{file.sha384[:32]}-{coding or "as-is"}"', "cache-control": BRIEF if asked in LOADERS else IMMUTABLE,
        "cross-origin-resource-policy": "cross-origin",
    }  # fmt: skip
    if name == build.entries.get("worker"):
        headers["content-security-policy"] = WORKER_POLICY
    if call.headers.get(b"if-none-match", b"").decode("latin-1") == headers["etag"]:
        return _readable(call, file.when, Response(status_code=304, headers=headers))
    if file.gzip is not None and not coding:
        data = await asyncio.to_thread(built.unpacked, path)
        return _readable(call, file.when, Response(data, media_type=file.type, headers=headers))
    if coding:
        headers["content-encoding"] = coding
    return _readable(call, file.when, FileResponse(path, media_type=file.type, headers=headers))


def _readable(call: Call, when: str, response: Response) -> Response:
    """The loaders are read by pages of other origins: a browser checks their integrity only of what a page may read."""
    return public(call, response, response.headers["cache-control"]) if when == "page" else response


def _accepted(call: Call) -> frozenset[str]:
    """The content codings of `Accept-Encoding` that are not refused (RFC 9110 section 12.5.3)."""
    offers = call.headers.get(b"accept-encoding", b"").decode("latin-1").lower().split(",")
    parts = [offer.replace(" ", "").partition(";") for offer in offers]
    return frozenset(coding for coding, _, weight in parts if weight not in {"q=0", "q=0.0"})


ENDPOINTS = (
    Endpoint(
        "GET", "/web/frame/{site}", frame, HTML, problems=(NotFound, WebMissing),
        parameters=(text("site", r"^[a-z][a-z0-9-]{1,40}$"),),
    ),
    Endpoint(
        "GET", "/web/{file:path}", web_file, "application/octet-stream", problems=(NotFound, WebMissing),
        parameters=(text("file", r"^[A-Za-z0-9_./-]{1,120}$"),),
    ),
)  # fmt: skip
