"""The playground put together: a workspace, Slack's Web API and the page on one port, Socket Mode on another.

`with Playground() as slack:` in a test or in the demo; `python -m bot.playground.server --port N --journal FILE` as a
process of its own. Point the bot at `api_url` with the two tokens. Next: `bot/playground/front.py`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.clock import Clock, SystemClock
from bot.errors import InputError
from bot.playground.acts import RETRY_EVENTS_AFTER_S, SUBSCRIBED, Acts
from bot.playground.cast import CAST, Member, read_members
from bot.playground.control import Control
from bot.playground.faults import Faults
from bot.playground.front import Behind, Handler, Port
from bot.playground.http_mode import HttpMode
from bot.playground.journal import Journal
from bot.playground.link import Link, Reply
from bot.playground.methods.method import Room
from bot.playground.rates import GENEROUS, STRICT, Pace, Rates
from bot.playground.socket_mode import SocketMode
from bot.playground.tickets import Tickets
from bot.playground.web_api import ALL_SCOPES, WebApi
from bot.playground.workspace import Workspace

BOT_TOKEN = "xoxb-playground"  # noqa: S105 - opens nothing but a playground on this machine
APP_TOKEN = "xapp-playground"  # noqa: S105 - likewise
SIGNING_SECRET = "playground-signing-secret"  # noqa: S105 - likewise

COMMANDS = (
    {"command": "/ai-stats", "text": "", "about": "Your own card, shown to you only"},
    {"command": "/ai-stats", "text": "help", "about": "What you can ask"},
    {"command": "/ai-stats", "text": "why", "about": "Where each figure comes from"},
    {"command": "/ai-stats", "text": "privacy", "about": "What is held, and who sees it"},
    {"command": "/ai-stats", "text": "pause", "about": "No messages until you resume"},
    {"command": "/ai-stats", "text": "resume", "about": "Messages again"},
    {"command": "/ai-stats", "text": "snooze 2w", "about": "No messages for two weeks"},
    {"command": "/ai-stats", "text": "stop", "about": "No messages any more"},
    {"command": "/ai-stats", "text": "export", "about": "Everything held about you, as a file"},
    {"command": "/ai-stats", "text": "forget", "about": "Erase it"},
    {"command": "/ai-team", "text": "", "about": "For managers: a summary in which nobody can be singled out"},
    {"command": "/ai-team", "text": "assembly", "about": "Of one team below, by its name"},
    {"command": "/ai-team", "text": "everybody", "about": "For enablement leads: the whole company"},
    {"command": "/ai-team", "text": "audit", "about": "For enablement leads and operators: what was opened"},
    {"command": "/ai-nudge", "text": "", "about": "For enablement leads: campaigns"},
    {"command": "/ai-nudge", "text": "tips", "about": "For enablement leads: the tips that may be sent"},
)


class Playground:
    """A whole Slack for one app. `request_url` switches from Socket Mode to signed HTTP."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        port: int = 0,
        socket_port: int = 0,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        members: Iterable[Member] = CAST,
        scopes: frozenset[str] = ALL_SCOPES,
        pace: Pace = GENEROUS,
        request_url: str | None = None,
        subscribed: frozenset[str] = SUBSCRIBED,
        retry_events_after_s: Sequence[float] = RETRY_EVENTS_AFTER_S,
        journal_path: Path | None = None,
        commands: Iterable[dict[str, str]] = COMMANDS,
        may_kill: bool = False,
        pass_time: Callable[[datetime], None] | None = None,
    ) -> None:
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.journal = Journal(journal_path)
        self.faults = Faults()
        self.workspace = Workspace(members, clock or SystemClock(), self.journal)
        self.socket = SocketMode(self.workspace.tell_news, socket_port)
        self._port = Port(("127.0.0.1", port), Handler)
        self._origin = f"http://127.0.0.1:{self._port.server_address[1]}"
        room = Room(self.workspace, Tickets(), Rates(pace), scopes, self._origin)
        self.web_api = WebApi(room, bot_token=bot_token, app_token=app_token, new_socket_url=self.socket.new_url)
        link: Link = HttpMode(request_url, signing_secret) if request_url else self.socket
        self.acts = Acts(room, link, subscribed=subscribed, retry_events_after_s=retry_events_after_s)
        self.control = Control(
            self.workspace, self.acts, self.web_api, self.faults, self.socket, list(commands), may_kill, pass_time
        )
        self._port.behind = Behind(room, self.web_api, self.faults, self.control)
        self._open = ExitStack()

    def __enter__(self) -> Playground:
        self._open.callback(self.journal.close)
        self._open.enter_context(self.socket)
        self._open.callback(self._port.server_close)
        thread = threading.Thread(target=self._port.serve_forever, args=(0.05,), name="playground-http")
        thread.start()
        self._open.callback(thread.join)
        self._open.callback(self._port.shutdown)
        self._open.callback(self.acts.close)
        self._open.callback(self.workspace.close)
        self._open.callback(self.faults.clear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def api_url(self) -> str:
        """The base of the Web API, with a slash at its end, for `KINDLING_SLACK_API_URL`."""
        return f"{self._origin}/api/"

    @property
    def page_url(self) -> str:
        """The workspace in the browser."""
        return f"{self._origin}/"

    def wait_for_bot(self, timeout_s: float = 10.0) -> bool:
        """Wait until the bot holds a Socket Mode connection."""
        return self.socket.wait_for_bot(timeout_s)

    def add_member(self, member: Member) -> None:
        self.workspace.add_member(member)

    def command(self, user_id: str, name: str = "/ai-stats", text: str = "") -> Reply:
        """Type a slash command as this member; see `Acts.command`."""
        return self.acts.command(user_id, name, text)

    def press(self, user_id: str, action_id: str, **where: Any) -> Reply:
        """Press the newest such button that this member sees; see `Acts.press`."""
        return self.acts.press(user_id, action_id, **where)

    def submit(self, user_id: str, **typed: Any) -> Reply:
        """Send the top modal with these values by action id; see `Acts.submit`."""
        return self.acts.submit(user_id, typed)

    def open_home(self, user_id: str) -> None:
        """Open App Home as this member."""
        self.acts.open_home(user_id)

    def turn_clock(self, moment: datetime) -> None:
        """Let the time up to `moment` pass in the workspace; see `Control.turn_clock`."""
        self.control.turn_clock(moment)

    def note(self, text: str) -> None:
        """Add a line to "What happened" on the page."""
        self.workspace.note(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a playground alone until SIGTERM or Ctrl-C; prints `ready API_URL` on stdout when it answers."""
    parser = argparse.ArgumentParser(prog="python -m bot.playground.server", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the Web API and the page (default: any free one)")
    parser.add_argument("--journal", type=Path, help="file that gets one JSON line for everything shown to anybody")
    parser.add_argument("--members", type=Path, help="JSON list of members, instead of the invented cast")
    parser.add_argument("--strict-pace", action="store_true", help="Slack's own rate limits")
    parser.add_argument("--messages-per-s", type=int, help="refuse more messages in any second, for benchmarks")
    parser.add_argument("--allow-kill", action="store_true", help="allow the faults that kill a process, for harnesses")
    given = parser.parse_args(arguments)
    try:
        members = read_members(given.members) if given.members else CAST
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    pace = STRICT if given.strict_pace else GENEROUS
    if given.messages_per_s:
        pace = replace(pace, messages_per_s_workspace=given.messages_per_s)
    with Playground(
        port=given.port, journal_path=given.journal, members=members, pace=pace, may_kill=given.allow_kill
    ) as slack:
        sys.stdout.write(f"ready {slack.api_url}\n")
        sys.stdout.flush()
        done.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
