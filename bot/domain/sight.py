"""What of one person's days can be seen: days with use, days without, and days of which nothing is known (P12).

`bot/domain/scorecard.py` asks for both halves of the card, and for the days before each check-in.
Next: `bot/domain/scorecard.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import Coverage, UsageWindow


@dataclass(frozen=True)
class DaysOfUse:
    """Working days of one window, how many of them are days of work, and how many of the others could not be seen.

    `empty_days` are days, working or not, with signs of use and no work (`bot/domain/days_of_work.py`);
    `empty_working_days` are the working days among them on which nothing else can have been done unseen. On
    `toolless_days`, working days too, there was no seat yet and nothing had been used: they are no days without use.
    """

    working_days: int
    used_days: int
    unseen_days: int
    days_off_used: int
    empty_days: int = 0
    empty_working_days: int = 0
    toolless_days: int = 0


class Gap(StrEnum):
    """Why a tool cannot be seen, or not in full."""

    NOT_CONNECTED = "not_connected"
    ONLY_USE = "only_use"
    """Use of it was seen, and no source tells all of it: a day without use may be one that was not seen."""
    ENDS_EARLY = "ends_early"
    DAYS_MISSING = "days_missing"


@dataclass(frozen=True)
class Unknown:
    """A tool of this person that cannot be seen in full. `reach` is the last day that a source has finished."""

    tool: str
    gap: Gap
    reach: date | None


@dataclass(frozen=True)
class Sight:
    """One person's seats, use, working days, and which of them a source has finished."""

    seats: tuple[Seat, ...]
    window: UsageWindow
    calendar: WorkCalendar
    coverage: Coverage

    def tools(self) -> tuple[str, ...]:
        """The tools a card is about: seats held in the 28 days, and whatever was used in the 12 weeks."""
        first = self.window.first_day()
        held = {
            seat.tool
            for seat in self.seats
            if seat.assigned_on <= self.window.last_day and (seat.released_on is None or seat.released_on > first)
        }
        return tuple(sorted(held | self.window.tools_seen()))

    def days_of_use(self, first: date, last: date) -> DaysOfUse:
        """What the working days from `first` to `last` hold, both included."""
        tools = self.tools()
        working = self.calendar.working_days(first, last)
        used = {day for day in self.window.worked_days() if first <= day <= last}
        empty = {day for day in self.window.active_days() if first <= day <= last} - used
        toolless = {day for day in working if tools and day not in used and not self.has_tool(day)}
        unseen = {day for day in working if day not in used | toolless and not self._seen(tools, day)}
        return DaysOfUse(
            working_days=len(working),
            used_days=len(used.intersection(working)),
            unseen_days=len(unseen),
            days_off_used=len(used.difference(working)),
            empty_days=len(empty),
            empty_working_days=len(empty.intersection(working) - unseen),
            toolless_days=len(toolless),
        )

    def has_tool(self, day: date) -> bool:
        """Whether there was anything that this person could have used on that day, as far as seats and use tell."""
        return any(self._had(tool, day) for tool in self.tools())

    def _had(self, tool: str, day: date) -> bool:
        """Whether there was a seat of it by then, or use; what knows no seats was there all the time."""
        seats = [seat for seat in self.seats if seat.tool == tool]
        if not seats or any(seat.assigned_on <= day for seat in seats):
            return True
        return any(used <= day for used in self.window.active_days(tool))

    def unknowns(self) -> tuple[Unknown, ...]:
        """The tools that cannot be seen in full in the 28 days, each with the reason."""
        found = (self._unknown(tool) for tool in self.tools())
        return tuple(unknown for unknown in found if unknown is not None)

    def _unknown(self, tool: str) -> Unknown | None:
        first, last = self.window.first_day(), self.window.last_day
        working = [day for day in self.calendar.working_days(first, last) if self._could_use(tool, day)]
        missing = [day for day in working if not self.coverage.covers(tool, day)]
        reach = self.coverage.reach(tool)
        if not missing:
            return None
        if reach is None or reach < first:
            is_used = any(first <= day for day in self.window.active_days(tool))
            return Unknown(tool, Gap.ONLY_USE if is_used else Gap.NOT_CONNECTED, reach)
        ends_early = all(day > reach for day in missing)
        return Unknown(tool, Gap.ENDS_EARLY if ends_early else Gap.DAYS_MISSING, reach)

    def _seen(self, tools: Sequence[str], day: date) -> bool:
        """Whether a day without use is known to be one: every tool that could have been used was covered."""
        could_use = [tool for tool in tools if self._could_use(tool, day)]
        return bool(could_use) and all(self.coverage.covers(tool, day) for tool in could_use)

    def _could_use(self, tool: str, day: date) -> bool:
        seats = [seat for seat in self.seats if seat.tool == tool]
        return not seats or tool in self.window.tools_seen() or any(seat.held_on(day) for seat in seats)
