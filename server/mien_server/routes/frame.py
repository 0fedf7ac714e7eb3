"""The document of a frame: what a shop's page embeds of this server. It shows nothing without its script, and everything that runs in it is from here.

Its Content-Security-Policy lets only the site's registered origins embed it, loads nothing from elsewhere, and names the import map by its hash; the map
holds the integrity of every piece that the script loads later.
"""

import base64
import hashlib
import json
from html import escape
from typing import Any, Final

from mien_server.built import WebBuild
from mien_server.values import Site

PERMISSIONS: Final = "camera=(self), microphone=()"
WORKER_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
)
"""Of the camera's worker: it loads the runtime and the models from here, and reaches nothing else."""
UP: Final = "../"
"""From the document to its files."""
CAMERA: Final = ("worker", "wasm", "models")


def frame_page(site: Site, trust: str, build: WebBuild) -> tuple[str, str]:
    """The document for this site, and its Content-Security-Policy."""
    imports = _imports(build)
    script = build.entries["frame"]
    page = (
        "<!doctype html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>mien: {escape(site.name)}</title>\n"
        f'<script type="application/json">{_data(_said(site, trust, build))}</script>\n'
        f'<script type="importmap">{imports}</script>\n'
        f'<script type="module" src="{UP}{script}" integrity="{build.integrity(script)}"></script>\n'
        "</head>\n"
        "<body>\n"
        f'<main id="mien"><p>This is a part of pages of {escape(site.name)}. On its own it shows nothing.</p></main>\n'
        "</body>\n"
        "</html>\n"
    )
    return page, _policy(site, imports)


def _said(site: Site, trust: str, build: WebBuild) -> dict[str, Any]:
    """What the script reads: `sdk/web/src/frame/document.ts` knows the same fields."""
    return {
        "site": {
            "id": site.id, "name": site.name, "controller": site.controller, "contact": site.contact, "jurisdictions": list(site.jurisdictions),
            "sector": site.sector, "roles": list(site.roles),
        },
        "origins": list(site.origins),
        "trust": trust,
        "vision": _vision(build),
    }  # fmt: skip


def _vision(build: WebBuild) -> dict[str, Any] | None:
    if build.model is None or not set(CAMERA) <= build.entries.keys():
        return None
    worker, wasm, models = (build.entries[name] for name in CAMERA)
    return {
        "worker": {"name": worker, "integrity": build.integrity(worker)},
        "wasm": {"name": wasm, "integrity": build.integrity(wasm)},
        "models": models,
        "model": build.model,
    }


def _imports(build: WebBuild) -> str:
    """The import map (HTML, section 8.1.5.7): no other names, only what each piece must be."""
    pieces = {
        f"{UP}{name}": build.integrity(name)
        for name, file in sorted(build.files.items())
        if file.when in {"frame", "view", "yes"}
    }
    return _data({"integrity": pieces})


def _policy(site: Site, imports: str) -> str:
    embedders = " ".join(site.origins) or "'none'"
    mapped = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{mapped}'; worker-src 'self'; connect-src 'self'; style-src 'self'; "
        f"img-src 'self' data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types default; frame-ancestors {embedders}"
    )


def _data(value: dict[str, Any]) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or begins a comment."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
