"""Twelve weeks of one person's own past, week by week: days of use, finished work, and what they reported.

Nothing here is a volume, and nobody else stands beside it (P2, P3). A week of which nothing is known is not a week
without use, and one without a working day or without a tool is neither (P12).
`bot/domain/scorecard.py` asks for them. Next: `bot/views/weeks.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.check_in import CheckIn
from bot.domain.outcomes import OutcomeKind
from bot.domain.results import OutcomeFact, unit_of
from bot.domain.sight import DaysOfUse, Sight
from bot.domain.usage import LOOKBACK_WEEKS

RULE_VERSION = "weeks-2"


class Known(StrEnum):
    """What can be said of a week."""

    SEEN = "seen"
    """Every working day: with use, without, or with requests that nothing came of."""
    IN_PART = "in_part"
    NOT_VISIBLE = "not_visible"
    NO_WORKING_DAYS = "no_working_days"
    NO_TOOL = "no_tool"
    """No seat yet, and no use of anything: there was nothing to be seen."""


@dataclass(frozen=True)
class Week:
    """Seven days. `finished` counts pieces of the one kind of work that stands for this person; None: none is known."""

    first_day: date
    last_day: date
    known: Known
    days: DaysOfUse
    finished: int | None
    said: tuple[CheckIn, ...]


@dataclass(frozen=True)
class TwelveWeeks:
    """The weeks, oldest first. `unit` is what `finished` counts."""

    weeks: tuple[Week, ...]
    unit: OutcomeKind | None
    rule_version: str = RULE_VERSION


def twelve_weeks(sight: Sight, facts: Sequence[OutcomeFact], check_ins: Sequence[CheckIn]) -> TwelveWeeks:
    """The weeks up to the window's last day. `facts` holds each piece once; a report of today counts as yesterday's."""
    end = sight.window.last_day
    unit = unit_of(facts)
    finished = Counter((end - fact.day).days // 7 for fact in facts if fact.kind is unit and fact.day <= end)
    weeks = []
    for back in range(LOOKBACK_WEEKS - 1, -1, -1):
        last = end - timedelta(days=7 * back)
        first = last - timedelta(days=6)
        days = sight.days_of_use(first, last)
        said = tuple(one for one in check_ins if first <= min(one.answered_on, end) <= last)
        done = None if unit is None else finished[back]
        weeks.append(Week(first, last, _known(days, has_tools=bool(sight.tools())), days, done, said))
    return TwelveWeeks(tuple(weeks), unit)


def _known(days: DaysOfUse, *, has_tools: bool) -> Known:
    is_used = days.used_days or days.days_off_used or days.empty_days
    if days.working_days == 0:
        return Known.SEEN if is_used else Known.NO_WORKING_DAYS
    if not is_used and (days.toolless_days == days.working_days or not has_tools):
        return Known.NO_TOOL
    if days.unseen_days == 0:
        return Known.SEEN
    return Known.IN_PART if is_used or days.unseen_days < days.working_days else Known.NOT_VISIBLE
