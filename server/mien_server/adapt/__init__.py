"""What is learned from all: the sum of clipped updates leaves under noise, and a ledger says what that told of one person. Pure: no clock, no disk.

- `accounting`  what taking part so often tells, as (epsilon, delta)
- `noise`       whole numbers of the discrete Gaussian, drawn exactly
- `release`     clipped updates to one noised mean; what does not fit is refused by name
- `terms`       on what terms a round is held
- `ledger`      what somebody's participations come to, and whether one more is allowed
- `holdout`     the gate: rendered people that a new head must not read worse
"""

from mien_server.adapt.accounting import allowed, allowed_after, epsilon
from mien_server.adapt.holdout import Holdout, judged, usable
from mien_server.adapt.holdout import shipped as shipped_holdout
from mien_server.adapt.ledger import after, may_join, spent
from mien_server.adapt.release import Adding, UpdateRefused, release
from mien_server.adapt.terms import checked

__all__ = [
    "Adding", "Holdout", "UpdateRefused", "after", "allowed", "allowed_after", "checked", "epsilon", "judged", "may_join", "release", "shipped_holdout", "spent", "usable",
]  # fmt: skip
