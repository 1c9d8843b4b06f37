"""Waste patterns, one detector a file. `jobs/detect.py` asks `look`.

Next: `bot/domain/waste/finding.py`, a detector such as `runaway.py`, then `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.adoption import Standing, State
from bot.domain.people import Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.usage import UsageWindow
from bot.domain.waste import idle_seat, low_cache, runaway, tier_mismatch
from bot.domain.waste.finding import Case, Finding, NotJudged

DETECTORS = {module.DETECTOR: module.find for module in (idle_seat, runaway, tier_mismatch, low_cache)}
"""Every detector by its id, in the order of the catalogue."""

SILENT_STATES = frozenset({State.UNKNOWN, State.NOT_PROVISIONED, State.GRACE})
"""States in which nothing is said about money: too little is known, or it is too early."""


@dataclass(frozen=True)
class Looked:
    """What the detectors found in one person's window, before any dollar is counted, and what they could not judge."""

    findings: tuple[Finding, ...]
    not_judged: tuple[NotJudged, ...]


def look(
    *,
    window: UsageWindow,
    seats: Sequence[Seat],
    calendar: WorkCalendar,
    standing: Standing,
    outcome_days: frozenset[date] | None,
    prices: PriceBook,
) -> Looked:
    """Ask every detector about one person. `outcome_days` is None when no source of finished work knows the person."""
    if standing.state in SILENT_STATES:
        return Looked((), tuple(NotJudged(detector, standing.reason) for detector in DETECTORS))
    case = Case(window, seats, calendar, outcome_days, prices)
    said = [one for find in DETECTORS.values() for one in find(case)]
    return Looked(
        tuple(one for one in said if isinstance(one, Finding)),
        tuple(one for one in said if isinstance(one, NotJudged)),
    )
