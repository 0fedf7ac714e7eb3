"""Rate limits: fair over time, bounded in memory, remembering nobody."""

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.test_routes import Open, opened

from mien.wire.canonical import b64
from mien.wire.messages import ErasureStatement, WithdrawalStatement, dump
from mien.wire.signatures import Kind
from mien_server.errors import RateLimited
from mien_server.limits import Limiter, Veil

__all__ = ["opened"]  # a fixture


class Time:
    """A monotonic clock by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_burst_then_wait_as_long_as_told() -> None:
    time = Time()
    limiter = Limiter(rate=2, burst=3, clock=time)
    for _ in range(3):
        limiter.take(b"a")
    with pytest.raises(RateLimited) as caught:
        limiter.take(b"a")
    time.now += caught.value.retry_after
    limiter.take(b"a")


def test_one_does_not_use_up_the_other() -> None:
    limiter = Limiter(rate=1, burst=1, clock=Time())
    limiter.take(b"a")
    limiter.take(b"b")
    for spent in (b"a", b"b"):
        with pytest.raises(RateLimited):
            limiter.take(spent)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_never_more_than_burst_plus_rate_times_time(waits: list[float]) -> None:
    time = Time()
    limiter = Limiter(rate=2, burst=3, clock=time)
    taken = 0
    for wait in waits:
        time.now += wait
        try:
            limiter.take(b"a")
        except RateLimited:
            continue
        taken += 1
    assert taken <= 3 + 2 * time.now + 1e-6


def test_refusals_do_not_lengthen_the_wait() -> None:
    time = Time()
    limiter = Limiter(rate=1, burst=1, clock=time)
    limiter.take(b"a")
    for _ in range(10):
        with pytest.raises(RateLimited):
            limiter.take(b"a")
    time.now += 1
    limiter.take(b"a")


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    limiter = Limiter(rate=1, burst=1, clock=Time(), most=2)
    for who in (b"a", b"b", b"c"):
        limiter.take(who)
    assert len(limiter) == 2
    limiter.take(b"a")  # was forgotten, so starts anew
    with pytest.raises(RateLimited):
        limiter.take(b"c")


def test_address_is_hidden_alike_within_the_hour_and_otherwise_in_the_next() -> None:
    now = 7200
    veil = Veil(os.urandom, lambda: now)
    first = veil.hide("192.0.2.1")
    assert veil.hide("192.0.2.1") == first
    assert veil.hide("192.0.2.2") != first
    now += 3599
    assert veil.hide("192.0.2.1") == first
    now += 1
    assert veil.hide("192.0.2.1") != first


def test_one_ipv6_subscriber_is_one_address() -> None:
    veil = Veil(os.urandom, lambda: 0)
    assert veil.hide("2001:db8:1:2::1") == veil.hide("2001:db8:1:2:ffff::9")
    assert veil.hide("2001:db8:1:2::1") != veil.hide("2001:db8:1:3::1")
    assert veil.hide("fe80::1%eth0") != veil.hide("")


def test_hidden_address_is_no_plain_hash_of_it() -> None:
    assert Veil(os.urandom, lambda: 0).hide("192.0.2.1") != Veil(os.urandom, lambda: 0).hide(
        "192.0.2.1"
    )


# ---- a budget of one's own ----
def test_checking_uses_nothing_up_and_charging_always_does() -> None:
    time = Time()
    limiter = Limiter(rate=1, burst=2, clock=time)
    for _ in range(5):
        limiter.check(b"a")
    for _ in range(5):
        limiter.charge(
            b"a"
        )  # five at once: three of them on credit, of which one burst is remembered
    with pytest.raises(RateLimited) as caught:
        limiter.check(b"a")
    assert caught.value.retry_after == 3
    time.now += 3
    limiter.check(b"a")


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 4)), min_size=1, max_size=60))
def test_never_much_more_than_the_budget_whatever_runs_at_the_same_time(
    rounds: list[tuple[float, int]],
) -> None:
    """All of a round are let in together and charged afterwards: the overshoot is what is under way, not more."""
    time = Time()
    limiter = Limiter(rate=2, burst=3, clock=time)
    charged = 0
    for wait, together in rounds:
        time.now += wait
        try:
            limiter.check(b"a")
        except RateLimited:
            continue
        for _ in range(together):
            limiter.charge(b"a")
        charged += together
    assert charged <= 3 + 2 * time.now + 4


def test_person_is_hidden_apart_from_addresses_and_other_sites() -> None:
    veil = Veil(os.urandom, lambda: 0)
    assert veil.hide_person("shop", "sub_a") == veil.hide_person("shop", "sub_a")
    assert veil.hide_person("shop", "sub_a") != veil.hide_person("other", "sub_a")
    assert veil.hide_person("a", "b") != veil.hide("a\nb")
    assert len(veil.hide_person("shop", "\ud800")) == 16  # JSON can say it, UTF-8 cannot


def _codes(answers: list[Any]) -> list[int]:
    return [answer.status_code for answer in answers]


@pytest.mark.sqlite
def test_person_is_limited_before_anything_is_opened(opened: Open) -> None:
    shop = opened(rate_per_subject=0.001, burst_seconds=3000)
    phone, other = shop.consented(), shop.consented()
    answers = [shop.post("/v1/labels", dump(phone.envelope())) for _ in range(3)]
    assert _codes(answers) == [200, 200, 429]  # the consent was the first of three
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["code"] == "rate-limited"
    assert shop.post("/v1/rank", dump(phone.rank_request())).status_code == 429
    assert shop.post("/v1/labels", dump(other.envelope())).status_code == 200
    assert "rate-limited" in shop.log.getvalue()


@pytest.mark.sqlite
def test_stranger_cannot_use_up_somebody_elses_budget(opened: Open) -> None:
    shop = opened(rate_per_subject=0.001, burst_seconds=3000)
    phone, stranger = shop.consented(), shop.phone()
    stranger.subject = phone.subject
    for body in (dump(stranger.envelope()), {**dump(phone.envelope(seq=9)), "mac": b64(bytes(32))}):
        for _ in range(5):
            assert shop.post("/v1/labels", body).status_code in {400, 404}
    for _ in range(5):
        assert shop.signed(
            "/v1/withdrawals", stranger, Kind.WITHDRAWAL,
            WithdrawalStatement(**stranger.by_person(purposes=["personalize_offers"])),
        ).status_code == 404  # fmt: skip
        assert shop.post("/v1/rank", dump(stranger.rank_request())).status_code in {400, 404}
        shop.consent(stranger)
    assert shop.post("/v1/labels", dump(phone.envelope())).status_code == 200


@pytest.mark.sqlite
def test_withdrawal_and_erasure_never_wait_for_what_was_used_up_otherwise(opened: Open) -> None:
    shop = opened(
        rate_per_subject=0.001, rate_per_site=0.003, rate_per_address=0.004, burst_seconds=3000
    )
    phone = shop.consented()
    used = [shop.post("/v1/rank", dump(phone.rank_request())).status_code for _ in range(16)]
    assert used.count(429) >= 10
    statement = WithdrawalStatement(**phone.by_person(purposes=["personalize_offers"]))
    assert shop.signed("/v1/withdrawals", phone, Kind.WITHDRAWAL, statement).status_code == 200
    erasure = ErasureStatement(**phone.by_person())
    done = shop.signed("/v1/erasures", phone, Kind.ERASURE, erasure)
    assert done.status_code == 200
    assert shop.web.get(f"/v1/erasures/{done.json()['erasure']}").status_code == 200


@pytest.mark.sqlite
def test_refusal_after_the_key_was_shown_is_charged(opened: Open) -> None:
    shop = opened(rate_per_subject=0.001, burst_seconds=3000)
    phone = shop.consented()
    envelope = dump(phone.envelope(seq=5))
    assert shop.post("/v1/labels", envelope).status_code == 200
    again = dump(phone.envelope(seq=5))  # another one under the number of the first
    assert shop.post("/v1/labels", again).json()["code"] == "envelope-replayed"
    assert shop.post("/v1/labels", dump(phone.envelope(seq=6))).status_code == 429
