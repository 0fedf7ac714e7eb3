"""The notices say what must be said, the same in every language, whatever a site is called; a malformed one is refused."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import mien_policies
from mien.errors import PolicyInvalid
from mien.values import PURPOSES
from mien_policies import languages, reading

LOCALES = ("de", "en", "es", "fr", "ru", "zh")
FILLED: dict[str, Any] = {
    "controller": "Laden GmbH",
    "contact": "privacy@laden.example",
    "retention_days": 30,
    "consent_days": 180,
    "evidence_days": 1095,
}
# What law wants said: AI Act 50(3) (what it is, before it starts, a sign); GDPR 7(3), 7(4), 13 (who, what for, basis, how long, rights, complaint).
SAID = {
    "en": ["emotion recognition", "before it starts", "stays visible", "You do not have to agree", "same prices", "on your own device", "No picture",
           "encrypted", "180 days", "30 days", "1095 days", "24 hours", "explicit consent alone", "6(1)(a)", "9(2)(a)", "Withdraw", "erase",
           "object", "complain to your data protection authority", "guardian must agree", "Illinois"],
    "de": ["Emotionserkennung", "vorher", "bleibt ein Zeichen sichtbar", "Sie müssen nicht zustimmen", "denselben", "auf Ihrem eigenen Gerät", "Kein Bild",
           "verschlüsselt", "180 Tage", "30 Tagen", "1095 Tage", "24 Stunden", "ausdrückliche Einwilligung", "Artikel 6 Absatz 1 Buchstabe a",
           "Artikel 9 Absatz 2", "Widerrufen", "löschen", "widersprechen", "Datenschutzbehörde", "Vormund zustimmen", "Illinois"],
    "fr": ["reconnaissance des émotions", "avant de commencer", "un signe reste visible", "Rien ne vous oblige à accepter", "mêmes prix",
           "sur votre propre appareil", "Aucune image", "chiffrée", "180 jours", "30 jours", "1095 jours", "24 heures", "consentement explicite",
           "article 6, paragraphe 1, point a)", "article 9, paragraphe 2", "Retirer votre consentement", "effacer", "opposer",
           "autorité de protection des données", "tuteur doit aussi donner son accord", "Illinois"],
    "es": ["reconocimiento de emociones", "antes de empezar", "una señal permanece visible", "No tiene por qué aceptar", "mismos precios",
           "en su propio dispositivo", "ninguna imagen", "cifrada", "180 días", "30 días", "1095 días", "24 horas", "consentimiento explícito",
           "artículo 6, apartado 1, letra a)", "artículo 9, apartado 2, letra a)", "Retirar su consentimiento", "borrar", "oponerse",
           "autoridad de protección de datos", "también debe aceptar", "Illinois"],
    "ru": ["распознавание эмоций", "заранее", "виден знак", "Соглашаться не обязательно", "те же цены", "на вашем собственном устройстве", "Ни снимки",
           "в зашифрованном виде", "180 дней", "30 дней", "1095 дней", "24 часов", "явно выраженное согласие", "статья 6, пункт 1(a)",
           "статья 9, пункт 2(a)", "Отозвать согласие", "удалить", "возразить", "орган по защите персональных данных", "опекун", "Иллинойс"],
    "zh": ["情绪识别", "开始之前", "始终显示提示标志", "您不必同意", "价格相同", "在您自己的设备上", "照片、视频和人脸都不会", "加密", "180 天", "30 天", "1095 天",
           "24 小时", "明示同意", "第 6 条第 1 款 (a) 项", "第 9 条第 2 款 (a) 项", "撤回", "删除", "反对", "数据保护主管机关投诉", "监护人同意", "伊利诺伊"],
}  # fmt: skip
# 740 ILCS 14/15(b): that a biometric identifier or information is collected, the specific purpose, the length of time, a signature.
SIGNED = {
    "en": ["biometric identifier", "biometric information", "purposes that I choose", "30 days", "my name I sign"],
    "de": ["biometrisches Merkmal", "biometrische Information", "Zwecke, die ich wähle", "30 Tage", "unterschreibe ich"],
    "fr": ["identifiant biométrique", "information biométrique", "finalités que je choisis", "30 jours", "mon nom, je signe"],
    "es": ["identificador biométrico", "información biométrica", "fines que elijo", "30 días", "mi nombre, firmo"],
    "ru": ["биометрическим идентификатором", "биометрической информацией", "целей, которые я выбираю", "30 дней", "имя, я подписываю"],
    "zh": ["生物识别标识符", "生物识别信息", "本人选择的用途", "30 天", "输入姓名，即签署"],
}  # fmt: skip


def told(words: str) -> str:
    """The words without the accident of where a line is broken or a space is kept together."""
    return " ".join(words.split())


def rendered(markdown: str) -> tuple[list[str], str]:
    """The elements that Markdown makes of a text, in order, and what a reader sees."""
    tags: list[str] = []
    seen: list[str] = []

    def walk(tokens: list[Token]) -> None:
        for token in tokens:
            tags.extend([token.type] if token.type not in {"text", "softbreak"} else [])
            if token.children is not None:
                walk(token.children)
            elif token.type != "inline":
                seen.append(" " if token.type == "softbreak" else token.content)

    walk(MarkdownIt("commonmark").enable("strikethrough").enable("table").parse(markdown))
    return tags, "".join(seen)


# ---- what is said ----
def test_the_six_languages_are_there() -> None:
    assert mien_policies.locales() == LOCALES
    assert tuple(mien_policies.notices()) == LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_a_notice_says_what_must_be_said(locale: str) -> None:
    text = told(mien_policies.notice(locale).fill(**FILLED, purposes=["adapt_service"]))
    for phrase in [*SAID[locale], "Laden GmbH", "privacy@laden.example"]:
        assert phrase in text
    assert not re.search(r"[{}]", text)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_release_says_what_is_signed(locale: str) -> None:
    release = mien_policies.notice(locale).fill_release(controller="Laden GmbH", retention_days=30)
    for phrase in [*SIGNED[locale], "Laden GmbH"]:
        assert told(phrase) in told(release)
    assert not re.search(r"[{}\n*]", release)


def words_of(locale: str) -> str:
    """All that a notice can say."""
    source = mien_policies.notice(locale)
    sentences = (f"{p.title} {p.sentence}" for p in source.purposes.values())
    return "\n".join((source.text, source.release, *sentences))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_bracket_is_closed(locale: str) -> None:
    """But for the one behind the letter of a list, as in `letra a)`."""
    said = re.sub(r"\b(letra|point) [a-z]\)", "", words_of(locale))
    open_ones: list[str] = []
    for sign in re.findall(r"[()（）«»]", said):
        if sign in "(（«":
            open_ones.append(sign)
        else:
            assert open_ones, f"nothing is open before `{sign}`"
            assert open_ones.pop() + sign in {"()", "（）", "«»"}
    assert open_ones == []


NOT_SAID = {
    "es": [
        "momento. Puede cambiar"
    ],  # behind `usted`, this makes the reader the one who changes the order
    "zh": ["优惠", "出身"],  # discounts; the class somebody was born into
}


@pytest.mark.parametrize(("locale", "phrases"), NOT_SAID.items())
def test_a_notice_does_not_say_what_is_not_meant(locale: str, phrases: list[str]) -> None:
    said = told(words_of(locale))
    assert [phrase for phrase in phrases if phrase in said] == []
    meant = {
        "es": ["Esa palabra puede cambiar el orden"],
        "zh": ["商品推荐的展示顺序", "种族或族裔"],
    }
    assert [phrase for phrase in meant[locale] if phrase not in said] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_only_the_purposes_that_are_asked_for_are_listed(locale: str) -> None:
    source = mien_policies.notice(locale)
    text = source.fill(**FILLED, purposes=["adapt_service", "contribute"])
    assert tuple(source.purposes) == PURPOSES
    for purpose in PURPOSES:
        words = source.purposes[purpose]
        assert (words.sentence in text) == (purpose in {"adapt_service", "contribute"})
        assert words.title.endswith((".", "。"))


@pytest.mark.parametrize("locale", LOCALES)
def test_markdown_leaves_no_mark_to_be_read(locale: str) -> None:
    """Marks next to full-width punctuation are not emphasis in CommonMark, and would be seen as asterisks."""
    tags, seen = rendered(mien_policies.notice(locale).fill(**FILLED, purposes=PURPOSES))
    assert not re.search(r"[*_#`\\]", seen)
    assert tags.count("strong_open") >= 8 + len(PURPOSES)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_notice_is_written_in_its_own_script(locale: str) -> None:
    source = mien_policies.notice(locale)
    words = source.text + source.release + "".join(p.sentence for p in source.purposes.values())
    names = [unicodedata.name(c).split()[0] for c in re.sub(r"\{\w+\}|GDPR", "", words) if c.isalpha()]  # fmt: skip
    script = {"ru": "CYRILLIC", "zh": "CJK"}.get(locale, "LATIN")
    assert names.count(script) / len(names) > 0.99


def test_chinese_lines_are_not_broken_inside_a_paragraph() -> None:
    """A broken line is shown as a space, which does not belong between Chinese characters."""
    tags, _ = rendered(mien_policies.notice("zh").fill(**FILLED, purposes=PURPOSES))
    assert "softbreak" not in tags


@pytest.mark.parametrize("sign", [";", ":", "?", "!", "»"])
def test_french_punctuation_keeps_to_its_word(sign: str) -> None:
    source = mien_policies.notice("fr")
    sentences = "".join(p.sentence for p in source.purposes.values())
    words = source.text + source.title + source.release + sentences
    before = re.findall(rf"(.){re.escape(sign)}", re.sub(r"\{\w+\}", "", words))
    assert all(c == "\u00a0" for c in before)


# ---- which language ----
@pytest.mark.parametrize(
    ("asked", "given"),
    [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("zh-Hant-TW", "zh"), ("es_MX", "es"), (" fr-CA ", "fr"),
     ("pt-BR", "en"), ("it", "en"), ("", "en"), ("-", "en"), ("deutsch", "en"), ("../en", "en"), ("d" * 10_000, "en")],
)  # fmt: skip
def test_an_unavailable_language_falls_back_and_says_so(asked: str, given: str) -> None:
    assert mien_policies.notice(asked).locale == given
    assert mien_policies.best(asked, LOCALES) == given


@given(st.text())
def test_any_word_for_a_language_is_answered(asked: str) -> None:
    assert mien_policies.notice(asked).locale in LOCALES


# ---- what a site's owner types ----
def test_a_purpose_without_words_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="`sell` has no words"):
        mien_policies.notice("en").fill(**FILLED, purposes=["sell"])


@pytest.mark.parametrize("value", ["{contact}", "{purposes}"])
def test_a_value_is_never_read_as_a_placeholder(value: str) -> None:
    source = mien_policies.notice("en")
    assert value in source.fill(**{**FILLED, "controller": value}, purposes=[])
    assert value in source.fill_release(controller=value, retention_days=1)


HOSTILE = (
    "**bold** and *not*", "<script>alert(1)</script>", "[press](javascript:alert(1))", "![x](https://evil.example/p.png)",
    "A\n\n# You must agree", "A\n- a\n- b", "# one", "- two", "1. three", "> four", "===", "---", "+ five", "`code`", "~~gone~~",
    "&lt;b&gt; &amp; &#60;", "<https://evil.example>", "back\\", "\\*", "a_b_c _d_", "Müller & Söhne", "(round)", "Inc.", '"quoted"', "| a | b |",
    "ends with *", "* begins", "```", "[a]: https://evil.example", "名称（有限公司）",
)  # fmt: skip


def assert_inert(locale: str, value: str) -> None:
    source = mien_policies.notice(locale)
    plain, _ = rendered(source.fill(**FILLED, purposes=["contribute"]))
    given = {**FILLED, "controller": value, "contact": value}
    tags, seen = rendered(source.fill(**given, purposes=["contribute"]))
    assert tags == plain
    assert seen.count(mien_policies.plain(value)) >= 3


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_name_is_only_ever_text(locale: str, value: str) -> None:
    assert_inert(locale, value)


@given(st.sampled_from(LOCALES), st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_name_is_only_ever_text(locale: str, value: str) -> None:
    assert_inert(locale, f"x{value}x")


@given(st.text("*_-+=#>.)1 \\`~<&;a", min_size=1, max_size=12))
def test_any_name_of_marks_is_only_ever_text(value: str) -> None:
    if mien_policies.plain(value):
        assert_inert("zh", value)


@given(
    st.one_of(st.sampled_from(HOSTILE), st.text("*_-+=#>.)1 2|:\\`~<&;a", min_size=1, max_size=12))
)
def test_a_name_at_the_start_of_a_line_is_only_ever_text(value: str) -> None:
    """Where a translator's line happens to break."""
    source = replace(mien_policies.notice("en"), text="Ask\n{contact}\n\n{controller}\n---|---\n")
    plain, _ = rendered(source.fill(**FILLED, purposes=[]))
    tags, seen = rendered(
        source.fill(**{**FILLED, "controller": f"{value}x", "contact": f"{value}x"}, purposes=[])
    )
    assert tags == plain
    assert seen.count(mien_policies.plain(f"{value}x")) == 2


def test_a_name_can_neither_break_the_line_nor_turn_the_writing_around() -> None:
    value = "Shop\u202e\r\nfree\x00\u2028\x1b[31m"
    source = mien_policies.notice("en")
    assert mien_policies.plain(value) == "Shop free [31m"
    for words in (
        source.fill(**{**FILLED, "controller": value}, purposes=[]),
        source.fill_release(controller=value, retention_days=1),
    ):
        assert not re.search(r"[\u202e\r\x00\x1b\u2028]", words)


@pytest.mark.parametrize("value", ["Müller & Söhne", "AT&T", "privacy@laden.example", "Rock'n'Roll (UK) Ltd.", "+49 30 1234"])  # fmt: skip
def test_an_ordinary_name_is_not_spoilt(value: str) -> None:
    text = mien_policies.notice("en").fill(**{**FILLED, "controller": value}, purposes=[])
    assert value.lstrip("+") in text


# ---- what a translator writes ----
GOOD = (mien_policies.directory() / "notices/en.md").read_text("utf-8")


def line(words: str) -> int:
    return GOOD[: GOOD.index(words)].count("\n") + 1


BAD: dict[str, tuple[Callable[[str], str], str]] = {
    "no head": (lambda s: s.removeprefix("---\n"), "n.md:1`: must begin with a head"),
    "an unknown key": (lambda s: s.replace("title:", "tittle:"), "n.md:4`: the head holds"),
    "a key twice": (lambda s: s.replace("title: ", "version: "), "n.md:4`: the head holds"),
    "a language as a word": (lambda s: s.replace("locale: en", "locale: English"), "n.md:3`: `locale` is the language"),
    "no title": (lambda s: re.sub(r"title: .*\n", "", s), "n.md:1`: `title` is missing"),
    "no purposes": (lambda s: s.replace("<!-- purposes -->", ""), "has no line `<!-- purposes -->`"),
    "no release": (lambda s: s.replace("<!-- release -->", ""), "has no line `<!-- release -->`"),
    "the release before the purposes": (
        lambda s: s.replace("<!-- release -->", "<!-- x -->").replace("<!-- purposes -->", "<!-- release -->").replace("<!-- x -->", "<!-- purposes -->"),
        "has no line `<!-- release -->`",
    ),
    "an unknown placeholder": (lambda s: s.replace("{contact}", "{x}"), f"n.md:{line('{contact}')}`: placeholder `{{x}}` is not known"),
    "an unknown placeholder after a known one": (
        lambda s: s.replace("{evidence_days}", "{x}"), f"n.md:{line('{evidence_days}')}`: placeholder `{{x}}` is not known",
    ),
    "no retention": (lambda s: s.replace("{retention_days}", "30", 1), "placeholder `{retention_days}` is missing"),
    "no end of consent": (lambda s: s.replace("{consent_days}", "180"), "placeholder `{consent_days}` is missing"),
    "no time for the proof": (lambda s: s.replace("{evidence_days}", "1095"), "placeholder `{evidence_days}` is missing"),
    "another title in the text": (lambda s: s.replace("\n# May", "\n# Can"), "n.md:7`: the text begins with `# May we read your expression?`"),
    "no title in the text": (lambda s: s.replace("\n# May", "\nMay"), "n.md:7`: the text begins with"),
    "a second title": (lambda s: s.replace("## How long", "# How long"), f"n.md:{line('## How long')}`: below the title"),
    "a heading too deep": (lambda s: s.replace("## How long", "### How long"), f"n.md:{line('## How long')}`: below the title"),
    "a heading without words": (lambda s: s.replace("## How long", "## "), f"n.md:{line('## How long')}`: below the title"),
    "HTML in the text": (lambda s: s.replace("*emotion recognition*", "<em>it</em>"), f"n.md:{line('*emotion')}`: `<` has no place"),
    "HTML in a purpose": (lambda s: s.replace("No camera is used", "<b>x</b>"), f"n.md:{line('## declare_mood')}`: write `## purpose`"),
    "a placeholder in a purpose": (lambda s: s.replace("No camera is used", "{contact}"), f"n.md:{line('## declare_mood')}`: write `## purpose`"),
    "a purpose nobody knows": (lambda s: s.replace("## adapt_service", "## sell"), f"n.md:{line('## adapt_service')}`: write `## purpose`"),
    "a purpose twice": (lambda s: s.replace("## contribute", "## adapt_service"), f"n.md:{line('## contribute')}`: write `## purpose`"),
    "a purpose without a title": (lambda s: s.replace("**Service that notices.**", ""), f"n.md:{line('## adapt_service')}`: write"),
    "a purpose missing": (lambda s: re.sub(r"## bind_account\n.*\n", "", s), f"n.md:{line('<!-- purposes')}`: purpose `bind_account` has no words"),
    "an empty release": (lambda s: s[: s.index("I have been told")], f"n.md:{line('<!-- release') + 1}`: the release is one paragraph"),
    "a release of two paragraphs": (lambda s: s + "\nAnd more.\n", f"n.md:{line('<!-- release') + 1}`: the release is one paragraph"),
    "Markdown in the release": (lambda s: s.replace("my own free", "my **own** free"), "the release is one paragraph of plain text"),
    "a release without a time": (lambda s: s.replace("most {retention_days}", "most 30"), "placeholder `{retention_days}` is missing"),
    "a release with a contact": (
        lambda s: s.replace("of my own free", "{contact} of my own free"), f"n.md:{line('of my own free')}`: placeholder `{{contact}}` is not known",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_notice_is_refused_with_file_and_line(name: str) -> None:
    damage, words = BAD[name]
    reading.parse("n.md", GOOD)
    assert damage(GOOD) != GOOD
    with pytest.raises(PolicyInvalid, match=re.escape(words)):
        reading.parse("n.md", damage(GOOD))


def test_a_folder_without_notices_is_refused(tmp_path: Path) -> None:
    for ask in (lambda: mien_policies.notice("en", tmp_path), lambda: mien_policies.notices(tmp_path)):  # fmt: skip
        with pytest.raises(PolicyInvalid, match=r"notices/en\.md:1`: is missing"):
            ask()


def test_a_notice_that_is_not_text_is_refused(broken: Path) -> None:
    (broken / "notices/en.md").write_bytes(b"\xff")
    with pytest.raises(PolicyInvalid, match=r"notices/en\.md:1`: cannot be read"):
        mien_policies.notice("en", broken)


# ---- the same in every language ----
GERMAN = (mien_policies.directory() / "notices/de.md").read_text("utf-8")


def german(words: str) -> int:
    return GERMAN[: GERMAN.index(words)].count("\n") + 1


UNLIKE: dict[str, tuple[Callable[[str], str], str]] = {
    "another version": (lambda s: s.replace("2026.11.4", "2026.11.1"), "de.md:1`: is version 2026.11.1, the English one 2026.11.4"),
    "the English title": (lambda s: s.replace("Dürfen wir Ihren Gesichtsausdruck lesen?", "May we read your expression?"), "de.md:1`: has the English title"),
    "a point lost": (
        lambda s: re.sub(r"- \*\*Einschränken.*\n", "", s), f"de.md:{german('## Ihre Rechte')}`: 3 points under this heading, English has 4",
    ),
    "a point more": (
        lambda s: s.replace("## Wofür", "- Noch etwas.\n\n## Wofür"), f"de.md:{german('## Was geschieht')}`: 8 points under this heading, English has 7",
    ),
    "a paragraph lost": (
        lambda s: re.sub(r"\nGrundlage ist[^#]*", "\n", s), f"de.md:{german('## Ihre Rechte')}`: 0 paragraphs under this heading, English has 1",
    ),
    "a heading lost": (
        lambda s: re.sub(r"## Wenn Ihr Ja[^<]*", "", s), f"de.md:{german('## Ihre Rechte')}`: 5 headings, English has 6",
    ),
    "a heading more": (lambda s: s.replace("<!-- purposes", "## Mehr\n\n<!-- purposes"), f"de.md:{german('<!-- purposes')}`: 7 headings, English has 6"),
    "a number twice": (
        lambda s: s.replace("von 24 Stunden", "von {retention_days} Stunden"), f"de.md:{german('## Wie lange')}`: the placeholders under this heading differ",
    ),
    "a name twice in the release": (
        lambda s: s.replace("mit meiner Kamera", "{controller}"), f"de.md:{german('<!-- release') + 1}`: the release names each as often as in English",
    ),
    "a file of another name": (lambda s: s.replace("locale: de", "locale: nl"), "de.md:1`: its `locale` is `nl`"),
    "a purpose lost": (lambda s: re.sub(r"## bind_account\n.*\n", "", s), "`bind_account` has no words"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNLIKE)
def test_a_translation_that_says_something_else_is_refused(name: str, broken: Path) -> None:
    damage, words = UNLIKE[name]
    assert damage(GERMAN) != GERMAN
    (broken / "notices/de.md").write_text(damage(GERMAN), "utf-8")
    with pytest.raises(PolicyInvalid, match=re.escape(words)):
        mien_policies.notices(broken)


def test_a_file_that_is_not_a_notice_is_refused(broken: Path) -> None:
    (broken / "notices/README.md").write_text("Translate with care.\n")
    with pytest.raises(PolicyInvalid, match=r"notices/README\.md:1`: must begin with a head"):
        mien_policies.notices(broken)


def test_another_language_is_one_more_file(broken: Path) -> None:
    italian = GERMAN.replace("locale: de", "locale: it").replace(
        "Gesichtsausdruck lesen?", "volto?"
    )
    (broken / "notices/it.md").write_text(italian, "utf-8")
    assert mien_policies.notices(broken)["it"].locale == "it"
    assert mien_policies.notice("it-CH", broken).locale == "it"


def test_the_shape_of_a_text_is_counted_by_heading() -> None:
    found = languages.sections(
        "# T\n\none {a}\nmore\n\ntwo\n\n## S\n- a {b}\n- b {b}\nafter\n\n{c}\n"
    )
    assert [(s.line, s.paragraphs, s.points, s.placeholders) for s in found] == [
        (1, 2, 0, ("{a}",)),
        (8, 1, 2, ("{b}", "{b}", "{c}")),
    ]
