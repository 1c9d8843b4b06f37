"""The workspace's clock: it runs with the clock it is given, and its hands can be turned by whoever plays.

Message times and the age of a response URL follow it. Slack's three seconds are always real seconds.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.clock import Clock, HandClock

_MORNING = time(10, 0)


class Hands:
    """A clock over another one. A HandClock is turned itself, so that whoever shares it sees the same time."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._ahead = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._base.now() + self._ahead

    def turn_to(self, moment: datetime) -> None:
        """Put the hands at `moment`, which has a time zone."""
        if isinstance(self._base, HandClock):
            self._base.set(moment)
        else:
            with self._lock:
                self._ahead = moment.astimezone(UTC) - self._base.now()


def next_working_morning(now: datetime, timezone: str) -> datetime:
    """10:00 of the next Monday to Friday in that time zone, as UTC."""
    local = now.astimezone(ZoneInfo(timezone))
    day = local.date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, _MORNING, ZoneInfo(timezone)).astimezone(UTC)
