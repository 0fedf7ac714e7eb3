"""What is learned from all: the sum of clipped updates leaves under noise, and a ledger says what that told of one person. Pure: no clock, no disk.

- `accounting`  what taking part so often tells, as (epsilon, delta)
- `noise`       whole numbers of the discrete Gaussian, drawn exactly
- `release`     clipped updates to one noised mean; what does not fit is refused by name
"""

from mien_server.adapt.accounting import allowed, allowed_after, epsilon
from mien_server.adapt.release import Adding, UpdateRefused, release

__all__ = ["Adding", "UpdateRefused", "allowed", "allowed_after", "epsilon", "release"]
