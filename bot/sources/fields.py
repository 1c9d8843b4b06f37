"""Reads one field of a source's answer: a wrong type is a SourceError that names the field and quotes nothing.

A field that is not there is None or empty, as each function says: NULL means that nobody told us. Used by the
connectors of this folder. Next: `bot/sources/claude_code.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bot.errors import SourceError
from bot.sources.http import JsonObject

MICROUSD_PER_USD = 1_000_000
MICROUSD_PER_CENT = 10_000
_LARGEST = 10**15
"""Of counts and of micro-dollars: more than any company uses in a day, and less than a column of a database holds."""


def unreadable(what: str) -> SourceError:
    """The error for an answer that is not what the source documents. Asking again later may help."""
    return SourceError(f"The answer cannot be read: {what}.", permanent=False)


def count(fields: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0 up, or None when the source does not say."""
    value = fields.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | Decimal)
        or not 0 <= value <= _LARGEST
        or value != int(value)
    ):
        raise unreadable(f"{name} is not a count")
    return int(value)


def text(fields: Mapping[str, Any], name: str) -> str | None:
    """A text without blanks around it, or None when it is missing or empty."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise unreadable(f"{name} is not a text")
    return value.strip() or None


def moment(fields: Mapping[str, Any], name: str) -> datetime | None:
    """A moment in UTC, or None when it is missing; one without an offset is refused."""
    said = text(fields, name)
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise unreadable(f"{name} is not a moment") from None
    if at.tzinfo is None:
        raise unreadable(f"{name} has no offset")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise unreadable(f"{name} is not a moment") from None


def record(fields: Mapping[str, Any], name: str) -> JsonObject:
    """An object, empty when it is missing."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unreadable(f"{name} is not an object")
    return value


def records(fields: Mapping[str, Any], name: str, *, optional: bool = False) -> list[JsonObject]:
    """A list of objects. A missing one is empty where it is `optional`; else an answer without its list is no empty
    answer (P12).
    """
    value = fields.get(name)
    if value is None and optional:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise unreadable(f"{name} is not a list of objects")
    return value


def next_page(page: JsonObject) -> str | None:
    """The cursor of the page after this one; None on the last one."""
    if "has_more" not in page and "next_page" not in page:
        # Whether this was the last page is not said: half a day must not pass for a whole one (P12).
        raise unreadable("neither has_more nor next_page")
    cursor = page.get("next_page")
    if page.get("has_more", cursor is not None) is False:
        return None
    if not isinstance(cursor, str) or not cursor:
        raise unreadable("has_more without next_page")
    return cursor


def microusd(fields: Mapping[str, Any], name: str, *, per_unit: int, below_zero: bool = False) -> int | None:
    """An amount of money, a number or a text, rounded to a micro-dollar; None when it is missing.

    `per_unit` is what one unit of the field is worth: MICROUSD_PER_USD or MICROUSD_PER_CENT. An amount below zero is
    refused unless the source documents credits (P6).
    """
    amount = fields.get(name)
    if amount is None:
        return None
    try:
        value = Decimal(str(amount))
        if not -_LARGEST // per_unit <= value <= _LARGEST // per_unit:
            raise unreadable(f"{name} is not an amount")
        rounded = int((value * per_unit).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError):
        raise unreadable(f"{name} is not an amount") from None
    if rounded < 0 and not below_zero:
        raise unreadable(f"{name} is below zero")
    return rounded
