"""The real slack_bolt App, in Socket Mode and over signed HTTP, with members who type, press and submit."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs
from urllib.request import Request, urlopen

import pytest
from slack_bolt import App
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bot.clock import HandClock
from bot.playground.call import Refusal
from bot.playground.link import Kind, Reply, Retry
from bot.playground.server import SIGNING_SECRET, Playground
from tests.playground import echo
from tests.playground.conftest import Refused


def surfaces(slack: Playground, user_id: str) -> list[tuple[str, str]]:
    return [(shown.surface, shown.text) for shown in slack.journal.to(user_id)]


def test_command_is_answered_to_one(slack: Playground, bot: App) -> None:
    """The answer to a command is ephemeral: the one who typed it sees it, nobody else does."""
    reply = slack.command("U0ADA", "/ai-stats", "help")

    assert ("", [("ephemeral", "You asked: help")]) == (reply.problem, surfaces(slack, "U0ADA"))
    assert [] == [s for s in slack.journal.entries() if s.to != "U0ADA"]
    assert [] == slack.workspace.visible_to("U0BEN")


def test_words_that_break_others(slack: Playground, bot: App) -> None:
    """The word "payload" in a command reaches the app over Socket Mode."""
    slack.command("U0ADA", "/ai-stats", "reduce payload size")

    assert [("ephemeral", "You asked: reduce payload size")] == surfaces(slack, "U0ADA")


def test_response_url_replaces_its_message(slack: Playground, bot: App) -> None:
    """A button's answer with replace_original takes the place of the message it stood in."""
    slack.command("U0ADA")
    slack.press("U0ADA", "helpful")
    echo.until(lambda: "update" in [surface for surface, _ in surfaces(slack, "U0ADA")])

    assert ["Thank you, noted."] == [message.text for message in slack.workspace.visible_to("U0ADA")]


def test_selects_and_overflows(slack: Playground, bot: App) -> None:
    """What was chosen arrives; what is not offered cannot be chosen."""
    slack.command("U0ADA")
    slack.press("U0ADA", "snooze", choose="4 weeks")
    slack.press("U0ADA", "more", choose="Why this?")
    echo.until(lambda: len(slack.journal.to("U0ADA")) == 3)

    assert {"Chosen: 4 weeks", "Chosen: Why this?"} == {text for _, text in surfaces(slack, "U0ADA")[1:]}
    with pytest.raises(Refusal, match="no_such_option"):
        slack.press("U0ADA", "snooze", choose="100 weeks")
    with pytest.raises(Refusal, match="no_such_element"):
        slack.press("U0BEN", "snooze", choose="4 weeks")


def test_form_from_open_to_sent(slack: Playground, bot: App) -> None:
    """A modal opens by trigger id, says what is missing, is sent, and closes."""
    slack.command("U0ADA")
    slack.press("U0ADA", "open_form")
    echo.until(lambda: slack.workspace.modals.get("U0ADA"))
    incomplete = slack.submit("U0ADA")
    still_open = len(slack.workspace.modals["U0ADA"])
    slack.submit("U0ADA", words="A ten-minute call", often="Weekly")
    echo.until(lambda: slack.journal.messages("U0ADA"))

    assert ("errors", 1) == (incomplete.body["response_action"], still_open)
    assert "You wrote: A ten-minute call" == slack.journal.messages("U0ADA")[0].text
    assert [] == slack.workspace.modals["U0ADA"]


def test_home_opens_by_event(slack: Playground, bot: App) -> None:
    """Opening App Home tells the app, which publishes; buttons there work and have no response URL."""
    slack.open_home("U0GUS")
    echo.until(lambda: "U0GUS" in slack.workspace.homes)
    reply = slack.press("U0GUS", "pause")

    assert ("", [("home", "")]) == (reply.problem, surfaces(slack, "U0GUS"))


def test_trigger_is_exchanged_once(slack: Playground, bot: App, web: WebClient) -> None:
    """The same trigger id opens no second modal, and none after three seconds."""
    tickets = slack.acts._room.tickets
    used, old = tickets.trigger("U0ADA"), tickets.trigger("U0ADA")
    web.views_open(trigger_id=used, view=echo.form())
    tickets._triggers[old].issued_s -= 3.1
    errors = [_error(web, trigger) for trigger in (used, old)]

    assert ["exchanged_trigger_id", "expired_trigger_id"] == errors


def test_stack_of_three(slack: Playground, web: WebClient, refused: Refused) -> None:
    """Modals are pushed up to three deep, updated with their hash, and closed from the top."""
    trigger = slack.acts._room.tickets.trigger
    view = web.views_open(trigger_id=trigger("U0ADA"), view=echo.form())["view"]
    for _ in range(2):
        web.views_push(trigger_id=trigger("U0ADA"), view=echo.form())
    too_many = refused(web.views_push, trigger_id=trigger("U0ADA"), view=echo.form())
    changed = {**echo.form(), "title": echo.plain("Other")}
    web.views_update(view_id=view["id"], view=changed, hash=view["hash"])
    too_late = refused(web.views_update, view_id=view["id"], view=changed, hash=view["hash"])
    slack.acts.link = _Deaf()
    slack.acts.close_modal("U0ADA")

    assert ("push_limit_reached", "hash_conflict") == (too_many, too_late)
    assert ["Other", "Tell me more"] == [v.content["title"]["text"] for v in slack.workspace.modals["U0ADA"]]


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        ({}, []),
        ({"response_action": "clear"}, []),
        ({"response_action": "update", "view": {**echo.form(), "title": echo.plain("Next")}}, ["Next"]),
        ({"response_action": "push", "view": {**echo.form(), "title": echo.plain("Top")}}, ["Tell me more", "Top"]),
        ({"response_action": "update", "view": {"type": "modal"}}, ["Tell me more"]),
    ],
)
def test_answers_to_a_form(slack: Playground, web: WebClient, answer: echo.Json, titles: list[str]) -> None:
    """The acknowledgement of a form closes it, replaces it or puts another on top; a wrong view changes nothing."""
    web.views_open(trigger_id=slack.acts._room.tickets.trigger("U0ADA"), view=echo.form())
    slack.acts.link = _Deaf(Reply(answer))
    slack.submit("U0ADA", words="x")

    assert titles == [view.content["title"]["text"] for view in slack.workspace.modals["U0ADA"]]


def test_response_url_wears_out(slack: Playground, clock: HandClock) -> None:
    """Five answers, and none after thirty minutes; in_channel is recorded as what it is."""
    tickets = slack.acts._room.tickets
    key = tickets.response_url("U0ADA", channel="D0ADA", message_ts=None, now=clock.now())
    late = tickets.response_url("U0ADA", channel="D0ADA", message_ts=None, now=clock.now())
    url = f"{slack.page_url}response/"
    codes = [
        _post(url + key, {"text": f"{n}", "response_type": "in_channel" if n == 4 else "ephemeral"}) for n in range(6)
    ]
    clock.set(clock.now() + timedelta(minutes=31))

    assert [(200, "ok")] * 5 + [(404, "used_url")] == codes
    assert (404, "expired_url") == _post(url + late, {"text": "x"})
    assert ["ephemeral"] * 4 + ["in_channel"] == [shown.surface for shown in slack.journal.entries()]


def test_nobody_there(slack: Playground) -> None:
    """Without a bot a command fails at once, and only the one who typed it is told."""
    reply = slack.command("U0ADA")

    assert "not_connected" == reply.problem
    assert [("banner", "/ai-stats failed: Kindling is not running.")] == surfaces(slack, "U0ADA")


def test_three_seconds(slack: Playground, bot: App) -> None:
    """A bot that does not acknowledge in three seconds has failed."""
    bot.command("/slow")(lambda _ack: time.sleep(3.3))
    reply = slack.command("U0ADA", "/slow")

    assert "timeout" == reply.problem
    assert [("banner", "/slow failed: Kindling did not answer within 3 seconds.")] == surfaces(slack, "U0ADA")


def test_reconnects_after_refresh(slack: Playground, bot: App) -> None:
    """After a disconnect the real Socket Mode client comes again with a new ticket, and commands go on."""
    slack.socket.refresh()
    echo.until(lambda: len(slack.web_api.calls("apps.connections.open")) == 2, within_s=15)
    assert slack.wait_for_bot()
    echo.until(lambda: slack.command("U0ADA").problem == "", within_s=15)

    assert "You asked:" == slack.journal.to("U0ADA")[-1].text


def test_an_old_ticket_opens_nothing(slack: Playground) -> None:
    """A Socket Mode address takes one connection only."""
    url = slack.socket.new_url()
    with connect(url, proxy=None) as first:
        hello = json.loads(first.recv(timeout=5))
    with pytest.raises(InvalidStatus):
        connect(url, proxy=None)

    assert ("hello", 1) == (hello["type"], hello["num_connections"])


def test_events_are_told_again(slack: Playground) -> None:
    """An event that is not acknowledged comes again, numbered and with the reason; the fourth time is the last."""
    deaf = _Deaf()
    slack.acts.link = deaf
    slack.open_home("U0ADA")
    echo.until(lambda: len(deaf.heard) == 4)

    assert [None, Retry(1, "timeout"), Retry(2, "timeout"), Retry(3, "timeout")] == deaf.heard
    assert 1 == len(deaf.event_ids)


def test_http_mode_is_signed(clock: HandClock) -> None:
    """Over HTTP the same things arrive as forms and JSON that Slack's own verifier accepts, and the bot answers."""
    with _http_front() as (url, seen, serve), Playground(clock, request_url=url) as slack:
        app = echo.build(slack)
        serve(app)
        slack.command("U0ADA", "/ai-stats", "over http")
        slack.press("U0ADA", "not_helpful")
        slack.open_home("U0ADA")
        echo.until(lambda: "U0ADA" in slack.workspace.homes)
        app.listener_runner.listener_executor.shutdown(wait=True)
        answered = surfaces(slack, "U0ADA")[0]

    verify = SignatureVerifier(SIGNING_SECRET)
    assert [True, True, True] == [verify.is_valid_request(body, headers) for body, headers in seen]
    assert ["over http"] == parse_qs(seen[0][0])["text"]
    assert "block_actions" == json.loads(parse_qs(seen[1][0])["payload"][0])["type"]
    assert "app_home_opened" == json.loads(seen[2][0])["event"]["type"]
    assert ("ephemeral", "You asked: over http") == answered


class _Deaf:
    """A link that gives one answer to everything: by default none in time."""

    def __init__(self, answer: Reply | None = None) -> None:
        self.answer = answer or Reply(problem="timeout")
        self.heard: list[Retry | None] = []
        self.event_ids: set[str] = set()

    def tell(self, kind: Kind, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        self.heard.append(retry)
        self.event_ids.add(payload.get("event_id", ""))
        return self.answer


@contextmanager
def _http_front() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]], Any]]:
    """A bare HTTP server that hands requests to a Bolt app and keeps them."""
    seen: list[tuple[str, dict[str, str]]] = []
    apps: list[App] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.append((body, dict(self.headers)))
            reply = apps[0].dispatch(BoltRequest(body=body, headers=dict(self.headers)))
            self.send_response(reply.status)
            for name, value in reply.first_headers_without_set_cookie().items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/slack/events", seen, apps.append
        server.shutdown()
        thread.join()


def _post(url: str, body: dict[str, Any]) -> tuple[int, str]:
    request = Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=5) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())["error"]


def _error(web: WebClient, trigger_id: str) -> str:
    with pytest.raises(SlackApiError) as caught:
        web.views_open(trigger_id=trigger_id, view=echo.form())
    return str(caught.value.response["error"])
