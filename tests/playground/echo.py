"""A tiny Bolt app, the real slack_bolt over the real slack_sdk, that answers everything the playground can do to it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.playground.server import Playground

Json = dict[str, Any]

NO_PROXY = "127.0.0.1,localhost"


def client(slack: Playground, token: str | None = None) -> WebClient:
    """slack_sdk's own client, pointed at the playground."""
    return WebClient(token=token or slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=5)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, value: str = "v", **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": value, **more}


def options(*labels: str) -> list[Json]:
    return [{"text": plain(label), "value": label} for label in labels]


def card(text: str = "Your own card") -> list[Json]:
    """A message with every kind of element that the bot emits."""
    fields = [
        {"type": "mrkdwn", "text": f"*{title}*\n{words}"}
        for title, words in (
            ("Habit", "used on 14 of 20 working days (11 the four weeks before)"),
            ("Efficiency", "$74 in all: about $12 could have been less, $2 bought nothing, $9 was exploring"),
            ("Outcome", "6 changes merged, 5 still there after 14 days; $11 a merged change ($13 before)"),
            ("Value", "you said _saved me time_ twice, _made no difference_ once"),
        )
    ]
    return [
        {"type": "header", "text": plain("Your card, 2 February to 1 March")},
        section(text),
        {"type": "section", "fields": fields},
        {"type": "divider"},
        {
            "type": "context",
            "elements": [
                {"type": "mrkdwn", "text": "Not visible to me: chat on claude.ai, anything after *Thursday*."}
            ],
        },
        {
            "type": "actions",
            "block_id": "row",
            "elements": [
                button("Helpful", "helpful", style="primary"),
                button("Not helpful", "not_helpful"),
                {
                    "type": "static_select",
                    "action_id": "snooze",
                    "placeholder": plain("Snooze"),
                    "options": options("2 weeks", "4 weeks", "12 weeks"),
                },
                {"type": "overflow", "action_id": "more", "options": options("Why this?", "Stop these messages")},
                button("Open form", "open_form"),
            ],
        },
    ]


def form() -> Json:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Tell me more"),
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "notify_on_close": True,
        "blocks": [
            section("What would have helped? It stays with you."),
            {
                "type": "input",
                "label": plain("In your words"),
                "hint": plain("A sentence is plenty."),
                "element": {"type": "plain_text_input", "action_id": "words", "multiline": True},
            },
            {
                "type": "input",
                "optional": True,
                "label": plain("How often?"),
                "element": {"type": "static_select", "action_id": "often", "options": options("Daily", "Weekly")},
            },
        ],
    }


def home(user_id: str) -> Json:
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain("Your Kindling")},
            {
                **section(f"Hello <@{user_id}>. Only you see this page."),
                "accessory": button("Pause messages", "pause"),
            },
            *card("The same card, at home."),
        ],
    }


def build(slack: Playground) -> App:
    """The echo app: a command, buttons, a form, App Home. `app.heard` is not Bolt's; see `heard`."""
    app = App(
        client=client(slack),
        signing_secret=slack.signing_secret,
        listener_executor=ThreadPoolExecutor(8, "echo"),
        logger=quiet(),
    )

    @app.command("/ai-stats")
    def stats(ack: Callable[..., Any], command: Json, respond: Callable[..., Any]) -> None:
        if command.get("text") == "later":
            ack()
            respond(text="Later, to you only", blocks=card("Later, to you only"))
        else:
            ack(text=f"You asked: {command.get('text', '')}", blocks=card(f"You asked: {command.get('text', '')}"))

    @app.action("helpful")
    def helpful(ack: Callable[..., Any], respond: Callable[..., Any]) -> None:
        ack()
        respond(text="Thank you, noted.", replace_original=True, blocks=[section("Thank you, noted.")])

    @app.action("open_form")
    def open_form(ack: Callable[..., Any], body: Json) -> None:
        ack()
        app.client.views_open(trigger_id=body["trigger_id"], view=form())

    @app.view("form")
    def sent(ack: Callable[..., Any], body: Json, view: Json) -> None:
        words = next(iter(view["state"]["values"].values()))["words"]["value"]
        ack()
        app.client.chat_postMessage(channel=body["user"]["id"], text=f"You wrote: {words}")

    @app.action("snooze")
    @app.action("more")
    def chosen(ack: Callable[..., Any], action: Json, respond: Callable[..., Any]) -> None:
        ack()
        respond(text=f"Chosen: {action['selected_option']['value']}")

    @app.event("app_home_opened")
    def opened(event: Json) -> None:
        app.client.views_publish(user_id=event["user"], view=home(event["user"]))

    for quiet_action in ("not_helpful", "pause"):
        app.action(quiet_action)(lambda ack: ack())
    app.view_closed("form")(lambda ack: ack())
    return app


@contextmanager
def connected(slack: Playground) -> Iterator[App]:
    """The echo app in Socket Mode, connected and closed again."""
    os.environ["no_proxy"] = NO_PROXY
    app = build(slack)
    handler = SocketModeHandler(app, slack.app_token, web_client=client(slack), logger=quiet(), ping_interval=0.2)
    handler.connect()  # type: ignore[no-untyped-call]  # as slack_bolt ships it
    try:
        assert slack.wait_for_bot(), "the bot did not connect"
        yield app
    finally:
        # The client waits three seconds for a line that is still up; one that has broken is closed at once.
        handler.client.auto_reconnect_enabled = False
        slack.socket.hang_up()
        try:
            handler.close()  # type: ignore[no-untyped-call]  # as slack_bolt ships it
        except AttributeError:  # slack_sdk's client trips over a line that breaks while it closes
            handler.close()  # type: ignore[no-untyped-call]  # as slack_bolt ships it
        app.listener_runner.listener_executor.shutdown(wait=True)


def quiet() -> logging.Logger:
    logger = logging.getLogger("echo")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def until(true: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait for something that another thread does."""
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.01)
