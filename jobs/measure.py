"""Every night: for tips about cost that are 14 or 28 days old, the same thing is counted before and after.

Called by `jobs/calendar.py` and `kindling measure`; campaigns come last (`jobs/follow_campaigns.py`). Nothing is said
from here: what was found stands on the card of the one person it is about. A day that a source has not finished is
waited for, a week long; then the answer is that it cannot be known. Running it again changes nothing.
Next: `bot/domain/follow_up.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from bot.domain import follow_up
from bot.domain.follow_up import AFTER_DAYS, WAITS_DAYS, Due, FollowUp, Measure, Unknowable
from bot.domain.people import WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.usage import Coverage, UsageWindow
from bot.domain.waste import SILENT_STATES
from bot.log import EventLog
from bot.store import coverage, findings, follow_ups, people, states, windows
from bot.store.batches import chunks
from bot.store.database import Session, Store
from jobs import follow_campaigns, work_calendars
from jobs.detect import last_day_of
from jobs.work_calendars import HolidaysOf, WeekendOf

BATCH = 200

_log = EventLog("measure")


@dataclass(frozen=True)
class _Known:
    """What one batch is judged from: of each person, and of each window that ends on a day."""

    calendars: Mapping[int, WorkCalendar]
    coverage: Mapping[int, Coverage]
    windows: Mapping[date, Mapping[int, UsageWindow]]
    times_seen: Mapping[Due, int | Unknowable | None]
    prices: PriceBook


def measure(
    store: Store, *, now: datetime, prices: PriceBook, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> dict[str, int]:
    """Look again at whatever is due, and keep it. Counts: `due`, `measured`, `unknown` and `waiting`; no person.

    None of them is printed or kept (`bot/domain/crowd_counts.py`): they tell who once got a tip about cost.
    """
    last_day = last_day_of(now)
    with store.read() as session:
        due = follow_ups.due(session, last_day=last_day)
    counts = Counter({"due": len(due), "measured": 0, "unknown": 0, "waiting": 0})
    for batch in chunks(due, BATCH):
        with store.begin() as session:
            here = set(people.hold(session, person_ids=sorted({one.person_id for one in batch})))
            batch = [one for one in batch if one.person_id in here]  # noqa: PLW2901 - those erased meanwhile are nobody's
            known = _load(session, batch, prices=prices, holidays_of=cache(holidays_of), weekend_of=weekend_of)
            looks = [(one, _look(one, known, last_day)) for one in batch]
            found = [(one, look) for one, look in looks if look is not None]
            follow_ups.save(session, looks=found, now=now)
        counts["waiting"] += len(looks) - len(found)
        counts["unknown"] += sum(look.unknown is not None for _, look in found)
        counts["measured"] += sum(look.unknown is None for _, look in found)
    follow_campaigns.follow(store, now=now, holidays_of=holidays_of, weekend_of=weekend_of)
    _log.info("measure.done")
    return dict(counts)


def _look(due: Due, known: _Known, last_day: date) -> FollowUp | None:
    """Both sides of one tip; None as long as a source may still finish what is missing."""
    is_seen = follow_up.is_seen(due, calendar=known.calendars[due.person_id], coverage=known.coverage[due.person_id])
    before, after = _sides(due, known)
    if is_seen and after is not None:
        return follow_up.compare(due, before, after)
    if last_day < due.last_day + timedelta(days=WAITS_DAYS):
        return None
    return follow_up.compare(due, before, Unknowable.NOT_SEEN)


def _sides(due: Due, known: _Known) -> tuple[int | Unknowable | None, int | Unknowable | None]:
    if due.measure is Measure.TIMES_SEEN:
        return due.times_seen, known.times_seen[due]
    before, after = (
        follow_up.count(
            due.measure,
            tool=due.tool,
            days=due.after_days,
            window=known.windows[day][due.person_id],
            prices=known.prices,
        )
        for day in (_day_before(due), due.last_day)
    )
    return before, after


def _day_before(due: Due) -> date:
    return due.tipped_on - timedelta(days=1)


def _load(
    session: Session, batch: Sequence[Due], *, prices: PriceBook, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> _Known:
    who = people.load(session, person_ids=sorted({one.person_id for one in batch}))
    zoned = {person_id: replace(person, timezone=person.timezone or "UTC") for person_id, person in who.items()}
    first = min((one.first_day for one in batch), default=date.max)
    last = max((one.last_day for one in batch), default=date.max)
    calendars = work_calendars.load(
        session, people=zoned, first=first, last=last, holidays_of=holidays_of, weekend_of=weekend_of
    )
    wanted: dict[date, set[int]] = defaultdict(set)
    for one in batch:
        for day in (_day_before(one), one.last_day):
            wanted[day].add(one.person_id)
    return _Known(
        calendars=calendars,
        coverage=coverage.load(session, person_ids=who, first=first, last=last),
        windows={day: windows.load(session, person_ids=ids, last_day=day) for day, ids in wanted.items()},
        times_seen=_times_seen(session, batch),
        prices=prices,
    )


def _times_seen(session: Session, batch: Sequence[Due]) -> dict[Due, int | Unknowable | None]:
    """How often each pattern was found in the last judged window; None while that one began before the tip."""
    asked = [one for one in batch if one.measure is Measure.TIMES_SEEN]
    ids = sorted({one.person_id for one in asked})
    standings, found = states.current(session, person_ids=ids), findings.current(session, person_ids=ids)
    seen: dict[Due, int | Unknowable | None] = {}
    for one in asked:
        standing = standings.get(one.person_id)
        if standing is None or standing.last_day < one.tipped_on + timedelta(days=max(AFTER_DAYS)):
            seen[one] = None
        elif standing.state in SILENT_STATES:
            seen[one] = Unknowable.NOT_SEEN
        else:
            theirs = [two for two in found[one.person_id] if (two.detector, two.tool) == (one.detector, one.tool)]
            seen[one] = sum(two.occurrences for two in theirs)
    return seen
