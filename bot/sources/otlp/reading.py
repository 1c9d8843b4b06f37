"""One pushed point or record as the tools' files see it, and how they take a value out of it.

By the time a `Reading` exists, everything that its tool does not ask for by name is gone: there is a list of what may
come in, and none of what may not (P13). Next: `bot/sources/otlp/claude_code.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from hashlib import sha256

from bot.domain.increments import Increment, Total, Whose
from bot.domain.people import IdentitySource, subject
from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import Counters

Plain = str | int | float | bool

LARGEST_COUNT = 2**53
"""What a running total can hold exactly; nothing that one person does in a week comes near it."""
WHO = frozenset({"user.email", "user.account_id", "enduser.id"})
UNKNOWN_MODEL = "unknown"

_ADDRESS = re.compile(r"[^@\s]{1,100}@[^@\s]{1,150}")
_ID = re.compile(r"[\w.:/@+|-]{1,150}")
_MODEL = re.compile(r"[\w.:/@+\[\]-]{1,120}")
_LEVEL = re.compile(r"[\w-]{1,20}")
_DIGITS = re.compile(r"\d{1,16}")
_MICRO = 1_000_000


@dataclass(frozen=True)
class Reading:
    """A point of a monotonic sum (`value` is a number) or a log record (`value` is None)."""

    name: str
    key: str
    at: datetime
    attributes: Mapping[str, Plain]
    value: int | float | None = None
    series_key: str | None = None
    """Set for a running total, None for a delta."""
    started_at: datetime | None = None


@dataclass(frozen=True)
class Tool:
    """What one tool pushes: which metrics and events are read, which attributes of them, and what they add."""

    name: str
    service: str
    """How its `service.name` begins, for records that carry a short event name only."""
    metrics: frozenset[str]
    events: frozenset[str]
    attributes: frozenset[str]
    shown: frozenset[EventKind]
    """The kinds of session events that it can tell of at all (P12)."""
    read: Callable[[Reading], Increment | None]


def whose(reading: Reading, accounts: IdentitySource | None) -> Whose:
    """Who the reading says it is about. `accounts` is whose naming `user.account_id` follows."""
    email = _matching(reading, "user.email", _ADDRESS)
    account = _matching(reading, "user.account_id", _ID) if accounts else None
    declared = _matching(reading, "enduser.id", _ID)
    return Whose(
        email=subject(IdentitySource.EMAIL, email.casefold()) if email else None,
        account=subject(accounts, account) if accounts and account else None,
        declared=_declared(declared) if declared else None,
    )


def model(reading: Reading, name: str = "model") -> str:
    """The model's name; UNKNOWN_MODEL when there is none, or something that cannot be one."""
    return _matching(reading, name, _MODEL) or UNKNOWN_MODEL


def level(reading: Reading, name: str) -> str:
    """A short name of a setting, such as "high"; empty when there is none, or something that cannot be one."""
    return _matching(reading, name, _LEVEL) or ""


def word(reading: Reading, name: str) -> str:
    """A text to compare with known words, never to keep; empty when there is none."""
    value = reading.attributes.get(name)
    return value if isinstance(value, str) else ""


def is_true(reading: Reading, name: str) -> bool | None:
    """A yes or no, which the tools send as a boolean or as a word; None when it is neither."""
    value = reading.attributes.get(name)
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower())


def count(reading: Reading, name: str) -> int | None:
    """A whole number from 0 up, sent as a number or as a text; None when it is missing or none."""
    value = reading.attributes.get(name)
    if isinstance(value, str):
        value = int(value) if _DIGITS.fullmatch(value) else None
    if value is None or isinstance(value, bool) or not 0 <= value <= LARGEST_COUNT:
        return None
    return round(value)


def dollars(value: Plain | None) -> int | None:
    """An amount in dollars as micro-dollars; None when it is missing or none."""
    try:
        micro = Decimal(str(value)) * _MICRO
        rounded = int(micro.to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return rounded if 0 <= rounded <= LARGEST_COUNT else None


def counted(
    reading: Reading, *, tool: str, model_name: str, measure: str, value: int, accounts: IdentitySource | None
) -> Increment:
    """What a point of a counter adds to one measure: its value, or what its running total has grown by."""
    running = reading.series_key is not None
    return Increment(
        point_key=reading.key,
        at=reading.at,
        whose=whose(reading, accounts),
        tool=tool,
        model=model_name,
        counters=Counters() if running else Counters(**{measure: value}),
        total=Total(reading.series_key, measure, value, reading.started_at) if reading.series_key else None,
    )


def happened(
    reading: Reading,
    *,
    tool: str,
    model_name: str,
    counters: Counters,
    events: tuple[SessionEvent, ...],
    session: str,
    accounts: IdentitySource | None,
    list_priced: bool = False,
) -> Increment:
    """What a log record adds. `session` names the attribute that holds the session's id."""
    return Increment(
        point_key=reading.key,
        at=reading.at,
        whose=whose(reading, accounts),
        tool=tool,
        model=model_name,
        counters=counters,
        list_priced=list_priced,
        session_key=_session_key(tool, word(reading, session)),
        events=events,
    )


def _session_key(tool: str, session_id: str) -> str | None:
    return sha256(f"{tool}:{session_id}".encode()).hexdigest()[:32] if session_id else None


def _declared(name: str) -> str:
    address = _ADDRESS.fullmatch(name)
    return subject(IdentitySource.EMAIL, name.casefold()) if address else subject(IdentitySource.OTHER, name)


def _matching(reading: Reading, name: str, shape: re.Pattern[str]) -> str | None:
    text = word(reading, name).strip()
    return text if shape.fullmatch(text) else None
