"""Merging through a temporary table does what merging row by row does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.store import usage
from bot.store.batches import BATCH_ROWS, Saved
from bot.store.database import Store
from tests.files import everything

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
DAY = date(2026, 2, 10)
ROWS = [
    UsageRow(f"p{n}@lantern.example", DAY, "t", "m", Counters(requests=n, output_tokens=n % 3 or None), "reported")
    for n in range(BATCH_ROWS + 50)
]


def _keep(store: Store, rows: list[UsageRow], now: datetime, size: int) -> Saved:
    saved = Saved()
    with store.begin() as session:
        for start in range(0, len(rows), size):
            saved = saved.plus(usage.merge_rows(session, source="file", rows=rows[start : start + size], now=now))
    return replace(saved, unmapped=())


def test_a_staged_merge_counts_and_keeps_exactly_what_the_direct_one_does(store: Store, sqlite_store: Store) -> None:
    """New, changed (a number, a blank) and unchanged rows are told apart, and unchanged ones are not touched."""
    changed = [replace(row, counters=replace(row.counters, output_tokens=None)) for row in ROWS[:30]]
    more = [replace(row, day=DAY + timedelta(days=1)) for row in ROWS[:7]]
    second = [*changed, *ROWS[30:], *more]
    staged = [_keep(store, rows, now, len(rows)) for rows, now in ((ROWS, NOW), (second, LATER), (second, LATER))]
    differing = sum(row.counters.output_tokens is not None for row in ROWS[:30])
    assert [
        Saved(len(ROWS), 0, 0),
        Saved(7, differing, len(ROWS) - differing),
        Saved(0, 0, len(ROWS) + 7),
    ] == staged
    kept = everything(store)["usage_day"]
    fetched = [row[-1] for row in kept]
    assert (len(ROWS) - differing, 7 + differing) == (fetched.count(NOW), fetched.count(LATER))
    if store.url != sqlite_store.url:
        direct = [_keep(sqlite_store, rows, now, 500) for rows, now in ((ROWS, NOW), (second, LATER), (second, LATER))]
        assert direct == staged
        assert everything(sqlite_store)["usage_day"] == kept


def test_sessions_of_a_large_file_are_merged_as_well(store: Store) -> None:
    """Facts of sessions come in by thousands; the same ones again change nothing."""
    facts = [
        SessionFacts(f"s{n}", f"p{n % 40}@lantern.example", DAY, "t", "m", Counters(requests=1))
        for n in range(BATCH_ROWS + 1)
    ]
    for expected in (Saved(added=len(facts)), Saved(unchanged=len(facts))):
        with store.begin() as session:
            saved = usage.save_sessions(session, source="file", sessions=facts, now=NOW)
        assert expected == replace(saved, unmapped=())
