"""The life of a consent: every state is one of DPV's, and nothing leads back to a yes but a yes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ConsentMissing
from mien.values import CONSENT_STATES, STANDING
from mien.wire.lifecycle import DPV, Happening, after, stands

HAPPENINGS = st.lists(st.sampled_from(Happening), max_size=12)


def lived(happenings: list[Happening]) -> str:
    state = "none"
    for happening in happenings:
        try:
            state = after(state, happening)
        except ConsentMissing:
            assert happening is Happening.RENEW
            assert not stands(state)
    return state


def test_every_state_has_a_name_in_dpv() -> None:
    assert DPV.keys() == set(CONSENT_STATES)
    assert len(set(DPV.values())) == len(CONSENT_STATES)


@given(HAPPENINGS)
def test_a_consent_stands_only_after_a_yes_that_nothing_ended(happenings: list[Happening]) -> None:
    """Against a model that reads the story backwards: the last of giving and ending decides; asking and refusing change nothing that stands."""
    deciding = [
        one for one in happenings if one is Happening.GIVE or one.value in {"withdraw", "revoke", "expire", "invalidate"}
    ]  # fmt: skip
    assert stands(lived(happenings)) == bool(deciding and deciding[-1] is Happening.GIVE)


@given(HAPPENINGS, st.sampled_from(Happening))
def test_what_happens_twice_happens_once(happenings: list[Happening], again: Happening) -> None:
    once = lived([*happenings, again])
    twice = lived([*happenings, again, again])
    assert once == twice or (once, twice) == ("given", "renewed")


@pytest.mark.parametrize("state", CONSENT_STATES)
def test_only_what_stands_is_renewed(state: str) -> None:
    if state in STANDING:
        assert after(state, Happening.RENEW) == "renewed"
    else:
        with pytest.raises(ConsentMissing, match="ask anew"):
            after(state, Happening.RENEW)


@pytest.mark.parametrize(
    ("happening", "state"),
    [("withdraw", "withdrawn"), ("revoke", "revoked"), ("expire", "expired"), ("invalidate", "invalidated")],
)  # fmt: skip
def test_each_end_has_its_state(happening: str, state: str) -> None:
    assert after("given", Happening(happening)) == state
    assert after(state, Happening.GIVE) == "given"
    assert after(state, Happening.REFUSE) == state
    assert after("none", Happening(happening)) == "none"


def test_asking_deferring_and_refusing_before_any_yes() -> None:
    assert after("none", Happening.ASK) == "requested"
    assert after("requested", Happening.DEFER) == "deferred"
    assert after("deferred", Happening.ASK) == "requested"
    assert after("requested", Happening.REFUSE) == "refused"
    assert after("refused", Happening.GIVE) == "given"


def test_a_state_that_is_none() -> None:
    with pytest.raises(KeyError):
        after("perhaps", Happening.GIVE)
