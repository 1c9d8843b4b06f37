"""One campaign: opened, started, approved, paused, stopped. Each step is written down in the transaction that takes it.

Somebody else may have been faster: then the page says so and shows how it stands. Registered by `handlers/ai_nudge.py`.
Next: `handlers/campaign_looks.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain import campaigns as rules
from bot.domain.campaigns import Campaign, CampaignState
from bot.store import audiences, campaigns
from bot.store.database import Session
from bot.views import campaign_home, ids
from bot.views import campaign_page as views
from bot.views.campaign_page import Page
from bot.views.ids import Action
from bot.views.message import Message
from handlers import campaign_door as door
from handlers.trouble import Work
from handlers.who import Asked

Arrow = Callable[..., bool]
Step = Callable[[Asked, Session, Campaign], str]
"""Tries to take a step and returns what is said of it."""
_OVER = frozenset({CampaignState.STOPPED, CampaignState.DONE})


def open_(asked: Asked) -> None:
    """The page of a campaign, in a modal of its own when it was opened from the list."""
    key = door.key_of(asked)

    def looked_at() -> Message:
        with asked.desk.store.begin() as session:
            found = campaigns.find(session, campaign_key=key)
            if found is not None and found.state not in _OVER:
                audiences.count(session, audience=found.plan.audience, now=_now(asked))
            return page(asked, session, found)

    door.open_(asked, views.TITLE, looked_at)


def page(asked: Asked, session: Session, campaign: Campaign | None, said: str = "") -> Message:
    """The page as it is now, in the transaction of whatever was just done."""
    if campaign is None:
        return campaign_home.gone()
    size = None
    if campaign.state not in _OVER:
        size = audiences.counted(session, audience=campaign.plan.audience, now=_now(asked))
    group_key = campaign.plan.audience.group_key
    return views.message(
        Page(
            campaign,
            size=size,
            team=door.teams(session).get(group_key) if group_key else None,
            print=_print(asked, session, campaign),
            is_own=campaign.author_slack_id == asked.slack_user_id,
            is_large=size is not None and size >= asked.desk.settings.approval_from,
            is_halted=campaigns.halted_at(session) is not None,
            today=door.today_of(asked),
            said=said,
            is_off=not asked.desk.settings.nudges_on,
        )
    )


def _wrong_with(asked: Asked, session: Session, campaign: Campaign) -> str:
    """What keeps a plan from running today; empty when nothing does."""
    tips, was_asked = door.tips(asked, session), campaign.state is not CampaignState.DRAFT
    found = rules.check(campaign.plan, tips=tips, today=door.today_of(asked), was_asked=was_asked)
    return next(iter(found.values()), "")


# ---------------------------------------------------------------- steps


def _start(asked: Asked, session: Session, campaign: Campaign) -> str:
    """Start a small one; hand a large one, or one that has to be approved again, to a second lead."""
    if not (campaign.state is CampaignState.DRAFT or campaign.waits_again):
        return views.OVERTAKEN
    wrong = _wrong_with(asked, session, campaign)
    if wrong:
        return views.NOT_SENDABLE.format(why=wrong)
    key, now, large_from = campaign.campaign_key, _now(asked), asked.desk.settings.approval_from
    if campaign.waits_again:
        return _ask(asked, session, key)
    size = audiences.counted(session, audience=campaign.plan.audience, now=now)
    if size is None:
        return views.NOT_COUNTABLE
    if size < large_from:
        started = campaigns.start(session, campaign_key=key, approval_from=large_from, now=now)
        return views.STARTED if started else views.OVERTAKEN
    return _ask(asked, session, key)


def _ask(asked: Asked, session: Session, key: str) -> str:
    who = asked.slack_user_id
    is_asked = campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=who, now=_now(asked))
    return views.ASKED if is_asked else views.OVERTAKEN


def _approve(asked: Asked, session: Session, campaign: Campaign) -> str:
    """The word of a second lead. What was right when it was asked for may have run out while it waited."""
    if not (campaign.state is CampaignState.WAITING or campaign.waits_again):
        return views.OVERTAKEN
    if campaign.author_slack_id is None:
        return views.NOBODYS_WORDS
    if campaign.author_slack_id == asked.slack_user_id:
        return views.OWN_WORDS
    wrong = _wrong_with(asked, session, campaign)
    if wrong:
        return views.NOT_SENDABLE.format(why=wrong)
    now = _now(asked)
    if not campaign.waits_again and audiences.counted(session, audience=campaign.plan.audience, now=now) is None:
        return views.NOT_COUNTABLE
    who = asked.slack_user_id
    is_done = campaigns.approve(session, campaign_key=campaign.campaign_key, approver_slack_id=who, now=now)
    return views.APPROVED if is_done else views.OVERTAKEN


def _stop(asked: Asked, session: Session, campaign: Campaign) -> str:
    said = views.THROWN_AWAY if campaign.state is CampaignState.DRAFT else views.STOPPED
    return _by(campaigns.stop, said)(asked, session, campaign)


def _of_what_was_seen(step: Step) -> Step:
    """The step, for a plan that reads as it did on the page whose button was tapped."""

    def seen(asked: Asked, session: Session, campaign: Campaign) -> str:
        is_same = ids.parse(asked.value).choice == _print(asked, session, campaign)
        return step(asked, session, campaign) if is_same else views.REWRITTEN

    return seen


def _by(arrow: Arrow, said: str) -> Step:
    def step(asked: Asked, session: Session, campaign: Campaign) -> str:
        is_done = arrow(session, campaign_key=campaign.campaign_key, now=_now(asked))
        return said if is_done else views.OVERTAKEN

    return step


def _taking(step: Step) -> Work:
    """A button that takes a step: tried, written down and shown anew in one transaction."""

    def work(asked: Asked) -> None:
        key = door.key_of(asked)
        with asked.desk.store.begin() as session:
            found = campaigns.find(session, campaign_key=key, to_take_a_step=True)
            said = "" if found is None else step(asked, session, found)
            message = page(asked, session, campaigns.find(session, campaign_key=key), said)
        door.show(asked, views.TITLE, message)

    return work


def _print(asked: Asked, session: Session, campaign: Campaign) -> str:
    return rules.print_of(campaign.plan, asked.desk.tips(session))


def _now(asked: Asked) -> datetime:
    return asked.desk.clock.now()


TAPS: dict[Action, Work] = {
    Action.NUDGE_OPEN: open_,
    Action.NUDGE_START: _taking(_of_what_was_seen(_start)),
    Action.NUDGE_APPROVE: _taking(_of_what_was_seen(_approve)),
    Action.NUDGE_TO_DRAFT: _taking(_by(campaigns.take_back, views.BACK)),
    Action.NUDGE_PAUSE: _taking(_by(campaigns.pause, views.PAUSED)),
    Action.NUDGE_GO_ON: _taking(_by(campaigns.resume, views.RESUMED)),
    Action.NUDGE_STOP: _taking(_stop),
}
