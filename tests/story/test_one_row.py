"""One usage row, from the source to one private tip and back. Read this first: it is the product in four verbs.

Ben holds a Claude Code seat and never uses it; Ada, his manager, uses it. The report is served by a strict stand-in,
Slack is the playground, and everything between them is the product: files, jobs, the Bolt app over a real WebSocket.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import app
from bot.clock import HandClock
from bot.domain.occasions import QUESTION
from bot.playground.cast import ADA, BEN, CAST, Member
from bot.playground.journal import Shown
from bot.playground.server import APP_TOKEN, BOT_TOKEN, Playground
from bot.settings import Settings, SourceConfig
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, entry
from bot.store import people, states
from bot.views.ids import Action
from handlers.desk import Desk
from jobs import calendar, import_files
from jobs.import_report import Kind
from tests import watched

MONDAY = date(2026, 3, 2)
FIRST_DAY = MONDAY - timedelta(days=84)


@dataclass
class Story:
    """Everything a test of the story needs: the running product and the world around it."""

    desk: Desk
    slack: Playground
    report: ClaudeCodeStandIn
    clock: HandClock

    def until(self, moment: datetime) -> None:
        """Let the clock tick every hour up to `moment`."""
        while self.clock.now() < moment:
            self.clock.set(self.clock.now() + timedelta(hours=1))
            self.tick(self.clock.now())

    def tick(self, now: datetime) -> dict[str, object]:
        return dict(calendar.tick(self.desk.store, work=app.work(self.desk), now=now))

    def asks(self, member: Member, word: str = "") -> str:
        """Type the command as this member; return what they are shown."""
        seen = len(self.slack.journal.to(member.slack_id))
        reply = self.slack.command(member.slack_id, "/ai-stats", word)
        assert not reply.problem
        deadline = time.monotonic() + 10
        while len(self.slack.journal.to(member.slack_id)) == seen and time.monotonic() < deadline:
            time.sleep(0.02)
        return "\n".join(shown.text for shown in self.slack.journal.to(member.slack_id)[seen:])

    def tips_to(self, member: Member) -> list[Shown]:
        return self.slack.journal.messages(member.slack_id)

    def state_of(self, member: Member) -> str:
        with self.desk.store.read() as session:
            person_id = people.person_by_email(session, email=member.email)
            assert person_id is not None
            return states.current(session, person_ids=[person_id])[person_id].state.value


def at(hour: int, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@contextmanager
def told(database_url: str, folder: Path, *, missing: set[date] | None = None) -> Iterator[Story]:
    """The world on Monday at 01:00 UTC: files imported, nothing collected yet, the bot connected."""
    clock = HandClock(at(1))
    with watched.playground(clock, members=CAST) as slack, ClaudeCodeStandIn() as report:
        report.missing_days |= missing or set()
        for back in range(85):
            day = MONDAY - timedelta(days=back)
            report.hold(day, [adas_day(day)] if day.weekday() < 5 else [])
        with app.running(settings(database_url, slack, report), clock=clock) as desk:
            bring_in(desk, folder)
            stop = threading.Event()
            listening = threading.Thread(target=app.listen, args=(desk, stop))
            listening.start()
            try:
                assert slack.wait_for_bot()
                yield Story(desk, slack, report, clock)
            finally:
                stop.set()
                listening.join()


def adas_day(day: date) -> dict[str, object]:
    figures = {"input": 90_000, "output": 31_000, "cache_read": 2_100_000, "cache_creation": 150_000, "cents": 243}
    return entry(day, email=ADA.email, models={"claude-sonnet-4-6": figures}, sessions=3, accepted=17, rejected=2)


def settings(database_url: str, slack: Playground, report: ClaudeCodeStandIn) -> Settings:
    from bot.settings import load

    environment = {
        "KINDLING_DATABASE_URL": database_url,
        "KINDLING_SLACK_API_URL": slack.api_url,
        "KINDLING_SET_UP_BY": "Robin Osei's enablement team",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
    }
    source = SourceConfig(
        kind="claude_code",
        name="claude_code",
        base_url=report.base_url,
        api_key=ADMIN_KEY,
        covers=("*@lantern.example",),
    )
    loaded = load(environment)
    return Settings(**{**vars(loaded), "sources": (source,)})


def bring_in(desk: Desk, folder: Path) -> None:
    """What an operator imports: two people, two seats."""
    files = {
        Kind.PEOPLE: "email,manager_email,timezone,country,role\n"
        f"{ADA.email},,Europe/Paris,FR,dev\n{BEN.email},{ADA.email},Europe/Madrid,ES,dev\n",
        Kind.SEATS: "email,tool,assigned_on,monthly_cost_usd\n"
        f"{ADA.email},claude_code,2025-12-01,30\n{BEN.email},claude_code,2026-01-12,30\n",
    }
    for kind, text in files.items():
        path = folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        import_files.import_file(
            desk.store, kind=kind, path=path, now=desk.clock.now(), complete_through=None, prices=desk.prices
        )


def test_one_row_becomes_a_card_and_its_absence_one_tip(database_url: str, tmp_path: Path) -> None:
    """Ben gets one tip at a fair hour; Ada no tip, but the question; each card shows its owner's figures only."""
    with told(database_url, tmp_path) as story:
        story.until(at(20))

        assert ("never_used", "habitual") == (story.state_of(BEN), story.state_of(ADA))
        [tip] = story.tips_to(BEN)
        [question] = story.tips_to(ADA)
        assert QUESTION.text in question.text
        local = datetime.fromisoformat(tip.at).astimezone(ZoneInfo("Europe/Madrid"))
        assert (MONDAY, True) == (local.date(), 13 <= local.hour < 16)
        assert "Robin Osei's enablement team" in tip.text
        assert "12 January" in tip.text
        assert "1 March" in tip.text

        again = [story.tick(story.clock.now()) for _ in range(3)]
        story.until(at(20, MONDAY + timedelta(days=1)))
        assert [tip] == story.tips_to(BEN), again

        story.slack.press(BEN.slack_id, Action.SHOW_ME)
        assert "Used on 20 of 20 working days" in story.asks(ADA)
        assert "no use seen" in story.asks(BEN).lower()
        nobody_sees_anybody_else(story)


def test_one_missing_day_and_nothing_is_said(database_url: str, tmp_path: Path) -> None:
    """The same world with one day of the report missing: Ben's state is unknown, and he hears nothing (P12)."""
    with told(database_url, tmp_path, missing={date(2026, 2, 18)}) as story:
        story.until(at(20))

        assert "unknown" == story.state_of(BEN)
        assert [] == story.slack.journal.messages()


def test_stop_is_obeyed_at_once(database_url: str, tmp_path: Path) -> None:
    """A person who stops the messages after they were planned and before they are due gets none (P9, P14)."""
    with told(database_url, tmp_path) as story:
        story.until(at(5))
        story.asks(BEN, "stop")
        story.until(at(20, MONDAY + timedelta(days=3)))

        assert [] == story.tips_to(BEN)


def test_every_word_is_answered_privately(tmp_path: Path) -> None:
    """Each word of the command is answered to the asking person alone, and never in a channel."""
    with told(f"sqlite:///{tmp_path / 'story.db'}", tmp_path) as story:
        story.until(at(4))
        for word in ("", "help", "why", "privacy", "pause", "resume", "snooze 2w", "stop", "export", "forget"):
            assert story.asks(ADA, word), word

        assert {ADA.slack_id} == {shown.to for shown in story.slack.journal.entries()}
        assert "in_channel" not in {shown.surface for shown in story.slack.journal.entries()}


def nobody_sees_anybody_else(story: Story) -> None:
    """P1: nothing shown to one of them contains an address or an id of another."""
    for shown in story.slack.journal.entries():
        said = shown.text + json.dumps(shown.blocks)
        for other in CAST:
            if other.slack_id != shown.to:
                assert other.email not in said
                assert other.slack_id not in said
                assert other.name.split()[0] not in said.replace("Robin Osei's enablement team", "")
