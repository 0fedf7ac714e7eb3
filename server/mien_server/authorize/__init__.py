"""May this be done, for this person, here and now? The one place where policy is asked.

    bundle = load_bundle()
    decision = Authorizer(bundle).decide(question)

Takes a `Question`, gives a `Decision`. Invariant: allow only if the engine allowed, without an error, with everything loaded; a denial always
names a law or a policy. Deliberately absent: any database, any clock, any word about a person's identity.
"""

from mien_server.authorize.bundle import Bundle, load_bundle
from mien_server.authorize.decide import FAIL_CLOSED, Authorizer
from mien_server.authorize.lint import Policy
from mien_server.authorize.retention import DATA_CLASSES, retention

__all__ = [
    "DATA_CLASSES",
    "FAIL_CLOSED",
    "Authorizer",
    "Bundle",
    "Policy",
    "load_bundle",
    "retention",
]
