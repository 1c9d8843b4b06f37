"""Invented organisations for the attacker of P10: a tree of teams, 26 weeks of joiners, leavers and transfers, figures.

Drawn to be unkind: teams in which all are alike, sums that one person carries, zeros everywhere, figures that never
change, teams that are moved as a whole, sources that fall silent for good. Called by tests/attacker.py.
Next: `organisation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from bot.domain.disclosure import Group, Kind, Measure

WEEKS = 26
FIRST_WEEK = date(2026, 1, 5)
CATEGORIES = ("regular", "not_in_use", "started", "other")
MEASURES = (
    Measure("regular", Kind.SHARE, 5, "adoption"),
    Measure("not_in_use", Kind.SHARE, 10, "adoption"),
    Measure("started", Kind.SHARE, 10, "adoption"),
    Measure("helped", Kind.SHARE),
    Measure("waste_category", Kind.SHARE, 10),
    Measure("spend", Kind.SUM, 5, "money"),
    Measure("wasted", Kind.SUM, 5, "money"),
    Measure("optimizable", Kind.SUM, 5, "money"),
    Measure("merged", Kind.SUM, 5, "outcomes"),
    Measure("still_there", Kind.SUM, 5, "outcomes", needed=False),
)


@dataclass(frozen=True)
class Nature:
    """What kind of organisation it is."""

    steady: bool
    churn: float
    transfers: float
    unknown: float
    spread: float
    alike: float
    reorganised: float


@dataclass(frozen=True)
class Week:
    """One week as it is: the tree, and every known figure."""

    monday: date
    groups: tuple[Group, ...]
    values: Mapping[str, Mapping[int, int | None]]


@dataclass
class Company:
    """An organisation while it lives."""

    dice: Random
    nature: Nature
    parents: dict[str, str | None]
    team_of: dict[int, str] = field(default_factory=dict)
    mood: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    figures: dict[int, dict[str, int]] = field(default_factory=dict)
    blind: set[int] = field(default_factory=set)

    def hire(self, team: str) -> None:
        person = len(self.figures)
        self.team_of[person] = team
        self.figures[person] = self._figures(team)

    def live_a_week(self) -> None:
        """Leavers, transfers, joiners; teams that move; and, unless all is steady, new figures."""
        teams = list(self.mood)
        for person, team in list(self.team_of.items()):
            if self.dice.random() < self.nature.churn:
                del self.team_of[person]
                if self.dice.random() < 0.9:
                    self.hire(team)
            elif self.dice.random() < self.nature.transfers:
                self.team_of[person] = self.dice.choice(teams)
            if not self.nature.steady and self.dice.random() < 0.08:
                self.figures[person] = self._figures(team)
        if self.dice.random() < self.nature.reorganised:
            inner = [key for key in self.parents if key not in self.mood]
            self.parents[self.dice.choice(teams)] = self.dice.choice(inner)
        self.look_away()

    def look_away(self) -> None:
        """Some people cannot be seen this week."""
        self.blind = {person for person in self.figures if self.dice.random() < self.nature.unknown}

    def week(self, monday: date) -> Week:
        """What the product is handed."""
        groups = []
        for key, parent in self.parents.items():
            below = {each for each in self.mood if key in self._above(each)}
            members = frozenset(person for person, team in self.team_of.items() if team in below)
            groups.append(Group(key, parent, members))
        # Who has left is still known for a while, or not at all.
        seen = [person for person in self.figures if person in self.team_of or person % 3 == 0]
        values: dict[str, dict[int, int | None]] = {
            measure.name: {
                person: None if person in self.blind else self.figures[person][measure.name] for person in seen
            }
            for measure in MEASURES
        }
        return Week(monday, tuple(groups), values)

    def _above(self, key: str) -> set[str]:
        found = {key}
        while (parent := self.parents[key]) is not None:
            found.add(parent)
            key = parent
        return found

    def _figures(self, team: str) -> dict[str, int]:
        regular, helps, wastes = self.mood[team]
        mix = (regular, (1 - regular) * 0.6, (1 - regular) * 0.3, (1 - regular) * 0.1 + 0.01)
        category = self.dice.choices(CATEGORIES, mix)[0]
        used = category != "not_in_use"
        spend = int(40_000_000 * self.dice.lognormvariate(0, self.nature.spread)) if used else 0
        wasted = int(spend * self.dice.random() / 2) if self.dice.random() < wastes else 0
        optimizable = int((spend - wasted) * self.dice.random()) if self.dice.random() < wastes + 0.2 else 0
        merged = int(self.dice.expovariate(1 / 4)) if used and self.dice.random() < helps + 0.2 else 0
        lost = int(self.dice.random() < 0.3) * self.dice.randint(0, merged)
        return {
            **{each: int(each == category) for each in CATEGORIES[:3]},
            "helped": int(used and self.dice.random() < helps),
            "waste_category": int(wasted > 0),
            "spend": spend,
            "wasted": wasted,
            "optimizable": optimizable,
            "merged": merged,
            "still_there": merged - lost,
        }


def organisation(seed: int) -> tuple[Nature, list[Week]]:
    """The weeks of one organisation."""
    dice = Random(seed)
    nature = Nature(
        steady=dice.random() < 0.5,
        churn=dice.choice((0.0, 0.005, 0.02, 0.06)),
        transfers=dice.choice((0.0, 0.004, 0.02, 0.05)),
        unknown=dice.choice((0.0, 0.0, 0.03, 0.1)),
        spread=dice.choice((0.0, 0.4, 1.0, 1.8)),
        alike=dice.choice((0.15, 0.6, 2.0)),
        reorganised=dice.choice((0.0, 0.05)),
    )
    company = Company(dice, nature, {"all": None})
    for area in range(dice.randint(1, 3)):
        company.parents[f"area{area}"] = "all"
        for team in range(dice.randint(1, 4)):
            key = f"team{area}{team}"
            company.parents[key] = f"area{area}"
            company.mood[key] = (_share(dice, nature), _share(dice, nature), _share(dice, nature))
            for _ in range(dice.choice((3, 5, 6, 7, 8, 8, 9, 10, 12, 15, 20, 30))):
                company.hire(key)
    weeks = []
    company.look_away()
    for number in range(WEEKS):
        weeks.append(company.week(FIRST_WEEK + timedelta(weeks=number)))
        company.live_a_week()
    return nature, _silenced(Random(f"silence {seed}"), weeks)


def _silenced(dice: Random, weeks: list[Week]) -> list[Week]:
    """In a third of the organisations nothing more is known of some people, or of all, from some week on."""
    part, since = dice.choice((0.0, 0.0, 0.0, 0.0, 0.3, 1.0)), dice.randrange(WEEKS // 2)
    dark = {person for person in range(10_000) if dice.random() < part} if part else set()
    return [
        week if number < since or not dark else replace(week, values=_without(week.values, dark))
        for number, week in enumerate(weeks)
    ]


def _without(values: Mapping[str, Mapping[int, int | None]], dark: set[int]) -> dict[str, dict[int, int | None]]:
    return {
        name: {person: None if person in dark else it for person, it in known.items()} for name, known in values.items()
    }


def _share(dice: Random, nature: Nature) -> float:
    """How common something is in a team: often with nobody, or with all."""
    return dice.betavariate(nature.alike, nature.alike)
