"""Every night: who hears what next, or why not. By shards of people: load, ask `domain/nudging.py`, keep the answer.

Called by `jobs/calendar.py` and `kindling decide`. Running it again changes nothing, and any number of processes may do
it at once: the table holds at most one open nudge a person. Next: `bot/domain/nudging.py`, then `jobs/deliver.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from bot.domain import nudging
from bot.domain.adoption import Standing
from bot.domain.nudging import Plan, Silence
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.plans import REMINDER, IfThen
from bot.domain.tips import Tip
from bot.domain.told import PastNudge, Preferences
from bot.domain.turns import Part
from bot.domain.waste.ledger import CountedFinding, is_exploring
from bot.log import EventLog
from bot.store import cohorts, findings, installation, nudges, plans, preferences, silences, states
from bot.store import people as people_store
from bot.store.batches import chunks
from bot.store.database import Session, Store
from jobs import enrol, pairing, work_calendars
from jobs.work_calendars import HolidaysOf, WeekendOf

_log = EventLog("decide")

_CALENDAR_AHEAD_DAYS = 15  # a message may be planned a week ahead and then lives for a week


def decide(
    store: Store,
    *,
    now: datetime,
    tips: Sequence[Tip],
    holidays_of: HolidaysOf,
    weekend_of: WeekendOf,
    switched_on: bool,
    approval_from: int,
    person_ids: Sequence[int] | None = None,
    shard_size: int = 500,
) -> dict[str, int]:
    """Plan at most one message for each person and keep the reason of every silence.

    Counts: `people`, `planned`, `silent`, then `planned.<topic>` and `silent.<reason>`: of nobody, and still only the
    first three may be printed and kept (`bot/domain/crowd_counts.py`). Campaigns draw who is in them first.
    """
    enrol.enrol(store, now=now, switched_on=switched_on, approval_from=approval_from)
    pairing.go_on(store, now=now, switched_on=switched_on)
    if person_ids is None:
        with store.read() as session:
            shards = list(people_store.shards(session, size=shard_size))
    else:
        shards = list(chunks(sorted(set(person_ids)), shard_size))
    cached_holidays = cache(holidays_of)  # many people share a country
    counts = Counter({"people": 0, "planned": 0, "silent": 0})
    for shard in shards:
        with store.begin() as session:
            verdicts = _judge(
                session,
                shard,
                now=now,
                tips=tips,
                holidays_of=cached_holidays,
                weekend_of=weekend_of,
                switched_on=switched_on,
            )
            _keep(session, verdicts, now, counts)
    _log.info("decide.done", people=counts["people"], planned=counts["planned"], silent=counts["silent"])
    return dict(sorted(counts.items()))


@dataclass(frozen=True)
class _Known:
    """What one shard is decided from, by person."""

    standings: Mapping[int, Standing]
    found: Mapping[int, Sequence[CountedFinding]]
    said: Mapping[int, Preferences]
    past: Mapping[int, Sequence[PastNudge]]
    seats: Mapping[int, Sequence[Seat]]
    waiting: Collection[int]
    made: Mapping[int, IfThen]
    parts: Mapping[int, Sequence[Part]]
    in_shadow: bool


def _judge(
    session: Session,
    shard: Sequence[int],
    *,
    now: datetime,
    tips: Sequence[Tip],
    holidays_of: HolidaysOf,
    weekend_of: WeekendOf,
    switched_on: bool,
) -> dict[int, Plan | Silence]:
    room = cohorts.room(session)  # first, for whoever erases somebody holds campaigns before people too
    people = people_store.load(session, person_ids=people_store.hold(session, person_ids=shard))
    first, last = _calendar_span(now)
    calendars = work_calendars.load(
        session, people=people, first=first, last=last, holidays_of=holidays_of, weekend_of=weekend_of
    )
    known = _load(session, shard, now)
    verdicts: dict[int, Plan | Silence] = {}
    for person_id, person in sorted(people.items()):
        full = {campaign_id for campaign_id, left in room.items() if left <= 0}
        calendar = calendars.get(person_id)
        verdict = _decide_one(known, person, calendar, tips=tips, now=now, switched_on=switched_on, full=full)
        if isinstance(verdict, Plan) and verdict.campaign_id in room:
            room[verdict.campaign_id] -= 1
        verdicts[person_id] = verdict
    return verdicts


def _load(session: Session, shard: Sequence[int], now: datetime) -> _Known:
    return _Known(
        standings=states.current(session, person_ids=shard),
        found=findings.current(session, person_ids=shard),
        said=preferences.load(session, person_ids=shard),
        past=nudges.history(session, person_ids=shard),
        seats=people_store.seats(session, person_ids=shard),
        waiting=nudges.open_people(session, person_ids=shard),
        made=plans.load(session, person_ids=shard),
        parts=cohorts.parts(session, person_ids=shard, day=now.astimezone(UTC).date()),
        in_shadow=nudging.is_in_shadow(installation.first_judged_on(session), now),
    )


def _decide_one(
    known: _Known,
    person: Person,
    calendar: WorkCalendar | None,
    *,
    tips: Sequence[Tip],
    now: datetime,
    switched_on: bool,
    full: Collection[int],
) -> Plan | Silence:
    who = person.person_id
    return nudging.decide(
        standing=known.standings.get(who),
        findings=known.found.get(who, ()),
        exploring=_is_exploring(known.standings.get(who)),
        preferences=known.said[who],
        history=known.past[who],
        has_open_nudge=who in known.waiting,
        calendar=calendar,
        person=person,
        seats=known.seats[who],
        tips=tips,
        now=now,
        switched_on=switched_on,
        in_shadow=known.in_shadow,
        if_then=known.made.get(who),
        parts=known.parts[who],
        full=full,
    )


def _keep(session: Session, verdicts: dict[int, Plan | Silence], now: datetime, counts: Counter[str]) -> None:
    reasons: dict[int, Silence] = {}
    for person_id, verdict in verdicts.items():
        counts["people"] += 1
        silence = verdict if isinstance(verdict, Silence) else _plan(session, person_id, verdict, now)
        if silence is None and isinstance(verdict, Plan):
            counts.update(("planned", f"planned.{verdict.tip.topic}"))
        elif silence is not None:
            reasons[person_id] = silence
            counts.update(("silent", f"silent.{silence.value}"))
    told = {person_id: why for person_id, why in reasons.items() if why is not Silence.ALREADY_PLANNED}
    silences.record(session, reasons=told, day=now.astimezone(UTC).date())  # an open nudge is its own record


def _plan(session: Session, person_id: int, plan: Plan, now: datetime) -> Silence | None:
    """Keep the plan; when another process was first, theirs stands."""
    kept = nudges.plan(session, person_id=person_id, plan=plan, rule_version=nudging.RULE_VERSION, now=now)
    if kept is not None and plan.trigger == REMINDER:
        plans.reminded(session, person_id=person_id, now=now)
    return Silence.ALREADY_PLANNED if kept is None else None


def _calendar_span(now: datetime) -> tuple[date, date]:
    today = now.astimezone(UTC).date()
    return today - timedelta(days=1), today + timedelta(days=_CALENDAR_AHEAD_DAYS)


def _is_exploring(standing: Standing | None) -> bool:
    """Whether the judged window ends within the first 60 days of use (P7)."""
    first = standing.evidence.get("first_active_on") if standing else None
    return (
        standing is not None and isinstance(first, str) and is_exploring(date.fromisoformat(first), standing.last_day)
    )
