"""Looks at everybody as `detect` does and keeps nothing of them: how often would each rule about waste find something?

Called by `kindling calibrate`. What comes back names nobody (`bot/domain/calibration.py`), and stays the same for a
week. Next: `jobs/detect.py`.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.calibration import Report, Tally, report, week_of
from bot.domain.prices import PriceBook
from bot.store import installation, people
from bot.store.database import Store
from jobs import detect
from jobs.work_calendars import HolidaysOf, WeekendOf


def calibrate(
    store: Store, *, now: datetime, prices: PriceBook, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> Report:
    """The report of the week: the one that was given before, else everybody is judged by shards and counted.

    A report that says too few people is not kept: there is nothing of anybody in it.
    """
    last_day = detect.last_day_of(now)
    tally = Tally()
    with store.read() as session:
        given = installation.calibration_of(session, week=week_of(last_day))
        shards = list(people.shards(session, size=detect.SHARD_SIZE))
    if given is not None:
        return Report.from_json(given)
    for shard in shards:
        with store.read() as session:
            judged = detect.judge_people(
                session, person_ids=shard, now=now, prices=prices, holidays_of=holidays_of, weekend_of=weekend_of
            )
        for one in judged.values():
            tally.add(one.standing, one.looked)
    found = report(tally, last_day=last_day)
    if found.about_people is None:
        return found
    with store.begin() as session:
        return Report.from_json(installation.keep_calibration(session, week=week_of(last_day), report=found.to_json()))
