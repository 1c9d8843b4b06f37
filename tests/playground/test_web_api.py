"""The Web API keeps Slack's contract, asked through slack_sdk's own client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.clock import HandClock
from bot.playground.cast import CAST
from bot.playground.rates import STRICT, Pace, Rates
from bot.playground.server import Playground
from bot.playground.web_api import ALL_SCOPES
from tests.playground import echo
from tests.playground.conftest import Refused

METADATA = {"event_type": "kindling_nudge", "event_payload": {"id": "k1"}}


def test_tokens_are_checked(slack: Playground, web: WebClient, refused: Refused) -> None:
    """Each token opens what it is for: none, a wrong one and the other kind are told apart."""
    web.auth_test()
    web.apps_connections_open(app_token=slack.app_token)

    assert "not_authed" == refused(WebClient(token="", base_url=slack.api_url, retry_handlers=[]).auth_test)
    assert "invalid_auth" == refused(echo.client(slack, "xoxb-other").auth_test)
    assert "not_allowed_token_type" == refused(echo.client(slack, slack.app_token).auth_test)
    assert "not_allowed_token_type" == refused(web.apps_connections_open, app_token=slack.bot_token)
    assert "unknown_method" == refused(web.api_call, api_method="chat.shout")


def test_missing_scope_says_what_is_needed(clock: HandClock) -> None:
    """Without im:history, looking into the history is refused with the scope needed and those provided."""
    with Playground(clock, scopes=ALL_SCOPES - {"im:history"}) as slack:
        with pytest.raises(SlackApiError) as caught:
            echo.client(slack).conversations_history(channel="D0ADA")
        reply = caught.value.response

    assert ("missing_scope", "im:history") == (reply["error"], reply["needed"])
    assert "im:history" not in reply["provided"].split(",")


def test_opening_direct_messages(web: WebClient, refused: Refused) -> None:
    """conversations.open gives the same channel twice, and says precisely whom one cannot write to."""
    first = web.conversations_open(users="U0ADA")
    again = web.conversations_open(users="U0ADA")

    assert "D0ADA" == first["channel"]["id"] == again["channel"]["id"]
    assert "user_not_found" == refused(web.conversations_open, users="U0NOBODY")
    assert "user_disabled" == refused(web.conversations_open, users="U0GONE")
    assert "cannot_dm_bot" == refused(web.conversations_open, users="U0BOT")
    assert "cannot_dm_bot" == refused(web.conversations_open, users="USLACKBOT")


def test_message_lands_with_its_metadata(slack: Playground, web: WebClient) -> None:
    """A message is shown to its one reader, is in the journal, and can be found again by its metadata."""
    posted = web.chat_postMessage(channel="D0BEN", text="Hello", blocks=[echo.section("Hello")], metadata=METADATA)
    found = web.conversations_history(channel="D0BEN", include_all_metadata=True, limit=15)["messages"]
    shy = web.conversations_history(channel="D0BEN")["messages"]

    assert [(posted["ts"], METADATA, "B0KINDLING")] == [(m["ts"], m["metadata"], m["bot_id"]) for m in found]
    assert {"event_type": "kindling_nudge"} == shy[0]["metadata"]
    assert [("U0BEN", "dm", "Hello", METADATA)] == [
        (s.to, s.surface, s.text, s.metadata) for s in slack.journal.entries()
    ]


def test_history_is_newest_first_and_bounded(web: WebClient, slack: Playground) -> None:
    """History comes newest first, keeps to limit and oldest, and leaves ephemeral messages out."""
    stamps = [web.chat_postMessage(channel="D0ADA", text=f"{n}")["ts"] for n in range(3)]
    web.chat_postEphemeral(channel="D0ADA", user="U0ADA", text="only you")
    page = web.conversations_history(channel="D0ADA", limit=2)
    later = web.conversations_history(channel="D0ADA", oldest=stamps[1])
    with_edge = web.conversations_history(channel="D0ADA", oldest=stamps[1], inclusive=True)

    assert (["2", "1"], True) == ([m["text"] for m in page["messages"]], page["has_more"])
    assert ["2"] == [m["text"] for m in later["messages"]]
    assert ["2", "1"] == [m["text"] for m in with_edge["messages"]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x", "channel": "D0NOBODY"}, "channel_not_found"),
        ({"text": "x", "channel": "D0GONE"}, "channel_not_found"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": [echo.section("y" * 3001)]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "sparkles"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": "no json"}, "invalid_blocks_format"),
        ({"text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "t", "event_payload": "no"}}, "invalid_metadata_schema"),
    ],
)
def test_post_refuses_what_slack_refuses(
    slack: Playground, web: WebClient, refused: Refused, arguments: dict[str, Any], error: str
) -> None:
    """Nothing is shown when a message has no text, no reader, wrong blocks or wrong metadata."""
    message = {"channel": "D0ADA", **arguments}

    assert error == refused(web.api_call, api_method="chat.postMessage", json=message)
    assert [] == slack.journal.entries()


def test_invalid_blocks_say_where(web: WebClient) -> None:
    """The refusal names the place in the blocks."""
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel="D0ADA", text="x", blocks=[echo.section("y" * 3001)])

    assert "/blocks/0/text/text" in caught.value.response["response_metadata"]["messages"][0]


def test_update_keeps_to_own_messages(slack: Playground, web: WebClient, refused: Refused) -> None:
    """chat.update changes the app's own message; nobody else's, no ephemeral one and not beyond 4,000 characters."""
    ts = web.chat_postMessage(channel="D0ADA", text="before")["ts"]
    web.chat_update(channel="D0ADA", ts=ts, text="after")
    fleeting = web.chat_postEphemeral(channel="D0ADA", user="U0ADA", text="x")["message_ts"]
    slack.acts.say("U0ADA", "mine")
    mine = slack.workspace.messages[-1].ts

    assert "after" == web.conversations_history(channel="D0ADA", limit=9)["messages"][1]["text"]
    assert "msg_too_long" == refused(web.chat_update, channel="D0ADA", ts=ts, text="x" * 4001)
    assert "message_not_found" == refused(web.chat_update, channel="D0ADA", ts=fleeting, text="y")
    assert "cant_update_message" == refused(web.chat_update, channel="D0ADA", ts=mine, text="y")


def test_ephemeral_is_for_one(slack: Playground, web: WebClient, refused: Refused) -> None:
    """An ephemeral message goes to the member of the channel and cannot be aimed at another."""
    web.chat_postEphemeral(channel="D0ADA", user="U0ADA", text="psst")

    assert "user_not_in_channel" == refused(web.chat_postEphemeral, channel="D0ADA", user="U0BEN", text="psst")
    assert [("U0ADA", "ephemeral")] == [(s.to, s.surface) for s in slack.journal.entries()]


def test_users_come_in_pages(web: WebClient, refused: Refused) -> None:
    """The cursor leads through everybody once, with a page in the middle that is shorter than asked for."""
    pages, cursor = [], None
    while cursor != "":
        page = web.users_list(limit=5, cursor=cursor, include_locale=True)
        pages.append(page["members"])
        cursor = page["response_metadata"]["next_cursor"]
    everybody = {member["id"]: member for page in pages for member in page}

    assert [5, 4] == [len(page) for page in pages[:2]]
    assert {m.slack_id for m in CAST} | {"U0KINDLING", "USLACKBOT"} == set(everybody)
    assert sum(len(page) for page in pages) == len(everybody)
    assert ("Asia/Tokyo", 32400, "ja-JP") == tuple(everybody["U0EMI"][name] for name in ("tz", "tz_offset", "locale"))
    assert (True, True, True, True) == (
        everybody["U0BOT"]["is_bot"],
        everybody["U0GONE"]["deleted"],
        everybody["U0GUEST"]["is_restricted"],
        everybody["U0INVITED"]["is_invited_user"],
    )
    assert "invalid_cursor" == refused(web.users_list, cursor="nonsense")


def test_people_are_found(web: WebClient, refused: Refused) -> None:
    """By id or by exact address; deactivated members are not found by address."""
    assert "U0ADA" == web.users_lookupByEmail(email="Ada.Moreau@lantern.example")["user"]["id"]
    assert "Europe/Paris" == web.users_info(user="U0ADA")["user"]["tz"]
    assert "users_not_found" == refused(web.users_lookupByEmail, email="jo.gone@lantern.example")
    assert "user_not_found" == refused(web.users_info, user="U0NOBODY")


def test_addresses_need_their_scope(clock: HandClock) -> None:
    """Without users:read.email no profile carries an address."""
    with Playground(clock, scopes=ALL_SCOPES - {"users:read.email"}) as slack:
        members = echo.client(slack).users_list()["members"]

    assert [] == [m["id"] for m in members if "email" in m["profile"]]


def test_quiet_nights_are_local(web: WebClient) -> None:
    """Do-not-disturb runs from 22:00 to 8:00 of the member's own time zone."""
    quiet = web.dnd_teamInfo(users=["U0EMI", "U0FINN"])["users"]

    assert datetime(2026, 3, 2, 13, tzinfo=UTC).timestamp() == quiet["U0EMI"]["next_dnd_start_ts"]  # 22:00 in Tokyo
    assert datetime(2026, 3, 2, 13, tzinfo=UTC).timestamp() == quiet["U0FINN"]["next_dnd_end_ts"]  # 8:00 in New York


def test_home_is_published_with_a_hash(slack: Playground, web: WebClient, refused: Refused) -> None:
    """App Home belongs to one member; a stale hash loses, an oversized and a wrong view are refused."""
    view = echo.home("U0ADA")
    first = web.views_publish(user_id="U0ADA", view=view)["view"]
    second = web.views_publish(user_id="U0ADA", view=view, hash=first["hash"])["view"]
    heavy = {"type": "home", "blocks": [echo.section("x" * 2900) for _ in range(100)]}

    assert (first["id"], True) == (second["id"], first["hash"] != second["hash"])
    assert "hash_conflict" == refused(web.views_publish, user_id="U0ADA", view=view, hash=first["hash"])
    assert "view_too_large" == refused(web.views_publish, user_id="U0ADA", view=heavy)
    assert "invalid_arguments" == refused(web.views_publish, user_id="U0ADA", view=echo.form())
    assert "user_not_found" == refused(web.views_publish, user_id="U0NOBODY", view=view)
    assert {"U0ADA"} == {shown.to for shown in slack.journal.entries()}


def test_trigger_ids_work_once(web: WebClient, refused: Refused) -> None:
    """A trigger id that nobody was given opens nothing."""
    assert "invalid_trigger_id" == refused(web.views_open, trigger_id="1.2.3", view=echo.form())


def test_file_reaches_its_reader(slack: Playground, web: WebClient, refused: Refused) -> None:
    """slack_sdk's three-step upload puts the file into the direct messages with exactly its bytes."""
    web.files_upload_v2(channel="D0ADA", filename="all.json", content=b'{"a": 1}', title="Everything held about you")
    (file,) = slack.workspace.files.values()
    unsent = web.files_getUploadURLExternal(filename="x", length=3)["file_id"]

    assert (b'{"a": 1}', "U0ADA") == (file.content, file.shared_with)
    assert [("file", "U0ADA", "Everything held about you")] == [
        (s.surface, s.to, s.text) for s in slack.journal.entries()
    ]
    assert "file_not_found" == refused(web.files_completeUploadExternal, files=[{"id": unsent}], channel_id="D0ADA")


def test_windows_of_a_minute() -> None:
    """The workspace's minute and a method's tier hold back the call too many, and a refused call is not counted."""
    rates = Rates(Pace(messages_per_min_workspace=2, tiers={2: 1}))
    messages = [rates.message(channel) for channel in ("D1", "D2", "D3")]

    assert [0, 0, 60] == messages
    asked = [("users.list", 2), ("users.list", 2), ("dnd.teamInfo", 2), ("auth.test", None)]
    assert [0, 60, 0, 0] == [rates.method(name, tier) for name, tier in asked]


def test_strict_pace_is_slacks(clock: HandClock) -> None:
    """One message a second to a channel: the second is answered 429 with Retry-After, another channel is not."""
    with Playground(clock, pace=STRICT) as slack:
        web = echo.client(slack)
        web.chat_postMessage(channel="D0ADA", text="one")
        with pytest.raises(SlackApiError) as caught:
            web.chat_postMessage(channel="D0ADA", text="two")
        web.chat_postMessage(channel="D0BEN", text="three")
        shown = [entry.text for entry in slack.journal.entries()]

    reply = caught.value.response
    assert (429, "1", "ratelimited") == (reply.status_code, reply.headers["Retry-After"], reply["error"])
    assert ["one", "three"] == shown
