"""What people ask of Kindling in Slack. `register` ties every command, button and event to its handler.

Next: `handlers/who.py`.
"""

from __future__ import annotations

import re

from slack_bolt import App

from bot.views.ids import Action
from handlers import ai_stats, buttons, home, who
from handlers.desk import Desk
from handlers.trouble import door

_ANYTHING = re.compile(r".*", re.DOTALL)


def register(app: App, desk: Desk) -> None:
    """Register every listener. The catch-alls come last, so that nothing a person does stays without an answer."""
    app.command(desk.settings.stats_command)(door(desk, "command", who.of_command, ai_stats.answer))
    app.event("app_home_opened")(door(desk, "home", who.of_event, home.opened))
    for action in Action:
        app.action(action.value)(door(desk, action.value, who.of_action, buttons.work_of(action)))
    app.action(_ANYTHING)(door(desk, "unknown_action", who.of_action, buttons.unknown))
    app.command(_ANYTHING)(door(desk, "unknown_command", who.of_command, ai_stats.help_))
