"""Writes an invented company straight into a store, by the shortest way: what importing it would leave there.

Used by the evidence for docs/evidence/judgement.md and by benchmarks/detect.py. Rows go in as they are, so that a large
company takes seconds; people, seats, leave, coverage and outcomes go through the functions of the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.domain.people import IdentitySource, identity_of
from bot.domain.usage import CoverageStatus, SessionFacts, UsageRow
from bot.sources.invented.company import Account, InventedCompany, Reality, absences_of, roster_line
from bot.sources.invented.workforce import HISTORY_DAYS
from bot.store import coverage, identities, outcomes, people, source_runs, usage
from bot.store.batches import chunks, table_of
from bot.store.database import Session, Store
from bot.store.pseudonyms import subject_key
from bot.store.tables import UsageDayRow

CHUNK_PEOPLE = 1_000


def keep(store: Store, company: InventedCompany) -> dict[int, Reality]:
    """Everybody and all that is said of them; returns the truth by person number."""
    realities: dict[int, Reality] = {}
    for some in fill(store, company):
        realities |= some
    return realities


def keep_in_parts(store: Store, company: InventedCompany, *, first_day: date) -> None:
    """The same for companies too large to hold, with rows from `first_day` on."""
    for _ in fill(store, company, first_day=first_day):
        pass


def fill(store: Store, company: InventedCompany, *, first_day: date = date.min) -> Iterator[dict[int, Reality]]:
    """A thousand people at a time."""
    with store.begin() as session:
        for account in company.accounts:
            _open(session, company, account)
        source_runs.note_source(session, name="machines", kind="otlp", lag_days=0, lists_members=False)
    for some in chunks(company.people(), CHUNK_PEOPLE):
        with store.begin() as session:
            yield _keep_some(session, company, some, first_day)


def _keep_some(session: Session, company: InventedCompany, some: list[Reality], first_day: date) -> dict[int, Reality]:
    now = company.now
    people.save_people(session, records=[roster_line(one.worker) for one in some], now=now)
    people.save_seats(session, seats=[seat for one in some for seat in one.worker.seats])
    people.save_absences(session, absences=[away for one in some for away in absences_of(one.worker)])
    ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[one.worker.email for one in some])
    rows = [(account.name, row) for one in some for account, row in company.reported(one) if row.day >= first_day]
    keep_rows(session, rows, ids, now)
    _cover(session, company, some, ids)
    facts: dict[str, list[SessionFacts]] = defaultdict(list)
    for one in some:
        for source, fact in company.sessions(one):
            facts[source].append(fact)
    for source, told in facts.items():
        usage.save_sessions(session, source=source, sessions=told, now=now)
    finished = (done for one in some for done in company.outcomes(one))
    outcomes.save(session, source="code-host", outcomes=finished, now=now)
    return {ids[one.worker.email]: one for one in some}


def _open(session: Session, company: InventedCompany, account: Account) -> None:
    source_runs.note_source(
        session,
        name=account.name,
        kind=account.kind,
        lag_days=account.lag_days,
        lists_members=account.lists_members,
    )
    days = [company.last_day - timedelta(days=back) for back in range(HISTORY_DAYS)]
    for status in CoverageStatus:
        these = [day for day in days if account.status(day, company.last_day) is status]
        reason = None if status is CoverageStatus.COVERED else "invented"
        coverage.mark(
            session,
            source=account.name,
            tool=account.tool,
            days=these,
            status=status,
            reason=reason,
            as_of=company.now,
        )


def keep_rows(session: Session, rows: Iterable[tuple[str, UsageRow]], ids: Mapping[str, int], now: datetime) -> None:
    """Put usage rows, each with the name of its source, into the store as they are."""
    values = []
    keys: dict[str, str] = {}
    strangers: dict[IdentitySource, set[str]] = defaultdict(set)
    for source_name, row in rows:
        if row.subject not in keys:
            source, external_id = identity_of(row.subject)
            keys[row.subject] = subject_key(session, source, external_id)
            if row.subject not in ids:
                strangers[source].add(external_id)
        values.append(_values(source_name, row, keys[row.subject], ids.get(row.subject), now))
    for source, found in strangers.items():
        identities.note_unmapped(session, source=source, ids=found, now=now)
    for batch in chunks(values, 20_000):
        session.connection().execute(table_of(UsageDayRow).insert(), batch)


def _values(source: str, row: UsageRow, key: str, person_id: int | None, now: datetime) -> dict[str, Any]:
    return {
        "source": source,
        "day": row.day,
        "subject": key,
        "tool": row.tool,
        "model": row.model,
        "person_id": person_id,
        **vars(row.counters),
        "priced": row.priced,
        "active": row.is_active,
        "fetched_at": now,
    }


def _cover(session: Session, company: InventedCompany, some: list[Reality], ids: dict[str, int]) -> None:
    covered: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in some:
        for tool, account in company.covered_tools(one.worker).items():
            covered[account.name, tool].append(ids[one.worker.email])
    first_day = company.last_day - timedelta(days=HISTORY_DAYS)
    for (source, tool), person_ids in covered.items():
        coverage.cover_people(
            session, source=source, tool=tool, person_ids=person_ids, first_day=first_day, last_day=None
        )
