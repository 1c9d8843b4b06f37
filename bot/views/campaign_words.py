"""A campaign in plain words: where it stands, whom it means, what they get, when. Never a code or an exact count.

Called by the other views of campaigns. Words stand here and nowhere else, so that the list, the page and the form say
the same. Next: `bot/views/campaign_home.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from bot.domain.campaigns import HOURS, Audience, Campaign, CampaignState, Kind, Plan, Step
from bot.views import pieces

FIRST_LINE = "Campaigns in Kindling, for those who look after them."

STATES: dict[CampaignState, str] = {
    CampaignState.DRAFT: "Draft",
    CampaignState.WAITING: "Waits for a second lead",
    CampaignState.RUNNING: "Running",
    CampaignState.PAUSED: "Paused",
    CampaignState.STOPPED: "Stopped",
    CampaignState.DONE: "Done",
}
ABOUT_USE: dict[str, str] = {
    "never_used": "A seat, and no use yet",
    "lapsed": "Used before, and not lately",
    "at_risk": "A habit that has just broken off",
    "first_steps": "First steps",
    "building": "Use now and then",
}
ABOUT_COST: dict[str, str] = {
    "W01": "A paid seat without use",
    "W03": "Two paid seats of one kind",
    "W04": "Tries that failed in a row",
    "W05": "The same failing call again",
    "W06": "A day out of the ordinary",
    "W07": "Changes that were taken back",
    "W08": "Changes closed without a merge",
    "W09": "Lines rewritten soon",
    "W10": "Short answers from the dearest model",
    "W11": "High effort for short answers",
    "W12": "Answers in fast mode",
    "W13": "Long conversations taken up cold",
    "W14": "A setting changed in the middle",
    "W15": "Context read in again instead of reused",
    "W16": "Very long conversations",
    "W17": "Conversations that kept reaching their limit",
    "W18": "Conversations that begin with much",
    "W21": "Much pasted in at once",
}
ABOUT: dict[str, str] = {**ABOUT_USE, **ABOUT_COST}
"""What a campaign can be about, as its author chooses it."""

ROLES = {"dev": "developers", "biz": "business roles", "ops": "operations", "lead": "people who lead"}
KINDS: dict[Kind, str] = {
    Kind.ONE_OFF: "One message, once",
    Kind.RECURRING: "One message, and each week whoever has newly come to match",
    Kind.SEQUENCE: "Two to four messages, one after the other",
}
ENDED = {
    "last_day": "Its last day is over.",
    "harm": "It stopped by itself, for it seemed to do more harm than good.",
}
_NUMBER_OF_A_TIP = re.compile(r"^[a-z]+\d+-")


def name(campaign_name: str) -> str:
    """What its author called it, as plain words."""
    return pieces.quiet(campaign_name, 80) or "A campaign without a name"


def people(size: int | None) -> str:
    """ "about 40 people", which is all that is ever said of how many."""
    return "too few people to say how many" if size is None else f"about {size:,} people"


def about(trigger: str) -> str:
    """What it is about; the name of a pattern that went out of the rules meanwhile is not known any more."""
    return ABOUT.get(trigger, "Something that is not looked for any more")


def audience(whom: Audience, team: str | None) -> str:
    """Whom it means, in one sentence without a number; `team` is the name of the group that it is narrowed to."""
    narrowed = [
        ROLES.get(whom.role, pieces.quiet(whom.role)) if whom.role else "",
        f"with {pieces.tool_name(whom.tool)}" if whom.tool else "",
        f"in the team {pieces.quiet(team or '') or 'without a name'}" if whom.group_key else "",
    ]
    said = ", ".join(part for part in narrowed if part)
    return f"{about(whom.trigger)}: {said or 'everybody'}."


def step(one: Step) -> str:
    """A message of it: one tip, or a family of which each person gets one."""
    return f"“{tip(one.tip_id)}”" if one.tip_id else f"one tip of the family “{family(one.topic or '')}”"


def tip(tip_id: str) -> str:
    """A tip by its file's name, as words: "z01-the-bug-you-postpone" is "The bug you postpone"."""
    return _words(_NUMBER_OF_A_TIP.sub("", tip_id))


def family(topic: str) -> str:
    """A family of tips: "first-ten-minutes" is "First ten minutes"."""
    return _words(topic)


def messages(plan: Plan) -> str:
    """What people get."""
    if plan.kind is not Kind.SEQUENCE:
        often = " Each week whoever has newly come to match is taken in." if plan.kind is Kind.RECURRING else ""
        return f"{_sentence(step(plan.steps[0]))}.{often}"
    said = [f"{number}. {_sentence(step(one))}{_gap(one)}." for number, one in enumerate(plan.steps, start=1)]
    return "\n".join(said)


def when(plan: Plan, today: date) -> str:
    """On which days and at which hours, on each person's own clock."""
    low, high = plan.hours
    hours = "in their working hours" if plan.hours == HOURS else f"from {low}:00 to {high}:00"
    most = "" if plan.most_messages is None else f" At most {pieces.count(plan.most_messages, 'message')}."
    return f"{_sentence(days(plan, today))}, {hours} on each person's own clock.{most}"


def days(plan: Plan, today: date) -> str:
    """ "2 to 29 March"."""
    if plan.first_day == plan.last_day:
        return pieces.day(plan.first_day, today)
    return pieces.days(plan.first_day, plan.last_day, today)


def compared(plan: Plan) -> str:
    """What it is compared with, so that it can be told whether it helped."""
    if plan.holdout_percent == 0:
        return "With nobody. Then nobody can ever tell whether it helped."
    return (
        f"{plan.holdout_percent} of 100 people are drawn by lot to hear nothing about this for four weeks. "
        "What they do by themselves is what it is compared with."
    )


OFF_IN_THE_SETTINGS = (
    "Whoever runs Kindling has switched all messages off in its settings (`nudges.on`), so nothing leaves until they "
    "switch it on again."
)


def standing(campaign: Campaign, today: date) -> str:
    """Where it stands, since when, and why it ended where it did so by itself."""
    since = pieces.day(campaign.changed_at.date(), today)
    ended = ENDED.get(campaign.why_ended or "", "")
    return f"{STATES[campaign.state]}, since {since}. {ended}".strip()


def families(tips: Mapping[str, str]) -> dict[str, int]:
    """How many tips each family has, by topic; `tips` are topics by tip id."""
    topics = list(tips.values())
    return {topic: topics.count(topic) for topic in dict.fromkeys(topics)}


def _gap(one: Step) -> str:
    return f", {pieces.count(one.gap_days, 'day')} after the one before" if one.gap_days else ""


def _words(slug: str) -> str:
    return _sentence(pieces.quiet(slug.replace("-", " "))) or "without a name"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
