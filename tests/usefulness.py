"""What is left to tell once P10 has had its say: a plain company of teams of 5, 8, 12, 20 and 50, over 26 weeks.

2 % of the people leave every month and are replaced in the next, 20 % a year change teams, 4 % are unknown in a week.
A summary is useful when it tells the adoption share and at least one more of the four vectors. Next: `usefulness`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from bot.domain.disclosure import At, Memory, Published, Shown, due, publish
from tests.organisations import FIRST_WEEK, MEASURES, WEEKS, Company, Nature, Week

SIZES = (5, 8, 12, 20, 50)
TEAMS_EACH = 6
TEAMS_AN_AREA = 3
OTHERS = ("helped", "merged", "wasted", "optimizable")
MONEY = ("spend", "wasted", "optimizable")
NATURE = Nature(
    steady=False, churn=0.02 * 12 / 52, transfers=0.2 / 52, unknown=0.04, spread=1.0, alike=2.0, reorganised=0.0
)


@dataclass
class Tally:
    """Of the groups of one size: how many there were, and how many heard what."""

    groups: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    off_percent: list[float] = field(default_factory=list)
    """How far "about ..." is from the share of those who are in the group today."""
    counted: list[float] = field(default_factory=list)

    def add(self, cells: Published, week: Week, members: frozenset[int]) -> None:
        shown = {name for name, cell in cells.cells.items() if isinstance(cell, Shown)}
        self.groups += 1
        self.heard["adoption"] += "regular" in shown
        self.heard["useful"] += "regular" in shown and any(name in shown for name in OTHERS)
        self.heard["money"] += shown.issuperset((*MONEY, "merged"))
        regular = cells.cells["regular"]
        known = [value for person in members if (value := week.values["regular"].get(person)) is not None]
        if isinstance(regular, Shown) and known:
            self.heard["about"] += regular.at is At.ABOUT
            self.counted.append(len(cells.members & members) / len(members))
        if isinstance(regular, Shown) and known and regular.at is At.ABOUT:
            self.off_percent.append(abs(regular.value - 100 * sum(known) / len(known)))


def company(seed: int) -> Company:
    """Six teams of each size, three to an area."""
    dice = Random(seed)
    made = Company(dice, NATURE, {"all": None})
    sizes = [size for size in SIZES for _ in range(TEAMS_EACH)]
    dice.shuffle(sizes)
    for number, size in enumerate(sizes):
        area = f"area{number // TEAMS_AN_AREA}"
        made.parents.setdefault(area, "all")
        key = f"team{number} of {size}"
        made.parents[key] = area
        made.mood[key] = (dice.betavariate(2, 2), dice.betavariate(2, 2), dice.betavariate(2, 4))
        for _ in range(size):
            made.hire(key)
    made.look_away()
    return made


def usefulness(seeds: range) -> dict[tuple[str, str], Tally]:
    """By size of team ("areas" and "all" for the groups above), at the first publication and in all of 26 weeks."""
    found: dict[tuple[str, str], Tally] = {}
    for seed in seeds:
        made, memory = company(seed), Memory()
        first = True
        for number in range(WEEKS):
            week = made.week(FIRST_WEEK + timedelta(weeks=number))
            if due(week.monday):
                issue = publish(
                    week=week.monday, groups=week.groups, measures=MEASURES, values=week.values, memory=memory
                )
                memory = issue.memory
                for group, each in zip(week.groups, issue.published, strict=True):
                    size = group.key.split(" of ")[1] if " of " in group.key else group.key.rstrip("0123456789")
                    for when in ("first", "26 weeks") if first else ("26 weeks",):
                        found.setdefault((size, when), Tally()).add(each, week, group.members)
                first = False
            made.live_a_week()
    return found
