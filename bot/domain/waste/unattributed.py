"""W25, sessions without an outcome that we can see. Exploration, never waste: reading and learning leave no trace.

Inputs      for each session: cost, requests, accepted edits; days with finished work.
Rule        a session of at least $1 and 10 requests in which nothing that we can see was accepted, begun on a day after
            which no finished work followed within 48 hours that have passed.
Dollars     the cost of these sessions, shown as not attributed.
Confidence  0.3.
Innocent    it is the usual thing: understanding code, planning, reviewing, a question answered.
Not when    no source of finished work knows the person, or the source does not tell what a session cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from bot.domain.session_sums import MIN_UNATTRIBUTED_REQUESTS, UNATTRIBUTED_MICROUSD, SessionSums, total
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import by_model, claims_of_cost, conclude, each_tool

DETECTOR = "W25"
OUTCOME_WITHIN_DAYS = 2
CONFIDENCE = 0.3
RULE = Rule(
    DETECTOR, "W25-1", Ledger.EXPLORATION, CONFIDENCE, "Reading, planning and learning leave nothing to be seen."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    outcome_days = case.outcome_days
    if outcome_days is None:
        yield NotJudged(DETECTOR, "no source of finished work knows you")
        return

    def look_at(tool: str, sums: Sequence[SessionSums]) -> Finding | NotJudged | None:
        open_ones = [one for one in sums if _nothing_followed(one.day, outcome_days, case.window.last_day)]
        amounts = [(one.model, one.unattributed_cost_microusd or 0) for one in open_ones]
        return conclude(
            case,
            RULE,
            tool,
            claims=claims_of_cost(case, tool, by_model(amounts)),
            amounts=amounts,
            occurrences=total(open_ones, "unattributed_sessions") or 0,
            evidence={
                "sessions_without_outcome": total(open_ones, "unattributed_sessions"),
                "session_cost_needed_microusd": UNATTRIBUTED_MICROUSD,
                "requests_needed": MIN_UNATTRIBUTED_REQUESTS,
                "days_waited": OUTCOME_WITHIN_DAYS,
            },
        )

    yield from each_tool(case, DETECTOR, "unattributed_sessions", "what a session cost", look_at)


def _nothing_followed(day: date, outcome_days: frozenset[date], last_day: date) -> bool:
    until = day + timedelta(days=OUTCOME_WITHIN_DAYS)
    return until <= last_day and not any(day <= done <= until for done in outcome_days)
