"""What one pushed data point or log record adds to what somebody used: the words between a tool's telemetry and a day.

Pure values. Made by `bot/sources/otlp/`, kept by `bot/store/pushed.py`. Next: `jobs/receive.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.sessions import SessionEvent
from bot.domain.usage import Counters


@dataclass(frozen=True)
class Whose:
    """Who a push says it is about, in the order in which it is believed; each a subject (`people.subject`) or None.

    `account` is an id of the vendor's, `declared` what the company set on the machine. An id of an installation is none
    of these: a machine is not a person.
    """

    email: str | None = None
    account: str | None = None
    declared: str | None = None


@dataclass(frozen=True)
class Total:
    """A counter that is pushed as a running total since its process began: only its growth counts.

    `measure` is the field of `Counters` that it counts. Another start is another series. `started_at` is None where the
    sender does not say it.
    """

    series_key: str
    measure: str
    value: int
    started_at: datetime | None


@dataclass(frozen=True)
class Increment:
    """What one point or record adds. `point_key` is a hash: the same one again is the same batch, sent again.

    `counters` is what it adds by itself, empty where `total` says it. `list_priced` where the tool tells tokens and no
    money. `session_key` is a hash too, and `events` is what happened in that session.
    """

    point_key: str
    at: datetime
    whose: Whose
    tool: str
    model: str
    counters: Counters = field(default_factory=Counters)
    total: Total | None = None
    list_priced: bool = False
    session_key: str | None = None
    events: tuple[SessionEvent, ...] = ()
