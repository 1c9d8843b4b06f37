"""W04, failure loop: tool calls that failed one after the other, and were tried on.

Inputs      for each session: rows of tool calls that failed one after the other, and what was paid for each.
Rule        at least 5 failed tool calls in a row. Only a turn in which calls worked and none failed ends a row. Rows at
            the beginnings and ends of a day's sessions are one, over all tools, where any session began with one.
Dollars     what the row cost x (failures - 2) / failures (`bot/domain/failing.py`). Where no request tells its cost:
            the session's cost x (longest row - 2) / tool calls, as if every call had cost the same.
Confidence  0.6: what a single call cost is what was paid until its result came; the amount runs from 60 % of it.
Innocent    failing tests are part of the work: a red test that is meant to turn green is a failed call, too.
Not when    the source does not tell whether calls fail, or what the session cost.

Whether the run ended well two calls later cannot be told from what is kept; two failures are forgiven instead, once for
a row. What else is asked and called beside it, and where a row is cut into sessions of a day, never makes the amount
smaller (P3). A whole turn of the conversation that works ends a row: then something else was done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from bot.domain.session_sums import (
    FAILURES_OF_A_LOOP_FORGIVEN,
    LOOP_STREAK,
    SessionSums,
    cost_beyond_forgiven,
    total,
)
from bot.domain.waste.finding import Case, Cell, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_cost
from bot.domain.waste.sharing import apportion

DETECTOR = "W04"
CONFIDENCE = 0.6
RULE = Rule(
    DETECTOR, "W04-4", Ledger.WASTED, CONFIDENCE, "Failing on the way, with tests for example, may have been the work."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    yield from of_cost(
        replace(case, sessions=_joined(case.sessions)),
        RULE,
        "loops",
        "loop_cost_microusd",
        what="whether tool calls failed",
        told={"loops": "loops"},
        limits={"failures_in_a_row_needed": LOOP_STREAK, "failures_forgiven": FAILURES_OF_A_LOOP_FORGIVEN},
    )


def _joined(sessions: Sequence[SessionSums]) -> list[SessionSums]:
    """The same sums, with the rows that were cut counted as one on each day."""
    days: dict[date, list[SessionSums]] = defaultdict(list)
    for one in sessions:
        days[one.day].append(one)
    return [joined for of_day in days.values() for joined in _joined_on(of_day)]


def _joined_on(of_day: Sequence[SessionSums]) -> list[SessionSums]:
    failures = total(of_day, "cut_failures") or 0
    if failures < LOOP_STREAK or not total(of_day, "cut_starts"):
        return list(of_day)
    cut = {Cell(one.tool, one.model): one for one in of_day if one.cut_failures}
    worth = cost_beyond_forgiven(total(of_day, "cut_cost_microusd") or 0, failures)
    worths = apportion(worth, {cell: one.cut_cost_microusd or 0 for cell, one in cut.items()})
    loops = apportion(failures // LOOP_STREAK, {cell: one.cut_failures or 0 for cell, one in cut.items()})
    joined = {
        # At least one loop: a part that is worth something is spoken of in its tool, too.
        cell: _with_part(one, loops=max(1, loops[cell]), worth_microusd=worths.get(cell, 0))
        for cell, one in cut.items()
    }
    return [joined.get(Cell(one.tool, one.model), one) for one in of_day]


def _with_part(one: SessionSums, *, loops: int, worth_microusd: int) -> SessionSums:
    """With its part of the joined row in place of what stood there for rows that were cut."""
    cost = one.loop_cost_microusd
    return replace(
        one,
        loops=(one.loops or 0) - (one.cut_loops or 0) + loops,
        loop_cost_microusd=None if cost is None else cost - (one.cut_loop_cost_microusd or 0) + worth_microusd,
    )
