"""One campaign on a page: the plan in words, and what may be done with it where it stands.

`handlers/campaign_page.py` shows it. Next: `bot/views/campaign_forecast.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.campaigns import Campaign, CampaignState
from bot.views import campaign_words as words
from bot.views import pieces
from bot.views.campaign_words import FIRST_LINE
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block

TITLE = "Campaign"

STARTED = "Started. Messages leave one by one, each at a fair hour of the person who gets it."
ASKED = "It waits for a second lead now: it stands first in their list. Nothing leaves before their word."
APPROVED = "Approved and started. Messages leave one by one, each at a fair hour of the person who gets it."
BACK = "It is a draft again. Nothing of it leaves."
PAUSED = "Paused. Nothing of it leaves from now on; what waits stays where it is."
RESUMED = "It goes on where it stood."
THROWN_AWAY = "Thrown away. Nothing of it was ever sent."
STOPPED = "Stopped, for good. What had not left will not leave."
SAVED = "Saved as a draft. Nothing leaves before it is started."
OVERTAKEN = (
    "Somebody was faster: this campaign does not stand where it stood when you opened it. This is how it is now."
)
REWRITTEN = "It was rewritten since you opened it, so nothing was started. This is how it reads now."
OWN_WORDS = (
    "These are your own words, so somebody else has to approve them: any other lead finds it at the top of their list."
)
NOBODYS_WORDS = (
    "Whoever asked for it is not known here any more, so nobody can be the second. Take it back to a draft, look at it "
    "and ask anew: then another lead can."
)
TO_APPROVE_AGAIN = (
    "It was paused, for it needs the word of two leads again: what it says was changed since it was approved, or many "
    "more people match than when it was started. One looks at it and asks, another looks at it and approves."
)
NOT_COUNTABLE = (
    "So few people match that it could tell about one of them, so it cannot be started. A wider audience can: leave "
    "out the team, the tool or the role."
)
NOT_SENDABLE = "As it stands it cannot be started: {why} Change it first."


@dataclass(frozen=True)
class Page:
    """What is shown of a campaign. `size` is blurred, None: too few. `print` is that of its words. `is_own`: the reader
    wrote them. `is_large`: it needs a second lead. `said` is what was just done. `is_halted`: by a lead,
    `is_off`: in the settings.
    """

    campaign: Campaign
    size: int | None
    team: str | None
    print: str
    is_own: bool
    is_large: bool
    is_halted: bool
    today: date
    said: str = ""
    is_off: bool = False


def message(page: Page) -> Message:
    """The page."""
    campaign = page.campaign
    return compose(
        FIRST_LINE,
        [
            pieces.header(words.name(campaign.plan.name)),
            *([pieces.section(page.said)] if page.said else []),
            pieces.small_print(words.standing(campaign, page.today)),
            *([pieces.section(TO_APPROVE_AGAIN)] if campaign.waits_again else []),
            *(_halted() if page.is_halted else []),
            *([pieces.section(words.OFF_IN_THE_SETTINGS)] if page.is_off else []),
            *_plan(page),
            *_steps(page),
            pieces.row(*_looks(campaign)),
        ],
    )


def with_way_back(message: Message, campaign_key: str) -> Message:
    """Something that was looked at, with the way back to its campaign below."""
    back = pieces.row(pieces.button("Back to the campaign", Action.NUDGE_OPEN, Payload(campaign_key=campaign_key)))
    return compose(FIRST_LINE, [*message.blocks, back])


def _plan(page: Page) -> Iterator[Block]:
    plan = page.campaign.plan
    whom, size = words.audience(plan.audience, page.team), words.people(page.size)
    if not _is_over(page):
        whom += "\nToo few people match just now to say how many." if page.size is None else f"\nJust now {size} match."
    yield pieces.section(whom, "Who")
    yield pieces.section(words.messages(plan), "What they get")
    yield pieces.section(words.when(plan, page.today), "When")
    yield pieces.section(words.compared(plan), "Compared with")
    if page.campaign.state is CampaignState.DRAFT and page.size is None:
        yield pieces.section(NOT_COUNTABLE)


def _halted() -> Iterator[Block]:
    yield pieces.section(
        "Everything is switched off just now, so nothing of it leaves until a lead switches it on again."
    )


def _is_over(page: Page) -> bool:
    return page.campaign.state in (CampaignState.STOPPED, CampaignState.DONE)


# ---------------------------------------------------------------- buttons


def _steps(page: Page) -> Iterator[Block]:
    """What can be done next; nothing when it is over."""
    match page.campaign.state:
        case CampaignState.DRAFT:
            yield pieces.row(*_of_a_draft(page))
        case CampaignState.WAITING:
            yield pieces.row(*_of_a_waiting_one(page))
        case CampaignState.RUNNING:
            yield pieces.row(_plain(page, "Pause", Action.NUDGE_PAUSE), _stop(page))
        case CampaignState.PAUSED:
            yield pieces.row(*_of_a_paused_one(page))


def _of_a_draft(page: Page) -> list[Block]:
    ways = [_plain(page, "Change it", Action.NUDGE_EDIT), _throw_away(page)]
    return [_begin(page), *ways] if page.size is not None else ways


def _begin(page: Page) -> Block:
    if page.is_large:
        return _first(page, "Ask a second lead", Action.NUDGE_START)
    return pieces.sure(
        _first(page, "Start", Action.NUDGE_START),
        title="Start it?",
        text=f"Messages go to {words.people(page.size)}, less those who are drawn to hear nothing and those who want "
        "quiet. It can be paused and stopped at any time.",
        confirm="Start it",
    )


def _of_a_waiting_one(page: Page) -> list[Block]:
    back = _plain(page, "Back to a draft", Action.NUDGE_TO_DRAFT)
    if page.is_own:
        return [back]
    return [_approve(page, "Approve and start"), back]


def _of_a_paused_one(page: Page) -> list[Block]:
    if not page.campaign.waits_again:
        return [_first(page, "Go on", Action.NUDGE_GO_ON), _stop(page)]
    if page.campaign.author_slack_id is None:
        return [_first(page, "Ask a second lead", Action.NUDGE_START), _stop(page)]
    return [_stop(page)] if page.is_own else [_approve(page, "Approve and go on"), _stop(page)]


def _approve(page: Page, label: str) -> Block:
    return pieces.sure(
        _first(page, label, Action.NUDGE_APPROVE),
        title="Have you looked at the message?",
        text=f"It goes to {'whoever matches' if page.size is None else words.people(page.size)}, less those who are "
        "drawn to hear nothing and those who want quiet.",
        confirm=label,
    )


def _stop(page: Page) -> Block:
    return pieces.sure(
        pieces.button("Stop", Action.NUDGE_STOP, _key(page.campaign), danger=True),
        title="Stop it for good?",
        text="What has not left will not leave, and it cannot be started again. To wait a little, pause it.",
        confirm="Stop it",
    )


def _throw_away(page: Page) -> Block:
    return pieces.sure(
        pieces.button("Throw away", Action.NUDGE_STOP, _key(page.campaign), danger=True),
        title="Throw it away?",
        text="The draft is kept among those that are over, and cannot be started any more.",
        confirm="Throw it away",
    )


def _looks(campaign: Campaign) -> list[Block]:
    key = _key(campaign)
    preview = pieces.button("See the message", Action.NUDGE_PREVIEW, key)
    dry_run = pieces.button("Try it dry", Action.NUDGE_DRY_RUN, key)
    results = pieces.button("Did it help?", Action.NUDGE_RESULTS, key)
    why = pieces.button("How it works", Action.NUDGE_WHY, key)
    if campaign.state in (CampaignState.DRAFT, CampaignState.WAITING):
        return [preview, dry_run, why]
    return [results, preview, why]


def _plain(page: Page, label: str, action: Action) -> Block:
    return pieces.button(label, action, replace(_key(page.campaign), choice=page.print))


def _first(page: Page, label: str, action: Action) -> Block:
    return {**_plain(page, label, action), "style": "primary"}


def _key(campaign: Campaign) -> Payload:
    return Payload(campaign_key=campaign.campaign_key)
