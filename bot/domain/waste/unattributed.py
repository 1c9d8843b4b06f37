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

from collections.abc import Iterator
from datetime import date, timedelta

from bot.domain.session_sums import MIN_UNATTRIBUTED_REQUESTS, UNATTRIBUTED_MICROUSD
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_cost

DETECTOR = "W25"
OUTCOME_WITHIN_DAYS = 2
CONFIDENCE = 0.3
RULE = Rule(
    DETECTOR, "W25-2", Ledger.EXPLORATION, CONFIDENCE, "Reading, planning and learning leave nothing to be seen."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    outcome_days = case.outcome_days
    if outcome_days is None:
        yield NotJudged(DETECTOR, "no source of finished work knows you")
        return

    yield from of_cost(
        case,
        RULE,
        "unattributed_sessions",
        "unattributed_cost_microusd",
        what="what a session cost",
        told={"sessions_without_outcome": "unattributed_sessions"},
        limits={
            "session_cost_needed_microusd": UNATTRIBUTED_MICROUSD,
            "requests_needed": MIN_UNATTRIBUTED_REQUESTS,
            "days_waited": OUTCOME_WITHIN_DAYS,
        },
        on=lambda day: _nothing_followed(day, outcome_days, case.window.last_day),
    )


def _nothing_followed(day: date, outcome_days: frozenset[date], last_day: date) -> bool:
    until = day + timedelta(days=OUTCOME_WITHIN_DAYS)
    return until <= last_day and not any(day <= done <= until for done in outcome_days)
