"""What a card is made of, read from a real database for one person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from bot.domain.adoption import Standing, State
from bot.domain.scorecard import Numbers, build
from bot.domain.weeks import Known
from bot.store import scorecard, states
from bot.store.database import Store
from bot.store.tables import (
    CoverageRow,
    CoveredPersonRow,
    IdentityRow,
    NudgeRow,
    OutcomeRow,
    PersonRow,
    SeatRow,
    UsageDayRow,
)

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
YESTERDAY = date(2026, 3, 1)
ADA = 1
BEN = 2


@pytest.fixture
def filled(store: Store) -> Store:
    """Ada and Ben: eight covered weeks, use on every Tuesday, work merged on some, a tip each."""
    with store.begin() as session:
        for person_id, word in ((ADA, "ada"), (BEN, "ben")):
            _person(session, person_id, word)
    return store


def _person(session: Session, person_id: int, word: str) -> None:
    tool = f"{word}_tool"
    first = YESTERDAY - timedelta(days=83)
    session.execute(
        insert(PersonRow).values(person_id=person_id, timezone="Europe/Paris", country="FR", created_at=NOW)
    )
    session.execute(
        insert(IdentityRow).values(
            source="email", external_id=f"{word}@lantern.example", person_id=person_id, method="people_file",
            confidence="given", first_seen_at=NOW,
        )
    )  # fmt: skip
    session.execute(
        insert(SeatRow).values(
            person_id=person_id, tool=tool, assigned_on=date(2025, 6, 1), monthly_cost_microusd=20_000_000
        )
    )
    days = [first + timedelta(days=offset) for offset in range(84)]
    covered = {"source": "file", "tool": tool, "status": "covered", "as_of": NOW}
    session.execute(insert(CoverageRow), [{**covered, "day": day} for day in days])
    session.execute(insert(CoveredPersonRow).values(source="file", tool=tool, person_id=person_id, first_day=first))
    use = {
        "source": "file", "subject": f"{word}@lantern.example", "person_id": person_id, "tool": tool, "model": "m",
        "input_tokens": 1000 * person_id, "cost_microusd": 3_000_000 * person_id, "active": True,
        "fetched_at": NOW,
    }  # fmt: skip
    session.execute(insert(UsageDayRow), [{**use, "day": day} for day in days if day.weekday() == 1])
    session.execute(
        insert(OutcomeRow).values(
            source="file", kind="pr_merged", ref=f"{word}-1", person_id=person_id, at=NOW - timedelta(days=20)
        )
    )
    session.execute(
        insert(NudgeRow).values(
            nudge_key=f"{word}-key", person_id=person_id, tip_id="t", topic="t", trigger="building", rule_version="r",
            facts={}, planned_at=NOW, due_at=NOW, expires_at=NOW, state="sent", answer="helpful",
            answered_at=NOW - timedelta(days=2),
        )
    )  # fmt: skip
    states.save(session, standings={person_id: Standing(State.BUILDING, YESTERDAY, "some use")})


def load(session: Session, person_id: int = ADA, yesterday: date = YESTERDAY) -> Numbers | None:
    """The numbers of a person without public holidays, weekends on Saturday and Sunday."""
    return scorecard.numbers(
        session,
        person_id=person_id,
        yesterday=yesterday,
        holidays_of=lambda _country, _first, _last: frozenset(),
        weekend_of=lambda _country: frozenset({5, 6}),
    )


def test_card_holds_the_persons_own_numbers(filled: Store) -> None:
    """Days, money, work and answers of Ada, each from her rows."""
    with filled.read() as session:
        mine = load(session)
    assert mine is not None
    card = build(mine)

    assert (20, 4, 0) == (card.habit.now.working_days, card.habit.now.used_days, card.habit.now.unseen_days)
    assert 4 == card.habit.before.used_days
    assert 4000 == card.efficiency.tokens
    assert 12_000_000 < (card.efficiency.ledgers.spend_microusd or 0) < 32_000_000
    assert card.outcome is not None
    assert (1, 1) == (card.outcome.merged, card.outcome.still_there)
    assert 1 == card.value.tips_helpful
    assert ("ada_tool",) == card.tools
    assert () == card.unknowns


def test_work_that_two_sources_tell_is_counted_once(filled: Store) -> None:
    """GitHub and the git history tell the same changes under two names; with them comes what only one of them knows."""
    moments = [NOW - timedelta(days=back) for back in (3, 5, 10)]
    with filled.begin() as session:
        for number, at in enumerate(moments):
            mine = {"kind": "pr_merged", "person_id": ADA, "at": at, "lines_added": 10 + number}
            host = {"source": "github", "ref": f"acme/shop#{number}", "repository": "acme/shop"}
            session.execute(insert(OutcomeRow).values(**mine, **host, reached_production=number > 0))
            session.execute(insert(OutcomeRow).values(**mine, source="git-shop", ref=f"{number:016x}"))
        known = load(session)
    assert known is not None
    card = build(known)

    assert card.outcome is not None
    assert (4, 3, 2) == (card.outcome.merged, card.outcome.followed, card.outcome.reached)
    assert ("git-shop",) == card.again_by
    assert card.results is not None
    assert (4, ("file", "github")) == (card.results.finished, card.results.sources)


def test_twelve_weeks_are_seen_to_their_first_day(filled: Store) -> None:
    """Coverage, leave and finished work are loaded for all of the weeks that are shown."""
    with filled.begin() as session:
        first = YESTERDAY - timedelta(days=83)
        for kind, at in (("pr_merged", first), ("pr_closed", first - timedelta(days=1))):
            moment = datetime.combine(at, NOW.time(), UTC)
            row = {"source": "file", "kind": kind, "ref": kind, "person_id": ADA, "at": moment}
            session.execute(insert(OutcomeRow).values(**row))
        mine = load(session)
    assert mine is not None
    weeks = build(mine).weeks.weeks

    assert (first, Known.SEEN, 1, 1) == (weeks[0].first_day, weeks[0].known, weeks[0].days.used_days, weeks[0].finished)
    assert 12 == sum(week.days.used_days for week in weeks)


def test_nobody_has_no_numbers(store: Store) -> None:
    """A number of nobody gives nothing."""
    with store.read() as session:
        assert None is load(session, person_id=99)


def test_old_conclusions_do_not_stand_on_the_card(filled: Store) -> None:
    """After a week without judging, the card ends yesterday and judges nothing."""
    with filled.read() as session:
        mine = load(session, yesterday=YESTERDAY + timedelta(days=7))
    assert mine is not None

    assert None is mine.standing
    assert YESTERDAY + timedelta(days=7) == mine.window.last_day
    assert None is build(mine).efficiency.ledgers.wasted_microusd


def test_card_shows_the_window_that_was_judged(filled: Store) -> None:
    """When the night's judging is a day late, the card belongs to the window that was judged."""
    with filled.read() as session:
        mine = load(session, yesterday=YESTERDAY + timedelta(days=1))
    assert mine is not None

    assert YESTERDAY == mine.window.last_day


def test_card_needs_few_statements(filled: Store) -> None:
    """A fixed, small number of statements, so that the answer is there within three seconds."""
    with filled.read() as session, counted(filled) as statements:
        load(session)

    assert len(statements) <= 22


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
