"""A campaign is written down in two forms: whom it is for, then what they get and when. A draft keeps what was said.

What is wrong is told beside its field and nothing is saved then. Registered by `handlers/ai_nudge.py`.
Next: `bot/domain/campaigns.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.domain import campaigns as rules
from bot.domain.campaigns import LEAST_GAP_DAYS, LONGEST_NAME, MOST_STEPS, Audience, CampaignState, Kind, Plan, Step
from bot.domain.tips import ROLES, Tip
from bot.errors import InputError
from bot.store import campaigns
from bot.store.database import Session
from bot.views import campaign_form as views
from bot.views import campaign_home, campaign_page, modal
from bot.views.ids import Action, Callback
from handlers import campaign_door as door
from handlers import campaign_page as pages
from handlers import forms
from handlers.forms import Form, Next
from handlers.trouble import FormWork, Work
from handlers.who import Asked

USUAL_LENGTH = timedelta(days=27)
_NO_TIP = "No tip speaks about that yet. Write one first, under “Tips”."
_NOT_WHOLE = "Give a whole number, or leave it empty."
_NO_TEAM = "Of this team nothing is told any more. Choose another, or none."


def new(asked: Asked) -> None:
    """The first form, empty."""
    with asked.desk.store.read() as session:
        view = views.who(door.teams(session))
    asked.show(view)


def edit(asked: Asked) -> None:
    """The first form with what is kept in the draft, in place of its page."""
    key = door.key_of(asked)
    with asked.desk.store.begin() as session:
        found = campaigns.find(session, campaign_key=key)
        is_draft = found is not None and found.state is CampaignState.DRAFT
        said = "" if is_draft else campaign_page.OVERTAKEN
        shown = None if is_draft else pages.page(asked, session, found, said)
        view = views.who(door.teams(session), plan=found.plan if found else None, metadata=_metadata(key))
    if shown is not None:
        door.show(asked, campaign_page.TITLE, shown)
    else:
        asked.show(view)


def who_sent(asked: Asked, form: Form) -> Next:
    """The first form was sent: keep a draft that could run, and ask for the rest."""
    key = _key(form)
    now, today = asked.desk.clock.now(), door.today_of(asked)
    with asked.desk.store.begin() as session:
        before = campaigns.find(session, campaign_key=key) if key else None
        fitting = _fitting(asked, session, form.text("trigger"))
        wrong = _wrong_in_first(form, fitting, door.teams(session), before.plan if before else None)
        if wrong:
            return forms.wrong(wrong)
        plan = _first_plan(form, fitting, before.plan if before else None, today)
        if before is None:
            key = campaigns.create(session, plan=plan, author_slack_id=asked.slack_user_id, now=now)
        elif not _change(asked, session, before.campaign_key, plan):
            return _overtaken(asked, session, before.campaign_key)
        kept = campaigns.find(session, campaign_key=key or "")
    if kept is None:
        return forms.show(modal.modal(campaign_page.TITLE, campaign_home.gone()))
    topics = {tip.tip_id: tip.topic for tip in fitting}
    return forms.show(views.what(kept, topics, metadata=_metadata(kept.campaign_key)))


def what_sent(asked: Asked, form: Form) -> Next:
    """The second form was sent: keep it in the draft, and show the campaign."""
    key = _key(form) or ""
    with asked.desk.store.begin() as session:
        before = campaigns.find(session, campaign_key=key)
        if before is None or before.state is not CampaignState.DRAFT:
            return _overtaken(asked, session, key)
        plan, unread = _second_plan(form, before.plan)
        wrong = {**rules.check(plan, tips=door.tips(asked, session), today=door.today_of(asked)), **unread}
        beside = {field: said for field, said in wrong.items() if field in form.values}
        if beside:
            return forms.wrong(beside)
        if wrong or not _change(asked, session, key, plan):
            return _overtaken(asked, session, key)
        found = campaigns.find(session, campaign_key=key)
        shown = pages.page(asked, session, found, campaign_page.SAVED)
    return forms.show(modal.modal(campaign_page.TITLE, shown))


# ---------------------------------------------------------------- reading the first form


def _wrong_in_first(form: Form, fitting: Sequence[Tip], teams: dict[str, str], before: Plan | None) -> dict[str, str]:
    group_key = form.text("group_key")
    was = before.audience.group_key if before else None
    wrong = {
        "name": "" if 0 < len(form.text("name")) <= LONGEST_NAME else f"Give it a name of 1 to {LONGEST_NAME} letters.",
        "trigger": "" if fitting else _NO_TIP,
        "role": "" if form.text("role") in ("", *ROLES) else "Choose a role from the list.",
        "group_key": "" if not group_key or group_key in teams or group_key == was else _NO_TEAM,
    }
    return {field: sentence for field, sentence in wrong.items() if sentence}


def _first_plan(form: Form, fitting: Sequence[Tip], before: Plan | None, today: date) -> Plan:
    """What was said, with the rest as it was, or as it usually is."""
    kind = Kind(form.text("kind"))
    narrowed = (form.text(field) or None for field in ("role", "tool", "group_key"))
    whom = Audience(form.text("trigger"), *narrowed)
    steps = _usual_steps(kind, fitting)
    if before is None:
        first = today + timedelta(days=1)
        return Plan(form.text("name"), kind, whom, steps, first, first + USUAL_LENGTH)
    if (before.kind, before.audience.trigger) == (kind, whom.trigger):
        steps = before.steps
    return replace(before, name=form.text("name"), kind=kind, audience=whom, steps=steps)


def _usual_steps(kind: Kind, fitting: Sequence[Tip]) -> tuple[Step, ...]:
    """The first family; for a sequence the second after it, where there is one."""
    topics = list(dict.fromkeys(tip.topic for tip in fitting))
    first = Step(None, topics[0])
    return (first, Step(None, topics[-1], LEAST_GAP_DAYS)) if kind is Kind.SEQUENCE else (first,)


# ---------------------------------------------------------------- reading the second form


def _second_plan(form: Form, before: Plan) -> tuple[Plan, dict[str, str]]:
    """The plan with what was said, and what could not be read, by field."""
    unread: dict[str, str] = {}

    def number(field: str, otherwise: int | None) -> int | None:
        typed = form.text(field)
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 10):
            unread[field] = _NOT_WHOLE
            return otherwise
        return int(typed) if typed else otherwise

    def day(field: str) -> date:
        try:
            return date.fromisoformat(form.text(field))
        except ValueError:
            unread[field] = "Choose a day."
            return before.first_day

    steps = []
    for place in range(1, MOST_STEPS + 1):
        chosen = form.text(views.message_field(place))
        gap = number(views.gap_field(place), LEAST_GAP_DAYS) if place > 1 else 0
        if chosen:
            steps.append(views.step_of(chosen, gap or 0))
    low, high = number("hour_from", before.hours[0]), number("hours", before.hours[1])
    plan = replace(
        before,
        steps=tuple(steps),
        first_day=day("first_day"),
        last_day=day("last_day"),
        hours=(low or 0, high or 0),
        most_messages=number("most_messages", None),
        holdout_percent=number("holdout_percent", before.holdout_percent) or 0,
    )
    return plan, unread


# ---------------------------------------------------------------- helpers


def _fitting(asked: Asked, session: Session, trigger: str) -> list[Tip]:
    return [tip for tip in door.tips(asked, session) if trigger in tip.triggers]


def _change(asked: Asked, session: Session, key: str, plan: Plan) -> bool:
    now, author = asked.desk.clock.now(), asked.slack_user_id
    return campaigns.change(session, campaign_key=key, plan=plan, author_slack_id=author, now=now)


def _overtaken(asked: Asked, session: Session, key: str) -> Next:
    """Somebody started it, or threw it away, while the form was open."""
    found = campaigns.find(session, campaign_key=key)
    return forms.show(modal.modal(campaign_page.TITLE, pages.page(asked, session, found, campaign_page.OVERTAKEN)))


def _metadata(key: str) -> str:
    return json.dumps({"k": key})


def _key(form: Form) -> str | None:
    """The campaign that the form belongs to; None for a new one. Raises InputError for what we did not write."""
    if not form.metadata:
        return None
    try:
        key = json.loads(form.metadata)["k"]
    except (ValueError, KeyError, TypeError):
        raise InputError("a form of a campaign without its key") from None
    return str(key)


TAPS: dict[Action, Work] = {Action.NUDGE_NEW: new, Action.NUDGE_EDIT: edit}
SUBMISSIONS: dict[Callback, FormWork] = {Callback.CAMPAIGN_WHO: who_sent, Callback.CAMPAIGN_WHAT: what_sent}
