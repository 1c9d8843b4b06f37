"""What a member can do: type, press, submit, open App Home. Each is told to the bot, which has three seconds.

The page and other processes come in through `bot/playground/control.py`, tests through `bot/playground/server.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from bot.playground import payloads, responses
from bot.playground.call import Refusal
from bot.playground.link import Kind, Link, Reply, Retry
from bot.playground.methods.method import Room
from bot.playground.methods.views import as_slack as view_as_slack
from bot.playground.methods.views import change_view, checked, put_modal
from bot.playground.workspace import APP_NAME, Message, View

Json = dict[str, Any]

RETRY_EVENTS_AFTER_S = (0.0, 60.0, 300.0)
SUBSCRIBED = frozenset({"app_home_opened", "team_join", "user_change", "app_uninstalled", "tokens_revoked"})


class Acts:
    """The members' hands. A refusal means that a member could not do this at all: there is no such button."""

    def __init__(
        self,
        room: Room,
        link: Link,
        *,
        subscribed: frozenset[str] = SUBSCRIBED,
        retry_events_after_s: Sequence[float] = RETRY_EVENTS_AFTER_S,
    ) -> None:
        self.link = link
        self._room = room
        self._workspace = room.workspace
        self._subscribed = subscribed
        self._retry_after_s = retry_events_after_s
        self._closing = threading.Event()
        self._telling: list[threading.Thread] = []

    def command(self, user_id: str, name: str, text: str = "") -> Reply:
        """Type a slash command in the direct messages with the app; its answer is seen by this member only."""
        member = self._workspace.member(user_id)
        channel = self._workspace.dm_of(user_id)
        payload = payloads.command(
            member,
            channel=channel,
            name=name,
            text=text,
            trigger_id=self._room.tickets.trigger(user_id),
            response_url=self._response_url(user_id, channel, None),
        )
        reply = self._tell(user_id, Kind.COMMAND, payload, f"{name} failed")
        self._show_answer(user_id, channel, reply)
        return reply

    def say(self, user_id: str, text: str) -> None:
        """Write an ordinary message to the app."""
        self._workspace.member(user_id)
        channel = self._workspace.dm_of(user_id)
        message = Message(self._workspace.next_ts(), channel, user_id, text)
        self._workspace.add(message, method="say")
        inner = {"type": "message", "channel_type": "im", "channel": channel, "user": user_id}
        self.event({**inner, "text": text, "ts": message.ts, "event_ts": message.ts}, subscription="message.im")

    def press(
        self,
        user_id: str,
        action_id: str,
        *,
        value: str | None = None,
        choose: Any = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
        typed: Json | None = None,
    ) -> Reply:
        """Use the newest element this member sees with that `action_id` (and `value`, for a button).

        `choose` is the value of the chosen option. `ts`, `view_id` and `block_id` narrow down where it stands; `typed`
        is what stands in the other fields of a modal meanwhile.
        """
        member = self._workspace.member(user_id)
        for place in self._places(user_id, ts, view_id):
            blocks = place.blocks if isinstance(place, Message) else place.content["blocks"]
            for block, element in _elements(blocks):
                if element.get("action_id") != action_id or block_id not in (None, block["block_id"]):
                    continue
                if value is None or element.get("value") == value:
                    action = payloads.action_of(element, block["block_id"], choose, self._workspace.next_ts())
                    return self._use(member.slack_id, place, action, typed or {})
        raise Refusal("no_such_element")

    def submit(self, user_id: str, typed: Json) -> Reply:
        """Send the top modal. `typed` maps action ids to texts or chosen values; the reply says what is missing."""
        member = self._workspace.member(user_id)
        view = self._top(user_id)
        values = payloads.state_of(view, typed)
        missing = _missing(view, values)
        if missing:
            return Reply({"response_action": "errors", "errors": missing})
        payload = payloads.view_submission(member, view, values, trigger_id=self._room.tickets.trigger(user_id))
        reply = self._tell(user_id, Kind.INTERACTION, payload, "Sending this form failed")
        if not reply.problem:
            self._after_submission(user_id, view, reply.body)
        return reply

    def close_modal(self, user_id: str, *, everything: bool = False) -> None:
        """Close the top modal, or the whole stack; the bot hears of it when it asked to."""
        member = self._workspace.member(user_id)
        with self._workspace.lock:
            stack = self._workspace.modals.get(user_id, [])
            view = (stack[0] if everything else stack[-1]) if stack else None
            self._take_off(user_id, everything=everything)
        if view and view.content.get("notify_on_close"):
            payload = payloads.view_closed(member, view, is_cleared=everything)
            self._tell(user_id, Kind.INTERACTION, payload, "Closing this form failed")

    def open_home(self, user_id: str, tab: str = "home") -> None:
        """Open the app's Home (or Messages) tab; the bot is told in the background, as with every event."""
        self._workspace.member(user_id)
        ts = self._workspace.next_ts()
        inner: Json = {
            "type": "app_home_opened",
            "user": user_id,
            "channel": self._workspace.dm_of(user_id),
            "tab": tab,
        }
        inner["event_ts"] = ts
        home = self._workspace.homes.get(user_id)
        if home and tab == "home":
            inner["view"] = view_as_slack(home)
        self.event(inner)

    def event(self, inner: Json, *, subscription: str = "") -> None:
        """Tell the bot an event, again after failures as Slack does; nothing when it is not subscribed."""
        if (subscription or inner["type"]) not in self._subscribed:
            return
        thread = threading.Thread(target=self._tell_event, args=(payloads.event(inner),), name="playground-event")
        self._telling = [running for running in self._telling if running.is_alive()] + [thread]
        thread.start()

    def close(self) -> None:
        """Stop telling; waits for what is on its way."""
        self._closing.set()
        for thread in self._telling:
            thread.join()

    def _tell_event(self, payload: Json) -> None:
        reply = self.link.tell(Kind.EVENT, payload)
        for attempt, wait_s in enumerate(self._retry_after_s, start=1):
            if not reply.problem or self._closing.wait(wait_s):
                return
            reply = self.link.tell(Kind.EVENT, payload, Retry(attempt, reply.problem))

    def _tell(self, user_id: str, kind: Kind, payload: Json, what_failed: str) -> Reply:
        reply = self.link.tell(kind, payload)
        if reply.problem == "not_connected":
            self._workspace.banner(user_id, f"{what_failed}: {APP_NAME} is not running.")
        elif reply.problem:
            self._workspace.banner(user_id, f"{what_failed}: {APP_NAME} did not answer within 3 seconds.")
        return reply

    def _show_answer(self, user_id: str, channel: str, reply: Reply) -> None:
        try:
            responses.show(self._workspace, user_id, channel, reply.body, method="ack")
        except Refusal as refusal:
            self._workspace.banner(user_id, f"{APP_NAME} answered with something Slack does not take: {refusal.error}.")

    def _use(self, user_id: str, place: Message | View, action: Json, typed: Json) -> Reply:
        message = place if isinstance(place, Message) else None
        payload = payloads.block_action(
            self._workspace.member(user_id),
            action,
            trigger_id=self._room.tickets.trigger(user_id),
            message=message,
            view=place if isinstance(place, View) else None,
            typed=typed,
            response_url=self._response_url(user_id, message.channel, message.ts) if message else "",
        )
        return self._tell(user_id, Kind.INTERACTION, payload, "That button failed")

    def _places(self, user_id: str, ts: str | None, view_id: str | None) -> Iterator[Message | View]:
        """Where this member could press something: open modals, then messages (newest first), then App Home."""
        with self._workspace.lock:
            views = [*reversed(self._workspace.modals.get(user_id, []))]
            messages = [*reversed(self._workspace.visible_to(user_id))]
            home = self._workspace.homes.get(user_id)
        if ts is None:
            yield from (view for view in views if view_id in (None, view.view_id))
        if view_id is None:
            yield from (message for message in messages if ts in (None, message.ts))
        if home and ts is None and view_id in (None, home.view_id):
            yield home

    def _top(self, user_id: str) -> View:
        stack = self._workspace.modals.get(user_id)
        if not stack:
            raise Refusal("no_open_modal")
        return stack[-1]

    def _after_submission(self, user_id: str, view: View, body: Json) -> None:
        action = body.get("response_action")
        if action == "errors":
            return
        if action in ("update", "push"):
            try:
                content = checked(body.get("view"), "modal")
                if action == "update":
                    change_view(self._workspace, view, content, method="ack")
                else:
                    put_modal(self._workspace, user_id, content, on_top=True, method="ack")
            except Refusal as refusal:
                self._workspace.banner(
                    user_id, f"{APP_NAME} answered with something Slack does not take: {refusal.error}."
                )
            return
        self._take_off(user_id, everything=action == "clear")

    def _take_off(self, user_id: str, *, everything: bool) -> None:
        with self._workspace.lock:
            stack = self._workspace.modals.get(user_id, [])
            del stack[0 if everything else -1 :]
            self._workspace.changed()

    def _response_url(self, user_id: str, channel: str, ts: str | None) -> str:
        key = self._room.tickets.response_url(user_id, channel=channel, message_ts=ts, now=self._workspace.now())
        return f"{self._room.origin}/response/{key}"


def _elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def _missing(view: View, values: Json) -> dict[str, str]:
    """The required inputs that were left empty, as Slack's own client says it before anything is sent."""
    missing = {}
    for block in view.content["blocks"]:
        if block["type"] != "input" or block.get("optional"):
            continue
        (state,) = values[block["block_id"]].values()
        if not any(state.get(name) for name in ("value", "selected_option", "selected_options", "selected_date")):
            missing[block["block_id"]] = "Please complete this required field."
    return missing
