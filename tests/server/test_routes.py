"""The whole application over HTTP, from consent to proof: real keys, policies, SQLite and pipeline; only the clock stands still."""

import asyncio
import base64
import hashlib
import io
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.server.web import Web

from mien.wire import proof
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import OpenKey
from mien.wire.messages import (
    CapabilityRequest,
    EntriesAsk,
    ErasureStatement,
    ExportRequest,
    RankRequest,
    RewardRequest,
    Why,
    WithdrawalStatement,
    authenticate,
    dump,
    parse,
)
from mien.wire.seal import Use, open_sealed, unpad
from mien.wire.signatures import Kind, unverified, verify
from mien_server import logs
from mien_server.app import create_app
from mien_server.cli.officer.key import Ask, OfficerKey, fresh
from mien_server.settings import Settings

PUBLISHABLE = {"Mien-Site-Key": "pk_shop"}
BACKEND = {"Authorization": "Bearer sk_shop"}


class Shop:
    """A served shop, and phones that talk to it over HTTP."""

    def __init__(self, world: Any, log: io.StringIO, **settings: Any) -> None:
        self.world, self.log = world, log
        self.notice_hash = asyncio.run(_prepared(world))
        world.notice_hash = self._notice_hash  # the phones' own way to it goes past HTTP
        self.log_key = proof.note_key("shop.example/log", world.keys.log.verify_key())
        self.officer = OfficerKey.of(fresh("anna", self.log_key))
        self.settings = Settings(
            database=world.address, keys=world.key_directory, origin="shop.example/log",
            **{"officer_keys": (self.officer.listed,), **settings},
        )  # fmt: skip
        self.app = create_app(self.settings, clock=world.clock, logger=logs.make("debug", log))
        self.web = Web(self.app)

    def asking(self, ask: Ask, key: OfficerKey | None = None) -> dict[str, str]:
        """What an officer sends."""
        return {"Authorization": (key or self.officer).authorization(ask, self.world.clock.now())}

    async def _notice_hash(self) -> str:
        return self.notice_hash

    def phone(self, **other: Any) -> Any:
        return self.world.phone(**other)

    def post(self, path: str, body: Any, headers: dict[str, str] = PUBLISHABLE) -> Any:
        return self.web.post(path, json=body, headers=headers)

    def consented(self, **other: Any) -> Any:
        phone = self.phone()
        answer = self.consent(phone, **other)
        assert unverified(answer.json()["receipt"])["outcome"] == "given"
        return phone

    def consent(self, phone: Any, headers: dict[str, str] | None = None, **other: Any) -> Any:
        statement = self.web.run(phone.consent_statement("personalize_offers", **other))
        return self.post(
            "/v1/consents",
            {"jws": phone.signed(Kind.CONSENT, statement)},
            {**PUBLISHABLE, **(headers or {})},
        )

    def signed(self, path: str, phone: Any, kind: Kind, statement: Any) -> Any:
        return self.post(path, {"jws": phone.signed(kind, statement)})


async def _prepared(world: Any) -> str:
    await world.open()
    found: str = await world.notice_hash()
    await world.close()
    return found


Open = Callable[..., Shop]


@pytest.fixture
def opened(make_world: Callable[..., Any]) -> Iterator[Open]:
    """Opens shops; closes them at the end."""
    shops: list[Shop] = []

    def made(site: dict[str, Any] | None = None, **settings: Any) -> Shop:
        world = make_world()
        world.site = replace(world.site, **(site or {}))
        shop = Shop(world, io.StringIO(), **settings)
        shop.web.__enter__()
        shops.append(shop)
        return shop

    yield made
    for shop in shops:
        shop.web.__exit__(None, None, None)


@pytest.fixture
def shop(opened: Open) -> Shop:
    return opened()


# ---- the way ----
def test_consent_labels_ranking_reward_withdrawal_erasure_proof(shop: Shop) -> None:
    server_key = shop.world.keys.signing.verify_key()
    service = verify(shop.web.get("/.well-known/mien").json()["jws"], Kind.SERVICE, server_key)
    notice = shop.web.get("/v1/sites/shop/notices/en").json()
    assert b64(hashlib.sha256(encode(notice)).digest()) == shop.notice_hash

    phone = shop.phone()
    answer = shop.consent(phone).json()
    receipt = verify(answer["receipt"], Kind.RECEIPT, server_key)
    assert receipt["outcome"] == "given"
    capability = verify(answer["capability"], Kind.CAPABILITY, server_key)
    assert (capability["device"], "send" in capability["may"]) == (phone.id, True)

    envelope = dump(phone.envelope())
    assert shop.post("/v1/labels", envelope).json() == {"accepted": True, "duplicate": False}
    assert shop.post("/v1/labels", envelope).json() == {"accepted": True, "duplicate": True}

    ranking = shop.post("/v1/rank", dump(phone.rank_request())).json()
    why = phone.why(_ranking(ranking))
    assert isinstance(why, Why)
    assert why.used_emotion
    reward = RewardRequest(
        site="shop", event=ranking["event"], reward=100, asker=phone.asker(), mac=b64(bytes(32))
    )
    sealed = authenticate(reward, phone.stream_key, Use.REWARD)
    assert shop.post("/v1/rewards", dump(sealed)).json()["accepted"] is True

    held = export(shop, phone)
    assert held

    withdrawal = WithdrawalStatement(**phone.by_person(purposes=["personalize_offers"]))
    answer = shop.signed("/v1/withdrawals", phone, Kind.WITHDRAWAL, withdrawal).json()
    assert verify(answer["receipt"], Kind.RECEIPT, server_key)["outcome"] == "withdrawn"
    assert answer["capability"] is None
    refused = shop.post("/v1/labels", dump(phone.envelope()))
    assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing")
    assert refused.json()["laws"]
    after = shop.post("/v1/rank", dump(phone.rank_request()))
    assert after.status_code == 200
    assert not phone.why(_ranking(after.json())).used_emotion

    erased = shop.signed(
        "/v1/erasures", phone, Kind.ERASURE, ErasureStatement(**phone.by_person())
    ).json()
    assert verify(erased["certificate"], Kind.CERTIFICATE, server_key)["stage"] in {
        "accepted",
        "completed",
    }
    assert shop.post("/v1/rank", dump(phone.rank_request())).status_code == 410
    shop.web.run(_complete(shop))
    found = shop.web.get(f"/v1/erasures/{erased['erasure']}").json()
    certificate = verify(found["certificate"], Kind.CERTIFICATE, server_key)
    assert (certificate["stage"], certificate["key_destroyed"]) == ("completed", True)

    shop.web.run(_sequenced(shop))
    proven = shop.web.get("/audit/proof", params={"leaf": receipt["promise"]["leaf"]}).json()
    origin, log_key = proof.parse_note_key(service["audit_key"])
    entry = unb64(proven["entry"])
    assert entry[:32] == unb64(receipt["promise"]["leaf"])
    assert proof.verify_tlog_proof(proven["proof"], entry, origin, log_key) >= 0
    checkpoint = proof.parse_checkpoint(shop.web.get("/audit/checkpoint").text, origin, log_key)
    assert checkpoint.size > 0


def _ranking(body: dict[str, Any]) -> Any:
    from mien.wire.messages import RankAnswer

    return parse(RankAnswer, body)


def export(shop: Shop, phone: Any) -> bytes:
    ephemeral = OpenKey.generate()
    statement = ExportRequest(**phone.by_person(seal=ephemeral.seal_key().text()))
    jws = phone.signed(Kind.EXPORT_REQUEST, statement)
    answer = shop.web.get(
        "/v1/me", headers={**PUBLISHABLE, "Authorization": f"Mien-Statement {jws}"}
    )
    assert answer.status_code == 200, answer.text
    context = (b"shop", phone.subject.encode())
    sealed = unb64(answer.json()["sealed"])
    return zlib.decompress(unpad(open_sealed(sealed, ephemeral, Use.EXPORT, *context)))


async def _complete(shop: Shop) -> None:
    await shop.app.state.pipeline.complete_erasures()


async def _sequenced(shop: Shop) -> None:
    await shop.app.state.pipeline.sequence()


# ---- who asks ----
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Mien-Site-Key": ""},
        {"Mien-Site-Key": "pk_other"},
        {"Mien-Site-Key": "x" * 300},
        {"Mien-Site-Key": "sk_shop"},
        {"Authorization": "Bearer sk_shop"},
        {"Authorization": "Basic cGtfc2hvcDo="},
    ],
)
def test_device_endpoints_need_a_known_publishable_key(shop: Shop, headers: dict[str, str]) -> None:
    for path in ("/v1/consents", "/v1/labels"):
        refused = shop.post(path, {}, headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "site-unknown")
        assert refused.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["pk_shop", "sk_other", "", "sk_shop x"])
def test_backend_needs_the_secret_key(shop: Shop, token: str) -> None:
    # Known as publishable just before: a key must never be found as the other kind.
    assert shop.post("/v1/rank", _plain(shop)).status_code == 200
    refused = shop.post("/v1/rank", _plain(shop), {"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "site-unknown")


def test_secret_key_is_no_publishable_key_even_after_it_was_used(shop: Shop) -> None:
    assert shop.post("/v1/rank", _plain(shop), BACKEND).status_code == 200
    assert shop.post("/v1/rank", _plain(shop), {"Mien-Site-Key": "sk_shop"}).status_code == 401


def test_backend_ranks_without_a_device(shop: Shop) -> None:
    ranking = shop.post("/v1/rank", _plain(shop), BACKEND).json()
    assert ranking["sealed_why"] is None
    assert len(ranking["places"]) == 5


def _plain(shop: Shop, **other: Any) -> dict[str, Any]:
    return dump(RankRequest(site=shop.world.site.id, request=b64(os.urandom(16)), **other))


def test_refusing_costs_nothing_same_offers_and_prices(shop: Shop) -> None:
    def offers(body: dict[str, Any], headers: dict[str, str]) -> list[tuple[str, int]]:
        places = shop.post("/v1/rank", body, headers).json()["places"]
        return sorted((place["offer"]["id"], place["offer"]["price"]) for place in places)

    phone = shop.consented()
    shop.post("/v1/labels", dump(phone.envelope()))
    plain = offers(_plain(shop, places=6), PUBLISHABLE)
    assert plain == offers(dump(phone.rank_request(places=6)), PUBLISHABLE)
    assert len(plain) == 6


def test_origins_are_those_of_the_site(opened: Open) -> None:
    shop = opened({"origins": ("https://shop.example",)})
    fine = shop.post("/v1/rank", _plain(shop), {**PUBLISHABLE, "Origin": "https://shop.example"})
    assert fine.headers["access-control-allow-origin"] == "https://shop.example"
    assert "origin" in fine.headers["vary"].lower()
    refused = shop.post("/v1/rank", _plain(shop), {**PUBLISHABLE, "Origin": "https://evil.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "origin-refused")
    assert "access-control-allow-origin" not in refused.headers


def test_page_may_read_why_its_request_was_refused(opened: Open) -> None:
    shop = opened({"origins": ("https://shop.example",)})
    refused = shop.post("/v1/rank", {}, {**PUBLISHABLE, "Origin": "https://shop.example"})
    assert refused.status_code == 400
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"
    assert refused.headers["access-control-expose-headers"] == "retry-after"


def test_a_frame_of_this_server_may_ask_and_no_other_page_that_is_not_listed(opened: Open) -> None:
    """Browsers write `Sec-Fetch-Site` themselves: `same-origin` has only what this server itself served."""
    shop = opened({"origins": ("https://shop.example",)})
    asked = {**PUBLISHABLE, "Origin": "https://mien.example"}
    codes = {}
    for fetched in ("same-origin", "same-site", "cross-site", "none"):
        answer = shop.post("/v1/rank", _plain(shop), asked | {"Sec-Fetch-Site": fetched})
        codes[fetched] = answer.status_code
    assert codes == {"same-origin": 200, "same-site": 403, "cross-site": 403, "none": 403}


def test_site_without_origins_takes_no_browser(shop: Shop) -> None:
    refused = shop.post("/v1/rank", _plain(shop), {**PUBLISHABLE, "Origin": "https://shop.example"})
    assert refused.json()["code"] == "origin-refused"


def test_site_is_limited(opened: Open) -> None:
    shop = opened(rate_per_site=1.0, burst_seconds=2.0)
    codes = [shop.post("/v1/rank", _plain(shop)).status_code for _ in range(4)]
    assert codes[:2] == [200, 200]
    assert codes[-1] == 429


# ---- bad input ----
def test_gpc_header_counts_whatever_the_claims_say(shop: Shop) -> None:
    phone = shop.phone()
    shop.consent(phone, {"Sec-GPC": "1"})
    held = json.loads(export(shop, phone))
    assert held["consent"]["gpc_at"] > 0
    other = shop.consented()
    assert json.loads(export(shop, other))["consent"]["gpc_at"] == 0


def test_forged_statement(shop: Shop) -> None:
    phone, stranger = shop.consented(), shop.phone()
    statement = WithdrawalStatement(**phone.by_person(purposes=["personalize_offers"]))
    jws = phone.signed(Kind.WITHDRAWAL, statement)
    head, payload, signature = jws.split(".")
    forged = ".".join([head, payload, b64(bytes(64))])
    refused = shop.post("/v1/withdrawals", {"jws": forged})
    assert (refused.status_code, refused.json()["code"]) == (401, "signature-invalid")
    foreign = shop.signed("/v1/withdrawals", stranger, Kind.WITHDRAWAL, statement)
    assert foreign.json()["code"] == "person-unknown"
    kind = shop.signed("/v1/erasures", phone, Kind.WITHDRAWAL, statement)
    assert kind.status_code in {400, 401}
    assert signature
    assert json.loads(export(shop, phone))["consent"]["state"] == "given"


def test_replayed_and_late_statement(shop: Shop) -> None:
    phone = shop.consented()
    jws = phone.signed(Kind.CAPABILITY_REQUEST, CapabilityRequest(**phone.by_person(model=1)))
    assert shop.post("/v1/capabilities", {"jws": jws}).status_code == 200
    again = shop.post("/v1/capabilities", {"jws": jws})
    assert (again.status_code, again.json()["code"]) == (409, "envelope-replayed")
    late = phone.signed(Kind.CAPABILITY_REQUEST, CapabilityRequest(**phone.by_person()))
    shop.world.clock.at += 121
    refused = shop.post("/v1/capabilities", {"jws": late})
    assert (refused.status_code, refused.json()["code"]) == (400, "clock-skewed")


def test_stale_notice(shop: Shop) -> None:
    phone = shop.phone()
    refused = shop.consent(phone, notice_sha256=b64(bytes(32)))
    assert (refused.status_code, refused.json()["code"]) == (409, "notice-stale")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"mac": b64(bytes(32))}, 400, "envelope-invalid"),
        ({"seq": 2}, 400, "envelope-invalid"),
        ({"ct": b64(bytes(1653))}, 400, "envelope-invalid"),
        ({"ct": b64(bytes(1652))}, 400, "request-invalid"),
        ({"kid": "2026-11-23"}, 400, "seal-key-unknown"),
        ({"kid": "2026-01-01"}, 410, "seal-key-expired"),
        ({"device": b64(bytes(16))}, 404, "person-unknown"),
        ({"subject": "sub_" + "a" * 26}, 404, "person-unknown"),
        ({"site": "elsewhere"}, 404, "person-unknown"),
        ({"seq": 0}, 400, "request-invalid"),
        ({"note": "x"}, 400, "request-invalid"),
    ],
    ids=str,
)
def test_altered_envelope(shop: Shop, change: dict[str, Any], status: int, code: str) -> None:
    phone = shop.consented()
    sound = dump(phone.envelope())
    refused = shop.post("/v1/labels", {**sound, **change})
    assert (refused.json()["code"], refused.status_code) == (code, status)
    assert shop.post("/v1/labels", sound).status_code == 200  # nothing was lost


def test_same_number_for_another_envelope(shop: Shop) -> None:
    phone = shop.consented()
    assert shop.post("/v1/labels", dump(phone.envelope(seq=5))).status_code == 200
    refused = shop.post("/v1/labels", dump(phone.envelope(seq=5)))
    assert (refused.status_code, refused.json()["code"]) == (409, "envelope-replayed")
    assert shop.post("/v1/labels", dump(phone.envelope(seq=4))).status_code == 200


def test_export_needs_a_statement(shop: Shop) -> None:
    for headers in ({}, {"Authorization": "Mien-Statement x"}, {"Authorization": "Bearer sk_shop"}):
        refused = shop.web.get("/v1/me", headers={**PUBLISHABLE, **headers})
        assert refused.status_code in {400, 401}
    assert shop.web.get("/v1/me").json()["code"] == "site-unknown"


def test_unknown_things(shop: Shop) -> None:
    assert shop.web.get(f"/v1/erasures/er_{'a' * 26}").json()["code"] == "erasure-unknown"
    assert shop.web.get("/v1/erasures/x").status_code == 404
    assert shop.web.get("/v1/sites/other/notices/en").json()["code"] == "not-found"
    assert (
        shop.web.get("/audit/proof", params={"leaf": b64(bytes(32))}).json()["code"]
        == "leaf-unknown"
    )
    assert shop.web.get("/audit/proof").json()["code"] == "request-invalid"
    assert shop.web.get("/audit/proof?" + "a=1&" * 40).json()["code"] == "request-invalid"
    reward = RewardRequest(site="shop", event=f"ev_{'a' * 26}", reward=1)
    assert shop.post("/v1/rewards", dump(reward), BACKEND).json()["code"] == "event-unknown"


# ---- the log ----
def test_tiles_are_cacheable_for_good_and_entries_are_for_officers(shop: Shop) -> None:
    shop.consented()
    shop.web.run(_sequenced(shop))
    size = int(shop.web.get("/audit/checkpoint").text.splitlines()[1])
    tile = shop.web.get(f"/audit/tile/0/000.p/{size}")
    assert len(tile.content) == 32 * size
    assert "immutable" in tile.headers["cache-control"]
    assert tile.headers["access-control-allow-origin"] == "*"
    path = f"/audit/tile/entries/000.p/{size}"
    stranger = OfficerKey.of(fresh("anna", shop.log_key))
    for headers in (
        {},
        {"Authorization": "Bearer of_other"},
        BACKEND,
        shop.asking(EntriesAsk(), stranger),
    ):
        refused = shop.web.get(path, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "officer-unknown")
    entries = shop.web.get(path, headers=shop.asking(EntriesAsk()))
    assert len(entries.content) == (2 + 40) * size
    assert entries.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "0/0",
        "0/000.p/0",
        "0/000.p/256",
        "64/000",
        "00/000",
        "0/x000/001",
        "0/1000",
        "x/000",
        "0/000.p/01",
        "0/../keys",
        "0",
    ],
)
def test_any_other_spelling_of_a_tile_is_not_found(shop: Shop, path: str) -> None:
    assert shop.web.get(f"/audit/tile/{path}").status_code == 404


def test_without_officers_nobody_reads_entries(opened: Open) -> None:
    shop = opened(officer_keys=())
    for headers in (shop.asking(EntriesAsk()), {}):
        refused = shop.web.get("/audit/tile/entries/000", headers=headers)
        assert refused.json()["code"] == "officer-unknown"


# ---- operations ----
def test_alive_and_ready(shop: Shop) -> None:
    assert shop.web.get("/healthz").json() == {"alive": True}
    assert shop.web.get("/readyz").json() == {"ready": True}


def test_not_ready_without_todays_sealing_key(shop: Shop) -> None:
    shop.world.clock.at += 86_400
    refused = shop.web.get("/readyz")
    assert (refused.status_code, refused.json()["code"]) == (503, "not-ready")
    shop.web.run(shop.app.state.pipeline.rotate())
    assert shop.web.get("/readyz").status_code == 200


def test_metrics_count_and_hold_nobody(shop: Shop) -> None:
    phone = shop.consented()
    shop.post("/v1/labels", dump(phone.envelope()))
    text = shop.web.get("/metrics").text
    assert 'mien_http_answers_total{route="/v1/labels",status="200"} 1.0' in text
    assert 'mien_decisions_total{action="give_consent",outcome="allow"} 1.0' in text
    for secret in (phone.subject, phone.id, "pk_shop", "192.0.2.7"):
        assert secret not in text


def test_metrics_can_be_off(opened: Open) -> None:
    assert opened(metrics=False).web.get("/metrics").status_code == 404


@pytest.mark.sqlite
def test_locked_database_is_told_and_nothing_is_lost(shop: Shop) -> None:
    phone = shop.consented()
    envelope = dump(phone.envelope())
    with closing(sqlite3.connect(shop.world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = shop.post("/v1/labels", envelope)
        assert (refused.status_code, refused.json()["code"]) == (503, "store-busy")
        assert int(refused.headers["retry-after"]) >= 1
        other.execute("ROLLBACK")
    assert shop.post("/v1/labels", envelope).json() == {"accepted": True, "duplicate": False}


# ---- nothing leaks ----
def test_log_holds_no_person_key_or_address_whatever_is_asked(shop: Shop) -> None:
    canary = base64.b32encode(os.urandom(10)).decode().lower()
    phone = shop.consented()
    answers = [
        shop.post("/v1/labels", dump(phone.envelope())),
        shop.post("/v1/labels", {canary: canary}),
        shop.post("/v1/consents", {"jws": f"{canary}.{canary}.{canary}"}),
        shop.post("/v1/consents", {"jws": canary}, {"Mien-Site-Key": canary}),
        shop.post("/v1/rank", dump(phone.rank_request(page=f"{canary}"))),
        shop.web.get(f"/v1/sites/{canary}/notices/en"),
        shop.web.get(f"/v1/sites/shop/notices/{canary}"),
        shop.web.get(f"/v1/erasures/{canary}"),
        shop.web.get(f"/{canary}?{canary}={canary}"),
        shop.web.get("/audit/proof", params={"leaf": canary}),
        shop.web.get(f"/audit/tile/{canary}"),
        shop.web.get("/v1/me", headers={**PUBLISHABLE, "Authorization": f"Mien-Statement {canary}", "User-Agent": canary}),
        shop.web.request(canary.upper(), "/v1/labels"),
        shop.signed("/v1/erasures", phone, Kind.ERASURE, ErasureStatement(**phone.by_person())),
    ]  # fmt: skip
    shop.web.run(_complete(shop))
    log = shop.log.getvalue()
    assert len(log.splitlines()) >= len(answers)
    for secret in (
        canary,
        canary.upper(),
        phone.subject,
        phone.id,
        "pk_shop",
        "192.0.2.7",
        "Laden",
    ):
        assert secret not in log
    for answer in answers:
        assert canary not in answer.text
        assert "pk_shop" not in answer.text
    assert {line for line in map(_keys, log.splitlines()) if line - logs.ALLOWED} == set()


def _keys(line: str) -> frozenset[str]:
    return frozenset(json.loads(line))
