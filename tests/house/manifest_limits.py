"""What Slack accepts as an app manifest, as far as ours uses it: the published limits as a JSON Schema."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _closed(properties: Schema, *, required: tuple[str, ...] = ()) -> Schema:
    """An object with these keys and no others: Slack refuses a manifest with a key that it does not know."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _text(longest: int, shortest: int = 1, pattern: str | None = None) -> Schema:
    text: Schema = {"type": "string", "minLength": shortest, "maxLength": longest}
    return text | {"pattern": pattern} if pattern else text


def _list(items: Schema, most: int) -> Schema:
    return {"type": "array", "items": items, "maxItems": most, "uniqueItems": True}


_YES_OR_NO: Schema = {"type": "boolean"}
_SCOPES = _list(_text(80, pattern=r"^[a-z]+(:[a-z.]+)*$"), 255)
_COMMAND = _closed(
    {
        # Slack's own schema lets "/AI Stats!" through; the settings page does not.
        "command": _text(32, 2, r"^/[a-z0-9_-]{1,31}$"),
        "url": _text(3000, pattern="^https://"),
        "description": _text(2000),
        "usage_hint": _text(1000),
        "should_escape": _YES_OR_NO,
    },
    required=("command", "description"),
)

MANIFEST: Schema = _closed(
    {
        "display_information": _closed(
            {
                "name": _text(35),
                "description": _text(140),
                "long_description": _text(4000, 175),
                "background_color": _text(7, 4, r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
            },
            required=("name",),
        ),
        "features": _closed(
            {
                "app_home": _closed(
                    {
                        "home_tab_enabled": _YES_OR_NO,
                        "messages_tab_enabled": _YES_OR_NO,
                        "messages_tab_read_only_enabled": _YES_OR_NO,
                    }
                ),
                "bot_user": _closed(
                    {"display_name": _text(80, pattern=r"^[\w. -]+$"), "always_online": _YES_OR_NO},
                    required=("display_name",),
                ),
                "slash_commands": {**_list(_COMMAND, 50), "minItems": 1},
            }
        ),
        "oauth_config": _closed({"scopes": _closed({"bot": _SCOPES, "bot_optional": _SCOPES})}),
        "settings": _closed(
            {
                "event_subscriptions": _closed(
                    {"request_url": _text(3500), "bot_events": _list(_text(80, pattern=r"^[a-z_.]+$"), 100)}
                ),
                "interactivity": _closed(
                    {"is_enabled": _YES_OR_NO, "request_url": _text(3500)}, required=("is_enabled",)
                ),
                "org_deploy_enabled": _YES_OR_NO,
                "socket_mode_enabled": _YES_OR_NO,
                "token_rotation_enabled": _YES_OR_NO,
            }
        ),
    },
    required=("display_information",),
)
