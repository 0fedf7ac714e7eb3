"""Read one notice under `notices/`: head, text with placeholders, words for each purpose, and the written release.

    source = notice("de")
    text = source.fill(controller="Laden GmbH", contact="x@laden.example", retention_days=30, consent_days=180,
                       evidence_days=1095, purposes=["adapt_service"])
    signed = source.fill_release(controller="Laden GmbH", retention_days=30)

A strict, small form: what it does not know it refuses, because a person reads and signs the result. What a site's owner typed is only ever
text: it can neither be read as a placeholder nor as Markdown.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mien.errors import PolicyInvalid
from mien.values import PURPOSES

PLACEHOLDERS: Final = (
    "controller", "contact", "retention_days", "consent_days", "evidence_days", "purposes",
)  # fmt: skip
RELEASE_PLACEHOLDERS: Final = ("controller", "retention_days")
_HEAD: Final = ("version", "locale", "title")
_MARKS: Final = ("<!-- purposes -->", "<!-- release -->")
_LOCALE: Final = re.compile(r"[a-z]{2}")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_PURPOSE: Final = re.compile(r"## (\w+)\n\*\*(.+?)\*\* (.+)", re.DOTALL)
_ACTIVE: Final = re.compile(r"[\\`*_\[\]<~|]|&(?=#?\w+;)")
"""What Markdown may act on inside a line (CommonMark 2.4, and `~` and `|` of GitHub's dialect)."""
_LEADING: Final = re.compile(r"^(\d{0,9})([-+=.)#>])")
"""What would begin a list, a heading or a quotation at the start of a line."""
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Would turn around the words that follow a name."""


@dataclass(frozen=True, slots=True)
class PurposeText:
    """How one purpose is put to a person: a few words, and a sentence or two."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class NoticeSource:
    """A notice before a site fills it in; `locale` is the language it is in, two letters.

    `text` is Markdown with every name of `PLACEHOLDERS` in braces; `purposes` has all of `mien.values.PURPOSES`; `release`, what is signed where
    a law wants a written release, is plain text with every name of `RELEASE_PLACEHOLDERS`.
    """

    version: str
    locale: str
    title: str
    text: str
    purposes: Mapping[str, PurposeText]
    release: str

    def fill(
        self,
        *,
        controller: str,
        contact: str,
        retention_days: int,
        consent_days: int,
        evidence_days: int,
        purposes: Iterable[str],
    ) -> str:
        """The text as it is shown and hashed, Markdown. Days are those of labels, of the consent and of its proof.

        Raises `PolicyInvalid` for a purpose without words.
        """
        values = {
            "controller": _inert(controller),
            "contact": _inert(contact),
            "retention_days": str(retention_days),
            "consent_days": str(consent_days),
            "evidence_days": str(evidence_days),
            "purposes": listed([self._words(purpose) for purpose in purposes]),
        }
        return _PLACEHOLDER.sub(lambda match: values[match[1]], self.text)

    def fill_release(self, *, controller: str, retention_days: int) -> str:
        """The written release as it is shown, hashed and signed: plain text, no Markdown."""
        values = {"controller": plain(controller), "retention_days": str(retention_days)}
        return _PLACEHOLDER.sub(lambda match: values[match[1]], self.release)

    def _words(self, purpose: str) -> tuple[str, str]:
        if purpose not in self.purposes:
            message = f"purpose `{purpose}` has no words in the `{self.locale}` notice: add them"
            raise PolicyInvalid(message)
        words = self.purposes[purpose]
        return words.title, words.sentence


def listed(words: Sequence[tuple[str, str]]) -> str:
    """Purposes, each a title and a sentence, as they stand in the text of a filled notice: a Markdown list."""
    return "\n".join(f"- **{title}** {sentence}" for title, sentence in words)


def plain(value: str) -> str:
    """`value` on one line, without control characters and without those that turn the direction of writing around."""
    kept = (c for c in value if c not in _BIDI and (c.isspace() or unicodedata.category(c) != "Cc"))
    return " ".join("".join(kept).split())


def _inert(value: str) -> str:
    """`value` so that Markdown shows it and does nothing with it."""
    return _LEADING.sub(r"\1\\\2", _ACTIVE.sub(r"\\\g<0>", plain(value)))


# ---- one file ----
def parse(file: str, text: str) -> NoticeSource:
    """The notice in `text`. Raises `PolicyInvalid` naming file and line."""
    parts = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0]:  # noqa: PLR2004  nothing, head, body
        raise fault(file, 1, "must begin with a head between two lines of `---`")
    head = _head(file, parts[1])
    body, purposes, release = _sections(file, text, parts[2])
    _check_placeholders(file, text, body, PLACEHOLDERS)
    _check_headings(file, text, body, head["title"])
    _check_html(file, text, body)
    first = text[: text.index(_MARKS[0])].count("\n") + 1
    return NoticeSource(
        version=head["version"],
        locale=head["locale"],
        title=head["title"],
        text=body.strip() + "\n",
        purposes=MappingProxyType(_purposes(file, purposes, first)),
        release=_release(file, text, release),
    )


def fault(file: str, line: int, what: str) -> PolicyInvalid:
    """The error that says where in a notice something is wrong."""
    return PolicyInvalid(f"`{file}:{line}`: {what}")


def _head(file: str, text: str) -> dict[str, str]:
    head: dict[str, str] = {}
    for line, row in enumerate(text.splitlines(), 2):
        key, colon, value = row.partition(": ")
        if not colon or key not in _HEAD or key in head or not value.strip():
            raise fault(
                file, line, f"the head holds {', '.join(_HEAD)}, each once, as `key: value`"
            )
        if key == "locale" and not _LOCALE.fullmatch(value.strip()):
            raise fault(file, line, "`locale` is the language in two small letters, such as `de`")
        head[key] = value.strip()
    if missing := [key for key in _HEAD if key not in head]:
        raise fault(file, 1, f"`{missing[0]}` is missing in the head")
    return head


def _sections(file: str, text: str, rest: str) -> list[str]:
    """What is said, the purposes, and the release."""
    found = []
    for mark in _MARKS:
        before, here, rest = rest.partition(f"\n{mark}\n")
        if not here:
            raise fault(file, text.count("\n"), f"has no line `{mark}` where one belongs")
        found.append(before)
    return [*found, rest]


def _line(text: str, part: str, at: int) -> int:
    """The line in `text` of the character `at` of `part`, which stands in it once."""
    return text[: text.index(part) + at].count("\n") + 1


def _check_placeholders(file: str, text: str, part: str, known: Sequence[str]) -> None:
    for match in _PLACEHOLDER.finditer(part):
        if match[1] not in known:
            line = _line(text, part, match.start())
            raise fault(file, line, f"placeholder `{match[0]}` is not known here")
    if missing := [name for name in known if f"{{{name}}}" not in part]:
        line = _line(text, part, 0)
        raise fault(file, line, f"placeholder `{{{missing[0]}}}` is missing: people must be told")


def _check_headings(file: str, text: str, body: str, title: str) -> None:
    """The title once, and below it only headings of one level: who hears the page jumps from one to the next."""
    found = [(m[0], m.start()) for m in re.finditer(r"^#.*$", body, re.MULTILINE)]
    if not body.lstrip().startswith(f"# {title}\n"):
        raise fault(file, _line(text, body, 0) + 1, f"the text begins with `# {title}`")
    for heading, at in found[1:]:
        if not re.fullmatch(r"## \S.*", heading):
            line = _line(text, body, at)
            raise fault(file, line, "below the title, headings are written `## Words`")


def _check_html(file: str, text: str, body: str) -> None:
    if (at := body.find("<")) >= 0:
        line = _line(text, body, at)
        raise fault(file, line, "`<` has no place here: a notice is Markdown without HTML")


def _purposes(file: str, part: str, first: int) -> dict[str, PurposeText]:
    found: dict[str, PurposeText] = {}
    for section in re.split(r"^(?=## )", part, flags=re.MULTILINE)[1:]:
        line = first + 1 + part[: part.index(section)].count("\n")
        match = _PURPOSE.fullmatch(section.strip())
        if not match or match[1] not in PURPOSES or match[1] in found or re.search(r"[{}<]", section):  # fmt: skip
            raise fault(
                file, line, "write `## purpose`, then `**Title.** Sentence.`, each purpose once"
            )
        found[match[1]] = PurposeText(match[2], _joined(match[3]))
    if missing := [purpose for purpose in PURPOSES if purpose not in found]:
        raise fault(file, first, f"purpose `{missing[0]}` has no words: people must be told")
    return found


def _release(file: str, text: str, part: str) -> str:
    line = text.count("\n") - part.count("\n") + 1
    words = part.strip()
    if not words or "\n\n" in words or re.search(r"[*`<\[#]", words):
        raise fault(file, line, "the release is one paragraph of plain text: people sign it")
    _check_placeholders(file, text, part, RELEASE_PLACEHOLDERS)
    return _joined(words)


def _joined(words: str) -> str:
    """Broken lines as one. Only line ends: the no-break spaces of French stay."""
    return re.sub(r"\s*\n\s*", " ", words)
