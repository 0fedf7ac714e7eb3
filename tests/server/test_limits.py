"""Rate limits: fair over time, bounded in memory, remembering nobody."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_server.errors import RateLimited
from mien_server.limits import Limiter, Veil


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
