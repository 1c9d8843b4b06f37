"""Looks at everybody as `detect` does and keeps nothing: how often would each rule about waste find something here?

Called by `kindling calibrate`. What comes back names nobody (`bot/domain/calibration.py`). Next: `jobs/detect.py`.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.calibration import Report, Tally, report
from bot.domain.prices import PriceBook
from bot.store import people
from bot.store.database import Store
from jobs import detect
from jobs.work_calendars import HolidaysOf, WeekendOf


def calibrate(
    store: Store, *, now: datetime, prices: PriceBook, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> Report:
    """Judge everybody by shards, count, and tell what may be told of the counts. Nothing is written."""
    tally = Tally()
    with store.read() as session:
        shards = list(people.shards(session, size=detect.SHARD_SIZE))
    for shard in shards:
        with store.read() as session:
            judged = detect.judge_people(
                session, person_ids=shard, now=now, prices=prices, holidays_of=holidays_of, weekend_of=weekend_of
            )
        for one in judged.values():
            tally.add(one.standing, one.looked)
    return report(tally, last_day=detect.last_day_of(now))
