"""P12, unknown is not zero: a day that was fetched by half, or not at all, never counts as a day without use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.domain.usage import LOOKBACK_DAYS, CoverageStatus
from bot.settings import SourceConfig
from bot.sources.prices import GenaiPrices
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, Fault, entry
from bot.store import coverage, identities, people
from bot.store.database import Store
from bot.store.tables import UsageDayRow
from jobs.collect import collect

NOW = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
TODAY = NOW.date()
BEN = "ben.castell@lantern.example"
TOOL = "claude_code"
DAYS = [TODAY - timedelta(days=back) for back in range(1, 8)]
"""The days on which faults strike; all earlier ones are finished before the story begins."""

names = count()


@pytest.fixture
def stand_in() -> Iterator[ClaudeCodeStandIn]:
    with ClaudeCodeStandIn() as server:
        yield server


def colleague(number: int) -> str:
    return f"p{number}@lantern.example"


def someone(day: date, number: int, tokens: int) -> dict[str, Any]:
    return entry(day, email=colleague(number), models={"claude-opus-4-6": {"input": tokens}})


def fresh_source(store: Store, stand_in: ClaudeCodeStandIn) -> SourceConfig:
    """A source of a new name whose days before DAYS are finished, with Ben as the one it covers."""
    source = SourceConfig(TOOL, f"console{next(names)}", stand_in.base_url, ADMIN_KEY, (BEN,))
    old = [DAYS[-1] - timedelta(days=back) for back in range(1, LOOKBACK_DAYS)]
    with store.begin() as session:
        known = [PersonRecord(email=BEN), *(PersonRecord(email=colleague(number)) for number in range(6))]
        people.save_people(session, records=known, now=NOW - timedelta(days=300))
        done = CoverageStatus.COVERED
        coverage.mark(session, source=source.name, tool=TOOL, days=old, status=done, reason=None, as_of=NOW)
    return source


def night(store: Store, source: SourceConfig, now: datetime) -> None:
    collect(store, sources=[source], slack_members=None, now=now, prices=GenaiPrices(), wait=lambda _seconds: None)


def ben_is_covered_on(store: Store) -> frozenset[date]:
    """The days of the story on which the product would take Ben's silence for no use, by any source so far."""
    with store.read() as session:
        ben = identities.resolve(session, source=IdentitySource.EMAIL, ids=[BEN])[BEN]
        found = coverage.load(session, person_ids=[ben], first=DAYS[-1], last=TODAY)
        return found[ben].covered.get(TOOL, frozenset())


def tokens_kept(store: Store, source: SourceConfig, day: date) -> int:
    with store.read() as session:
        total = select(func.sum(UsageDayRow.input_tokens)).where(
            UsageDayRow.source == source.name, UsageDayRow.day == day
        )
        return int(session.scalar(total) or 0)


def tokens_held(stand_in: ClaudeCodeStandIn, day: date) -> int:
    return sum(part["tokens"]["input"] for row in stand_in.held(day) for part in row["model_breakdown"])


def test_todays_rows_are_kept_and_today_is_not_covered(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Use on the running day is known at once; no use on it is not known before it is over for an hour."""
    source = fresh_source(store, stand_in)
    stand_in.hold(TODAY, [someone(TODAY, 1, 50)])
    night(store, source, NOW)
    assert 50 == tokens_kept(store, source, TODAY)
    assert frozenset(DAYS) == ben_is_covered_on(store)

    night(store, source, NOW.replace(hour=0, minute=59) + timedelta(days=1))
    assert TODAY not in ben_is_covered_on(store)
    night(store, source, NOW.replace(hour=1, minute=0) + timedelta(days=1))
    assert TODAY in ben_is_covered_on(store)


@pytest.mark.parametrize(
    "faults",
    [
        [Fault.NO_DATA],
        [Fault.NO_END],
        [Fault.LOST_NEXT_PAGE],
        [Fault.NO_JSON],
        [Fault.SPEND_LIMIT],
        [Fault.GONE_CURSOR, Fault.GONE_CURSOR],
        [Fault.SERVER_ERROR] * 6,
        [Fault.CUT_SHORT] * 6,
        [Fault.DROPPED] * 6,
    ],
)
def test_broken_reading_covers_nothing(sqlite_store: Store, stand_in: ClaudeCodeStandIn, faults: list[Fault]) -> None:
    """However yesterday's reading breaks, Ben is not covered yesterday, and nothing of its half is kept."""
    source = fresh_source(sqlite_store, stand_in)
    stand_in.hold(TODAY, [])
    stand_in.hold(DAYS[0], [someone(DAYS[0], number, 10) for number in range(6)])
    stand_in.missing_days.add(TODAY)  # so that yesterday is the second day in a row to fail, and none is read
    stand_in.break_next(Fault.SERVER_ERROR)  # eaten by today's request, which is refused anyway
    stand_in.break_next(*faults)
    night(sqlite_store, source, NOW)
    assert DAYS[0] not in ben_is_covered_on(sqlite_store)
    assert 0 == tokens_kept(sqlite_store, source, DAYS[0])


def test_person_whom_nobody_declared_is_never_covered(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """All days finished and still unknown: this source does not see people who sign in through claude.ai."""
    source = fresh_source(store, stand_in)
    night(store, SourceConfig(TOOL, source.name, source.base_url, source.api_key, ()), NOW)
    assert frozenset() == ben_is_covered_on(store)


story = st.lists(
    st.tuples(
        st.lists(st.sampled_from(list(Fault)), max_size=8),
        st.sets(st.sampled_from(DAYS), max_size=3),
        st.lists(st.tuples(st.sampled_from(DAYS[:3]), st.integers(1, 5), st.integers(0, 1000)), max_size=4),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(story)
def test_covered_means_complete(
    sqlite_store: Store,
    story: list[tuple[list[Fault], set[date], list[tuple[date, int, int]]]],
) -> None:
    """Through any nights of faults, missing days and revisions, a finished day holds a whole report; one good night
    finishes them all, exactly."""
    with ClaudeCodeStandIn() as stand_in:
        source = fresh_source(sqlite_store, stand_in)
        reports: dict[date, set[int]] = {day: {0} for day in [*DAYS, TODAY]}
        for day in DAYS[3:]:
            stand_in.hold(day, [someone(day, number, 7) for number in range(4)])
            reports[day] = {28}
        for hour, (faults, missing, revisions) in enumerate(story):
            for day, number, tokens in revisions:
                stand_in.hold(day, [someone(day, other, tokens) for other in range(number)])
                reports[day].add(number * tokens)
            stand_in.missing_days = set(missing)
            stand_in.break_next(*faults)
            night(sqlite_store, source, NOW + timedelta(hours=hour))
            for day in finished_days(sqlite_store, source):
                assert tokens_kept(sqlite_store, source, day) in reports[day]

        stand_in.missing_days = set()
        stand_in.forget_troubles()
        night(sqlite_store, source, NOW + timedelta(hours=12))
        assert set(DAYS) == finished_days(sqlite_store, source)
        for day in DAYS:
            assert tokens_held(stand_in, day) == tokens_kept(sqlite_store, source, day)


def finished_days(store: Store, source: SourceConfig) -> frozenset[date]:
    with store.read() as session:
        return coverage.days_covered(session, source=source.name, tool=TOOL, first=DAYS[-1], last=TODAY)
