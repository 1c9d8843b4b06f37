"""On which days an invented person really used which tool, whatever any source says of it.

A day is a UTC day, as all sources count: work at eight in the morning in Tokyo belongs to the UTC day before. Called by
`bot/sources/invented/company.py`. Next: `bot/sources/invented/work.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

from bot.domain.roster import SeatRecord
from bot.sources.invented.workforce import HISTORY_DAYS, SEAT_USD, Worker
from bot.sources.public_holidays import holidays_of

UseDays = Mapping[str, frozenset[date]]
"""By tool, the days on which it was used."""


def use_days(seed: int, worker: Worker, now: datetime) -> dict[str, frozenset[date]]:
    """All that was used up to `now`. Nobody works on leave or on a holiday; agents run at night and on weekends too."""
    chance = Random(f"{seed} days {worker.alike}")
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=HISTORY_DAYS)
    holidays = holidays_of(worker.place.country, first, today)
    moments: list[tuple[str, datetime]] = []
    for offset in range(HISTORY_DAYS + 1):
        day = first + timedelta(days=offset)
        works = _works(worker, day) and day not in holidays
        for stay in worker.stays:
            draw, hour, agent_draw = chance.random(), chance.randrange(7, 20), chance.random()
            if not stay.first <= day <= stay.last:
                continue
            if (works and draw < stay.pace) or (stay.pace == 1.0 and worker.employed_on(day)):
                moments.append((stay.tool, _moment(worker, day, hour)))
            if worker.night_agent and agent_draw < 0.3 and worker.employed_on(day):
                moments.append((stay.tool, _moment(worker, day, 2)))
    return _by_tool(worker, [(tool, moment.date()) for tool, moment in moments if moment <= now])


def _works(worker: Worker, day: date) -> bool:
    return day.weekday() in worker.works_on and worker.employed_on(day) and not worker.away_on(day)


def _moment(worker: Worker, day: date, local_hour: int) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(hours=local_hour - worker.place.utc_offset_h)


def _by_tool(worker: Worker, used: list[tuple[str, date]]) -> dict[str, frozenset[date]]:
    """The days of each tool on which the seat for it was there."""
    found: dict[str, set[date]] = {}
    for tool, day in used:
        if _may_use(worker.seats, tool, day):
            found.setdefault(tool, set()).add(day)
    return {tool: frozenset(days) for tool, days in found.items()}


def _may_use(seats: tuple[SeatRecord, ...], tool: str, day: date) -> bool:
    if tool not in SEAT_USD:
        return True
    return any(
        seat.tool == tool and seat.assigned_on <= day and (seat.released_on is None or day < seat.released_on)
        for seat in seats
    )
