"""Nights of collecting, for the tests: people, reports, the reading itself, and what it says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.settings import SourceConfig
from bot.sources.prices import GenaiPrices
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, entry
from bot.store import identities, people
from bot.store.database import Store
from bot.store.tables import CoverageRow, CoveredPersonRow
from jobs.collect import collect

NOW = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
ADA, BEN, EMI = "ada.moreau@lantern.example", "ben.castell@lantern.example", "emi.tanaka@lantern.example"
MODEL = "claude-opus-4-6"


def source_at(stand_in: ClaudeCodeStandIn, *declared: str, name: str = "console", key: str = ADMIN_KEY) -> SourceConfig:
    return SourceConfig("claude_code", name, stand_in.base_url, key, declared)


def night(
    store: Store,
    *sources: SourceConfig,
    now: datetime = NOW,
    members: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, int]:
    """One collecting at `now` that waits for nothing."""
    return collect(
        store, sources=sources, slack_members=members, now=now, prices=GenaiPrices(), wait=lambda _seconds: None
    )


def hire(store: Store, *emails: str, now: datetime = NOW, started_on: date | None = None) -> dict[str, int]:
    records = [PersonRecord(email=email, started_on=started_on) for email in emails]
    with store.begin() as session:
        people.save_people(session, records=records, now=now)
        return identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)


def used(day: date, email: str, tokens: int = 100, **more: Any) -> dict[str, Any]:
    return entry(day, email=email, models={MODEL: {"input": tokens, "output": 10, "cents": 5}}, **more)


def statuses(store: Store, source: str = "console") -> dict[date, str]:
    with store.read() as session:
        rows = select(CoverageRow.day, CoverageRow.status).where(CoverageRow.source == source)
        return {row.day: row.status for row in session.execute(rows)}


def ranges(store: Store) -> set[tuple[int, date, date | None]]:
    with store.read() as session:
        columns = (CoveredPersonRow.person_id, CoveredPersonRow.first_day, CoveredPersonRow.last_day)
        return {(who, first, last) for who, first, last in session.execute(select(*columns))}


@contextmanager
def listening() -> Iterator[list[str]]:
    """The names of the events that collecting says meanwhile, in order."""
    events: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            events.append(record.getMessage())

    listener, logger = Listener(), logging.getLogger("kindling.collect")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(listener)
    try:
        yield events
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
