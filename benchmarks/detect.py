"""Judge an invented company, beside the script that one would write instead: read all rows, add them up in Python.

The script only adds up tokens, cost and active days a person and week; it judges nothing, checks no coverage and keeps
nothing. Prints times, their ratio, and how both grow with the number of people.
Run: python benchmarks/detect.py [people, default 500]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.usage import CoverageStatus
from bot.sources.invented import SEAT_COST_MICROUSD, TOOL, Company, crowd
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import coverage, identities, people, usage
from bot.store.database import Store
from jobs.detect import detect

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAYS = [NOW.date() - timedelta(days=back) for back in range(1, 91)]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print("| people | usage rows | detect, s | script, s | ratio | detect, µs a person |")
    print("|---|---|---|---|---|---|")
    for count in (size, size * 4):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(f"sqlite:///{Path(folder) / 'bench.db'}")
            rows = fill(store, count)
            theirs = timed(lambda store=store: add_up(store))
            ours = timed(lambda store=store: judge(store))
            store.close()
        print(f"| {count:,} | {rows:,} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.1f} | {ours / count * 1e6:.0f} |")


def judge(store: Store) -> None:
    detect(store, now=NOW, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of)


def add_up(store: Store) -> None:
    """The usual script: every row into memory, sums in dictionaries."""
    sums: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])
    active: dict[int, set[object]] = defaultdict(set)
    with store.read() as session:
        statement = "SELECT person_id, day, tool, model, input_tokens, output_tokens, cost_microusd FROM usage_day"
        for person, day, tool, model, tokens_in, tokens_out, cost in session.execute(text(statement)):
            entry = sums[person, tool, model]
            entry[0] += (tokens_in or 0) + (tokens_out or 0)
            entry[1] += cost or 0
            active[person].add(day)


def fill(store: Store, count: int) -> int:
    """A company with twelve weeks of use, fully covered; returns the number of usage rows."""
    store.upgrade()
    company = Company(crowd(1, count), seed=1, story_day=NOW.date())
    with store.begin() as session:
        roster = [PersonRecord(email=w.email, timezone=w.timezone, country=w.country) for w in company.people]
        people.save_people(session, records=roster, now=NOW)
        seats = [SeatRecord(who.email, TOOL, since, None, SEAT_COST_MICROUSD) for who, since in company.seats()]
        people.save_seats(session, seats=seats)
        rows = [row for day in DAYS for row in company.usage(day)]
        usage.merge_rows(session, source="file", rows=rows, now=NOW)
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[who.email for who in company.people])
        status = CoverageStatus.COVERED
        coverage.mark(session, source="file", tool=TOOL, days=DAYS, status=status, reason=None, as_of=NOW)
        span = {"first_day": DAYS[-1], "last_day": DAYS[0]}
        coverage.cover_people(session, source="file", tool=TOOL, person_ids=list(ids.values()), **span)
    return len(rows)


def timed(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
