"""Who asked, and where the answer goes: to that person alone (P1).

Every listener gets an `Asked`, made from what Slack sent by `handlers/trouble.py`. Next: `handlers/trouble.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.store import people
from bot.views.message import Message
from handlers.desk import Desk

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """One command, tap or opened Home. `text` is what was typed, `value` what a button or an option carried."""

    desk: Desk
    slack_user_id: str
    text: str = ""
    value: str | None = None
    response_url: str | None = None
    in_home: bool = False

    def person(self) -> int | None:
        """Our number for the one who asked; None when the roster does not list them (a guest, a newcomer, a bot)."""
        with self.desk.store.read() as session:
            return people.person_by_slack(session, slack_user_id=self.slack_user_id)

    def say(self, message: Message) -> None:
        """Answer where only the one who asked can read it: ephemerally, or in the app's own messages with them."""
        slack = self.desk.slack
        if self.response_url is not None:
            slack.answer(self.response_url, text=message.text, blocks=message.blocks)
        else:
            slack.post(slack.open_dm(self.slack_user_id), text=message.text, blocks=message.blocks)

    def replace(self, message: Message) -> None:
        """Put `message` in place of the one whose button was tapped; say it when there is none."""
        if self.response_url is None:
            self.say(message)
        else:
            self.desk.slack.answer(self.response_url, text=message.text, blocks=message.blocks, replace=True)


def of_command(desk: Desk, body: Body) -> Asked:
    """From a slash command."""
    return Asked(
        desk,
        slack_user_id=str(body["user_id"]),
        text=str(body.get("text") or ""),
        response_url=body.get("response_url"),
    )


def of_action(desk: Desk, body: Body) -> Asked:
    """From a tap on a button, or a choice in a select, in a message or in App Home."""
    action = body["actions"][0]
    chosen = action.get("selected_option") or action
    return Asked(
        desk,
        slack_user_id=str(body["user"]["id"]),
        value=chosen.get("value"),
        response_url=body.get("response_url"),
        in_home=(body.get("view") or {}).get("type") == "home",
    )


def of_event(desk: Desk, body: Body) -> Asked:
    """From an event, such as App Home being opened."""
    return Asked(desk, slack_user_id=str(body["event"]["user"]))
