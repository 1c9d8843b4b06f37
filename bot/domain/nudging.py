"""Who may hear what, now, or why not: one pure policy for planning and for the moment of sending (P9).

`decide` answers with a plan or with the one reason for silence; `still_right` asks the same things again right before
sending. The hour comes from `bot/domain/fair_hours.py`, the tip and its facts from `bot/domain/occasions.py`. Nothing
here is random: the same person on the same day gets the same answer.
Next: `jobs/deliver.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from bot.domain import plans
from bot.domain.adoption import LAG_DAYS, ZERO_STATES, Standing, State
from bot.domain.campaigns import CampaignState
from bot.domain.fair_hours import ALL_HOURS, end_of, fair_time, leaves_at
from bot.domain.occasions import CHECK_IN, QUESTION, Choice, choose, competing, is_speakable, occasions, with_question
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.plans import REMINDER, IfThen
from bot.domain.tips import ENABLEMENT_TRIGGERS, Fact, Tip
from bot.domain.told import PastNudge, Preferences, declined, last_was_a_tip, may_ask, unexplained
from bot.domain.turns import Part, Waits, has_ended, held_out, turns
from bot.domain.waste.ledger import CountedFinding

RULE_VERSION = "nudges-2"

WEEK = timedelta(days=7)
FOUR_WEEKS = timedelta(days=28)
MOST_IN_FOUR_WEEKS = 3
IGNORED_AFTER = WEEK
"""Caps and back-off weigh what reminders cost: they raise use and sign-offs alike, so the default is few."""
MOST_IGNORED = 3
SAME_TIP_AGAIN_AFTER = timedelta(days=90)
LIVES_FOR = WEEK
"""A message not delivered a week after it was due is out of date."""
PLANS_AHEAD = WEEK
SHADOW_DAYS = 14
"""So long waste is looked for and kept, and nobody is written to about it: whoever runs this can see first whether the
rules fit the place (`kindling calibrate`)."""
OLDEST_STANDING_DAYS = 3
"""A state judged on older data proves nothing about now (P12)."""


class Silence(StrEnum):
    """Why a person hears nothing. Every silence is stored with its reason (P11)."""

    KILL_SWITCH = "nudges_switched_off"
    STOPPED = "stopped"
    PAUSED = "paused"
    SNOOZED = "snoozed"
    NO_SLACK_ACCOUNT = "no_slack_account"
    NOT_EMPLOYED = "not_employed"
    NO_TIME_ZONE = "no_time_zone"
    UNKNOWN = "unknown"
    NOT_PROVISIONED = "not_provisioned"
    GRACE = "grace"
    SAID_NOT_RELEVANT = "said_not_relevant"
    EXPLORING = "exploring"
    SHADOW = "shadow"
    NOTHING_TO_SAY = "nothing_to_say"
    ALREADY_PLANNED = "already_planned"
    PLAN_FIRST = "plan_first"
    WEEKLY_CAP = "weekly_cap"
    FOUR_WEEK_CAP = "four_week_cap"
    BACKING_OFF = "backing_off"
    THREE_IGNORED = "three_ignored"
    NO_TIP_LEFT = "no_tip_left"
    NO_FAIR_HOUR = "no_fair_hour"
    NO_LONGER_TRUE = "no_longer_true"
    EXPIRED = "expired"
    CAMPAIGN_STOPPED = "campaign_stopped"
    HELD_OUT = "held_out"


@dataclass(frozen=True)
class Plan:
    """One message worth sending: the tip, what triggered it, the person's own facts, when it is due and void.

    `facts` is plain JSON with the versions of the rules, so that "Why this?" can be answered months later.
    `campaign_id` and `campaign_step` say whose message it is; None: a tip that goes out by itself.
    """

    tip: Tip
    trigger: str
    facts: dict[str, Fact]
    due_at: datetime
    expires_at: datetime
    campaign_id: int | None = None
    campaign_step: int | None = None


@dataclass(frozen=True)
class Moved:
    """Right, but not now: the next fair time."""

    due_at: datetime


def decide(
    *,
    standing: Standing | None,
    findings: Sequence[CountedFinding],
    exploring: bool,
    preferences: Preferences,
    history: Sequence[PastNudge],
    has_open_nudge: bool,
    calendar: WorkCalendar | None,
    person: Person,
    tips: Sequence[Tip],
    now: datetime,
    switched_on: bool,
    in_shadow: bool = False,
    seats: Sequence[Seat] = (),
    if_then: IfThen | None = None,
    parts: Sequence[Part] = (),
    full: Collection[int] = (),
) -> Plan | Silence:
    """The one message this person may hear next, or why there is none.

    `findings` are those of the last window; `exploring` says that it lies in the first 60 days after first use (P7),
    `in_shadow` that this installation is in its first two weeks.
    `history` is everything that was or may have been sent. `calendar` is None when the time zone is not known.
    `if_then` is the plan this person made: until its reminder is done with, nothing else is said. `parts` are those in
    campaigns; a campaign in `full` may send no more.
    """
    made = if_then if standing is not None and if_then is not None and plans.waits(if_then, standing, now) else None
    silence = (
        unreachable(preferences, person, calendar, now, switched_on)
        or (Silence.ALREADY_PLANNED if has_open_nudge else None)
        or _not_to_be_judged(standing, now)
        or (None if made else _said_no(standing, preferences, history, now) or too_soon(preferences, history, now))
    )
    if silence or standing is None or calendar is None:
        return silence or Silence.UNKNOWN
    if made is not None:
        due_at = plans.reminder_at(made, calendar, person_id=person.person_id, now=now)
        early = too_soon(preferences, history, due_at) if due_at else None
        return early or _reminder(made, standing, tips, due_at, calendar)
    welcome = not declined(preferences, history, now)
    candidates = occasions(
        standing, unexplained(findings, preferences, history, now), exploring=exploring or in_shadow, welcome=welcome
    )
    shut = held_out(parts, now.astimezone(UTC).date())
    about = {occasion.trigger for occasion in candidates}
    candidates = competing(candidates, turns(parts, person_id=person.person_id, now=now, full=full), shut)
    if may_ask(standing, preferences, history, now):
        candidates = with_question(candidates, after_a_tip=last_was_a_tip(history))
    if not candidates:
        return (
            Silence.HELD_OUT
            if about & shut
            else _why_nothing(standing, findings, exploring=exploring, in_shadow=in_shadow, welcome=welcome)
        )
    chosen = choose(
        candidates,
        standing=standing,
        seats=seats,
        tips=tips,
        person=person,
        day=(now + PLANS_AHEAD + LIVES_FOR).astimezone(UTC).date(),  # until then it may arrive
        recent=_recent(history, now),
        seen={nudge.tip_id for nudge in history},
    )
    return Silence.NO_TIP_LEFT if chosen is None else _timed(chosen, calendar, person, now)


def still_right(
    *,
    trigger: str,
    facts: Mapping[str, object],
    expires_at: datetime,
    standing: Standing | None,
    findings: Sequence[CountedFinding],
    exploring: bool,
    preferences: Preferences,
    history: Sequence[PastNudge],
    calendar: WorkCalendar | None,
    person: Person,
    now: datetime,
    switched_on: bool,
    in_shadow: bool = False,
    quiet_until: datetime | None = None,
    parts: Sequence[Part] = (),
    campaign_id: int | None = None,
) -> Silence | Moved | Waits | None:
    """Asked right before sending, with everything loaded afresh: skip for this reason, move to then, or send (None).

    `trigger`, `facts` and `expires_at` are those of the plan. `history` does not hold the nudge that is asked about.
    `quiet_until` is the end of a do-not-disturb that holds now, `campaign_id` whose message it is (`parts`).
    """
    part = next((part for part in parts if part.campaign.campaign_id == campaign_id), None)
    silence = (
        unreachable(preferences, person, calendar, now, switched_on)
        or (Silence.EXPIRED if now >= expires_at else None)
        or (Silence.CAMPAIGN_STOPPED if campaign_id is not None and has_ended(part) else None)
        or (Silence.HELD_OUT if trigger in held_out(parts, now.astimezone(UTC).date()) else None)
        or _not_to_be_judged(standing, now)
        or _not_to_ask(trigger, standing, preferences, history, now)
        or _no_longer_true(
            trigger, facts, standing, unexplained(findings, preferences, history, now), exploring=exploring
        )
        or (Silence.SHADOW if in_shadow and trigger not in _ABOUT_USE else None)
        or (None if trigger == REMINDER else _said_no(standing, preferences, history, now))
        or (Silence.SAID_NOT_RELEVANT if _answered_away(trigger, preferences, history, now) else None)
        or too_soon(preferences, history, now)
    )
    if silence or calendar is None:
        return silence
    if part is not None and part.campaign.state is CampaignState.PAUSED:
        return Waits.CAMPAIGN_PAUSED
    hours = part.campaign.plan.hours if part else ALL_HOURS
    return at_a_fair_hour(
        leaves_at(calendar, now, until=expires_at, quiet_until=quiet_until, person_id=person.person_id, hours=hours),
        now,
    )


def at_a_fair_hour(due_at: datetime | None, now: datetime) -> Silence | Moved | None:
    """None for what may leave now, else when it may, or that it may not at all any more."""
    if due_at is None:
        return Silence.NO_FAIR_HOUR
    return None if due_at == now else Moved(due_at)


def is_in_shadow(first_judged_on: date | None, now: datetime) -> bool:
    """Whether `now` lies in the first two weeks of an installation, or before them."""
    return first_judged_on is None or (now.astimezone(UTC).date() - first_judged_on).days < SHADOW_DAYS


def ignored_in_a_row(history: Sequence[PastNudge], preferences: Preferences, now: datetime) -> int:
    """How many of the latest messages stayed without any answer for a week, since the person last did something."""
    count = 0
    for nudge in sorted(history, key=lambda past: past.sent_at, reverse=True):
        if nudge.answer is not None or _is_before(nudge.sent_at, preferences.heard_from_at):
            break
        count += now - nudge.sent_at >= IGNORED_AFTER
    return count


def _reminder(
    made: IfThen, standing: Standing, tips: Sequence[Tip], due_at: datetime | None, calendar: WorkCalendar
) -> Plan | Silence:
    """The one reminder of an if-then plan, once its day is near."""
    tip = next((tip for tip in tips if tip.tip_id == made.tip_id), None)
    if due_at is None or tip is None:
        return Silence.PLAN_FIRST if tip else Silence.NO_TIP_LEFT
    facts = plans.facts_of(made, standing) | {"nudge_rule": RULE_VERSION}
    return Plan(tip, REMINDER, facts, due_at=due_at, expires_at=plans.ends(made, calendar))


def _timed(chosen: Choice, calendar: WorkCalendar, person: Person, now: datetime) -> Plan | Silence:
    """What was chosen, at the first fair hour; a campaign may have narrower hours, and a last day."""
    turn = chosen.turn
    ends = end_of(calendar, turn.campaign.plan.last_day) if turn else datetime.max.replace(tzinfo=UTC)
    due_at = fair_time(
        calendar,
        not_before=now,
        until=min(now + PLANS_AHEAD, ends),
        person_id=person.person_id,
        hours=turn.campaign.plan.hours if turn else ALL_HOURS,
    )
    if due_at is None:
        return Silence.NO_FAIR_HOUR
    facts = chosen.facts | {"nudge_rule": RULE_VERSION}
    plan = Plan(chosen.tip, chosen.trigger, facts, due_at=due_at, expires_at=min(due_at + LIVES_FOR, ends))
    if turn is None:
        return plan
    return replace(plan, campaign_id=turn.campaign.campaign_id, campaign_step=turn.number)


# ---------------------------------------------------------------- whether


def wishes_silence(preferences: Preferences, now: datetime) -> bool:
    """Whether this person wants no message of any kind now."""
    return any(holds for holds, _ in _wishes(preferences, now))


def _wishes(preferences: Preferences, now: datetime) -> tuple[tuple[bool, Silence], ...]:
    return (
        (preferences.stopped_at is not None, Silence.STOPPED),
        (preferences.paused_at is not None, Silence.PAUSED),
        (preferences.snoozed_until is not None and now < preferences.snoozed_until, Silence.SNOOZED),
    )


def unreachable(
    preferences: Preferences, person: Person, calendar: WorkCalendar | None, now: datetime, switched_on: bool
) -> Silence | None:
    today = (calendar.local(now) if calendar else now).date()
    gone = person.ended_on is not None and person.ended_on < today
    not_yet = person.started_on is not None and today < person.started_on
    reasons = (
        (not switched_on, Silence.KILL_SWITCH),
        *_wishes(preferences, now),
        (person.slack_user_id is None, Silence.NO_SLACK_ACCOUNT),
        (gone or not_yet, Silence.NOT_EMPLOYED),
        (calendar is None, Silence.NO_TIME_ZONE),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _not_to_be_judged(standing: Standing | None, now: datetime) -> Silence | None:
    if standing is None:
        return Silence.UNKNOWN
    lag_days = standing.evidence.get(LAG_DAYS)  # a window that ends days ago because it had to is not an old judgement
    judged_up_to = standing.last_day + timedelta(days=lag_days if isinstance(lag_days, int) else 0)
    if (now.astimezone(UTC).date() - judged_up_to).days > OLDEST_STANDING_DAYS:
        return Silence.UNKNOWN
    return _SILENT_STATES.get(standing.state)


_ABOUT_USE = ENABLEMENT_TRIGGERS | {CHECK_IN, REMINDER}
"""What is not about money, and is said from the first day on."""

_SILENT_STATES = {
    State.UNKNOWN: Silence.UNKNOWN,
    State.NOT_PROVISIONED: Silence.NOT_PROVISIONED,
    State.GRACE: Silence.GRACE,
}


def _said_no(
    standing: Standing | None, preferences: Preferences, history: Sequence[PastNudge], now: datetime
) -> Silence | None:
    """Who does not use a tool and told us why hears nothing about it for half a year, not even of its price."""
    idle = standing is not None and standing.state in ZERO_STATES
    return Silence.SAID_NOT_RELEVANT if idle and declined(preferences, history, now) else None


def _not_to_ask(
    trigger: str, standing: Standing | None, preferences: Preferences, history: Sequence[PastNudge], now: datetime
) -> Silence | None:
    if trigger != CHECK_IN or may_ask(standing, preferences, history, now):
        return None
    return Silence.NO_LONGER_TRUE


def _answered_away(trigger: str, preferences: Preferences, history: Sequence[PastNudge], now: datetime) -> bool:
    return trigger in ENABLEMENT_TRIGGERS and declined(preferences, history, now)


def _recent(history: Sequence[PastNudge], now: datetime) -> set[str]:
    """Tips that may not come again yet; the question has a rule of its own."""
    lately = {nudge.tip_id for nudge in history if now - nudge.sent_at < SAME_TIP_AGAIN_AFTER}
    return lately - {QUESTION.tip_id}


def too_soon(preferences: Preferences, history: Sequence[PastNudge], now: datetime) -> Silence | None:
    """Caps over everything that was or may have been sent, then the gap, which doubles with each ignored message."""
    if not history:
        return None
    since_last = now - max(nudge.sent_at for nudge in history)
    if since_last < WEEK:
        return Silence.WEEKLY_CAP
    if sum(now - nudge.sent_at < FOUR_WEEKS for nudge in history) >= MOST_IN_FOUR_WEEKS:
        return Silence.FOUR_WEEK_CAP
    ignored = ignored_in_a_row(history, preferences, now)
    if ignored >= MOST_IGNORED:
        return Silence.THREE_IGNORED
    return Silence.BACKING_OFF if since_last < WEEK * 2**ignored else None


def _no_longer_true(
    trigger: str,
    facts: Mapping[str, object],
    standing: Standing | None,
    findings: Sequence[CountedFinding],
    *,
    exploring: bool,
) -> Silence | None:
    if trigger == CHECK_IN:
        return None
    if trigger == REMINDER:
        needless = standing is None or plans.used_since(plans.made_on(facts), standing)
        return Silence.NO_LONGER_TRUE if needless else None
    if trigger in ENABLEMENT_TRIGGERS:
        same = standing is not None and standing.state.value == trigger
        return None if same else Silence.NO_LONGER_TRUE
    if exploring:
        return Silence.EXPLORING
    found = any((seen.detector, seen.tool) == (trigger, facts.get("tool")) for seen in findings if is_speakable(seen))
    return None if found else Silence.NO_LONGER_TRUE


def _why_nothing(
    standing: Standing, findings: Sequence[CountedFinding], *, exploring: bool, in_shadow: bool, welcome: bool
) -> Silence:
    if not welcome and standing.state.value in ENABLEMENT_TRIGGERS:
        return Silence.SAID_NOT_RELEVANT
    if exploring and findings:
        return Silence.EXPLORING
    return Silence.SHADOW if in_shadow and any(map(is_speakable, findings)) else Silence.NOTHING_TO_SAY


def _is_before(moment: datetime, other: datetime | None) -> bool:
    return other is not None and moment <= other
