"""Read who is away from a calendar. What it no longer says is taken back; what a file said stays.

Called by `jobs/collect.py`. Next: `bot/store/leave.py`.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot.domain.usage import LOOKBACK_DAYS
from bot.errors import SourceError
from bot.sources.shape import Access, LeaveConnector
from bot.store import leave
from bot.store.database import Store
from jobs import attempts

AHEAD_DAYS = 90
"""Days away that lie further ahead are not asked for yet."""


def collect_leave(store: Store, access: Access, connector: LeaveConnector) -> Counter[str]:
    """Keep the days away from the look-back to 90 days ahead; returns counts."""
    today = access.now.date()
    first, last = today - timedelta(days=LOOKBACK_DAYS), today + timedelta(days=AHEAD_DAYS)
    attempt = attempts.begin(store, access.source.name, (first, last), access.now)
    try:
        absences = tuple(connector.fetch_absences(access, first=first, last=last))
    except SourceError as error:
        attempts.finish(store, attempt, rows=None, error=error, now=access.now)
        return Counter(sources=1, sources_failed=1)
    with store.begin() as session:
        saved = leave.replace(session, source=access.source.name, absences=absences, first=first, last=last)
    attempts.finish(store, attempt, rows=len(absences), error=None, now=access.now)
    return Counter(sources=1, sources_failed=0, absences=len(absences), absences_unmapped=len(saved.unmapped))
