"""The shape that all connectors share: one day in, rows and the day's status out.

A connector is a value, not a class to inherit from; `bot/sources/catalogue.py` lists them. Next: `jobs/collect.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import httpx

from bot.domain.usage import CoverageStatus, UsageRow
from bot.sources.http import Wait

Client = httpx.Client
"""An open connection to one source, with its key: made by the catalogue, handed through by the jobs."""


@dataclass(frozen=True)
class SourceDay:
    """All that a source says of one UTC day. COVERED is final; PENDING may still grow, `reason` says why."""

    day: date
    rows: tuple[UsageRow, ...]
    status: CoverageStatus
    reason: str | None = None


class FetchDay(Protocol):
    """Reads one whole day, or raises SourceError: there is no half day."""

    def __call__(self, client: Client, *, day: date, now: datetime, wait: Wait) -> SourceDay: ...


class Headers(Protocol):
    """What to send with every request, given the key."""

    def __call__(self, api_key: str) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Connector:
    """One kind of source. The last `repull_days` before today are read again each time: their rows may still change."""

    kind: str
    tool: str
    base_url: str
    headers: Headers
    fetch_day: FetchDay
    repull_days: int
