"""Who is in a campaign: drawn once into an arm, in one transaction, and never told to a lead.

What is drawn stands: nobody moves to the other arm, and nobody is drawn twice. No screen of a lead reaches this module
(an import contract sees to it). Called by `jobs/enrol.py`, `jobs/decide.py`, `jobs/recheck.py` and
`jobs/follow_campaigns.py`. Next: `jobs/enrol.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ScalarSelect, and_, exists, func, or_, select, text, update
from sqlalchemy.orm import Session

from bot.domain.campaigns import FOLLOW_UP_DAYS, Arm, Campaign, CampaignState, Kind
from bot.domain.experiment.assignment import hold_out
from bot.domain.turns import Part
from bot.store import audiences, campaigns
from bot.store.batches import chunks, insert_new
from bot.store.pseudonyms import drawing_secret
from bot.store.tables import OPEN_NUDGE, CampaignMemberRow, CampaignRow, NudgeRow, TeamPersonRow

WAVE_DAYS = 7
"""A recurring campaign takes in whoever has newly come to match this often."""
NO_TEAM = "none"
OUT_OF_TIME = "last_day"
_MAY_HAVE_ARRIVED = ("sent", "unknown")
_GOES_ON = (CampaignState.RUNNING, CampaignState.PAUSED)


def due(session: Session, *, day: date) -> list[int]:
    """The campaigns that run and have a wave to take in on this day."""
    again = and_(CampaignRow.kind == Kind.RECURRING, CampaignRow.last_wave_on <= day - timedelta(days=WAVE_DAYS))
    return list(
        session.scalars(
            select(CampaignRow.campaign_id)
            .where(
                CampaignRow.state == CampaignState.RUNNING,
                CampaignRow.first_day <= day,
                CampaignRow.last_day >= day,
                or_(CampaignRow.last_wave_on.is_(None), again),
                or_(CampaignRow.most_messages.is_(None), CampaignRow.most_messages > _messages_sent()),
            )
            .order_by(CampaignRow.campaign_id)
        )
    )


def take_in(session: Session, *, campaign_id: int, day: date) -> int | None:
    """Draw the wave of this day and freeze it; how many were drawn, None when it is not due (any more).

    Campaigns about the same thing are held until the end of the transaction, so that nobody is drawn into two.
    """
    about = select(CampaignRow.trigger).where(CampaignRow.campaign_id == campaign_id).scalar_subquery()
    rivals = select(CampaignRow.campaign_id).where(CampaignRow.trigger == about).order_by(CampaignRow.campaign_id)
    list(session.scalars(rivals.with_for_update()))
    if campaign_id not in due(session, day=day):
        return None
    row = session.get_one(CampaignRow, campaign_id, populate_existing=True)
    campaign = campaigns.read(row)
    strata = _newcomers(session, campaign, day)
    held = hold_out(
        secret=drawing_secret(session),
        campaign_key=f"{campaign.campaign_key} {day.isoformat()}",
        strata=strata,
        percent=campaign.plan.holdout_percent,
    )
    members = [
        {
            "campaign_id": campaign_id,
            "person_id": person_id,
            "stratum": stratum,
            "arm": (Arm.HELD_OUT if person_id in held else Arm.TREATED).value,
            "enrolled_on": day,
        }
        for person_id, stratum in sorted(strata.items())
    ]
    for batch in chunks(members):
        insert_new(session, CampaignMemberRow, batch)
    row.last_wave_on = day
    session.flush()
    return len(members)


def finish(session: Session, *, now: datetime) -> int:
    """End the campaigns whose last day is over everywhere.

    Whatever they sent: one that ended when its cap is full would tell that as many people as that had been found.
    """
    goes_on = CampaignRow.state.in_(_GOES_ON)
    statement = (
        update(CampaignRow)
        .where(goes_on, CampaignRow.last_day < now.astimezone(UTC).date() - timedelta(days=1))
        .values(state=CampaignState.DONE.value, why_ended=OUT_OF_TIME, changed_at=now)
        .returning(CampaignRow.campaign_id)
        .execution_options(synchronize_session=False)
    )
    return len(list(session.scalars(statement)))


def parts(
    session: Session, *, person_ids: Collection[int], day: date, hold: bool = False
) -> dict[int, tuple[Part, ...]]:
    """The parts these people have in campaigns that go on, or whose follow-up of them does; everybody is in the answer.

    With `hold` nobody pauses or stops one of these campaigns before this transaction ends (no effect on SQLite, where
    nobody else writes meanwhile).
    """
    goes_on = CampaignRow.state.in_(_GOES_ON)
    followed = CampaignMemberRow.enrolled_on > day - timedelta(days=FOLLOW_UP_DAYS)
    asked = (
        select(CampaignMemberRow, CampaignRow)
        .join(CampaignRow, CampaignRow.campaign_id == CampaignMemberRow.campaign_id)
        .where(CampaignMemberRow.person_id.in_(person_ids), or_(goes_on, followed))
        .order_by(CampaignRow.campaign_id, CampaignMemberRow.person_id)
        .execution_options(populate_existing=True)
    )
    rows = session.execute(asked.with_for_update(read=True, of=CampaignRow) if hold else asked).all()
    sent = _sent(session, person_ids, {campaign.campaign_id for _, campaign in rows})
    read = {campaign.campaign_id: campaigns.read(campaign) for _, campaign in rows}
    found: dict[int, list[Part]] = {person_id: [] for person_id in person_ids}
    for member, _ in rows:
        campaign = read[member.campaign_id]
        steps = sent.get((member.person_id, member.campaign_id), {})
        found[member.person_id].append(Part(campaign, Arm(member.arm), member.enrolled_on, steps))
    return {person_id: tuple(theirs) for person_id, theirs in found.items()}


def room(session: Session) -> dict[int, int]:
    """How many messages each campaign with a cap may still plan; nobody else plans for them meanwhile.

    What is on its way counts, and what may have arrived; what was skipped or refused gives its place back. A paused one
    is among them, for a lead may let it go on while this transaction plans.
    """
    capped = (
        select(CampaignRow.campaign_id, CampaignRow.most_messages)
        .where(CampaignRow.state.in_(_GOES_ON), CampaignRow.most_messages.is_not(None))
        .order_by(CampaignRow.campaign_id)
        .with_for_update()
    )
    most = {row.campaign_id: row.most_messages or 0 for row in session.execute(capped)}
    counts = (
        select(NudgeRow.campaign_id, func.count().label("messages"))
        .where(NudgeRow.campaign_id.in_(most), or_(NudgeRow.state.in_(_MAY_HAVE_ARRIVED), text(OPEN_NUDGE)))
        .group_by(NudgeRow.campaign_id)
    )
    planned = {row.campaign_id: row.messages for row in session.execute(counts)}
    return {campaign_id: number - planned.get(campaign_id, 0) for campaign_id, number in most.items()}


def _messages_sent() -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(NudgeRow.campaign_id == CampaignRow.campaign_id, NudgeRow.state.in_(_MAY_HAVE_ARRIVED))
        .scalar_subquery()
    )


def _newcomers(session: Session, campaign: Campaign, day: date) -> dict[int, str]:
    """Who is meant and in no campaign about the same, each with their stratum: their nearest team, and their state."""
    who = audiences.meant(campaign.plan.audience, day=day).subquery()
    goes_on = CampaignRow.state.in_(_GOES_ON)
    followed = CampaignMemberRow.enrolled_on > day - timedelta(days=FOLLOW_UP_DAYS)
    taken = exists().where(
        CampaignMemberRow.person_id == who.c.person_id,
        CampaignMemberRow.campaign_id == CampaignRow.campaign_id,
        CampaignRow.trigger == campaign.plan.audience.trigger,
        or_(goes_on, followed, CampaignRow.campaign_id == campaign.campaign_id),
    )
    rows = session.execute(select(who.c.person_id, who.c.state).where(~taken)).all()
    teams = _nearest_teams(session, [row.person_id for row in rows])
    return {row.person_id: f"{teams.get(row.person_id, NO_TEAM)} {row.state}" for row in rows}


def _nearest_teams(session: Session, person_ids: Sequence[int]) -> dict[int, str]:
    """The smallest group that each of them was published in."""
    sizes = select(TeamPersonRow.group_key, func.count().label("people")).group_by(TeamPersonRow.group_key).subquery()
    nearest: dict[int, str] = {}
    for batch in chunks(sorted(person_ids)):
        rows = session.execute(
            select(TeamPersonRow.person_id, TeamPersonRow.group_key)
            .join(sizes, sizes.c.group_key == TeamPersonRow.group_key)
            .where(TeamPersonRow.person_id.in_(batch))
            .order_by(sizes.c.people.desc(), TeamPersonRow.group_key)
        )
        nearest |= {row.person_id: row.group_key for row in rows}  # the last one, the smallest, stands
    return nearest


def _sent(
    session: Session, person_ids: Collection[int], campaign_ids: Collection[int]
) -> dict[tuple[int, int], dict[int, datetime]]:
    """When each step was sent, or may have been, by person and campaign."""
    found: dict[tuple[int, int], dict[int, datetime]] = defaultdict(dict)
    if not campaign_ids:
        return found
    rows = session.execute(
        select(
            NudgeRow.person_id,
            NudgeRow.campaign_id,
            NudgeRow.campaign_step,
            func.coalesce(NudgeRow.sent_at, NudgeRow.due_at, type_=NudgeRow.sent_at.type).label("at"),
        ).where(
            NudgeRow.person_id.in_(person_ids),
            NudgeRow.campaign_id.in_(campaign_ids),
            NudgeRow.state.in_(_MAY_HAVE_ARRIVED),
        )
    )
    for row in rows:
        if row.campaign_id is not None and row.campaign_step is not None:
            found[row.person_id, row.campaign_id][row.campaign_step] = row.at
    return found
