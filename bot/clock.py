"""What time it is. The calendar's time comes from here; leases and pacing use the database's own clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is, as aware UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class HandClock:
    """A clock that stands still until it is set: for `--now`, the playground and the tests."""

    def __init__(self, now: datetime) -> None:
        self._lock = threading.Lock()
        self._now = _aware_utc(now)

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def set(self, now: datetime) -> None:
        """Put the hands at `now`, which must carry a time zone."""
        with self._lock:
            self._now = _aware_utc(now)


def _aware_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is ambiguous")
    return moment.astimezone(UTC)
