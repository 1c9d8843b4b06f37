"""How the follow-up of somebody in a campaign ended: yes, no, or unknown, asked of both arms in the same words.

Yes is what the campaign was for. Who used no tool: one day of use in the 28 days that begin with the draw. Who used one
less than they might: a day of use in three of the four weeks. A pattern of cost: it was not found again in the window
that ends then. Nothing here grows with more use (P3), and a day that no source has seen makes it unknown (P12). What
was sent plays no part: somebody counts in the arm they were drawn into. `jobs/follow_campaigns.py` asks.
Next: `bot/domain/experiment/waves.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.adoption import ZERO_STATES, Standing, tools_of
from bot.domain.campaigns import FOLLOW_UP_DAYS, is_about_use
from bot.domain.occasions import is_speakable
from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import Coverage, UsageWindow
from bot.domain.waste import SILENT_STATES
from bot.domain.waste.ledger import CountedFinding

WAITS_DAYS = 7
"""How long a source may be late before nobody can know any more."""
WEEKS_OF_USE = 3


class Outcome(StrEnum):
    """How it ended."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Followed:
    """Somebody whose 28 days are over: in which campaign, since when, and what it speaks about."""

    campaign_id: int
    person_id: int
    trigger: str
    tool: str | None
    enrolled_on: date

    @property
    def last_day(self) -> date:
        """The last of the 28 days that begin with the draw, which comes before anybody's working day."""
        return self.enrolled_on + timedelta(days=FOLLOW_UP_DAYS - 1)


def of_use(
    one: Followed, *, window: UsageWindow, seats: Sequence[Seat], coverage: Coverage, calendar: WorkCalendar
) -> Outcome:
    """The outcome about a state. `window` ends on the last of the 28 days."""
    tools = tools_of(window=window, seats=seats)
    asked = [
        coverage.covers(tool, day)
        for tool, first in tools.items()
        for day in calendar.working_days(max(first, one.enrolled_on), one.last_day)
    ]
    if not asked or not all(asked):  # of somebody on leave all the time nothing was to be seen, and that is no zero
        return Outcome.UNKNOWN
    if one.trigger in {state.value for state in ZERO_STATES}:
        used = any(day >= one.enrolled_on for day in window.worked_days())
    else:
        used = window.worked_weeks(0, FOLLOW_UP_DAYS // 7 - 1) >= WEEKS_OF_USE
    return Outcome.YES if used else Outcome.NO


def of_pattern(one: Followed, *, standing: Standing | None, findings: Sequence[CountedFinding]) -> Outcome | None:
    """The outcome about a pattern, by the newest judged window; None as long as that ends before the 28 days do."""
    assert not is_about_use(one.trigger)
    if standing is None or standing.last_day < one.last_day:
        return None
    if standing.state in SILENT_STATES or standing.last_day > one.last_day + timedelta(days=WAITS_DAYS):
        return Outcome.UNKNOWN
    found = any(
        seen.detector == one.trigger and one.tool in (None, seen.tool) for seen in findings if is_speakable(seen)
    )
    return Outcome.NO if found else Outcome.YES


def is_given_up(one: Followed, *, last_day: date) -> bool:
    """Whether a source has had all the time it gets."""
    return last_day >= one.last_day + timedelta(days=WAITS_DAYS)
