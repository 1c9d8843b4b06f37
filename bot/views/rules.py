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
    f"every working day of the last {WINDOW_DAYS} days was visible to me "
    f"(it takes at least {adoption.MIN_WORKING_DAYS_FOR_ZERO} of them)"
)

STATES: dict[State, str] = {
    State.UNKNOWN: f"Some working day of the last {WINDOW_DAYS} days was not visible to me, or there were too few of "
    "them, so I make no statement.",
    State.NOT_PROVISIONED: "I know of no seat of yours and have seen no use, so there is nothing to say.",
    State.GRACE: f"A seat, or a first working day, less than {adoption.GRACE_DAYS} days ago is left in peace.",
    State.NEVER_USED: f"You have held a seat for at least {adoption.GRACE_DAYS} days, {_ZERO}, and I never saw any "
    "use.",
    State.LAPSED: f"I saw use before; {_ZERO}, and I saw none.",
    State.AT_RISK: f"I saw use in at least {adoption.HABIT_WEEKS} of {LOOKBACK_WEEKS} weeks, and then none in the last "
    f"{adoption.RISK_DAYS} days, which were visible to me.",
    State.FIRST_STEPS: f"I first saw use within the last {LOOKBACK_WEEKS} weeks, and on fewer than "
    f"{adoption.FIRST_STEPS_ACTIVE_DAYS} days out of {adoption.FIRST_STEPS_DAYS}.",
    State.BUILDING: f"I saw use, in fewer than {adoption.HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks.",
    State.HABITUAL: f"I saw use in at least {adoption.HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks, or, when you "
    f"began within them, in each of the last {adoption.EARLY_HABIT_WEEKS}.",
}
"""How each stretch is told apart. It counts days with any use; how much was used on a day never enters."""


def _percent(share: Fraction) -> str:
    return f"{int(share * 100)} %"


@dataclass(frozen=True)
class Pattern:
    """What a finding is called and how it is worked out."""

    name: str
    rule: str


PATTERNS: dict[str, Pattern] = {
    idle_seat.DETECTOR: Pattern(
        "A paid seat without use",
        f"I saw no use in {WINDOW_DAYS} days. At least {idle_seat.MIN_WORKING_DAYS} of them were working days, and all "
        f"of those were visible to me; the seat was held for at least {idle_seat.MIN_SEAT_AGE_DAYS} days, and no tool "
        "of the same kind was in use. The amount is what the seat cost for these days (a month counts as 30.4).",
    ),
    runaway.DETECTOR: Pattern(
        "A day that cost far more than yours do",
        f"A day that cost more than {pieces.dollars(runaway.MIN_DAY_MICROUSD)} and more than {runaway.MEDIAN_FACTOR} "
        f"times your usual day (the middle one), or that had more than {runaway.MAX_REQUESTS_A_DAY:,} requests. "
        f"Nine of ten of your other days stay below some cost; the amount is what this day cost beyond "
        f"{runaway.P90_FACTOR} times that. It counts as having bought nothing only when no finished work followed "
        f"within {runaway.OUTCOME_WITHIN_DAYS} days.",
    ),
    tier_mismatch.DETECTOR: Pattern(
        "Short answers from the dearest model",
        f"At least {_percent(tier_mismatch.MIN_FRONTIER_SHARE)} of a tool's tokens went to the dearest models, and "
        f"what they wrote was at most {_percent(tier_mismatch.MAX_WRITTEN_PER_READ)} of what they read. The amount is "
        f"the difference to the next cheaper model, less {_percent(tier_mismatch.RETRY_SHARE)} for tries that would "
        "have failed there.",
    ),
    low_cache.DETECTOR: Pattern(
        "Context read in again instead of reused",
        f"What a tool has read lately it keeps in a cache, and reading from there costs a tenth. I look at weeks with "
        f"at least {low_cache.MIN_PROMPT_TOKENS_A_WEEK // 1_000_000} million tokens read, of which less than "
        f"{_percent(low_cache.LOW_HIT_RATE)} came from the cache. The amount is what "
        f"{_percent(low_cache.REACHABLE_HIT_RATE)} from the cache would have saved.",
    ),
}

_NAMES = {
    "first_day": "from",
    "last_day": "to",
    "window_first_day": "from",
    "window_last_day": "to",
    "tool": "tool",
    "tools": "tools",
    "sources": "sources",
    "seat_since": "seat since",
    "working_days": "working days",
    "working_days_needed": "working days it takes",
    "active_days": "days on which I saw use",
    "active_weeks_of_12": "weeks in which I saw use, of the last 12",
    "first_active_on": "first use seen",
    "last_active_on": "last use seen",
    "uncovered_days": "working days not visible to me",
    "uncovered_first_day": "the first of them",
    "uncovered_tools": "tools not visible to me on them",
    "idle_days": "days without use",
    "monthly_cost_microusd": "price of the seat for a month",
    "days_of_a_month": "days counted as a month",
    "models": "models",
    "weeks": "weeks in which this was seen",
    "prompt_tokens": "tokens read",
    "cache_read_tokens": "of these from the cache",
    "hit_rate_percent": "share from the cache in %",
    "low_hit_rate_percent": "looked at below %",
    "reachable_hit_rate_percent": "taken as within reach, in %",
    "prompt_tokens_a_week_needed": "tokens read in a week, at least",
    "days": "days",
    "largest_day": "the dearest of them",
    "largest_day_cost_microusd": "its cost",
    "largest_day_requests": "its requests",
    "median_of_other_days_microusd": "your usual day (the middle one)",
    "p90_of_other_days_microusd": "nine of ten other days cost at most",
    "median_factor": "looked at above so many usual days",
    "p90_factor": "counted above so many times the nine of ten",
    "at_least_microusd": "looked at above",
    "requests_a_day": "requests a day, looked at above",
    "finished_work_known": "finished work visible to me",
    "frontier_share_percent": "share of the dearest models in %",
    "frontier_share_needed_percent": "looked at from %",
    "tokens_written_per_request": "tokens written for a request",
    "written_per_read_at_most": "written for each token read, at most",
    "retry_share": "share taken off for second tries",
    "low_microusd": "low end of the estimate",
    "high_microusd": "high end of the estimate",
    "occurrences": "times seen",
    "innocent_reason": "why it may be quite right",
    "state_reason": "in short",
    "state_rule": "rule for the weeks",
    "detector_rule": "rule for the pattern",
    "nudge_rule": "rule for messages",
}
"""What stored inputs are called, in the order in which they are told; any other goes by its own name, at the end."""

_SAID_ALREADY = frozenset({"days_used", "last_used", "seen_by", "dollars", "state", "detector", "ledger"})
"""Facts that only repeat, in the words of a tip or as our own id, what another line or the rule says."""

_ID = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
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


def in_words(reason: str) -> str:
    """A stored reason as plain words, with tools by the names that people use."""
    return pieces.quiet(_ID.sub(lambda found: pieces.tool_name(found[0]), reason), 160)


def evidence_lines(evidence: Mapping[str, object], today: date) -> Iterator[str]:
    """Stored inputs and thresholds, one line each: "working days: 20". What is not known is called not known."""
    order = list(_NAMES)
    for key in sorted(evidence, key=lambda key: (order.index(key) if key in _NAMES else len(order), key)):
        if key in _SAID_ALREADY:
            continue
        value = evidence[key]
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
    if key in {"tool", "tools", "uncovered_tools"}:
        return pieces.tool_name(value)
    if key in {"source", "sources"}:
        return pieces.source_name(value)
    if key == "days":
        return pieces.listing([_words("day", one.strip(), today) for one in value.split(",")])
    return in_words(value)
