"""The truth about an invented person, reckoned from what they really did: where they stand, and which seats lie idle.

Written from the words of docs/reference/rules.md and from sets of days; nothing of `bot/domain/adoption.py` is asked,
for that is what is being examined. Called by the evidence for docs/evidence/judgement.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.roster import SeatRecord
from bot.sources.invented.behaviour import UseDays
from bot.sources.invented.workforce import CODE, COMPLETION, OTHER_CODE, SEAT_USD, Worker
from bot.sources.public_holidays import holidays_of, weekend_of

_CODING = frozenset({CODE, OTHER_CODE, COMPLETION})


@dataclass(frozen=True)
class Planted:
    """A pattern that is really there: what it cost on `day` and would not have cost without it."""

    detector: str
    tool: str
    day: date
    microusd: int | None


def state(
    worker: Worker, use: UseDays, day: date, *, known: frozenset[date], worked: frozenset[date] | None = None
) -> str:
    """Where this person truly stands on `day`. `known` holds what is known of days after it, for nobody who came back
    meanwhile is called idle; `worked` the days on which something came back, all of them if it is not given.
    """
    tools = {tool: days for tool, days in use.items() if not _lost(worker, tool, day)}
    usable = {tool for tool, days in tools.items() if any(0 <= _age(one, day) < 84 for one in days)}
    held = {seat.tool: _age(seat.assigned_on, day) for seat in worker.seats if _held(seat, day)}
    if not held and not usable:
        return "not_provisioned"
    if held and max(held.values()) < 14 and usable <= held.keys():
        return "grace"
    if worker.started_on is not None and _age(worker.started_on, day) < 14:
        return "grace"
    ever = frozenset(one for days in use.values() for one in days if one <= day)
    return _by_use(ever, ever if worked is None else ever & worked, day, came_back=any(one > day for one in known))


def idle_seats(worker: Worker, use: UseDays, day: date) -> list[Planted]:
    """Seats paid for over the 28 days up to `day` on which nothing was done, nor with a tool that does the same."""
    first = day - timedelta(days=27)
    idle = []
    for seat in worker.seats:
        since = max(first, seat.assigned_on)
        if not _held(seat, day) or _age(seat.assigned_on, day) < 14 or _expected(worker, since, day) < 15:
            continue
        alike = _CODING if seat.tool in _CODING else {seat.tool}
        if any(one >= first - timedelta(days=1) for tool in alike for one in use.get(tool, ())):
            continue
        idle.append(Planted("W01", seat.tool, day, _paid(seat, (day - since).days + 1)))
    return idle


def second_seats(worker: Worker, use: UseDays, day: date) -> list[Planted]:
    """Paid seats of a coding tool beside one that is used, themselves used on fewer than a tenth of the days."""
    first = day - timedelta(days=27)
    seats = [seat for seat in worker.seats if seat.tool in _CODING and _held(seat, day) and seat.assigned_on <= first]
    days = {tool: {one for one in use.get(tool, ()) if first - timedelta(days=1) <= one <= day} for tool in _CODING}
    of_all = set().union(*days.values())
    if len(seats) < 2 or len(of_all) < 10 or _expected(worker, first, day) < 15:
        return []
    busiest = max(seats, key=lambda seat: len(days[seat.tool]))
    lesser = [seat for seat in seats if seat is not busiest and len(days[seat.tool]) * 10 < len(of_all)]
    return [Planted("W03", seat.tool, day, _paid(seat, 28)) for seat in lesser]


def _paid(seat: SeatRecord, days: int) -> int | None:
    price = seat.monthly_cost_microusd
    return None if price is None else round(price * days / 30.4)


def _by_use(ever: frozenset[date], worked: frozenset[date], day: date, *, came_back: bool) -> str:
    """Any use at all says that somebody is not idle; a habit and first steps are made of days with an answer."""
    if not ever and not came_back:
        return "never_used"
    idle = _age(max(ever), day) if ever and not came_back else 0
    if idle > 28:  # nothing in the 28 days, nor on the day before them: a local day lies on two UTC days
        return "lapsed"
    if idle >= 14 and _habit(worked, day - timedelta(days=14)):
        return "at_risk"
    if _habit(worked, day):
        return "habitual" if came_back or any(_age(one, day) < 14 for one in worked) else "building"
    return "first_steps" if _first_steps(worked, day) else "building"


def _habit(ever: frozenset[date], day: date) -> bool:
    """Active in 9 of the 12 weeks that end on `day`; in each of the last 4 for those who began within the 12."""
    past = {one for one in ever if one <= day}
    weeks = {(day - one).days // 7 for one in past}
    if len(weeks & set(range(12))) >= 9:
        return True
    return bool(past) and _age(min(past), day) < 84 and set(range(4)) <= weeks


def _first_steps(ever: frozenset[date], day: date) -> bool:
    """Began within 12 weeks, with work on fewer than 3 days of the first 14 and of the last 14; or has not begun."""
    if not ever:
        return True
    first = min(ever)
    at_first = [one for one in ever if _age(first, one) < 14]
    lately = [one for one in ever if _age(one, day) < 14]
    return _age(first, day) < 84 and len(at_first) < 3 and len(lately) < 3


def _lost(worker: Worker, tool: str, day: date) -> bool:
    """Whether this tool takes a seat and none is left: what was done with it cannot go on."""
    return tool in SEAT_USD and not any(seat.tool == tool and _held(seat, day) for seat in worker.seats)


def _held(seat: SeatRecord, day: date) -> bool:
    return seat.assigned_on <= day and (seat.released_on is None or day < seat.released_on)


def _expected(worker: Worker, first: date, last: date) -> int:
    country = worker.place.country
    off, holidays = weekend_of(country), holidays_of(country, first, last)
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return sum(
        day.weekday() not in off and day not in holidays and worker.employed_on(day) and not worker.away_on(day)
        for day in days
    )


def _age(one: date, day: date) -> int:
    return (day - one).days
