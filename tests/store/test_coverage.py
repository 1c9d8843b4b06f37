"""Coverage: a person-tool-day counts only when a source finished the day and sees the person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.domain.roster import PersonRecord
from bot.domain.usage import Coverage, CoverageStatus
from bot.store import coverage, people
from bot.store.database import Store
from bot.store.tables import CoveredPersonRow, PersonRow
from tests.files import rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FIRST = date(2026, 2, 1)
LAST = date(2026, 2, 28)


def test_a_day_counts_only_with_both_halves(store: Store) -> None:
    """A finished day of a source that does not see the person is nothing, and so is the other way round."""
    one, two = _people(store, 2)
    _mark(store, "api", "t", [1, 2], CoverageStatus.COVERED)
    _mark(store, "other", "t", [3], CoverageStatus.COVERED)
    _cover(store, "api", "t", one, 2, 20)
    expected = {one: Coverage({"t": frozenset({_day(2)})}, {"t": ("api",)}), two: Coverage()}
    assert expected == _load(store, [one, two])


def test_a_late_or_failed_day_is_not_covered(store: Store) -> None:
    """Pending and failed are not finished; a later word about the same day replaces the earlier one."""
    [one] = _people(store, 1)
    _cover(store, "api", "t", one, 1, 28)
    _mark(store, "api", "t", [1, 2, 3], CoverageStatus.COVERED)
    _mark(store, "api", "t", [2], CoverageStatus.PENDING)
    _mark(store, "api", "t", [3], CoverageStatus.FAILED)
    assert {"t": frozenset({_day(1)})} == _load(store, [one])[one].covered
    with store.read() as session:
        assert frozenset({_day(1)}) == coverage.days_covered(session, source="api", tool="t", first=FIRST, last=LAST)


def test_two_sources_of_one_tool_complete_each_other(store: Store) -> None:
    """The days of either count, and both are named."""
    [one] = _people(store, 1)
    for source, days in (("b", [1, 2]), ("a", [2, 3])):
        _mark(store, source, "t", days, CoverageStatus.COVERED)
        _cover(store, source, "t", one, 1, 28)
    assert Coverage({"t": frozenset({_day(1), _day(2), _day(3)})}, {"t": ("a", "b")}) == _load(store, [one])[one]


def test_an_open_range_goes_on(store: Store) -> None:
    """Without a last day a source sees the person until it says otherwise."""
    [one] = _people(store, 1)
    with store.begin() as session:
        coverage.cover_people(session, source="api", tool="t", person_ids=[one], first_day=_day(5), last_day=None)
    _mark(store, "api", "t", [4, 5, 28], CoverageStatus.COVERED)
    assert {"t": frozenset({_day(5), _day(28)})} == _load(store, [one])[one].covered


spans = st.tuples(st.integers(1, 28), st.integers(0, 9)).map(lambda span: (span[0], min(28, span[0] + span[1])))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spans, min_size=1, max_size=8))
def test_ranges_in_any_order_hold_exactly_the_days_said_and_never_overlap(
    sqlite_store: Store, said: list[tuple[int, int]]
) -> None:
    """Joining ranges neither loses nor invents a day, and saying all of it again changes no row."""
    with sqlite_store.begin() as session:
        session.execute(delete(CoveredPersonRow))
        ids = people.load(session, person_ids=[1])
    one = next(iter(ids), None) or _people(sqlite_store, 1)[0]
    for _twice in range(2):
        for first, last in said:
            _cover(sqlite_store, "api", "t", one, first, last)
    kept = rows(sqlite_store, "covered_person", "first_day", "last_day")
    held = [day for first, last in kept for day in _days(first, last)]
    assert sorted({_day(n) for first, last in said for n in range(first, last + 1)}) == sorted(held)
    assert all(after[0] > before[1] + timedelta(days=1) for before, after in pairwise(kept))


def test_a_forgotten_person_is_covered_nowhere(store: Store) -> None:
    """The ranges go with the person (P14)."""
    [one] = _people(store, 1)
    _cover(store, "api", "t", one, 1, 28)
    with store.begin() as session:
        session.delete(session.get(PersonRow, one))
    assert [] == rows(store, "covered_person", "person_id")


def _people(store: Store, count: int) -> list[int]:
    records = [PersonRecord(f"p{n}@lantern.example") for n in range(count)]
    with store.begin() as session:
        people.save_people(session, records=records, now=NOW)
        return sorted(person_id for page in people.shards(session, size=100) for person_id in page)


def _mark(store: Store, source: str, tool: str, days: list[int], status: CoverageStatus) -> None:
    with store.begin() as session:
        coverage.mark(
            session,
            source=source,
            tool=tool,
            days=[_day(n) for n in days],
            status=status,
            reason=None,
            as_of=NOW,
        )


def _cover(store: Store, source: str, tool: str, person_id: int, *days: int) -> None:
    first, last = (_day(day) for day in days)
    with store.begin() as session:
        coverage.cover_people(session, source=source, tool=tool, person_ids=[person_id], first_day=first, last_day=last)


def _load(store: Store, person_ids: list[int]) -> dict[int, Coverage]:
    with store.read() as session:
        return coverage.load(session, person_ids=person_ids, first=FIRST, last=LAST)


def _day(number: int) -> date:
    return date(2026, 2, number)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
