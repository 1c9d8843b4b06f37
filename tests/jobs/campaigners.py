"""A small company for the tests of campaigns: people whose seats are empty, nights, and what arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update

from bot import app
from bot.clock import HandClock
from bot.domain.campaigns import Arm, Audience, CampaignState, Kind, Plan, Step
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.playground.cast import Member
from bot.playground.server import Playground
from bot.settings import load
from bot.store import campaigns, coverage, people, usage
from bot.store.database import Session, Store
from bot.store.tables import CampaignMemberRow, CampaignRow, IdentityRow, NudgeRow, PersonRow
from handlers.desk import Desk
from jobs import enrol
from jobs.rounds import Pace
from tests import watched

MONDAY = date(2026, 3, 2)
FIRST_SEEN, LAST_SEEN = date(2026, 1, 5), date(2026, 6, 30)
TOOL = "claude_code"
FAST = Pace(rate_per_s=1000, look_up_rate_per_s=1000)
TIP, OTHER_TIP = "z03-what-stands-in-the-way", "z08-fifteen-minutes-together"
ADA = "UAUTHOR"


def members(count: int) -> list[Member]:
    """So many people, in London, of no name that anybody has."""
    return [Member(f"UPERS{i:03}", f"p{i}@lantern.example", f"Person{i} Nobody{i}") for i in range(count)]


@contextmanager
def company(store: Store, count: int) -> Iterator[tuple[Desk, Playground]]:
    """`count` people with a seat that was never used, every day of it seen, in a workspace of their own."""
    clock = HandClock(at(MONDAY, 3))
    with watched.playground(clock, members=members(count)) as slack:
        settings = load(
            {
                "KINDLING_DATABASE_URL": store.url,
                "KINDLING_SLACK_API_URL": slack.api_url,
                "SLACK_BOT_TOKEN": slack.bot_token,
            }
        )
        with app.running(settings, clock=clock) as desk:
            _hire(desk, members(count))
            app.work(desk)["detect"](at(MONDAY, 2))  # whom a campaign would speak to is counted by what was judged
            yield desk, slack


def _hire(desk: Desk, listed: list[Member]) -> None:
    now = at(MONDAY, 0)
    days = [FIRST_SEEN + timedelta(days=day) for day in range((LAST_SEEN - FIRST_SEEN).days + 1)]
    records = [PersonRecord(email=one.email, timezone=one.timezone, slack_user_id=one.slack_id) for one in listed]
    with desk.store.begin() as session:
        people.save_people(session, records=records, now=now)
        people.save_seats(session, seats=[SeatRecord(one.email, TOOL, FIRST_SEEN) for one in listed])
        coverage.mark(
            session, source="file", tool=TOOL, days=days, status=CoverageStatus.COVERED, reason=None, as_of=now
        )
        coverage.cover_people(
            session, source="file", tool=TOOL, person_ids=_numbers(session), first_day=FIRST_SEEN, last_day=None
        )


def _numbers(session: Session) -> list[int]:
    return list(session.scalars(select(PersonRow.person_id).order_by(PersonRow.person_id)))


def at(day: date, hour: int) -> datetime:
    """An hour of a day, in UTC."""
    return datetime.combine(day, time(hour), UTC)


def a_plan(**changes: Any) -> Plan:
    """One message to everybody who never used their seat, with nobody held out."""
    plan: dict[str, Any] = {
        "name": "First steps",
        "kind": Kind.ONE_OFF,
        "audience": Audience("never_used"),
        "steps": (Step(TIP, None),),
        "first_day": MONDAY,
        "last_day": MONDAY + timedelta(days=60),
        "holdout_percent": 0,
    }
    return Plan(**plan | changes)


def started(desk: Desk, plan: Plan, now: datetime) -> str:
    """A campaign that runs from `now` on, however few match: whether so few may be started hangs on a draw."""
    with desk.store.begin() as session:
        key = campaigns.create(session, plan=plan, author_slack_id=ADA, now=now)
        runs = {"state": CampaignState.RUNNING.value, "needs_approval": True, "approver_slack_id": "UAPPROVER"}
        session.execute(update(CampaignRow).where(CampaignRow.campaign_key == key).values(runs))
    return key


def draw(desk: Desk, now: datetime, *, switched_on: bool = True) -> int:
    """The first step of a night alone; how many waves were drawn."""
    return enrol.enrol(desk.store, now=now, switched_on=switched_on, approval_from=30)["waves"]


def night(desk: Desk, day: date) -> None:
    """What the clock does in the night before this day's work."""
    work = app.work(desk)
    work["detect"](at(day, 2))
    work["measure"](at(day, 3))
    work["decide"](at(day, 4))


def afternoon(desk: Desk, day: date) -> None:
    """Everything that is due by three o'clock is sent."""
    app.work(desk, pace=FAST)["deliver"](at(day, 15))


def arms(desk: Desk, key: str) -> dict[int, Arm]:
    """Who was drawn as what."""
    with desk.store.read() as session:
        rows = session.execute(
            select(CampaignMemberRow.person_id, CampaignMemberRow.arm)
            .join(CampaignRow, CampaignRow.campaign_id == CampaignMemberRow.campaign_id)
            .where(CampaignRow.campaign_key == key)
        )
        return {person_id: Arm(arm) for person_id, arm in rows}


def nudges(desk: Desk) -> list[NudgeRow]:
    """The queue, oldest first."""
    with desk.store.read() as session:
        return list(session.scalars(select(NudgeRow).order_by(NudgeRow.nudge_id)))


def states(desk: Desk) -> Counter[tuple[str, str | None]]:
    """How many nudges ended how."""
    return Counter((row.state, row.reason) for row in nudges(desk))


def uses(desk: Desk, person_ids: list[int], day: date) -> None:
    """These people use the tool on this day."""
    with desk.store.begin() as session:
        rows = session.execute(
            select(IdentityRow.person_id, IdentityRow.external_id).where(IdentityRow.source == "email")
        )
        emails = {person_id: email for person_id, email in rows if person_id in person_ids}
        used = [UsageRow(email, day, TOOL, "m", Counters(requests=3)) for email in emails.values()]
        usage.merge_rows(session, source="file", rows=used, now=at(day, 23))


def people_of(desk: Desk) -> list[int]:
    """Everybody's number."""
    with desk.store.read() as session:
        return _numbers(session)


def become(desk: Desk, person_ids: list[int], *, role: str) -> None:
    """These people have this role from now on."""
    with desk.store.begin() as session:
        session.execute(update(PersonRow).where(PersonRow.person_id.in_(person_ids)).values(role=role))
