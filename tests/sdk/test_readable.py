"""The page of an export: all of it is there, none of it can act, and it stands by itself."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mien import cli
from mien.client import readable
from mien.wire.canonical import b64, encode
from mien.wire.keys import SigningKey
from mien.wire.signatures import Kind, sign

VOID = {"meta"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "b", "code", "nav", "ul", "ol", "li", "a", "section", "div",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "time", "details", "summary",
}  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>", "</table></main><h1>x", '"><img src=x onerror=alert(1)>', "' onfocus='x", "javascript:alert(1)", "&lt;b&gt;", "<!--", "]]>",
    "</style><style>*{display:none}", "a\u202egnp.exe", "nul\x00l", "bell\x07", "<a href=https://evil.example>", "{{7*7}}",
]  # fmt: skip
AT = 1_795_348_800


class Page(HTMLParser):
    """A strict reader: every element is closed in order, and only known ones and harmless attributes occur."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return "".join(self.text)


def label(number: int, **other: Any) -> dict[str, Any]:
    return {
        "record": f"rec_{'a' * 26}-{number:02}", "class": "label", "retain_until": AT + 86_400 * 30 + number, "ended_at": AT + number, "window": 2,
        "expression": "joy", "second": None, "state": "interested", "polarity": "none", "valence": -3, "arousal": 5, "confidence": 14, "source": "face",
        "model": 1, **other,
    }  # fmt: skip


def export_of(**other: Any) -> dict[str, Any]:
    """An export with a row of everything."""
    decision = {"v": 2, "action": "record", "allow": True, "purpose": "personalize_offers", "at": AT, "laws": ["GDPR 9(2)(a)"], "policies": ["consent-covers"],
                "bundle_version": "2026.11", "asked": [{"sector": "retail"}]}  # fmt: skip
    receipt = sign(Kind.RECEIPT, {"outcome": "given", "at": AT}, SigningKey.from_secret(bytes(range(32))))  # fmt: skip
    return {
        "v": 2, "site": "shop", "subject": "sub_" + "b" * 26, "at": AT,
        "consent": {"state": "given", "purposes": ["personalize_offers"], "expires_at": AT + 9, "gpc_at": 0, "guardian": False},
        "evidence": [{"evidence": "evd_x", "at": AT, "retain_until": AT + 5, "file": {"v": 1, "receipt": receipt}}],
        "keys": [{"id": "kkkk", "role": "device", "added_at": AT}],
        "labels": [label(n) for n in range(3)],
        "events": [{"event": "evt_x", "at": AT, "retain_until": AT + 7, "used_emotion": True, "basis": ["personalize_offers"], "places": [
            {"offer": "offer-1", "chance_millionths": 250_000, "reward_percent": 100, "features_millionths": {"3": 500_000}}]}],
        "decisions": [{"nonce": b64(bytes(32)), "record": encode(decision).decode(), "retain_until": AT + 8}],
        "holds": [{"hold": "hld_x", "reason": "a claim", "placed_at": AT, "ends_at": AT + 10, "over_at": 0}],
        "participations": [{"round": "rnd_x", "at": AT, "noise_thousandths": 6000, "delta_one_in": 1_000_000, "epsilon_millionths": 690_001}],
        "untold": [{"id": "ntf_x", "kind": "withdrawn", "at": AT, "purposes": ["contribute"], "attempts": 2}],
        "unreadable": [{"what": "label", "id": "rec_y", "retain_until": AT + 11}],
        "signature": "aaa.bbb.ccc", **other,
    }  # fmt: skip


def leaves(value: Any) -> list[Any]:
    """Every scalar in a value."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)] + list(value)
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


def visible(text: str) -> str:
    return "".join(s if s.isprintable() or s in "\u200c\u200d" else "\N{REPLACEMENT CHARACTER}" for s in text)  # fmt: skip


def holds(found: str, page: Page, value: Any) -> bool:
    """Whether a scalar of an export can be read in its page."""
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, str):
        return visible(value) in found
    times = [dict(attrs).get("datetime") for tag, attrs in page.seen if tag == "time"]
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if 0 < value < 2**40 else ""  # fmt: skip
    return str(value) in found or when in times or value == 0


def test_a_page_of_everything_holds_every_value_of_it() -> None:
    export = export_of()
    page = Page(readable(export))
    parts = [export[name] for name in export]
    values = [leaf for part in parts for leaf in leaves(part) if not isinstance(leaf, str) or " " not in leaf]  # fmt: skip
    names = {
        name
        for name in values
        if isinstance(name, str) and re.fullmatch(r"[a-z_]+", name) and name not in page.words
    }
    # Names of columns are in words; nothing else may be missing.
    assert names <= COLUMNS | {"v"}
    missing = [v for v in values if v not in names and not holds(page.words, page, v)]
    assert missing in ([], [2])  # the format's version says nothing to a reader


TEXT = st.sampled_from(HOSTILE) | st.text(max_size=12)
VALUES = st.recursive(
    TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SECTION = st.sampled_from([
    "consent", "evidence", "keys", "labels", "events", "decisions", "holds", "participations", "untold", "site", "subject", "at", "v", "other"
])  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    changed=st.dictionaries(SECTION, VALUES, max_size=3),
    row=st.dictionaries(st.sampled_from(["record", "file", "places", "basis", "at", "retain_until", "source", "x"]), VALUES, max_size=4),
    name=SECTION,
)  # fmt: skip
def test_whatever_it_holds_is_escaped_and_there(
    changed: dict[str, Any], row: dict[str, Any], name: str
) -> None:
    export = export_of(**{**changed, name: [row, row]})
    page = Page(readable(export))
    for part in set(export) - {"v", "site", "subject", "at"}:
        for text in leaves(export[part]):
            if isinstance(text, str) and not text.startswith("{"):  # a decision is taken apart
                assert visible(text) in page.words or text in COLUMNS, (part, text)


COLUMNS = {
    "record", "class", "retain_until", "ended_at", "window", "expression", "second", "state", "polarity", "valence", "arousal", "confidence", "source",
    "model", "event", "at", "used_emotion", "basis", "places", "offer", "chance_millionths", "reward_percent", "features_millionths",
    "nonce", "hold", "reason", "placed_at", "ends_at", "over_at", "id", "kind", "purposes", "attempts", "evidence", "file", "role", "added_at",
    "round", "noise_thousandths", "delta_one_in", "epsilon_millionths",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    export = export_of(
        site=text, subject=text, consent={text: text}, keys=[{"id": text, text: text}], labels=[label(1, expression=text, source=text)],
        events=[{"event": text, "places": [{"offer": text}], "basis": [text]}], decisions=[{"record": json.dumps({text: text}), "nonce": text}, {"record": text}],
        evidence=[{"file": {text: text, "receipt": f"{text}.b.c"}}], holds=[{"reason": text}], **{text: text},
    )  # fmt: skip
    page = Page(readable(export))
    assert visible(text) in page.words
    plain = Page(readable(export_of()))
    allowed = {name for _tag, attrs in plain.seen for name in attrs}
    for tag, attrs in page.seen:
        assert set(attrs) <= allowed
        assert tag != "a" or re.fullmatch(r"#part-[0-9]+", attrs["href"] or "")


def test_every_label_has_its_row() -> None:
    export = export_of(labels=[label(n % 64, record=f"rec_{n:026}") for n in range(2000)])
    html = readable(export)
    found = re.findall(r"<td>(rec_[0-9]{26})</td>", html)
    assert found == [each["record"] for each in export["labels"]]
    assert "What was read from your face, or told by you: 2000" in html


def test_it_stands_by_itself_and_can_be_read_by_everybody() -> None:
    html = readable(export_of())
    assert html == readable(export_of())
    page = Page(html)
    assert not re.search(
        r"<script|<link|<img|<iframe|<form|url\(|@import|https?://|\son[a-z]+=", html
    )
    tags = [tag for tag, _attrs in page.seen]
    assert dict(page.seen)["html"] == {"lang": "en"}
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert tags.count("table") == tags.count("caption") == tags.count("thead") > 5
    assert all(attrs == {"scope": "col"} for tag, attrs in page.seen if tag == "th")
    ids = [attrs["id"] for _tag, attrs in page.seen if "id" in attrs]
    assert len(set(ids)) == len(ids)
    targets = [str(attrs["href"])[1:] for tag, attrs in page.seen if tag == "a"]
    assert targets == ids
    assert {attrs["aria-labelledby"] for tag, attrs in page.seen if tag in {"section", "div"}} <= set(ids)  # fmt: skip
    scrolled = [attrs for tag, attrs in page.seen if tag == "div"]
    assert all(attrs["tabindex"] == "0" and attrs["role"] == "region" for attrs in scrolled)
    policy = next(str(attrs["content"]) for _tag, attrs in page.seen if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_its_colours_can_be_told_apart() -> None:
    """WCAG 2.2: 1.4.3 for text (4.5), 1.4.11 for lines and focus (3), in light and dark."""
    html = unescape(readable(export_of()))
    for block in re.findall(r":root \{([^}]*--ground[^}]*)\}", html):
        colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
        for ground in ("ground", "band"):
            for name, least in (("ink", 4.5), ("quiet", 4.5), ("link", 4.5), ("line", 3)):
                light, dark = sorted((_luminance(colours[name]), _luminance(colours[ground])))[::-1]
                if (name, ground) != ("line", "band"):
                    assert (light + 0.05) / (dark + 0.05) >= least, (name, ground)


def test_nothing_held_is_said_so() -> None:
    page = Page(readable(export_of(labels=[], events=None)))
    assert page.words.count("Nothing.") == 3  # no answers to lessons either


# ---- on the command line ----
def written(tmp_path: Path, export: dict[str, Any]) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export))
    return path


def verified(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["me", "verify", *map(str, words)])
    return done.exit_code, done.output


def test_what_is_no_export_does_not_verify(tmp_path: Path) -> None:
    trust = SigningKey.generate().verify_key().text()
    for content in ({}, {"signature": "a.b.c"}, {"signature": 3}):
        status, said = verified(written(tmp_path, content), "--trust", trust)
        assert (status, said[:3]) == (1, "No:")
    (tmp_path / "export.json").write_text("[]")
    assert verified(tmp_path / "export.json", "--trust", trust)[0] == 1
    (tmp_path / "export.json").write_text("{")
    assert verified(tmp_path / "export.json", "--trust", trust)[0] == 1
