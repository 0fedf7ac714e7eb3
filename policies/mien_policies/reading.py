"""Read the notices under `notices/`: front matter, the text with placeholders, and one title and sentence per purpose.

    source = notice("de")
    text = source.fill(controller="Laden GmbH", contact="x@laden.example", retention_days=30, purposes=["adapt_service"])

A strict, small form: what it does not know it refuses, because a person reads and signs the result.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mien.errors import PolicyInvalid
from mien.values import PURPOSES

DEFAULT_LOCALE: Final = "en"
PLACEHOLDERS: Final = ("controller", "contact", "retention_days", "purposes")
_HEAD: Final = ("version", "locale", "title")
_MARK: Final = "<!-- purposes -->"
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_PURPOSE: Final = re.compile(r"## (\w+)\n\*\*(.+?)\*\* (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PurposeText:
    """How one purpose is put to a person: a few words, and a sentence or two."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class NoticeSource:
    """A notice before a site fills it in. `text` is Markdown with every name of `PLACEHOLDERS` in braces; `purposes` has all of `mien.values.PURPOSES`."""

    version: str
    locale: str
    title: str
    text: str
    purposes: Mapping[str, PurposeText]

    def fill(
        self, *, controller: str, contact: str, retention_days: int, purposes: Iterable[str]
    ) -> str:
        """The text as it is shown and hashed. Raises `PolicyInvalid` for a purpose without words."""
        listed = [self._line(purpose) for purpose in purposes]
        values = {
            "controller": controller,
            "contact": contact,
            "retention_days": str(retention_days),
            "purposes": "\n".join(listed),
        }
        return _PLACEHOLDER.sub(lambda match: values[match[1]], self.text)

    def _line(self, purpose: str) -> str:
        if purpose not in self.purposes:
            message = f"purpose `{purpose}` has no words in the `{self.locale}` notice: add them"
            raise PolicyInvalid(message)
        words = self.purposes[purpose]
        return f"- **{words.title}** {words.sentence}"


def locales(directory: Path | None = None) -> tuple[str, ...]:
    """The languages there are, sorted. `directory` is a bundle's folder, by default the one that ships."""
    return tuple(sorted(path.stem for path in _folder(directory).glob("*.md")))


def notice(locale: str, directory: Path | None = None) -> NoticeSource:
    """The notice in `locale`, else in its language, else in English: look at `.locale` and say so. Raises `PolicyInvalid`."""
    known = locales(directory)
    wanted = (locale.lower(), locale.lower().partition("-")[0], DEFAULT_LOCALE)
    found = next((name for name in wanted if name in known), None)
    if found is None:
        raise _fault(
            f"notices/{DEFAULT_LOCALE}.md", 1, "is missing: every bundle has an English notice"
        )
    return parse(f"notices/{found}.md", _text(_folder(directory) / f"{found}.md"))


def parse(file: str, text: str) -> NoticeSource:
    """Raises `PolicyInvalid` naming file and line."""
    parts = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0]:  # noqa: PLR2004  nothing, head, body
        raise _fault(file, 1, "must begin with a head between two lines of `---`")
    head = _head(file, parts[1])
    body, mark, tail = parts[2].partition(_MARK)
    if not mark:
        raise _fault(file, text.count("\n"), f"has no line `{_MARK}`")
    _check_placeholders(file, text, body)
    return NoticeSource(
        version=head["version"],
        locale=head["locale"],
        title=head["title"],
        text=body.strip() + "\n",
        purposes=MappingProxyType(
            _purposes(file, tail, len(text[: text.index(_MARK)].split("\n")))
        ),
    )


def _folder(directory: Path | None) -> Path:
    return (directory or Path(__file__).resolve().parent) / "notices"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(f"notices/{path.name}", 1, "cannot be read as UTF-8 text") from error


def _fault(file: str, line: int, what: str) -> PolicyInvalid:
    return PolicyInvalid(f"`{file}:{line}`: {what}")


def _head(file: str, text: str) -> dict[str, str]:
    head: dict[str, str] = {}
    for line, row in enumerate(text.splitlines(), 2):
        key, colon, value = row.partition(": ")
        if not colon or key not in _HEAD or key in head or not value.strip():
            raise _fault(
                file, line, f"the head holds {', '.join(_HEAD)}, each once, as `key: value`"
            )
        head[key] = value.strip()
    if missing := [key for key in _HEAD if key not in head]:
        raise _fault(file, 1, f"`{missing[0]}` is missing in the head")
    return head


def _check_placeholders(file: str, text: str, body: str) -> None:
    for match in _PLACEHOLDER.finditer(body):
        if match[1] not in PLACEHOLDERS:
            line = text[: text.index(match[0])].count("\n") + 1
            raise _fault(file, line, f"placeholder `{match[0]}` is not known")
    if missing := [name for name in PLACEHOLDERS if f"{{{name}}}" not in body]:
        raise _fault(file, 1, f"placeholder `{{{missing[0]}}}` is missing: people must be told")


def _purposes(file: str, tail: str, first: int) -> dict[str, PurposeText]:
    found: dict[str, PurposeText] = {}
    for section in re.split(r"^(?=## )", tail, flags=re.MULTILINE)[1:]:
        line = first + tail[: tail.index(section)].count("\n")
        match = _PURPOSE.fullmatch(section.strip())
        if not match or match[1] not in PURPOSES or match[1] in found:
            raise _fault(
                file, line, "write `## purpose`, then `**Title.** Sentence.`, each purpose once"
            )
        found[match[1]] = PurposeText(match[2], " ".join(match[3].split()))
    if missing := [purpose for purpose in PURPOSES if purpose not in found]:
        raise _fault(file, first, f"purpose `{missing[0]}` has no words: people must be told")
    return found
