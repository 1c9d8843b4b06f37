"""A playground for each test, slack_sdk's own client on it, and the echo app connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.clock import HandClock
from bot.playground.server import Playground
from tests.playground import echo

Refused = Callable[..., str]


@pytest.fixture
def slack(clock: HandClock) -> Iterator[Playground]:
    """A playground on Monday, 2 March 2026, 10:00 UTC, with the invented cast."""
    with Playground(clock, retry_events_after_s=(0.0, 0.05, 0.05)) as running:
        yield running


@pytest.fixture
def web(slack: Playground) -> WebClient:
    return echo.client(slack)


@pytest.fixture
def bot(slack: Playground) -> Iterator[App]:
    with echo.connected(slack) as app:
        yield app


@pytest.fixture
def refused() -> Refused:
    """Make a call that must be refused, and return Slack's error code."""

    def call(method: Callable[..., object], **arguments: object) -> str:
        with pytest.raises(SlackApiError) as caught:
            method(**arguments)
        return str(caught.value.response["error"])

    return call
