"""The strongest attacker there is, against tiny companies: every world is tried, and everything seen in it compared.

For each way in which ten people can have a state or not, the whole story is published again by the product itself. The
manager and two members know in which of these worlds they are up to what looks the same; what is so in all of them is
certain. This takes nothing for granted of how the rules work, and counts every gap and reason as seen.
Next: `certain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from random import Random

from bot.domain.disclosure import Group, Kind, Measure, Memory, due, publish
from bot.domain.disclosure.rules import ALL, Rules
from tests.organisations import FIRST_WEEK, WEEKS

SHARE = Measure("regular", Kind.SHARE)
MONDAYS = [FIRST_WEEK + timedelta(weeks=number) for number in range(WEEKS)]


def story(seed: int, people: int) -> list[tuple[Group, ...]]:
    """The tree in each week: two teams and some who are in neither; people come, go and change teams."""
    dice = Random(seed)
    places = {person: dice.choice(("one", "one", "one", "two", "area", "away")) for person in range(people)}
    pace = dice.choice((0.0, 0.01, 0.03))
    weeks: list[tuple[Group, ...]] = []
    for _ in MONDAYS:
        at = {place: frozenset(one for one, its in places.items() if its == place) for place in ("one", "two", "area")}
        area = at["one"] | at["two"] | at["area"]
        weeks.append((Group("area", None, area), Group("one", "area", at["one"]), Group("two", "area", at["two"])))
        for person in range(people):
            if dice.random() < pace:
                places[person] = dice.choice(("one", "two", "area", "away"))
    return weeks


def certain(seed: int, people: int, rules: Rules = ALL, *, silent: float = 0) -> int:
    """In how many worlds, and for how many pairs of members, somebody else's state is certain; 0 is the promise.

    `silent`: the part of the people of whom nothing more is known from some week on.
    """
    weeks = [
        (monday, groups) for monday, groups in zip(MONDAYS, story(seed, people), strict=True) if due(monday, rules)
    ]
    since, dark = _silence(seed, people, silent)
    alike: dict[str, list[int]] = {}
    for world in range(2**people):
        alike.setdefault(_seen(world, people, weeks, rules, since=since, dark=dark), []).append(world)
    found = 0
    for pair in combinations(range(people), 2):
        mine = sum(1 << person for person in pair)
        others = 2**people - 1 - mine
        for worlds in alike.values():
            for own in {world & mine for world in worlds}:
                possible = [world for world in worlds if world & mine == own]
                always, ever = others, 0
                for world in possible:
                    always, ever = always & world, ever | world
                found += len(possible) if always or others & ~ever else 0
    return found


def _silence(seed: int, people: int, part: float) -> tuple[date, set[int]]:
    """From which Monday on nothing more is known of whom."""
    dice = Random(seed)
    return dice.choice(MONDAYS[:10]), {person for person in range(people) if dice.random() < part}


def _seen(
    world: int,
    people: int,
    weeks: Sequence[tuple[date, tuple[Group, ...]]],
    rules: Rules,
    *,
    since: date,
    dark: set[int],
) -> str:
    """All that is published in one world, reasons and counted people as well."""
    memory, seen = Memory(), []
    for monday, groups in weeks:
        here = groups[0].members
        known = here - dark if monday >= since else here
        values = {SHARE.name: {person: world >> person & 1 for person in range(people) if person in known}}
        issue = publish(week=monday, groups=groups, measures=[SHARE], values=values, memory=memory, rules=rules)
        memory = issue.memory
        seen.append([(each.group, sorted(each.members), each.cells) for each in issue.published])
    return repr(seen)
