"""Slack's pace: how many calls a minute, and one message a second to a channel. Real time, never the moved clock.

Asked by `bot/playground/web_api.py` before a method runs.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

SECOND_S, MINUTE_S = 1.0, 60.0


@dataclass(frozen=True)
class Pace:
    """Calls allowed. `tiers` are calls a minute for each of Slack's tiers of methods; an absent one has no limit."""

    messages_per_s_channel: int | None = None
    messages_per_s_workspace: int | None = None
    messages_per_min_workspace: int | None = None
    tiers: dict[int, int] = field(default_factory=dict)


GENEROUS = Pace()
"""No limit: for the demo, in which nobody should wait."""

STRICT = Pace(messages_per_s_channel=1, messages_per_min_workspace=240, tiers={1: 1, 2: 20, 3: 50, 4: 100})
"""Slack's own: one message a second to a channel, a few hundred a minute to a workspace, tiers at their lower ends."""


class Rates:
    """Counts calls in sliding windows. Safe for many threads."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def method(self, name: str, tier: int | None) -> int:
        """0 when the call may go on (and is counted), else the seconds of Retry-After."""
        limit = self.pace.tiers.get(tier) if tier else None
        return self._ask([(name, limit, MINUTE_S)])

    def message(self, channel: str) -> int:
        """The same for a message to a channel: every window must have room, and only then are they counted."""
        return self._ask(
            [
                (f"channel {channel}", self.pace.messages_per_s_channel, SECOND_S),
                ("messages a second", self.pace.messages_per_s_workspace, SECOND_S),
                ("messages", self.pace.messages_per_min_workspace, MINUTE_S),
            ]
        )

    def _ask(self, windows: list[tuple[str, int | None, float]]) -> int:
        now_s = time.monotonic()
        with self._lock:
            waits = [self._wait_s(key, limit, window_s, now_s) for key, limit, window_s in windows]
            if any(waits):
                return math.ceil(max(waits))
            for key, limit, _ in windows:
                if limit is not None:
                    self._seen[key].append(now_s)
        return 0

    def _wait_s(self, key: str, limit: int | None, window_s: float, now_s: float) -> float:
        if limit is None:
            return 0.0
        seen = self._seen[key]
        while seen and seen[0] <= now_s - window_s:
            seen.popleft()
        return 0.0 if len(seen) < limit else max(seen[0] + window_s - now_s, 0.001)
