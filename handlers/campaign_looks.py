"""Looks at one campaign that change nothing: the message as a sample, a dry run, the result, and how it all works.

Registered by `handlers/ai_nudge.py`. Next: `handlers/campaign_form.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.campaigns import Campaign, Plan
from bot.domain.experiment import power
from bot.store import audiences, campaigns
from bot.store.audiences import DryRun
from bot.store.database import Session
from bot.views import campaign_forecast, campaign_home, campaign_page, campaign_preview, campaign_results, campaign_why
from bot.views.campaign_forecast import Forecast
from bot.views.ids import Action
from bot.views.message import Message
from handlers import campaign_door as door
from handlers.trouble import Work
from handlers.who import Asked

Look = Callable[[Asked, Session, Campaign], Message]
_LARGEST_FORECAST = 20_000
"""Above this even less could be seen than is usual, and reckoning it exactly would keep a lead waiting."""


def _preview(asked: Asked, session: Session, campaign: Campaign) -> Message:
    return campaign_preview.message(campaign.plan, door.tips(asked, session))


def _dry_run(asked: Asked, session: Session, campaign: Campaign) -> Message:
    found = audiences.dry_run(session, audience=campaign.plan.audience, now=asked.desk.clock.now())
    points = _seen_from(found, campaign.plan)
    return campaign_forecast.message(Forecast(found.people, found.hearing, found.silences, points), campaign.plan)


def _seen_from(found: DryRun, plan: Plan) -> float | None:
    """The smallest difference that could be seen with so many, from the blurred numbers alone."""
    people = min(found.people or 0, _LARGEST_FORECAST)
    held_out = people * plan.holdout_percent // 100
    return power.forecast(treated=people - held_out, held_out=held_out).smallest_points


def _results(asked: Asked, session: Session, campaign: Campaign) -> Message:
    found = campaigns.open_results(session, campaign_key=campaign.campaign_key, now=asked.desk.clock.now())
    told = [one for one in (campaign_results.read(each.week, each.result) for each in found) if one is not None]
    return campaign_results.message(told[0] if told else None, campaign.plan, today=door.today_of(asked))


def _why(_asked: Asked, _session: Session, campaign: Campaign) -> Message:
    return campaign_why.message(campaign.plan)


def _looking(title: str, look: Look) -> Work:
    """A button under which something is looked at; "Back to the campaign" stands below it."""

    def work(asked: Asked) -> None:
        key = door.key_of(asked)
        with asked.desk.store.begin() as session:
            found = campaigns.find(session, campaign_key=key)
            message = (
                campaign_home.gone() if found is None else campaign_page.with_way_back(look(asked, session, found), key)
            )
        door.show(asked, title, message)

    return work


TAPS: dict[Action, Work] = {
    Action.NUDGE_PREVIEW: _looking(campaign_preview.TITLE, _preview),
    Action.NUDGE_DRY_RUN: _looking(campaign_forecast.TITLE, _dry_run),
    Action.NUDGE_RESULTS: _looking(campaign_results.TITLE, _results),
    Action.NUDGE_WHY: _looking(campaign_why.TITLE, _why),
}
