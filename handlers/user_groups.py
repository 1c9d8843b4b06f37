"""Members of Slack user groups, asked of Slack when they are needed and remembered for two minutes.

One for the whole process, in `handlers/desk.py`. While Slack cannot be asked, what it said within the last hour stands:
a lead who wants to stop everything must not wait for it. A group that Slack refuses to tell has no members, and
whoever's role hangs on it has none. The log says why, without an id. Called by `handlers/roles.py`. Next:
`handlers/roles.py`.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from bot.errors import SlackError, SlackRefused
from bot.log import EventLog
from bot.slack import Slack

REMEMBERED_FOR = timedelta(minutes=2)
STANDS_FOR = timedelta(hours=1)
"""While Slack cannot be asked."""

_log = EventLog("roles")


class UserGroups:
    """What Slack last said of each group. Safe for many threads."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def members(self, slack: Slack, group_id: str, *, now: datetime) -> frozenset[str]:
        """The Slack ids in this group; empty when Slack refuses or cannot be asked."""
        with self._lock:
            asked_at, members = self._told.get(group_id, (None, frozenset[str]()))
        if asked_at is not None and timedelta(0) <= now - asked_at < REMEMBERED_FOR:
            return members
        try:
            members = slack.group_members(group_id)
        except SlackError as error:
            _log.warning("roles.group_not_told", reason=error.reason)
            if not isinstance(error, SlackRefused):
                return members if asked_at is not None and timedelta(0) <= now - asked_at < STANDS_FOR else frozenset()
            members = frozenset()
        with self._lock:
            self._told[group_id] = (now, members)
        return members
