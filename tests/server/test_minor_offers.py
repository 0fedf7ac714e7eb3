"""Nobody under 18 has offers put in order by how they feel, where a law forbids it: not by a face, and not by a mood that they declare."""

import dataclasses

import pytest
from tests.server.world import MakeWorld

from mien.values import Claims, Label

OFFERS, MOOD = "personalize_offers", "declare_mood"
LAWS = {"BR": "Lei 15.211/2025 22", "EU-DE": "DSA 28(2)"}


@pytest.mark.parametrize("place", LAWS)
@pytest.mark.parametrize(("band", "ordered"), [("16_to_17", False), ("adult", True)])
async def test_a_declared_mood_orders_offers_for_adults_only(
    make_world: MakeWorld, place: str, band: str, ordered: bool
) -> None:
    site = dataclasses.replace(make_world().site, jurisdictions=(place,))
    async with make_world("there", site=site) as world:
        phone = world.phone()
        receipt = await phone.consent(OFFERS, MOOD, claims=Claims((place,), age_band=band))
        assert receipt.purposes == ([MOOD, OFFERS][: 1 + ordered])
        await phone.send([Label("joy", phone.now(), confidence=15, source="declared")])
        why = phone.why(await phone.rank())
        assert why.used_emotion is ordered
        assert (LAWS[place] in why.laws) is not ordered
