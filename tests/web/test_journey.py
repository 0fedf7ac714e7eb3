"""The web SDK against the real server: in Node from the first notice to the completed certificate, with every byte that left; and as it is built, in a real Chromium."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.journeys.test_recorded_session import (
    BASE64,
    BODIES,
    CATALOGUE,
    Request,
    Tap,
    requests,
    spelt,
)
from tests.node import WEB, built, node
from tests.web.browser import chromium, packages

from mien.cli.demo.scenes import spoken
from mien.cli.demo.stage import SITE, Stage
from mien.consent import open_receipt_file, open_service, receipt_file_from
from mien.values import EXPRESSIONS, POLARITIES, STATES
from mien.wire.canonical import decode, unb64
from mien.wire.keys import VerifyKey
from mien.wire.messages import Certificate, Envelope, Receipt, SignedAnswer, parse
from mien.wire.proof import parse_note_key, read_entry, verify_tlog_proof

pytestmark = [pytest.mark.node, pytest.mark.slow]

HERE = Path(__file__).parent
READS = (
    "/.well-known/mien",
    f"/v1/sites/{SITE}/notices/en",
    f"/v1/sites/{SITE}/notices/de",
    "/v1/me",
)
SHOP = "http://localhost:8443"
"""Where a page lies that no server serves: the browser is given it."""
HEADERS = {
    "host", "connection", "accept", "accept-encoding", "accept-language", "sec-fetch-mode", "user-agent", "content-length", "content-type", "mien-site-key",
    "authorization", "pragma", "cache-control",
}  # fmt: skip
"""Those of the Python SDK, and what `fetch` adds by itself."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("web") / "stage", CATALOGUE) as stage:
        yield stage


@pytest.fixture(scope="module")
def tap(stage: Stage) -> Iterator[Tap]:
    parts = urlsplit(stage.url)
    tap = Tap((parts.hostname or "", parts.port or 0))
    threading.Thread(target=tap.serve, daemon=True).start()
    yield tap
    tap.close()


@pytest.fixture(scope="module")
def told(stage: Stage, tap: Tap) -> Any:
    """What `journey.ts` says came of it."""
    options = {"server": tap.url, "site": SITE, "key": stage.publishable, "trust": stage.trust}
    done = subprocess.run(
        [node(WEB), str(HERE / "journey.ts")],
        input=json.dumps(options), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def sent(told: Any, tap: Tap) -> list[Request]:
    """Every request of the journey."""
    assert told
    return [request for said in tap.said for request in requests(bytes(said))]


# ---- what came of it ----
def test_before_an_answer_the_shop_works_and_nothing_is_kept(told: Any) -> None:
    assert len(told["before"]["places"]) == 5
    assert told["before"]["used_emotion"] is False
    assert told["kept_before"] == []
    assert told["said_of_a_no"] == 0
    assert told["after_no"] == ["refused", {"code": "consent-missing", "laws": []}]


def test_a_yes_is_receipted_logged_and_proved(told: Any, stage: Stage) -> None:
    receipt = parse(Receipt, told["receipt"])
    assert (receipt.outcome, sorted(receipt.purposes)) == ("given", ["declare_mood", "personalize_offers"])  # fmt: skip
    with httpx.Client(base_url=stage.url, headers={"Mien-Site-Key": stage.publishable}) as client:
        answer = client.get("/.well-known/mien").json()
    service = open_service(answer["jws"], VerifyKey.from_text(stage.trust), int(time.time()))
    name, key = parse_note_key(service.audit_key)
    entry = unb64(told["proof"]["entry"])
    verify_tlog_proof(told["proof"]["text"], entry, name, key)
    assert read_entry(entry)[0] == unb64(receipt.promise.leaf)


def test_a_declared_mood_changes_the_order_and_says_so(told: Any) -> None:
    assert told["mood"]["source"] == "declared"
    assert (told["standing"]["waiting"], told["standing"]["lost"]) == (0, {})
    ranking = told["ranking"]
    assert ranking["used_emotion"] is True
    assert any("you said you feel happy" in place["why"] for place in ranking["places"])
    without = {place["offer"]["id"]: place["offer"]["price"] for place in told["before"]["places"]}
    prices = {place["offer"]["id"]: place["offer"]["price"] for place in ranking["places"]}
    assert {name: prices[name] for name in without.keys() & prices.keys()} == {
        name: without[name] for name in without.keys() & prices.keys()
    }
    assert told["renewed"] == "renewed"


def test_a_person_comes_to_whoever_asks_for_one(told: Any) -> None:
    mode, pressed = told["help_before"]
    assert (mode, pressed["mode"], pressed["why"], pressed["ticket"]) == ("auto", "human", "", None)
    # This site has no desk with a key: there is no ticket to hand on, and why is said all the same.
    assert (told["help"]["mode"], told["help"]["ticket"]) == ("human", None)
    assert told["help"]["why"]


def test_a_visit_and_the_shops_rules_count_with_and_without_consent(told: Any) -> None:
    for ranking in (told["before"], told["ranking"]):
        shown = [place["offer"]["id"] for place in ranking["places"]]
        assert shown[1] == "kite-dragon"
        assert "ukulele" not in shown
        assert (ranking["behaviour"], ranking["agreed"]) == ("leaving", None)


def test_everything_held_is_shown_and_can_be_corrected(told: Any) -> None:
    moods = {(label["expression"], label["second"]) for label in told["held"]["labels"]}
    assert moods == {("joy", None), ("joy", "surprise")}
    assert {label["source"] for label in told["held"]["labels"]} == {"declared"}
    assert sorted(label["expression"] for label in told["corrected"]) == ["joy", "sadness"]
    assert len(told["held"]["labels"]) == len(told["corrected"]) == 2


def test_a_recovery_code_brings_the_person_to_another_device(told: Any) -> None:
    assert sorted(told["recovered"]) == ["declare_mood", "personalize_offers"]
    assert sorted(told["keys"]) == ["device", "device", "recovery"]


def test_a_link_code_adds_one_device_once_and_a_lost_one_is_removed(told: Any) -> None:
    assert sorted(told["joined"]) == ["declare_mood", "personalize_offers"]
    assert told["joined_again"]["code"] == "consent-missing"
    assert sorted(told["key_set"]) == ["device", "device", "device here", "recovery"]
    assert told["removed"] == "device"
    assert told["removed_is_a_stranger"] == {"code": "request-refused", "laws": []}


def test_a_childs_yes_counts_with_their_guardians_and_the_guardian_takes_it_back(told: Any) -> None:
    assert told["alone"]["code"] == "consent-refused"
    assert any("GDPR 8" in law for law in told["alone"]["laws"])
    assert told["unread"] == {"code": "consent-missing", "laws": []}
    assert told["approved"] == [["adapt_service"], "en"]
    assert told["more_than_approved"] == {"code": "signature-invalid", "laws": []}
    assert told["together"] == ["given", ["adapt_service"]]
    assert told["childs_keys"] == ["device", "guardian", "recovery"]
    assert told["revoked"] == ["revoked", "guardian"]
    assert told["forgotten"] == ["accepted", True]


def test_a_no_is_final_until_the_next_yes(told: Any) -> None:
    assert (told["withdrawn"]["outcome"], told["withdrawn"]["purposes"]) == ("withdrawn", [])
    assert told["withdrawn_again"] == "withdrawn"
    assert told["after_withdrawal"] == [{"code": "consent-missing", "laws": []}, "withdrawn", False]


def test_a_refusal_names_the_law(told: Any) -> None:
    assert told["refused"] == {"code": "consent-refused", "laws": ["AI Act 5(1)(f)"]}


def test_kept_receipts_are_files_that_the_python_sdk_verifies(told: Any, stage: Stage) -> None:
    trust = VerifyKey.from_text(stage.trust)
    opened = [open_receipt_file(receipt_file_from(file), trust) for file in told["files"]]
    assert [each.receipt.outcome for each in opened] == ["given", "renewed", "withdrawn", "refused"]
    assert all(each.trusted for each in opened)


def test_erasure_leaves_nothing_here_and_is_certified_there(told: Any) -> None:
    stages = [parse(Certificate, told[name]).stage for name in ("accepted", "completed")]
    assert stages == ["accepted", "completed"]
    assert told["completed"]["key_destroyed"] is True
    assert told["kept_after"] == []
    assert told["after_erasure"] == [None, {"code": "consent-missing", "laws": []}]
    assert told["others_end"] == {"code": "consent-missing", "laws": []}


# ---- every byte that left ----
def test_every_byte_is_a_signed_statement_an_envelope_or_a_plain_question(
    sent: list[Request],
) -> None:
    bodies = BODIES | {"/v1/keys": SignedAnswer, "/v1/me/corrections": SignedAnswer}
    for request in sent:
        assert set(request.headers) <= HEADERS, request.headers.keys() - HEADERS
        if request.method == "GET":
            assert request.path in READS or request.path.startswith(
                ("/audit/", "/v1/erasures/era_")
            )
            assert request.body == b""
        else:
            parse(bodies[request.path], decode(request.body))  # closed: nothing can hide in a field
    said = {request.path for request in sent if request.method == "POST"}
    assert said >= {
        "/v1/labels", "/v1/rank", "/v1/rewards", "/v1/consents", "/v1/withdrawals", "/v1/erasures", "/v1/keys", "/v1/me/corrections",
    }  # fmt: skip


def test_labels_leave_in_envelopes_of_one_size(sent: list[Request]) -> None:
    bodies = [request.body for request in sent if request.path == "/v1/labels"]
    envelopes = [parse(Envelope, decode(body)) for body in bodies]
    assert len(envelopes) == 2
    assert len({len(body) for body in bodies}) == 1
    assert [envelope.seq for envelope in envelopes] == [1, 2]


def test_no_word_of_the_vocabulary_is_in_the_stream(sent: list[Request]) -> None:
    stream = b"".join(request.body for request in sent) + b"".join(
        value.encode() for request in sent for value in request.headers.values()
    )
    words = {*EXPRESSIONS, *STATES, *POLARITIES} - {"none"}
    assert [word for word in words if spoken(word, stream)] == []
    inside = b"".join(unb64(run.decode()) for run in BASE64.findall(stream) if spelt(run))
    assert len(inside) > 2 * 1653, "the sealed parts were not looked into"
    assert [word for word in words if len(word) > 4 and word.encode() in inside] == []


def test_rank_says_the_same_with_and_without_consent(sent: list[Request]) -> None:
    ranks = [decode(request.body) for request in sent if request.path == "/v1/rank"]
    assert {rank["asker"] is None for rank in ranks} == {True, False}
    ignored = {"asker", "mac", "request"}
    assert (
        len({json.dumps({k: v for k, v in rank.items() if k not in ignored}) for rank in ranks})
        == 1
    )
    assert {frozenset(rank) for rank in ranks} == {frozenset(ranks[0])}


# ---- in a real browser ----
@pytest.fixture(scope="module")
def browsed(stage: Stage) -> Any:
    """What `browser.ts` says came of it: at a site that lists the server's own origin, which a page there has, and a shop's."""
    assert built().exists()
    browser = chromium()
    added = json.loads(
        stage.mien(
            "site", "add", "web-shop", "--sector", "retail", "--role", "customer", "--jurisdiction", "EU-DE", "--controller", "Web Shop",
            "--contact", "privacy@web-shop.example", "--impact-assessment", "--catalogue", str(CATALOGUE), "--origin", stage.url, "--origin", SHOP, "--json",
        )
    )  # fmt: skip
    options = {
        "server": stage.url,
        "site": "web-shop",
        "key": added["publishable_key"],
        "trust": added["verify_key"],
    }
    done = subprocess.run(
        [packages(), str(HERE / "browser.ts")], input=json.dumps({"program": browser.program, "env": browser.env, "options": options, "shop": SHOP}),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_in_a_browser_nothing_is_kept_before_a_yes(browsed: Any) -> None:
    assert browsed["before"] == [5, "none", 1]
    assert browsed["troubles"] == []


def test_in_a_browser_keys_cannot_leave_and_survive_a_reload(browsed: Any) -> None:
    keys = browsed["keys"]
    assert keys["algorithms"] == ["AES-GCM", "Ed25519"]
    assert keys["extractable"] == [False, False]
    assert keys["given"] == ["InvalidAccessError", "InvalidAccessError"]
    subject = browsed["consented"]["standing"]["subject"]
    assert browsed["reloaded"]["standing"]["subject"] == subject
    assert browsed["reloaded"]["standing"]["waiting"] == 0


def test_in_a_browser_a_mood_is_said_explained_and_taken_back_in_another_tab(browsed: Any) -> None:
    assert browsed["consented"]["receipt"]["outcome"] == "given"
    assert browsed["reloaded"]["moods"] == ["joy", "sadness"]
    assert browsed["reloaded"]["why"]
    assert browsed["withdrawn"] == "withdrawn"
    assert browsed["after"] == ["ConsentMissing consent-missing", False, "", 0]
    assert browsed["erased"] == "accepted"
    assert browsed["left"] == {"names": [], "algorithms": [], "extractable": [], "given": []}


def test_in_a_browser_a_page_of_another_origin_is_served_where_the_site_lists_it(
    browsed: Any,
) -> None:
    """With what a browser asks beforehand (CORS), for every kind of request."""
    assert browsed["embedded"] == {
        "first": 5, "outcome": "given", "waiting": 0, "held": 1, "refused": "withdrawn",
    }  # fmt: skip


def test_in_a_browser_no_other_host_is_asked_and_no_word_of_emotion_leaves(
    browsed: Any, stage: Stage
) -> None:
    assert {
        f"{urlsplit(each['url']).scheme}://{urlsplit(each['url']).netloc}"
        for each in browsed["seen"]
    } == {stage.url, SHOP}
    assert {urlsplit(each["url"]).path for each in browsed["seen"] if each["url"].startswith(SHOP)} == {"/page", "/mien.js"}  # fmt: skip
    bodies = [
        (urlsplit(each["url"]).path, each["body"].encode())
        for each in browsed["seen"]
        if each["body"]
    ]
    for path, body in bodies:
        parse((BODIES | {"/v1/keys": SignedAnswer})[path], decode(body))
    envelopes = [body for path, body in bodies if path == "/v1/labels"]
    assert (len(envelopes), len({len(body) for body in envelopes})) == (3, 1)
    words = {*EXPRESSIONS, *STATES, *POLARITIES} - {"none"}
    assert [word for word in words for _, body in bodies if spoken(word, body)] == []
