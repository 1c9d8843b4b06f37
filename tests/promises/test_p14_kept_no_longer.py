"""P14: what is held goes when it is said to go: every table, to the day, as PRIVACY.md tells people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Date, DateTime, func, not_, select, true, update
from sqlalchemy.orm import Session

from bot.domain.people import KEPT_AFTER_LEAVING_DAYS
from bot.domain.roster import PersonRecord
from bot.store import people, retention, rights
from bot.store.batches import table_of
from bot.store.database import Store
from bot.store.retention import Aged
from bot.store.tables import Base, PersonRow
from bot.store.types import UtcDateTime
from bot.views.papers.words import NEVER_HELD
from jobs.tidy import tidy
from tests.store.everything import fill

RETENTION_DAYS = 400
WRITTEN_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = Path("PRIVACY.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ((?:`[a-z_]+`(?:, )?)+) \|$", PAGE, re.MULTILINE)
GO_WITH_ANOTHER = {"nudge_step", "check_in", "follow_up"}
"""Rows that go with the message they belong to."""
SOON = {aged.days_kept(RETENTION_DAYS) for aged in retention.AGED}


def standing(session: Session, aged: Aged, *, before: datetime | None = None) -> int:
    """How many rows of a table may age, older than `before`."""
    limit = before if before is None or isinstance(aged.column.type, UtcDateTime) else before.date()
    old = true() if limit is None else aged.column < limit
    kept = true() if aged.unless is None else not_(aged.unless)
    return session.scalar(select(func.count()).select_from(table_of(aged.model)).where(old, kept)) or 0


def test_nothing_older_than_it_may_be_stands_after_tidying(store: Store) -> None:
    """Around each limit: what is older is gone from every table, and what is not yet that old is all there."""
    with store.begin() as session:
        fill(session)
        session.execute(update(PersonRow).values(ended_on=None))
    for days in sorted({days + more for days in SOON for more in (-1, 0, 1, 2, 4)}):
        now = datetime.combine((WRITTEN_AT + timedelta(days=days)).date(), time(12), UTC)
        limits = {aged: aged.limit(now=now, retention_days=RETENTION_DAYS) for aged in retention.AGED}
        with store.read() as session:
            young = {one: standing(session, one) - standing(session, one, before=at) for one, at in limits.items()}
        tidy(store, now=now, retention_days=RETENTION_DAYS)

        with store.read() as session:
            assert {} == {one.model: left for one, at in limits.items() if (left := standing(session, one, before=at))}
            lost = {str(one.model.__tablename__) for one, rows in young.items() if standing(session, one) < rows}
        assert set() == lost - GO_WITH_ANOTHER, days


def test_every_table_with_a_date_ages_or_says_why_not() -> None:
    """Each table either has a column that tells its age, or a reason to stay; nothing is in both lists."""
    ages = {aged.model for aged in retention.AGED}
    dated = {
        name
        for name, table in Base.metadata.tables.items()
        if any(isinstance(column.type, Date | DateTime | UtcDateTime) for column in table.columns)
    }

    assert set(Base.metadata.tables) == {str(model.__tablename__) for model in ages | retention.KEPT.keys()}
    assert set() == ages & retention.KEPT.keys()
    assert all(len(reason) > 10 for reason in retention.KEPT.values())
    assert {str(model.__tablename__) for model in ages} <= dated


def test_joiner_and_leaver(store: Store) -> None:
    """Whoever begins next month is there at once, whoever left is there for ninety days and then not at all."""
    left = (WRITTEN_AT - timedelta(days=10)).date()
    begins = (WRITTEN_AT + timedelta(days=30)).date()
    records = [
        PersonRecord("leaver@lantern.example", ended_on=left),
        PersonRecord("joiner@lantern.example", started_on=begins),
        PersonRecord("stayer@lantern.example"),
    ]
    with store.begin() as session:
        people.save_people(session, records=records, now=WRITTEN_AT)
    last_day_of_all = WRITTEN_AT + timedelta(days=KEPT_AFTER_LEAVING_DAYS - 10)
    gone = [
        tidy(store, now=at, retention_days=RETENTION_DAYS) for at in (last_day_of_all, last_day_of_all + timedelta(1))
    ]

    assert [0, 1] == [counts["people_who_left"] for counts in gone]
    with store.read() as session:
        known = [people.person_by_email(session, email=record.email) for record in records]
    assert [True, False, False] == [person is None for person in known]


def test_privacy_page_names_every_table_once() -> None:
    """The page for people names each table that holds rows about them, and no other."""
    named = [table for *_, tables in ROWS for table in re.findall(r"`([a-z_]+)`", tables)]

    assert sorted(str(model.__tablename__) for model in rights.PERSONAL) == sorted(named)


def test_privacy_page_tells_the_days_of_the_code() -> None:
    """For each of these tables it tells the very number of days after which the code deletes."""
    ages = {str(aged.model.__tablename__): str(aged.days_kept(RETENTION_DAYS)) for aged in retention.AGED}
    for _what, _why, how_long, tables in ROWS:
        for table in re.findall(r"`([a-z_]+)`", tables):
            assert ages.get(table, str(KEPT_AFTER_LEAVING_DAYS)) in re.findall(r"\b(\d+) days", how_long), table


def test_privacy_page_says_what_is_never_held() -> None:
    """The same words as in the papers."""
    flat = " ".join(PAGE.split())

    assert [] == [what for what in NEVER_HELD if what not in flat]
