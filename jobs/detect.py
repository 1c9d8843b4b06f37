"""Judges everybody, shard by shard: load windows, ask the rules, store states and findings.

Called by `jobs/calendar.py` and `kindling detect`. The card and the check right before sending ask `judge_people` as
well, so that all three agree. Next: `bot/store/windows.py`, then `jobs/decide.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from bot.domain import adoption
from bot.domain.adoption import Standing
from bot.domain.basis import AskedPrices, Basis, Document, conclude, to_document
from bot.domain.finished_work import WorkDone
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.session_sums import SessionSums
from bot.domain.usage import LOADED_WEEKS, MOST_LAG_DAYS, Coverage, UsageWindow
from bot.domain.waste import Looked
from bot.domain.waste.ledger import Settled
from bot.store import bases, coverage, findings, finished_work, installation, people, session_windows, states, windows
from bot.store.batches import chunks
from bot.store.database import Session, Store
from jobs import work_calendars
from jobs.work_calendars import HolidaysOf, WeekendOf

SHARD_SIZE = 500
CALENDAR_AHEAD_DAYS = 35
"""Calendars reach this far beyond today, for those who look for a fair hour to write."""


@dataclass(frozen=True)
class Judged:
    """Everything that was concluded about one person, and from what."""

    person: Person
    seats: tuple[Seat, ...]
    window: UsageWindow
    coverage: Coverage
    calendar: WorkCalendar
    standing: Standing
    looked: Looked
    settled: Settled
    basis: Basis
    asked: AskedPrices

    def inputs(self) -> Document:
        """What it was concluded from, as it is kept."""
        return to_document(self.basis, self.asked)


@dataclass(frozen=True)
class _Beside:
    """What the detectors look at beside a window."""

    sessions: tuple[SessionSums, ...]
    work: tuple[WorkDone, ...]


def detect(
    store: Store,
    *,
    now: datetime,
    prices: PriceBook,
    holidays_of: HolidaysOf,
    weekend_of: WeekendOf,
    person_ids: Collection[int] | None = None,
    shard_size: int = SHARD_SIZE,
) -> dict[str, int]:
    """Judge everybody (or `person_ids`) on the last window that is whole, one transaction a shard.

    Returns counts, and no names: "people", "state.<state>", "finding.<detector>.<ledger>", and
    "not_judged.<detector>". Counts by state and finding give one person away as soon as somebody comes or goes, so
    `bot/domain/crowd_counts.py` lets only "people" be printed and kept. Judging the same day again replaces what was
    said of it.
    """
    counts: Counter[str] = Counter()
    for shard in _shards(store, person_ids, shard_size):
        with store.begin() as session:
            judged = judge_people(
                session, person_ids=shard, now=now, prices=prices, holidays_of=holidays_of, weekend_of=weekend_of
            )
            states.save(session, standings={person_id: one.standing for person_id, one in judged.items()})
            for last_day, theirs in _by_last_day(judged).items():
                counted = {person_id: one.settled.counted for person_id, one in theirs.items()}
                findings.replace(session, window_last_day=last_day, counted=counted)
                inputs = {person_id: one.inputs() for person_id, one in theirs.items()}
                bases.replace(session, window_last_day=last_day, inputs=inputs)
            installation.note_judging(session, day=now.astimezone(UTC).date())
        for one in judged.values():
            counts.update(_count(one))
    return dict(sorted(counts.items()))


def judge_people(
    session: Session,
    *,
    person_ids: Collection[int],
    now: datetime,
    prices: PriceBook,
    holidays_of: HolidaysOf,
    weekend_of: WeekendOf,
) -> dict[int, Judged]:
    """What the rules say about these people at `now`; numbers of nobody are left out. Nothing is written.

    A fixed number of statements, however many people. Somebody without a time zone is judged in UTC. Whose tools are
    reported days late is judged on the window that their slowest source has had the time to finish.
    """
    last_day = last_day_of(now)
    who = people.load(session, person_ids=person_ids)
    seats = people.seats(session, person_ids=who)
    first = last_day - timedelta(days=LOADED_WEEKS * 7 - 1 + MOST_LAG_DAYS)
    ahead = last_day + timedelta(days=CALENDAR_AHEAD_DAYS)
    calendars = work_calendars.load(
        session, people=_zoned(who), first=first, last=ahead, holidays_of=cache(holidays_of), weekend_of=weekend_of
    )
    covered = coverage.load(session, person_ids=who, first=first, last=last_day)
    seen = _windows(session, seats, covered, last_day)
    beside = _beside(session, seen)
    return {
        person_id: _judge(
            person,
            seats=seats[person_id],
            window=seen[person_id],
            covered=covered[person_id],
            calendar=calendars[person_id],
            beside=beside[person_id],
            prices=prices,
        )
        for person_id, person in who.items()
    }


def _zoned(who: Mapping[int, Person]) -> dict[int, Person]:
    return {person_id: replace(person, timezone=person.timezone or "UTC") for person_id, person in who.items()}


def last_day_of(now: datetime) -> date:
    """The last day of the window that is judged at `now`: yesterday in UTC, the last whole day."""
    return now.astimezone(UTC).date() - timedelta(days=1)


def _windows(
    session: Session, seats: Mapping[int, tuple[Seat, ...]], covered: Mapping[int, Coverage], last_day: date
) -> dict[int, UsageWindow]:
    """Each person's window: it ends on `last_day`, or earlier by as many days as the slowest source of their tools."""
    seen = windows.load(session, person_ids=seats, last_day=last_day)
    late: dict[int, list[int]] = defaultdict(list)
    for person_id, window in seen.items():
        lags = covered[person_id].lag_days
        tools = adoption.tools_of(window=window, seats=seats[person_id])
        # A seat too young to be judged counts as well: whether it was used decides whether a zero may be said.
        held = (s.tool for s in seats[person_id] if s.held_on(last_day - timedelta(days=lags.get(s.tool, 0))))
        lag_days = max((lags.get(tool, 0) for tool in (*tools, *held)), default=0)
        if lag_days:
            late[lag_days].append(person_id)
    for lag_days, person_ids in late.items():
        seen |= windows.load(session, person_ids=person_ids, last_day=last_day - timedelta(days=lag_days))
    return seen


def _beside(session: Session, seen: Mapping[int, UsageWindow]) -> dict[int, _Beside]:
    """What happened in everybody's sessions and what came out of their work, up to the end of their own window."""
    ending: dict[date, list[int]] = defaultdict(list)
    for person_id, window in seen.items():
        ending[window.last_day].append(person_id)
    found: dict[int, _Beside] = {}
    for last_day, ids in ending.items():
        sessions = session_windows.load(session, person_ids=ids, last_day=last_day)
        work = finished_work.load(session, person_ids=ids, last_day=last_day)
        found |= {person_id: _Beside(sessions.get(person_id, ()), work.get(person_id, ())) for person_id in ids}
    return found


def _by_last_day(judged: Mapping[int, Judged]) -> dict[date, dict[int, Judged]]:
    grouped: dict[date, dict[int, Judged]] = defaultdict(dict)
    for person_id, one in judged.items():
        grouped[one.window.last_day][person_id] = one
    return grouped


def _judge(
    person: Person,
    *,
    seats: tuple[Seat, ...],
    window: UsageWindow,
    covered: Coverage,
    calendar: WorkCalendar,
    beside: _Beside,
    prices: PriceBook,
) -> Judged:
    asked = AskedPrices(prices)
    basis = Basis(window, covered, seats, calendar, asked, beside.sessions, beside.work)
    said = conclude(basis)
    return Judged(person, seats, window, covered, calendar, said.standing, said.looked, said.settled, basis, asked)


def _shards(store: Store, person_ids: Collection[int] | None, size: int) -> list[list[int]]:
    if person_ids is not None:
        return list(chunks(sorted(set(person_ids)), size))
    with store.read() as session:
        return list(people.shards(session, size=size))


def _count(one: Judged) -> Counter[str]:
    counts = Counter({"people": 1, f"state.{one.standing.state}": 1})
    counts.update(f"finding.{found.detector}.{found.ledger}" for found in one.settled.counted)
    counts.update({f"not_judged.{silent.detector}" for silent in one.looked.not_judged})
    return counts
