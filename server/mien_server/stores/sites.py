"""Sites, what they offer, and what ranking learned of it."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

import dataclasses
import hashlib
import json
from typing import Any, Final

from sqlalchemy import Select, bindparam, select

from mien.values import Offer
from mien.wire.canonical import encode
from mien_server.ports import Lock
from mien_server.stores import schema
from mien_server.stores.runner import Row, Runner, Values
from mien_server.stores.statements import locked, locked_row, put, value
from mien_server.values import Cap, Catalogue, Rules, Site

_SITES = select(*(schema.site.c[name] for name in Site.__slots__))
_SITE = _SITES.where(schema.site.c.id == bindparam("id"))
_SITE_PUBLISHABLE = _SITES.where(schema.site.c.publishable_sha256 == bindparam("sha256"))
_SITE_SECRET = _SITES.where(schema.site.c.secret_sha256 == bindparam("sha256"))
_ALL_SITES = _SITES.order_by(schema.site.c.id)
_CATALOGUE_VERSION = select(schema.catalogue.c.version).where(
    schema.catalogue.c.site == bindparam("site")
)
_CATALOGUE = select(schema.catalogue.c.content).where(schema.catalogue.c.site == bindparam("site"))
_SUMS_VERSION = select(schema.sums.c.version).where(schema.sums.c.site == bindparam("site"))
_SUMS_LOCKED: Final = locked(_SUMS_VERSION)
_SETS: Final = ("exclude", "without", "adults")
_SUMS = select(schema.sums.c.content).where(schema.sums.c.site == bindparam("site"))


class SqlSites:
    """`ports.Sites`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, site: str) -> Site | None:
        return self._one(_SITE, {"id": site})

    def of_publishable(self, sha256: bytes) -> Site | None:
        return self._one(_SITE_PUBLISHABLE, {"sha256": sha256})

    def of_secret(self, sha256: bytes) -> Site | None:
        return self._one(_SITE_SECRET, {"sha256": sha256})

    def all(self) -> tuple[Site, ...]:
        return tuple(_site(row) for row in self._runner.rows(_ALL_SITES, {}))

    def put(self, site: Site) -> None:
        values = {name: getattr(site, name) for name in Site.__slots__}
        words = {name: " ".join(values[name]) for name in ("roles", "jurisdictions", "origins")}
        put(self._runner, schema.site, {**values, **words})

    def catalogue_version(self, site: str) -> str | None:
        found: str | None = value(self._runner, _CATALOGUE_VERSION, {"site": site})
        return found

    def catalogue(self, site: str) -> Catalogue | None:
        content = value(self._runner, _CATALOGUE, {"site": site})
        return None if content is None else _catalogue(content)

    def put_catalogue(self, site: str, catalogue: Catalogue) -> None:
        content = _catalogue_bytes(catalogue)
        version = hashlib.sha256(content).hexdigest()
        values = {"site": site, "version": version, "content": content}
        put(self._runner, schema.catalogue, values)

    def sums_version(self, site: str, lock: Lock = "none") -> bytes | None:
        row = locked_row(self._runner, _SUMS_LOCKED, {"site": site}, lock, f"sums {site}")
        return None if row is None else row[0]

    def sums(self, site: str) -> bytes | None:
        found: bytes | None = value(self._runner, _SUMS, {"site": site})
        return found

    def put_sums(self, site: str, version: bytes, sums: bytes) -> None:
        values = {"site": site, "version": version, "content": sums}
        put(self._runner, schema.sums, values)

    def _one(self, statement: Select[Any], values: Values) -> Site | None:
        row = self._runner.row(statement, values)
        return None if row is None else _site(row)


def _site(row: Row) -> Site:
    values = dict(zip(Site.__slots__, row, strict=True))
    words = {name: tuple(values[name].split()) for name in ("roles", "jurisdictions", "origins")}
    return Site(**{**values, **words})


def _catalogue_bytes(catalogue: Catalogue) -> bytes:
    # Affinities are fractions, which `canonical` refuses; they are kept as texts that read back exactly.
    affinities = {
        expression: {tag: repr(weight) for tag, weight in tags.items()}
        for expression, tags in catalogue.affinities.items()
    }
    offers = [dataclasses.asdict(offer) for offer in catalogue.offers]
    return encode(
        {"offers": offers, "affinities": affinities, "rules": _rules_value(catalogue.rules)}
    )


def _rules_value(rules: Rules) -> dict[str, Any]:
    sets = {name: sorted(getattr(rules, name)) for name in _SETS}
    caps = [dataclasses.asdict(cap) for cap in rules.caps]
    lists = {
        "not_in": [list(each) for each in rules.not_in],
        "pins": [list(each) for each in rules.pins],
    }
    return {**sets, **lists, "caps": caps, "apart": list(rules.apart)}


def _rules(value: dict[str, Any]) -> Rules:
    return Rules(
        **{name: frozenset(value[name]) for name in _SETS},
        not_in=tuple((tag, place) for tag, place in value["not_in"]),
        pins=tuple((place, offer) for place, offer in value["pins"]),
        caps=tuple(Cap(**each) for each in value["caps"]),
        apart=tuple(value["apart"]),
    )


def _catalogue(content: bytes) -> Catalogue:
    value = json.loads(content)
    offers = tuple(Offer(**{**offer, "tags": tuple(offer["tags"])}) for offer in value["offers"])
    affinities = {
        expression: {tag: float(weight) for tag, weight in tags.items()}
        for expression, tags in value["affinities"].items()
    }
    rules = value.get("rules")  # a catalogue of an older server has none
    return Catalogue(offers, affinities, Rules() if rules is None else _rules(rules))
