"""Writes an invented company straight into a store, by the shortest way: what importing it would leave there.

Used by the evidence for docs/evidence/judgement.md and by benchmarks/detect.py. Rows go in as they are, so that a large
company takes seconds; people, seats, leave, coverage and outcomes go through the functions of the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from bot.domain.people import IdentitySource, identity_of
from bot.domain.usage import CoverageStatus, SessionFacts, UsageRow
from bot.sources.invented.company import Account, InventedCompany, Reality, absences_of, roster_line
from bot.sources.invented.workforce import HISTORY_DAYS
from bot.store import coverage, identities, outcomes, people, source_runs, usage
from bot.store.batches import chunks, table_of
from bot.store.database import Session, Store
from bot.store.tables import UsageDayRow

CHUNK_PEOPLE = 1_000


def keep(store: Store, company: InventedCompany, *, with_outcomes: bool = True) -> dict[int, Reality]:
    """Everybody and all that is said of them; returns the truth by person number."""
    realities: dict[int, Reality] = {}
    for _ids, some in fill(store, company, with_outcomes=with_outcomes):
        realities |= some
    return realities


def fill(
    store: Store, company: InventedCompany, *, with_outcomes: bool = True
) -> Iterator[tuple[int, dict[int, Reality]]]:
    """The same a thousand people at a time, for companies too large to hold; gives the number of rows of each."""
    with store.begin() as session:
        for account in company.accounts:
            _open(session, company, account)
        source_runs.note_source(session, name="machines", kind="otlp", lag_days=0, lists_members=False)
    for some in chunks(company.people(), CHUNK_PEOPLE):
        with store.begin() as session:
            yield _keep_some(session, company, some, with_outcomes)


def _keep_some(
    session: Session, company: InventedCompany, some: list[Reality], with_outcomes: bool
) -> tuple[int, dict[int, Reality]]:
    now = company.now
    people.save_people(session, records=[roster_line(one.worker) for one in some], now=now)
    people.save_seats(session, seats=[seat for one in some for seat in one.worker.seats])
    people.save_absences(session, absences=[away for one in some for away in absences_of(one.worker)])
    ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[one.worker.email for one in some])
    rows = [said for one in some for said in company.reported(one)]
    _keep_rows(session, company, rows, ids)
    _cover(session, company, some, ids)
    facts: dict[str, list[SessionFacts]] = defaultdict(list)
    for one in some:
        for source, fact in company.sessions(one):
            facts[source].append(fact)
    for source, told in facts.items():
        usage.save_sessions(session, source=source, sessions=told, now=now)
    if with_outcomes:
        finished = (done for one in some for done in company.outcomes(one))
        outcomes.save(session, source="code-host", outcomes=finished, now=now)
    return len(rows), {ids[one.worker.email]: one for one in some}


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


def _keep_rows(
    session: Session, company: InventedCompany, rows: Iterable[tuple[Account, UsageRow]], ids: dict[str, int]
) -> None:
    values = []
    keys: dict[str, str] = {}
    strangers: dict[IdentitySource, set[str]] = defaultdict(set)
    for account, row in rows:
        if row.subject not in keys:
            source, external_id = identity_of(row.subject)
            keys[row.subject] = identities.subject_key(source, external_id)
            if row.subject not in ids:
                strangers[source].add(external_id)
        values.append(_values(company, account, row, keys[row.subject], ids.get(row.subject)))
    for source, found in strangers.items():
        identities.note_unmapped(session, source=source, ids=found, now=company.now)
    for batch in chunks(values, 20_000):
        session.connection().execute(table_of(UsageDayRow).insert(), batch)


def _values(
    company: InventedCompany, account: Account, row: UsageRow, key: str, person_id: int | None
) -> dict[str, Any]:
    return {
        "source": account.name,
        "day": row.day,
        "subject": key,
        "tool": row.tool,
        "model": row.model,
        "person_id": person_id,
        **vars(row.counters),
        "priced": row.priced,
        "active": row.is_active,
        "fetched_at": company.now,
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
