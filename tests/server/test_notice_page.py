"""The notice as a page: everything that was signed is on it, in order, for every reader (WCAG 2.2 AA), and a hostile name does nothing."""

import asyncio
import base64
import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.server.web import Web
from tests.server.world import MakeWorld, World, shop

import mien_policies
from mien.values import PURPOSES
from mien.wire.canonical import b64, encode
from mien.wire.messages import Notice, PurposeDoc, dump
from mien_server.app import create_app
from mien_server.routes.page import AUTONYMS, POLICY, STYLE, notice_page
from mien_server.settings import Settings

LOCALES = ("de", "en", "es", "fr", "ru", "zh")
VOID = {"meta", "br", "hr", "link", "img", "input"}
ASKED = ("personalize_offers", "adapt_service", "declare_mood")


def notice(
    locale: str = "de",
    *,
    controller: str = "Laden GmbH",
    contact: str = "privacy@laden.example",
    **other: Any,
) -> Notice:
    """What a shop shows in `locale`."""
    source = mien_policies.notice(locale)
    given = {
        "site": "shop", "locale": source.locale, "version": source.version, "title": source.title,
        "text": source.fill(controller=controller, contact=contact, retention_days=30, consent_days=180, evidence_days=1095, purposes=ASKED),
        "purposes": [PurposeDoc(id=p, title=source.purposes[p].title, text=source.purposes[p].sentence) for p in ASKED],  # type: ignore[arg-type]
        "controller": controller, "contact": contact, "retention_days": 30,
        "release": source.fill_release(controller=controller, retention_days=30),
    }  # fmt: skip
    return Notice(**{**given, **other})


@dataclass
class Node:
    """An element: its attributes, and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: "list[Node | str]" = field(default_factory=list)

    def all(self, *tags: str) -> "list[Node]":
        """Elements of these kinds (or of any), in the order of the page."""
        return [node for node in self if not tags or node.tag in tags]

    def one(self, tag: str) -> "Node":
        (found,) = self.all(tag)
        return found

    def text(self) -> str:
        """What is read."""
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for part in self.inside:
            yield from [part] if isinstance(part, str) else part._words()

    def __iter__(self) -> "Iterator[Node]":
        for part in self.inside:
            if isinstance(part, Node):
                yield part
                yield from part


class Strict(HTMLParser):
    """A tree of a page in which every element is closed by its own end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def tree(page: str) -> Node:
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == [parser.root]
    return parser.root.one("html")


def told(notice: Notice) -> str:
    """What a reader of the Markdown reads: its words, without its marks."""
    html = MarkdownIt("commonmark").render(notice.text)
    return tree(f"<html>{html}</html>").text()


# ---- everything, in order ----
@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_says_what_the_notice_says_and_nothing_else(locale: str) -> None:
    shown = notice(locale)
    main = tree(notice_page(shown, locale, LOCALES)).one("main")
    spaces = re.compile(r"\s+")
    assert spaces.sub("", main.text()) == spaces.sub("", told(shown) + shown.release)
    assert main.one("blockquote").text() == mien_policies.plain(shown.release)


@pytest.mark.parametrize("locale", LOCALES)
def test_each_purpose_is_a_section_of_its_own_with_its_heading(locale: str) -> None:
    shown = notice(locale)
    (lists,) = [
        n
        for n in tree(notice_page(shown, locale)).all("ul")
        if n.attributes.get("class") == "purposes"
    ]
    sections = [item.one("section") for item in lists.all("li")]
    assert [s.attributes["id"] for s in sections] == list(ASKED)
    for section, purpose in zip(sections, shown.purposes, strict=True):
        assert section.one("h3").text() == mien_policies.plain(purpose.title)
        assert section.one("p").text() == mien_policies.plain(purpose.text)


def test_purposes_that_the_text_does_not_list_are_shown_after_it() -> None:
    shown = notice("en", text="# May we read your expression?\n\nA shop would like to.\n")
    main = tree(notice_page(shown, "en")).one("main")
    assert [n.text() for n in main.all("h3")] == [p.title for p in shown.purposes]


def test_a_page_names_the_identity_of_its_notice() -> None:
    shown = notice("fr")
    named = {
        m.attributes.get("name"): m.attributes.get("content")
        for m in tree(notice_page(shown, "fr")).all("meta")
    }
    assert named["mien:notice-sha256"] == b64(hashlib.sha256(encode(dump(shown))).digest())
    assert named["mien:notice-version"] == shown.version


# ---- structure (WCAG 1.3.1, 2.4.1, 2.4.2, 2.4.6, 3.1.1) ----
@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_has_a_language_a_title_landmarks_and_headings_in_order(locale: str) -> None:
    shown = notice(locale)
    page = notice_page(shown, locale, LOCALES)
    html = tree(page)
    assert page.startswith("<!doctype html>\n")
    assert html.attributes == {"lang": locale, "dir": "ltr"}
    assert html.one("title").text() == mien_policies.plain(f"{shown.title} Laden GmbH")
    assert [n.tag for n in html.one("body").inside if isinstance(n, Node)] == ["main", "footer"]
    headings = [int(n.tag[1]) for n in html.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(headings))
    assert all(n.text() for n in html.all("h1", "h2", "h3", "li", "p", "a"))
    ids = [n.attributes["id"] for n in html if "id" in n.attributes]
    assert len(set(ids)) == len(ids)


def test_what_is_written_from_right_to_left_says_so() -> None:
    html = tree(notice_page(notice("en").model_copy(update={"locale": "ar"}), "ar"))
    assert html.attributes == {"lang": "ar", "dir": "rtl"}


@pytest.mark.parametrize("locale", LOCALES)
def test_other_languages_are_named_in_their_own_words_and_marked(locale: str) -> None:
    links = tree(notice_page(notice(locale), locale, LOCALES)).one("nav").all("a")
    assert [a.attributes["lang"] for a in links] == list(LOCALES)
    assert [a.attributes["href"] for a in links] == [f"../{code}/page" for code in LOCALES]
    assert [a.text() for a in links] == [AUTONYMS[code] for code in LOCALES]
    assert [a.attributes["lang"] for a in links if "aria-current" in a.attributes] == [locale]


def test_every_language_that_ships_has_a_name() -> None:
    assert set(AUTONYMS) == set(mien_policies.locales())


# ---- a language that there is none in (WCAG 3.1.2) ----
@pytest.mark.parametrize("asked", ["it", "pt-BR", "xx", "<b>", '"><script>', "", "zz" * 500])
def test_a_page_in_another_language_than_asked_for_says_so_first(asked: str) -> None:
    html = tree(notice_page(notice("en"), asked, LOCALES))
    header, main, _ = [n for n in html.one("body").inside if isinstance(n, Node)]
    assert (header.tag, header.attributes["lang"]) == ("header", "en")
    assert "not available in the language you asked for" in header.text()
    assert "shown in English" in header.text()
    assert header.one("a").attributes["href"] == "#languages"
    assert html.one("nav").attributes["id"] == "languages"
    assert main.attributes["lang"] == "en"
    assert not html.all("b", "script")


def test_a_fallback_that_is_not_english_is_marked_as_what_it_is() -> None:
    html = tree(notice_page(notice("de"), "it"))
    header, main = [n for n in html.one("body").inside if isinstance(n, Node)]
    assert header.attributes["lang"] == "en"
    assert (header.one("span").attributes["lang"], header.one("span").text()) == ("de", "Deutsch")
    assert main.attributes["lang"] == html.attributes["lang"] == "de"
    assert not header.all("a")


@pytest.mark.parametrize("asked", ["de", "DE", "de-AT", "de_CH", " de "])
def test_a_page_in_the_language_asked_for_says_nothing_of_it(asked: str) -> None:
    assert not tree(notice_page(notice("de"), asked)).all("header")


# ---- nothing from elsewhere, nothing that acts ----
@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_has_no_script_and_nothing_from_elsewhere(locale: str) -> None:
    page = notice_page(notice(locale), "xx", LOCALES)
    html = tree(page)
    assert not html.all("script", "img", "link", "iframe", "form", "input", "object", "base")
    for node in html:
        assert not [a for a in node.attributes if a.startswith("on") or a in {"style", "src"}]
    assert not re.search(r"url\(|@import|https?:", page)


def test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_more() -> None:
    style = tree(notice_page(notice(), "de")).one("style")
    (words,) = style.inside
    assert isinstance(words, str)
    digest = base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in POLICY


HOSTILE = (
    "<script>alert(1)</script>", "</title><script>alert(1)</script>", "</style><style>*{display:none}</style>", '"><img src=x onerror=alert(1)>',
    "[press](javascript:alert(1))", "![x](https://evil.example/p.png)", "<https://evil.example>", "A\n\n# You must agree\n\n- yes", "**loud**",
    "`code`", "# one", "1. one", "---", "&lt;script&gt;", "a\\", "</main>", "<!-- ", "Shop\u202eevil", "x\x00y", "{contact}", "{purposes}",
)  # fmt: skip


def shape(page: str) -> list[tuple[str, dict[str, str]]]:
    """Every element of a page with its attributes, but for the identity."""
    return [(n.tag, {k: v for k, v in n.attributes.items() if k != "content"}) for n in tree(page)]


PLAIN = {locale: shape(notice_page(notice(locale), locale, LOCALES)) for locale in LOCALES}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_name_is_only_ever_text(locale: str, value: str) -> None:
    shown = notice(locale, controller=value, contact=value)
    page = notice_page(shown, locale, LOCALES)
    assert shape(page) == PLAIN[locale]
    assert tree(page).one("main").text().count(mien_policies.plain(value)) >= 4


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(LOCALES),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.text(st.characters(codec="utf-8"), max_size=60),
)
def test_any_name_is_only_ever_text(locale: str, controller: str, contact: str) -> None:
    shown = notice(locale, controller=f"a{controller}z", contact=f"b{contact}y")
    assert shape(notice_page(shown, locale, LOCALES)) == PLAIN[locale]


def test_a_hostile_notice_is_only_ever_text() -> None:
    """A bundle's words are trusted to be words, not to be safe HTML."""
    evil = "<script>alert(1)</script><b onclick=x>b</b>![p](https://evil.example/p.png) [l](javascript:x)"
    shown = notice(
        "en", title=evil[:150], text=f"# {evil}\n\n{evil}\n", release=evil, version="<b>",
        purposes=[PurposeDoc(id="contribute", title=evil[:100], text=evil)],
    )  # fmt: skip
    html = tree(notice_page(shown, "en", ("<b>", '"')))
    assert not html.all("script", "b", "img")
    assert not [
        n for n in html if any(v.startswith("javascript") for v in n.attributes.values()) or "onclick" in n.attributes
    ]  # fmt: skip


# ---- what is seen (WCAG 1.4.3, 1.4.4, 1.4.10, 1.4.11, 1.4.12, 2.4.7, 2.5.8) ----
def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_published() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE)
    return {
        name: dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", rules))
        for name, rules in (("light", light), ("dark", dark))
    }


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_can_be_read_in_light_and_in_dark(mode: str) -> None:
    palette = palettes()[mode]
    assert set(palette) == {"ground", "ink", "quiet", "line", "link"}
    for words in ("ink", "quiet", "link"):
        assert contrast(palette[words], palette["ground"]) >= 4.5, words
    assert contrast(palette["line"], palette["ground"]) >= 3  # WCAG 1.4.11
    assert (luminance(palette["ground"]) > 0.5) == (mode == "light")


def test_every_colour_is_one_of_the_palette() -> None:
    rules = re.sub(r":root \{.*?\}", "", STYLE)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", rules)
    assert set(re.findall(r"var\(--(\w+)\)", rules)) == set(palettes()["light"])
    assert "prefers-color-scheme: dark" in STYLE
    assert "color-scheme: light dark" in STYLE


def test_sizes_follow_the_reader() -> None:
    assert not re.search(r"\d(px|pt|cm|mm|in|vw|vh)\b", STYLE)
    assert re.search(r"max-width: (\d+)ch", STYLE)[1] in {"60", "65", "70"}  # type: ignore[index]
    assert "overflow-wrap: anywhere" in STYLE  # a long word does not make the page scroll sideways
    assert not re.search(r"[^-]height: \d|overflow: hidden|white-space: nowrap", STYLE)
    metas = {
        m.attributes.get("name"): m.attributes.get("content")
        for m in tree(notice_page(notice(), "de")).all("meta")
    }
    assert metas["viewport"] == "width=device-width, initial-scale=1"  # zooming is not forbidden


def test_where_the_keyboard_is_can_be_seen() -> None:
    assert re.search(r"a:focus-visible \{ outline: [\d.]+rem solid var\(--link\)", STYLE)
    assert not re.search(r"outline: (none|0\b(?!\.))", STYLE)


# ---- over HTTP ----
@pytest.fixture
def web(make_world: MakeWorld) -> Iterator[Web]:
    world: World = make_world()

    async def prepared() -> None:
        async with world:
            other = shop("evil", controller="<script>alert(1)</script>")
            await world.store.transact(lambda t: t.sites.put(other))

    asyncio.run(prepared())
    settings = Settings(database=world.address, keys=world.key_directory, origin="shop.example/log")
    with Web(create_app(settings, clock=world.clock)) as served:
        yield served


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_shows_the_notice_that_is_signed(web: Web, locale: str) -> None:
    answer = web.get(f"/v1/sites/shop/notices/{locale}/page")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == locale
    signed = Notice.model_validate_json(web.get(f"/v1/sites/shop/notices/{locale}").content)
    assert b64(hashlib.sha256(encode(dump(signed))).digest()) in answer.text
    assert tree(answer.text).one("main").text().startswith(mien_policies.plain(signed.title))


def test_the_browser_is_told_one_policy_that_lets_the_page_have_its_style(web: Web) -> None:
    answer = web.get("/v1/sites/shop/notices/de/page")
    assert answer.headers.get_list("content-security-policy") == [POLICY]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert web.get("/v1/sites/shop/notices/de").headers.get_list("content-security-policy") == [
        "default-src 'none'; frame-ancestors 'none'"
    ]


@pytest.mark.parametrize("asked", ["it", "pt-BR", "%3Cscript%3E", "x" * 2000, "..%2e", "%00"])
def test_an_unavailable_language_is_answered_in_english(web: Web, asked: str) -> None:
    answer = web.get(f"/v1/sites/shop/notices/{asked}/page")
    assert (answer.status_code, answer.headers["content-language"]) == (200, "en")
    assert "not available in the language you asked for" in answer.text
    assert not tree(answer.text).all("script")


def test_a_hostile_site_is_shown_as_text(web: Web) -> None:
    answer = web.get("/v1/sites/evil/notices/en/page")
    assert not tree(answer.text).all("script")
    assert "&lt;script&gt;" in answer.text


def test_an_unknown_site_has_no_page(web: Web) -> None:
    answer = web.get("/v1/sites/nobody/notices/en/page")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_the_links_of_a_page_lead_to_pages(web: Web) -> None:
    html = tree(web.get("/v1/sites/shop/notices/it/page").text)
    links = [a.attributes["href"] for a in html.one("nav").all("a")]
    assert len(links) == len(LOCALES)
    for href in links:
        path = "/v1/sites/shop/notices/" + href.removeprefix("../")
        assert web.get(path).status_code == 200


def test_all_purposes_have_room_on_a_page() -> None:
    source = mien_policies.notice("ru")
    docs = [PurposeDoc(id=p, title=source.purposes[p].title, text=source.purposes[p].sentence) for p in PURPOSES]  # fmt: skip
    text = source.fill(
        controller="x" * 200, contact="y" * 200, retention_days=36_500, consent_days=36_500,
        evidence_days=36_500, purposes=PURPOSES,
    )  # fmt: skip
    html = tree(notice_page(notice("ru", text=text, purposes=docs), "ru"))
    assert len(html.all("section")) == len(PURPOSES)
