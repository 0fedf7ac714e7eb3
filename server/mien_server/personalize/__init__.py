"""Ranking: which offer at which place, with what probability, and why. Pure: no clock, no randomness, no disk of its own.

Takes offers, what may be known of a person now (or nothing), and what was learned; gives an order, exact probabilities and words. Decides nothing about
consent: emotion that may not be used does not arrive here.

- `emotion`   labels to shares
- `features`  everything ranking knows, listed
- `behaviour` what a visitor did before
- `rules`     what the shop wants of every order
- `sums`      what was learned, and forgetting it
- `draw`      probabilities, the draw, the price bound
- `words`     why
"""

from mien_server.personalize.draw import Choice, Told, choose
from mien_server.personalize.emotion import emotion_of
from mien_server.personalize.sums import Sums, fits

__all__ = ["Choice", "Sums", "Told", "choose", "emotion_of", "fits"]
