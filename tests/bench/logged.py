"""A database with a log of real decisions, for the benchmarks: keys, people, sealed leaves of varied questions, sequenced into the tree.

Everything but HTTP is the server's own: the store, the policy that answers, the record, the vault, the tree.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mien.values import AGE_BANDS
from mien_server import audit, record
from mien_server.authorize import Authorizer, load_bundle
from mien_server.authorize.words import ACTIONS
from mien_server.errands import administer, make_keys
from mien_server.machine import SystemEntropy
from mien_server.ports import Keys, Transaction
from mien_server.settings import Settings
from mien_server.values import Decision, Judged, Person, Question, SealedLeaf, Site

SITES = ("bench-shop", "bench-school", "bench-desk")
SECTORS = ("retail", "education", "service")
PEOPLE = 600
SOME = 1000
YEAR = 365 * 86_400
PURPOSES = ("personalize_offers", "adapt_lessons", "adapt_service")
EFFECTS = ("order", "content", "help")
PLACES = (
    ("EU-DE", "EU-FR", "UK", "US-IL"), ("US-CA", "US-TX", "BR", "IN"), ("EU-ES", "KR", "US-IL", "US-NY"),
)  # fmt: skip
"""Of each site: how its people are spread."""


def settings(work: Path) -> Settings:
    """Settings of a server in this folder; keys are made."""
    found = Settings(database=f"sqlite:///{work / 'mien.db'}", keys=work / "keys")
    make_keys(found)
    return found


def fill(found: Settings, keys: Keys, count: int) -> int:
    """`count` sealed leaves in the tree; how many different questions they hold, times apart."""
    entropy, now = SystemEntropy(), int(time.time())
    people = [_person(keys, entropy, number) for number in range(PEOPLE)]
    vaults = [_vault(keys, person) for person in people]
    administer(found, lambda t: _enrol(t, people))
    rng = np.random.default_rng(11)
    authorizer = Authorizer(load_bundle())
    questions: set[Question] = set()
    leaves: list[SealedLeaf] = []
    for _ in range(count):
        who = int(rng.integers(PEOPLE))
        question = _question(rng, people[who], now)
        questions.add(replace(question, now=0, consent_expires_at=0, retain_until=0))
        content = _record(people[who], question, authorizer.decide(question))
        leaves.append(record.seal_leaf(vaults[who], content, now, now + YEAR, entropy))
    for first in range(0, count, SOME):
        some = leaves[first : first + SOME]
        administer(found, _sequencing(some))
    return len(questions)


def _sequencing(leaves: Sequence[SealedLeaf]) -> Callable[[Transaction], None]:
    def work(transaction: Transaction) -> None:
        first = transaction.tiles.size()
        for leaf in leaves:
            transaction.leaves.add(leaf)
        audit.append(transaction.tiles, [audit.entry(leaf.hash, leaf.hour) for leaf in leaves])
        transaction.leaves.place([leaf.hash for leaf in leaves], first)

    return work


def _record(person: Person, question: Question, decision: Decision) -> bytes:
    asked = (Judged(question, decision.allow, decision.policies),)
    claims = {
        "site": {"sector": question.sector, "jurisdictions": list(person.jurisdictions)},
        "device": {
            "sector": person.sector, "role": person.role, "age_band": person.age_band,
            "jurisdictions": list(person.jurisdictions),
        },
    }  # fmt: skip
    return record.decision_record(
        question.action,
        replace(decision, asked=asked),
        person.site,
        person.subject,
        question.purpose,
        claims,
    )


def _question(rng: np.random.Generator, person: Person, now: int) -> Question:
    """What the pipeline would ask about this person: mostly in order, each at a second and with an end of its own."""
    asked = now - int(rng.integers(YEAR))
    site = SITES.index(person.site)
    purpose = PURPOSES[site] if rng.random() < 0.9 else "bind_account"
    stands = rng.random() < 0.95
    until = YEAR if rng.random() < 0.97 else 0
    return Question(
        action=str(rng.choice(ACTIONS, p=[0.05, 0.2, 0.3, 0.4, 0.02, 0.03])), sector=SECTORS[site],
        role=person.role, jurisdictions=frozenset(person.jurisdictions), now=asked, purpose=purpose,
        source="face" if rng.random() < 0.9 else "declared",
        effect=EFFECTS[site] if rng.random() < 0.98 else "price", age_band=person.age_band,
        guardian=person.guardian, written_release=person.written_release, gpc=person.gpc_at > 0,
        explicit_after_gpc=person.gpc_at > 0 and rng.random() < 0.7, impact_assessment=site != 1,
        consent_state="given" if stands else str(rng.choice(["none", "withdrawn", "expired", "renewed"])),
        consented_purposes=frozenset({purpose}) if stands else frozenset(),
        notice_current=rng.random() < 0.98, consent_expires_at=asked + int(rng.integers(1 - YEAR + until, YEAR)),
        retain_until=asked + int(rng.integers(1, 30 * 86_400)) if until else 1, subject_known=True,
    )  # fmt: skip


def _enrol(transaction: Transaction, people: Sequence[Person]) -> None:
    for name, sector in zip(SITES, SECTORS, strict=True):
        transaction.sites.put(Site(
            id=name, name=name, sector=sector, roles=("customer", "student"), jurisdictions=("EU-DE",),
            controller="Bench", contact="bench@mien.example",
            publishable_sha256=f"p{name}".encode().ljust(32), secret_sha256=f"s{name}".encode().ljust(32),
        ))  # fmt: skip
    for person in people:
        transaction.people.put(person)


def _person(keys: Keys, entropy: SystemEntropy, number: int) -> Person:
    site = SITES[number % len(SITES)]
    subject = record.new_id("sub", entropy)
    epoch = keys.epoch()
    wrapped = record.wrap(keys.kek(epoch), record.new_key(entropy), epoch, site, subject, entropy)
    place = PLACES[SITES.index(site)][number // len(SITES) % 4]
    minor = number % 10 == 0
    return Person(**{
        **_blank(), "site": site, "subject": subject, "jurisdictions": (place,), "sector": SECTORS[SITES.index(site)],
        "role": "student" if site == "bench-school" else "customer", "gpc_at": int(number % 8 == 0),
        "age_band": AGE_BANDS[number // 10 % 3] if minor else "adult", "guardian": minor and number % 20 == 0,
        "written_release": place == "US-IL" and number % 7 < 5, "wrapped_key": wrapped, "epoch": epoch,
    })  # fmt: skip


def _blank() -> dict[str, Any]:
    return {
        "state": "given", "purposes": frozenset({"personalize_offers"}), "gpc_at": 0, "revoked_at": 0, "guardian_verified": False,
        "notice_sha256": bytes(32), "consented_at": 1, "expires_at": 0xFFFF_FFFF, "site_handle": None, "tombstoned_at": 0,
    }  # fmt: skip


def _vault(keys: Keys, person: Person) -> record.Vault:
    assert person.wrapped_key is not None
    key = record.unwrap(
        keys.kek(person.epoch), person.wrapped_key, person.epoch, person.site, person.subject
    )
    return record.Vault.of(person.site, person.subject, key)
