"""The rules in words, and stored evidence as lines a person can check: for "Why this?" under a tip and on the card.

The thresholds in these sentences are read from the rules themselves, so that the two never differ. Next: `why.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from bot.domain import adoption
from bot.domain.adoption import State
from bot.domain.usage import LOOKBACK_WEEKS, WINDOW_DAYS
from bot.domain.waste import idle_seat, low_cache, runaway, tier_mismatch
from bot.views import pieces

_ZERO = (
    f"on the {WINDOW_DAYS} days every working day was covered by a source that finished "
    f"(at least {adoption.MIN_WORKING_DAYS_FOR_ZERO} of them)"
)

STATES: dict[State, str] = {
    State.UNKNOWN: f"Some working day of the {WINDOW_DAYS} is missing from a source, or there were too few of them, "
    "so I make no statement.",
    State.NOT_PROVISIONED: "I know of no seat of yours and have seen no use, so there is nothing to say.",
    State.GRACE: f"A seat, or a first working day, less than {adoption.GRACE_DAYS} days ago is left in peace.",
    State.NEVER_USED: f"You have held a seat for at least {adoption.GRACE_DAYS} days, {_ZERO}, and no source ever "
    "recorded any use.",
    State.LAPSED: f"There was use before, and {_ZERO} without any use.",
    State.AT_RISK: f"There was use in at least {adoption.HABIT_WEEKS} of {LOOKBACK_WEEKS} weeks, and then none on the "
    f"last {adoption.RISK_DAYS} days, which were covered.",
    State.FIRST_STEPS: f"Your first use lies within {LOOKBACK_WEEKS} weeks, on fewer than "
    f"{adoption.FIRST_STEPS_ACTIVE_DAYS} days of {adoption.FIRST_STEPS_DAYS}.",
    State.BUILDING: f"There is use, in fewer than {adoption.HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks.",
    State.HABITUAL: f"There was use in at least {adoption.HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks, or in each "
    f"of the last {adoption.EARLY_HABIT_WEEKS} when you began within them.",
}
"""How each stretch is told apart. It counts days with any use; how much was used on a day never enters."""


def _percent(share: Fraction) -> str:
    return f"{int(share * 100)} %"


@dataclass(frozen=True)
class Pattern:
    """What a finding is called and how it is reckoned."""

    name: str
    rule: str


PATTERNS: dict[str, Pattern] = {
    idle_seat.DETECTOR: Pattern(
        "A paid seat without use",
        f"No use on {WINDOW_DAYS} days with at least {idle_seat.MIN_WORKING_DAYS} working days, all of them covered, a "
        f"seat held for at least {idle_seat.MIN_SEAT_AGE_DAYS} days, and no tool of the same kind in use. "
        "The amount is the price of a month / 30.4 x the days held.",
    ),
    runaway.DETECTOR: Pattern(
        "A day that cost far more than yours do",
        f"A day above {pieces.dollars(runaway.MIN_DAY_MICROUSD)} and above {runaway.MEDIAN_FACTOR} times the median of "
        f"your other days with use, or with more than {runaway.MAX_REQUESTS_A_DAY:,} requests. The amount is what lies "
        f"above {runaway.P90_FACTOR} times the cost that nine of ten of these days stay below. It counts as having "
        f"bought nothing only when no finished work followed within {runaway.OUTCOME_WITHIN_DAYS} days.",
    ),
    tier_mismatch.DETECTOR: Pattern(
        "Short answers from the dearest model",
        f"At least {_percent(tier_mismatch.MIN_FRONTIER_SHARE)} of a tool's tokens went to the dearest class of model, "
        f"which wrote at most {_percent(tier_mismatch.MAX_WRITTEN_PER_READ)} of what it read. The amount is the "
        f"difference to the next cheaper class, less {_percent(tier_mismatch.RETRY_SHARE)} for first tries that would "
        "have failed there.",
    ),
    low_cache.DETECTOR: Pattern(
        "Context read in again instead of reused",
        f"A week with at least {low_cache.MIN_PROMPT_TOKENS_A_WEEK // 1_000_000} million tokens read, of which less "
        f"than {_percent(low_cache.LOW_HIT_RATE)} came from the cache. The amount is what the share missing up to "
        f"{_percent(low_cache.REACHABLE_HIT_RATE)} would have saved, a cached token at a tenth of the price.",
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
