"""chat.*: what the bot says. Refuses what Slack refuses: no text, too many blocks, unknown blocks, wrong metadata."""

from __future__ import annotations

from typing import Any

from bot.playground.call import Call, Refusal
from bot.playground.methods.method import Method, Room, TooFast
from bot.playground.workspace import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Message, Workspace, with_ids
from bot.views import limits

Json = dict[str, Any]

LONGEST_POST = 40_000
LONGEST_UPDATE = 4_000


def post_message(room: Room, call: Call) -> Json:
    """chat.postMessage. A user id in `channel` is taken for the direct messages with that member."""
    channel = _direct_channel(room.workspace, call)
    text, blocks = said(call, room.workspace, longest=LONGEST_POST)
    metadata = _metadata(call)
    wait_s = room.rates.message(channel)
    if wait_s:
        raise TooFast(wait_s)
    message = Message(room.workspace.next_ts(), channel, "app", text, with_ids(blocks), metadata)
    room.workspace.add(message, method=call.method)
    return {"channel": channel, "ts": message.ts, "message": as_slack(message)}


def post_ephemeral(room: Room, call: Call) -> Json:
    """chat.postEphemeral: to the one member of the direct-message channel, and to nobody else."""
    channel = _direct_channel(room.workspace, call)
    user_id = call.needed("user")
    if room.workspace.owner_of(channel).slack_id != user_id:
        raise Refusal("user_not_in_channel")
    text, blocks = said(call, room.workspace, longest=LONGEST_POST)
    message = Message(room.workspace.next_ts(), channel, "app", text, with_ids(blocks), only_for=user_id)
    room.workspace.add(message, method=call.method)
    return {"message_ts": message.ts}


def update(room: Room, call: Call) -> Json:
    """chat.update: the app's own messages only, never an ephemeral one; needs the channel's own id."""
    message = _own(room.workspace, call)
    text, blocks = said(call, room.workspace, longest=LONGEST_UPDATE)
    room.workspace.rewrite(message, text=text, blocks=with_ids(blocks), method=call.method)
    return {"channel": message.channel, "ts": message.ts, "text": text, "message": as_slack(message)}


def delete(room: Room, call: Call) -> Json:
    """chat.delete: the app's own messages only."""
    message = _own(room.workspace, call)
    room.workspace.remove(message, method=call.method)
    return {"channel": message.channel, "ts": message.ts}


def said(call: Call, workspace: Workspace, *, longest: int | None = None) -> tuple[str, list[Json]]:
    """Text and blocks of a message, checked against Slack's limits and against what this workspace takes. A post's text
    is cut, an update's is refused.
    """
    text = call.text("text")
    blocks = call.data("blocks", "invalid_blocks_format") or []
    if not text and not blocks and not call.args.get("attachments"):
        raise Refusal("no_text")
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    wrong = limits.check(blocks, limits.Surface.MESSAGE) or [
        f"/blocks/{index}: unsupported type: {block['type']}"
        for index, block in enumerate(blocks)
        if block["type"] in workspace.refused_blocks
    ]
    if wrong:
        raise Refusal("invalid_blocks", errors=wrong, response_metadata={"messages": [f"[ERROR] {w}" for w in wrong]})
    if longest == LONGEST_UPDATE and len(text) > longest:
        raise Refusal("msg_too_long")
    return text[:longest], blocks


def as_slack(message: Message) -> Json:
    """A message as Slack describes it to the app."""
    described: Json = {"type": "message", "ts": message.ts, "team": TEAM_ID, "text": message.text}
    if message.by == "app":
        described |= {"user": BOT_USER_ID, "bot_id": BOT_ID, "app_id": APP_ID}
    else:
        described["user"] = message.by
    if message.blocks:
        described["blocks"] = message.blocks
    if message.metadata:
        described["metadata"] = message.metadata
    if message.edited:
        described["edited"] = {"user": BOT_USER_ID, "ts": message.ts}
    return described


def _direct_channel(workspace: Workspace, call: Call) -> str:
    channel = call.text("channel")
    if not channel:
        raise Refusal("channel_not_found")
    member = workspace.members.get(channel) or workspace.owner_of(channel)
    if "deleted" in member.flags or "is_bot" in member.flags:
        raise Refusal("channel_not_found")
    return workspace.dm_of(member.slack_id)


def _own(workspace: Workspace, call: Call) -> Message:
    channel = call.needed("channel")
    workspace.owner_of(channel)
    message = workspace.message(channel, call.needed("ts"))
    if message.only_for is not None:
        raise Refusal("message_not_found")
    if message.by != "app":
        raise Refusal("cant_update_message" if call.method == "chat.update" else "cant_delete_message")
    return message


def _metadata(call: Call) -> Json | None:
    metadata = call.data("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_schema")
    return metadata


METHODS = {
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write", 4),
    "chat.update": Method(update, "chat:write", 3),
    "chat.delete": Method(delete, "chat:write", 3),
}
