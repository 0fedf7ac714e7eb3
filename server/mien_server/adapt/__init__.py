"""What is learned from all: the sum of clipped updates leaves under noise, and a ledger says what that told of one person. No clock; the one file that is read is the holdout, which ships beside the code.

- `accounting`  what taking part so often tells, as (epsilon, delta)
- `noise`       whole numbers of the discrete Gaussian, drawn exactly
- `release`     clipped updates to one noised mean; what does not fit is refused by name
- `terms`       on what terms a round is held
- `ledger`      what somebody's participations come to, and whether one more is allowed
- `holdout`     the gate: rendered people that a new head must not read worse
"""

from mien_server.adapt.holdout import Holdout, judged
from mien_server.adapt.holdout import shipped as shipped_holdout
from mien_server.adapt.ledger import after, may_join, spent
from mien_server.adapt.release import Adding, UpdateRefused
from mien_server.adapt.terms import checked

__all__ = [
    "Adding", "Holdout", "UpdateRefused", "after", "checked", "judged", "may_join", "shipped_holdout", "spent",
]  # fmt: skip
