"""Keeps what was used and what came out of it, each row with the source that said so. Nothing is merged across sources.

Called by `jobs/import_files.py` and `jobs/collect.py`. Next: `jobs/detect.py`, which has it summed and judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.domain.outcomes import OutcomeRecord
from bot.domain.people import IdentitySource
from bot.domain.usage import API_KEY_SUBJECT, Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up
from bot.store import identities
from bot.store.batches import Saved, chunks, drop_same, merge
from bot.store.tables import IdentityRow, OutcomeRow, SessionFactsRow, UsageDayRow

_COUNTERS = tuple(Counters.__dataclass_fields__)
_SESSION_COUNTERS = tuple(name for name in _COUNTERS if hasattr(SessionFactsRow, name))


def replace_days(
    session: Session, *, source: str, tool: str, days: Collection[date], rows: Iterable[UsageRow], now: datetime
) -> Saved:
    """Make `rows` all that `source` says of `tool` on `days`: a revised day may lose rows too (connectors).

    Rows with the same subject and model on a day are added up. A row outside `tool` or `days` is a ValueError.
    """
    keys = UsageDayRow.source == source, UsageDayRow.tool == tool
    wanted = add_up(rows)
    if any(row.tool != tool or row.day not in days for row in wanted):
        raise ValueError("a row lies outside the tool and the days that are being replaced")
    for batch in chunks(sorted(days)):
        gone = delete(UsageDayRow).where(*keys, UsageDayRow.day.in_(batch))
        session.execute(gone.execution_options(synchronize_session=False))
    return merge_rows(session, source=source, rows=wanted, now=now)


def merge_rows(session: Session, *, source: str, rows: Iterable[UsageRow], now: datetime) -> Saved:
    """Keep `rows`; those with the same subject, day, tool and model are replaced, nothing else is touched (files).

    No key may come twice (`add_up` sees to that). A subject whom nobody knows keeps a row of nobody, which
    `save_people` hands over as soon as somebody has that address; such subjects come back as `unmapped`.
    """
    saved = Saved()
    for batch in chunks(rows):
        people = _owners(session, {row.subject for row in batch}, now=now)
        kept = [_usage_day(source, row, people[row.subject], now) for row in batch]
        saved = saved.plus(merge(session, UsageDayRow, kept, ignore=frozenset({"fetched_at"})))
        saved = saved.plus(Saved(unmapped=tuple(sorted(subject for subject, owner in people.items() if owner is None))))
    return saved


def save_sessions(session: Session, *, source: str, sessions: Iterable[SessionFacts], now: datetime) -> Saved:
    """Keep the counters of AI sessions; the same session, day, subject, tool and model is replaced."""
    saved = Saved()
    for batch in chunks(sessions):
        people = _owners(session, {facts.subject for facts in batch}, now=now)
        kept = [_session_facts(source, facts, people[facts.subject]) for facts in batch]
        saved = saved.plus(merge(session, SessionFactsRow, kept))
    return saved


def forget_utc_days(
    session: Session, *, source: str, days: Iterable[UsageRow], sessions: Iterable[SessionFacts], now: datetime
) -> None:
    """Drop days and session facts that are kept exactly as given: they were put on a UTC day for want of a time zone.

    Now that the same events lie on a local day, the row on the UTC day would count them a second time. A row that
    differs in any figure is another file's word and stays.
    """
    days_kept = (_usage_day(source, row, None, now) for row in days)
    drop_same(session, UsageDayRow, days_kept, ignore=frozenset({"fetched_at", "person_id"}))
    facts_kept = (_session_facts(source, facts, None) for facts in sessions)
    drop_same(session, SessionFactsRow, facts_kept, ignore=frozenset({"person_id"}))


def save_outcomes(session: Session, *, source: str, outcomes: Sequence[OutcomeRecord]) -> Saved:
    """Keep finished work; the same kind, ref and person is replaced. Addresses of nobody come back as `unmapped`."""
    ids = identities.resolve(session, source=IdentitySource.EMAIL, ids={outcome.email for outcome in outcomes})
    rows = [_outcome(source, outcome, ids[outcome.email]) for outcome in outcomes if outcome.email in ids]
    unmapped = tuple(outcome.email for outcome in outcomes if outcome.email not in ids)
    return merge(session, OutcomeRow, rows).plus(Saved(unmapped=unmapped))


def unmapped(session: Session) -> dict[IdentitySource, int]:
    """How many ids of each kind belong to nobody we know."""
    rows = (
        select(IdentityRow.source, func.count())
        .where(IdentityRow.person_id.is_(None))
        .group_by(IdentityRow.source)
        .order_by(IdentityRow.source)
    )
    return {IdentitySource(source): count for source, count in session.execute(rows)}


def _owners(session: Session, subjects: Collection[str], *, now: datetime) -> dict[str, int | None]:
    """Whose each subject is. A subject never seen before is noted as nobody's, and asked about once more: a roster that
    came in meanwhile, and saw no rows to hand over yet, must not leave them nobody's for good (P12).
    """
    found: dict[str, int | None] = {}
    for source in (IdentitySource.EMAIL, IdentitySource.API_KEY_NAME):
        kept = {subject: identities.normal(source, subject) for subject in subjects if _source_of(subject) is source}
        known = identities.owners(session, source=source, ids=set(kept.values()))
        new = set(kept.values()) - known.keys()
        identities.note_unmapped(session, source=source, ids=new, now=now)
        known |= identities.owners(session, source=source, ids=new)
        found |= {subject: known.get(normal) for subject, normal in kept.items()}
    return found


def _source_of(subject: str) -> IdentitySource:
    is_address = "@" in subject and not subject.startswith(API_KEY_SUBJECT)
    return IdentitySource.EMAIL if is_address else IdentitySource.API_KEY_NAME


def _usage_day(source: str, row: UsageRow, person_id: int | None, now: datetime) -> Mapping[str, Any]:
    return {
        "source": source,
        "day": row.day,
        "subject": identities.subject_key(_source_of(row.subject), row.subject),
        "tool": row.tool,
        "model": row.model,
        "person_id": person_id,
        **{name: getattr(row.counters, name) for name in _COUNTERS},
        "priced": row.priced,
        "fetched_at": now,
    }


def _session_facts(source: str, facts: SessionFacts, person_id: int | None) -> Mapping[str, Any]:
    return {
        "source": source,
        "session_key": facts.session_key,
        "day": facts.day,
        "subject": identities.subject_key(_source_of(facts.subject), facts.subject),
        "tool": facts.tool,
        "model": facts.model,
        "person_id": person_id,
        **{name: getattr(facts.counters, name) for name in _SESSION_COUNTERS},
    }


def _outcome(source: str, outcome: OutcomeRecord, person_id: int) -> Mapping[str, Any]:
    return {
        "source": source,
        "kind": outcome.kind.value,
        "ref": outcome.ref,
        "person_id": person_id,
        "at": outcome.at,
        "lines_added": outcome.lines_added,
        "lines_removed": outcome.lines_removed,
        "ai_assisted": outcome.ai_assisted,
    }
