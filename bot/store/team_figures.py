"""What each person adds to their groups in one period: some fixed statements a batch of people, no person asked alone.

Everybody's figures are those of their own judged window, so that spend and findings belong together (P6).
Called by `jobs/snapshot.py`, which hands them on to be added up and protected. Next: `bot/domain/team_values.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from bot.domain.adoption import State
from bot.domain.check_in import Helped
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat
from bot.domain.results import OutcomeFact
from bot.domain.same_work import told_once
from bot.domain.team_values import UNTOLD, Figures
from bot.domain.teams import Stand
from bot.domain.told import Answer, Preferences
from bot.domain.usage import LOOKBACK_DAYS, WINDOW_DAYS, UsageWindow
from bot.domain.waste import SILENT_STATES, ledger
from bot.domain.waste.finding import Ledger
from bot.store import people, preferences, team_stays, windows
from bot.store.batches import chunks
from bot.store.tables import BasisRow, CheckInRow, FindingRow, OutcomeRow, PersonRow, SourceRow, StateRow
from bot.store.tables.people import works_here
from bot.store.types import start_of_day

BATCH_PEOPLE = 500
JUDGED_WITHIN_DAYS = 7
"""A conclusion that is older says nothing about this period."""
STILL_THERE_DAYS = 14
_COUNTED_LEDGERS = (Ledger.WASTED, Ledger.OPTIMIZABLE)


@dataclass(frozen=True)
class _Found:
    """What the findings of one person's window say, without the patterns that were meant."""

    microusd: Mapping[Ledger, int]
    patterns: frozenset[str]


@dataclass(frozen=True)
class _Judged:
    """What somebody was judged to be at the end of the period."""

    state: State
    last_day: date
    """The last day of the window that is told of."""
    is_settled: bool
    """Whether just this window was judged, so that a pattern that is not there was looked for."""

    @property
    def knows_money(self) -> bool:
        return self.is_settled and self.state not in SILENT_STATES


def is_judged(session: Session, *, last_day: date) -> bool:
    """Whether anybody was judged on a window that ends on this day, or as late as the sources in use may be."""
    lag_days = session.scalar(select(func.max(SourceRow.lag_days))) or 0
    newest = session.scalar(select(func.max(StateRow.last_day)))
    return newest is not None and newest >= last_day - timedelta(days=lag_days)


def stands(session: Session, *, on: date) -> dict[int, Stand]:
    """Where everybody stands who works here on that day. Two statements."""
    here = select(PersonRow.person_id).where(works_here(PersonRow, on))
    placed = team_stays.tree(session, on=on)
    told = {person_id: Stand(place.team, place.manager_id) for person_id, place in placed.items()}
    return {person_id: told.get(person_id, Stand()) for person_id in session.scalars(here)}


def load(session: Session, *, person_ids: Collection[int], last_day: date) -> Iterator[tuple[int, Figures]]:
    """The figures of these people for the 28 days up to `last_day`, batch by batch; everybody is in the answer."""
    for batch in chunks(sorted(set(person_ids)), BATCH_PEOPLE):
        yield from _of_some(session, batch, last_day).items()


def _of_some(session: Session, batch: Collection[int], last_day: date) -> dict[int, Figures]:
    judged = _judged(session, batch, last_day)
    told = preferences.load(session, person_ids=list(batch))
    found = _findings(session, {i: one.last_day for i, one in judged.items() if one.knows_money}, told, last_day)
    used = _windows(session, batch, {i: one.last_day for i, one in judged.items()}, last_day)
    seats = people.seats(session, person_ids=batch)
    work = _work(session, batch, last_day)
    helped = _helped(session, batch, last_day)
    states = {person_id: one.state for person_id, one in judged.items()}
    return {
        person_id: Figures(
            state=states.get(person_id),
            **_of_use(states.get(person_id), used[person_id], seats[person_id]),
            **_of_money(found.get(person_id)),
            **work.get(person_id, {}),
            helped=helped.get(person_id),
            patterns=found[person_id].patterns if person_id in found else None,
            told=_told(told[person_id], last_day),
        )
        for person_id in batch
    }


def _judged(session: Session, batch: Collection[int], last_day: date) -> dict[int, _Judged]:
    """The state that held at the end of the period, and the window on which it was last judged until then.

    Where people were judged again later in the same state, the bases of that window are gone but for those who have a
    finding in it: to count by these alone would tell that everybody had one. So then it counts as not judged.
    """
    last = (
        select(StateRow.person_id, func.max(StateRow.first_day).label("first_day"))
        .where(StateRow.person_id.in_(batch), StateRow.first_day <= last_day)
        .group_by(StateRow.person_id)
        .subquery()
    )
    has_basis = exists().where(BasisRow.person_id == StateRow.person_id, BasisRow.last_day == StateRow.last_day)
    rows = session.execute(
        select(StateRow.person_id, StateRow.state, StateRow.last_day, has_basis)
        .join(last, and_(StateRow.person_id == last.c.person_id, StateRow.first_day == last.c.first_day))
        .where(StateRow.last_day > last_day - timedelta(days=JUDGED_WITHIN_DAYS))
    )
    return {
        person_id: _Judged(State(state), min(day, last_day), is_settled=based and day <= last_day)
        for person_id, state, day, based in rows
    }


def _findings(
    session: Session, judged: Mapping[int, date], told: Mapping[int, Preferences], last_day: date
) -> dict[int, _Found]:
    """What was found in the windows of these people, who were judged on them: everybody is in the answer."""
    amounts: dict[int, dict[Ledger, int]] = defaultdict(lambda: defaultdict(int))
    patterns: dict[int, set[str]] = defaultdict(set)
    for day, ids in _by_day(judged).items():
        rows = select(
            FindingRow.person_id, FindingRow.detector, FindingRow.tool, FindingRow.ledger, FindingRow.counted_microusd
        ).where(FindingRow.person_id.in_(ids), FindingRow.window_last_day == day)
        for person_id, detector, tool, ledger_, microusd in session.execute(rows):
            meant = told[person_id].meant_at(start_of_day(last_day + timedelta(days=1)))
            if ledger_ in _COUNTED_LEDGERS and detector not in UNTOLD and (detector, tool) not in meant:
                amounts[person_id][Ledger(ledger_)] += microusd or 0
                patterns[person_id].add(detector)
    return {person_id: _Found(dict(amounts[person_id]), frozenset(patterns[person_id])) for person_id in judged}


def _windows(
    session: Session, batch: Collection[int], judged: Mapping[int, date], last_day: date
) -> dict[int, UsageWindow]:
    days = {person_id: judged.get(person_id, last_day) for person_id in batch}
    used: dict[int, UsageWindow] = {}
    for day, ids in _by_day(days).items():
        used |= windows.load(session, person_ids=ids, last_day=day)
    return used


def _by_day(days: Mapping[int, date]) -> dict[date, list[int]]:
    ending: dict[date, list[int]] = defaultdict(list)
    for person_id, day in days.items():
        ending[day].append(person_id)
    return ending


def _of_use(state: State | None, window: UsageWindow, seats: tuple[Seat, ...]) -> dict[str, int | None]:
    """Tokens, spend and days of work. No use is a zero only for somebody whose days were seen (P12)."""
    seen = state not in (None, State.UNKNOWN, State.NOT_PROVISIONED)
    none = 0 if seen else None
    kinds = [
        kind
        for week in window.between(0, WINDOW_DAYS // 7 - 1)
        for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
        if (kind := getattr(week.counters, name)) is not None
    ]
    spend = ledger.spend_of(window, seats)
    days = sum(day >= window.first_day() for day in window.worked_days())
    has_use = any(week.active_mask for week in window.between(0, WINDOW_DAYS // 7 - 1))
    return {
        "tokens": sum(kinds) if kinds else None if has_use else none,
        "spend_microusd": spend.total_microusd if spend.cells else none,
        "active_days": days or none,
    }


def _of_money(found: _Found | None) -> dict[str, int | None]:
    """Nothing found is a zero only for somebody whose window was judged."""
    if found is None:
        return {"optimizable_microusd": None, "wasted_microusd": None}
    return {
        "optimizable_microusd": found.microusd.get(Ledger.OPTIMIZABLE, 0),
        "wasted_microusd": found.microusd.get(Ledger.WASTED, 0),
    }


def _work(session: Session, batch: Collection[int], last_day: date) -> dict[int, dict[str, int]]:
    """Merged changes by person, each once, as on their card; who finished none in 12 weeks is left out."""
    end = start_of_day(last_day + timedelta(days=1))
    row = OutcomeRow
    rows = session.execute(
        select(row.person_id, row.ref, row.at, row.reverted, row.source, row.repository, row.lines_added, _undone(end))
        .where(
            row.person_id.in_(batch),
            row.kind == OutcomeKind.PR_MERGED.value,
            row.at >= end - timedelta(days=LOOKBACK_DAYS),
            row.at < end,
        )
        .order_by(row.person_id, row.at, row.source, row.ref)
    )
    told: dict[int, list[OutcomeFact]] = defaultdict(list)
    for person_id, ref, at, reverted, source, repository, lines_added, is_undone in rows:
        stands_undone = (is_undone or None) if reverted is None else reverted
        fact = OutcomeFact(OutcomeKind.PR_MERGED, ref, at.date(), stands_undone, source, repository, lines_added)
        told[person_id].append(fact)
    return {person_id: _finished(told_once(facts).pieces, last_day) for person_id, facts in told.items()}


def _finished(merged: Iterable[OutcomeFact], last_day: date) -> dict[str, int]:
    ages = [((last_day - fact.day).days, fact.reverted) for fact in merged]
    stayed = [not reverted for age, reverted in ages if STILL_THERE_DAYS <= age < WINDOW_DAYS]
    return {"merged": sum(age < WINDOW_DAYS for age, _ in ages), "still_there": sum(stayed)}


def _undone(end: datetime) -> ColumnElement[bool]:
    """Where its source does not follow a change: whether a revert of the same name came (a file's way)."""
    revert = aliased(OutcomeRow)
    return exists().where(
        revert.source == OutcomeRow.source,
        revert.ref == OutcomeRow.ref,
        revert.kind == OutcomeKind.PR_REVERTED.value,
        revert.at >= OutcomeRow.at,
        revert.at < end,
    )


def _helped(session: Session, batch: Collection[int], last_day: date) -> dict[int, Helped]:
    """The newest answer of each person to a check-in of the period."""
    end = start_of_day(last_day + timedelta(days=1))
    rows = session.execute(
        select(CheckInRow.person_id, CheckInRow.helped)
        .where(
            CheckInRow.person_id.in_(batch),
            CheckInRow.answered_at >= end - timedelta(days=WINDOW_DAYS),
            CheckInRow.answered_at < end,
        )
        .order_by(CheckInRow.answered_at, CheckInRow.nudge_id)
    )
    return {person_id: Helped(helped) for person_id, helped in rows}


def _told(said: Preferences, last_day: date) -> frozenset[Answer]:
    """What was told up to the end of the period and still held then."""
    now = start_of_day(last_day + timedelta(days=1))
    told = {answer for answer, day in said.holding(now).items() if day <= last_day}
    meant = any(at < now for pattern, at in said.meant.items() if pattern in said.meant_at(now))
    return frozenset(told | ({Answer.WAS_MEANT} if meant else set()))
