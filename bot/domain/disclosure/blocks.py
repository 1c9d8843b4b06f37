"""Who is counted together: frozen blocks that never overlap, and what is remembered of them. Called by `publish.py`.

Two published sets that differ by a few people tell about those few. So nobody is ever in two blocks of one measure
within half a year: a block keeps its people while at least three quarters of them are still in its group and were
known of late, then it closes, and they rest. Who joins waits until enough newcomers make a block of their own.
Next: `publish.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bot.domain.disclosure.cells import Group
from bot.domain.disclosure.rules import Rules
from bot.domain.disclosure.shares import LEAST_PEOPLE, LEAST_WITH_MANAGERS

REST = timedelta(weeks=26)
STILL_THERE = 3, 4
"""The share of its people that must still be in the group, with a figure that may still count."""
COUNTS = timedelta(weeks=12)
"""How long a figure counts for somebody of whom nothing newer is known: three publications. A source that fails for a
month, or a long leave, moves nothing; what was so a quarter ago is not told as if it were so today. Older figures of a
quarter of the people at most still count, since a figure without them would tell what they were.
"""


@dataclass(frozen=True)
class Block:
    """People who are counted together for one measure or family, `home` being the group they were in at `since`."""

    key: str
    home: str
    measure: str
    members: frozenset[int]
    since: date
    until: date
    """The last week in which it was open."""
    open: bool = True


@dataclass(frozen=True)
class Memory:
    """Remembered from one publication to the next. `figures`: the last known ones of the people in open blocks, and
    `known`: the week in which each of them was.
    """

    blocks: tuple[Block, ...] = ()
    figures: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    known: Mapping[str, Mapping[int, date]] = field(default_factory=dict)


def forget(memory: Memory, person: int) -> Memory:
    """Erase a person (P14): figures and id go; the blocks they were in close, and the others in them rest."""
    blocks = tuple(
        replace(block, members=block.members - {person}, open=False) if person in block.members else block
        for block in memory.blocks
    )
    figures = {name: {who: it for who, it in each.items() if who != person} for name, each in memory.figures.items()}
    known = {name: {who: it for who, it in each.items() if who != person} for name, each in memory.known.items()}
    return Memory(blocks, figures, known)


def kept(
    blocks: Sequence[Block], groups: Mapping[str, Group], known: Mapping[int, date], week: date, rules: Rules
) -> list[Block]:
    """The blocks that go on or still rest this week; those that lost too many people, or any figure, close.

    `known`: the week in which all that is told of somebody was known last; who is not in it has no figure any more.
    Whether a block closes hangs on who is there and of whom something is known, never on what.
    """
    lately = {person for person, since in known.items() if week - since <= COUNTS}
    found = []
    for block in blocks:
        if not block.open:
            if week - block.until < REST and rules.rest:
                found.append(block)
        elif rules.frozen:
            there = len(block.members & groups[block.home].members & lately) if block.home in groups else 0
            enough = there * STILL_THERE[1] >= len(block.members) * STILL_THERE[0]
            goes_on = enough and block.members <= known.keys()
            found.append(replace(block, until=week) if goes_on else replace(block, open=False))
    return found


def formed(
    measure: str,
    blocks: Sequence[Block],
    *,
    groups: Sequence[Group],
    known: frozenset[int],
    least: int,
    week: date,
    may_speak: Callable[[frozenset[int]], bool],
) -> list[Block]:
    """New blocks of those who are known and in no block, each at the lowest group where it is large enough to speak.

    The people of a group that is too small, and new ones whose sums somebody carries, go to the group above; at the top
    they are a block all the same, which may have to be silent: if they were tried again without somebody who left, a
    figure that appears would tell who had carried it. New ones who are only too few wait in their group.
    """
    taken = frozenset().union(*(block.members for block in blocks))
    countable = known | frozenset().union(*(block.members for block in blocks if block.open))
    keys = {group.key for group in groups}
    up: dict[str | None, frozenset[int]] = {}
    below: dict[str | None, set[int]] = {}
    found = []
    for group in _lowest_first(groups):
        below.setdefault(group.parent, set()).update(group.members)
        direct = group.members - below.get(group.key, set())
        enough = max(least, LEAST_WITH_MANAGERS) if group.key in below and least >= LEAST_PEOPLE else least
        people = (direct & countable) | up.get(group.key, frozenset())
        fresh = (people & known) - taken
        if len(people) < enough:
            up[group.parent] = up.get(group.parent, frozenset()) | people
        elif len(fresh) >= enough and group.parent in keys and not may_speak(fresh):
            up[group.parent] = up.get(group.parent, frozenset()) | fresh
        elif len(fresh) >= enough:
            key = f"{measure}/{group.key}/{week.isoformat()}"
            found.append(Block(key, group.key, measure, fresh, week, week))
    return found


def _lowest_first(groups: Sequence[Group]) -> list[Group]:
    """Every group after all groups below it."""
    by_key = {group.key: group for group in groups}

    def depth(group: Group) -> int:
        return 0 if group.parent is None or group.parent not in by_key else 1 + depth(by_key[group.parent])

    return sorted(groups, key=depth, reverse=True)
