"""conversations.*: opening the direct messages with a member, and looking at what was said there."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from bot.playground.call import Call, Refusal
from bot.playground.methods.chat import as_slack
from bot.playground.methods.method import Method, Room
from bot.playground.workspace import BOT_USER_ID, Message

Json = dict[str, Any]

_LARGEST_PAGE = 999
_SLACKBOT = "USLACKBOT"


def open_dm(room: Room, call: Call) -> Json:
    """conversations.open: the id of the direct messages with one member; asking twice gives the same."""
    asked = [name for name in call.text("users").split(",") if name]
    if not asked and call.text("channel"):
        return {"channel": {"id": room.workspace.dm_of(room.workspace.owner_of(call.text("channel")).slack_id)}}
    if not asked:
        raise Refusal("users_list_not_supplied")
    if len(asked) > 1:
        raise Refusal("missing_scope", needed="mpim:write", provided=",".join(sorted(room.scopes)))
    if asked[0] in (_SLACKBOT, BOT_USER_ID):
        raise Refusal("cannot_dm_bot")
    member = room.workspace.member(asked[0])
    if "is_bot" in member.flags:
        raise Refusal("cannot_dm_bot")
    if "deleted" in member.flags:
        raise Refusal("user_disabled")
    return {"no_op": False, "already_open": False, "channel": {"id": room.workspace.dm_of(member.slack_id)}}


def history(room: Room, call: Call) -> Json:
    """conversations.history, newest first. Without `include_all_metadata` only the metadata's event type is told."""
    channel = call.needed("channel")
    room.workspace.owner_of(channel)
    oldest, latest = _moment(call, "oldest", "0"), _moment(call, "latest", "99999999999")
    limit = min(call.number("limit", 100), _LARGEST_PAGE)
    inclusive = call.flag("inclusive")
    with room.workspace.lock:
        found = [
            message
            for message in reversed(room.workspace.messages)
            if message.channel == channel
            and message.only_for is None
            and (oldest < Decimal(message.ts) < latest or (inclusive and Decimal(message.ts) in (oldest, latest)))
        ]
        page = [_told(message, call.flag("include_all_metadata")) for message in found[:limit]]
    return {"messages": page, "has_more": len(found) > limit, "pin_count": 0}


def _moment(call: Call, name: str, otherwise: str) -> Decimal:
    try:
        return Decimal(call.text(name) or otherwise)
    except InvalidOperation:
        raise Refusal(f"invalid_ts_{name}") from None


def _told(message: Message, all_metadata: bool) -> Json:
    told = as_slack(message)
    if message.metadata and not all_metadata:
        told["metadata"] = {"event_type": message.metadata["event_type"]}
    return told


METHODS = {
    "conversations.open": Method(open_dm, "im:write", 3),
    "conversations.history": Method(history, "im:history", 3),
}
