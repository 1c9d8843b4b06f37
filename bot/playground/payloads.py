"""What Slack tells the bot when a member does something, field by field. Used by `bot/playground/acts.py`."""

from __future__ import annotations

import secrets
import time
from typing import Any

from bot.playground.call import Refusal
from bot.playground.cast import COMPANY, Member
from bot.playground.methods.chat import as_slack as message_as_slack
from bot.playground.methods.views import as_slack as view_as_slack
from bot.playground.workspace import APP_ID, BOT_USER_ID, TEAM_ID, Message, View

Json = dict[str, Any]

_TOKEN = "playground-deprecated-verification-token"  # noqa: S105 - Slack still sends one; nobody should read it
_PICKERS = {"static_select", "radio_buttons", "overflow"}
_SEVERAL = {"checkboxes", "multi_static_select"}


def command(member: Member, *, channel: str, name: str, text: str, trigger_id: str, response_url: str) -> Json:
    """A slash command; over HTTP it is a form."""
    return {
        "token": _TOKEN,
        "team_id": TEAM_ID,
        "team_domain": "lantern",
        "channel_id": channel,
        "channel_name": "directmessage",
        "user_id": member.slack_id,
        "user_name": member.email.partition("@")[0],
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def block_action(
    member: Member,
    action: Json,
    *,
    trigger_id: str,
    message: Message | None,
    view: View | None,
    typed: Json,
    response_url: str,
) -> Json:
    """An element that was used, in a message or (without a response URL) in a view with what is `typed` in it."""
    payload = {**_envelope("block_actions", member), "trigger_id": trigger_id, "actions": [action]}
    if message:
        payload |= {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": message.only_for is not None,
            },
            "channel": {"id": message.channel, "name": "directmessage"},
            "state": {"values": {}},
            "response_url": response_url,
        }
        if message.only_for is None:
            payload["message"] = message_as_slack(message)
    if view:
        described = {**view_as_slack(view), "state": {"values": state_of(view, typed)}}
        payload |= {"container": {"type": "view", "view_id": view.view_id}, "view": described}
    return payload


def view_submission(member: Member, view: View, values: Json, *, trigger_id: str) -> Json:
    """A modal that was sent with what was typed and chosen in it."""
    described = {**view_as_slack(view), "state": {"values": values}}
    return {**_envelope("view_submission", member), "trigger_id": trigger_id, "view": described, "response_urls": []}


def view_closed(member: Member, view: View, *, is_cleared: bool) -> Json:
    return {**_envelope("view_closed", member), "view": view_as_slack(view), "is_cleared": is_cleared}


def event(inner: Json) -> Json:
    """An event of the Events API around `inner`."""
    return {
        "token": _TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {"enterprise_id": None, "team_id": TEAM_ID, "user_id": BOT_USER_ID, "is_bot": True}
            | {"is_enterprise_install": False}
        ],
    }


def action_of(element: Json, block_id: str, chosen: Any, action_ts: str) -> Json:
    """What using an element reports. `chosen` is the option's value for selects, overflows and radio buttons."""
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": action_ts,
    }
    if element["type"] == "button":
        action |= {name: element[name] for name in ("text", "value", "style") if name in element}
    elif element["type"] in _PICKERS:
        action["selected_option"] = _option(element, chosen)
    elif element["type"] in _SEVERAL:
        action["selected_options"] = [_option(element, value) for value in chosen or ()]
    else:
        action |= {name: value for name, value in _state(element, chosen).items() if name != "type"}
    return action


def state_of(view: View, typed: Json) -> Json:
    """`state.values` of a view: `typed` maps an action id to the text, or to the value of the chosen option."""
    values: Json = {}
    for block in view.content["blocks"]:
        element = block.get("element")
        if block["type"] != "input" or not element:
            continue
        values[block["block_id"]] = {element["action_id"]: _state(element, typed.get(element["action_id"]))}
    return values


def _state(element: Json, given: Any) -> Json:
    if element["type"] in _SEVERAL:
        initial = [option["value"] for option in element.get("initial_options", [])]
        several = [_option(element, value) for value in (initial if given is None else given)]
        return {"type": element["type"], "selected_options": several}
    if element["type"] == "datepicker":
        return {"type": "datepicker", "selected_date": element.get("initial_date") if given is None else given or None}
    if element["type"] in _PICKERS:
        chosen = _option(element, given) if given is not None else element.get("initial_option")
        return {"type": element["type"], "selected_option": chosen}
    return {"type": element["type"], "value": element.get("initial_value") if given is None else str(given) or None}


def _option(element: Json, value: Any) -> Json:
    groups = element.get("option_groups") or [{"options": element.get("options", [])}]
    for option in (option for group in groups for option in group["options"]):
        if option["value"] == value:
            found: Json = option
            return found
    raise Refusal("no_such_option")


def _envelope(kind: str, member: Member) -> Json:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": "lantern", "name": COMPANY},
        "user": {"id": member.slack_id, "username": member.email.partition("@")[0], "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": _TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }
