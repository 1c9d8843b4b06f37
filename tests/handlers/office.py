"""A whole Kindling at work in the invented company: the real app over a real transport, against the playground."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot import app
from bot.clock import HandClock
from bot.domain.roster import PersonRecord, SeatRecord
from bot.playground.cast import EMPLOYEES, Member
from bot.playground.journal import Shown
from bot.playground.server import Playground
from bot.settings import Settings, load
from bot.store import people
from bot.views import campaign_home
from handlers.desk import Desk
from tests import watched
from tests.conftest import MONDAY_MORNING

_PATIENCE = campaign_home.moment().blocks[0]["text"]
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Office:
    """The running bot, the Slack it talks to, and hands to type and press with."""

    desk: Desk
    slack: Playground

    def ask(self, member: Member, text: str = "") -> Shown:
        """Type the command and return the answer, as soon as it was shown."""
        seen = len(self.slack.journal.entries())
        reply = self.slack.command(member.slack_id, self.desk.settings.stats_command, text)
        assert "" == reply.problem
        found = self.wait_for(lambda: [s for s in self._shown_to(member, seen) if s.surface != "home"])
        return found[0]  # the Home tab may be drawn anew meanwhile, for what was pressed before

    def press(self, member: Member, action: str, **where: object) -> Shown:
        """Press the newest such button and return what came of it in the end: a modal opens with a word of patience."""
        seen = len(self.slack.journal.entries())
        reply = self.slack.press(member.slack_id, action, **where)
        assert "" == reply.problem
        shown = self.next_for(member, seen)
        while _PATIENCE in [block.get("text") for block in shown.blocks]:
            shown = self.next_for(member, shown.number)
        return shown

    def open_home(self, member: Member) -> Shown:
        seen = len(self.slack.journal.entries())
        self.slack.open_home(member.slack_id)
        return self.next_for(member, seen)

    def next_for(self, member: Member, seen: int) -> Shown:
        """The first thing shown to this member after the first `seen` entries of the journal."""
        return self.wait_for(lambda: self._shown_to(member, seen))[0]

    def _shown_to(self, member: Member, seen: int) -> list[Shown]:
        return [shown for shown in self.slack.journal.entries()[seen:] if shown.to == member.slack_id]

    def wait_for(self, look: Callable[[], list[Shown]]) -> list[Shown]:
        """What `look` finds, as soon as it finds something."""
        give_up_at = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up_at:
            found = look()
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError("nothing was shown in time")

    def person(self, member: Member) -> int | None:
        with self.desk.store.read() as session:
            return people.person_by_email(session, email=member.email)


@contextmanager
def opened(
    folder: Path,
    transport: str,
    *,
    connected: Callable[[Desk], None] | None = None,
    told: Mapping[str, str] | None = None,
) -> Iterator[Office]:
    """An office over "socket" or "http", with everybody of the cast on the roster and a Claude Code seat for each.

    `told` are settings by the names of their variables.
    """
    address = f"127.0.0.1:{free_port()}"
    clock = HandClock(MONDAY_MORNING)
    request_url = f"http://{address}/slack/events" if transport == "http" else None
    with watched.playground(clock, request_url=request_url, retry_events_after_s=()) as slack:
        settings = settings_for(slack, folder, transport=transport, http_addr=address, **(told or {}))
        with app.running(settings, clock=clock) as desk:
            hire_everybody(desk)
            if connected:
                connected(desk)
            with served(desk, slack):
                yield Office(desk, slack)


@contextmanager
def served(desk: Desk, slack: Playground) -> Iterator[None]:
    """The bot listening in a thread of its own, until the end of the block."""
    stop = threading.Event()
    thread = threading.Thread(target=app.listen, args=(desk, stop), name="bot")
    thread.start()
    try:
        if desk.settings.transport == "http":
            wait_for_port(desk.settings.http_port)
        else:
            assert slack.wait_for_bot()
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def settings_for(slack: Playground, folder: Path, *, transport: str, http_addr: str, **told: str) -> Settings:
    return load(
        {
            "KINDLING_DATABASE_URL": f"sqlite:///{folder / 'kindling.db'}",
            "KINDLING_SLACK_API_URL": slack.api_url,
            "KINDLING_TRANSPORT": transport,
            "KINDLING_HTTP_ADDR": http_addr,
            "KINDLING_SET_UP_BY": "Robin Osei's enablement team",
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            **told,
        }
    )


def hire_everybody(desk: Desk) -> None:
    records = [
        PersonRecord(
            email=member.email,
            timezone=member.timezone,
            locale=member.locale,
            country=member.country,
            role=member.role,
            slack_user_id=member.slack_id,
        )
        for member in EMPLOYEES
    ]
    seats = [SeatRecord(member.email, "claude_code", date(2026, 1, 5), None, 30_000_000) for member in EMPLOYEES]
    with desk.store.begin() as session:
        people.save_people(session, records=records, now=desk.clock.now())
        people.save_seats(session, seats=seats)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    give_up_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("nobody listens")
