"""A notice as an accessible HTML page (WCAG 2.2 AA): made from its Markdown, without a script and without anything from elsewhere.

The page shows what a `Notice` says, all of it and nothing else; its identity, the SHA-256 that a consent is bound to, stands in the page's head.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Final

from markdown_it import MarkdownIt

from mien.wire.canonical import b64, encode
from mien.wire.messages import Notice, PurposeDoc, dump
from mien_policies import language, listed, plain

STYLE: Final = """
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1b1d21; --quiet: #50545c; --line: #8a8f98; --link: #0b4fa3; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15171b; --ink: #eceef2; --quiet: #b4b9c2; --line: #7d838d; --link: #9cc6ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 65ch; background: var(--ground); color: var(--ink);
  font: 1.125rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 1rem 0; }
h2 { font-size: 1.375rem; line-height: 1.3; margin: 2.25rem 0 0.5rem; }
h3 { font-size: 1.125rem; margin: 0 0 0.25rem; }
p { margin: 0 0 1rem; }
ul { padding-inline-start: 1.5rem; }
li { margin-bottom: 0.5rem; }
em:lang(zh), em:lang(ja), em:lang(ko) { font-style: normal; font-weight: 600; }
a { color: var(--link); text-underline-offset: 0.2em; }
a:focus-visible { outline: 0.1875rem solid var(--link); outline-offset: 0.1875rem; }
.purposes { list-style: none; padding: 0; }
.purposes > li, .release, .unavailable { border: 0.0625rem solid var(--line); border-radius: 0.375rem; padding: 0.75rem 1rem; margin: 0 0 0.75rem; }
.purposes p, .release p, .unavailable p { margin: 0; }
footer { margin-top: 3rem; border-top: 0.0625rem solid var(--line); color: var(--quiet); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; }
nav a { display: inline-block; min-width: 1.75rem; padding: 0.25rem 0; }
"""
POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy: its own style sheet, by its hash, and nothing more."""
AUTONYMS: Final = {
    "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "ru": "Русский", "zh": "中文",
}  # fmt: skip
"""What a language calls itself; one that is not here is shown by its code."""
LEFTWARD: Final = frozenset(("ar", "fa", "he", "ur"))
"""Written from right to left."""


def notice_page(notice: Notice, asked: str, languages: Sequence[str] = ()) -> str:
    """`notice` as a whole HTML document. `asked` is the language tag that was asked for; `languages` are those there are, linked at the end.

    Where the notice is not in the language asked for, the page begins by saying so in English.
    """
    direction = "rtl" if notice.locale in LEFTWARD else "ltr"
    identity = b64(hashlib.sha256(encode(dump(notice))).digest())
    return (
        "<!doctype html>\n"
        f'<html lang="{notice.locale}" dir="{direction}">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="mien:notice-version" content="{escape(notice.version)}">\n'
        f'<meta name="mien:notice-sha256" content="{identity}">\n'
        f"<title>{escape(notice.title)} {escape(plain(notice.controller))}</title>\n"
        f"<style>{STYLE}</style>\n"
        "</head>\n"
        "<body>\n"
        f"{_unavailable(notice, asked, languages)}"
        f'<main lang="{notice.locale}">\n{_text(notice)}{_release(notice)}</main>\n'
        f"{_footer(notice, languages)}"
        "</body>\n"
        "</html>\n"
    )


_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).disable("image")
"""Markdown without HTML, and without pictures, which would load something from elsewhere."""


@lru_cache(maxsize=512)
def _block(markdown: str) -> str:
    """Paragraphs, lists and headings. Remembered: rendering takes milliseconds, and a site's words seldom change."""
    html: str = _MARKDOWN.render(markdown)
    return html


@lru_cache(maxsize=512)
def _inline(markdown: str) -> str:
    """What stands inside a line."""
    html: str = _MARKDOWN.renderInline(markdown)
    return html


def _text(notice: Notice) -> str:
    """The text, with its list of purposes as one section each."""
    before, found, after = notice.text.partition(
        listed([(purpose.title, purpose.text) for purpose in notice.purposes])
    )
    items = "".join(_purpose(purpose) for purpose in notice.purposes)
    purposes = f'<ul class="purposes" role="list">\n{items}</ul>\n'
    # A notice that words its list otherwise still shows every purpose, after its text.
    return _block(before) + (purposes + _block(after) if found else purposes)


def _purpose(purpose: PurposeDoc) -> str:
    return (
        f'<li><section id="{purpose.id}"><h3>{_inline(purpose.title)}</h3>'
        f"<p>{_inline(purpose.text)}</p></section></li>\n"
    )


def _release(notice: Notice) -> str:
    return f'<blockquote class="release"><p>{escape(notice.release)}</p></blockquote>\n'


def _unavailable(notice: Notice, asked: str, languages: Sequence[str]) -> str:
    """In English, because nobody knows what else the reader reads. What was asked for is not repeated: it came from the address."""
    if language(asked) == notice.locale:
        return ""
    shown = AUTONYMS.get(notice.locale, notice.locale)
    more = ' <a href="#languages">It is also available in these languages.</a>' if languages else ""
    return (
        '<header class="unavailable" lang="en" dir="ltr"><p>We are sorry: this notice is not available in the language you asked for. '
        f'It is shown in <span lang="{notice.locale}">{escape(shown)}</span>.{more}</p></header>\n'
    )


def _footer(notice: Notice, languages: Sequence[str]) -> str:
    if not languages:
        return ""
    return (
        '<footer>\n<nav id="languages" aria-label="Languages" lang="en">\n<ul role="list">\n'
        f"{''.join(_link(notice, code) for code in languages)}</ul>\n</nav>\n</footer>\n"
    )


def _link(notice: Notice, code: str) -> str:
    name, safe = escape(AUTONYMS.get(code, code)), escape(code)
    here = ' aria-current="page"' if code == notice.locale else ""
    return f'<li><a href="../{safe}/page" lang="{safe}" hreflang="{safe}"{here}>{name}</a></li>\n'
