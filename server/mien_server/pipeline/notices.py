"""The notice a site shows: the bundle's words, the site's names, and what the site can serve. Its identity is what a consent is bound to."""

import hashlib
from functools import lru_cache

import mien_policies
from mien.wire.canonical import encode
from mien.wire.messages import Notice, PurposeDoc, dump
from mien_server.pipeline.parts import Parts
from mien_server.values import Site

DAY = 86_400
_SERVED = ("personalize_offers", "adapt_service")
_TAUGHT = ("adapt_lessons", "adapt_service", "personalize_offers")


def purposes_of(site: Site) -> tuple[str, ...]:
    """What this site may ask consent for: what it can do with a yes. Nobody is asked for what is not built."""
    return _TAUGHT if site.sector == "education" else _SERVED


class Notices:
    """Notices by site and locale, made once: the bundle does not change while the server runs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.of = lru_cache(maxsize=1024)(self._of)
        self.current = lru_cache(maxsize=1024)(self._current)

    def _of(self, site: Site, locale: str) -> Notice:
        """The notice in `locale`, or in English where there is none: its `locale` says which."""
        source = mien_policies.notice(locale)
        days = self._parts.retention("label", frozenset(site.jurisdictions)) // DAY
        purposes = purposes_of(site)
        return Notice.model_validate({
            "site": site.id,
            "locale": source.locale,
            "version": source.version,
            "title": source.title,
            "text": source.fill(
                controller=site.controller, contact=site.contact, retention_days=days,
                purposes=purposes,
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
        })  # fmt: skip

    def hash_of(self, site: Site, locale: str) -> bytes:
        """Identity of a notice: SHA-256 of its canonical bytes."""
        return hashlib.sha256(encode(dump(self.of(site, locale)))).digest()

    def _current(self, site: Site) -> frozenset[bytes]:
        """The identities of what this site shows now, in any language: a consent to another text is stale."""
        return frozenset(self.hash_of(site, locale) for locale in mien_policies.locales())
