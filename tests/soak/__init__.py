"""What takes longer than a test may: servers killed under load, withdrawals racing decisions on three nodes, the claim of privacy attacked, a hundred thousand hostile requests.

`make soak` runs all of it and writes one JSON report; `tests/journeys` runs the same with small counts.
"""
