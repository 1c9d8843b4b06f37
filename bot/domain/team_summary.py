"""What is told of a group, and what follows from it: measures, the brake on volume, trends, and one suggested action.

Everything here sees published cells and nothing else, so that nothing it says can tell more than they do. The only
yardstick is the group's own past (P2). Tokens and money are a meter reading without a word to them: they appear with
what came out or not at all (P4), and no more of them makes anything better (P3).

`jobs/snapshot.py` asks `settle_volume` before cells are kept; `handlers/ai_team.py` asks `summarize` for what is shown.
Next: `bot/store/published.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.disclosure import At, Cell, Kind, Measure, Shown, Suppressed, Why

RULE_VERSION = "teams-1"
FLOOR = 5
FLOOR_DISTRIBUTION = 10
"""Of distributions, waste categories and what people said in words, and of volume: the brake cannot judge fewer."""

USES_REGULARLY, GETTING_STARTED, NOT_IN_USE = "uses_regularly", "getting_started", "not_in_use"
ADOPTION = (USES_REGULARLY, GETTING_STARTED, NOT_IN_USE)
"""Shares of those who could be judged."""
NOT_VISIBLE = "not_visible"
"""The share of everybody who could not be judged."""

TOKENS, SPEND, OPTIMIZABLE, WASTED = "tokens", "spend", "optimizable", "wasted"
VOLUME_AND_MONEY = (TOKENS, SPEND, OPTIMIZABLE, WASTED)
MERGED, STILL_THERE = "merged", "still_there"
OUTPUT = (MERGED, STILL_THERE)
"""Changes merged in the period, and those of its first two weeks that were still there at its end. What lies between
the two is reverts and young changes in one: nobody's revert can be read off.
"""
ACTIVE_DAYS = "active_days"
"""Days of work with any of the tools, those of all people added up."""


def reported(answer: str) -> str:
    """The share of those who answered a check-in of the period that gave this answer."""
    return f"helped_{answer}"


def barrier(answer: str) -> str:
    """The share of everybody who told this with one tap."""
    return f"barrier.{answer}"


CLEARLY, SOMEWHAT, NOT_REALLY = map(reported, ("clearly", "somewhat", "not_really"))
REPORTED = (CLEARLY, SOMEWHAT, NOT_REALLY)
SEATS, LOOPS, MODELS, CONTEXT, CHANGES = "waste.seats", "waste.loops", "waste.models", "waste.context", "waste.changes"
CATEGORIES = (SEATS, LOOPS, MODELS, CONTEXT, CHANGES)
"""The shares of those who could be judged in whose period something of this kind was found."""
NO_ACCESS, OTHER_TOOL, NOT_MY_WORK, NOT_ALLOWED, ON_LEAVE, WAS_MEANT = map(
    barrier, ("no_access", "other_tool", "not_my_work", "not_allowed", "on_leave", "was_meant")
)
BARRIERS = (NO_ACCESS, OTHER_TOOL, NOT_MY_WORK, NOT_ALLOWED, ON_LEAVE, WAS_MEANT)

MEASURES = (
    Measure(USES_REGULARLY, Kind.SHARE, FLOOR, family="adoption"),
    *(Measure(name, Kind.SHARE, FLOOR_DISTRIBUTION, family="adoption") for name in (NOT_IN_USE, GETTING_STARTED)),
    Measure(NOT_VISIBLE, Kind.SHARE, FLOOR),
    Measure(TOKENS, Kind.SUM, FLOOR_DISTRIBUTION),
    *(Measure(name, Kind.SUM, FLOOR_DISTRIBUTION, family="money") for name in (SPEND, WASTED, OPTIMIZABLE)),
    Measure(MERGED, Kind.SUM, FLOOR, family="outcomes"),
    Measure(STILL_THERE, Kind.SUM, FLOOR, family="outcomes", needed=False),
    Measure(ACTIVE_DAYS, Kind.SUM, FLOOR, most=20),
    *(Measure(name, Kind.SHARE, FLOOR_DISTRIBUTION, family="reported") for name in (CLEARLY, NOT_REALLY, SOMEWHAT)),
    *(Measure(name, Kind.SHARE, FLOOR_DISTRIBUTION) for name in (*CATEGORIES, *BARRIERS)),
)
"""Everything that may be told of a group, with the fewest people whom a figure may stand for. Of a family the most
important share comes first, and of sums the whole before its parts.
"""

BRAKE = (TOKENS, ACTIVE_DAYS, MERGED, CLEARLY)
"""What `settle_volume` looks at in the past."""
_SHARES = frozenset(measure.name for measure in MEASURES if measure.kind is Kind.SHARE)
_SHARE_SLACK, _SUM_SLACK = 12.5, 0.1
"""How far from a published figure the true one may lie, in points of a share and as a part of a sum: it is rounded once
where people are counted together and once more for the group.
"""
_DOUBLED = 2
BARRIER_PERCENT = 15
MANY_PERCENT = 30
"""From which published share on something suggests an action."""

Cells = Mapping[str, Cell]
Range = tuple[float, float]


class Trend(StrEnum):
    """Against the group's own last published figure. Whether it is welcome is not said."""

    MORE = "more"
    LESS = "less"
    ABOUT_THE_SAME = "about_the_same"


class TeamAction(StrEnum):
    """One thing that somebody who leads this group could do, without knowing or asking who."""

    ASK_FOR_ACCESS = "ask_for_access"
    ASK_WHAT_IS_ALLOWED = "ask_what_is_allowed"
    CONNECT_THE_OTHER_TOOL = "connect_the_other_tool"
    ACCEPT_OTHER_WORK = "accept_other_work"
    OFFER_AN_HOUR = "offer_an_hour"
    PAIR_UP = "pair_up"
    ASK_WHAT_WORK_IT_SERVED = "ask_what_work_it_served"
    ASK_WHAT_IS_IN_THE_WAY = "ask_what_is_in_the_way"
    SHARE_ONE_RECIPE = "share_one_recipe"


@dataclass(frozen=True)
class Line:
    """One figure, or why there is none. No trend: it has none (tokens, money), or nothing earlier was published."""

    measure: str
    cell: Cell
    trend: Trend | None = None


@dataclass(frozen=True)
class TeamSummary:
    """What may be shown of one group in one period."""

    adoption: tuple[Line, ...]
    four: tuple[Line, ...]
    output: tuple[Line, ...]
    reported: tuple[Line, ...]
    waste: tuple[Line, ...]
    barriers: tuple[Line, ...]
    action: TeamAction | None

    @property
    def says_something(self) -> bool:
        """Whether anything at all is shown; if not, what is said instead is the same whatever the reason (P10)."""
        lines = (*self.adoption, *self.four, *self.output, *self.reported, *self.waste, *self.barriers)
        return any(isinstance(line.cell, Shown) for line in lines)


def summarize(now: Cells, past: Sequence[Cells]) -> TeamSummary:
    """The summary of one group from its published cells and its own earlier ones, newest first."""

    def lines(names: Sequence[str], *, with_trend: bool = True) -> tuple[Line, ...]:
        return tuple(Line(name, now[name], _trend(name, now, past) if with_trend else None) for name in names)

    return TeamSummary(
        adoption=lines((*ADOPTION, NOT_VISIBLE)),
        four=lines(VOLUME_AND_MONEY, with_trend=False),
        output=lines((*OUTPUT, ACTIVE_DAYS)),
        reported=lines(REPORTED),
        waste=lines(CATEGORIES, with_trend=False),
        barriers=lines(BARRIERS),
        action=suggested(now),
    )


def settle_volume(now: Cells, past: Sequence[Cells]) -> dict[str, Cell]:
    """The cells after the brake (W26), without tokens and money unless all that belongs to them is told (P4).

    `past` is what was published of the same group before, about a year of it. What the brake once withheld is no
    yardstick: tokens are held against each earlier week whose tokens were told, and against the value of that very
    week. So it stays on until the value rose or the tokens fell, and doubling in small steps does not get past it.
    Only cells that were published decide, so that what is withheld tells nothing new.
    """
    cells = dict(now)
    if any(is_volume_without_value(now, before) for before in past):
        cells |= dict.fromkeys(VOLUME_AND_MONEY, Suppressed(Why.VOLUME_WITHOUT_VALUE))
    elif not all(isinstance(cells[name], Shown) for name in (*VOLUME_AND_MONEY, *OUTPUT)):
        cells |= {name: Suppressed(Why.FOUR_TOGETHER) for name in VOLUME_AND_MONEY if isinstance(cells[name], Shown)}
    return cells


def is_volume_without_value(now: Cells, before: Cells) -> bool:
    """Whether tokens surely doubled while neither days of use, nor finished work, nor reported value surely rose.

    A figure stands for every number that is rounded to it, and one that is not shown did not surely rise.
    """
    volume, volume_before = _range(TOKENS, now), _range(TOKENS, before)
    if volume is None or volume_before is None or volume_before[1] <= 0:
        return False
    if volume[0] < _DOUBLED * volume_before[1]:
        return False
    return not any(_surely_rose(name, now, before) for name in (ACTIVE_DAYS, MERGED, CLEARLY))


def suggested(now: Cells) -> TeamAction | None:
    """The one action that fits best what was published: first what stands in people's way, as they told it."""
    told = {
        NO_ACCESS: TeamAction.ASK_FOR_ACCESS,
        NOT_ALLOWED: TeamAction.ASK_WHAT_IS_ALLOWED,
        OTHER_TOOL: TeamAction.CONNECT_THE_OTHER_TOOL,
        NOT_MY_WORK: TeamAction.ACCEPT_OTHER_WORK,
    }
    most = max(told, key=lambda name: _percent(name, now))
    reasons = (
        (_percent(most, now) >= BARRIER_PERCENT, told[most]),
        (_percent(NOT_IN_USE, now) >= MANY_PERCENT, TeamAction.OFFER_AN_HOUR),
        (_percent(GETTING_STARTED, now) >= MANY_PERCENT, TeamAction.PAIR_UP),
        (now[TOKENS] == Suppressed(Why.VOLUME_WITHOUT_VALUE), TeamAction.ASK_WHAT_WORK_IT_SERVED),
        (_percent(NOT_REALLY, now) >= MANY_PERCENT, TeamAction.ASK_WHAT_IS_IN_THE_WAY),
        (max(_percent(name, now) for name in (LOOPS, CONTEXT)) >= MANY_PERCENT, TeamAction.SHARE_ONE_RECIPE),
    )
    return next((action for holds, action in reasons if holds), None)


def _trend(name: str, now: Cells, past: Sequence[Cells]) -> Trend | None:
    """Against the newest earlier figure that was published; more or less only where rounding cannot explain it."""
    here = _range(name, now)
    there = next((found for cells in past if (found := _range(name, cells)) is not None), None)
    if here is None or there is None:
        return None
    if here[0] > there[1]:
        return Trend.MORE
    return Trend.LESS if here[1] < there[0] else Trend.ABOUT_THE_SAME


def _surely_rose(name: str, now: Cells, before: Cells) -> bool:
    here, there = _range(name, now), _range(name, before)
    return here is not None and there is not None and here[0] > there[1]


def _range(name: str, cells: Cells) -> Range | None:
    """Every number for which a shown figure may stand; None when it is not shown."""
    cell = cells.get(name)
    if not isinstance(cell, Shown):
        return None
    if cell.at is At.AT_MOST:
        return 0.0, float(cell.value)
    if cell.at is At.AT_LEAST:
        return float(cell.value), float("inf")
    slack = _SHARE_SLACK if name in _SHARES else cell.value * _SUM_SLACK
    return cell.value - slack, cell.value + slack


def _percent(name: str, now: Cells) -> int:
    """What a share is at least; 0 when it is not shown, or is only known to be at most something."""
    cell = now.get(name)
    return cell.value if isinstance(cell, Shown) and cell.at is not At.AT_MOST else 0
