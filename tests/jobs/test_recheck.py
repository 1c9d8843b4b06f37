"""Between the plan and the message things change: what is no longer right does not leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import app
from bot.clock import HandClock
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.playground.cast import BEN, CHIDI, DANA
from bot.playground.server import Playground
from bot.settings import load
from bot.slack import Slack
from bot.store import coverage, people, preferences, usage
from bot.store.tables import IdentityRow, NudgeRow
from handlers.desk import Desk
from tests import watched

PLANNED = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
AFTERNOON = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
FIRST, LAST = date(2026, 1, 5), date(2026, 3, 1)


@pytest.fixture
def slack() -> Iterator[Playground]:
    with watched.playground(HandClock(PLANNED)) as opened:
        yield opened


@pytest.fixture
def desk(slack: Playground, tmp_path: Path) -> Iterator[Desk]:
    """Ben, whose seat was never used and every day covered, with the tip that is planned for the afternoon."""
    settings = load(
        {
            "KINDLING_DATABASE_URL": f"sqlite:///{tmp_path / 'kindling.db'}",
            "KINDLING_SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
        }
    )
    with app.running(settings, clock=HandClock(PLANNED)) as opened:
        hire(opened)
        work = app.work(opened)
        work["detect"](PLANNED)
        assert 1 == work["decide"](PLANNED)["planned"]
        yield opened


def hire(desk: Desk) -> None:
    days = [FIRST + timedelta(days=day) for day in range((LAST - FIRST).days + 1)]
    with desk.store.begin() as session:
        record = PersonRecord(email=BEN.email, timezone=BEN.timezone, country="ES", slack_user_id=BEN.slack_id)
        people.save_people(session, records=[record], now=PLANNED)
        people.save_seats(session, seats=[SeatRecord(BEN.email, "claude_code", FIRST)])
        coverage.mark(
            session,
            source="file",
            tool="claude_code",
            days=days,
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=PLANNED,
        )
        person_id = people.person_by_email(session, email=BEN.email)
        assert person_id is not None
        coverage.cover_people(
            session, source="file", tool="claude_code", person_ids=[person_id], first_day=FIRST, last_day=None
        )


def ben(desk: Desk) -> int:
    with desk.store.read() as session:
        person_id = people.person_by_email(session, email=BEN.email)
    assert person_id is not None
    return person_id


def end_of_the_nudge(desk: Desk) -> tuple[str, str | None]:
    with desk.store.read() as session:
        row = session.scalars(select(NudgeRow)).one()
        return row.state, row.reason


def say_of(desk: Desk, day: date, status: CoverageStatus) -> None:
    with desk.store.begin() as session:
        coverage.mark(
            session, source="file", tool="claude_code", days=[day], status=status, reason=None, as_of=AFTERNOON
        )


def a_day_fails(desk: Desk) -> None:
    say_of(desk, date(2026, 2, 25), CoverageStatus.FAILED)


def use_is_seen(desk: Desk) -> None:
    row = UsageRow(BEN.email, date(2026, 3, 1), "claude_code", "m", Counters(requests=1))
    with desk.store.begin() as session:
        usage.merge_rows(session, source="late", rows=[row], now=AFTERNOON)


def pause_is_written_elsewhere(desk: Desk) -> None:
    with desk.store.begin() as session:
        preferences.pause(session, person_id=ben(desk), now=AFTERNOON)


def account_goes(desk: Desk) -> None:
    with desk.store.begin() as session:
        session.delete(session.get_one(IdentityRow, (IdentitySource.SLACK.value, BEN.slack_id)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (a_day_fails, "unknown"),
        (use_is_seen, "no_longer_true"),
        (pause_is_written_elsewhere, "paused"),
        (account_goes, "no_slack_account"),
    ],
)
def test_what_is_no_longer_right_does_not_leave(
    desk: Desk, slack: Playground, change: Callable[[Desk], None], reason: str
) -> None:
    """A source-day lost, use seen, a pause, an account gone: the tip is skipped, and its row says why."""
    change(desk)

    app.work(desk)["deliver"](AFTERNOON)

    assert ("skipped", reason) == end_of_the_nudge(desk)
    assert [] == slack.journal.messages()


def test_switched_off_means_silence_at_once(desk: Desk, slack: Playground) -> None:
    """With `nudges.on = false` what was planned does not leave either."""
    silent = replace(desk, settings=replace(desk.settings, nudges_on=False))

    app.work(silent)["deliver"](AFTERNOON)

    assert ("skipped", "nudges_switched_off") == end_of_the_nudge(desk)
    assert [] == slack.journal.messages()


def test_unfair_hour_moves_the_message(desk: Desk, slack: Playground) -> None:
    """Too late on the day it was due, it waits for the next fair hour instead of getting lost."""
    work = app.work(desk)
    work["deliver"](AFTERNOON + timedelta(hours=8))
    late = slack.journal.messages()
    say_of(desk, date(2026, 3, 2), CoverageStatus.COVERED)
    work["deliver"](AFTERNOON + timedelta(days=1))

    assert [] == late
    assert [BEN.slack_id] == [shown.to for shown in slack.journal.messages()]
    assert ("sent", None) == end_of_the_nudge(desk)


def test_do_not_disturb_is_waited_for(desk: Desk, slack: Playground) -> None:
    """Whoever asked Slack for quiet until the evening hears nothing in it: the tip moves to the next fair hour."""
    slack.workspace.quiet[BEN.slack_id] = (AFTERNOON - timedelta(hours=1), AFTERNOON + timedelta(hours=3))
    work = app.work(desk)
    work["deliver"](AFTERNOON)
    during = slack.journal.messages()
    say_of(desk, date(2026, 3, 2), CoverageStatus.COVERED)
    work["deliver"](AFTERNOON + timedelta(days=1))

    assert [] == during
    assert [BEN.slack_id] == [shown.to for shown in slack.journal.messages()]
    assert ("sent", None) == end_of_the_nudge(desk)


def test_account_that_changes_hands_on_the_way(desk: Desk, slack: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The roster corrects whose account it is after the message was claimed: it goes to Ben's own, and to no other."""
    open_dm = Slack.open_dm

    def roster_is_corrected(door: Slack, user_id: str) -> str:
        records = [
            PersonRecord(email=BEN.email, slack_user_id=CHIDI.slack_id),
            PersonRecord(email=DANA.email, slack_user_id=BEN.slack_id),
        ]
        with desk.store.begin() as session:
            people.save_people(session, records=records, now=AFTERNOON, columns={"slack_user_id"})
        return open_dm(door, user_id)

    monkeypatch.setattr(Slack, "open_dm", roster_is_corrected)
    app.work(desk)["deliver"](AFTERNOON)

    assert [CHIDI.slack_id] == [shown.to for shown in slack.journal.messages()]
    assert ("sent", None) == end_of_the_nudge(desk)
