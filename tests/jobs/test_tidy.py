"""Retention: what is old goes, in bites; what is young, open or chosen by the person stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.domain.people import KEPT_AFTER_LEAVING_DAYS
from bot.store import retention, rights
from bot.store.database import Store
from bot.store.tables import Base, NudgeRow, OpenSessionRow, PersonRow, PushedPointRow, PushedSeriesRow
from jobs.tidy import tidy
from tests.store.everything import ADA, NOON, fill

KEPT = {model.__tablename__ for model in retention.KEPT}
SHORT_LIVED = {"open_session", "pair_request", "pushed_point", "pushed_series"}


def counts(store: Store) -> dict[str, int]:
    """Rows by table."""
    with store.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def test_nothing_young_goes(store: Store) -> None:
    """Within the retention time nothing is deleted, apart from what has a shorter one."""
    with store.begin() as session:
        fill(session)
        session.execute(update(PersonRow).values(ended_on=None))
    before = counts(store)
    gone = tidy(store, now=NOON + timedelta(days=300), retention_days=400)

    assert SHORT_LIVED == {name for name, rows in gone.items() if rows}
    assert {name: rows for name, rows in before.items() if name not in SHORT_LIVED} == {
        name: rows for name, rows in counts(store).items() if rows or name not in SHORT_LIVED
    }


def test_what_holds_a_time_of_use_goes_after_three_days(store: Store) -> None:
    """Sessions that are followed and running totals are gone three days after their last word, points after eight."""
    with store.begin() as session:
        fill(session)
        for model in (OpenSessionRow, PushedSeriesRow, PushedPointRow):
            session.execute(update(model).values(day=NOON.date()))
    went = [
        {name for name, rows in tidy(store, now=NOON + timedelta(days=days), retention_days=400).items() if rows}
        for days in (3, 4, 8, 9)
    ]

    assert [set(), {"open_session", "pushed_series"}, set(), {"pushed_point"}] == went


def test_everything_old_goes_but_people_and_their_choices(store: Store) -> None:
    """After the retention time only people, the ids they are known by and their choices remain."""
    with store.begin() as session:
        fill(session)
        session.execute(update(PersonRow).values(ended_on=None))
    gone = tidy(store, now=NOON + timedelta(days=410), retention_days=400, rows_a_bite=1)

    left = {name for name, rows in counts(store).items() if rows}
    assert {*KEPT, "identity"} - {"run_piece"} == left  # pieces go with their run
    assert 0 == gone["people_who_left"]
    assert all(gone[aged.model.__tablename__] for aged in retention.AGED)
    assert {0} == set(tidy(store, now=NOON + timedelta(days=410), retention_days=400).values())


@pytest.mark.parametrize(("days_ago", "erased"), [(KEPT_AFTER_LEAVING_DAYS, 0), (KEPT_AFTER_LEAVING_DAYS + 1, 1)])
def test_who_left_long_ago_is_erased_whole(store: Store, days_ago: int, erased: int) -> None:
    """Ninety days after somebody's last day no row of theirs is left, whatever the age of the rows; before, all are."""
    with store.begin() as session:
        fill(session)
        session.execute(update(PersonRow).values(ended_on=None))
        last_day = (NOON - timedelta(days=days_ago)).date()
        session.execute(update(PersonRow).where(PersonRow.person_id == ADA).values(ended_on=last_day))
    gone = tidy(store, now=NOON, retention_days=400)

    assert erased == gone["people_who_left"]
    with store.read() as session:
        assert bool(erased) is (0 == sum(rights.held(session, person_id=ADA).values()))


def test_open_nudge_stays(store: Store) -> None:
    """A message that is still on its way keeps its row and its steps, however old."""
    with store.begin() as session:
        fill(session)
        session.execute(update(PersonRow).values(ended_on=None))
        session.execute(update(NudgeRow).where(NudgeRow.person_id == ADA).values(state="ambiguous"))
    tidy(store, now=NOON + timedelta(days=500), retention_days=400)

    left = counts(store)
    assert (1, 1) == (left["nudge"], left["nudge_step"])


def test_every_table_ages_or_says_why_not() -> None:
    """A new table is either deleted by age or listed here as kept."""
    assert set(Base.metadata.tables) == KEPT | {aged.model.__tablename__ for aged in retention.AGED}
