"""Keeps what was used, each row with the source that said so. Nothing is merged across sources.

Called by `jobs/import_usage.py` and `jobs/collect_usage.py`. Next: `jobs/detect.py`, which has it summed and judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.domain.people import identity_of
from bot.domain.usage import Counters, SessionCounters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up
from bot.store import exclusions, identities
from bot.store.batches import BATCH_ROWS, Saved, Values, chunks, drop_same, merge
from bot.store.pseudonyms import subject_key
from bot.store.staging import STAGED_ROWS, merge_staged
from bot.store.tables import Base, SessionFactsRow, UsageDayRow

_COUNTERS = tuple(Counters.__dataclass_fields__)
_SESSION_COUNTERS = tuple(name for name in _COUNTERS if hasattr(SessionFactsRow, name))
_HAPPENED = tuple(SessionCounters.__dataclass_fields__)


def replace_day(session: Session, *, source: str, day: date, rows: Iterable[UsageRow], now: datetime) -> Saved:
    """Make `rows` all that `source` says of `day`: a revised day may lose rows too (connectors).

    Rows with the same subject, tool and model are added up. A row of another day is a ValueError.
    """
    wanted = add_up(rows)
    if any(row.day != day for row in wanted):
        raise ValueError("a row lies outside the day that is being replaced")
    gone = delete(UsageDayRow).where(UsageDayRow.source == source, UsageDayRow.day == day)
    session.execute(gone.execution_options(synchronize_session=False))
    return merge_rows(session, source=source, rows=wanted, now=now)


def people_on(session: Session, *, source: str, day: date) -> int:
    """How many people we know `source` named on `day`."""
    found = select(func.count(UsageDayRow.person_id.distinct())).where(
        UsageDayRow.source == source, UsageDayRow.day == day
    )
    return session.scalar(found) or 0


def last_day_named(session: Session, *, source: str, before: date) -> date | None:
    """The last day before `before` on which `source` named anybody whom we know; None when it never did."""
    named = (UsageDayRow.source == source, UsageDayRow.day < before, UsageDayRow.person_id.is_not(None))
    return session.scalar(select(func.max(UsageDayRow.day)).where(*named))


def merge_rows(session: Session, *, source: str, rows: Iterable[UsageRow], now: datetime) -> Saved:
    """Keep `rows`; those with the same subject, day, tool and model are replaced, nothing else is touched (files).

    No key may come twice (`add_up` sees to that). A subject whom nobody knows keeps a row of nobody, which
    `save_people` hands over as soon as somebody has that address; such subjects come back as `unmapped`.
    """
    saved = Saved()
    for batch in chunks(exclusions.without(session, rows), STAGED_ROWS):
        people = identities.owners_of(session, subjects={row.subject for row in batch}, now=now)
        kept = [_usage_day(session, source, row, people[row.subject], now) for row in batch]
        saved = saved.plus(_merge(session, UsageDayRow, kept, ignore=frozenset({"fetched_at"})))
        saved = saved.plus(Saved(unmapped=tuple(sorted(subject for subject, owner in people.items() if owner is None))))
    return saved


def save_sessions(session: Session, *, source: str, sessions: Iterable[SessionFacts], now: datetime) -> Saved:
    """Keep the counters of AI sessions; the same session, day, subject, tool and model is replaced."""
    saved = Saved()
    for batch in chunks(exclusions.without(session, sessions), STAGED_ROWS):
        people = identities.owners_of(session, subjects={facts.subject for facts in batch}, now=now)
        kept = [_session_facts(session, source, facts, people[facts.subject]) for facts in batch]
        saved = saved.plus(_merge(session, SessionFactsRow, kept))
    return saved


def forget_utc_days(
    session: Session, *, source: str, days: Iterable[UsageRow], sessions: Iterable[SessionFacts], now: datetime
) -> None:
    """Drop days and session facts that are kept exactly as given: they were put on a UTC day for want of a time zone.

    Now that the same events lie on a local day, the row on the UTC day would count them a second time. A row that
    differs in any figure is another file's word and stays.
    """
    days_kept = (_usage_day(session, source, row, None, now) for row in days)
    drop_same(session, UsageDayRow, days_kept, ignore=frozenset({"fetched_at", "person_id"}))
    facts_kept = (_session_facts(session, source, facts, None) for facts in sessions)
    drop_same(session, SessionFactsRow, facts_kept, ignore=frozenset({"person_id"}))


def _merge(
    session: Session, model: type[Base], rows: Sequence[Values], *, ignore: frozenset[str] = frozenset()
) -> Saved:
    """A day of a source goes in directly; for a large file a temporary table is worth its while."""
    write = merge if len(rows) <= BATCH_ROWS else merge_staged
    return write(session, model, rows, ignore=ignore)


def _usage_day(session: Session, source: str, row: UsageRow, person_id: int | None, now: datetime) -> Mapping[str, Any]:
    return {
        "source": source,
        "day": row.day,
        "subject": subject_key(session, *identity_of(row.subject)),
        "tool": row.tool,
        "model": row.model,
        "person_id": person_id,
        **{name: getattr(row.counters, name) for name in _COUNTERS},
        "priced": row.priced,
        "active": row.is_active,
        "fetched_at": now,
    }


def _session_facts(session: Session, source: str, facts: SessionFacts, person_id: int | None) -> Mapping[str, Any]:
    return {
        "source": source,
        "session_key": facts.session_key,
        "day": facts.day,
        "subject": subject_key(session, *identity_of(facts.subject)),
        "tool": facts.tool,
        "model": facts.model,
        "person_id": person_id,
        **{name: getattr(facts.counters, name) for name in _SESSION_COUNTERS},
        **{name: getattr(facts.happened, name) for name in _HAPPENED},
    }
