"""Read what came out of the work, some weeks at a time: each stretch is replaced whole, with the word that it was read.

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
_STEP_DAYS = 28


def collect_outcomes(
    store: Store,
    access: Access,
    connector: OutcomeConnector,
    *,
    on_day: OnDay | None = None,
    span: Span | None = None,
) -> Counter[str]:
    """Bring one source up to the access's moment; returns counts. It ends at the first stretch that cannot be read."""
    name, today = access.source.name, access.now.date()
    stretches = list(_stretches(store, name, connector, today, span))
    attempt = attempts.begin(store, name, (stretches[-1][0], stretches[0][1]) if stretches else None, access.now)
    counts, error = Counter(sources=1), None
    for number, stretch in enumerate(stretches, start=1):
        if on_day is not None:
            on_day(name, number, len(stretches))
        try:
            counts.update(_keep(store, access, connector, stretch))
        except SourceError as raised:
            error = raised
            break
    attempts.finish(store, attempt, rows=counts["outcomes"], error=error, now=access.now)
    counts["sources_failed"] = int(error is not None)
    return counts


def _stretches(store: Store, name: str, connector: OutcomeConnector, today: date, span: Span | None) -> Iterator[Span]:
    """What is to be read, the newest first: the days that are read again each time in one, then what is not finished of
    the look-back (or of `span`), in stretches.
    """
    first, last = span or (today - timedelta(days=LOOKBACK_DAYS), today)
    last = min(last, today)
    if span is None:
        again = today - timedelta(days=connector.repull_days)
        yield again, today
        last = again - _ONE_DAY
    with store.read() as session:
        finished = coverage.days_covered(session, source=name, tool=OUTCOMES, first=first, last=last)
    while last >= first:
        begin = max(first, last - timedelta(days=_STEP_DAYS - 1))
        if not _days(begin, last) <= finished:
            yield begin, last
        last = begin - _ONE_DAY


def _days(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _keep(store: Store, access: Access, connector: OutcomeConnector, stretch: Span) -> Counter[str]:
    first, last = stretch
    found = tuple(connector.fetch_outcomes(access, first=first, last=last))
    over = [day for day in _days(first, last) if day < access.now.date()]
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
