"""The whole app: what it refuses at start, and the traps of the platform that it must not fall into."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import text

from bot import app
from bot.clock import HandClock
from bot.errors import InputError, SlackBusy
from bot.playground.cast import ADA
from bot.settings import load
from bot.slack import Slack
from bot.transports import http as http_transport
from handlers import trouble, who
from handlers.desk import Desk
from handlers.who import Asked
from tests import watched
from tests.handlers import office
from tests.handlers.office import Office

ROOT = Path(__file__).parents[1]
PLENTY_S = 20


@pytest.fixture(scope="module")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office.opened(tmp_path_factory.mktemp("http"), "http") as opened:
        yield opened


@pytest.fixture(scope="module")
def over_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office.opened(tmp_path_factory.mktemp("socket"), "socket") as opened:
        yield opened


def post(office: Office, body: bytes, headers: Mapping[str, str], path: str = "/slack/events") -> int:
    """One raw request to the HTTP transport; returns the status."""
    connection = http.client.HTTPConnection("127.0.0.1", office.desk.settings.http_port, timeout=10)
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def signed(
    office: Office, body: bytes, *, kind: str = "application/x-www-form-urlencoded", age_s: int = 0
) -> dict[str, str]:
    stamp = str(int(time.time()) - age_s)
    secret = (office.desk.settings.slack_signing_secret or "").encode()
    mac = hmac.new(secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}", "Content-Type": kind}


# ---------------------------------------------------------------- at start


def desk_with(tmp_path: Path, clock: HandClock, **environ: str) -> Desk:
    settings = load({"KINDLING_DATABASE_URL": f"sqlite:///{tmp_path / 'k.db'}", **environ})
    return app.build(settings, clock=clock)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is not set"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "KINDLING_TRANSPORT": "http"}, "SLACK_SIGNING_SECRET is not set"),
    ],
)
def test_missing_token_is_said_at_start(tmp_path: Path, clock: HandClock, environ: dict[str, str], named: str) -> None:
    """Each transport names the token it lacks, before the clock starts."""
    with pytest.raises(InputError, match=named):
        app.serve(desk_with(tmp_path, clock, **environ), threading.Event())


def test_refused_tokens_are_said_at_start(tmp_path: Path, clock: HandClock) -> None:
    """A wrong bot token and a wrong app-level token are each a sentence, not a stack."""
    with watched.playground(clock) as slack:
        right = {"KINDLING_SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
        wrong_bot = desk_with(tmp_path, clock, **right | {"SLACK_BOT_TOKEN": "xoxb-no", "SLACK_APP_TOKEN": "xapp-1"})
        wrong_app = desk_with(tmp_path, clock, **right, SLACK_APP_TOKEN="xapp-no")

        with pytest.raises(InputError, match="Slack refused SLACK_BOT_TOKEN"):
            app.listen(wrong_bot, threading.Event())
        with pytest.raises(InputError, match="Slack refused SLACK_APP_TOKEN"):
            app.listen(wrong_app, threading.Event())


def test_slack_away_at_start_is_not_a_wrong_setting(tmp_path: Path, clock: HandClock) -> None:
    """When nobody answers, starting fails as something to try again."""
    nobody = f"http://127.0.0.1:{office.free_port()}/api/"
    desk = desk_with(tmp_path, clock, KINDLING_SLACK_API_URL=nobody, SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1")

    with pytest.raises(SlackBusy):
        app.listen(desk, threading.Event())


def test_empty_signing_secret_is_refused() -> None:
    """A front that could not tell Slack from anybody does not come up."""
    with pytest.raises(InputError, match="SLACK_SIGNING_SECRET is empty"):
        http_transport.front(App(token="xoxb-1", token_verification_enabled=False), signing_secret="  ")


def test_taken_address_is_a_sentence(over_http: Office) -> None:
    """An address that somebody else listens on is refused with its name."""
    with pytest.raises(InputError, match=over_http.desk.settings.http_addr):
        app.listen(over_http.desk, threading.Event())


def test_client_id_in_the_environment_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With SLACK_CLIENT_ID and SLACK_CLIENT_SECRET set, Bolt's OAuth mode stays off and people are answered."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s3cr3t")
    monkeypatch.setenv("HOME", str(tmp_path))

    with office.opened(tmp_path, "http") as opened:
        assert "Habit" in opened.ask(ADA).text

    assert not (tmp_path / ".bolt-app-installation").exists()


def test_collecting_needs_no_slack(tmp_path: Path, clock: HandClock) -> None:
    """Without a bot token collecting reads the sources and leaves Slack's list of members alone."""
    desk = desk_with(tmp_path, clock)
    jobs = app.work(desk)

    counts = jobs["collect"](clock.now())

    assert {"sources": 0, "sources_failed": 0, "days_covered": 0, "days_pending": 0, "days_failed": 0} == counts
    with pytest.raises(InputError, match="SLACK_BOT_TOKEN"):
        jobs["deliver"](clock.now())


# ---------------------------------------------------------------- traps of the platform


def test_error_after_ack_still_answers(over_http: Office, caplog: pytest.LogCaptureFixture) -> None:
    """A handler breaks right after the acknowledgement: the person gets a sentence with an id, the log the same id."""
    desk = over_http.desk
    with desk.store.begin() as session:
        session.execute(text("ALTER TABLE seat RENAME TO elsewhere"))
    try:
        with caplog.at_level(logging.ERROR, "kindling.handlers"):
            shown = [over_http.ask(ADA) for _ in range(3)]
    finally:
        with desk.store.begin() as session:
            session.execute(text("ALTER TABLE elsewhere RENAME TO seat"))

    assert ["ephemeral"] * 3 == [answer.surface for answer in shown]
    logged = [record.kindling_fields for record in caplog.records if hasattr(record, "kindling_fields")]
    assert 3 == len(logged)
    assert all(fields["trouble"] in answer.text for fields, answer in zip(logged, shown, strict=True))
    assert {"OperationalError"} == {fields["error"] for fields in logged}
    assert "no such table" not in "".join(answer.words() for answer in shown)


def test_error_at_once_after_ack_keeps_the_ack(sqlite_store: Any, clock: HandClock) -> None:
    """Six of six requests whose handler raises within milliseconds of its acknowledgement are acknowledged."""

    def breaks(_asked: Asked) -> None:
        raise RuntimeError("broken on purpose")

    slack = Slack("xoxb-1", f"http://127.0.0.1:{office.free_port()}/api/")
    desk = Desk(sqlite_store, slack, clock, load({}), (), None)  # type: ignore[arg-type]  # prices are not asked
    bolt = App(authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1"))
    bolt.command("/x")(trouble.door(desk, "command", who.of_command, breaks))
    body = {"command": "/x", "user_id": "U0ADA", "team_id": "T1", "response_url": "http://127.0.0.1:9/never"}

    replies = [bolt.dispatch(BoltRequest(mode="socket_mode", body=dict(body))) for _ in range(6)]

    assert [200] * 6 == [reply.status for reply in replies]


def test_auth_test_is_asked_once(over_socket: Office) -> None:
    """Requests are served without asking Slack again who we are."""
    over_socket.slack.faults.inject("auth.test", "refused", error="invalid_auth")

    over_socket.ask(ADA, "help")

    assert {"auth.test": ["refused"]} == over_socket.slack.faults.waiting()
    over_socket.slack.faults.clear()


def test_answers_go_on_over_a_refresh(over_socket: Office) -> None:
    """Slack replaces connections every few hours; afterwards people are answered as before."""
    over_socket.slack.socket.refresh()
    give_up_at = time.monotonic() + PLENTY_S
    while time.monotonic() < give_up_at and over_socket.slack.command(ADA.slack_id, text="help").problem:
        time.sleep(0.2)

    assert "How to use Kindling" in over_socket.ask(ADA, "help").text


@pytest.mark.parametrize("team", ["T0ELSEWHERE", None])
def test_strangers_are_refused(over_socket: Office, team: str | None) -> None:
    """A request from another workspace, or by a member of another one, reaches no handler."""
    bolt = app.bolt(replace(over_socket.desk, settings=over_socket.desk.settings))
    own = over_socket.desk.slack.auth()["team_id"]
    body = {
        "type": "block_actions",
        "team": {"id": team or own},
        "user": {"id": ADA.slack_id, "team_id": "T0ELSEWHERE"},
        "actions": [{"action_id": "export", "block_id": "b", "type": "button"}],
    }
    seen = len(over_socket.slack.journal.entries())

    reply = bolt.dispatch(BoltRequest(mode="socket_mode", body=body))

    assert 200 == reply.status
    assert "I only serve the people of the workspace" in str(reply.body)
    assert seen == len(over_socket.slack.journal.entries())


# ---------------------------------------------------------------- the front of the HTTP transport


def command_form(words: str) -> bytes:
    return urlencode({"command": "/ai-stats", "user_id": ADA.slack_id, "text": words, "team_id": "T1"}).encode()


def test_front_lets_in_only_what_slack_signed(over_http: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Unsigned, forged, old and garbled requests end at the front, and their bodies in no log."""
    form = command_form("my-private-words")
    right = signed(over_http, form)
    with caplog.at_level(logging.DEBUG):
        statuses = {
            "unsigned": post(over_http, form, {"Content-Type": right["Content-Type"]}),
            "forged": post(over_http, form, right | {"X-Slack-Signature": "v0=" + "0" * 64}),
            "old": post(over_http, form, signed(over_http, form, age_s=3600)),
            "a stamp that is none": post(over_http, form, right | {"X-Slack-Request-Timestamp": "soon"}),
            "a signature that is none": post(
                over_http, form, right | {"X-Slack-Signature": "v0=é".encode().decode("latin-1")}
            ),
            "bytes that are no text": post(over_http, b"\xff\xfe", signed(over_http, b"\xff\xfe")),
            "broken JSON": post(over_http, b"{", signed(over_http, b"{", kind="application/json")),
            "broken payload": post(over_http, b"payload=%7B", signed(over_http, b"payload=%7B")),
            "a kind we do not take": post(over_http, form, signed(over_http, form, kind="text/xml")),
        }

    assert {
        "unsigned": 401,
        "forged": 401,
        "old": 401,
        "a stamp that is none": 401,
        "a signature that is none": 401,
        "bytes that are no text": 400,
        "broken JSON": 400,
        "broken payload": 400,
        "a kind we do not take": 415,
    } == statuses
    assert "my-private-words" not in caplog.text


def test_front_bounds_the_body(over_http: Office) -> None:
    """More than a megabyte is refused as soon as it is announced, before it is read."""
    connection = http.client.HTTPConnection("127.0.0.1", over_http.desk.settings.http_port, timeout=10)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Length", str(http_transport.LARGEST_BODY_BYTES + 1))
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()

    assert 413 == status


def test_front_knows_two_paths(over_http: Office) -> None:
    """Slack's path takes POST, the health path GET; anything else is not found."""

    def status(method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", over_http.desk.settings.http_port, timeout=10)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        finally:
            connection.close()

    assert [200, 405, 404, 404] == [
        status("GET", "/healthz"),
        status("GET", "/slack/events"),
        status("GET", "/slack/install"),
        status("POST", "/"),
    ]


def test_url_verification_is_signed_and_echoed(over_http: Office) -> None:
    """Slack's check of the address gets its challenge back, when it is signed."""
    body = json.dumps({"type": "url_verification", "challenge": "c-17"}).encode()
    headers = signed(over_http, body, kind="application/json")
    connection = http.client.HTTPConnection("127.0.0.1", over_http.desk.settings.http_port, timeout=10)
    connection.request("POST", "/slack/events", body=body, headers=headers)
    response = connection.getresponse()
    said = response.read()
    connection.close()

    assert (200, True) == (response.status, b"c-17" in said)


# ---------------------------------------------------------------- the daemon


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_daemon_answers_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """`kindling run` connects, answers, and ends with code 0 on SIGTERM and on Ctrl-C."""
    with watched.playground() as slack:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "KINDLING_SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        }
        with subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True
        ) as daemon:
            assert slack.wait_for_bot(PLENTY_S)
            reply = slack.command(ADA.slack_id, text="help")
            daemon.send_signal(number)
            _, errors = daemon.communicate(timeout=PLENTY_S)

    assert "" == reply.problem
    assert 0 == daemon.returncode, errors
    assert "Traceback" not in errors
