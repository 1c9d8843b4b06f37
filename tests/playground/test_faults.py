"""Faults happen in the ordered way, and the journal tells what was accepted all the same."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.faults import Kind
from bot.playground.server import Playground
from tests.playground.conftest import Refused

POST = "chat.postMessage"


def say(web: WebClient) -> None:
    web.chat_postMessage(channel="D0ADA", text="hello")


@pytest.mark.parametrize(("kind", "shown"), [(Kind.DROP_BEFORE, 0), (Kind.DROP_AFTER, 1)])
def test_dropped_connections(slack: Playground, web: WebClient, kind: Kind, shown: int) -> None:
    """The caller cannot tell the two apart; the journal can."""
    slack.faults.inject(POST, kind)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError, urllib.error.URLError)):
        say(web)

    assert shown == len(slack.journal.messages("U0ADA"))
    say(web)
    assert shown + 1 == len(slack.journal.messages("U0ADA"))


@pytest.mark.parametrize(("kind", "shown"), [(Kind.SERVER_ERROR_BEFORE, 0), (Kind.SERVER_ERROR_AFTER, 1)])
def test_server_errors_are_no_json(slack: Playground, web: WebClient, kind: Kind, shown: int) -> None:
    """A 502 comes as HTML, with or without the message having been taken."""
    slack.faults.inject(POST, kind, status=502)
    with pytest.raises(SlackApiError) as caught:
        say(web)

    assert (502, shown) == (caught.value.response.status_code, len(slack.journal.messages()))


def test_refusals_and_rate_limits(slack: Playground, web: WebClient, refused: Refused) -> None:
    """Ordered faults are used up in their order; nothing is shown."""
    slack.faults.inject(POST, "refused", error="account_inactive")
    slack.faults.inject("*", Kind.RATE_LIMITED, retry_after_s=7)

    assert "account_inactive" == refused(say, web=web)
    with pytest.raises(SlackApiError) as caught:
        say(web)
    assert (429, "7") == (caught.value.response.status_code, caught.value.response.headers["Retry-After"])
    assert ([], {}) == (slack.journal.entries(), slack.faults.waiting())


@pytest.mark.parametrize(("kind", "shown"), [(Kind.FREEZE_BEFORE, 0), (Kind.FREEZE_AFTER, 1)])
def test_frozen_calls_go_on_when_released(slack: Playground, web: WebClient, kind: Kind, shown: int) -> None:
    """A frozen call neither fails nor returns until it is released."""
    slack.faults.inject(POST, kind)
    call = threading.Thread(target=say, args=(web,))
    call.start()
    time.sleep(0.2)
    held = (call.is_alive(), len(slack.journal.messages()))
    slack.faults.release()
    call.join()

    assert (True, shown) == held
    assert 1 == len(slack.journal.messages())


def test_slow_reply_outlasts_the_caller(slack: Playground, web: WebClient) -> None:
    """A reply slower than the caller's patience is a time-out for the caller, and shown once."""
    slack.faults.inject(POST, Kind.SLOW, wait_s=0.6)
    web.timeout = 0.2  # type: ignore[assignment]  # urllib takes fractions of a second
    with pytest.raises((TimeoutError, urllib.error.URLError)):
        say(web)

    assert 1 == len(slack.journal.messages())


@pytest.mark.parametrize(("kind", "shown"), [(Kind.KILL_BEFORE, 0), (Kind.KILL_AFTER, 1)])
def test_killed_caller(slack: Playground, kind: Kind, shown: int) -> None:
    """The calling process is killed at the very moment of its call; the message was taken or was not."""
    code = (
        "import sys; from slack_sdk import WebClient; sys.stdin.readline();"
        f"WebClient(token='xoxb-playground', base_url={slack.api_url!r}, retry_handlers=[])"
        ".chat_postMessage(channel='D0ADA', text='x')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as caller:
        slack.faults.inject(POST, kind, pid=caller.pid)
        caller.communicate(b"go\n", timeout=30)

    assert (-9, shown) == (caller.returncode, len(slack.journal.messages()))


def test_doubled_messages_are_seen(slack: Playground) -> None:
    """slack_sdk's default client repeats a call whose reply was lost: the journal holds two, so ours does not."""
    slack.faults.inject(POST, Kind.DROP_AFTER)
    hasty: Callable[..., object] = WebClient(token=slack.bot_token, base_url=slack.api_url).chat_postMessage
    hasty(channel="D0ADA", text="hello")

    assert 2 == len(slack.journal.messages("U0ADA"))
