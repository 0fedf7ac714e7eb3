"""The notice a site shows: the bundle's words, the site's names, and what the site can serve. Its identity is what a consent is bound to."""

import hashlib
from functools import lru_cache

import mien_policies
from mien.wire.canonical import encode
from mien.wire.messages import Notice, PurposeDoc, dump
from mien_server.authorize import Bundle
from mien_server.pipeline.parts import CONTRIBUTE, Parts
from mien_server.values import Person, Site

DAY = 86_400
_SERVED = ("personalize_offers", "adapt_service", "declare_mood")
_TAUGHT = ("adapt_lessons", "adapt_service", "personalize_offers", "declare_mood")


def purposes_of(site: Site) -> tuple[str, ...]:
    """What this site may ask consent for: what it can do with a yes. Nobody is asked for what is not built."""
    found = _TAUGHT if site.sector == "education" else _SERVED
    return (*found, CONTRIBUTE) if site.contributes else found


class Notices:
    """Notices by site and locale, made once for each bundle."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._shelf = _Shelf(parts, parts.authorizer.bundle)

    def of(self, site: Site, locale: str) -> Notice:
        """The notice in `locale`, or in English where there is none: its `locale` says which."""
        shelf = self._now()
        return shelf.of(site, mien_policies.best(locale, shelf.bundle.notices))

    def is_current(self, site: Site, person: Person) -> bool:
        """Whether what the person was shown is what this site shows now, in any language: a consent to another text is stale."""
        return person.notice_sha256 in self._now().current(site)

    def _now(self) -> "_Shelf":
        bundle = self._parts.authorizer.bundle
        if self._shelf.bundle is not bundle:
            self._shelf = _Shelf(self._parts, bundle)
        return self._shelf


class _Shelf:
    """The notices of one bundle."""

    def __init__(self, parts: Parts, bundle: Bundle) -> None:
        self.bundle = bundle
        self._parts = parts
        self.of = lru_cache(maxsize=1024)(self._of)
        self.current = lru_cache(maxsize=1024)(self._current)

    def _of(self, site: Site, locale: str) -> Notice:
        source = self.bundle.notices[locale]
        purposes = purposes_of(site)
        days = self._days(site, "label")
        return Notice.model_validate({
            "site": site.id,
            "locale": source.locale,
            "version": source.version,
            "title": source.title,
            "text": source.fill(
                controller=site.controller, contact=site.contact, retention_days=days,
                consent_days=self._days(site, "consent"),
                evidence_days=self._days(site, "consent_evidence"), purposes=purposes,
            ),
            "purposes": [
                PurposeDoc.model_validate({
                    "id": purpose, "title": source.purposes[purpose].title,
                    "text": source.purposes[purpose].sentence,
                })
                for purpose in purposes
            ],
            "controller": site.controller,
            "contact": site.contact,
            "retention_days": days,
            "release": source.fill_release(controller=site.controller, retention_days=days),
        })  # fmt: skip

    def _days(self, site: Site, data_class: str) -> int:
        return self._parts.retention(data_class, frozenset(site.jurisdictions)) // DAY

    def _current(self, site: Site) -> frozenset[bytes]:
        return frozenset(notice_hash(self.of(site, locale)) for locale in self.bundle.notices)


def notice_hash(notice: Notice) -> bytes:
    """Identity of a notice: SHA-256 of its canonical bytes."""
    return hashlib.sha256(encode(dump(notice))).digest()
