"""The door to everything about campaigns: for enablement leads alone, asked anew at every word, tap and sent form.

Everybody else reads the same sentence, whatever they did. Called by the other handlers of campaigns. Next:
`handlers/campaign_page.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from bot.domain.tips import Tip
from bot.errors import InputError, SlackRefused
from bot.store import published
from bot.store.database import Session
from bot.views import campaign_home, ids, modal, team, trouble
from bot.views.message import Message
from handlers import forms
from handlers.forms import Form, Next
from handlers.roles import is_lead
from handlers.trouble import FormWork, Work
from handlers.who import Asked

MOST_TEAMS = 100
_TOO_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
"""Slack opens a form within three seconds of a tap, once, and then no more."""


def for_leads(work: Work) -> Work:
    """Do it for a lead; for everybody else there is nothing here. What cannot be done any more is answered, too."""

    def done(asked: Asked) -> None:
        if not is_lead(asked):
            asked.say(nothing(asked))
            return
        try:
            work(asked)
        except InputError:
            asked.say(trouble.not_ours())
        except SlackRefused as refused:
            if refused.reason not in _TOO_LATE:
                raise
            asked.say(campaign_home.too_late())

    return done


def form_for_leads(work: FormWork) -> FormWork:
    """The same for a form that was sent."""

    def done(asked: Asked, form: Form) -> Next:
        if not is_lead(asked):
            return forms.show(modal.modal("Kindling", nothing(asked)))
        return work(asked, form)

    return done


def nothing(asked: Asked) -> Message:
    """What everybody else reads."""
    return campaign_home.nothing(stats_command=asked.desk.settings.stats_command)


def key_of(asked: Asked) -> str:
    """The key of the campaign to which a button belongs. Raises InputError for one without."""
    key = ids.parse(asked.value).campaign_key
    if key is None:
        raise InputError("a button of a campaign without its key")
    return key


def show(asked: Asked, title: str, message: Message) -> None:
    """Put `message` into the modal in which the tap was made; where there is none, into the message."""
    if asked.view is None or asked.view.is_home:
        asked.replace(message)
        return
    try:
        asked.desk.slack.update_view(asked.view.view_id, modal.modal(title, message))
    except SlackRefused:
        asked.say(message)  # the modal was closed meanwhile


def open_(asked: Asked, title: str, work: Callable[[], Message]) -> None:
    """Show what `work` makes in a modal, which opens at once: counting may take longer than a trigger lives."""
    if asked.view is not None:
        show(asked, title, work())
        return
    try:
        view_id = asked.desk.slack.open_view(asked.trigger_id, modal.modal(title, campaign_home.moment()))
    except SlackRefused:
        asked.say(work())
        return
    asked.desk.slack.update_view(view_id, modal.modal(title, work()))


def tips(asked: Asked, session: Session) -> tuple[Tip, ...]:
    """The tips that may be sent today."""
    today = today_of(asked)
    return tuple(tip for tip in asked.desk.tips(session) if tip.expires_on >= today)


def teams(session: Session) -> dict[str, str]:
    """Names of the groups to which an audience can be narrowed, by key."""
    return team.numbered(list(published.told_of(session, most=MOST_TEAMS).items()))


def today_of(asked: Asked) -> date:
    return asked.desk.clock.now().date()
