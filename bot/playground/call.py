"""One call of the Web API as the methods see it, and the way a method says no.

`bot/playground/front.py` reads it from the wire; the files in `bot/playground/methods/` answer it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]


class Refusal(Exception):
    """`ok: false` with Slack's error code, and what else Slack says beside it."""

    def __init__(self, error: str, **detail: Any) -> None:
        super().__init__(error)
        self.error = error
        self.detail = detail


@dataclass(frozen=True)
class Call:
    """A method's name and its arguments, whichever way they were sent (query, form or JSON)."""

    method: str
    token: str | None
    args: Json = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The argument as text; empty when it is absent."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Refusal(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
            )
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.args.get(name) or default)
        except (TypeError, ValueError):
            raise Refusal("invalid_arguments") from None

    def data(self, name: str, otherwise: str = "invalid_arguments") -> Any:
        """A structured argument: forms carry it as a JSON string. `otherwise` is the error for one that is no JSON."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(otherwise) from None


def read(method: str, *, query: str, body: bytes, content_type: str, authorization: str) -> Call:
    """Put query, body and token together. Raises Refusal("invalid_json") or ("invalid_form_data")."""
    args: Json = dict(parse_qsl(query, keep_blank_values=True))
    args.update(_body(body, content_type))
    given = args.pop("token", None)
    bearer = authorization.removeprefix("Bearer ").strip() if authorization.startswith("Bearer ") else None
    return Call(method, bearer or given, args)


def _body(body: bytes, content_type: str) -> Json:
    if not body:
        return {}
    try:
        text = body.decode("utf-8")
        if content_type.startswith("application/json"):
            parsed = json.loads(text)
            return parsed if isinstance(parsed, dict) else {}
        return dict(parse_qsl(text, keep_blank_values=True))
    except ValueError:
        raise Refusal("invalid_json" if "json" in content_type else "invalid_form_data") from None
