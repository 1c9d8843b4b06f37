"""Where a person stands in adoption: eight states and `unknown`, judged from days, never from volume (P3).

`jobs/detect.py` asks `judge` with one person's window, coverage, seats and calendar. Only *whether* a day holds
activity enters, never how much. "Not using AI" can be said only where a source that covers this person and tool
finished every working day (P12); everything else is `unknown`. Any sign of use rules out "no use"; habits and first
steps are counted in days of work (`bot/domain/days_of_work.py`). Next: `bot/domain/waste/`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from bot.domain import gaps
from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import LOOKBACK_DAYS, LOOKBACK_WEEKS, WINDOW_DAYS, Coverage, UsageWindow

RULE_VERSION = "states-3"

GRACE_DAYS = 14
"""A seat, or a person, younger than this is left in peace."""
MIN_WORKING_DAYS_FOR_ZERO = 10
"""Working days a 28-day window must hold before a zero in it means anything."""
MIN_WORKING_DAYS_FOR_RISK = 5
"""Working days its last 14 days must hold before a silence in them means anything."""
RISK_DAYS = 14
RISK_WEEKS = RISK_DAYS // 7
HABIT_WEEKS = 9
"""Weeks of the last 12 with a day of work that make a habit: about 66 days, with three weeks of slack for leave."""
EARLY_HABIT_WEEKS = 4
"""Such weeks of the last 4 that make a habit for somebody whose first use is younger than 12 weeks."""
FIRST_STEPS_DAYS = 14
FIRST_STEPS_ACTIVE_DAYS = 3
SLACK_DAYS = 1
"""Sources count in UTC days, people work in local ones: a use one day outside the window is still a use."""

LAG_DAYS = "lag_days"
"""Stands in the evidence where the window had to end so many days earlier, because a source is late by nature."""

EMPTY_DAYS = "empty_days"
"""Stands in the evidence where there are signs of use on so many days of the window, and no work."""

Evidence = dict[str, str | int | list[str] | None]


class State(StrEnum):
    """First match wins, in this order. No state is better than another; they say what kind of help may fit."""

    UNKNOWN = "unknown"
    NOT_PROVISIONED = "not_provisioned"
    GRACE = "grace"
    NEVER_USED = "never_used"
    LAPSED = "lapsed"
    AT_RISK = "at_risk"
    FIRST_STEPS = "first_steps"
    BUILDING = "building"
    HABITUAL = "habitual"


_JUDGED_BY_USE = frozenset(State) - {State.UNKNOWN, State.NOT_PROVISIONED, State.GRACE}
ZERO_STATES = frozenset({State.NEVER_USED, State.LAPSED})
"""States that say "no use": reachable only through the coverage gate (P12)."""


@dataclass(frozen=True)
class Standing:
    """A state with what it was judged from. `evidence` is plain JSON: dates as ISO text, counts, tool names."""

    state: State
    last_day: date
    reason: str
    rule_version: str = RULE_VERSION
    evidence: Evidence = field(default_factory=dict)


def judge(*, window: UsageWindow, coverage: Coverage, seats: Sequence[Seat], calendar: WorkCalendar) -> Standing:
    """The state of one person on the window's last day, with a reason in one plain clause and its evidence.

    Every working day of the 28-day window must be covered for every tool of `tools_of`, else `unknown`. A window with
    too few working days (long leave) is `unknown` as well, where a zero would otherwise be said. So is a state that
    use on an earlier day could change, where no source finished that day (`bot/domain/gaps.py`).
    """
    tools = tools_of(window=window, seats=seats)
    working = calendar.working_days(window.first_day(), window.last_day)
    evidence = _evidence(window, coverage, tools, working)
    case = _Case(window, coverage, seats, calendar, tools, working)
    state, reason = _unless_a_gap_matters(case, _first_match(case, evidence), evidence)
    return Standing(state, window.last_day, reason, evidence=evidence)


def tools_of(*, window: UsageWindow, seats: Sequence[Seat]) -> dict[str, date]:
    """The tools a person is judged by, each with the first day of the window on which it must be covered.

    A tool counts when a seat of it is held for at least 14 days, or when it was used within the 12 weeks. Use of a tool
    whose seat was since taken back does not count unless it went on afterwards: the person cannot use it any more.
    A seat assigned within the window needs coverage from that day on.
    """
    held = [seat for seat in seats if seat.held_on(window.last_day)]
    settled = {seat.tool for seat in held if not _is_young(seat, window.last_day)}
    used = {tool for tool in window.tools_seen() if not _taken_back(tool, window, seats)}
    since = {
        tool: min((seat.assigned_on for seat in held if seat.tool == tool), default=None) for tool in settled | used
    }
    first = window.first_day()
    return {tool: first if day is None else max(first, day) for tool, day in sorted(since.items())}


@dataclass(frozen=True)
class _Case:
    """What is known of one person on one day."""

    window: UsageWindow
    coverage: Coverage
    seats: Sequence[Seat]
    calendar: WorkCalendar
    tools: Mapping[str, date]
    working: Sequence[date]

    def uncovered(self) -> dict[str, list[date]]:
        """Working days that no source finished, by tool; tools without any are left out."""
        days = {
            tool: [day for day in self.working if day >= since and not self.coverage.covers(tool, day)]
            for tool, since in self.tools.items()
        }
        return {tool: missing for tool, missing in days.items() if missing}

    def uncovered_young(self) -> list[str]:
        """Tools of seats younger than 14 days that may be in use unseen, beside whatever else is judged."""
        held = [seat for seat in self.seats if seat.held_on(self.window.last_day) and seat.tool not in self.tools]
        return sorted(
            seat.tool
            for seat in held
            if any(day >= seat.assigned_on and not self.coverage.covers(seat.tool, day) for day in self.working)
        )

    def seat_is_young(self) -> bool:
        """Whether nothing but seats younger than 14 days (or about to begin) is there to be judged."""
        last_day = self.window.last_day
        current = [seat for seat in self.seats if seat.released_on is None or seat.released_on > last_day]
        young = {seat.tool for seat in current if _is_young(seat, last_day)}
        return bool(young) and self.tools.keys() <= young and not self._settled_seats()

    def person_is_new(self) -> bool:
        started_on = self.calendar.started_on
        return started_on is not None and (self.window.last_day - started_on).days < GRACE_DAYS

    def idle_days(self) -> int | None:
        """Whole days without any activity up to the window's end; None when there never was any."""
        last = self.window.last_active_on
        if self.window.active_after_window:
            return 0
        return None if last is None else (self.window.last_day - last).days

    def working_days_with_a_seat(self) -> int:
        """Working days of the window on which at least one tool could be used."""
        since = min(self.tools.values(), default=self.window.first_day())
        return sum(day >= since for day in self.working)

    def habitual(self, weeks_ago: int = 0) -> bool:
        """Whether there was a habit, judged on the 12 weeks that ended `weeks_ago` weeks before the window's end."""
        if self.window.worked_weeks(weeks_ago, weeks_ago + LOOKBACK_WEEKS - 1) >= HABIT_WEEKS:
            return True
        first = self.window.first_worked_on
        end = self.window.last_day - timedelta(weeks=weeks_ago)
        if first is None or (end - first).days >= LOOKBACK_DAYS:
            return False
        return self.window.worked_weeks(weeks_ago, weeks_ago + EARLY_HABIT_WEEKS - 1) == EARLY_HABIT_WEEKS

    def worked_lately(self) -> bool:
        """Whether the last 14 days, or what came after the window, hold a day of work."""
        last_day = self.window.last_day
        in_window = any((last_day - day).days < RISK_DAYS for day in self.window.worked_days())
        return in_window or bool(self.window.tools_worked_after_window)

    def in_first_steps(self) -> bool:
        """First work within the 12 weeks, on fewer than 3 days of its first 14, and on fewer than 3 of the last 14; or
        no day of work at all, beside signs of use.
        """
        last_day, first = self.window.last_day, self.window.first_worked_on
        if first is None:
            return True
        if (last_day - first).days >= LOOKBACK_DAYS:
            return False
        days = self.window.worked_days()
        at_first = sum((day - first).days < FIRST_STEPS_DAYS for day in days)
        lately = sum((last_day - day).days < FIRST_STEPS_DAYS for day in days)
        return max(at_first, lately) < FIRST_STEPS_ACTIVE_DAYS

    def _settled_seats(self) -> bool:
        last_day = self.window.last_day
        return any(seat.held_on(last_day) and not _is_young(seat, last_day) for seat in self.seats)


def _unless_a_gap_matters(case: _Case, said: tuple[State, str], evidence: Evidence) -> tuple[State, str]:
    """What is said, if it would be said whichever of the earlier days that no source finished were days of use."""
    if said[0] not in _JUDGED_BY_USE:
        return said
    days = gaps.unfinished_days(
        window=case.window, coverage=case.coverage, seats=case.seats, tools=case.tools, calendar=case.calendar
    )
    if all(_first_match(_as_if_used(case, used), {})[0] is said[0] for used in gaps.possible_days(days)):
        return said
    evidence["unfinished_days"] = len(days)
    return State.UNKNOWN, f"use on {len(days)} earlier days that no source finished could change what is said"


def _as_if_used(case: _Case, days: Collection[date]) -> _Case:
    return replace(case, window=gaps.as_if_used(case.window, days))


def _first_match(case: _Case, evidence: Evidence) -> tuple[State, str]:
    return _too_little_or_too_early(case, evidence) or _idle(case, evidence) or _in_use(case)


def _too_little_or_too_early(case: _Case, evidence: Evidence) -> tuple[State, str] | None:
    missing = case.uncovered()
    if missing:
        evidence["uncovered_tools"] = sorted(missing)
        evidence["uncovered_first_day"] = min(min(days) for days in missing.values()).isoformat()
        evidence["uncovered_days"] = len(set().union(*missing.values()))
        unclear = sorted(
            tool for tool, days in missing.items() if case.coverage.doubtful.get(tool, frozenset()) & set(days)
        )
        if unclear:
            evidence["unclear_tools"] = unclear
            return State.UNKNOWN, f"somebody whom nobody could name was seen with {', '.join(unclear)}"
        return State.UNKNOWN, f"no source finished every working day for {', '.join(sorted(missing))}"
    if case.seat_is_young():
        return State.GRACE, f"every seat is younger than {GRACE_DAYS} days"
    if not case.tools:
        return State.NOT_PROVISIONED, "no seat is held and nothing else is in use"
    if case.person_is_new():
        return State.GRACE, f"the first working day was less than {GRACE_DAYS} days ago"
    return _new_seat_unseen(case, evidence)


def _new_seat_unseen(case: _Case, evidence: Evidence) -> tuple[State, str] | None:
    unseen = case.uncovered_young()
    if not unseen:
        return None
    evidence["uncovered_tools"] = list(unseen)
    return State.UNKNOWN, f"no source finished every working day for {', '.join(unseen)}, a new seat"


def _idle(case: _Case, evidence: Evidence) -> tuple[State, str] | None:
    """A state that says "nothing lately", or `unknown` where there were too few working days to say so."""
    idle_days = case.idle_days()
    if idle_days is None or idle_days >= WINDOW_DAYS + SLACK_DAYS:
        working = case.working_days_with_a_seat()
        evidence["working_days_needed"] = MIN_WORKING_DAYS_FOR_ZERO
        if working < MIN_WORKING_DAYS_FOR_ZERO:
            return State.UNKNOWN, f"{working} working days in the window are too few to say anything"
        if idle_days is None:
            return State.NEVER_USED, f"no use was ever seen, and all {working} working days were covered"
        return State.LAPSED, f"there was use before, and none on {working} covered working days"
    if idle_days >= RISK_DAYS and case.habitual(weeks_ago=RISK_WEEKS):
        lately = sum((case.window.last_day - day).days < RISK_DAYS for day in case.working)
        evidence["working_days_needed"] = MIN_WORKING_DAYS_FOR_RISK
        if lately < MIN_WORKING_DAYS_FOR_RISK:
            return State.UNKNOWN, f"{lately} working days in the last {RISK_DAYS} days are too few to say anything"
        return State.AT_RISK, f"there was a habit, and nothing in the last {RISK_DAYS} days"
    return None


def _in_use(case: _Case) -> tuple[State, str]:
    if case.habitual():
        # Empty requests rule out "at risk", which says that there was nothing; they do not keep a habit alive (P3).
        if not case.worked_lately():
            return State.BUILDING, f"there was a habit, and in the last {RISK_DAYS} days no answer came back"
        return State.HABITUAL, _habit_reason(case)
    if case.window.first_worked_on is None and not case.window.active_after_window:
        return State.FIRST_STEPS, "there were requests, and no day yet on which an answer came back to somebody"
    if case.in_first_steps():
        return State.FIRST_STEPS, f"use began within 12 weeks, on fewer than {FIRST_STEPS_ACTIVE_DAYS} days of 14"
    return State.BUILDING, f"there is use, in fewer than {HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks"


def _habit_reason(case: _Case) -> str:
    weeks = case.window.worked_weeks(0, LOOKBACK_WEEKS - 1)
    if weeks >= HABIT_WEEKS:
        return f"there is use in at least {HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks"
    return f"use began within {LOOKBACK_WEEKS} weeks and shows in each of the last {EARLY_HABIT_WEEKS}"


def _evidence(window: UsageWindow, coverage: Coverage, tools: Mapping[str, date], working: Sequence[date]) -> Evidence:
    first_day, days = window.first_day(), window.worked_days()
    empty = sum(day >= first_day for day in window.active_days() - days)
    lag_days = max((coverage.lag_days.get(tool, 0) for tool in tools), default=0)
    late: Evidence = {LAG_DAYS: lag_days} if lag_days else {}
    without_answer: Evidence = {EMPTY_DAYS: empty} if empty else {}
    return (
        late
        | without_answer
        | {
            "window_first_day": first_day.isoformat(),
            "window_last_day": window.last_day.isoformat(),
            "working_days": len(working),
            "active_days": sum(day >= first_day for day in days),
            "active_weeks_of_12": window.worked_weeks(0, LOOKBACK_WEEKS - 1),
            "first_active_on": _iso(window.first_active_on),
            "last_active_on": _iso(window.last_active_on),
            "tools": list(tools),
            "sources": sorted({source for tool in tools for source in coverage.sources.get(tool, ())}),
        }
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _is_young(seat: Seat, last_day: date) -> bool:
    return (last_day - seat.assigned_on).days < GRACE_DAYS


def _taken_back(tool: str, window: UsageWindow, seats: Sequence[Seat]) -> bool:
    """Whether every seat of `tool` was released, and no use of it was seen from that day on."""
    ends = [seat.released_on for seat in seats if seat.tool == tool and seat.assigned_on <= window.last_day]
    gone = [day for day in ends if day is not None and day <= window.last_day]
    if not ends or len(gone) < len(ends):
        return False
    return tool not in window.tools_after_window and all(day < max(gone) for day in window.active_days(tool))
