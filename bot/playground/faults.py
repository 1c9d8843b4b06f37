"""What can go wrong between the bot and Slack, ordered in advance and used up in order, a queue for each method.

Tests and the page's fault menu order them through `bot/playground/control.py`; `bot/playground/front.py` carries
them out. `*` stands for every method.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a call goes wrong. BEFORE means Slack did not take it; AFTER means it did, and the caller is not told."""

    DROP_BEFORE = "drop_before"  # the connection is closed, nothing was accepted
    DROP_AFTER = "drop_after"  # accepted (and in the journal), then the connection is closed without an answer
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After: `retry_after_s`; nothing was accepted
    SERVER_ERROR_BEFORE = "server_error_before"  # `status` with an HTML body; nothing was accepted
    SERVER_ERROR_AFTER = "server_error_after"  # accepted, then `status` with an HTML body
    SLOW = "slow"  # accepted at once, answered after `wait_s`
    REFUSED = "refused"  # 200 with ok: false and `error`; nothing was accepted
    FREEZE_BEFORE = "freeze_before"  # held until `Faults.release()`, then taken as usual
    FREEZE_AFTER = "freeze_after"  # accepted, the answer is held until `Faults.release()`
    KILL_BEFORE = "kill_before"  # SIGKILL to `pid` before the call is taken; it is never taken
    KILL_AFTER = "kill_after"  # accepted, then SIGKILL to `pid`


@dataclass(frozen=True)
class Fault:
    """One call that will go wrong."""

    kind: Kind
    retry_after_s: int = 1
    status: int = 500
    wait_s: float = 1.0
    error: str = "internal_error"
    pid: int = 0


class Faults:
    """The ordered faults. Safe for many threads."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._thawed = threading.Event()

    def inject(
        self,
        method: str,
        kind: Kind | str,
        *,
        times: int = 1,
        retry_after_s: int = 1,
        status: int = 500,
        wait_s: float = 1.0,
        error: str = "internal_error",
        pid: int = 0,
    ) -> None:
        """Let the next `times` calls of `method` go wrong in this way, after those already ordered."""
        fault = Fault(Kind(kind), retry_after_s, status, wait_s, error, pid)
        with self._lock:
            if fault.kind in (Kind.FREEZE_BEFORE, Kind.FREEZE_AFTER):
                self._thawed.clear()
            self._queues[method].extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The fault for this call, used up; the method's own queue goes before `*`."""
        with self._lock:
            for name in (method, "*"):
                if self._queues[name]:
                    return self._queues[name].popleft()
        return None

    def waiting(self) -> dict[str, list[str]]:
        """What is still ordered, by method."""
        with self._lock:
            return {name: [fault.kind.value for fault in queue] for name, queue in self._queues.items() if queue}

    def clear(self) -> None:
        """Forget everything that is still ordered, and let frozen calls go on."""
        with self._lock:
            self._queues.clear()
        self.release()

    def release(self) -> None:
        """Let frozen calls go on."""
        self._thawed.set()

    def hold(self) -> None:
        """Wait until `release()`."""
        self._thawed.wait()
