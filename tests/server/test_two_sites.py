"""The same person on two sites: nothing in the database links them."""

import dataclasses
import hashlib

from tests.server.world import CATALOGUE, MakeWorld, Phone, World, shop

from mien.values import Claims
from mien_server.stores import schema
from mien_server.values import Site

OFFERS = "personalize_offers"
SHARED = ("site", "shown", "sums", "catalogue", "tree", "tile", "entry_tile", "mark")
"""Tables without a row of a person."""


async def lived(world: World, site: Site) -> Phone:
    """A person of `site` with labels, a ranking, a reward, a renewal, a withdrawal and an erasure of a part."""
    world.site = site
    await world.store.transact(lambda t: t.sites.put(site))
    await world.store.transact(lambda t: t.sites.put_catalogue(site.id, CATALOGUE))
    phone = world.phone()
    await phone.consent(OFFERS, claims=Claims(("EU-DE",), age_band="adult"))
    await phone.send()
    await phone.reward((await phone.rank()).event, 100)
    world.clock.at += 1
    await phone.consent(OFFERS)
    await world.pipeline.sequence()
    return phone


async def values(world: World, site: str) -> set[bytes]:
    """Every value of more than four bytes, in a row that names `site`: what two sites' rows have in common would link them."""
    found: set[bytes] = set()
    for name in schema.metadata.tables.keys() - set(SHARED):
        for row in await world.select(f'SELECT * FROM "{name}"'):  # noqa: S608 - our own tables
            if site in row:
                found |= {_bytes(value) for value in row}
    return {value for value in found if len(value) > 4}


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return str(value).encode() if isinstance(value, str) else b""


async def test_nothing_links_a_person_of_two_sites(make_world: MakeWorld) -> None:
    """One device, one home, one person: every id, key, hash and ciphertext differs."""
    async with make_world() as world:
        one = shop()
        two = dataclasses.replace(
            shop("kiosk"), publishable_sha256=hashlib.sha256(b"1").digest(), secret_sha256=b"2" * 32
        )
        first, second = await lived(world, one), await lived(world, two)
        assert first.subject != second.subject
        common = await values(world, "shop") & await values(world, "kiosk")
        vocabulary = {OFFERS, "EU-DE", "retail", "customer", "adult", "given", "renewed", "device", "label"}  # fmt: skip
        assert common <= {word.encode() for word in vocabulary}


async def test_the_same_device_key_on_both_would_be_seen(make_world: MakeWorld) -> None:
    """The check above bites: a device that used one key everywhere would be linked by it."""
    async with make_world() as world:
        two = dataclasses.replace(shop("kiosk"), publishable_sha256=b"1" * 32, secret_sha256=b"2" * 32)  # fmt: skip
        first = await lived(world, shop())
        world.site = two
        await world.store.transact(lambda t: t.sites.put(two))
        second = world.phone(signing=first.signing)
        await second.consent(OFFERS)
        assert first.id.encode() in await values(world, "shop") & await values(world, "kiosk")
