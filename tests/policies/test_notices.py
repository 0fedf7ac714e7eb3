"""The notices say what must be said, in every language, and a malformed one is refused."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mien_policies
from mien.errors import PolicyInvalid
from mien.values import PURPOSES
from mien_policies import reading

FILLED: dict[str, Any] = {
    "controller": "Laden GmbH",
    "contact": "privacy@laden.example",
    "retention_days": 30,
}
SAID = {
    "en": ["emotion recognition", "encrypted", "on your own device", "same prices", "30 days", "Withdraw",
           "complain to your data protection authority", "No picture"],
    "de": ["Emotionserkennung", "verschlüsselt", "auf Ihrem eigenen Gerät", "denselben", "30 Tagen", "Widerrufen",
           "Datenschutzbehörde", "Kein Bild"],
}  # fmt: skip


@pytest.mark.parametrize("locale", mien_policies.locales())
def test_a_notice_says_what_must_be_said(locale: str) -> None:
    text = mien_policies.notice(locale).fill(**FILLED, purposes=["adapt_service"])
    for phrase in [*SAID[locale], "Laden GmbH", "privacy@laden.example"]:
        assert phrase in text
    assert not re.search(r"[{}]", text)


@pytest.mark.parametrize("locale", mien_policies.locales())
def test_only_the_purposes_that_are_asked_for_are_listed(locale: str) -> None:
    source = mien_policies.notice(locale)
    text = source.fill(**FILLED, purposes=["adapt_service", "contribute"])
    for purpose in PURPOSES:
        words = source.purposes[purpose]
        assert (words.sentence in text) == (purpose in {"adapt_service", "contribute"})
        assert words.title.endswith(".")


def test_all_languages_have_one_version() -> None:
    assert len({mien_policies.notice(locale).version for locale in mien_policies.locales()}) == 1


@pytest.mark.parametrize(
    ("asked", "given"), [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("fr", "en"), ("", "en")]
)
def test_an_unavailable_language_falls_back_and_says_so(asked: str, given: str) -> None:
    assert mien_policies.notice(asked).locale == given


def test_a_purpose_without_words_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="`sell` has no words"):
        mien_policies.notice("en").fill(**FILLED, purposes=["sell"])


@pytest.mark.parametrize("value", ["{contact}", "{purposes}"])
def test_a_value_is_never_read_as_a_placeholder(value: str) -> None:
    text = mien_policies.notice("en").fill(**{**FILLED, "controller": value}, purposes=[])
    assert value in text


GOOD = (mien_policies.directory() / "notices/en.md").read_text("utf-8")


def line(words: str) -> int:
    return GOOD[: GOOD.index(words)].count("\n") + 1


BAD: dict[str, tuple[Callable[[str], str], str]] = {
    "no head": (lambda s: s.removeprefix("---\n"), "n.md:1`: must begin with a head"),
    "an unknown key": (lambda s: s.replace("title:", "tittle:"), "n.md:4`: the head holds"),
    "a key twice": (lambda s: s.replace("title: ", "locale: "), "n.md:4`: the head holds"),
    "no title": (lambda s: re.sub(r"title: .*\n", "", s), "n.md:1`: `title` is missing"),
    "no purposes": (lambda s: s.replace("<!-- purposes -->", ""), "has no line"),
    "an unknown placeholder": (lambda s: s.replace("{contact}", "{x}"), f"n.md:{line('{contact}')}`: placeholder `{{x}}` is not known"),
    "no retention": (lambda s: s.replace("{retention_days}", "30"), "placeholder `{retention_days}` is missing"),
    "a purpose nobody knows": (lambda s: s.replace("## adapt_service", "## sell"), f"n.md:{line('## adapt_service')}`: write `## purpose`"),
    "a purpose twice": (lambda s: s.replace("## adapt_service", "## contribute"), f"n.md:{line('## contribute')}`: write `## purpose`"),
    "a purpose without a title": (lambda s: s.replace("**Service that notices.**", ""), f"n.md:{line('## adapt_service')}`: write"),
    "a purpose missing": (lambda s: re.sub(r"## bind_account\n.*\n", "", s), "`bind_account` has no words"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_notice_is_refused_with_file_and_line(name: str) -> None:
    damage, told = BAD[name]
    reading.parse("n.md", GOOD)
    with pytest.raises(PolicyInvalid, match=re.escape(told)):
        reading.parse("n.md", damage(GOOD))


def test_a_folder_without_notices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match=r"notices/en\.md:1"):
        mien_policies.notice("en", tmp_path)


def test_a_notice_that_is_not_text_is_refused(broken: Path) -> None:
    (broken / "notices/en.md").write_bytes(b"\xff")
    with pytest.raises(PolicyInvalid, match=r"notices/en\.md:1`: cannot be read"):
        mien_policies.notice("en", broken)
