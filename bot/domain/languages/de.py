"""German. Facts are said from the numbers behind their English words, in the dative, as after "an", "in" and "seit".

So a tip writes "an {days_used}", "in {seen_by}", "vom {first_day} bis zum {last_day}", "seit dem {seat_since}".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.domain.languages.language import Facts, Language

_MICROUSD = 1_000_000
_NO_PRICE = "not known to me"


def _days(raw: str) -> Callable[[Facts], str | None]:
    """How a number of days is said: "5 Tagen"."""

    def said(facts: Facts) -> str | None:
        count = facts.get(raw)
        if not isinstance(count, int) or count < 1:
            return None
        return "einem Tag" if count == 1 else f"{count} Tagen"

    return said


def _seen_by(facts: Facts) -> str | None:
    sources = facts.get("sources")
    if not isinstance(sources, list) or not sources:
        return "den Quellen, die ich sehe" if facts.get("seen_by") else None
    return "der einen Quelle, die ich sehe" if len(sources) == 1 else f"den {len(sources)} Quellen, die ich sehe"


def _dollars(facts: Facts) -> str | None:
    ends = facts.get("low_microusd"), facts.get("high_microusd")
    if not (isinstance(ends[0], int) and isinstance(ends[1], int)):
        return "mir nicht bekannt" if facts.get("dollars") == _NO_PRICE else None
    low, high = (f"{max(1, round(end / _MICROUSD)):,}".replace(",", ".") for end in sorted((ends[0], ends[1])))
    return f"etwa {low} $" if low == high else f"etwa {low} bis {high} $"


def _how_often(facts: Facts) -> str | None:
    count = facts.get("occurrences")
    return None if count is None else "einmal" if count == 1 else f"{count}-mal"


def _not_yet(_facts: Facts) -> None:
    """Why a pattern may be quite right is stored in English alone."""


GERMAN = Language(
    code="de",
    name="German",
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    day="{day}. {month}",
    conjunction="und",
    said={
        "days_used": _days("active_days"),
        "days_empty": _days("empty_days"),
        "seen_by": _seen_by,
        "dollars": _dollars,
        "how_often": _how_often,
        "innocent_reason": _not_yet,
    },
    not_our_words=re.compile(
        r"\b(freischalt\w*|entfessel\w*|durchstart\w*|boost\w*|supercharg\w*|rockstar\w*|"
        r"dein(?:em|er|es)? team|die meisten|nur dein\w*|kolleg\w* nutzen)\b",
        re.IGNORECASE,
    ),
)
