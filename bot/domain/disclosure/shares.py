"""How a share is told: in steps, each of which many counts could stand behind. Called by `publish.py`.

Whether and how finely a share is told depends on numbers of people alone, never on who is counted: a gap would be read
by everybody who knows the rule. The lowest step covers nobody and one more than those who may tell each other their own
state, and the highest as many at the other end, so that they cannot turn it into "none of the others" or "all others".
Next: `sums.py`.
"""

from __future__ import annotations

from bot.domain.disclosure.cells import At, Cell, Shown, Suppressed, Why
from bot.domain.disclosure.rules import ALL, Rules

LEAST_PEOPLE = 7
"""With fewer, no two steps exist that two members could not see through; tests/promises/test_p10_disclosure.py."""
LEAST_WITH_MANAGERS = 9
"""The same for three: two members, and the manager of a group below, who is counted with them and knows theirs too."""
STEP_PERCENT = 5
NEAR_PERCENT = 20
"""The widest range of which its middle is still told as "about"."""
TELLING_PERCENT = 10
"""A bound that leaves out less than this says too little to be told."""

Range = tuple[int, int]


def steps(people: int, room: int, rules: Rules = ALL) -> list[Range]:
    """The ranges of counts that are not told apart, of `people`, of whom `room` are surely not counted elsewhere."""
    if not rules.broad_ends:
        return _middle(0, people, people, rules)
    end = min(max(_knowing(people) + 1, people * STEP_PERCENT // 100), (room - 1) // 2)
    return [(0, end), *_middle(end + 1, room - end - 1, people, rules), (room - end, people)]


def told_share(count: int, people: int, room: int, rules: Rules = ALL) -> Range | None:
    """The range that is told instead of `count`; None when there is not room enough."""
    least = LEAST_PEOPLE if people < LEAST_WITH_MANAGERS else LEAST_WITH_MANAGERS
    if room < least and (rules.enough_people or room < 1):
        return None
    return next(each for each in steps(people, room, rules) if count <= each[1])


def shown_share(low: int, high: int, people: int) -> Cell:
    """The words for "between `low` and `high` of `people`"."""
    from_percent, to_percent = 100 * low / people, 100 * high / people
    if low == 0 or high == people or to_percent - from_percent > NEAR_PERCENT:
        return _bound(low, high, people)
    return Shown(STEP_PERCENT * _step(low + high, 2 * people), At.ABOUT, people)


def _bound(low: int, high: int, people: int) -> Cell:
    """The bound that leaves out more, rounded to the safe side."""
    at_least = 100 * low // people // STEP_PERCENT * STEP_PERCENT
    at_most = 100 - 100 * (people - high) // people // STEP_PERCENT * STEP_PERCENT
    if max(at_least, 100 - at_most) < TELLING_PERCENT and low != high:
        return Suppressed(Why.TOO_COARSE)
    return Shown(at_least, At.AT_LEAST, people) if at_least > 100 - at_most else Shown(at_most, At.AT_MOST, people)


def _knowing(people: int) -> int:
    """How many of a block may tell each other their own state."""
    return 3 if people >= LEAST_WITH_MANAGERS else 2


def _middle(first: int, last: int, people: int, rules: Rules) -> list[Range]:
    """The counts from `first` to `last`, those together that round to the same percent."""
    found: list[Range] = []
    for count in range(first, last + 1):
        if found and rules.rounding and _step(found[-1][0], people) == _step(count, people):
            found[-1] = (found[-1][0], count)
        else:
            found.append((count, count))
    return found


def _step(count: int, people: int) -> int:
    """The nearest multiple of five percent."""
    return (200 * count + STEP_PERCENT * people) // (2 * STEP_PERCENT * people)
