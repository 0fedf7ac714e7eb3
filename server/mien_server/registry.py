"""Registering a site: its two keys and its claims, checked; its catalogue, read strictly."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field

from mien.errors import RequestInvalid, SettingsError
from mien.values import Offer
from mien.wire.canonical import b64
from mien.wire.keys import VerifyKey
from mien.wire.messages import (
    ItemId,
    Jurisdiction,
    Message,
    OfferDoc,
    OrderRules,
    Role,
    Sector,
    SignKeyText,
    SiteId,
    Skill,
    parse,
)
from mien_server import addresses
from mien_server.ports import Clock, Entropy, Sites, Transaction
from mien_server.values import Catalogue, LessonBank, LessonItem, Rules, Site

MAX_OFFERS = 10_000
MAX_LESSONS = 5_000
MAX_CATALOGUE_BYTES = 8 * 1024 * 1024
KEY_BYTES = 24
_ONLY = {"workplace": frozenset({"employee", "candidate"})}
"""Sectors that have no other roles."""

Expression = Literal[
    "neutral", "joy", "surprise", "anger", "fear", "sadness", "disgust", "contempt"
]
Tag = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Affinity = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$")]


class SiteDoc(Message):
    """What an owner says of a site."""

    id: SiteId
    name: Annotated[str, Field(min_length=1, max_length=120)]
    sector: Sector
    roles: Annotated[list[Role], Field(min_length=1, max_length=6)]
    jurisdictions: Annotated[list[Jurisdiction], Field(min_length=1, max_length=32)]
    controller: Annotated[str, Field(min_length=1, max_length=200)]
    contact: Annotated[str, Field(min_length=3, max_length=200)]
    origins: Annotated[list[Origin], Field(max_length=32)] = Field(default_factory=list)
    impact_assessment: bool = False
    verifier: SignKeyText | None = None
    webhook: str | None = None
    contributes: bool = False


class CatalogueDoc(Message):
    """A catalogue file: offers, for an expression how much more a tag fits, -1..1, and rules for every order."""

    offers: Annotated[list[OfferDoc], Field(min_length=1, max_length=MAX_OFFERS)]
    affinities: dict[Expression, dict[Tag, Affinity]] = Field(default_factory=dict)
    rules: OrderRules = OrderRules()


class LessonDoc(Message):
    """An exercise: the skill it practises and how hard it is, in log-odds (0: an even chance for a beginner, 1: .27, -1: .73)."""

    id: ItemId
    skill: Skill
    difficulty: Annotated[float, Field(ge=-6, le=6, allow_inf_nan=False)] = 0.0
    title: Annotated[str, Field(max_length=200)] = ""


class LessonsDoc(Message):
    """A file of exercises, in the order in which they are taught where nothing tells two apart."""

    lessons: Annotated[list[LessonDoc], Field(min_length=1, max_length=MAX_LESSONS)]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new site and its keys. The keys are not stored: this is the only time they are seen."""

    site: Site
    publishable: str
    secret: str = field(repr=False)


def register(doc: SiteDoc, entropy: Entropy, clock: Clock) -> Registered:
    """A site with fresh keys. Only their SHA-256 goes into the site. Raises `SettingsError` for roles that its sector does not have."""
    _check_roles(doc)
    publishable = "pk_" + b64(entropy.bytes(KEY_BYTES))
    secret = "sk_" + b64(entropy.bytes(KEY_BYTES))
    site = Site(
        id=doc.id,
        name=doc.name,
        sector=doc.sector,
        roles=tuple(doc.roles),
        jurisdictions=tuple(doc.jurisdictions),
        controller=doc.controller,
        contact=doc.contact,
        publishable_sha256=digest(publishable),
        secret_sha256=digest(secret),
        origins=tuple(doc.origins),
        impact_assessment=doc.impact_assessment,
        verifier=VerifyKey.from_text(doc.verifier).public if doc.verifier else None,
        created_at=clock.now(),
        webhook=None if doc.webhook is None else addresses.checked(doc.webhook, "webhook"),
        contributes=doc.contributes,
    )
    return Registered(site, publishable, secret)


def _check_roles(doc: SiteDoc) -> None:
    """Policy denies a role against its sector; here the owner is told before anybody is asked."""
    for sector, roles in _ONLY.items():
        if doc.sector == sector and not set(doc.roles) <= roles:
            msg = f"a site of sector `{sector}` serves {' and '.join(sorted(roles))} only; choose its roles or another sector"
            raise SettingsError(msg)
    if doc.sector != "health" and "patient" in doc.roles:
        msg = "patients are served by a site of sector `health`; choose that sector or another role"
        raise SettingsError(msg)


def digest(key: str) -> bytes:
    """What is stored of a key: keys are random, so a plain hash gives nothing away."""
    return hashlib.sha256(key.encode()).digest()


def _json(data: bytes, what: str, how_to: str) -> object:
    """A file's bytes as JSON, bounded. Raises `RequestInvalid`."""
    if len(data) > MAX_CATALOGUE_BYTES:
        msg = f"the {what} has more than {MAX_CATALOGUE_BYTES} bytes; put less into it"
        raise RequestInvalid(msg)
    try:
        value: object = json.loads(data)
    except ValueError as error:
        msg = f"the {what} is not JSON; see the how-to on {how_to}"
        raise RequestInvalid(msg) from error
    return value


def catalogue(data: bytes) -> Catalogue:
    """The catalogue in a file's bytes. Raises `RequestInvalid` that names the field."""
    doc = parse(CatalogueDoc, _json(data, "catalogue", "registering a site"))
    ids = [offer.id for offer in doc.offers]
    if len(set(ids)) != len(ids):
        msg = "the catalogue names an offer twice; give each its own id"
        raise RequestInvalid(msg)
    return Catalogue(
        offers=tuple(_offer(offer) for offer in doc.offers),
        affinities={word: dict(tags) for word, tags in doc.affinities.items()},
        rules=Rules.of(doc.rules),
    )


def lessons(data: bytes) -> LessonBank:
    """The exercises in a file's bytes. Raises `RequestInvalid` that names the field."""
    doc = parse(LessonsDoc, _json(data, "file of lessons", "lessons"))
    items = {
        each.id: LessonItem(each.id, each.skill, each.difficulty, each.title)
        for each in doc.lessons
    }
    if len(items) != len(doc.lessons):
        msg = "the file names a lesson twice; give each its own id"
        raise RequestInvalid(msg)
    return LessonBank(items)


def teach(transaction: Transaction, site: str, bank: LessonBank, now: int) -> None:
    """Replace a site's exercises; what was learned of the old ones is made anew. Raises `SettingsError` when there is no such site."""
    if transaction.sites.get(site) is None:
        msg = f"site `{site}` is not registered; see `mien site list`"
        raise SettingsError(msg)
    transaction.lessons.put_bank(site, bank)
    transaction.lessons.gone(site, now)


def _offer(doc: OfferDoc) -> Offer:
    return Offer(doc.id, doc.title, doc.price, doc.currency, tuple(doc.tags), doc.stock)


def add(sites: Sites, site: Site, offers: Catalogue | None) -> None:
    """Store a new site. Raises `SettingsError` when the id is taken: its people consented to the site as it was."""
    if sites.get(site.id) is not None:
        msg = f"site `{site.id}` is registered already; choose another id"
        raise SettingsError(msg)
    sites.put(site)
    if offers is not None:
        sites.put_catalogue(site.id, offers)


def name_verifier(sites: Sites, site: str, key: str | None) -> None:
    """Say whose word verifies guardians for a site; None: nobody's. Raises `SettingsError` (no such site), `RequestInvalid` (no key)."""
    found = sites.get(site)
    if found is None:
        msg = f"site `{site}` is not registered; see `mien site list`"
        raise SettingsError(msg)
    public = None if key is None else VerifyKey.from_text(key).public
    sites.put(replace(found, verifier=public))


def let_contribute(sites: Sites, site: str, *, contributes: bool) -> None:
    """Say whether people of a site are asked to take part in rounds. Their notice changes by it. Raises `SettingsError` when there is no such site."""
    found = sites.get(site)
    if found is None:
        msg = f"site `{site}` is not registered; see `mien site list`"
        raise SettingsError(msg)
    sites.put(replace(found, contributes=contributes))


def name_webhook(transaction: Transaction, site: str, url: str | None) -> None:
    """Say where a site is told of erasures and withdrawals; None: nowhere, and what waits is dropped. Raises `SettingsError`."""
    found = transaction.sites.get(site)
    if found is None:
        msg = f"site `{site}` is not registered; see `mien site list`"
        raise SettingsError(msg)
    address = None if url is None else addresses.checked(url, "webhook")
    transaction.sites.put(replace(found, webhook=address))
    if address is None:
        transaction.notifications.delete_of(site)


def offer(sites: Sites, site: str, offers: Catalogue) -> None:
    """Replace what a site offers. Raises `SettingsError` when there is no such site."""
    if sites.get(site) is None:
        msg = f"site `{site}` is not registered; see `mien site list`"
        raise SettingsError(msg)
    sites.put_catalogue(site, offers)
