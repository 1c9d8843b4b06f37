"""How many people a campaign would speak to, and why others would hear nothing: sums only, blurred, kept for a week.

No row of a person leaves this module, and no exact number: what is said was blurred by `bot/domain/audience.py`, and
the first answer of a week stands for all who ask in it. Who the people are is known to `bot/store/cohorts.py` alone,
which no lead's screen reaches. Called by `handlers/ai_nudge.py`. Next: `bot/store/campaigns.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from bot.domain.audience import FRESH_DAYS, LEAST_LEFT_OUT, blurred, cut_of, week_of
from bot.domain.campaigns import FOLLOW_UP_DAYS, Arm, Audience, CampaignState, is_about_use
from bot.domain.roles import Role
from bot.errors import KindlingError
from bot.store import audit
from bot.store.audit import Act
from bot.store.batches import insert_new
from bot.store.tables import (
    AudienceCountRow,
    CampaignMemberRow,
    CampaignRow,
    FindingRow,
    IdentityRow,
    PersonRow,
    PreferenceRow,
    PseudonymKeyRow,
    SeatRow,
    SilenceRow,
    StateRow,
    TeamPersonRow,
    UsageDayRow,
)
from bot.store.tables.people import works_here

HOLDING = (
    "not_employed",
    "no_time_zone",
    "unknown",
    "not_provisioned",
    "grace",
    "said_not_relevant",
    "exploring",
    "shadow",
    "weekly_cap",
    "four_week_cap",
    "backing_off",
    "three_ignored",
)
"""Reasons of last night that would hold for a campaign's message too; the others were about the tips of that night."""
IN_ANOTHER = "in_another_campaign"
HELD_OUT = "held_out"
_USED_WITHIN = timedelta(days=28)
# As `occasions.is_speakable` has it, which knows people and cannot be asked from here; a test holds the two together.
_SPEAKABLE_LEDGERS = ("wasted", "optimizable")
_SEAT_DETECTOR = "W01"
_NOBODY_SILENT = "hearing"


@dataclass(frozen=True)
class DryRun:
    """What would happen if it ran today; every number is blurred.

    `people` match the audience and `hearing` of them could be written to now; None: too few to be told. `silences` are
    the reasons that hold for enough people to be told; a reason that is not there holds for few or for nobody.
    """

    people: int | None
    hearing: int | None
    silences: dict[str, int]


def count(session: Session, *, audience: Audience, now: datetime) -> int | None:
    """About how many people are meant; None when they are too few for a campaign. Written down as an act of a lead."""
    audit.note(session, role=Role.LEAD, act=Act.AUDIENCE_COUNTED, now=now)
    return counted(session, audience=audience, now=now)


def dry_run(session: Session, *, audience: Audience, now: datetime) -> DryRun:
    """About how many people would hear something, and why others would not. Written down as an act of a lead."""
    audit.note(session, role=Role.LEAD, act=Act.AUDIENCE_COUNTED, now=now)
    people = counted(session, audience=audience, now=now)
    if people is None:
        return DryRun(None, None, {})
    figures = _kept(session, audience=audience, now=now)
    silences = {name: figure for name, figure in figures.items() if figure is not None and name != _NOBODY_SILENT}
    return DryRun(people, figures[_NOBODY_SILENT], silences)


def counted(session: Session, *, audience: Audience, now: datetime) -> int | None:
    """The same as `count`, for a question that was asked before and is asked again by an act of its own."""
    cut, week = cut_of(audience), week_of(now.date())
    kept = _read(session, [cut], week)
    if cut not in kept:
        same = _told_as(session, audience, now.date())
        if same != audience:
            return _stand(session, {cut: counted(session, audience=same, now=now)}, week)[cut]
        kept = _keep(
            session, {cut: _people(session, audience, now)}, of=_among(session, audience, now.date()), week=week
        )
    return kept[cut]


def grown_to(session: Session, *, audience: Audience, now: datetime) -> int | None:
    """About how many are meant at this moment, whatever was said this week: for a job that shows it to nobody."""
    same = _told_as(session, audience, now.date())
    of = _among(session, same, now.date())
    return blurred(_people(session, same, now), of=of, secret=_secret(session), cut=cut_of(same))


def _people(session: Session, audience: Audience, now: datetime) -> int:
    return session.scalar(select(func.count()).select_from(meant(audience, day=now.date()).subquery())) or 0


def meant(audience: Audience, *, day: date) -> Select[int, str]:
    """The question who is meant, and where each stands: put to the database by a sum here, and by `cohorts`."""
    latest = (
        select(StateRow.person_id, func.max(StateRow.first_day).label("first_day"))
        .group_by(StateRow.person_id)
        .subquery()
    )
    newest = and_(StateRow.person_id == latest.c.person_id, StateRow.first_day == latest.c.first_day)
    return (
        select(StateRow.person_id, StateRow.state)
        .join(latest, newest)
        .join(PersonRow, PersonRow.person_id == StateRow.person_id)
        .where(
            StateRow.last_day >= day - timedelta(days=FRESH_DAYS),
            works_here(PersonRow, day),
            _holds_true(audience),
            *_narrowed(audience, day),
        )
    )


def _among(session: Session, audience: Audience, day: date) -> int:
    """Among how many people they were sought, whatever holds of each: a number that others may know."""
    conditions = _narrowed(audience, day)
    if audience.tool is not None and not is_about_use(audience.trigger):
        conditions.append(_has_to_do_with(audience.tool, day))
    return session.scalar(select(func.count(PersonRow.person_id)).where(works_here(PersonRow, day), *conditions)) or 0


def _told_as(session: Session, audience: Audience, day: date) -> Audience:
    """The audience without what narrows it by hardly anybody. Else one could ask for the same people again and again by
    a role, a team or a tool that nearly all of them have, each time with another draw, and compare week with week.
    """
    for wider in _WIDER:
        other = wider(audience)
        if other != audience and _among(session, other, day) - _among(session, audience, day) < LEAST_LEFT_OUT:
            audience = other
    return audience


_WIDER: tuple[Callable[[Audience], Audience], ...] = (
    # A pattern in one tool is another one than the same pattern in any.
    lambda audience: replace(audience, tool=None) if is_about_use(audience.trigger) else audience,
    lambda audience: replace(audience, role=None),
    lambda audience: replace(audience, group_key=None),
)


def _holds_true(audience: Audience) -> ColumnElement[bool]:
    if is_about_use(audience.trigger):
        return StateRow.state == audience.trigger
    return _was_found(audience.trigger, audience.tool)


def _narrowed(audience: Audience, day: date) -> list[ColumnElement[bool]]:
    conditions = []
    if audience.tool is not None and is_about_use(audience.trigger):
        conditions.append(_has_to_do_with(audience.tool, day))
    if audience.role is not None:
        conditions.append(PersonRow.role == audience.role)
    if audience.group_key is not None:
        belongs = exists().where(
            TeamPersonRow.group_key == audience.group_key, TeamPersonRow.person_id == PersonRow.person_id
        )
        conditions.append(belongs)
    return conditions


def _was_found(detector: str, tool: str | None) -> ColumnElement[bool]:
    """A pattern in the window that was judged last, of which something may be said (`occasions.is_speakable`)."""
    counts = FindingRow.counted_microusd
    is_suggestion = and_(counts == 0, FindingRow.low_microusd > 0)
    speakable = or_(counts > 0, is_suggestion, and_(counts.is_(None), FindingRow.detector == _SEAT_DETECTOR))
    return exists().where(
        FindingRow.person_id == StateRow.person_id,
        FindingRow.window_last_day == StateRow.last_day,
        FindingRow.detector == detector,
        FindingRow.ledger.in_(_SPEAKABLE_LEDGERS),
        speakable,
        *([FindingRow.tool == tool] if tool is not None else []),
    )


def _has_to_do_with(tool: str, day: date) -> ColumnElement[bool]:
    return or_(_holds(tool, day), _uses(tool, day))


def _holds(tool: str, day: date) -> ColumnElement[bool]:
    return exists().where(
        SeatRow.person_id == PersonRow.person_id,
        SeatRow.tool == tool,
        SeatRow.assigned_on <= day,
        or_(SeatRow.released_on.is_(None), SeatRow.released_on >= day),
    )


def _uses(tool: str, day: date) -> ColumnElement[bool]:
    return exists().where(
        UsageDayRow.person_id == PersonRow.person_id,
        UsageDayRow.tool == tool,
        UsageDayRow.day >= day - _USED_WITHIN,
        UsageDayRow.active,
    )


# ---------------------------------------------------------------- why others would hear nothing


def _kept(session: Session, *, audience: Audience, now: datetime) -> dict[str, int | None]:
    """What is said of each reason, and of whom none holds for; from the week's first answer."""
    cut, week = cut_of(audience), week_of(now.date())
    names = (_NOBODY_SILENT, "stopped", "paused", "snoozed", "no_slack_account", HELD_OUT, IN_ANOTHER, *HOLDING)
    cuts = {name: f"{cut} {name}" for name in names}
    kept = _read(session, list(cuts.values()), week)
    if cuts[_NOBODY_SILENT] not in kept:
        same = _told_as(session, audience, now.date())
        if same != audience:
            told = _kept(session, audience=same, now=now)
            kept = _stand(session, {cuts[name]: told[name] for name in names}, week)
            return {name: kept[one] for name, one in cuts.items()}
        people = _by_reason(session, audience, now)
        of = _among(session, audience, now.date())
        kept = _keep(session, {cuts[name]: people.get(name, 0) for name in names}, of=of, week=week)
    return {name: kept[one] for name, one in cuts.items()}


def _by_reason(session: Session, audience: Audience, now: datetime) -> dict[str, int]:
    day = now.date()
    who = meant(audience, day=day).subquery()
    reason = case(
        *_own_wishes(who.c.person_id, now),
        (~_has_account(who.c.person_id), "no_slack_account"),
        (_is_member(who.c.person_id, audience, day, held_out=True), HELD_OUT),
        (_is_member(who.c.person_id, audience, day, held_out=False), IN_ANOTHER),
        else_=func.coalesce(_of_last_night(who.c.person_id, day), literal(_NOBODY_SILENT)),
    )
    told = select(reason.label("reason")).select_from(who).subquery()
    rows = session.execute(select(told.c.reason, func.count()).group_by(told.c.reason))
    return {str(name): people for name, people in rows}


def _own_wishes(person: ColumnElement[int], now: datetime) -> list[tuple[ColumnElement[bool], str]]:
    def said(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(PreferenceRow.person_id == person, condition)

    return [
        (said(PreferenceRow.stopped_at.is_not(None)), "stopped"),
        (said(PreferenceRow.paused_at.is_not(None)), "paused"),
        (said(PreferenceRow.snoozed_until > now), "snoozed"),
    ]


def _has_account(person: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(IdentityRow.person_id == person, IdentityRow.source == "slack")


def _is_member(person: ColumnElement[int], audience: Audience, day: date, *, held_out: bool) -> ColumnElement[bool]:
    """Whether another campaign about the same has drawn them and is not done with them."""
    followed = CampaignMemberRow.enrolled_on > day - timedelta(days=FOLLOW_UP_DAYS)
    arm = CampaignMemberRow.arm == Arm.HELD_OUT
    goes_on = CampaignRow.state.in_([CampaignState.RUNNING, CampaignState.PAUSED])
    return exists().where(
        CampaignMemberRow.person_id == person,
        CampaignMemberRow.campaign_id == CampaignRow.campaign_id,
        CampaignRow.trigger == audience.trigger,
        and_(arm, followed) if held_out else or_(goes_on, followed),
    )


def _of_last_night(person: ColumnElement[int], day: date) -> ScalarSelect[str | None]:
    """The reason of their silence, where it is one that holds for a campaign too; else NULL."""
    return (
        select(case((SilenceRow.reason.in_(HOLDING), SilenceRow.reason)))
        .where(SilenceRow.person_id == person, SilenceRow.last_day >= day - timedelta(days=1))
        .order_by(SilenceRow.first_day.desc())
        .limit(1)
        .scalar_subquery()
    )


# ---------------------------------------------------------------- what was said stands


def _read(session: Session, cuts: list[str], week: date) -> dict[str, int | None]:
    rows = select(AudienceCountRow.cut, AudienceCountRow.people).where(
        AudienceCountRow.week == week, AudienceCountRow.cut.in_(cuts)
    )
    return {row.cut: row.people for row in session.execute(rows)}


def _keep(session: Session, people: dict[str, int], *, of: int, week: date) -> dict[str, int | None]:
    """Blur and keep; of two who ask at once the first is believed by both."""
    secret = _secret(session)
    said = {cut: blurred(number, of=of, secret=secret, cut=cut) for cut, number in people.items()}
    return _stand(session, said, week)


def _stand(session: Session, said: dict[str, int | None], week: date) -> dict[str, int | None]:
    insert_new(session, AudienceCountRow, [{"week": week, "cut": cut, "people": told} for cut, told in said.items()])
    return _read(session, list(said), week)


def _secret(session: Session) -> bytes:
    """Read here and not by `pseudonyms`, which turns ids into keys: that no lead's screen may reach."""
    kept = session.scalar(select(PseudonymKeyRow.secret))
    if kept is None:
        raise KindlingError("The key of the pseudonyms is gone: no audience can be counted. Restore a backup.")
    return bytes.fromhex(kept)
