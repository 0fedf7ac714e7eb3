"""Ranking: which offer at which place, with what probability, and why; and help: machine or human. Pure: no clock, no randomness, no disk of its own.

Takes offers, what may be known of a person now (or nothing), and what was learned; gives an order, exact probabilities and words. Decides nothing about
consent: emotion that may not be used does not arrive here.

- `emotion`   labels to shares
- `features`  everything ranking knows, listed
- `behaviour` what a visitor did before
- `rules`     what the shop wants of every order
- `sums`      what was learned, and forgetting it
- `draw`      probabilities, the draw, the price bound
- `words`     why
- `handoff`   what a human earns, and when one is to be offered
- `desk`      what a site's service desk counts with
- `noticing`  labels to what a service desk may act on
- `helping`   machine or human, in what tone, and why
"""

from mien_server.personalize.desk import Desk, desks, shipped_rates
from mien_server.personalize.draw import Choice, Told, choose
from mien_server.personalize.emotion import emotion_of
from mien_server.personalize.helping import Help, help_for, mode_of_anybody
from mien_server.personalize.noticing import notice
from mien_server.personalize.sums import Sums, fits

__all__ = [
    "Choice",
    "Desk",
    "Help",
    "Sums",
    "Told",
    "choose",
    "desks",
    "emotion_of",
    "fits",
    "help_for",
    "mode_of_anybody",
    "notice",
    "shipped_rates",
]
