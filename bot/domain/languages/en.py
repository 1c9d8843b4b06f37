"""English: the language in which every tip is written first, and in whose words the facts are stored."""

from __future__ import annotations

import re

from bot.domain.languages.language import Facts, Language


def _how_often(facts: Facts) -> str | None:
    count = facts.get("occurrences")
    return None if count is None else "once" if count == 1 else f"{count} times"


ENGLISH = Language(
    code="en",
    name="English",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    day="{day} {month}",
    conjunction="and",
    said={"how_often": _how_often},
    not_our_words=re.compile(
        r"\b(leverag\w*|unlock\w*|journey\w*|supercharg\w*|empower\w*|rockstar\w*|only your|your team|most people)\b",
        re.IGNORECASE,
    ),
)
