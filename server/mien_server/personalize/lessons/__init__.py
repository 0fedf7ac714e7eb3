"""Lessons: which exercise next, at which difficulty, and why. Pure: no clock, no randomness, no disk of its own.

Takes the site's items, what a learner answered, and what may be known of them now (or nothing). Gives an item, the chance that they get it right, a pace
and words. Decides nothing about consent: what may not be used does not arrive here. No item is ever closed to anybody.

- `elo`        a learner's ability and an item's difficulty, answer by answer
- `logistic`   what was right and wrong lately, weighed: features, and how weights are fitted
- `spacing`    what was right waits, what was wrong returns
- `feeling`    confusion, boredom and fatigue as a bounded shift
- `learned`    what all learners' answers say of items and skills, as sums
- `next_item`  the choice
- `words`      why
- `logs`       files of answers, read
- `evaluate`   how well the models predict such files
"""

from mien_server.personalize.lessons.feeling import CALM, WINDOW, Feeling, feeling_of
from mien_server.personalize.lessons.learned import MINIMUM, Learned, SkillView, Tally
from mien_server.personalize.lessons.next_item import Next, next_item

__all__ = [
    "CALM", "MINIMUM", "WINDOW", "Feeling", "Learned", "Next", "SkillView", "Tally", "feeling_of", "next_item",
]  # fmt: skip
