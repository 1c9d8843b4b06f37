"""The tree of managers and teams with its history: who stood where on which day."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.domain.roster import PersonRecord
from bot.store import people, rights, team_stays
from bot.store.database import Store
from bot.store.team_stays import Place
from tests.files import rows

ADA, BEN = "ada@lantern.example", "ben@lantern.example"
STAY = ("person_id", "first_day", "last_day", "team", "manager_id")
FIRST, SECOND, LATER = date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)


def told(store: Store, day: date, team: str | None = None, manager: str | None = None) -> None:
    """A roster of that day: Ada, and Ben in a team and below a manager."""
    ben = PersonRecord(BEN, team=team, manager_email=manager)
    now = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA), ben], now=now)


def bens(store: Store, on: date) -> Place | None:
    with store.read() as session:
        return team_stays.tree(session, on=on).get(2)


def test_a_move_ends_one_stay_and_begins_another_on_the_day_it_is_told(store: Store) -> None:
    """Of team and of manager alike; the days before stay as they were, and nothing is written into the past."""
    told(store, FIRST, "Platform", ADA)
    told(store, SECOND, "Studio", ADA)
    told(store, LATER, "Studio")
    told(store, date(2026, 4, 1), "Studio")

    expected = [
        (2, FIRST, date(2026, 3, 8), "Platform", 1),
        (2, SECOND, date(2026, 3, 15), "Studio", 1),
        (2, LATER, None, "Studio", None),
    ]
    assert expected == rows(store, "team_stay", *STAY)
    on = {day: bens(store, day) for day in (date(2026, 3, 1), FIRST, date(2026, 3, 8), SECOND, LATER, date(2027, 1, 1))}
    assert {
        date(2026, 3, 1): None,
        FIRST: Place("Platform", 1),
        date(2026, 3, 8): Place("Platform", 1),
        SECOND: Place("Studio", 1),
        LATER: Place("Studio", None),
        date(2027, 1, 1): Place("Studio", None),
    } == on


def test_a_second_change_on_one_day_replaces_the_first(sqlite_store: Store) -> None:
    """A roster that is put right an hour later leaves one stay."""
    told(sqlite_store, FIRST, "Platform")
    told(sqlite_store, FIRST, "Studio", ADA)
    assert [(2, FIRST, None, "Studio", 1)] == rows(sqlite_store, "team_stay", *STAY)


def test_whoever_is_in_no_team_and_below_nobody_has_no_stay(sqlite_store: Store) -> None:
    """Leaving the team ends the stay; on the day on which it began, there was none."""
    told(sqlite_store, FIRST, "Platform")
    told(sqlite_store, FIRST)
    assert [] == rows(sqlite_store, "team_stay", *STAY)
    told(sqlite_store, SECOND, "Platform")
    told(sqlite_store, LATER)
    assert [(2, SECOND, date(2026, 3, 15), "Platform", None)] == rows(sqlite_store, "team_stay", *STAY)


def test_whoever_has_left_or_not_begun_is_not_in_the_tree(sqlite_store: Store) -> None:
    """The stay remains, the tree shows who works here."""
    told(sqlite_store, FIRST, "Platform")
    ben = PersonRecord(BEN, team="Platform", started_on=date(2026, 3, 5), ended_on=SECOND)
    with sqlite_store.begin() as session:
        people.save_people(session, records=[ben], now=datetime(2026, 3, 5, tzinfo=UTC))
    shown = {day: bens(sqlite_store, day) is not None for day in (FIRST, date(2026, 3, 5), SECOND, LATER)}
    assert {FIRST: False, date(2026, 3, 5): True, SECOND: True, LATER: False} == shown


def test_a_forgotten_manager_leaves_no_trace_in_the_history(store: Store) -> None:
    """The team remains, whose it was does not (P14)."""
    told(store, FIRST, "Platform", ADA)
    with store.begin() as session:
        rights.forget(session, person_id=1)
    assert [(2, FIRST, None, "Platform", None)] == rows(store, "team_stay", *STAY)
