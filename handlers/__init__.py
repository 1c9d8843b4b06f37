"""What people ask of Kindling in Slack. `register` ties every command, button and event to its handler.

Next: `handlers/who.py`.
"""

from __future__ import annotations

import re

from slack_bolt import App

from bot.views.campaign_preview import SAMPLE
from bot.views.ids import Action, Callback
from handlers import ai_nudge, ai_stats, ai_team, buttons, home, team_digest, who
from handlers.desk import Desk
from handlers.trouble import FormWork, Work, door, form_door

_ANYTHING = re.compile(r".*", re.DOTALL)
_SAMPLE = re.compile(rf"{SAMPLE}.*")
_OF_OTHERS: dict[Action, Work] = {**ai_team.TAPS, **team_digest.TAPS, **ai_nudge.TAPS}
_FORMS: dict[Callback, FormWork] = {**ai_nudge.SUBMISSIONS}


def register(app: App, desk: Desk) -> None:
    """Register every listener. The catch-alls come last, so that nothing a person does stays without an answer."""
    app.command(desk.settings.stats_command)(door(desk, "command", who.of_command, ai_stats.answer))
    app.command(desk.settings.team_command)(door(desk, "team_command", who.of_command, ai_team.answer))
    app.command(desk.settings.nudge_command)(door(desk, "nudge_command", who.of_command, ai_nudge.answer))
    app.event("app_home_opened")(door(desk, "home", who.of_event, home.opened))
    for action in Action:
        work = _OF_OTHERS.get(action) or buttons.work_of(action)
        app.action(action.value)(door(desk, action.value, who.of_action, work))
    for callback, form_work in _FORMS.items():
        app.view(callback.value)(form_door(desk, callback.value, form_work))
    app.action(_SAMPLE)(door(desk, "sample", who.of_action, ai_nudge.sample))
    app.action(_ANYTHING)(door(desk, "unknown_action", who.of_action, buttons.unknown))
    app.command(_ANYTHING)(door(desk, "unknown_command", who.of_command, ai_stats.help_))
