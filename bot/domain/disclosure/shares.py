"""How a share is told: in steps, each of which many counts could stand behind. Called by `publish.py`.

Whether and how finely a share is told depends on numbers of people alone, never on who is counted: a gap would be read
by everybody who knows the rule. The lowest step covers 0 to 3 people or more, and the highest as many at the other end,
so that two members who know their own state cannot turn it into "nobody else" or "everybody else".
Next: `sums.py`.
"""

from __future__ import annotations

from bot.domain.disclosure.cells import At, Cell, Shown, Suppressed, Why
from bot.domain.disclosure.rules import ALL, Rules

LEAST_PEOPLE = 7
"""With fewer, no two steps exist that two members could not see through; tests/promises/test_p10_disclosure.py."""
END_PEOPLE = 3
STEP_PERCENT = 5
NEAR_PERCENT = 20
"""The widest range of which its middle is still told as "about"."""
TELLING_PERCENT = 10
"""A bound that leaves out less than this says too little to be told."""

Range = tuple[int, int]


def steps(people: int, room: int, rules: Rules = ALL) -> list[Range]:
    """The ranges of counts that are not told apart, of `people`, of whom `room` are surely not counted elsewhere."""
    end = max(END_PEOPLE, people * STEP_PERCENT // 100) if rules.broad_ends else -1
    found = [(0, end)] if rules.broad_ends else []
    if not rules.broad_ends:
        room = people
    for count in range(end + 1, room - end):
        if found and found[-1][0] > end and rules.rounding and _step(found[-1][0], people) == _step(count, people):
            found[-1] = (found[-1][0], count)
        else:
            found.append((count, count))
    return [*found, (room - end, people)] if rules.broad_ends else found


def told_share(count: int, people: int, room: int, rules: Rules = ALL) -> Range | None:
    """The range that is told instead of `count`; None when there is no room for more than one step."""
    if room < LEAST_PEOPLE and rules.broad_ends:
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


def _step(count: int, people: int) -> int:
    """The nearest multiple of five percent."""
    return (200 * count + STEP_PERCENT * people) // (2 * STEP_PERCENT * people)
