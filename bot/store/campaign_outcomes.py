"""What came of everybody who was drawn into a campaign, and the sums of it: one `Wave` a day of drawing.

Rows of people come in and go out of here, so no lead's screen reaches it; what leads may see is in `campaign_result`.
Called by `jobs/follow_campaigns.py`. Next: `bot/domain/experiment/waves.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.campaign_outcomes import Followed, Outcome
from bot.domain.campaigns import FOLLOW_UP_DAYS, Arm, CampaignState
from bot.domain.experiment.waves import Wave
from bot.domain.told import Answer
from bot.store.batches import insert_new, table_of
from bot.store.tables import CampaignMemberRow, CampaignResultRow, CampaignRow, NudgeRow, PreferenceRow

_MAY_HAVE_ARRIVED = ("sent", "unknown")
_GOES_ON = (CampaignState.RUNNING, CampaignState.PAUSED)


def due(session: Session, *, last_day: date) -> list[Followed]:
    """Everybody whose 28 days were over by the end of `last_day`, and whose outcome is not written down."""
    member = CampaignMemberRow
    rows = session.execute(
        select(member.campaign_id, member.person_id, CampaignRow.trigger, CampaignRow.tool, member.enrolled_on)
        .join(CampaignRow, CampaignRow.campaign_id == member.campaign_id)
        .where(member.outcome.is_(None), member.enrolled_on <= last_day - timedelta(days=FOLLOW_UP_DAYS - 1))
        .order_by(member.enrolled_on, member.campaign_id, member.person_id)
    )
    return [Followed(*row) for row in rows]


def save(session: Session, *, outcomes: Mapping[Followed, Outcome], day: date) -> None:
    """Write down what came of them; what was written before stands."""
    table = table_of(CampaignMemberRow)
    statement = (
        update(table)
        .where(
            table.c.campaign_id == bindparam("whose_campaign"),
            table.c.person_id == bindparam("whose_person"),
            table.c.outcome.is_(None),
        )
        .values(outcome=bindparam("came_out"), resolved_on=day)
    )
    rows = [
        {"whose_campaign": one.campaign_id, "whose_person": one.person_id, "came_out": outcome.value}
        for one, outcome in outcomes.items()
    ]
    if rows:
        session.connection().execute(statement, rows)


def running(session: Session) -> dict[int, str]:
    """The campaigns that may still write to somebody, with their keys."""
    rows = select(CampaignRow.campaign_id, CampaignRow.campaign_key).where(CampaignRow.state.in_(_GOES_ON))
    return {row.campaign_id: row.campaign_key for row in session.execute(rows)}


def to_publish(session: Session, *, week: date) -> list[int]:
    """The campaigns of which something was learnt since they were last told of, and nothing published this week.

    However long ago that was: a week in which nothing ran swallows no result.
    """
    theirs = CampaignResultRow.campaign_id == CampaignRow.campaign_id
    newest = select(func.max(CampaignResultRow.week)).where(theirs).scalar_subquery()
    news = exists().where(
        CampaignMemberRow.campaign_id == CampaignRow.campaign_id,
        CampaignMemberRow.resolved_on <= week,
        or_(newest.is_(None), CampaignMemberRow.resolved_on >= newest),
    )
    told = exists().where(theirs, CampaignResultRow.week == week)
    return list(session.scalars(select(CampaignRow.campaign_id).where(news, ~told).order_by(CampaignRow.campaign_id)))


def drawn(session: Session) -> list[int]:
    """The campaigns into which anybody was drawn."""
    somebody = exists().where(CampaignMemberRow.campaign_id == CampaignRow.campaign_id)
    return list(session.scalars(select(CampaignRow.campaign_id).where(somebody).order_by(CampaignRow.campaign_id)))


def publish(session: Session, *, campaign_id: int, week: date, result: Mapping[str, Any]) -> None:
    """Freeze what is told of a campaign this week; the first word stands."""
    insert_new(session, CampaignResultRow, [{"campaign_id": campaign_id, "week": week, "result": dict(result)}])


def waves(session: Session, *, campaign_id: int) -> tuple[Wave, ...]:
    """The sums of a campaign, by the day of drawing.

    Outcomes of a wave count once every one of them is known: nobody counts first because they are seen sooner.
    """
    drawn = _drawn(session, campaign_id)
    answers = _answers(session, campaign_id)
    found = []
    for day in sorted(drawn):
        arms = drawn[day]
        treated, held_out = arms.get(Arm.TREATED.value, _NOBODY), arms.get(Arm.HELD_OUT.value, _NOBODY)
        whole = treated["open"] + held_out["open"] == 0
        found.append(
            Wave(
                enrolled_on=day,
                drawn_treated=treated["people"],
                drawn_held_out=held_out["people"],
                treated=whole * treated["known"],
                treated_events=whole * treated["yes"],
                held_out=whole * held_out["known"],
                held_out_events=whole * held_out["yes"],
                unknown=whole * (treated["unknown"] + held_out["unknown"]),
                **answers.get(day, {}),
            )
        )
    return tuple(found)


_NOBODY: Mapping[str, int] = {"people": 0, "open": 0, "known": 0, "yes": 0, "unknown": 0}


def _drawn(session: Session, campaign_id: int) -> dict[date, dict[str, Mapping[str, int]]]:
    member = CampaignMemberRow
    rows = session.execute(
        select(
            member.enrolled_on,
            member.arm,
            func.count().label("people"),
            func.sum(case((member.outcome.is_(None), 1), else_=0)).label("open"),
            func.sum(case((member.outcome.in_([Outcome.YES, Outcome.NO]), 1), else_=0)).label("known"),
            func.sum(case((member.outcome == Outcome.YES, 1), else_=0)).label("yes"),
            func.sum(case((member.outcome == Outcome.UNKNOWN, 1), else_=0)).label("unknown"),
        )
        .where(member.campaign_id == campaign_id)
        .group_by(member.enrolled_on, member.arm)
    )
    found: dict[date, dict[str, Mapping[str, int]]] = {}
    for row in rows:
        counts = {name: int(getattr(row, name)) for name in _NOBODY}
        found.setdefault(row.enrolled_on, {})[row.arm] = counts
    return found


def _answers(session: Session, campaign_id: int) -> dict[date, dict[str, int]]:
    """How many of each wave were written to, ended their messages after that, or said that it did not help."""
    arrived = func.coalesce(NudgeRow.sent_at, NudgeRow.due_at, type_=NudgeRow.sent_at.type)
    got = (
        select(
            NudgeRow.person_id,
            func.min(arrived).label("first"),
            func.max(arrived).label("last"),
            func.max(case((NudgeRow.answer == Answer.NOT_HELPFUL, 1), else_=0)).label("not_helpful"),
        )
        .where(NudgeRow.campaign_id == campaign_id, NudgeRow.state.in_(_MAY_HAVE_ARRIVED))
        .group_by(NudgeRow.person_id)
        .subquery()
    )
    member, told = CampaignMemberRow, PreferenceRow
    theirs = and_(
        member.person_id == got.c.person_id, member.campaign_id == campaign_id, member.arm == Arm.TREATED.value
    )
    rows = session.execute(
        select(member.enrolled_on, func.count().label("reached"), func.sum(got.c.not_helpful).label("not_helpful"))
        .select_from(got)
        .join(member, theirs)
        .group_by(member.enrolled_on)
    )
    ended = session.execute(
        select(member.enrolled_on, got.c.first, got.c.last, told.stopped_at, told.paused_at)
        .select_from(got)
        .join(member, theirs)
        .join(told, told.person_id == got.c.person_id)
        .where(or_(told.stopped_at >= got.c.first, told.paused_at >= got.c.first))
    )
    stopped = Counter(day for day, first, last, *moments in ended if _for_this(first, last, moments))
    return {
        row.enrolled_on: {
            "reached": int(row.reached),
            "stopped": stopped[row.enrolled_on],
            "not_helpful": int(row.not_helpful),
        }
        for row in rows
    }


def _for_this(first: datetime, last: datetime, moments: Iterable[datetime | None]) -> bool:
    """Whether they had enough while a campaign wrote to them or within the 28 days after it; later is not its doing."""
    until = last + timedelta(days=FOLLOW_UP_DAYS)
    return any(moment is not None and first <= moment < until for moment in moments)
