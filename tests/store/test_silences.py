"""Reasons for silence as stretches of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from bot.domain.nudging import Silence
from bot.store import silences
from bot.store.database import Store
from bot.store.silences import Stretch
from bot.store.tables import SilenceRow
from tests.store.test_nudges import add_person

MONDAY = date(2026, 3, 2)


def keep(store: Store, person_id: int, reasons: Sequence[Silence | None]) -> None:
    """Record one reason a day from Monday on; None is a day without one."""
    for number, reason in enumerate(reasons):
        if reason is not None:
            with store.begin() as session:
                silences.record(session, reasons={person_id: reason}, day=MONDAY + timedelta(days=number))


def kept(store: Store, person_id: int) -> list[tuple[int, int, str]]:
    """All stretches as (first, last, reason), in days after Monday."""
    with store.read() as session:
        rows = session.scalars(
            select(SilenceRow).where(SilenceRow.person_id == person_id).order_by(SilenceRow.first_day)
        )
        return [((row.first_day - MONDAY).days, (row.last_day - MONDAY).days, row.reason) for row in rows]


def test_same_reason_is_one_row(store: Store) -> None:
    """Four days of the same reason are one stretch, another reason begins a new one."""
    person_id = add_person(store)
    keep(store, person_id, [Silence.WEEKLY_CAP] * 4 + [Silence.NOTHING_TO_SAY] * 2)

    assert [(0, 3, "weekly_cap"), (4, 5, "nothing_to_say")] == kept(store, person_id)


def test_gap_begins_anew(store: Store) -> None:
    """A day on which a message was planned is not covered by a stretch of silence."""
    person_id = add_person(store)
    keep(store, person_id, [Silence.WEEKLY_CAP, None, Silence.WEEKLY_CAP])

    assert [(0, 0, "weekly_cap"), (2, 2, "weekly_cap")] == kept(store, person_id)


def test_again_on_the_same_day_changes_nothing(store: Store) -> None:
    """Recording a day twice keeps the same rows; a newer reason for the day takes its place."""
    person_id = add_person(store)
    keep(store, person_id, [Silence.UNKNOWN, Silence.UNKNOWN])
    with store.begin() as session:
        silences.record(session, reasons={person_id: Silence.UNKNOWN}, day=MONDAY + timedelta(days=1))
    assert [(0, 1, "unknown")] == kept(store, person_id)

    with store.begin() as session:
        silences.record(session, reasons={person_id: Silence.STOPPED}, day=MONDAY + timedelta(days=1))
    assert [(0, 0, "unknown"), (1, 1, "stopped")] == kept(store, person_id)

    with store.begin() as session:
        silences.record(session, reasons={person_id: Silence.PAUSED}, day=MONDAY + timedelta(days=1))
    assert [(0, 0, "unknown"), (1, 1, "paused")] == kept(store, person_id)


def test_the_past_stays_as_it_was_told(store: Store) -> None:
    """A run with an earlier date does not rewrite what was recorded since."""
    person_id = add_person(store)
    keep(store, person_id, [Silence.UNKNOWN, Silence.UNKNOWN, Silence.UNKNOWN])
    keep(store, person_id, [Silence.STOPPED])

    assert [(0, 2, "unknown")] == kept(store, person_id)


def test_current_is_the_latest_of_each(store: Store) -> None:
    """Each person has their own latest stretch, and who was never silent has none."""
    ben, dana, emi = add_person(store), add_person(store), add_person(store)
    keep(store, ben, [Silence.GRACE, Silence.PAUSED])
    keep(store, dana, [Silence.UNKNOWN])

    with store.read() as session:
        current = silences.current(session, person_ids=[ben, dana, emi])
    tuesday = MONDAY + timedelta(days=1)
    assert {
        ben: Stretch(tuesday, tuesday, Silence.PAUSED),
        dana: Stretch(MONDAY, MONDAY, Silence.UNKNOWN),
    } == current


def test_many_at_once(store: Store) -> None:
    """A whole shard is kept in one go."""
    with store.begin() as session:
        silences.record(session, reasons={}, day=MONDAY)
    people = [add_person(store) for _ in range(5)]
    with store.begin() as session:
        silences.record(session, reasons=dict.fromkeys(people, Silence.UNKNOWN), day=MONDAY)

    with store.read() as session:
        assert set(people) == set(silences.current(session, person_ids=people))
