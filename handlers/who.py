"""Who asked, and where the answer goes: to that person alone (P1).

Every listener gets an `Asked`, made from what Slack sent by `handlers/trouble.py`. It leads to no person's rows: those
who answer about themselves go through `handlers/themselves.py`. Next: `handlers/trouble.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import InputError, SlackRefused
from bot.views import ids, modal
from bot.views.message import Message
from handlers.desk import Desk

Body = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """Where a tap came from when it was no message: App Home, or an open modal, with what the modal carried."""

    view_id: str
    is_home: bool
    metadata: str = ""


@dataclass(frozen=True)
class Asked:
    """One command, tap, sent form or opened Home. `text` is what was typed, `value` what a button or option carried.

    `trigger_id` opens a modal within three seconds of what was done, once.
    """

    desk: Desk
    slack_user_id: str
    text: str = ""
    value: str | None = None
    response_url: str | None = None
    view: View | None = None
    trigger_id: str = ""

    def nudge_key(self) -> str:
        """The key of the message under which the button stands. Raises InputError for a button without one."""
        key = ids.parse(self.value).nudge_key
        if key is None:
            raise InputError("a button of a message without its key")
        return key

    def choice(self) -> str:
        """Which of a few choices was made. Raises InputError for a button without one."""
        choice = ids.parse(self.value).choice
        if choice is None:
            raise InputError("a choice without anything chosen")
        return choice

    def say(self, message: Message) -> None:
        """Answer where only the one who asked can read it: ephemerally, in a modal, or in the app's own messages."""
        if not (self._answer(message) or self._show_modal(message)):
            slack = self.desk.slack
            slack.post(slack.open_dm(self.slack_user_id), text=message.text, blocks=message.blocks)

    def replace(self, message: Message) -> None:
        """Put `message` in place of the one whose button was tapped; say it when there is none."""
        if not self._answer(message, replace=True):
            self.say(message)

    def open(self, view: dict[str, Any]) -> None:
        """Show a modal of one's own making: on top of the open one when the tap came from there, else a new one."""
        if self.view is not None and not self.view.is_home:
            self.desk.slack.push_view(self.trigger_id, view)
        else:
            self.desk.slack.open_view(self.trigger_id, view)

    def show(self, view: dict[str, Any]) -> None:
        """Put `view` in place of the modal in which the tap was made; open it when it was made elsewhere."""
        if self.view is not None and not self.view.is_home:
            self.desk.slack.update_view(self.view.view_id, view)
        else:
            self.desk.slack.open_view(self.trigger_id, view)

    def _answer(self, message: Message, *, replace: bool = False) -> bool:
        if self.response_url is None:
            return False
        try:
            self.desk.slack.answer(self.response_url, text=message.text, blocks=message.blocks, replace=replace)
        except SlackRefused:
            return False  # half an hour or five answers later the address is void
        return True

    def _show_modal(self, message: Message) -> bool:
        if self.view is None:
            return False
        opened = modal.modal("Kindling", message)
        try:
            if self.view.is_home:
                self.desk.slack.open_view(self.trigger_id, opened)
            else:
                self.desk.slack.update_view(self.view.view_id, opened)
        except SlackRefused:
            return False  # the three seconds of a trigger were over, or the modal was closed meanwhile
        return True


def of_command(desk: Desk, body: Body) -> Asked:
    """From a slash command."""
    return Asked(
        desk,
        slack_user_id=str(body["user_id"]),
        text=str(body.get("text") or ""),
        response_url=body.get("response_url"),
        trigger_id=_trigger(body),
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
        view=_view(body),
        trigger_id=_trigger(body),
    )


def of_submission(desk: Desk, body: Body) -> Asked:
    """From a form that was sent; what was typed into it is read by `handlers/forms.py`."""
    return Asked(desk, slack_user_id=str(body["user"]["id"]), view=_view(body), trigger_id=_trigger(body))


def of_event(desk: Desk, body: Body) -> Asked:
    """From App Home being opened; `text` is the tab."""
    return Asked(desk, slack_user_id=str(body["event"]["user"]), text=str(body["event"].get("tab") or ""))


def _view(body: Body) -> View | None:
    view = body.get("view")
    if not view:
        return None
    return View(view["id"], is_home=view["type"] == "home", metadata=str(view.get("private_metadata") or ""))


def _trigger(body: Body) -> str:
    return str(body.get("trigger_id") or "")
