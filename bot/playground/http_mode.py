"""Slack's end of HTTP mode: signed form posts for commands and buttons, signed JSON for events, three seconds each."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

from bot.playground.link import ACK_WITHIN_S, Kind, Reply, Retry


class HttpMode:
    """Posts to one request URL, as Slack does when Socket Mode is off."""

    def __init__(self, request_url: str, signing_secret: str) -> None:
        self.request_url = request_url
        self._secret = signing_secret
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def tell(self, kind: Kind, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Post it and read the acknowledgement from the response."""
        request = urllib.request.Request(self.request_url, data=_body(kind, payload), method="POST")  # noqa: S310 - the address is given by who starts the playground
        for name, value in self._headers(kind, request.data, retry).items():  # type: ignore[arg-type]  # data is bytes here
            request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=ACK_WITHIN_S) as response:
                return Reply(_parsed(response.read(), response.headers.get("Content-Type", "")))
        except urllib.error.HTTPError as error:
            error.close()
            return Reply(problem="http_error")
        except TimeoutError:
            return Reply(problem="http_timeout")
        except (OSError, http.client.HTTPException) as error:
            timed_out = isinstance(getattr(error, "reason", None), TimeoutError)
            return Reply(problem="http_timeout" if timed_out else "connection_failed")

    def _headers(self, kind: Kind, body: bytes, retry: Retry | None) -> dict[str, str]:
        timestamp = str(int(time.time()))
        base = b"v0:" + timestamp.encode() + b":" + body
        headers = {
            "Content-Type": "application/json" if kind is Kind.EVENT else "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": "v0=" + hmac.new(self._secret.encode(), base, hashlib.sha256).hexdigest(),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry.attempt), "X-Slack-Retry-Reason": retry.reason}
        return headers


def _body(kind: Kind, payload: dict[str, Any]) -> bytes:
    if kind is Kind.EVENT:
        return json.dumps(payload).encode()
    return urlencode(payload if kind is Kind.COMMAND else {"payload": json.dumps(payload)}).encode()


def _parsed(body: bytes, content_type: str) -> dict[str, Any]:
    text = body.decode("utf-8", "replace")
    if not text:
        return {}
    if not content_type.startswith("application/json"):
        return {"text": text}
    parsed = json.loads(text)
    return parsed if isinstance(parsed, dict) else {}
