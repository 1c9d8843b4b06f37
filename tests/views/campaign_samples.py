"""Every screen that leads see of campaigns, made of invented plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.campaigns import Audience, Campaign, CampaignState, Kind, Plan, Step
from bot.domain.experiment.evidence import Verdict
from bot.domain.tips import Tip
from bot.views import campaign_forecast, campaign_form, campaign_home, campaign_page, campaign_preview, campaign_results
from bot.views import campaign_why as why
from bot.views.campaign_forecast import SILENCES, Forecast
from bot.views.campaign_home import Listed
from bot.views.campaign_page import Page
from bot.views.campaign_results import Published
from bot.views.message import Message

TODAY = date(2026, 3, 2)
KEY = "c0ffee"
PLAN = Plan(
    name="Ten minutes",
    kind=Kind.ONE_OFF,
    audience=Audience("never_used"),
    steps=(Step(None, "first-ten-minutes"),),
    first_day=TODAY,
    last_day=TODAY + timedelta(days=27),
)
SEQUENCE = replace(
    PLAN,
    kind=Kind.SEQUENCE,
    audience=Audience("W13", role="dev", tool="claude_code", group_key="g1"),
    steps=(Step("p03-before-the-break", None), Step(None, "idle-conversation", 9)),
    hours=(11, 14),
    most_messages=120,
    holdout_percent=0,
)
WEEKLY = replace(PLAN, kind=Kind.RECURRING, last_day=TODAY, holdout_percent=50)
RESULTS = {
    "none": None,
    "cannot tell": Published(TODAY, 60, -12, 25, Verdict.CANNOT_TELL_YET),
    "helps": Published(TODAY, 2400, 0, 9, Verdict.SEEMS_TO_HELP),
    "harms": Published(TODAY, 2400, -9, -1, Verdict.SEEMS_TO_HARM),
}
TOGETHER = {"campaigns": 4, "points": 2, "low_points": -1, "high_points": 5}


def campaign(plan: Plan = PLAN, state: CampaignState = CampaignState.DRAFT, **other: Any) -> Campaign:
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    fields = {"author_slack_id": "UAUTHOR", "approver_slack_id": "UAPPROVER", "needs_approval": False}
    fields |= {"last_wave_on": None, "why_ended": None}
    return Campaign(7, KEY, plan, state, created_at=moment, changed_at=moment, **{**fields, **other})


def every_message(tips: Sequence[Tip], word: str = "glass") -> dict[str, Message]:
    """All of them, with somebody else's string as the name of campaigns and teams."""
    plans = {"one": replace(PLAN, name=word), "sequence": replace(SEQUENCE, name=word), "weekly": WEEKLY}
    campaigns = [campaign(plan, state) for plan in plans.values() for state in CampaignState]
    listed = [Listed(one, size, word) for one in campaigns for size in (40, None)][: campaign_home.MOST_LISTED]
    told: dict[str, Any] = {"is_all": False, "halted_on": None, "said": "", "today": TODAY}
    messages = {
        "list": campaign_home.message(listed, **told),
        "empty": campaign_home.message([], **{**told, "halted_on": TODAY, "said": "Switched off.", "is_off": True}),
        "all together": campaign_home.message(listed, **told, all_together=campaign_results.all_together(TOGETHER)),
        "nothing": campaign_home.nothing(stats_command="/ai-stats"),
        "gone": campaign_home.gone(),
        "too late": campaign_home.too_late(),
        "moment": campaign_home.moment(),
        "help": campaign_home.help_(command="/ai-nudge"),
        **{f"result: {name}": campaign_results.message(one, PLAN, today=TODAY) for name, one in RESULTS.items()},
        "no comparison": campaign_results.message(None, SEQUENCE, today=TODAY),
    }
    for name, plan in plans.items():
        messages |= {f"{name}: why": why.message(plan), f"{name}: sample": campaign_preview.message(plan, tips)}
        messages |= {f"{name}: {what}": one for what, one in _forecasts(plan).items()}
        messages |= {f"{name}: {what}": one for what, one in _pages(plan, word).items()}
    return messages


def _forecasts(plan: Plan) -> dict[str, Message]:
    every = {reason: 10 * number for number, reason in enumerate(SILENCES, start=1)}
    told = {
        "nobody": Forecast(None, None, {}, None),
        "few": Forecast(20, None, {}, None),
        "many": Forecast(150_000, 120_000, every, 1.2),
        "some": Forecast(200, 180, {"stopped": 20}, 33.1),
    }
    return {f"dry run of {name}": campaign_forecast.message(one, plan) for name, one in told.items()}


def _pages(plan: Plan, word: str) -> dict[str, Message]:
    pages = {}
    for state in CampaignState:
        for is_own in (True, False):
            page = Page(
                campaign(plan, state), 40, word, "print", is_own, is_large=is_own, is_halted=not is_own, today=TODAY
            )
            pages[f"{state} {is_own}"] = campaign_page.with_way_back(campaign_page.message(page), KEY)
    again = campaign(plan, CampaignState.PAUSED, needs_approval=True, approver_slack_id=None)
    nobodys = replace(again, author_slack_id=None)
    pages["to ask again"] = campaign_page.message(
        Page(nobodys, 40, word, "print", False, is_large=True, is_halted=False, today=TODAY)
    )
    for is_own in (True, False):
        page = Page(again, 40, word, "print", is_own, is_large=True, is_halted=False, today=TODAY)
        pages[f"asked again {is_own}"] = campaign_page.message(page)
    few = Page(
        campaign(plan),
        None,
        word,
        "print",
        True,
        is_large=False,
        is_halted=False,
        today=TODAY,
        said="Saved.",
        is_off=True,
    )
    ended = campaign(plan, CampaignState.STOPPED, why_ended="harm")
    return {
        **pages,
        "few": campaign_page.message(few),
        "harm": campaign_page.message(replace(few, campaign=ended)),
    }


def every_form(word: str = "glass") -> dict[str, dict[str, Any]]:
    """The forms, empty and with what is kept."""
    teams = {f"g{number}": word for number in range(120)}
    tips = {f"z{number:02}-tip-{number}": f"family-{number % 60}" for number in range(130)}
    return {
        "who": campaign_form.who({}),
        "who again": campaign_form.who(teams, plan=replace(SEQUENCE, name=word[:80]), metadata='{"k":"x"}'),
        "what": campaign_form.what(campaign(), {"z01-the-bug": "first-ten-minutes"}, metadata='{"k":"x"}'),
        "what in a sequence": campaign_form.what(campaign(SEQUENCE), tips, metadata='{"k":"x"}'),
    }
