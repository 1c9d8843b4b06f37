"""Waste patterns, one detector a file. `jobs/detect.py` asks `look`.

Next: `bot/domain/waste/finding.py`, a detector such as `runaway.py`, then `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.adoption import Standing, State
from bot.domain.finished_work import WorkDone
from bot.domain.people import Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.session_sums import SessionSums
from bot.domain.usage import UsageWindow
from bot.domain.waste import (
    broken_cache,
    closed_unmerged,
    cold_restart,
    compaction_thrash,
    early_rewrite,
    failure_loop,
    fast_mode,
    given_up,
    heavy_start,
    high_effort,
    idle_seat,
    long_context,
    low_cache,
    overlapping_seats,
    pasted_data,
    rejected_edits,
    repeated_call,
    reverted,
    runaway,
    tier_mismatch,
    unattributed,
)
from bot.domain.waste.finding import Case, Finding, NotJudged

DETECTORS = {
    module.DETECTOR: module.find
    for module in (
        idle_seat,
        overlapping_seats,
        failure_loop,
        repeated_call,
        runaway,
        reverted,
        closed_unmerged,
        early_rewrite,
        tier_mismatch,
        high_effort,
        fast_mode,
        cold_restart,
        broken_cache,
        low_cache,
        long_context,
        compaction_thrash,
        heavy_start,
        pasted_data,
        rejected_edits,
        given_up,
        unattributed,
    )
}
"""Every detector by its id, in the order of the catalogue. Those that are missing have no source that tells what they
need: docs/reference/rules.md says which."""

NEVER_SENT = frozenset({rejected_edits.DETECTOR, given_up.DETECTOR, unattributed.DETECTOR})
"""What is shown to whoever asks and is no reason to write to anybody: friction without dollars, and exploration."""

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
    prices: PriceBook,
    sessions: Sequence[SessionSums] = (),
    work: Sequence[WorkDone] = (),
) -> Looked:
    """Ask every detector about one person. Without `work` no source of finished work is taken to know the person."""
    if standing.state in SILENT_STATES:
        return Looked((), tuple(NotJudged(detector, standing.reason) for detector in DETECTORS))
    case = Case(window, seats, calendar, prices, sessions, work)
    said = [one for find in DETECTORS.values() for one in find(case)]
    return Looked(
        tuple(one for one in said if isinstance(one, Finding)),
        tuple(one for one in said if isinstance(one, NotJudged)),
    )
