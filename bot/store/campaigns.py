"""Campaigns as leads plan and steer them: rows of plans, arrows between their states, and what was published of them.

No row of a person leaves this module: who was drawn and who is written to is known to `bot/store/cohorts.py` alone.
Each arrow is one conditional UPDATE and True when it touched the row; whoever comes second gets False. Each act is
written down with the role, in the same transaction. Called by `handlers/ai_nudge.py`. Next: `bot/store/cohorts.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, case, delete, exists, insert, or_, select, text, update
from sqlalchemy.orm import Session

from bot.domain.campaigns import Audience, Campaign, CampaignState, Kind, Plan, Step, may_go, says
from bot.domain.roles import Role
from bot.domain.tips import Tip
from bot.store import audiences, audit
from bot.store.audit import Act
from bot.store.batches import insert_new, table_of
from bot.store.tables import CampaignResultRow, CampaignRow, HaltRow

_THE_ONE = 1
_MAY_BE_APPROVED = (CampaignState.WAITING, CampaignState.RUNNING, CampaignState.PAUSED)
BY_A_LEAD = "a_lead"
HARM = "harm"
ALL_TOGETHER = "all_together"
"""Where the estimate over all campaigns stands in what is published of each, the same in all of a week."""


@dataclass(frozen=True)
class Result:
    """What was published of a campaign for the week that begins on the Monday `week`; plain JSON, of nobody."""

    week: date
    result: Mapping[str, Any]


# ---------------------------------------------------------------- plans


def create(session: Session, *, plan: Plan, author_slack_id: str, now: datetime) -> str:
    """Keep a new draft and return its key. `plan` has passed `campaigns.check`."""
    campaign_key = uuid4().hex
    values = {
        "campaign_key": campaign_key,
        "state": CampaignState.DRAFT.value,
        "author_slack_id": author_slack_id,
        "created_at": now,
        "changed_at": now,
    }
    session.execute(insert(CampaignRow).values(**values, **_columns(plan)))
    _note(session, Act.CAMPAIGN_CREATED, now)
    return campaign_key


def change(session: Session, *, campaign_key: str, plan: Plan, author_slack_id: str, now: datetime) -> bool:
    """Put another plan into a draft. Whoever wrote last is its author: nobody approves their own words."""
    values = {**_columns(plan), "author_slack_id": author_slack_id}
    return _go(session, campaign_key, _Arrow(("draft",), "draft", Act.CAMPAIGN_CHANGED), now=now, values=values)


def find(session: Session, *, campaign_key: str, to_take_a_step: bool = False) -> Campaign | None:
    """One campaign by its key. `to_take_a_step`: whoever changes its tips (`reworded`) waits for this transaction."""
    asked = select(CampaignRow).where(CampaignRow.campaign_key == campaign_key)
    if to_take_a_step:
        asked = asked.with_for_update()
    row = session.scalar(asked.execution_options(populate_existing=True))
    return None if row is None else read(row)


def sends(session: Session, *, campaign_id: int, tip: Tip) -> bool:
    """Whether a campaign still has this tip among its words: somebody may have moved it out of the family."""
    row = session.get(CampaignRow, campaign_id)
    return row is not None and says(read(row).plan, tip)


def listed(session: Session, *, most: int = 100) -> tuple[Campaign, ...]:
    """All campaigns, those that wait, run or are paused first, then the newest first."""
    rows = session.scalars(
        select(CampaignRow)
        .order_by(_place(), CampaignRow.created_at.desc(), CampaignRow.campaign_id.desc())
        .limit(most)
        .execution_options(populate_existing=True)
    )
    return tuple(map(read, rows))


# ---------------------------------------------------------------- arrows


@dataclass(frozen=True)
class _Arrow:
    sources: tuple[str, ...]
    target: str
    act: Act


def start(session: Session, *, campaign_key: str, approval_from: int, now: datetime) -> bool:
    """Draft -> running, for an audience that can be counted and is said to be smaller than `approval_from`."""
    found = find(session, campaign_key=campaign_key)
    if found is None:
        return False
    people = audiences.counted(session, audience=found.plan.audience, now=now)
    if people is None or people >= approval_from:
        return False
    as_read = CampaignRow.changed_at == found.changed_at  # counted was this plan and no later one
    arrow = _Arrow(("draft",), "running", Act.CAMPAIGN_STARTED)
    return _go(session, campaign_key, arrow, now=now, only_if=as_read, values={"needs_approval": False})


def ask_for_approval(session: Session, *, campaign_key: str, by_slack_id: str, now: datetime) -> bool:
    """Draft -> waiting, or paused for approval -> the same, for the word of a second lead. Who asks has looked at it,
    and is its author from now on. The audience of a draft must be countable; one that ran may have helped so many that
    few still match.
    """
    found = find(session, campaign_key=campaign_key)
    if found is None or not (found.waits_again or _is_countable(session, campaign_key, now)):
        return False
    source, target = ("paused", "paused") if found.waits_again else ("draft", "waiting")
    arrow = _Arrow((source,), target, Act.APPROVAL_ASKED)
    values = {"author_slack_id": by_slack_id, "needs_approval": True}
    as_read = CampaignRow.changed_at == found.changed_at
    return _go(session, campaign_key, arrow, now=now, only_if=as_read, values=values)


def take_back(session: Session, *, campaign_key: str, now: datetime) -> bool:
    """Waiting -> draft, to change it."""
    return _go(session, campaign_key, _Arrow(("waiting",), "draft", Act.CAMPAIGN_CHANGED), now=now)


def approve(session: Session, *, campaign_key: str, approver_slack_id: str, now: datetime) -> bool:
    """Waiting, or paused and asked for -> running, by another lead than its author; False too when nobody knows that
    one any more.
    """
    found = find(session, campaign_key=campaign_key)
    if found is None or not (found.waits_again or _is_countable(session, campaign_key, now)):
        return False
    another = CampaignRow.author_slack_id != approver_slack_id  # of an author who was erased it is NULL: not so
    asked = or_(CampaignRow.state == CampaignState.WAITING, _lacks_approval())
    arrow = _Arrow(("waiting", "paused"), "running", Act.CAMPAIGN_APPROVED)
    values = {"approver_slack_id": approver_slack_id}
    return _go(session, campaign_key, arrow, now=now, only_if=and_(another, asked), values=values)


def reworded(session: Session, *, tips: Collection[Tip], now: datetime) -> int:
    """A lead changed these tips (as they were, and as they are): what was approved, or was to be, were other words.

    So what waits is a draft again, and what a second lead had approved is paused until two leads have looked anew.
    Returns how many were paused.
    """
    asked = select(CampaignRow).where(CampaignRow.state.in_(_MAY_BE_APPROVED)).order_by(CampaignRow.campaign_id)
    rows = session.scalars(asked.with_for_update().execution_options(populate_existing=True))
    found = [campaign for campaign in map(read, rows) if any(says(campaign.plan, tip) for tip in tips)]
    for campaign in found:
        if campaign.state is CampaignState.WAITING:
            take_back(session, campaign_key=campaign.campaign_key, now=now)
    approved = [one for one in found if one.needs_approval and one.state is not CampaignState.WAITING]
    return sum(hold_for_approval(session, campaign_key=one.campaign_key, now=now) for one in approved)


def hold_for_approval(session: Session, *, campaign_key: str, now: datetime, role: Role = Role.LEAD) -> bool:
    """Running or paused -> paused, until two leads have looked at it anew."""
    values = {"needs_approval": True, "author_slack_id": None, "approver_slack_id": None}
    arrow = _Arrow(("running", "paused"), "paused", Act.CAMPAIGN_PAUSED)
    return _go(session, campaign_key, arrow, now=now, values=values, role=role)


def grew(session: Session, *, campaign_id: int, approval_from: int, now: datetime) -> bool:
    """Before a wave is drawn: whether a campaign that one lead started meets so many now that it needs a second, and is
    paused until it has one. Told by the blurred number, so that the pause tells no exact one.
    """
    row = session.get_one(CampaignRow, campaign_id, populate_existing=True, with_for_update=True)
    campaign = read(row)
    if campaign.needs_approval or campaign.state is not CampaignState.RUNNING:
        return False
    people = audiences.grown_to(session, audience=campaign.plan.audience, now=now)
    if people is None or people < approval_from:
        return False
    return hold_for_approval(session, campaign_key=campaign.campaign_key, now=now, role=Role.OPERATOR)


def pause(session: Session, *, campaign_key: str, now: datetime) -> bool:
    """Running -> paused: nothing of it leaves from the moment this is committed; what waits stays where it is."""
    return _go(session, campaign_key, _Arrow(("running",), "paused", Act.CAMPAIGN_PAUSED), now=now)


def resume(session: Session, *, campaign_key: str, now: datetime) -> bool:
    """Paused -> running, unless that is for a second lead to say (`approve`)."""
    arrow = _Arrow(("paused",), "running", Act.CAMPAIGN_RESUMED)
    return _go(session, campaign_key, arrow, now=now, only_if=~_lacks_approval())


def stop(session: Session, *, campaign_key: str, now: datetime, why: str = BY_A_LEAD, role: Role = Role.LEAD) -> bool:
    """Any state that is no end -> stopped, for good: what waits of it is skipped at the moment of sending."""
    sources = tuple(state.value for state in CampaignState if may_go(state, CampaignState.STOPPED))
    arrow = _Arrow(sources, CampaignState.STOPPED, Act.CAMPAIGN_STOPPED)
    return _go(session, campaign_key, arrow, now=now, values={"why_ended": why}, role=role)


# ---------------------------------------------------------------- everything at once


def halt_all(session: Session, *, now: datetime) -> bool:
    """Switch off everything that Kindling sends by itself, at once and in every process; True when it was on.

    On PostgreSQL it waits for the messages that are just passing the fence (`is_halted`), so that none passes it later.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE halt IN EXCLUSIVE MODE"))
    if session.scalar(select(exists().where(HaltRow.halt_id == _THE_ONE))):
        return False
    insert_new(session, HaltRow, [{"halt_id": _THE_ONE, "halted_at": now}])
    _note(session, Act.ALL_HALTED, now)
    return True


def resume_all(session: Session, *, now: datetime) -> bool:
    """Switch it on again; True when it was off."""
    was_off = session.connection().execute(delete(table_of(HaltRow))).rowcount > 0
    if was_off:
        _note(session, Act.ALL_RESUMED, now)
    return was_off


def halted_at(session: Session) -> datetime | None:
    """Since when everything is switched off; None while it is on."""
    return session.scalar(select(HaltRow.halted_at))


def is_halted(session: Session) -> bool:
    """Whether everything is switched off, asked at the fence: nobody can switch it off before this transaction ends."""
    return session.scalar(select(HaltRow.halt_id).with_for_update(read=True)) is not None


# ---------------------------------------------------------------- results


def open_results(session: Session, *, campaign_key: str, now: datetime) -> tuple[Result, ...]:
    """What was published of a campaign, the newest week first; written down as an act of a lead."""
    rows = session.execute(
        select(CampaignResultRow.week, CampaignResultRow.result)
        .join(CampaignRow, CampaignRow.campaign_id == CampaignResultRow.campaign_id)
        .where(CampaignRow.campaign_key == campaign_key)
        .order_by(CampaignResultRow.week.desc())
    )
    _note(session, Act.RESULT_OPENED, now)
    return tuple(Result(week, result) for week, result in rows)


def open_all_together(session: Session, *, now: datetime) -> Mapping[str, Any] | None:
    """What all campaigns together suggested when anything was published last, None when nothing; it is written down."""
    newest = select(CampaignResultRow.result).order_by(CampaignResultRow.week.desc(), CampaignResultRow.campaign_id)
    found: Mapping[str, Any] | None = (session.scalar(newest.limit(1)) or {}).get(ALL_TOGETHER)
    if found is not None:
        _note(session, Act.RESULT_OPENED, now)
    return found


# ---------------------------------------------------------------- helpers

_FIRST = (CampaignState.WAITING, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DRAFT)


def _place() -> ColumnElement[int]:
    """In the database, before the limit: what runs can be found and stopped, however many drafts came after it."""
    places = {state.value: place for place, state in enumerate(_FIRST)}
    return case(places, value=CampaignRow.state, else_=len(_FIRST))


def read(row: CampaignRow) -> Campaign:
    """A row as the rest of the house knows it."""
    steps = tuple(Step(**step) for step in row.steps["steps"])
    return Campaign(
        campaign_id=row.campaign_id,
        campaign_key=row.campaign_key,
        plan=Plan(
            name=row.name,
            kind=Kind(row.kind),
            audience=Audience(row.trigger, row.role, row.tool, row.group_key),
            steps=steps,
            first_day=row.first_day,
            last_day=row.last_day,
            hours=(row.hour_from, row.hour_until),
            most_messages=row.most_messages,
            holdout_percent=row.holdout_percent,
        ),
        state=CampaignState(row.state),
        author_slack_id=row.author_slack_id,
        approver_slack_id=row.approver_slack_id,
        needs_approval=row.needs_approval,
        created_at=row.created_at,
        changed_at=row.changed_at,
        last_wave_on=row.last_wave_on,
        why_ended=row.why_ended,
    )


def _columns(plan: Plan) -> dict[str, Any]:
    steps = [{"tip_id": step.tip_id, "topic": step.topic, "gap_days": step.gap_days} for step in plan.steps]
    return {
        "name": plan.name,
        "kind": plan.kind.value,
        "trigger": plan.audience.trigger,
        "role": plan.audience.role,
        "tool": plan.audience.tool,
        "group_key": plan.audience.group_key,
        "steps": {"steps": steps},
        "first_day": plan.first_day,
        "last_day": plan.last_day,
        "hour_from": plan.hours[0],
        "hour_until": plan.hours[1],
        "most_messages": plan.most_messages,
        "holdout_percent": plan.holdout_percent,
    }


def _lacks_approval() -> ColumnElement[bool]:
    return and_(CampaignRow.needs_approval, CampaignRow.approver_slack_id.is_(None))


def _is_countable(session: Session, campaign_key: str, now: datetime) -> bool:
    found = find(session, campaign_key=campaign_key)
    return found is not None and audiences.counted(session, audience=found.plan.audience, now=now) is not None


def _go(
    session: Session,
    campaign_key: str,
    arrow: _Arrow,
    *,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    only_if: ColumnElement[bool] | None = None,
    role: Role = Role.LEAD,
) -> bool:
    """The UPDATE behind every arrow, and the line about it."""
    conditions = [CampaignRow.campaign_key == campaign_key, CampaignRow.state.in_(arrow.sources)]
    touched = session.scalar(
        update(CampaignRow)
        .where(*conditions, *([] if only_if is None else [only_if]))
        .values(state=arrow.target, changed_at=now, **(values or {}))
        .returning(CampaignRow.campaign_id)
        .execution_options(synchronize_session=False)
    )
    if touched is not None:
        audit.note(session, role=role, act=arrow.act, now=now)
    return touched is not None


def _note(session: Session, act: Act, now: datetime) -> None:
    audit.note(session, role=Role.LEAD, act=act, now=now)
