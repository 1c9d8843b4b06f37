"""The workspace as data: members, messages, App Homes, modals and files, and who may see which.

The methods of the Web API change it for the bot, `acts.py` for the members, and `control.py` reads it for the page.
Every change is written to the journal first and wakes up whoever waits for news.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.clock import Clock
from bot.playground.call import Refusal
from bot.playground.cast import Member
from bot.playground.hands import Hands
from bot.playground.journal import Journal

Json = dict[str, Any]

TEAM_ID = "T0LANTERN"
APP_ID = "A0KINDLING"
BOT_USER_ID = "U0KINDLING"
BOT_ID = "B0KINDLING"
APP_NAME = "Kindling"

_MICROSECOND = Decimal("0.000001")


@dataclass
class Message:
    """One message in a direct-message channel. `only_for` is set on an ephemeral one; `by` is "app" or a member."""

    ts: str
    channel: str
    by: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    only_for: str | None = None
    in_channel: bool = False
    files: list[str] = field(default_factory=list)
    edited: bool = False


@dataclass
class View:
    """A published App Home or an open modal, with the ids and the hash that Slack gives it."""

    view_id: str
    hash: str
    content: Json
    user_id: str


@dataclass
class StoredFile:
    """A file that was announced, then uploaded, then shared."""

    file_id: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    shared_with: str | None = None


class Workspace:
    """All state of the playground. `lock` guards it; `changed()` is called after every change, with the lock held."""

    def __init__(self, members: Iterable[Member], clock: Clock, journal: Journal) -> None:
        self.lock = threading.RLock()
        self.clock = Hands(clock)
        self.journal = journal
        self.members: dict[str, Member] = {member.slack_id: member for member in members}
        self.messages: list[Message] = []
        self.homes: dict[str, View] = {}
        self.modals: dict[str, list[View]] = {}
        self.files: dict[str, StoredFile] = {}
        self.quiet: dict[str, tuple[datetime, datetime]] = {}
        self.groups: dict[str, frozenset[str]] = {}
        self.notes: list[str] = []
        self.refused_blocks: frozenset[str] = frozenset()
        """Types that this workspace does not take yet: Slack brings new ones to workspaces one after the other."""
        self.version = 0
        self.is_closed = False
        self._news = threading.Condition(self.lock)
        self._last_ts = Decimal(0)

    def now(self) -> datetime:
        return self.clock.now()

    def next_ts(self) -> str:
        """A message time of the workspace's clock that no other message has and that only grows."""
        with self.lock:
            now = Decimal(str(self.now().timestamp())).quantize(_MICROSECOND)
            self._last_ts = max(now, self._last_ts + _MICROSECOND)
            return f"{self._last_ts:.6f}"

    def add_member(self, member: Member) -> None:
        with self.lock:
            self.members[member.slack_id] = member
            self.changed()

    def member(self, user_id: str) -> Member:
        """The member, or Slack's `user_not_found`."""
        found = self.members.get(user_id)
        if found is None:
            raise Refusal("user_not_found")
        return found

    def dm_of(self, user_id: str) -> str:
        """The channel id of the app's direct messages with a member."""
        return f"D{user_id[1:]}"

    def owner_of(self, channel: str) -> Member:
        """The member on the other end of the app's direct messages, or Slack's `channel_not_found`."""
        for kind in "UW" if channel.startswith("D") else "":  # the two letters that a member's id begins with
            if (member := self.members.get(f"{kind}{channel[1:]}")) is not None:
                return member
        raise Refusal("channel_not_found")

    def message(self, channel: str, ts: str) -> Message:
        for message in self.messages:
            if message.channel == channel and message.ts == ts:
                return message
        raise Refusal("message_not_found")

    def view(self, view_id: str) -> View:
        """An open modal or a published Home by its id, or Slack's `not_found`."""
        for view in (*self.homes.values(), *(view for stack in self.modals.values() for view in stack)):
            if view.view_id == view_id:
                return view
        raise Refusal("not_found")

    def add(self, message: Message, *, method: str) -> None:
        """Show a message: to the one member it is for, or to the member whose channel it is in."""
        with self.lock:
            if message.by == "app":
                self._write_down(message, method)
            self.messages.append(message)
            self.changed()

    def rewrite(self, message: Message, *, text: str, blocks: list[Json], method: str) -> None:
        """Replace what a message says."""
        with self.lock:
            message.text, message.blocks, message.edited = text, blocks, True
            self._write_down(message, method, surface="update")
            self.changed()

    def remove(self, message: Message, *, method: str) -> None:
        with self.lock:
            self._write_down(message, method, surface="delete")
            self.messages.remove(message)
            self.changed()

    def banner(self, user_id: str, text: str) -> None:
        """Tell a member what Slack itself would say, such as that the app did not answer in time."""
        message = Message(self.next_ts(), self.dm_of(user_id), "slack", text, only_for=user_id)
        with self.lock:
            self._write_down(message, "slack", surface="banner")
            self.messages.append(message)
            self.changed()

    def note(self, text: str) -> None:
        """Add a line to what the page lists under "What happened"."""
        with self.lock:
            self.notes.append(text)
            self.changed()

    def visible_to(self, user_id: str) -> list[Message]:
        """The messages that this member sees, oldest first."""
        own = self.dm_of(user_id)
        return [m for m in self.messages if m.channel == own and m.only_for in (None, user_id)]

    def changed(self) -> None:
        self.version += 1
        self._news.notify_all()

    def tell_news(self) -> None:
        """Wake up whoever waits, when something changed beside the workspace's own data."""
        with self.lock:
            self.changed()

    def wait_for_news(self, after: int, timeout_s: float) -> int:
        """Return the version as soon as it is not `after`, or when the time is up, or when the playground closes."""
        with self.lock:
            self._news.wait_for(lambda: self.version != after or self.is_closed, timeout_s)
            return self.version

    def close(self) -> None:
        with self.lock:
            self.is_closed = True
            self._news.notify_all()

    def _write_down(self, message: Message, method: str, surface: str | None = None) -> None:
        place = "in_channel" if message.in_channel else "ephemeral" if message.only_for else "dm"
        self.journal.write(
            at=self.now(),
            to=message.only_for or self.owner_of(message.channel).slack_id,
            surface=surface or ("file" if message.files else place),
            method=method,
            text="\n".join([message.text, *(self.files[file_id].title for file_id in message.files)]).strip(),
            blocks=message.blocks,
            channel=message.channel,
            ts=message.ts,
            metadata=message.metadata,
        )


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with the ids that Slack adds where the app gave none."""
    return [{"block_id": secrets.token_hex(3), **block} for block in blocks]
