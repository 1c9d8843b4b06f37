"""W01, idle seat: a licence that was paid for and not used.

Inputs      seats with their price, activity by tool, working days.
Rule        no activity of the tool in 28 days that hold at least 15 working days, seat held for at least 14 days.
Dollars     price of a month x days held in the window / 30.4 (days of a mean month); without a price, no dollars.
Confidence  0.9: the coverage of every working day stands behind it.
Innocent    the work of these weeks did not need the tool, or the person has no access in fact.
Not when    another tool of the same class was used; on leave; or whenever the state is unknown or in grace.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.people import Seat
from bot.domain.usage import WINDOW_DAYS
from bot.domain.waste.finding import SEAT_MODEL, Case, Cell, Finding, Ledger, NotJudged

DETECTOR = "W01"
RULE_VERSION = "W01-1"
MIN_WORKING_DAYS = 15
MIN_SEAT_AGE_DAYS = 14
CONFIDENCE = 0.9
INNOCENT_REASON = "The work of these weeks may not have called for it, or access may be missing."

TOOL_CLASS = {
    "claude_code": "coding",
    "codex": "coding",
    "copilot": "coding",
    "copilot_cli": "coding",
    "copilot_agent": "coding",
    "cursor": "coding",
    "gemini_cli": "coding",
    "claude_chat": "chat",
    "chatgpt": "chat",
    "claude_cowork": "office",
    "claude_office": "office",
    "anthropic_api": "api",
    "openai_api": "api",
}
"""Tools that can stand in for each other; a tool that is not listed is a class of its own."""


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """One finding for each tool with an idle seat."""
    settled = case.window.last_day - timedelta(days=MIN_SEAT_AGE_DAYS)
    held = {seat.tool: seat for seat in case.seats if seat.held_on(case.window.last_day)}
    for tool, seat in sorted(held.items()):
        if seat.assigned_on <= settled and not _class_in_use(case, tool):
            working = len(
                case.calendar.working_days(max(case.window.first_day(), seat.assigned_on), case.window.last_day)
            )
            if working >= MIN_WORKING_DAYS:
                yield _finding(case, seat, working)


def seat_cost_microusd(seat: Seat, *, days: int) -> int | None:
    """What `days` of a seat cost: the month's price / 30.4, None when nobody told us the price."""
    return None if seat.monthly_cost_microusd is None else seat.monthly_cost_microusd * days * 10 // 304


def _class_in_use(case: Case, tool: str) -> bool:
    window = case.window
    # One day before the window counts as well: sources count in UTC days, people work in local ones.
    since = window.first_day(WINDOW_DAYS + 1)
    in_use = {seen for seen in window.tools_seen() if any(day >= since for day in window.active_days(seen))}
    return any(_class_of(seen) == _class_of(tool) for seen in in_use | window.tools_after_window)


def _class_of(tool: str) -> str:
    return TOOL_CLASS.get(tool, tool)


def _finding(case: Case, seat: Seat, working_days: int) -> Finding:
    first = max(case.window.first_day(), seat.assigned_on)
    days = (case.window.last_day - first).days + 1
    amount = seat_cost_microusd(seat, days=days)
    return Finding(
        detector=DETECTOR,
        rule_version=RULE_VERSION,
        tool=seat.tool,
        ledger=Ledger.WASTED,
        confidence=CONFIDENCE,
        claims={} if amount is None else {Cell(seat.tool, SEAT_MODEL): amount},
        low_microusd=amount,
        high_microusd=amount,
        occurrences=1,
        evidence={
            "window_first_day": case.window.first_day().isoformat(),
            "window_last_day": case.window.last_day.isoformat(),
            "seat_since": seat.assigned_on.isoformat(),
            "idle_days": days,
            "working_days": working_days,
            "working_days_needed": MIN_WORKING_DAYS,
            "monthly_cost_microusd": seat.monthly_cost_microusd,
            "days_of_a_month": 30.4,
        },
        innocent_reason=INNOCENT_REASON,
    )
