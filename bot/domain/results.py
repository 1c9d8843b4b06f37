"""What came of a person's work, set beside what it cost and beside their own past; for nobody else to compare with.

One kind of finished work stands for a person: what they mostly finish, be it merged changes, tickets or documents. Who
finishes none of these is not judged at all. All use of the 28 days is set beside everything of that kind finished in
them: only a mark on a change proves that an AI helped, so the marks say how sure the link is and never change the
count. Were only work near a use counted, more use would make each piece look cheaper (P3).
Two sources that see the same work, such as a code host and its git history, count once: `bot/domain/same_work.py`.
Asked for by `bot/domain/scorecard.py`. Next: `bot/domain/finished_work.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.usage import WINDOW_DAYS

RULE_VERSION = "results-3"
ATTRIBUTION_DAYS = WINDOW_DAYS
"""Cost and work are set beside each other over so many days; a shorter time would part a change from its beginnings."""
UNITS = (OutcomeKind.PR_MERGED, OutcomeKind.TICKET_DONE, OutcomeKind.DOCUMENT)
"""What can stand for somebody's work. A closed change is none, and a deployment is what becomes of several."""
SURVIVAL_DAYS = (14, 30)
"""When lines that were added are looked for again: the usual churn horizon, and a month."""
STILL_THERE_DAYS = SURVIVAL_DAYS[0]
"""A merged change counts as still there when nobody took it back within so many days."""
LEAST_PIECES = 3
"""Of fewer pieces no cost of one is told: a single large change would be taken for a habit."""
CONFIDENCE_MARKED = 0.7
CONFIDENCE_BESIDE = 0.3
"""How sure it is that cost and work belong together: where marks prove the help, and where they only fall together."""


class Kinded(Protocol):
    """Anything that is a piece of finished work."""

    @property
    def kind(self) -> OutcomeKind: ...


@dataclass(frozen=True)
class OutcomeFact:
    """One finished piece of work. `ref` is the source's name for it; a file's revert carries the ref of what it took
    back. `reverted`: whether the source says that a merged change stands undone now; `reached_production`: whether it
    was deployed. None: the source does not follow that.
    """

    kind: OutcomeKind
    ref: str
    day: date
    reverted: bool | None = None
    source: str = ""
    repository: str | None = None
    lines_added: int | None = None
    reached_production: bool | None = None


@dataclass(frozen=True)
class Outcome:
    """Finished work of 28 days. So many of its merged changes were `taken_back`; what was merged before and taken back
    in these days stands among the counts. `old_enough` merged changes had their 14 days; `still_there` of them were not
    taken back. Of the merged ones whose deployment is `followed`, so many have `reached` production.

    `unit` is the kind that stands for this person's work; None: they finish nothing that can be counted.
    """

    unit: OutcomeKind | None
    counts: dict[OutcomeKind, int]
    counts_before: dict[OutcomeKind, int]
    taken_back: int
    old_enough: int
    still_there: int
    followed: int
    reached: int

    @property
    def merged(self) -> int:
        return self.counts.get(OutcomeKind.PR_MERGED, 0)


@dataclass(frozen=True)
class CostPerPiece:
    """What one piece of work cost in these 28 days, and in the 28 before; None: not known, or too few pieces.

    `marked` of the `pieces` say themselves that an AI helped. `confidence` is that of the link between cost and work.
    """

    microusd: int
    before_microusd: int | None
    pieces: int
    pieces_before: int
    marked: int
    confidence: float
    attribution_days: int = ATTRIBUTION_DAYS


@dataclass(frozen=True)
class Stayed:
    """Of the lines added by `changes` merged changes, how many are still there `days` days later."""

    days: int
    changes: int
    lines_added: int
    lines_there: int

    @property
    def percent(self) -> int:
        """The share that stayed, rounded down."""
        return self.lines_there * 100 // self.lines_added


@dataclass(frozen=True)
class Reverts:
    """Of `old_enough` changes whose fate is followed, those that were taken back within `days` days and stayed so."""

    days: int
    old_enough: int
    taken_back: int


@dataclass(frozen=True)
class Results:
    """What came of the work of 28 days. Lists are shorter where a source does not follow what became of a change."""

    kind: OutcomeKind
    sources: tuple[str, ...]
    finished: int
    finished_before: int
    cost: CostPerPiece | None
    stayed: tuple[Stayed, ...]
    stayed_before: tuple[Stayed, ...]
    reverts: Reverts | None
    rule_version: str = RULE_VERSION


def unit_of(work: Sequence[Kinded]) -> OutcomeKind | None:
    """The kind of work that this person mostly finishes; None when they finish nothing that can be counted."""
    counts = Counter(one.kind for one in work if one.kind in UNITS)
    return min(counts, key=lambda kind: (-counts[kind], UNITS.index(kind)), default=None)


def outcome_of(facts: Sequence[OutcomeFact], *, last_day: date) -> Outcome:
    """What was finished in the 28 days up to `last_day` and in the 28 before, and what became of it."""
    now = _ended(facts, last_day)
    merged = [fact for fact in now if fact.kind is OutcomeKind.PR_MERGED]
    old_enough = [fact for fact in merged if (last_day - fact.day).days >= STILL_THERE_DAYS]
    followed = [fact for fact in merged if fact.reached_production is not None]
    taken_back = [fact for fact in merged if _taken_back(fact, facts)]
    said = {(OutcomeKind.PR_REVERTED, fact.ref) for fact in taken_back}
    return Outcome(
        unit=unit_of(facts),
        counts=dict(Counter(fact.kind for fact in now if (fact.kind, fact.ref) not in said)),
        counts_before=dict(Counter(fact.kind for fact in _ended(facts, last_day - timedelta(days=WINDOW_DAYS)))),
        taken_back=len(taken_back),
        old_enough=len(old_enough),
        still_there=sum(not _taken_back(fact, facts) for fact in old_enough),
        followed=len(followed),
        reached=sum(fact.reached_production is True for fact in followed),
    )


def results(
    work: Sequence[WorkDone],
    *,
    last_day: date,
    spend_microusd: int | None,
    spend_before_microusd: int | None,
) -> Results | None:
    """What came of the 28 days up to `last_day`, from the finished work of the 12 weeks; None without any.

    `work` holds each piece once (`bot/domain/same_work.py`).
    Each spend is None when it is not known in full, or when no use was seen in these days: then the work was done by
    other means, and the price of an idle seat says nothing about it.
    """
    kind = unit_of(work)
    if kind is None:
        return None
    pieces = [one for one in work if one.kind is kind]
    now, before = _ending(pieces, last_day), _ending(pieces, last_day - timedelta(days=WINDOW_DAYS))
    return Results(
        kind,
        sources=tuple(sorted({one.source for one in pieces})),
        finished=len(now),
        finished_before=len(before),
        cost=_cost(now, before, spend_microusd, spend_before_microusd),
        stayed=_stayed(pieces, last_day),
        stayed_before=_stayed(pieces, last_day - timedelta(days=WINDOW_DAYS)),
        reverts=_reverts(pieces, last_day),
    )


def _ended(facts: Sequence[OutcomeFact], last: date) -> list[OutcomeFact]:
    first = last - timedelta(days=WINDOW_DAYS - 1)
    return [fact for fact in facts if first <= fact.day <= last]


def _taken_back(merged: OutcomeFact, facts: Sequence[OutcomeFact]) -> bool:
    if merged.reverted is not None:
        return merged.reverted
    return any(
        fact.kind is OutcomeKind.PR_REVERTED
        and fact.ref == merged.ref
        and 0 <= (fact.day - merged.day).days <= STILL_THERE_DAYS
        for fact in facts
    )


def _ending(pieces: Sequence[WorkDone], last_day: date, first_back: int = 0) -> list[WorkDone]:
    """Those finished in the 28 days that ended `first_back` days before `last_day`."""
    end = last_day - timedelta(days=first_back)
    return [one for one in pieces if end - timedelta(days=WINDOW_DAYS) < one.day <= end]


def _cost(
    now: Sequence[WorkDone], before: Sequence[WorkDone], spend: int | None, spend_before: int | None
) -> CostPerPiece | None:
    each = _each(spend, now)
    if each is None:
        return None
    marked = sum(one.ai_assisted is True for one in now)
    return CostPerPiece(
        each,
        _each(spend_before, before),
        pieces=len(now),
        pieces_before=len(before),
        marked=marked,
        confidence=CONFIDENCE_MARKED if marked * 2 >= len(now) else CONFIDENCE_BESIDE,
    )


def _each(spend_microusd: int | None, pieces: Sequence[WorkDone]) -> int | None:
    return None if spend_microusd is None or len(pieces) < LEAST_PIECES else spend_microusd // len(pieces)


def _stayed(pieces: Sequence[WorkDone], last_day: date) -> tuple[Stayed, ...]:
    """For each horizon, the newest 28 days of changes that are old enough for it."""
    found = []
    for days in SURVIVAL_DAYS:
        counted = [
            (one.lines_added, there)
            for one in _ending(pieces, last_day, first_back=days)
            if one.lines_added and (there := _lines_there(one, days)) is not None
        ]
        if counted:
            added, there = (sum(column) for column in zip(*counted, strict=True))
            found.append(Stayed(days, len(counted), added, there))
    return tuple(found)


def _lines_there(one: WorkDone, days: int) -> int | None:
    there = one.lines_survived_14d if days == SURVIVAL_DAYS[0] else one.lines_survived_30d
    return None if there is None else min(there, one.lines_added or 0)


def _reverts(pieces: Sequence[WorkDone], last_day: date) -> Reverts | None:
    """Of the newest 28 days of changes that had their 14 days; None where no source follows what becomes of them."""
    days = SURVIVAL_DAYS[0]
    followed = [one for one in _ending(pieces, last_day, first_back=days) if one.reverted is not None]
    taken_back = [one for one in followed if one.reverted and _within(one, days)]
    return Reverts(days, len(followed), len(taken_back)) if followed else None


def _within(one: WorkDone, days: int) -> bool:
    """Whether it was taken back in this time; where nobody tells the day, it is taken to have been."""
    return one.reverted_on is None or (one.reverted_on - one.day).days <= days
