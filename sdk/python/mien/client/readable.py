"""An export as a page that a person can read: one HTML file, made on the device, without a script and without anything from elsewhere (WCAG 2.2 AA).

Everything that the export holds stands in it: what has a table gets its columns in words, whatever else a row or an export holds is listed by its
name. Every value is escaped, and of characters that a reader would not see only a mark is left.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from mien.client.opened import ON_THIS_DEVICE, SIGNATURE
from mien.errors import MienError
from mien.wire.canonical import decode
from mien.wire.signatures import unverified

Row = Mapping[str, Any]
Cell = Callable[[Any], str]
_JOINERS: Final = frozenset("\u200c\u200d")
"""Not printable by themselves, and part of how words and signs are written."""
_MILLION: Final = 1_000_000
_STYLE: Final = """
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1b1d21; --quiet: #50545c; --line: #8a8f98; --band: #f2f4f7; --link: #0b4fa3; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15171b; --ink: #eceef2; --quiet: #b4b9c2; --line: #7d838d; --band: #1e2127; --link: #9cc6ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 80rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.25; }
h2 { font-size: 1.375rem; margin: 2.5rem 0 0.5rem; }
p { max-width: 70ch; }
a { color: var(--link); text-underline-offset: 0.2em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 0.1875rem solid var(--link); outline-offset: 0.1875rem; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; }
nav a { display: inline-block; padding: 0.25rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
caption { text-align: start; color: var(--quiet); padding: 0.25rem 0; }
th, td { text-align: start; vertical-align: top; padding: 0.375rem 0.75rem; border: 0.0625rem solid var(--line); overflow-wrap: anywhere; min-width: 6rem; }
thead th { background: var(--band); }
dl { margin: 0; }
dt { font-weight: 600; }
dd { margin: 0 0 0.25rem 1rem; overflow-wrap: anywhere; }
summary { cursor: pointer; padding: 0.25rem 0; }
@media print { .scroll { overflow: visible; } nav { display: none; } }
"""
_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)


def readable(export: Mapping[str, Any]) -> str:
    """`export` (of `Client.export`, with its signature) as a whole HTML document. The same export gives the same bytes."""
    return "".join(_document(export))


def _document(export: Mapping[str, Any]) -> Iterator[str]:
    made = _moment(export.get("at"))
    title = f"What {export.get('site', 'the site')} holds about you" + (
        f", {made:%Y-%m-%d}" if made else ""
    )
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_shown(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>What is held about you</h1>\n"
        f"<p>This is everything that the site <b>{_shown(export.get('site', ''))}</b> held about you on {_when(export.get('at'))}, "
        f"under the random name {_shown(export.get('subject', ''))}. It was made on your device. Keep it private: whoever has this file can read it.</p>\n"
    )
    # What is on a device is in no export but the one that this device made: its absence says nothing.
    known = [name for name in _ORDER if name != ON_THIS_DEVICE or name in export]
    sections = [*known, *sorted(set(export) - set(_ORDER) - _HEAD)]
    links = "".join(
        f'<li><a href="#{_anchor(i)}">{_title(n)}</a></li>' for i, n in enumerate(sections)
    )
    yield f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n'
    for number, name in enumerate(sections):
        yield from _section(number, name, export.get(name))
    yield "</main>\n</body>\n</html>\n"


def _section(number: int, name: str, value: Any) -> Iterator[str]:
    title, words, columns = _SECTIONS.get(name, (name, "", ()))
    yield f'<section aria-labelledby="{_anchor(number)}">\n<h2 id="{_anchor(number)}">{_shown(title)}</h2>\n'
    if words:
        yield f"<p>{words}</p>\n"
    if value is None or value == []:
        yield "<p>Nothing.</p>\n"
    elif columns and isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
        yield from _table(number, title, value, columns)
    else:
        yield _listed(value) + "\n"
    yield "</section>\n"


def _table(number: int, title: str, rows: Sequence[Row], columns: "Columns") -> Iterator[str]:
    known = {name for name, _head, _cell in columns}
    heads = [head for _name, head, _cell in columns]
    rest = any(set(row) - known for row in rows)
    named = "".join(f'<th scope="col">{escape(head)}</th>' for head in [*heads, *["More"] * rest])
    yield (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{_anchor(number)}">\n<table>\n'
        f"<caption>{_shown(title)}: {len(rows)}</caption>\n<thead><tr>{named}</tr></thead>\n<tbody>\n"
    )
    for row in rows:
        cells = [cell(row[name]) if name in row else "" for name, _head, cell in columns]
        more = {name: value for name, value in row.items() if name not in known}
        cells += [_listed(more) if more else ""] * rest
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


# ---- values ----
def _shown(value: Any) -> str:
    """A value as text in the page: escaped, and nothing in it that hides or turns what is beside it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return escape(
        "".join(
            sign if sign.isprintable() or sign in _JOINERS else "\N{REPLACEMENT CHARACTER}"
            for sign in text
        )
    )


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _when(value: Any) -> str:
    """Unix seconds as a date and time; 0 is never."""
    found = _moment(value)
    if found is None:
        return _listed(value)
    if not value:
        return "never"
    return f'<time datetime="{found:%Y-%m-%dT%H:%M:%SZ}">{found:%Y-%m-%d %H:%M:%S} UTC</time>'


def _words(value: Any) -> str:
    if isinstance(value, list) and not any(isinstance(each, list | Mapping) for each in value):
        return ", ".join(_shown(each) for each in value) or "none"
    return _listed(value)


def _listed(value: Any) -> str:
    """Any value by its names, so that what has no column of its own is still there."""
    if isinstance(value, Mapping):
        items = "".join(
            f"<dt>{_shown(name)}</dt><dd>{_named(name, each)}</dd>" for name, each in value.items()
        )
        return f"<dl>{items}</dl>"
    if isinstance(value, list):
        if not any(isinstance(each, list | Mapping) for each in value):
            return _words(value)
        return "<ol>" + "".join(f"<li>{_listed(each)}</li>" for each in value) + "</ol>"
    return _shown(value)


def _named(name: Any, value: Any) -> str:
    timed = isinstance(name, str) and (name in _TIMES or name.endswith(("_at", "_until")))
    return _when(value) if timed and isinstance(value, int) else _listed(value)


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{summary}</summary>{inside}</details>"


# ---- what needs more than its text ----
def _seen_by(value: Any) -> str:
    words = {"face": "the camera", "declared": "you", "text": "what you wrote"}
    if isinstance(value, str) and value in words:
        return f"{words[value]} ({_shown(value)})"
    return _listed(value)


def _millionths(value: Any) -> str:
    """A share, as per cent."""
    if not isinstance(value, int):
        return _listed(value)
    return f"{value * 100 / _MILLION:.4f} % ({value} millionths)"


def _places(value: Any) -> str:
    if not isinstance(value, list):
        return _listed(value)
    return "<ol>" + "".join(f"<li>{_place(each)}</li>" for each in value) + "</ol>"


def _place(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _listed(value)
    rest = {name: each for name, each in value.items() if name not in _PLACE}
    reward = value.get("reward_percent")
    came = "no reward" if reward is None else f"reward {_listed(reward)} %"
    return (
        f"{_listed(value.get('offer'))}, chance {_millionths(value.get('chance_millionths'))}, {came}"
        + (_folded("What was known of it (millionths)", _listed(value["features_millionths"])) if "features_millionths" in value else "")
        + (_listed(rest) if rest else "")
    )  # fmt: skip


def _decided(value: Any) -> str:
    """The record of a decision: its words, then all that was asked, then the text that the log's entry is the hash of."""
    if not isinstance(value, str):
        return _listed(value)
    try:
        found = decode(value.encode())
    except (MienError, UnicodeEncodeError):
        return _shown(value)
    exact = _folded("Exact text", _shown(value))
    if not isinstance(found, Mapping):
        return exact
    short = {name: found[name] for name in _DECISION if name in found}
    rest = {name: each for name, each in found.items() if name not in _DECISION}
    return _listed(short) + (_folded("All that was asked", _listed(rest)) if rest else "") + exact


def _proof(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _listed(value)
    return "<dl>" + "".join(f"<dt>{_shown(name)}</dt><dd>{_signed(each)}</dd>" for name, each in value.items()) + "</dl>"  # fmt: skip


def _signed(value: Any) -> str:
    """A signed statement by what it says, with its exact text."""
    if not isinstance(value, str) or value.count(".") != 2:  # noqa: PLR2004 - RFC 7515 section 7.1: three parts
        return _listed(value)
    try:
        said = unverified(value)
    except MienError:
        return _shown(value)
    return _folded("What it says", _listed(said)) + _folded("Exact text", _shown(value))


Columns = tuple[tuple[str, str, Cell], ...]
_HEAD: Final = frozenset({"v", "site", "subject", "at"})
_TIMES: Final = frozenset({"at", "publish_by", "ended_at"})
_PLACE: Final = frozenset({"offer", "chance_millionths", "reward_percent", "features_millionths"})
_DECISION: Final = (
    "action",
    "purpose",
    "allow",
    "at",
    "laws",
    "policies",
    "bundle_version",
    "officer",
    "what",
)
_SECTIONS: Final[dict[str, tuple[str, str, Columns]]] = {
    "consent": ("Your consent", "What you said yes to, what you claimed, and until when it stands.", ()),
    "holds": (
        "Legal holds",
        "Somebody who answers for the site must keep what is held until then, because of a legal claim. Until then it is neither used nor deleted.",
        (("hold", "Id", _listed), ("reason", "Reason", _listed), ("placed_at", "Since", _when), ("ends_at", "Until", _when), ("over_at", "Over since", _when)),
    ),
    "labels": (
        "What was read from your face, or told by you",
        (
            "One row for each label. A label sums up a few seconds; no picture was kept or sent. Strengths are from -15 to 15, sureness from 0 to 15. "
            "Labels are kept for the purposes that your consent names, and are deleted no later than the time shown."
        ),
        (
            ("ended_at", "When", _when), ("window", "Seconds", _listed), ("source", "Told by", _seen_by), ("expression", "Expression", _listed),
            ("second", "Mixed with", _listed), ("state", "State", _listed), ("polarity", "Brief movement", _listed), ("valence", "Pleasant", _listed),
            ("arousal", "Excited", _listed), ("confidence", "Sureness", _listed), ("model", "Model", _listed), ("class", "Kind", _listed),
            ("retain_until", "Kept until", _when), ("record", "Id", _listed),
        ),
    ),
    "answers": (
        "What you answered in lessons",
        "One row for each exercise. Your answers choose your lessons, and nothing else.",
        (("at", "When", _when), ("item", "Exercise", _listed), ("correct", "Right", _listed), ("retain_until", "Kept until", _when), ("answer", "Id", _listed)),
    ),
    "events": (
        "What you were shown",
        "One row for each time that offers were put in order for you: in which order, how likely each place was, and what came of it.",
        (
            ("at", "When", _when), ("used_emotion", "Emotion was used", _listed), ("basis", "Purposes", _words), ("places", "Order", _places),
            ("retain_until", "Kept until", _when), ("event", "Id", _listed),
        ),
    ),
    "decisions": (
        "Decisions about you",
        "Every time the site wanted to use something of you, rules decided. Each decision is in a public log as a hash; nonce and exact text together are what was hashed. Each time a privacy officer looked at yours (look) is there too.",
        (("record", "Decision", _decided), ("nonce", "Nonce", _listed), ("retain_until", "Kept until", _when)),
    ),
    "evidence": (
        "Proofs of your consent",
        "What you signed and what you were answered. Kept longer than the rest, and also after an erasure, because the law wants it shown that you were asked.",
        (("at", "When", _when), ("file", "Proof", _proof), ("retain_until", "Kept until", _when), ("evidence", "Id", _listed)),
    ),
    "participations": (
        "What your part in the shared model may have told",
        (
            "One row for each release that an update of yours was in, with all that was spent until then. The smaller the epsilon (here in millionths), the less anybody "
            "can learn about you from what was released. No erasure takes it back."
        ),
        (
            ("at", "When", _when), ("epsilon_millionths", "Epsilon, millionths", _listed), ("delta_one_in", "At a delta of one in", _listed),
            ("noise_thousandths", "Noise, thousandths", _listed), ("round", "Round", _listed),
        ),
    ),
    "keys": (
        "Keys that can speak for you",
        "Your devices, your recovery code, your guardian.",
        (("role", "Whose", _listed), ("added_at", "Since", _when), ("id", "Id", _listed)),
    ),
    "untold": (
        "What the site's own systems are still to be told",
        "Each goes as soon as it is delivered, and within a day.",
        (("at", "When", _when), ("kind", "What", _listed), ("purposes", "Purposes", _words), ("attempts", "Tried", _listed), ("id", "Id", _listed)),
    ),
    "unreadable": (
        "What cannot be read",
        "It is kept and cannot be opened: it is damaged, or its key is not there. Whoever runs the server can look for it by its id.",
        (("what", "What", _listed), ("id", "Id", _listed), ("retain_until", "Kept until", _when)),
    ),
    ON_THIS_DEVICE: (
        "What this device learned of your face",
        (
            "How your face looks at rest, and what you said of some readings, kept encrypted on this device and never sent. It is used to read you better, and nothing "
            "else. The server's signature does not cover this part. <code>mien me unlearn</code> forgets it."
        ),
        (),
    ),
    SIGNATURE: (
        "Signature",
        (
            "The server signed the export as data, the JSON file that belongs to this page. Your device checked that when it was downloaded; "
            "<code>mien me verify</code> checks it again, and this page with it."
        ),
        (),
    ),
}  # fmt: skip
_ORDER: Final = tuple(_SECTIONS)


def _title(name: str) -> str:
    return _shown(_SECTIONS[name][0] if name in _SECTIONS else name)


def _anchor(number: int) -> str:
    return f"part-{number}"
