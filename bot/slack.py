"""The one door out to Slack: each call once, and every way it can fail as one of three errors.

Made by `bot/app.py`; used by `jobs/deliver.py`, the roster sweep and the handlers. slack_sdk's own retries are switched
off: they repeat a request whose reply was lost, and the person would read the same message twice (P8). Who may try
again, and when, is decided by the caller. Next: `handlers/buttons.py`.
"""

from __future__ import annotations

import http.client
import logging
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.errors import SlackBusy, SlackError, SlackRefused, SlackUnclear

HTTP_TIMEOUT_S = 10
SLACK_API_URL = "https://slack.com/api/"

_NUDGE_EVENT = "kindling_nudge"
_LOOK_UP_LIMIT = 15  # what the tightest rate class of conversations.history returns in one call
_MEMBERS_PAGE = 200
_MEMBERS_PATIENCE = 10  # pages in a row that may answer "later" before the sweep gives up
_DEFAULT_RETRY_AFTER_S = 30.0
_NOT_REACHED_RETRY_S = 5.0

# Codes that say nothing about this person: the same answer would come for everybody.
INSTALLATION_REFUSALS = {
    "invalid_auth": "the bot token is wrong",
    "not_authed": "no bot token was sent",
    "account_inactive": "the bot's account or the workspace was deactivated",
    "token_revoked": "the app was removed from the workspace",
    "token_expired": "the bot token has run out",
    "missing_scope": "the app was installed without a permission it needs",
    "no_permission": "the bot token may not do this",
    "not_allowed_token_type": "this is not a bot token",
    "team_access_not_granted": "the organisation has not granted the app this workspace",
    "ekm_access_denied": "the organisation's key management refuses",
    "access_denied": "the workspace refuses the app",
    "enterprise_is_restricted": "the organisation refuses the app",
    "two_factor_setup_required": "the workspace wants two-factor sign-in first",
    "unknown_method": "the address of the API is not Slack's",
    "accesslimited": "the workspace limits where calls may come from",
}

# Codes after which nothing was sent and a later try may succeed.
_LATER = {
    "ratelimited": "too many calls",
    "rate_limited": "too many calls",
    "message_limit_exceeded": "too many messages in this workspace",
    "service_unavailable": "Slack is down for this method",
    "team_added_to_org": "the workspace is moving into an organisation",
    "org_login_required": "the workspace is moving into an organisation",
}

# Codes after which Slack itself cannot say whether something happened.
_NOBODY_KNOWS = {
    "fatal_error": "Slack: some aspect of the operation may have succeeded",
    "internal_error": "Slack: some aspect of the operation may have succeeded",
    "request_timeout": "the request reached Slack cut off or late",
}


def is_installation_wide(refusal: SlackRefused) -> bool:
    """Whether everybody would get this refusal, so that no single person's message may fail for it."""
    return refusal.reason in INSTALLATION_REFUSALS


class Slack:
    """Slack's Web API with a bot token. Every method raises SlackRefused, SlackBusy or SlackUnclear, and nothing else.

    `base_url` ends with a slash. `sleep` is only used by `members`, the nightly sweep that waits when Slack says so.
    """

    def __init__(
        self, token: str, base_url: str = SLACK_API_URL, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        if urlsplit(base_url).hostname in {"127.0.0.1", "localhost", "::1"}:
            _keep_loopback_out_of_proxies()
        self.client = WebClient(
            token=token, base_url=base_url, timeout=HTTP_TIMEOUT_S, retry_handlers=[], logger=_silent_logger()
        )
        # slack_sdk takes HTTPS_PROXY and forgets NO_PROXY; with None, urllib reads both from the environment.
        self.client.proxy = None
        self._sleep = sleep

    def auth(self) -> dict[str, Any]:
        """Who we are to Slack: `team_id`, `user_id`, `bot_id` and so on."""
        return _data(_call(self.client.auth_test))

    def scopes(self) -> frozenset[str]:
        """The permissions this token was granted, as Slack names them beside the answer to auth.test."""
        headers = _call(self.client.auth_test).headers
        granted = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
        return frozenset(scope.strip() for scope in granted.split(",") if scope.strip())

    def open_dm(self, user_id: str) -> str:
        """The channel id of the app's direct messages with this person; asking twice gives the same."""
        opened = _call(self.client.conversations_open, users=user_id)
        return str(_data(opened)["channel"]["id"])

    def quiet_until(self, user_id: str, *, now: datetime) -> datetime | None:
        """When the do-not-disturb ends that this person keeps at `now`, None when there is none.

        Slack tells a schedule, quiet only between its two moments. Raises SlackRefused("missing_scope") without
        dnd:read.
        """
        told = _data(_call(self.client.dnd_info, user=user_id))
        starts, ends = (float(told.get(f"next_dnd_{edge}_ts") or 0) for edge in ("start", "end"))
        is_quiet = bool(told.get("dnd_enabled")) and starts <= now.timestamp() < ends
        return datetime.fromtimestamp(ends, UTC) if is_quiet else None

    def post(self, channel: str, *, text: str, blocks: list[dict[str, Any]], nudge_key: str | None = None) -> str:
        """Say something in a channel and return its `ts`. Slack learns nothing of a nudge but its opaque key."""
        posted = _call(
            self.client.chat_postMessage,
            channel=channel,
            text=text,
            blocks=blocks,
            metadata=_metadata(nudge_key),
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(_data(posted)["ts"])

    def find(self, channel: str, *, nudge_key: str, oldest: datetime) -> str | None:
        """The `ts` of our message with this key, or None when it is provably not among those since `oldest`.

        Raises SlackRefused("missing_scope") without im:history, and SlackUnclear when the page was too short to tell.
        """
        page = _call(
            self.client.conversations_history,
            channel=channel,
            oldest=f"{oldest.timestamp():.6f}",
            inclusive=True,
            include_all_metadata=True,
            limit=_LOOK_UP_LIMIT,
        )
        for message in _data(page).get("messages", []):
            if _key_of(message) == nudge_key and message.get("bot_id") == self._bot_id:
                return str(message["ts"])
        if _data(page).get("has_more"):
            raise SlackUnclear("history_too_long")
        return None

    def answer(self, response_url: str, *, text: str, blocks: list[dict[str, Any]], replace: bool = False) -> None:
        """Answer a command or a tap so that only the one who asked sees it; `replace` changes the tapped message.

        There is no way to ask for `in_channel`: an answer never becomes public (P1).
        """
        webhook = WebhookClient(response_url, timeout=HTTP_TIMEOUT_S, retry_handlers=[], logger=_silent_logger())
        webhook.proxy = None
        try:
            answered = webhook.send(text=text, blocks=blocks, response_type="ephemeral", replace_original=replace)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _broke_off(error) from None
        if answered.status_code != http.client.OK:
            raise SlackRefused(f"response_url_{answered.status_code}")

    def publish_home(self, user_id: str, view: dict[str, Any]) -> None:
        """Put `view` on this person's App Home."""
        _call(self.client.views_publish, user_id=user_id, view=view)

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> str:
        """Open a modal for the person who has just clicked (a trigger lives three seconds); return its id."""
        return str(_data(_call(self.client.views_open, trigger_id=trigger_id, view=view))["view"]["id"])

    def push_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal on top of the one in which the person has just clicked; Slack piles up three at most."""
        _call(self.client.views_push, trigger_id=trigger_id, view=view)

    def update_view(self, view_id: str, view: dict[str, Any]) -> None:
        """Replace an open modal."""
        _call(self.client.views_update, view_id=view_id, view=view)

    def members(self) -> Iterator[dict[str, Any]]:
        """Everybody in the workspace as users.list gives them, page by page, waiting when Slack asks for it."""
        cursor = ""
        while True:
            page = self._members_page(cursor)
            yield from page["members"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def group_members(self, group_id: str) -> frozenset[str]:
        """The Slack ids in a user group. Raises SlackRefused("missing_scope") without usergroups:read."""
        listed = _data(_call(self.client.usergroups_users_list, usergroup=group_id)).get("users") or []
        return frozenset(str(user_id) for user_id in listed)

    def send_file(self, channel: str, *, filename: str, content: bytes, title: str) -> None:
        """Share a file in a channel."""
        _call(self.client.files_upload_v2, channel=channel, filename=filename, content=content, title=title)

    @cached_property
    def _bot_id(self) -> str | None:
        bot_id = self.auth().get("bot_id")
        return str(bot_id) if bot_id else None

    def _members_page(self, cursor: str) -> dict[str, Any]:
        for _ in range(_MEMBERS_PATIENCE):
            try:
                return _data(
                    _call(self.client.users_list, limit=_MEMBERS_PAGE, include_locale=True, cursor=cursor or None)
                )
            except SlackBusy as busy:
                wait_s = busy.retry_after_s
            self._sleep(wait_s)
        raise SlackBusy("ratelimited", retry_after_s=wait_s)


def _call(method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
    try:
        return method(**arguments)
    except SlackApiError as error:
        raise _said_no(error) from None  # the original carries the whole response
    except SlackClientError:
        raise SlackUnclear("upload_failed") from None
    except (OSError, http.client.HTTPException, ValueError, LookupError, AttributeError) as error:
        # ValueError, LookupError and AttributeError: slack_sdk stumbling over a reply that is not what Slack sends.
        raise _broke_off(error) from None


def _said_no(error: SlackApiError) -> SlackError:
    response = error.response
    reply = response.data if isinstance(response.data, dict) else {}
    code = str(reply.get("error") or "")
    if response.status_code == http.client.TOO_MANY_REQUESTS or code in _LATER:
        return SlackBusy(code if code in _LATER else "ratelimited", retry_after_s=_retry_after_s(response.headers))
    if response.status_code >= http.client.INTERNAL_SERVER_ERROR:
        return SlackUnclear(f"http_{response.status_code}")
    if code in _NOBODY_KNOWS:
        return SlackUnclear(code)
    if not _is_code(code):
        return SlackUnclear("not_slack")  # slack_sdk puts a sentence there; something between us and Slack answered
    return SlackRefused(code)


def _broke_off(error: Exception) -> SlackError:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
        return SlackBusy("not_reached", retry_after_s=_NOT_REACHED_RETRY_S)
    if isinstance(cause, TimeoutError):
        return SlackUnclear("timed_out")
    if isinstance(cause, OSError | http.client.HTTPException):
        return SlackUnclear("connection_lost")
    return SlackUnclear("not_slack")


def _retry_after_s(headers: dict[str, Any]) -> float:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    try:
        return max(1.0, float(str(value)))
    except ValueError:
        return _DEFAULT_RETRY_AFTER_S


def _is_code(word: str) -> bool:
    return word.replace("_", "").replace(":", "").isalnum()


def _data(response: SlackResponse) -> dict[str, Any]:
    if not isinstance(response.data, dict):
        raise SlackUnclear("not_slack")
    return response.data


def _metadata(nudge_key: str | None) -> dict[str, Any] | None:
    return {"event_type": _NUDGE_EVENT, "event_payload": {"id": nudge_key}} if nudge_key else None


def _key_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != _NUDGE_EVENT:
        return None
    return (metadata.get("event_payload") or {}).get("id")


def _silent_logger() -> logging.Logger:
    """slack_sdk logs pieces of replies when something breaks; the error we raise says what a log may say."""
    logger = logging.getLogger("slack_sdk.kindling")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _keep_loopback_out_of_proxies() -> None:
    """A playground on this machine is never behind the company's proxy, whatever the environment forgot to say."""
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts: Sequence[str] = [host for host in known.split(",") if host]
    os.environ["no_proxy"] = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost", "::1"]))
