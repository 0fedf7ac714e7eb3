"""What the person sees: every view in a real Chromium, in every state, against axe-core, a keyboard and a ruler."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.node import WEB, node
from tests.web.browser import chromium, packages

import mien_policies
from mien.values import PURPOSES
from mien.wire.canonical import encode

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
VIEWS = WEB / "src" / "views"
LANGUAGES = ("de", "en", "es", "fr", "ru", "zh")
NOW = 1_795_000_000
SHOWN = ("personalize_offers", "adapt_service", "declare_mood")


def notice(locale: str) -> dict[str, Any]:
    """The notice of a shop in this language, as the server fills it."""
    source = mien_policies.notice(locale)
    return {
        "v": 1, "site": "shop", "locale": locale, "version": source.version, "title": source.title,
        "text": source.fill(
            controller="Demo Shop (a pretend company)", contact="privacy@demo-shop.example", retention_days=30, consent_days=180, evidence_days=1095,
            purposes=SHOWN,
        ),
        "purposes": [{"id": each, "title": source.purposes[each].title, "text": source.purposes[each].sentence} for each in SHOWN],
        "controller": "Demo Shop (a pretend company)", "contact": "privacy@demo-shop.example", "retention_days": 30,
        "release": source.fill_release(controller="Demo Shop (a pretend company)", retention_days=30),
    }  # fmt: skip


def held() -> dict[str, Any]:
    """An export with a little of everything."""
    label = {
        "class": "label", "retain_until": NOW + 86_400, "window": 3, "polarity": "none", "valence": 4, "arousal": 1, "model": 3, "second": None, "state": "none",
    }  # fmt: skip
    decided = {
        "action": "personalize",
        "purpose": "personalize_offers",
        "allow": True,
        "at": NOW,
        "laws": ["GDPR 6(1)(a)"],
        "more": 1,
    }
    looked = {"action": "look", "at": NOW, "officer": "o", "what": "decisions"}
    return {
        "v": 2, "site": "shop", "subject": "sub_" + "a" * 26, "at": NOW, "signature": "a.b.c",
        "labels": [
            label | {"record": f"rec_{'b' * 26}-{at:02}", "ended_at": NOW + at, "expression": expression, "confidence": at, "source": source, "state": state}
            for at, (expression, source, state) in enumerate([("sadness", "face", "confused"), ("joy", "declared", "none"), *[("neutral", "face", "engaged")] * 10])
        ],
        "events": [{"event": "evt_" + "a" * 26, "at": NOW, "used_emotion": True, "places": [{"offer": "kite"}], "basis": []}],
        "answers": [{"answer": "ans_" + "a" * 26, "item": "add-2", "correct": True, "at": NOW, "retain_until": NOW}],
        "decisions": [{"nonce": "x", "record": encode(each).decode(), "retain_until": NOW} for each in (decided, looked)],
        "keys": [{"id": "key-here", "role": "device", "added_at": NOW}, {"id": "key-lost", "role": "device", "added_at": NOW}, {"id": "k", "role": "recovery", "added_at": NOW}],
        "holds": [], "evidence": [], "untold": [], "unreadable": [], "consent": {},
    }  # fmt: skip


def receipt() -> dict[str, str]:
    """A kept receipt; who shows it does not verify it again."""
    from mien.wire.keys import SigningKey
    from mien.wire.signatures import Kind, sign

    said = {
        "receipt": "rcp_" + "a" * 26,
        "at": NOW,
        "outcome": "given",
        "purposes": ["declare_mood"],
    }
    return {"receipt": sign(Kind.RECEIPT, said, SigningKey.from_secret(bytes(range(32))))}


@pytest.fixture(scope="module")
def seen() -> Any:
    """What `views.ts` saw. `MIEN_PICTURES` names a folder for a picture of every scene."""
    browser = chromium()
    node(WEB)
    told = {
        "program": browser.program, "env": browser.env, "notices": {locale: notice(locale) for locale in LANGUAGES}, "export": held(), "receipts": [receipt()],
    }  # fmt: skip
    pictures = os.environ.get("MIEN_PICTURES")
    done = subprocess.run(
        [packages(), str(HERE / "views.ts")],
        input=json.dumps(told | ({"pictures": pictures} if pictures else {})), capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_is_amiss_in_the_page(seen: Any) -> None:
    """No error, and nothing that the frame's Content-Security-Policy, or Trusted Types, had to stop."""
    assert seen["troubles"] == []


def test_axe_finds_no_violation_in_any_view_state_or_scheme(seen: Any) -> None:
    assert {name: found for name, found in seen["violations"].items() if found} == {}
    assert len(seen["scenes"]) > 20
    assert len(seen["violations"]) == 2 * len(seen["scenes"])


def test_nothing_is_cut_off_or_scrolls_sideways_at_four_times_the_size(seen: Any) -> None:
    assert {name: width for name, width in seen["wide"].items() if width > 320} == {}


def test_yes_and_no_weigh_the_same(seen: Any) -> None:
    """Same box, same letters, same colours, in six languages and at two widths; and so for keeping and erasing."""
    assert len(seen["weights"]) == 2 * 2 * len(LANGUAGES) + 1
    for name, pair in seen["weights"].items():
        one, other = ({key: value for key, value in each.items() if key != "text"} for each in pair)
        assert one == other, name


def test_what_is_chosen_is_seen_without_our_colours(seen: Any) -> None:
    """Windows' high contrast: the system's own colours, and a mark."""
    [no, yes], marks = seen["forced"]
    assert no != yes
    assert marks == 1


def test_nothing_is_chosen_beforehand(seen: Any) -> None:
    assert seen["preselected"] == 0
    assert seen["inputs"] == 2 * len(SHOWN) + 4


def test_all_of_it_can_be_done_with_the_keyboard_alone(seen: Any) -> None:
    paths = seen["keyboard"]
    [(asked, trusted, answer)] = paths["some"]["calls"]
    assert (asked, trusted, answer["purposes"]) == ("yes", True, ["personalize_offers"])
    assert answer["claims"] == {
        "jurisdictions": ["EU-DE"],
        "sector": "retail",
        "role": "customer",
        "age_band": "adult",
    }
    assert paths["some"]["yes"] == "yes"
    assert paths["some"]["seen"] == [True, True]
    assert paths["some"]["focus"] == "H1"
    assert paths["no"] == [["no"]]
    assert paths["later"] == [["later"], ["close"]]
    assert paths["withdraw"] == [["withdraw", ["declare_mood"]], ["withdraw", None]]
    assert paths["erase"] == [["erase", True]]
    assert paths["stop"] == [["withdraw", None]]


def test_a_yes_needs_what_the_law_asks_for_and_a_no_nothing(seen: Any) -> None:
    presses = seen["presses"]
    assert presses["without"][0] == []
    assert "how old" in presses["without"][1]
    [(_, trusted, answer)] = presses["all"]
    assert trusted
    assert answer["purposes"] == [each for each in PURPOSES if each in SHOWN]
    assert presses["unsigned"] == []
    assert presses["signed"] == "Ada Lovelace"


def test_the_recovery_code_is_shown_until_it_is_kept(seen: Any) -> None:
    assert seen["presses"]["code"] == "abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567"
    assert seen["presses"]["kept"] == 0


def test_a_changed_notice_is_answered_anew(seen: Any) -> None:
    assert seen["presses"]["stale"] == 0


def test_a_minor_is_told_the_law_and_goes_on_with_a_guardian(seen: Any) -> None:
    assert seen["presses"]["law"] == 1
    answer = seen["presses"]["guardian"]
    assert answer["guardian"] == "{}"
    assert answer["claims"]["age_band"] == "13_to_15"


def test_a_change_begins_with_what_stands(seen: Any) -> None:
    """Else one press more would take back what was not meant."""
    assert seen["presses"]["change"] == ["personalize_offers yes", "declare_mood yes"]


def test_what_is_taken_back_without_a_connection_is_said_so(seen: Any) -> None:
    assert seen["presses"]["away"] == [["withdraw", None]]


def test_another_language_keeps_the_choices_and_the_focus(seen: Any) -> None:
    assert seen["presses"]["language"] == [
        "de", notice("de")["title"], "SELECT", ["declare_mood yes"],
    ]  # fmt: skip


def test_moods_corrections_and_the_camera_hand_on_the_press(seen: Any) -> None:
    presses = seen["presses"]
    calls, pressed, said = presses["mood"]
    assert calls == [["declare", True, "sadness", None], ["declare", True, "sadness", "anger"]]
    assert pressed == 2
    assert "Sadness + Anger" in said
    assert presses["corrected"] == [["correct", True, f"rec_{'b' * 26}-11", "joy"]]
    assert presses["export"] == ["mien-shop.json", held()]
    assert "Your expression is being read" in presses["sign"]
    assert "since" in presses["sign"]
    assert presses["unasked"] is False
    assert presses["camera"] == [["start", True], ["affirm", True], ["stop"]]
    assert presses["forged"] == [["start", False]]


def test_no_text_becomes_markup_and_no_theme_hides_a_word(seen: Any) -> None:
    assert seen["hostile"] == [0, True, "block"]
    assert seen["themed"] == ["rgb(253, 246, 227)", "rgb(43, 43, 43)", "4px", True]


def test_the_sources_know_no_way_from_text_to_markup_or_code() -> None:
    """Neither the views nor the frame they stand in."""
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTMLUnsafe|\beval\(|new Function|srcdoc|cssText"
    )
    files = [*VIEWS.rglob("*.ts"), *(WEB / "src" / "frame").rglob("*.ts")]
    assert len(files) > 20
    assert [file.name for file in files if ways.search(file.read_text())] == []
