"""Who works here, as the Slack workspace lists them: employees only, the fields we need only.

Called by `jobs/collect.py` with what `users.list` returns. Next: `bot/store/people.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from bot.domain.people import SlackMember

_SLACKBOT = "USLACKBOT"  # a bot that is not flagged as one
_NOT_AN_EMPLOYEE = (
    "deleted",
    "is_bot",
    "is_workflow_bot",
    "is_connector_bot",
    "is_restricted",  # guests of several channels
    "is_ultra_restricted",  # guests of one channel
    "is_stranger",  # people of other companies, seen in shared channels
    "is_invited_user",  # has not joined yet
)


def employees(members: Iterable[Mapping[str, Any]]) -> list[SlackMember]:
    """The members whom Kindling may ever address: no bots, guests, strangers, deactivated or invited people.

    `is_app_user` says that a person has authorised this app; it is no reason to leave somebody out.
    """
    return [_member(member) for member in members if _is_employee(member)]


def _is_employee(member: Mapping[str, Any]) -> bool:
    return bool(member.get("id")) and member["id"] != _SLACKBOT and not any(member.get(f) for f in _NOT_AN_EMPLOYEE)


def _member(member: Mapping[str, Any]) -> SlackMember:
    profile = member.get("profile") or {}
    email = str(profile.get("email") or "").strip().casefold()
    timezone = member.get("tz")
    return SlackMember(
        slack_user_id=str(member["id"]),
        email=email or None,
        timezone=timezone if timezone in _zones() else None,
        locale=str(member["locale"]) if member.get("locale") else None,
    )


@cache
def _zones() -> frozenset[str]:
    # Asked once: it walks the whole time zone directory.
    return frozenset(available_timezones())
