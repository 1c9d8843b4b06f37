"""The leads' command: campaigns by where they stand, the switch for everything that is sent, and the ways on.

Registered by `handlers/__init__.py`. Nothing that this file can reach yields one person's rows: an import contract
holds it, and so a lead learns about how many people, and never who. Next: `handlers/campaign_door.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.campaigns import Campaign, CampaignState
from bot.domain.roles import Role
from bot.store import audiences, audit, campaigns
from bot.store.audit import Act
from bot.store.database import Session
from bot.views import campaign_home as views
from bot.views import campaign_results
from bot.views.campaign_home import Listed
from bot.views.ids import Action, Callback
from bot.views.message import Message
from handlers import campaign_door, campaign_form, campaign_looks, campaign_page, tip_editor
from handlers.trouble import FormWork, Work
from handlers.who import Asked

_OVER = frozenset({CampaignState.STOPPED, CampaignState.DONE})
_OFF = "Everything is switched off. Nothing leaves by itself until a lead switches it on again."
_ON = "Everything is switched on again."


def answer(asked: Asked) -> None:
    """Do what the word after the command says; without one, show all campaigns."""
    campaign_door.for_leads(_WORDS.get(asked.text.strip().casefold(), help_))(asked)


def home(asked: Asked) -> None:
    """All campaigns."""
    asked.say(_home(asked))


def help_(asked: Asked) -> None:
    """The usage."""
    asked.say(views.help_(command=asked.desk.settings.nudge_command))


def sample(_asked: Asked) -> None:
    """A button of a message that is looked at as a sample does nothing."""


def all_off(asked: Asked) -> None:
    """The switch for everything that is sent; whoever taps second finds it off already."""
    _switched(asked, campaigns.halt_all, _OFF)


def all_on(asked: Asked) -> None:
    """The same back."""
    _switched(asked, campaigns.resume_all, _ON)


def _switched(asked: Asked, switch: Callable[..., bool], said: str) -> None:
    with asked.desk.store.begin() as session:
        switch(session, now=asked.desk.clock.now())
    asked.replace(_home(asked, said))


def _home(asked: Asked, said: str = "") -> Message:
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        halted_at = campaigns.halted_at(session)
        found = campaigns.listed(session)
        teams = campaign_door.teams(session)
        shown = found[: views.MOST_LISTED]
        if any(one.state not in _OVER for one in shown):
            audit.note(session, role=Role.LEAD, act=Act.AUDIENCE_COUNTED, now=now)
        together = campaigns.open_all_together(session, now=now)
        listed = [Listed(one, _size(session, one, now), teams.get(one.plan.audience.group_key or "")) for one in shown]
    is_all = len(shown) == len(found)
    return views.message(
        listed,
        is_all=is_all,
        halted_on=halted_at.date() if halted_at else None,
        said=said,
        today=now.date(),
        all_together=campaign_results.all_together(together) if together else "",
        is_off=not asked.desk.settings.nudges_on,
    )


def _size(session: Session, campaign: Campaign, now: datetime) -> int | None:
    if campaign.state in _OVER:
        return None
    return audiences.counted(session, audience=campaign.plan.audience, now=now)


_WORDS: dict[str, Work] = {"": home, "tips": tip_editor.answer, "help": help_}
WORDS = tuple(word for word in _WORDS if word)
"""The words that may follow the command."""

_TAPS: dict[Action, Work] = {
    Action.NUDGE_HELP: help_,
    Action.NUDGE_ALL_OFF: all_off,
    Action.NUDGE_ALL_ON: all_on,
    **campaign_page.TAPS,
    **campaign_looks.TAPS,
    **campaign_form.TAPS,
    **tip_editor.TAPS,
}
TAPS: dict[Action, Work] = {action: campaign_door.for_leads(work) for action, work in _TAPS.items()}
"""What is done when a button is tapped."""

SUBMISSIONS: dict[Callback, FormWork] = {
    callback: campaign_door.form_for_leads(work)
    for callback, work in {**campaign_form.SUBMISSIONS, **tip_editor.SUBMISSIONS}.items()
}
"""What is done when a form is sent."""
