"""views.*: modals and App Home. Trigger ids, the stack of three, the hash and the size are Slack's."""

from __future__ import annotations

import json
import secrets
from typing import Any

from bot.playground.call import Call, Refusal
from bot.playground.methods.method import Method, Room
from bot.playground.workspace import APP_ID, BOT_ID, TEAM_ID, View, Workspace, with_ids
from bot.views import limits

Json = dict[str, Any]

DEEPEST_STACK = 3


def open_modal(room: Room, call: Call) -> Json:
    """views.open: a modal for the member whose trigger id it is, in place of any other."""
    content = checked(call.data("view", "invalid_arguments"), "modal")
    user_id = room.tickets.use_trigger(call.needed("trigger_id"))
    return {"view": as_slack(put_modal(room.workspace, user_id, content, on_top=False, method=call.method))}


def push_modal(room: Room, call: Call) -> Json:
    """views.push: on top of the open one; three at most."""
    content = checked(call.data("view", "invalid_arguments"), "modal")
    user_id = room.tickets.use_trigger(call.needed("trigger_id"))
    return {"view": as_slack(put_modal(room.workspace, user_id, content, on_top=True, method=call.method))}


def update_modal(room: Room, call: Call) -> Json:
    """views.update by `view_id` or `external_id`; a `hash` that is no longer the view's loses the race."""
    content = checked(call.data("view", "invalid_arguments"), "modal")
    with room.workspace.lock:
        view = _find(room.workspace, call)
        if call.text("hash") and call.text("hash") != view.hash:
            raise Refusal("hash_conflict")
        change_view(room.workspace, view, content, method=call.method)
        return {"view": as_slack(view)}


def publish_home(room: Room, call: Call) -> Json:
    """views.publish: the App Home of one member, which nobody else sees."""
    member = room.workspace.member(call.needed("user_id"))
    content = checked(call.data("view", "invalid_arguments"), "home")
    with room.workspace.lock:
        view = room.workspace.homes.get(member.slack_id)
        if view and call.text("hash") and call.text("hash") != view.hash:
            raise Refusal("hash_conflict")
        if view is None:
            view = View(_view_id(), "", {}, member.slack_id)
            room.workspace.homes[member.slack_id] = view
        change_view(room.workspace, view, content, method=call.method)
        return {"view": as_slack(view)}


def checked(content: Any, kind: str) -> Json:
    """A view within Slack's limits, with block ids; refuses the others with Slack's codes."""
    if not isinstance(content, dict) or content.get("type") != kind:
        raise Refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] view must be of type {kind}"]})
    if len(json.dumps(content).encode()) > limits.LARGEST_VIEW_BYTES:
        raise Refusal("view_too_large")
    wrong = limits.check_view(content)
    if wrong:
        raise Refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {w}" for w in wrong]})
    return {**content, "blocks": with_ids(content["blocks"])}


def put_modal(workspace: Workspace, user_id: str, content: Json, *, on_top: bool, method: str) -> View:
    """Open a modal, alone or on top of the stack."""
    with workspace.lock:
        stack = workspace.modals.setdefault(user_id, [])
        if on_top and len(stack) >= DEEPEST_STACK:
            raise Refusal("push_limit_reached")
        view = View(_view_id(), "", {}, user_id)
        if not on_top:
            stack.clear()
        stack.append(view)
        change_view(workspace, view, content, method=method)
        return view


def change_view(workspace: Workspace, view: View, content: Json, *, method: str) -> None:
    """Show other content in a view; its hash is new."""
    with workspace.lock:
        title = content.get("title") or {}
        workspace.journal.write(
            at=workspace.now(),
            to=view.user_id,
            surface=content["type"],
            method=method,
            text=title.get("text", ""),
            blocks=content["blocks"],
        )
        view.content = content
        view.hash = f"{workspace.next_ts()}.{secrets.token_hex(4)}"
        workspace.changed()


def as_slack(view: View) -> Json:
    """A view as Slack describes it to the app."""
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "state": {"values": {}},
        **view.content,
        "id": view.view_id,
        "team_id": TEAM_ID,
        "hash": view.hash,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "root_view_id": view.view_id,
        "previous_view_id": None,
        "app_installed_team_id": TEAM_ID,
    }


def _find(workspace: Workspace, call: Call) -> View:
    if call.text("view_id"):
        return workspace.view(call.text("view_id"))
    wanted = call.needed("external_id")
    for view in (view for stack in workspace.modals.values() for view in stack):
        if view.content.get("external_id") == wanted:
            return view
    raise Refusal("not_found")


def _view_id() -> str:
    return f"V{secrets.token_hex(5).upper()}"


METHODS = {
    "views.open": Method(open_modal, None, 4),
    "views.push": Method(push_modal, None, 4),
    "views.update": Method(update_modal, None, 4),
    "views.publish": Method(publish_home, None, 4),
}
