"""How the data are doing, as counts and days: no person, no figure of a person. Asked by `bot/source_checks.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.store.identities import UNMAPPED
from bot.store.tables import CoverageRow, IdentityRow, PersonRow, SourceRow, SourceRunRow


@dataclass(frozen=True)
class LastRun:
    """How the last attempt to read a source ended."""

    source: str
    status: str
    started_at: datetime
    message: str | None


@dataclass(frozen=True)
class Reach:
    """What a source has said of its days since a given one."""

    source: str
    tool: str
    days_by_status: dict[str, int]
    last_covered_on: date | None
    lag_days: int


def people_counts(session: Session) -> tuple[int, int]:
    """How many people there are, and how many of them have a Slack account tied to them."""
    everybody = session.scalar(select(func.count()).select_from(PersonRow)) or 0
    reachable = session.scalar(
        select(func.count(IdentityRow.person_id.distinct())).where(IdentityRow.source == IdentitySource.SLACK.value)
    )
    return everybody, reachable or 0


def last_runs(session: Session) -> list[LastRun]:
    """The newest attempt of each source, by name."""
    newest = select(func.max(SourceRunRow.source_run_id)).group_by(SourceRunRow.source)
    rows = session.scalars(
        select(SourceRunRow).where(SourceRunRow.source_run_id.in_(newest)).order_by(SourceRunRow.source)
    )
    return [LastRun(row.source, row.status, row.started_at, row.message) for row in rows]


def reaches(session: Session, *, since: date) -> list[Reach]:
    """Each source and tool with what it said of the days since `since`."""
    rows = session.execute(
        select(CoverageRow.source, CoverageRow.tool, CoverageRow.status, func.count(), func.max(CoverageRow.day))
        .where(CoverageRow.day >= since)
        .group_by(CoverageRow.source, CoverageRow.tool, CoverageRow.status)
        .order_by(CoverageRow.source, CoverageRow.tool, CoverageRow.status)
    )
    counts: dict[tuple[str, str], dict[str, int]] = {}
    last: dict[tuple[str, str], date] = {}
    for source, tool, status, days, last_day in rows:
        counts.setdefault((source, tool), {})[status] = days
        if status == "covered":
            last[source, tool] = last_day
    lags = dict(session.execute(select(SourceRow.name, SourceRow.lag_days)).all())
    return [
        Reach(source, tool, days, last.get((source, tool)), lags.get(source, 0))
        for (source, tool), days in counts.items()
    ]


def unmapped_counts(session: Session) -> dict[str, int]:
    """How many ids of each naming belong to nobody we know, and nobody said that they are nobody's."""
    rows = (
        select(IdentityRow.source, func.count())
        .where(IdentityRow.person_id.is_(None), IdentityRow.method == UNMAPPED)
        .group_by(IdentityRow.source)
        .order_by(IdentityRow.source)
    )
    return dict(session.execute(rows).all())
