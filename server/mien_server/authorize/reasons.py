"""The policies behind an answer, as an officer reads them."""

from dataclasses import dataclass

from mien_server.authorize.bundle import Bundle
from mien_server.values import Decision


@dataclass(frozen=True, slots=True)
class Reason:
    """A policy that determined an answer. `place` is None for one that holds everywhere."""

    policy: str
    effect: str
    laws: tuple[str, ...]
    says: str
    certainty: str
    place: str | None


def reasons(bundle: Bundle, decision: Decision) -> tuple[Reason, ...]:
    """Every policy of a decision under `bundle`, in its order. A refusal that rests on no policy is our own, and has the laws that are left."""
    known = [bundle.policies[name] for name in decision.policies if name in bundle.policies]
    theirs = {law for policy in known for law in policy.laws}
    ours = tuple(law for law in decision.laws if law not in theirs)
    return tuple(
        _reason(bundle, name, says, ours)
        for name, says in zip(decision.policies, decision.says, strict=True)
    )


def _reason(bundle: Bundle, name: str, says: str, ours: tuple[str, ...]) -> Reason:
    policy = bundle.policies.get(name)
    if policy is None:
        return Reason(name, "forbid", ours, says, "our-policy", None)
    return Reason(name, policy.effect, policy.laws, policy.says, policy.certainty, policy.place)
