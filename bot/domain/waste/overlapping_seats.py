"""W03, overlapping seats: two paid tools of one kind, and one of them hardly touched.

Inputs      seats with their price, days of work by tool, working days.
Rule        two or more seats of one class held for at least 28 days, and one with less than 10 % of the days of
            work with any tool of the class; at least 15 working days in the window and 10 such days.
Dollars     price of a month x 28 / 30.4 for the lesser seat; without a price, no dollars.
Ledger      wasted when the lesser one saw no day of work; optimizable when it saw a few.
Confidence  0.6.
Innocent    the second tool may be there for one task that comes now and then, or somebody asked for a comparison.
Not when    the seats are younger; too little use of the class to compare; on leave; the state is unknown or in grace.

Days are compared and not requests, so that how much was asked of either tool changes nothing (P3), and a day counts
when something came back (`bot/domain/days_of_work.py`): a request that fails is no use of a seat. A seat of a class of
which nothing at all was used is W01's. That somebody declared a need for both is not kept anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.domain.people import Seat
from bot.domain.usage import WINDOW_DAYS
from bot.domain.waste.finding import SEAT_MODEL, Case, Cell, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.idle_seat import MIN_WORKING_DAYS, TOOL_CLASS, seat_cost_microusd

DETECTOR = "W03"
MAX_DAYS_PERCENT = 10
"""From the list of waste patterns (field notes 4), there of actions."""
MIN_DAYS_OF_USE = 10
"""So that the one day of work with a rare tool is less than 10 % of all."""
CONFIDENCE = 0.6
RULE = Rule(
    DETECTOR,
    "W03-2",
    Ledger.WASTED,
    CONFIDENCE,
    "The second tool may be there for one task that comes now and then.",
    is_known=True,
)
HARDLY_USED = replace(RULE, ledger=Ledger.OPTIMIZABLE, is_known=False)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """One finding for each seat beside one that is used more."""
    first, last = case.window.first_day(), case.window.last_day
    working = len(case.calendar.working_days(first, last))
    if working < MIN_WORKING_DAYS:
        return
    held = {seat.tool: seat for seat in case.seats if seat.held_on(last) and seat.assigned_on <= first}
    for tool_class in sorted({TOOL_CLASS[tool] for tool in held if tool in TOOL_CLASS}):
        seats = [seat for tool, seat in sorted(held.items()) if TOOL_CLASS.get(tool) == tool_class]
        if len(seats) > 1:
            yield from _look_at(case, tool_class, seats, working)


def _look_at(case: Case, tool_class: str, seats: Sequence[Seat], working: int) -> Iterator[Finding]:
    days = {seat.tool: _days(case, seat.tool) for seat in seats}
    of_class = frozenset[date]().union(*(_days(case, tool) for tool in TOOL_CLASS if TOOL_CLASS[tool] == tool_class))
    if len(of_class) < MIN_DAYS_OF_USE:
        return
    busiest = max(seats, key=lambda seat: (len(days[seat.tool]), seat.tool))
    for seat in seats:
        used = len(days[seat.tool])
        late = seat.tool in case.window.tools_worked_after_window
        if seat is not busiest and not late and used * 100 < MAX_DAYS_PERCENT * len(of_class):
            yield _finding(case, seat, used=used, of_class=len(of_class), busiest=busiest, working=working)


def _days(case: Case, tool: str) -> frozenset[date]:
    # One day more than the window: sources count in UTC days, people work in local ones.
    since = case.window.last_day - timedelta(days=WINDOW_DAYS)
    return frozenset(day for day in case.window.worked_days(tool) if day >= since)


def _finding(case: Case, seat: Seat, *, used: int, of_class: int, busiest: Seat, working: int) -> Finding:
    amount = seat_cost_microusd(seat, days=WINDOW_DAYS)
    return (HARDLY_USED if used else RULE).finding(
        case,
        tool=seat.tool,
        claims=None if amount is None else {Cell(seat.tool, SEAT_MODEL): amount},
        occurrences=1,
        evidence={
            "used_instead": busiest.tool,
            "days_with_use": used,
            "days_with_use_of_its_kind": of_class,
            "share_of_days_below_percent": MAX_DAYS_PERCENT,
            "working_days": working,
            "working_days_needed": MIN_WORKING_DAYS,
            "monthly_cost_microusd": seat.monthly_cost_microusd,
            "days_of_a_month": 30.4,
        },
    )
