"""Usage as sources report it: whole days replaced by connectors, single keys by files, runs of sources noted."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.domain.usage import Counters, UsageRow
from bot.store import health, people, source_runs, usage
from bot.store.database import Store
from bot.store.source_runs import RunStatus
from tests.files import everything, rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 10, tzinfo=UTC)
MONDAY, TUESDAY = date(2026, 2, 9), date(2026, 2, 10)


def test_a_replaced_day_may_lose_rows_and_leaves_other_days_and_sources_alone(store: Store) -> None:
    """A revised day is what the source says now; nothing else is touched."""
    with store.begin() as session:
        _replace(session, "api", MONDAY, [_row("a", MONDAY), _row("b", MONDAY), _row("a", MONDAY, tool="u")])
        _replace(session, "api", TUESDAY, [_row("a", TUESDAY)])
        _replace(session, "file", MONDAY, [_row("a", MONDAY)])
        _replace(session, "api", MONDAY, [_row("b", MONDAY, requests=7)])
    assert [
        ("api", "t", MONDAY, 7),
        ("api", "t", TUESDAY, 1),
        ("file", "t", MONDAY, 1),
    ] == rows(store, "usage_day", "source", "tool", "day", "requests")


def test_a_day_without_rows_is_emptied(store: Store) -> None:
    """No rows is an answer too."""
    with store.begin() as session:
        _replace(session, "api", MONDAY, [_row("a", MONDAY)])
        _replace(session, "api", MONDAY, [])
    assert [] == rows(store, "usage_day", "day")


def test_a_row_outside_what_is_being_replaced_is_a_mistake(sqlite_store: Store) -> None:
    """It would be kept a second time by the next replacement."""
    with sqlite_store.begin() as session, pytest.raises(ValueError, match="outside"):
        _replace(session, "api", MONDAY, [_row("a", TUESDAY)])


def test_merged_rows_replace_their_keys_only_and_the_same_again_writes_nothing(store: Store) -> None:
    """Same key: replaced. Same figures: not even the time of reading changes."""
    with store.begin() as session:
        usage.merge_rows(session, source="file", rows=[_row("a", MONDAY), _row("a", TUESDAY)], now=NOW)
        saved = usage.merge_rows(session, source="file", rows=[_row("a", MONDAY, requests=9)], now=LATER)
        assert (0, 1, 0) == (saved.added, saved.changed, saved.unchanged)
        saved = usage.merge_rows(session, source="file", rows=[_row("a", TUESDAY)], now=LATER)
        assert (0, 0, 1) == (saved.added, saved.changed, saved.unchanged)
    assert [(MONDAY, 9, LATER), (TUESDAY, 1, NOW)] == rows(store, "usage_day", "day", "requests", "fetched_at")


def test_addresses_that_differ_only_in_case_are_one_subject(store: Store) -> None:
    """A connector may spell an address in two ways on one day."""
    with store.begin() as session:
        pair = [_row("Ada@lantern.example", MONDAY), _row("ada@lantern.example", MONDAY)]
        _replace(session, "api", MONDAY, pair)
    assert [(2,)] == rows(store, "usage_day", "requests")


def test_an_id_without_an_at_sign_never_becomes_a_person_by_itself(store: Store) -> None:
    """Keys and machines have names; who owns one is not guessed from it."""
    with store.begin() as session:
        saved = usage.merge_rows(session, source="api", rows=[_row("nightly build", MONDAY)], now=NOW)
        assert ("nightly build",) == saved.unmapped
        people.save_people(session, records=[PersonRecord("nightly@lantern.example")], now=NOW)
        assert {IdentitySource.OTHER: 1} == health.unmapped_counts(session)
    assert [(None,)] == rows(store, "usage_day", "person_id")


def test_rows_of_known_people_carry_their_number(store: Store) -> None:
    """Mapped at once when the roster came first."""
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord("ada@lantern.example")], now=NOW)
        saved = usage.merge_rows(session, source="api", rows=[_row("ada@lantern.example", MONDAY)], now=NOW)
        assert () == saved.unmapped
        assert {} == health.unmapped_counts(session)
    assert [(1,)] == rows(store, "usage_day", "person_id")


def test_many_rows_go_in_by_batches(store: Store) -> None:
    """More rows than one statement can carry."""
    many = [_row(f"p{n}@lantern.example", MONDAY) for n in range(4_500)]
    with store.begin() as session:
        assert 4_500 == usage.merge_rows(session, source="api", rows=iter(many), now=NOW).added
        assert 4_500 == usage.merge_rows(session, source="api", rows=iter(many), now=NOW).unchanged
    assert 4_500 == len(everything(store)["usage_day"])


def test_a_run_of_a_source_is_noted_from_start_to_end(store: Store) -> None:
    """The last finished attempt is what decides whether a break is news."""
    with store.begin() as session:
        assert source_runs.last_status(session, source="api") is None
        run = source_runs.start_run(session, source="api", first_day=MONDAY, last_day=TUESDAY, started_at=NOW)
        assert source_runs.last_status(session, source="api") is None
        source_runs.finish_run(
            session,
            source_run_id=run,
            status=RunStatus.FAILED,
            finished_at=LATER,
            http_status=503,
            message="It is down.",
        )
        assert RunStatus.FAILED is source_runs.last_status(session, source="api")
        assert source_runs.last_status(session, source="other") is None
    assert [("failed", None, 503)] == rows(store, "source_run", "status", "row_count", "http_status")


def _row(subject: str, day: date, *, tool: str = "t", requests: int = 1) -> UsageRow:
    return UsageRow(subject, day, tool, "m", Counters(requests=requests))


def _replace(session: Session, source: str, day: date, kept: list[UsageRow]) -> None:
    usage.replace_day(session, source=source, day=day, rows=kept, now=NOW)
