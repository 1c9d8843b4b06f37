"""The door to Slack: each call once, and each way of failing as the one right error; against the playground."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import HandClock
from bot.errors import SlackBusy, SlackError, SlackRefused, SlackUnclear
from bot.playground.faults import Kind
from bot.playground.rates import Pace
from bot.playground.server import BOT_TOKEN, Playground
from bot.slack import INSTALLATION_REFUSALS, Slack, is_installation_wide

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello."}}]


@pytest.fixture
def playground() -> Iterator[Playground]:
    with Playground(HandClock(NOW)) as opened:
        yield opened


@pytest.fixture
def slack(playground: Playground) -> Slack:
    return Slack(BOT_TOKEN, playground.api_url)


def post(slack: Slack, key: str | None = "key-1") -> str:
    """Say hello to Ada."""
    return slack.post(slack.open_dm("U0ADA"), text="Hello.", blocks=BLOCKS, nudge_key=key)


def test_message_carries_its_key_and_nothing_else(playground: Playground, slack: Slack) -> None:
    """Of a nudge Slack learns the opaque key; without one there is no metadata at all."""
    post(slack)
    post(slack, None)

    first, second = playground.journal.messages("U0ADA")
    assert {"event_type": "kindling_nudge", "event_payload": {"id": "key-1"}} == first.metadata
    assert not second.metadata


def test_message_is_found_by_its_key(slack: Slack) -> None:
    """A posted message is found by its key, another key is not, and nothing is found before it was said."""
    ts = post(slack)
    channel = slack.open_dm("U0ADA")
    before = NOW - timedelta(minutes=1)

    assert ts == slack.find(channel, nudge_key="key-1", oldest=before)
    assert slack.find(channel, nudge_key="key-2", oldest=before) is None
    assert slack.find(channel, nudge_key="key-1", oldest=NOW + timedelta(minutes=1)) is None


def test_absence_on_a_full_page_proves_nothing(slack: Slack) -> None:
    """When more was said than one look can show, a missing message is not proof that it was never sent."""
    for number in range(16):
        post(slack, f"other-{number}")

    with pytest.raises(SlackUnclear, match="history_too_long"):
        slack.find(slack.open_dm("U0ADA"), nudge_key="key-1", oldest=NOW - timedelta(minutes=1))


def test_history_needs_its_scope() -> None:
    """Without im:history a look-up is refused with Slack's own code."""
    with Playground(HandClock(NOW), scopes=frozenset({"chat:write", "im:write"})) as playground:
        slack = Slack(BOT_TOKEN, playground.api_url)
        with pytest.raises(SlackRefused, match="missing_scope"):
            slack.find(slack.open_dm("U0ADA"), nudge_key="key-1", oldest=NOW)


@pytest.mark.parametrize(
    ("fault", "expected", "posts"),
    [
        ((Kind.DROP_BEFORE, {}), (SlackUnclear, "connection_lost"), 0),
        ((Kind.DROP_AFTER, {}), (SlackUnclear, "connection_lost"), 1),
        ((Kind.SERVER_ERROR_BEFORE, {"status": 503}), (SlackUnclear, "http_503"), 0),
        ((Kind.SERVER_ERROR_AFTER, {"status": 500}), (SlackUnclear, "http_500"), 1),
        ((Kind.SERVER_ERROR_BEFORE, {"status": 403}), (SlackUnclear, "not_slack"), 0),
        ((Kind.SLOW, {"wait_s": 1.5}), (SlackUnclear, "timed_out"), 1),
        ((Kind.RATE_LIMITED, {"retry_after_s": 7}), (SlackBusy, "ratelimited"), 0),
        ((Kind.REFUSED, {"error": "service_unavailable"}), (SlackBusy, "service_unavailable"), 0),
        ((Kind.REFUSED, {"error": "fatal_error"}), (SlackUnclear, "fatal_error"), 0),
        ((Kind.REFUSED, {"error": "internal_error"}), (SlackUnclear, "internal_error"), 0),
        ((Kind.REFUSED, {"error": "request_timeout"}), (SlackUnclear, "request_timeout"), 0),
        ((Kind.REFUSED, {"error": "is_archived"}), (SlackRefused, "is_archived"), 0),
        ((Kind.REFUSED, {"error": "never_heard_of_this"}), (SlackRefused, "never_heard_of_this"), 0),
    ],
)
def test_each_way_to_fail_is_one_error_and_one_call(
    playground: Playground,
    slack: Slack,
    fault: tuple[Kind, dict[str, Any]],
    expected: tuple[type[SlackError], str],
    posts: int,
) -> None:
    """Nothing is repeated behind our back: a lost reply leaves one message, not two."""
    slack.client.timeout = 1
    channel = slack.open_dm("U0ADA")
    kind, given = fault
    playground.faults.inject("chat.postMessage", kind, **given)

    with pytest.raises(SlackError) as failure:
        slack.post(channel, text="Hello.", blocks=BLOCKS, nudge_key="key-1")

    assert expected == (type(failure.value), failure.value.reason)
    assert posts == len(playground.journal.messages())
    assert "Hello" not in str(failure.value)
    if kind is Kind.RATE_LIMITED:
        assert 7 == getattr(failure.value, "retry_after_s", None)


def test_closed_door_means_not_sent() -> None:
    """Where nobody listens nothing was sent: that is no doubt, only later."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        slack = Slack(BOT_TOKEN, f"http://127.0.0.1:{free.getsockname()[1]}/api/")
        with pytest.raises(SlackBusy, match="not_reached"):
            slack.auth()


def test_wrong_token_concerns_everybody(playground: Playground) -> None:
    """A refusal of the token is told apart from a refusal of one person."""
    with pytest.raises(SlackRefused) as refused:
        Slack("xoxb-wrong", playground.api_url).open_dm("U0ADA")
    assert is_installation_wide(refused.value)

    with pytest.raises(SlackRefused) as gone:
        Slack(BOT_TOKEN, playground.api_url).open_dm("U0GONE")
    assert "user_disabled" == gone.value.reason
    assert not is_installation_wide(gone.value)
    assert "user_disabled" not in INSTALLATION_REFUSALS


def test_proxy_of_the_company_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, playground: Playground
) -> None:
    """A playground on this machine is reached directly, although the environment names a proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.example")

    assert "B0KINDLING" == Slack(BOT_TOKEN, playground.api_url).auth()["bot_id"]
    assert "intranet.example,127.0.0.1,localhost,::1" == os.environ["no_proxy"]


def test_members_come_page_by_page_and_wait_when_asked(playground: Playground) -> None:
    """The sweep reads every page, and waits as long as Slack says before it asks again."""
    waited: list[float] = []
    playground.faults.inject("users.list", Kind.RATE_LIMITED, retry_after_s=3)
    slack = Slack(BOT_TOKEN, playground.api_url, sleep=waited.append)

    members = {member["id"] for member in slack.members()}

    assert {"U0ADA", "U0BEN", "U0ROBIN", "U0GONE"} <= members
    assert [3] == waited


def test_members_give_up_after_ten_refusals(playground: Playground) -> None:
    """A Slack that only ever says "later" ends the sweep with that word."""
    playground.faults.inject("users.list", Kind.RATE_LIMITED, times=20)
    slack = Slack(BOT_TOKEN, playground.api_url, sleep=lambda _s: None)

    with pytest.raises(SlackBusy):
        list(slack.members())


def test_file_reaches_the_one_person(playground: Playground, slack: Slack) -> None:
    """An export is shared in the person's own channel."""
    slack.send_file(slack.open_dm("U0ADA"), filename="kindling.json", content=b"{}", title="Everything")

    assert ["U0ADA"] == [shown.to for shown in playground.journal.entries() if shown.surface == "file"]


def test_rate_limit_of_a_channel_is_busy() -> None:
    """A second message within a second is refused by Slack's own pace, with its Retry-After."""
    with Playground(HandClock(NOW), pace=Pace(messages_per_s_channel=1)) as playground:
        slack = Slack(BOT_TOKEN, playground.api_url)
        post(slack)
        with pytest.raises(SlackBusy) as busy:
            post(slack, "key-2")
    assert 1 == busy.value.retry_after_s


def test_do_not_disturb_is_what_holds_now(playground: Playground, slack: Slack) -> None:
    """A schedule is quiet between its two moments only, and Slack tells it to whoever may ask."""
    start, end = NOW - timedelta(hours=1), NOW + timedelta(hours=2)
    playground.workspace.quiet["U0ADA"] = (start, end)

    assert end == slack.quiet_until("U0ADA", now=NOW)
    assert slack.quiet_until("U0ADA", now=end) is None
    assert slack.quiet_until("U0BEN", now=NOW) is None
