"""Finished work: whose it is, what is replaced, what adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.domain.roster import IdentityRecord, PersonRecord
from bot.store import identities, outcomes, people
from bot.store.database import Store
from bot.store.tables import OutcomeRow

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ADA, ADAS_OLD = "ada.moreau@lantern.example", "ada@old-lantern.example"
MERGED = OutcomeRecord(ADA, NOW - timedelta(days=3), OutcomeKind.PR_MERGED, "a1", lines_added=10, lines_removed=1)


def office(store: Store) -> None:
    """Ada with two addresses."""
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA)], now=NOW)
        identities.save_records(session, records=[IdentityRecord(ADA, ADAS_OLD)], now=NOW)


def kept(store: Store) -> list[tuple[str, int | None, bool | None]]:
    with store.read() as session:
        rows = select(OutcomeRow.ref, OutcomeRow.lines_added, OutcomeRow.ai_assisted).order_by(OutcomeRow.ref)
        return [(row.ref, row.lines_added, row.ai_assisted) for row in session.execute(rows)]


def test_shares_under_two_addresses_of_one_person_add_up(store: Store) -> None:
    """A merge with commits under both of Ada's addresses is one piece of her work, with all her lines."""
    office(store)
    other = replace(MERGED, subject=ADAS_OLD, lines_added=7, ai_assisted=True, ai_evidence="claude_code co-author")
    with store.begin() as session:
        outcomes.save(session, source="git", outcomes=[MERGED, other], now=NOW)
    assert [("a1", 17, True)] == kept(store)


def test_the_same_told_twice_counts_once(store: Store) -> None:
    """The latest word on one piece of work is the one that is kept."""
    office(store)
    with store.begin() as session:
        outcomes.save(session, source="git", outcomes=[MERGED, replace(MERGED, lines_added=12)], now=NOW)
    assert [("a1", 12, None)] == kept(store)


def test_days_are_replaced_whole(store: Store) -> None:
    """Work that the source no longer tells of goes, on these days and of this source alone."""
    office(store)
    earlier = replace(MERGED, ref="a0", at=NOW - timedelta(days=30))
    with store.begin() as session:
        outcomes.save(session, source="git", outcomes=[MERGED, earlier], now=NOW)
        outcomes.save(session, source="jira", outcomes=[replace(MERGED, ref="t1")], now=NOW)
        first, last = date(2026, 2, 20), date(2026, 3, 2)
        outcomes.replace_days(
            session, source="git", first=first, last=last, outcomes=[replace(MERGED, ref="a2")], now=NOW
        )
    assert ["a0", "a2", "t1"] == [ref for ref, _, _ in kept(store)]


def test_work_of_nobody_is_left_out_and_named(store: Store) -> None:
    """Whose address nobody knows comes back, and nothing of it is given to anybody."""
    office(store)
    with store.begin() as session:
        saved = outcomes.save(
            session, source="git", outcomes=[replace(MERGED, subject="kim@elsewhere.example")], now=NOW
        )
    assert ("kim@elsewhere.example",) == saved.unmapped
    assert [] == kept(store)
