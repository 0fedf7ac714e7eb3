"""Which languages the notices are in, the best one for a person, and whether all of them say the same.

    for source in notices().values(): ...   # every language, compared; what `mien policy check` does
    notice("pt-BR").locale                  # "en" where there is no Portuguese: look, and say so

A person's rights do not depend on the language they read: a notice that lacks a paragraph, a point or a number that the English one has
is refused.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mien_policies.reading import NoticeSource, fault, parse

DEFAULT_LOCALE: Final = "en"
_HEADING: Final = re.compile(r"#{1,2} ")


@dataclass(frozen=True, slots=True)
class Section:
    """The shape of what stands under one heading. `line` counts from the heading of the text, which is 1."""

    line: int
    paragraphs: int
    points: int
    placeholders: tuple[str, ...]


def locales(directory: Path | None = None) -> tuple[str, ...]:
    """The languages there are, sorted. `directory` is a bundle's folder, by default the one that ships."""
    return tuple(sorted(path.stem for path in _folder(directory).glob("*.md")))


def language(tag: str) -> str:
    """The language of a tag (RFC 5646) such as `pt-BR`: `pt`. What is not a tag comes back as it is, in small letters."""
    return re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]


def best(asked: str, available: Collection[str]) -> str:
    """The language of `available` for who asks for `asked`: that one, else English."""
    return language(asked) if language(asked) in available else DEFAULT_LOCALE


def notice(locale: str, directory: Path | None = None) -> NoticeSource:
    """The notice in the language of `locale`, else in English: look at `.locale` and say so. Raises `PolicyInvalid`."""
    return _read(best(locale, locales(directory)), directory)[0]


def notices(directory: Path | None = None) -> Mapping[str, NoticeSource]:
    """Every notice by its language, all of them of one version and one shape. Raises `PolicyInvalid` naming file and line."""
    model, _ = _read(DEFAULT_LOCALE, directory)
    found = {DEFAULT_LOCALE: model}
    for locale in locales(directory):
        if locale != DEFAULT_LOCALE:
            found[locale], text = _read(locale, directory)
            _compare(f"notices/{locale}.md", text, found[locale], model)
    return MappingProxyType({locale: found[locale] for locale in sorted(found)})


def _folder(directory: Path | None) -> Path:
    return (directory or Path(__file__).resolve().parent) / "notices"


def _read(locale: str, directory: Path | None) -> tuple[NoticeSource, str]:
    path = _folder(directory) / f"{locale}.md"
    file = f"notices/{path.name}"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise fault(file, 1, "is missing: every bundle has an English notice") from error
    except (OSError, UnicodeDecodeError) as error:
        raise fault(file, 1, "cannot be read as UTF-8 text") from error
    source = parse(file, text)
    if source.locale != locale:
        raise fault(file, 1, f"its `locale` is `{source.locale}`: name the file after its language")
    return source, text


def _compare(file: str, text: str, source: NoticeSource, model: NoticeSource) -> None:
    if source.version != model.version:
        raise fault(file, 1, f"is version {source.version}, the English one {model.version}")
    if source.title == model.title:
        raise fault(file, 1, "has the English title: translate it")
    start = text[: text.index(f"\n# {source.title}\n")].count("\n") + 1
    ours, theirs = sections(source.text), sections(model.text)
    for own, other in zip(ours, theirs, strict=False):
        if wrong := _difference(own, other):
            raise fault(file, start + own.line, wrong)
    if len(ours) != len(theirs):
        raise fault(file, start + ours[-1].line, f"{len(ours)} headings, English has {len(theirs)}")
    wanted = sorted(re.findall(r"\{\w+\}", model.release))
    if sorted(re.findall(r"\{\w+\}", source.release)) != wanted:
        line = text[: text.index("\n<!-- release -->")].count("\n") + 3
        raise fault(file, line, f"the release names each as often as in English: {wanted}")


def _difference(own: Section, other: Section) -> str:
    """What is not as in English, in words; empty when all is."""
    counted = (
        (own.paragraphs, other.paragraphs, "paragraphs"),
        (own.points, other.points, "points"),
    )
    for here, there, what in counted:
        if here != there:
            return f"{here} {what} under this heading, English has {there}"
    if own.placeholders != other.placeholders:
        told = ", ".join(other.placeholders) or "none"
        return f"the placeholders under this heading differ from English: {told}"
    return ""


def sections(text: str) -> list[Section]:
    """The shape of a notice's text, heading by heading."""
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines) if _HEADING.match(line)]
    ends = [*starts[1:], len(lines)]
    return [_section(begin + 1, lines[begin:end]) for begin, end in zip(starts, ends, strict=True)]


def _section(line: int, lines: list[str]) -> Section:
    paragraphs = points = 0
    previous = ""
    for words in lines[1:]:
        if words.startswith("- "):
            points += 1
        elif words and not previous:
            paragraphs += 1
        previous = words
    placeholders = sorted(re.findall(r"\{\w+\}", "\n".join(lines)))
    return Section(line, paragraphs, points, tuple(placeholders))
