"""The one error door: every listener goes through it, so that a person always gets an answer and nothing escapes.

Acknowledge first, then work: Slack waits three seconds. What is raised after that is caught here, because Bolt would
lose the acknowledgement over it. The person gets a sentence with a short id, the log the same id with the class of the
error; neither carries what was asked or answered. Next: `handlers/ai_stats.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot.errors import SlackError
from bot.log import EventLog
from bot.views import trouble
from handlers import forms, who
from handlers.desk import Desk
from handlers.forms import Form, Next
from handlers.who import Asked, Body

Work = Callable[[Asked], None]
FormWork = Callable[[Asked, Form], Next]
WhoAsked = Callable[[Desk, Body], Asked]
Listener = Callable[[Ack, dict[str, Any]], None]

_log = EventLog("handlers")


def door(desk: Desk, on: str, who_asked: WhoAsked, work: Work) -> Listener:
    """A Bolt listener that acknowledges, works, and never raises. `on` is the static name that the log shows."""

    def listener(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        asked = None
        try:
            asked = who_asked(desk, body)
            work(asked)
        except Exception as error:  # noqa: BLE001 - whatever escaped here would cost the person their answer
            _admit(asked, on, error)

    return listener


def form_door(desk: Desk, on: str, work: FormWork) -> Listener:
    """The same for a form that was sent: `work` checks and saves first, for what comes next is said in acknowledging.

    So `work` has three seconds, and asks nobody else. After an error the form stays open with all that was typed in it.
    """

    def listener(ack: Ack, body: dict[str, Any]) -> None:
        form = Form()
        try:
            form = forms.of(body)
            following = work(who.of_submission(desk, body), form)
        except Exception as error:  # noqa: BLE001 - whatever escaped here would cost the person what they typed
            following = forms.trouble(form, trouble.form_error(error_id=_written(on, error)))
        ack(**following.said())

    return listener


def _written(on: str, error: Exception) -> str:
    """Write an error to the log; returns the id under which it stands there."""
    trouble_id = secrets.token_hex(3)
    reason = error.reason if isinstance(error, SlackError) else None
    _log.error("handlers.trouble", trouble=trouble_id, on=on, error=type(error).__name__, reason=reason)
    return trouble_id


def _admit(asked: Asked | None, on: str, error: Exception) -> None:
    trouble_id = _written(on, error)
    if asked is None:
        return
    try:
        asked.say(trouble.error(error_id=trouble_id))
    except SlackError as silent:
        _log.error("handlers.unanswered", trouble=trouble_id, on=on, reason=silent.reason)
