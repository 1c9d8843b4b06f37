"""Read what came out of the work, a week at a time: each week is replaced whole, with the word that it was read.

One night: the last weeks again, because work is reverted and deployed after it was finished, and what no reading has
finished yet. Called by `jobs/collect.py`. Next: `bot/store/outcomes.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from bot.domain.usage import LOOKBACK_DAYS, CoverageStatus
from bot.errors import SourceError
from bot.sources.shape import Access, OutcomeConnector
from bot.store import coverage, outcomes
from bot.store.database import Store
from jobs import attempts
from jobs.collect_usage import OnDay, Span

OUTCOMES = "outcomes"
"""Stands where the tool stands among the finished days: what is finished there is no tool's use."""
_ONE_DAY = timedelta(days=1)
_STEP_DAYS = 7


def collect_outcomes(
    store: Store,
    access: Access,
    connector: OutcomeConnector,
    *,
    on_day: OnDay | None = None,
    span: Span | None = None,
) -> Counter[str]:
    """Bring one source up to the access's moment; returns counts. It ends at the first week that cannot be read."""
    name, today = access.source.name, access.now.date()
    first, last = span or (today - timedelta(days=LOOKBACK_DAYS), today)
    repulled = today - timedelta(days=connector.repull_days) if span is None else None
    weeks = list(_weeks_to_read(store, name, first, min(last, today), repulled))
    attempt = attempts.begin(store, name, (weeks[-1][0], weeks[0][1]) if weeks else None, access.now)
    counts, error = Counter(sources=1), None
    for number, week in enumerate(weeks, start=1):
        if on_day is not None:
            on_day(name, number, len(weeks))
        try:
            counts.update(_keep_week(store, access, connector, week))
        except SourceError as raised:
            error = raised
            break
    attempts.finish(store, attempt, rows=counts["outcomes"], error=error, now=access.now)
    counts["sources_failed"] = int(error is not None)
    return counts


def _weeks_to_read(store: Store, name: str, first: date, last: date, repulled: date | None) -> Iterator[Span]:
    """Spans of up to seven days that hold a day to be read, the newest first."""
    with store.read() as session:
        finished = coverage.days_covered(session, source=name, tool=OUTCOMES, first=first, last=last)
    while last >= first:
        begin = max(first, last - timedelta(days=_STEP_DAYS - 1))
        days = {begin + timedelta(days=offset) for offset in range((last - begin).days + 1)}
        if (repulled is not None and last >= repulled) or not days <= finished:
            yield begin, last
        last = begin - _ONE_DAY


def _keep_week(store: Store, access: Access, connector: OutcomeConnector, week: Span) -> Counter[str]:
    first, last = week
    found = tuple(connector.fetch_outcomes(access, first=first, last=last))
    over = [
        first + timedelta(days=n)
        for n in range((last - first).days + 1)
        if first + timedelta(days=n) < access.now.date()
    ]
    with store.begin() as session:
        saved = outcomes.replace_days(
            session, source=access.source.name, first=first, last=last, outcomes=found, now=access.now
        )
        coverage.mark(
            session,
            source=access.source.name,
            tool=OUTCOMES,
            days=over,
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=access.now,
        )
    return Counter(outcomes=len(found), outcomes_unmapped=len(set(saved.unmapped)))
