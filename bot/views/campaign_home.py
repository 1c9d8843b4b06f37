"""The leads' way in: all campaigns by where they stand, the switch for everything, the usage, and what others read.

`handlers/ai_nudge.py` says it. Next: `bot/views/campaign_page.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.campaigns import Campaign, CampaignState
from bot.views import campaign_words as words
from bot.views import pieces
from bot.views.campaign_words import FIRST_LINE
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block

HELP_FIRST_LINE = "How to use the campaigns of Kindling."
MOST_LISTED = 30
"""More are kept and not shown: a message takes fifty blocks."""

_WAIT = "Wait for a second lead"
_PLACES = {
    CampaignState.WAITING: _WAIT,
    CampaignState.RUNNING: "Running",
    CampaignState.PAUSED: "Paused",
    CampaignState.DRAFT: "Drafts",
    CampaignState.DONE: "Over",
    CampaignState.STOPPED: "Over",
}
_NONE = (
    "No campaign yet. Kindling writes by itself, at most once a week to anybody, where it has something useful to say. "
    "A campaign is for one thing that you want to say to many, and for knowing later whether it helped."
)
_NOTHING = (
    "Here the enablement team plans messages for many people, and never for one by name. There is nothing here that "
    "you need to do. What is about you is in `{command}`, for you alone."
)
_USES = (
    ("", "all campaigns, and a button for a new one"),
    ("tips", "the tips that may be sent: write, change, look at them"),
    ("help", "this page"),
)
_OLDER = "Older campaigns are kept, and not shown here. "
_SMALL_PRINT = (
    "You see about how many people, never who: no list, no name, nobody's answer. Nobody gets more than one message in "
    "seven days and three in four weeks, whatever runs. Whatever you do here is written down, by role."
)


@dataclass(frozen=True)
class Listed:
    """One campaign of the list. `size` is blurred; None: too few to say, or not asked because it is over."""

    campaign: Campaign
    size: int | None
    team: str | None


def message(
    listed: Sequence[Listed],
    *,
    is_all: bool,
    halted_on: date | None,
    said: str,
    today: date,
    all_together: str = "",
    is_off: bool = False,
) -> Message:
    """The list. `said` is what was just done, or nothing; `halted_on` the day on which everything was switched off;
    `all_together` the line over all campaigns, or nothing; `is_off`: in the settings.
    """
    return compose(
        FIRST_LINE,
        [
            pieces.header("Campaigns"),
            *([pieces.section(said)] if said else []),
            *_halted(halted_on, today),
            *([pieces.section(words.OFF_IN_THE_SETTINGS, "Switched off")] if is_off else []),
            *(_places(listed, today) if listed else [pieces.section(_NONE)]),
            *([pieces.section(all_together)] if all_together else []),
            *_ways_on(halted_on),
            pieces.small_print(("" if is_all else _OLDER) + _SMALL_PRINT),
        ],
    )


def nothing(*, stats_command: str) -> Message:
    """For everybody who is no enablement lead, whatever they typed or tapped."""
    return compose(FIRST_LINE, [pieces.section(_NOTHING.format(command=stats_command))])


def gone() -> Message:
    """For a campaign that is not there: a button of another installation, or of nobody's."""
    return compose(FIRST_LINE, [pieces.section("I have no such campaign. Open the list again to see those there are.")])


def moment() -> Message:
    """While something is counted."""
    return compose(FIRST_LINE, [pieces.section("One moment, please.")])


def too_late() -> Message:
    """Slack opens a form within three seconds of a tap, and no later."""
    return compose(FIRST_LINE, [pieces.section("That took too long for Slack to open a form. Please tap once more.")])


def help_(*, command: str) -> Message:
    """The usage. `command` is the command's name here."""
    lines = "\n".join(f"`{f'{command} {word}'.strip()}`  {what}" for word, what in _USES)
    steps = (
        "Write down whom it is for and what they get, look at it as they will see it, and try it dry: about how many "
        "people, and what it could show at all. Then start it; a large one waits for the word of a second lead. "
        "Pausing and stopping hold from that moment on, for every message that has not left yet."
    )
    return compose(HELP_FIRST_LINE, [pieces.section(lines), pieces.section(steps), pieces.small_print(_SMALL_PRINT)])


# ---------------------------------------------------------------- the list


def _halted(halted_on: date | None, today: date) -> Iterator[Block]:
    if halted_on is not None:
        yield pieces.section(
            f"Everything has been switched off since {pieces.day(halted_on, today)}: nothing leaves by itself, for "
            "anybody. People's own cards still answer.",
            "Switched off",
        )


def _places(listed: Sequence[Listed], today: date) -> Iterator[Block]:
    for title in dict.fromkeys(_PLACES.values()):
        here = [one for one in listed if _place(one.campaign) == title]
        if here:
            yield pieces.small_print(f"*{title}*")
            yield from (_line(one, today) for one in here)


def _place(campaign: Campaign) -> str:
    return _WAIT if campaign.waits_again else _PLACES[campaign.state]


def _line(one: Listed, today: date) -> Block:
    plan = one.campaign.plan
    is_over = _place(one.campaign) == "Over"
    size = "" if is_over else f", {words.people(one.size)}"
    said = f"{words.audience(plan.audience, one.team)[:-1]}\n{words.days(plan, today)}{size}"
    key = Payload(campaign_key=one.campaign.campaign_key)
    return {
        **pieces.section(said, words.name(plan.name)),
        "accessory": pieces.button("Open", Action.NUDGE_OPEN, key),
    }


def _ways_on(halted_on: date | None) -> Iterator[Block]:
    new = {**pieces.button("New campaign", Action.NUDGE_NEW), "style": "primary"}
    tips = pieces.button("Tips", Action.NUDGE_TIPS)
    how = pieces.button("How it works", Action.NUDGE_HELP)
    yield pieces.row(new, tips, how, _switch() if halted_on is None else _switch_on())


def _switch() -> Block:
    return pieces.sure(
        pieces.button("Switch everything off", Action.NUDGE_ALL_OFF, danger=True),
        title="Switch everything off?",
        text="From this moment nothing leaves by itself any more, for anybody, until a lead switches it on again. What "
        "waited goes out then, unless it is too late for it.",
        confirm="Switch it off",
    )


def _switch_on() -> Block:
    return pieces.sure(
        pieces.button("Switch everything on again", Action.NUDGE_ALL_ON),
        title="Switch it on again?",
        text="Tips and running campaigns go on where they stand, each at a fair hour.",
        confirm="Switch it on",
    )
