"""The shapes that connectors share: a window in; rows, coverage and freshness out.

A connector is a value, not a class to inherit from; `bot/sources/catalogue.py` lists them. What it brings says which
shape it has: usage, outcomes, people or days away. Next: `jobs/collect.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

import httpx

from bot.domain.outcomes import OutcomeRecord
from bot.domain.roster import AbsenceRecord, Member, PersonRecord
from bot.domain.usage import CoverageStatus, UsageRow
from bot.settings import SourceConfig
from bot.sources.http import Wait


@dataclass(frozen=True)
class Access:
    """An open way to one source: a client that carries its key, what the settings say of it, and the moment."""

    client: httpx.Client
    source: SourceConfig
    now: datetime
    wait: Wait


@dataclass(frozen=True)
class SourceDay:
    """All that a source says of one UTC day. COVERED is final; PENDING may still grow, `reason` says why.

    `billed_microusd` is what the source says it charged the company for the day as a whole, where it says so apart from
    the rows.
    """

    day: date
    rows: tuple[UsageRow, ...]
    status: CoverageStatus
    reason: str | None = None
    billed_microusd: int | None = None


def finality(access: Access, day: date, final_after: timedelta, why_pending: str) -> tuple[CoverageStatus, str | None]:
    """COVERED once `final_after` has passed since the end of `day`, else PENDING and why."""
    end_of_day = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    is_final = end_of_day + final_after <= access.now
    return (CoverageStatus.COVERED, None) if is_final else (CoverageStatus.PENDING, why_pending)


class Proof(StrEnum):
    """For whom a source's silence can prove a zero (docs/why/unknown.md). DECLARED is what the settings' `covers` says;
    LISTED are the members whom the source itself lists as `covered`.
    """

    NOBODY = "nobody"
    DECLARED = "declared"
    LISTED = "listed"
    DECLARED_AND_LISTED = "declared and listed"


class FetchDay(Protocol):
    """Reads one whole day, or raises SourceError: there is no half day."""

    def __call__(self, access: Access, *, day: date) -> SourceDay: ...


class FetchMembers(Protocol):
    """Everybody whom the source lists as having access today, or SourceError."""

    def __call__(self, access: Access) -> Iterable[Member]: ...


class FetchOutcomes(Protocol):
    """All that was finished from `first` to `last` (UTC days, both included), or SourceError."""

    def __call__(self, access: Access, *, first: date, last: date) -> Iterable[OutcomeRecord]: ...


class FetchPeople(Protocol):
    """Everybody who works here, managers by their address, or SourceError."""

    def __call__(self, access: Access) -> Iterable[PersonRecord]: ...


class FetchAbsences(Protocol):
    """All days away that touch `first` to `last`, both included, or SourceError."""

    def __call__(self, access: Access, *, first: date, last: date) -> Iterable[AbsenceRecord]: ...


class Headers(Protocol):
    """What to send with every request, given the key."""

    def __call__(self, api_key: str) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class UsageConnector:
    """One kind of source of AI use. Its rows may name other tools than `tools`; only of those can it prove a zero.

    The last `repull_days` before today are read again each time: their rows may still change. `lag_days`: a day is
    finished so many days after its end, and nobody is judged on a window that ends later. `needs` names the keys of a
    `[[source]]` that must be there besides the key.
    """

    kind: str
    tools: tuple[str, ...]
    base_url: str | None
    headers: Headers
    fetch_day: FetchDay
    repull_days: int
    proof: Proof
    lag_days: int = 0
    fetch_members: FetchMembers | None = None
    needs: tuple[str, ...] = ()
    needs_key: bool = True


@dataclass(frozen=True)
class OutcomeConnector:
    """One kind of source of finished work. The last `repull_days` are read again each time and replaced whole."""

    kind: str
    base_url: str | None
    headers: Headers
    fetch_outcomes: FetchOutcomes
    repull_days: int
    needs: tuple[str, ...] = ()
    needs_key: bool = True


@dataclass(frozen=True)
class RosterConnector:
    """One kind of source of people. `columns` names the fields of a PersonRecord that it speaks about."""

    kind: str
    base_url: str | None
    headers: Headers
    fetch_people: FetchPeople
    columns: frozenset[str]
    needs: tuple[str, ...] = ()
    needs_key: bool = True


@dataclass(frozen=True)
class LeaveConnector:
    """One kind of source of days away; what it no longer says is taken back."""

    kind: str
    base_url: str | None
    headers: Headers
    fetch_absences: FetchAbsences
    needs: tuple[str, ...] = ()
    needs_key: bool = True


Connector = UsageConnector | OutcomeConnector | RosterConnector | LeaveConnector
