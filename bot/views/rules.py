"""The rules in words, and stored evidence as lines a person can check: for "Why this?" under a tip and on the card.

The thresholds in these sentences are read from the rules themselves, so that the two never differ.
Next: `bot/views/patterns.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from bot.domain import adoption
from bot.domain.adoption import State
from bot.domain.usage import LOOKBACK_WEEKS, WINDOW_DAYS
from bot.views import pieces
from bot.views.patterns import PATTERNS, Pattern

_ZERO = (
    f"every working day of the last {WINDOW_DAYS} days was visible to me "
    f"(it takes at least {adoption.MIN_WORKING_DAYS_FOR_ZERO} of them)"
)

STATES: dict[State, str] = {
    State.UNKNOWN: f"Some working day of the last {WINDOW_DAYS} days was not visible to me, or there were too few of "
    "them, or use on earlier days that I could not see would change what I say; so I make no statement.",
    State.NOT_PROVISIONED: "I know of no seat of yours and have seen no use, so there is nothing to say.",
    State.GRACE: f"A seat, or a first working day, less than {adoption.GRACE_DAYS} days ago is left in peace.",
    State.NEVER_USED: f"You have held a seat for at least {adoption.GRACE_DAYS} days, {_ZERO}, and I never saw any "
    "use.",
    State.LAPSED: f"I saw use before; {_ZERO}, and I saw none.",
    State.AT_RISK: f"I saw use in at least {adoption.HABIT_WEEKS} of {LOOKBACK_WEEKS} weeks, or, when you had begun "
    f"within them, in each of {adoption.EARLY_HABIT_WEEKS} weeks, and then none in the last {adoption.RISK_DAYS} days, "
    "which were visible to me.",
    State.FIRST_STEPS: f"I first saw use within the last {LOOKBACK_WEEKS} weeks, and on fewer than "
    f"{adoption.FIRST_STEPS_ACTIVE_DAYS} days out of {adoption.FIRST_STEPS_DAYS}; or all requests I saw failed, came "
    "back empty, or ran without you.",
    State.BUILDING: f"I saw use, in fewer than {adoption.HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks; or in the "
    f"last {adoption.RISK_DAYS} days only requests that failed, came back empty, or ran without you.",
    State.HABITUAL: f"I saw use in at least {adoption.HABIT_WEEKS} of the last {LOOKBACK_WEEKS} weeks, or, when you "
    f"began within them, in each of the last {adoption.EARLY_HABIT_WEEKS}.",
}
"""How each stretch is told apart. A day counts as one of use when something came back to you, as far as the tool tells;
how much was used on it never enters.
"""


NAMES = {
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
    adoption.EMPTY_DAYS: "days with only requests without an answer, or without you",
    "active_weeks_of_12": "weeks in which I saw use, of the last 12",
    "first_active_on": "first use seen",
    "last_active_on": "last use seen",
    "uncovered_days": "working days not visible to me",
    "uncovered_first_day": "the first of them",
    "uncovered_tools": "tools not visible to me on them",
    "unfinished_days": "earlier days not visible to me",
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
    "cost_microusd": "cost",
    "requests": "requests",
    "failed_requests": "requests that failed",
    "tokens_read": "tokens read",
    "tokens_written": "tokens written",
    "retry_share": "share taken off for second tries",
    "used_instead": "the tool used instead",
    "days_with_use": "days on which this one brought an answer",
    "days_with_use_of_its_kind": "days on which any of its kind did",
    "share_of_days_below_percent": "looked at below % of these days",
    "loops": "times that calls failed in a row",
    "failures_in_a_row_needed": "failures in a row, looked at from",
    "repeated_failures": "calls made again after they had failed",
    "failures_forgiven": "failures left out",
    "changes": "changes merged or closed in these days",
    "cost_of_a_change_microusd": "share of each in what use cost",
    "days_looked_at": "days looked at",
    "reverted_changes": "of these taken back",
    "reverted_within_days": "taken back within so many days",
    "closed_changes": "of these closed, with nothing after them",
    "changes_looked_at": "changes whose lines were followed",
    "changes_needed": "changes it takes",
    "lines_added": "lines they added",
    "lines_needed": "lines it takes",
    "gone_after_14_days_percent": "gone after 14 days, in %",
    "usual_share_percent": "what usually goes, in %",
    "fast_requests": "requests in fast mode",
    "price_factor": "price of fast mode, in normal ones",
    "fast_cost_needed_microusd": "looked at from a cost of fast requests of",
    "cold_restarts": "conversations taken up cold",
    "restarts_a_week_needed": "in a week, looked at from",
    "tokens_of_a_restart_at_least": "tokens read in again each time, at least",
    "cache_breaks": "settings changed in the middle",
    "tokens_of_a_break_at_least": "tokens read in again each time, at least",
    "tokens_written_again": "tokens read in again",
    "large_sessions": "long conversations",
    "tokens_read_above": "tokens read beyond the easy size",
    "large_requests": "requests that read much",
    "large_request_tokens_needed": "size of such a request, looked at from",
    "largest_request_tokens_needed": "size of the largest request, looked at from",
    "requests_needed": "requests it takes",
    "sessions_with_compactions": "sessions that kept reaching their limit",
    "compactions": "times they were shortened",
    "tokens_read_for_them": "tokens read for that",
    "tokens_written_after_them": "tokens written after that",
    "compactions_a_day_needed": "times on a day, looked at from",
    "compactions_a_session_needed": "times in a session, looked at from",
    "heavy_starts": "conversations that began with much",
    "heavy_starts_needed": "conversations it takes",
    "first_request_tokens_needed": "size of the first request, looked at from",
    "counted_above_tokens": "tokens that are left out",
    "tokens_carried": "tokens carried beyond that",
    "tokens_carried_again": "the same, read again with later requests",
    "pastes": "times much was pasted in",
    "pasted_tokens": "tokens that came in so",
    "pasted_tokens_sent_again": "the same, sent again with later requests",
    "pasted_tokens_needed": "tokens at once, looked at from",
    "turns_carried_needed": "later prompts that carried them, looked at from",
    "short_effort_requests": "requests with high effort and a short answer",
    "short_effort_requests_a_week_needed": "in a week, looked at from",
    "read_per_written_needed": "tokens read for each that was written, looked at from",
    "saved_percent": "taken as saved, in %",
    "accepted_edits": "edits accepted",
    "rejected_edits": "edits turned down",
    "rejected_share_percent": "share turned down in %",
    "rejected_share_needed_percent": "looked at from %",
    "rejected_share_before_percent": "your share in the weeks before, in %",
    "decisions_needed": "edits it takes",
    "requests_given_up": "requests given up",
    "given_up_a_week_needed": "in a week, looked at from",
    "sessions_without_outcome": "sessions without a visible outcome",
    "session_cost_needed_microusd": "cost of a session, looked at from",
    "days_waited": "days waited for what follows",
    "low_microusd": "low end of the estimate",
    "high_microusd": "high end of the estimate",
    "counted_microusd": "of this in the sums on your card",
    "occurrences": "times seen",
    "innocent_reason": "why it may be quite right",
    "state_reason": "in short",
    "state_rule": "rule for the weeks",
    "detector_rule": "rule for the pattern",
    "nudge_rule": "rule for messages",
}
"""What stored inputs are called, in the order in which they are told; any other goes by its own name, at the end."""

_SAID_ALREADY = frozenset({"days_used", "days_empty", "last_used", "seen_by", "dollars", "state", "detector", "ledger"})
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
    order = list(NAMES)
    for key in sorted(evidence, key=lambda key: (order.index(key) if key in NAMES else len(order), key)):
        if key in _SAID_ALREADY:
            continue
        value = evidence[key]
        name = NAMES.get(key) or pieces.quiet(key.removesuffix("_microusd").replace("_", " "))
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
    if key in {"tool", "tools", "uncovered_tools", "used_instead"}:
        return pieces.tool_name(value)
    if key in {"source", "sources"}:
        return pieces.listing([pieces.source_name(one) for one in value.split(", ")])
    if key == "days":
        return pieces.listing([_words("day", one.strip(), today) for one in value.split(",")])
    return in_words(value)
