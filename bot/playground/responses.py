"""What the bot answers to something a member did: in the acknowledgement itself, or later through a response URL.

Both make an ephemeral message unless the bot asks for `in_channel`, which is shown to everybody in the channel (and
recorded as such, so that a test can prove it never happens).
"""

from __future__ import annotations

from typing import Any

from bot.playground.call import Call, Refusal
from bot.playground.methods.chat import said
from bot.playground.methods.method import Room
from bot.playground.tickets import Answerable
from bot.playground.workspace import Message, Workspace, with_ids

Json = dict[str, Any]


def to_response_url(room: Room, key: str, body: Json) -> None:
    """Carry out one use of a response URL: a new message, or the original replaced or deleted."""
    answered = room.tickets.use_response_url(key, room.workspace.now())
    with room.workspace.lock:
        original = _original(room.workspace, answered)
        if body.get("delete_original"):
            if original:
                room.workspace.remove(original, method="response_url")
            return
        text, blocks = said(Call("response_url", None, body), room.workspace)
        if body.get("replace_original") and original:
            room.workspace.rewrite(original, text=text, blocks=with_ids(blocks), method="response_url")
        else:
            show(room.workspace, answered.user_id, answered.channel, body, method="response_url")


def show(workspace: Workspace, user_id: str, channel: str, body: Json, *, method: str) -> None:
    """Show an answer to a command: ephemeral by default. An empty one shows nothing."""
    if not body.get("text") and not body.get("blocks"):
        return
    text, blocks = said(Call(method, None, body), workspace)
    is_public = body.get("response_type") == "in_channel"
    message = Message(workspace.next_ts(), channel, "app", text, with_ids(blocks))
    message.only_for, message.in_channel = (None, True) if is_public else (user_id, False)
    workspace.add(message, method=method)


def _original(workspace: Workspace, answered: Answerable) -> Message | None:
    if answered.message_ts is None:
        return None
    try:
        return workspace.message(answered.channel, answered.message_ts)
    except Refusal:
        return None
