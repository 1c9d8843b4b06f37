"""users.*, usergroups.* and dnd.*: who is in the workspace, as Slack tells it, and when they want to be left alone."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.playground.call import Call, Refusal
from bot.playground.cast import Member
from bot.playground.methods.method import Method, Room
from bot.playground.workspace import BOT_USER_ID, TEAM_ID

Json = dict[str, Any]

_MOST_WITHOUT_PAGES = 1000
_QUIET_FROM, _QUIET_UNTIL = time(22, 0), time(8, 0)  # what Slack sets for a new member
_MOST_DND_USERS = 50


def list_all(room: Room, call: Call) -> Json:
    """users.list by cursor pages. The second page is one short, as Slack's may be: only the cursor tells the end."""
    members = sorted(_everybody(room), key=lambda member: member.slack_id)
    limit = call.number("limit", 0)
    if not limit and len(members) > _MOST_WITHOUT_PAGES:
        raise Refusal("limit_required")
    start = _offset(call.text("cursor"))
    size = limit or len(members)
    if limit > 1 and start == limit:
        size -= 1
    end = start + size
    told = [_told(room, member, call.flag("include_locale")) for member in members[start:end]]
    cursor = base64.b64encode(f"row:{end}".encode()).decode() if end < len(members) else ""
    return {"members": told, "cache_ts": 0, "response_metadata": {"next_cursor": cursor}}


def info(room: Room, call: Call) -> Json:
    """users.info."""
    return {"user": _told(room, room.workspace.member(call.needed("user")), call.flag("include_locale"))}


def lookup_by_email(room: Room, call: Call) -> Json:
    """users.lookupByEmail: exact, and deactivated members are not found."""
    wanted = call.needed("email").strip().lower()
    for member in room.workspace.members.values():
        if member.email.lower() == wanted and "deleted" not in member.flags:
            return {"user": _told(room, member, with_locale=False)}
    raise Refusal("users_not_found")


def group_members(room: Room, call: Call) -> Json:
    """usergroups.users.list: the members of one user group."""
    members = room.workspace.groups.get(call.needed("usergroup"))
    if members is None:
        raise Refusal("no_such_subteam")
    return {"users": sorted(members)}


def dnd_info(room: Room, call: Call) -> Json:
    """dnd.info: everybody has Slack's usual quiet night, in their own time zone, unless they chose other hours."""
    return _quiet(room, room.workspace.member(call.needed("user")))


def dnd_team_info(room: Room, call: Call) -> Json:
    """dnd.teamInfo, for at most 50 members."""
    asked = [name for name in call.needed("users").split(",") if name]
    if len(asked) > _MOST_DND_USERS:
        raise Refusal("too_many_users")
    return {"users": {name: _quiet(room, room.workspace.member(name)) for name in asked}, "cached": False}


def _everybody(room: Room) -> list[Member]:
    """The members, this app's own bot user, and Slackbot (of which Slack does not say that it is a bot)."""
    return [
        *room.workspace.members.values(),
        Member(BOT_USER_ID, "", "Kindling", flags=frozenset({"is_bot"})),
        Member("USLACKBOT", "", "Slackbot"),
    ]


def _told(room: Room, member: Member, with_locale: bool) -> Json:
    profile: Json = {"real_name": member.name, "display_name": member.name.split()[0]}
    if "users:read.email" in room.scopes and member.email:
        profile["email"] = member.email
    told: Json = {
        "id": member.slack_id,
        "team_id": TEAM_ID,
        "name": member.email.partition("@")[0] or member.name.lower(),
        "deleted": "deleted" in member.flags,
        "profile": profile,
        "is_bot": "is_bot" in member.flags,
        "updated": 1_700_000_000,
        **dict.fromkeys(member.flags, True),
    }
    if "deleted" not in member.flags:
        offset = room.workspace.now().astimezone(ZoneInfo(member.timezone)).utcoffset() or timedelta(0)
        told |= {"real_name": member.name, "tz": member.timezone, "tz_offset": int(offset.total_seconds())}
        told |= {"is_restricted": "is_restricted" in member.flags, "is_app_user": False}
    if with_locale:
        told["locale"] = member.locale
    return told


def _quiet(room: Room, member: Member) -> Json:
    zone = ZoneInfo(member.timezone)
    local = room.workspace.now().astimezone(zone)
    first_night = local.date() - timedelta(days=1 if local.time() < _QUIET_UNTIL else 0)
    start = datetime.combine(first_night, _QUIET_FROM, zone)
    end = datetime.combine(first_night + timedelta(days=1), _QUIET_UNTIL, zone)
    start, end = room.workspace.quiet.get(member.slack_id, (start, end))
    return {
        "dnd_enabled": True,
        "next_dnd_start_ts": int(start.timestamp()),
        "next_dnd_end_ts": int(end.timestamp()),
    }


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        kind, _, row = base64.b64decode(cursor, validate=True).decode().partition(":")
        if kind == "row":
            return int(row)
    except (binascii.Error, ValueError):
        pass
    raise Refusal("invalid_cursor")


METHODS = {
    "users.list": Method(list_all, "users:read", 2),
    "users.info": Method(info, "users:read", 4),
    "users.lookupByEmail": Method(lookup_by_email, "users:read.email", 3),
    "usergroups.users.list": Method(group_members, "usergroups:read", 2),
    "dnd.info": Method(dnd_info, "dnd:read", 3),
    "dnd.teamInfo": Method(dnd_team_info, "dnd:read", 2),
}
