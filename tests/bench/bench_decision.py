"""One decision: microseconds with the full bundle and the person loaded anew, beside the bare engine with everything parsed once.

No two questions are alike in what they depend on, so no answer comes from the cache. The bare engine is asked the same about one person, under all policies,
without loading anybody, checking the answer or naming a law.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import product
from typing import Final

import cedarpy

from mien.values import AGE_BANDS, PURPOSES, STANDING
from mien_server.authorize import Authorizer, load_bundle, words
from mien_server.authorize.bundle import whole
from mien_server.values import Question

COUNT: Final = 4000
NOW: Final = 1_800_000_000
SHOP: Final = Question(
    action="use", sector="retail", role="customer", jurisdictions=frozenset({"EU-DE"}), now=NOW, purpose="adapt_service", effect="help",
    age_band="adult", impact_assessment=True, consent_state="given", consented_purposes=frozenset({"adapt_service"}),
    notice_current=True, consent_expires_at=NOW + 600_000, retain_until=NOW + 500_000, subject_known=True,
)  # fmt: skip
PLACES: Final = ("EU-DE", "EU-FR", "UK", "US-IL", "US-CA", "US-TX", "KR")
USES: Final = (("use", "help"), ("use", "order"), ("infer", "none"), ("record", "none"))


def questions(count: int) -> list[Question]:
    """`count` questions of a shop's customers, each of which differs from all others in the person: purposes, consent, age, truths."""
    agreed = [frozenset({"adapt_service", *more}) for more in product(PURPOSES, repeat=2)]
    every = [
        replace(
            SHOP, action=action, effect=effect, jurisdictions=frozenset({place}), consented_purposes=purposes, age_band=age,
            consent_state=state, guardian=guardian, guardian_verified=verified, written_release=release, explicit_after_gpc=explicit,
        )
        for place in PLACES
        for action, effect in USES
        for purposes in dict.fromkeys(agreed)
        for age in AGE_BANDS[:4]
        for state in STANDING
        for guardian, verified, release, explicit in product((True, False), repeat=4)
    ]  # fmt: skip
    step = 7919  # a prime that does not divide their number: neighbours differ in place and use
    return [every[at * step % len(every)] for at in range(count)]


def timed(act: Callable[[Question], object], asked: list[Question]) -> list[float]:
    """Microseconds of each."""
    found = []
    for question in asked:
        start = time.perf_counter()
        act(question)
        found.append((time.perf_counter() - start) * 1e6)
    return found


def run() -> dict[str, object]:
    """Warm up with a part, measure the rest, in turns with the bare engine."""
    bundle = load_bundle()
    authorizer = Authorizer(bundle)
    asked = questions(COUNT)
    warm, rest = asked[: COUNT // 4], asked[COUNT // 4 :]
    bare = engine()
    for act in (authorizer.decide, bare):
        timed(act, warm)
    ours, theirs = [], []
    for at in range(0, len(rest), 250):
        ours += timed(authorizer.decide, rest[at : at + 250])
        theirs += timed(bare, rest[at : at + 250])
    hits = authorizer._rules._verdict.cache_info().hits
    if hits:
        message = f"{hits} answers came from the cache; the questions must differ"
        raise RuntimeError(message)
    return {
        "name": "decision",
        "value": round(statistics.median(ours), 1),
        "unit": "us",
        "baseline": round(statistics.median(theirs), 1),
        "baseline_name": "bare cedarpy, all policies, everything parsed once",
        "ratio": round(statistics.median(ours) / statistics.median(theirs), 2),
        "p50_us": round(statistics.median(ours), 1),
        "p99_us": round(statistics.quantiles(ours, n=100)[98], 1),
        "bare_p50_us": round(statistics.median(theirs), 1),
        "bare_p99_us": round(statistics.quantiles(theirs, n=100)[98], 1),
        "policies": len(bundle.policies),
        "decisions": len(ours),
        "aim": "p50_us <= 200",
    }


def engine() -> Callable[[Question], object]:
    """The engine alone: all policies, one person in one place, parsed before the clock runs."""
    bundle = load_bundle()
    policies = whole(bundle.sources)
    fields = asdict(SHOP)
    places = SHOP.jurisdictions
    given = [
        words.person(places, stated=True, known=True, asked=fields),
        words.use(fields),
        *words.ground(bundle.places, places),
    ]
    entities = cedarpy.Entities.from_json_str(json.dumps(given), bundle.schema)

    def ask(question: Question) -> object:
        request = {
            "principal": {"type": "Person", "id": "asked"},
            "action": {"type": "Action", "id": question.action},
            "resource": {"type": "Use", "id": "asked"},
            "context": {
                "consent_expires_at": question.consent_expires_at,
                "retain_until": question.retain_until,
                "now": question.now,
            },
        }
        return cedarpy.is_authorized(request, policies, entities, bundle.schema)

    return ask
