"""Every night: what came of everybody who was drawn into a campaign, what may be told of it, and an end to harm.

The last step of `jobs/measure.py`. Both arms are asked the same, 28 days after the draw; a day that a source has not
finished is waited for, a week long. Once a week what may be told is frozen; every night a campaign that does harm is
stopped. Running it again changes nothing. Next: `bot/domain/campaign_outcomes.py`, `bot/domain/experiment/evidence.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import cache

from bot.domain.audience import week_of
from bot.domain.campaign_outcomes import Followed, Outcome, is_given_up, of_pattern, of_use
from bot.domain.campaigns import is_about_use
from bot.domain.experiment.evidence import judge
from bot.domain.experiment.publishing import publishable, publishable_pool
from bot.domain.roles import Role
from bot.log import EventLog
from bot.store import campaign_outcomes, campaigns, coverage, findings, people, states, windows
from bot.store.batches import chunks
from bot.store.database import Session, Store
from jobs import work_calendars
from jobs.detect import last_day_of
from jobs.work_calendars import HolidaysOf, WeekendOf

BATCH = 200
NOTHING_TOLD = {"verdict": "too_few"}
"""What is kept of a week in which nothing may be told: the same for every reason."""
_log = EventLog("follow_campaigns")


def follow(store: Store, *, now: datetime, holidays_of: HolidaysOf, weekend_of: WeekendOf) -> dict[str, int]:
    """Write down outcomes, stop what harms, publish what may be told. Counts: `stopped` and `published` campaigns."""
    last_day = last_day_of(now)
    with store.read() as session:
        due = campaign_outcomes.due(session, last_day=last_day)
    for batch in chunks(due, BATCH):
        with store.begin() as session:
            here = set(people.hold(session, person_ids=sorted({one.person_id for one in batch})))
            theirs = [one for one in batch if one.person_id in here]
            found = _outcomes(session, theirs, last_day, holidays_of=cache(holidays_of), weekend_of=weekend_of)
            campaign_outcomes.save(session, outcomes=found, day=now.astimezone(UTC).date())
    counts = {"stopped": _stop_harm(store, now), "published": _publish(store, week_of(now.astimezone(UTC).date()))}
    _log.info("follow_campaigns.done", stopped=counts["stopped"], published=counts["published"])
    return counts


def _stop_harm(store: Store, now: datetime) -> int:
    with store.read() as session:
        running = campaign_outcomes.running(session)
        harmful = [
            key
            for campaign_id, key in running.items()
            if judge(campaign_outcomes.waves(session, campaign_id=campaign_id)).harm
        ]
    with store.begin() as session:
        return sum(
            campaigns.stop(session, campaign_key=key, now=now, why=campaigns.HARM, role=Role.OPERATOR)
            for key in harmful
        )


def _publish(store: Store, week: date) -> int:
    with store.begin() as session:
        to_tell = campaign_outcomes.to_publish(session, week=week)
        drawn = campaign_outcomes.drawn(session) if to_tell else ()
        waves = {one: campaign_outcomes.waves(session, campaign_id=one) for one in drawn}
        pooled = publishable_pool(list(waves.values()))
        beside = {} if pooled is None else {campaigns.ALL_TOGETHER: asdict(pooled)}
        for campaign_id in to_tell:
            told = publishable(waves[campaign_id])
            result = (NOTHING_TOLD if told is None else asdict(told)) | beside
            campaign_outcomes.publish(session, campaign_id=campaign_id, week=week, result=result)
    return len(to_tell)


def _outcomes(
    session: Session, batch: Sequence[Followed], last_day: date, *, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> dict[Followed, Outcome]:
    """What is known by now; who is not in it is asked again tomorrow."""
    about_use = [one for one in batch if is_about_use(one.trigger)]
    found = _of_use(session, about_use, holidays_of=holidays_of, weekend_of=weekend_of)
    found |= _of_patterns(session, [one for one in batch if not is_about_use(one.trigger)])
    late = {one for one in batch if not is_given_up(one, last_day=last_day)}
    settled = {one: outcome for one, outcome in found.items() if outcome is not Outcome.UNKNOWN or one not in late}
    given_up = {one: Outcome.UNKNOWN for one in batch if one not in found and one not in late}
    return settled | given_up


def _of_use(
    session: Session, batch: Sequence[Followed], *, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> dict[Followed, Outcome]:
    who = people.load(session, person_ids=sorted({one.person_id for one in batch}))
    if not who:
        return {}
    zoned = {person_id: replace(person, timezone=person.timezone or "UTC") for person_id, person in who.items()}
    span = min(one.enrolled_on for one in batch), max(one.last_day for one in batch)
    calendars = work_calendars.load(
        session, people=zoned, first=span[0], last=span[1], holidays_of=holidays_of, weekend_of=weekend_of
    )
    covered = coverage.load(session, person_ids=who, first=span[0], last=span[1])
    seats = people.seats(session, person_ids=who)
    seen = {day: windows.load(session, person_ids=ids, last_day=day) for day, ids in _by_last_day(batch).items()}
    return {
        one: of_use(
            one,
            window=seen[one.last_day][one.person_id],
            seats=seats[one.person_id],
            coverage=covered[one.person_id],
            calendar=calendars[one.person_id],
        )
        for one in batch
        if one.person_id in who
    }


def _of_patterns(session: Session, batch: Sequence[Followed]) -> dict[Followed, Outcome]:
    ids = sorted({one.person_id for one in batch})
    standings, found = states.current(session, person_ids=ids), findings.current(session, person_ids=ids)
    outcomes = {
        one: of_pattern(one, standing=standings.get(one.person_id), findings=found.get(one.person_id, ()))
        for one in batch
    }
    return {one: outcome for one, outcome in outcomes.items() if outcome is not None}


def _by_last_day(batch: Sequence[Followed]) -> Mapping[date, set[int]]:
    ending: dict[date, set[int]] = defaultdict(set)
    for one in batch:
        ending[one.last_day].add(one.person_id)
    return ending
