"""The rules in words, and stored evidence as lines a person can check: for "Why this?" under a tip and on the card.

The thresholds in these sentences are those of `bot/domain/adoption.py` and `bot/domain/waste/`. Next: `why.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.domain.adoption import State
from bot.views import pieces

STATES: dict[State, str] = {
    State.UNKNOWN: "Some working day of the 28 is missing from a source, so I make no statement about them.",
    State.NOT_PROVISIONED: "I know of no seat of yours and have seen no use, so there is nothing to say.",
    State.GRACE: "A seat that is younger than 14 days is left in peace.",
    State.NEVER_USED: "You have held a seat for at least 14 days, every working day of the 28 was covered by a source "
    "that finished (at least 10 of them), and none of these sources ever recorded any use.",
    State.LAPSED: "There was use before, and on the 28 days every working day was covered by a source that finished "
    "(at least 10 of them) and none recorded any use.",
    State.AT_RISK: "There was use in at least 9 of 12 weeks, and then none on the last 14 days, which were covered.",
    State.FIRST_STEPS: "Your first use lies within 12 weeks, and its first 14 days hold fewer than 3 days with use.",
    State.BUILDING: "There is use, in fewer than 9 of the last 12 weeks.",
    State.HABITUAL: "There was use in at least 9 of the last 12 weeks, or in 4 of 4 when you began within them.",
}
"""How each stretch is told apart. It counts days with any use; how much was used on a day never enters."""


@dataclass(frozen=True)
class Pattern:
    """What a finding is called and how it is reckoned."""

    name: str
    rule: str


PATTERNS: dict[str, Pattern] = {
    "W01": Pattern(
        "A paid seat without use",
        "No use on 28 days with at least 15 working days, all of them covered, and a seat older than 14 days. "
        "The amount is the price of the seat for these days.",
    ),
    "W06": Pattern(
        "A day that cost far more than yours do",
        "A day above $25 and above five times your own median day, or with more than 2,000 requests. "
        "The amount is what lies above three times the cost that nine of ten of your days stay below. "
        "It counts as having bought nothing only when no finished work followed within two days.",
    ),
    "W10": Pattern(
        "Short answers from the dearest model",
        "At least half of a tool's tokens went to its dearest class of model, which wrote at most one token for five "
        "that it read. "
        "The amount is the difference to the next class, less a share for tries that would have failed there.",
    ),
    "W15": Pattern(
        "Context read in again instead of reused",
        "A week with at least one million tokens read, of which less than 60 % came from the cache. "
        "The amount is what the missing share up to 80 % would have saved.",
    ),
}

_NAMES = {"low_microusd": "low end of the estimate", "high_microusd": "high end of the estimate"}
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def pattern(detector: str) -> Pattern:
    """The words for a detector; a detector without words is named by its id and explained by its evidence alone."""
    return PATTERNS.get(detector) or Pattern(f"Pattern {pieces.quiet(detector, 12)}", "Its inputs stand below.")


def rule_of(trigger: str) -> str:
    """The rule behind a tip: `trigger` is a state ("never_used") or a detector ("W15")."""
    try:
        return STATES[State(trigger)]
    except ValueError:
        return pattern(trigger).rule


def evidence_lines(evidence: Mapping[str, object], today: date) -> Iterator[str]:
    """Stored inputs and thresholds, one line each: "working days: 20". What is not known is called not known."""
    for key, value in sorted(evidence.items()):
        name = _NAMES.get(key) or pieces.quiet(key.removesuffix("_microusd").replace("_", " "))
        yield f"{name}: {spoken(key, value, today)}"


def spoken(key: str, value: object, today: date) -> str:
    """One stored value in words; what kind it is follows from its name (`_microusd`, `tool`) or its form (a date)."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"${value / 1_000_000:,.2f}" if key.endswith("_microusd") else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list | tuple):
        return pieces.listing([spoken(key, entry, today) for entry in value]) or "none"
    return _words(key, str(value), today)


def _words(key: str, value: str, today: date) -> str:
    if _ISO_DAY.fullmatch(value):
        return pieces.day(date.fromisoformat(value), today)
    if key in {"tool", "tools"}:
        return pieces.tool_name(value)
    if key in {"source", "sources"}:
        return pieces.source_name(value)
    return pieces.quiet(value, 160)
