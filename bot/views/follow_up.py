"""What was seen when the pattern of a tip was looked at again: one line a tip, on the card and in its explanation.

No line says better or worse, and none says that the tip was the reason. Next: `bot/views/told.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from bot.domain.follow_up import AFTER_DAYS, MIN_TOKENS, FollowUp, Measure, Unknowable
from bot.views import pieces, rules

MOST_LINES = 2

_UNKNOWN = {
    Unknowable.NOT_SEEN: "some working days since then were not visible to me",
    Unknowable.TOO_LITTLE_USE: "there was too little use to compare",
    Unknowable.NOT_TOLD: "the source does not tell it",
}


def lines(looks: Sequence[FollowUp], today: date) -> list[str]:
    """The newest of them in words."""
    return [line(look, today) for look in looks[-MOST_LINES:]]


def line(look: FollowUp, today: date) -> str:
    """ "Since the tip of 3 March: Claude Code read 58 % from its cache, 31 % before it (28 days each)." """
    since = f"Since the tip of {pieces.day(look.tipped_on, today)}"
    if look.unknown is not None or look.after is None or look.before is None:
        reason = _UNKNOWN[look.unknown or Unknowable.NOT_TOLD]
        return f"{since} I cannot tell whether anything changed: {reason}."
    return f"{since}: {_compared(look, look.before, look.after)} ({look.after_days} days each)."


def explained(looks: Sequence[FollowUp], today: date) -> Iterator[str]:
    """Each second look with its days, its rule and what it does not prove."""
    for look in looks[-MOST_LINES:]:
        days = pieces.days(look.first_day, look.last_day, today)
        yield f"{line(look, today)} Looked at: {days}, and as many days before. Rule {look.rule_version}."
    if looks:
        yield (
            f"I look again {pieces.listing([str(days) for days in AFTER_DAYS])} days after a tip about cost. A share "
            f"needs at least {pieces.big_number(MIN_TOKENS)} tokens on both sides. Whether the tip was the reason I "
            "cannot know: other things may have changed."
        )


def _compared(look: FollowUp, before: int, after: int) -> str:
    tool = pieces.tool_name(look.tool)
    if look.measure is Measure.CACHE_REUSE:
        return f"{tool} read {after} % from its cache, {before} % before it"
    if look.measure is Measure.DEAREST_MODELS:
        return f"{after} % of what {tool} read and wrote was on the dearest models, {before} % before it"
    if look.measure is Measure.DAYS_USED:
        return f"{tool} was used on {pieces.count(after, 'day')}, on {before} before it"
    name = rules.pattern(look.detector).name
    return f"“{name}” with {tool} was seen {pieces.count(after, 'time')}, {before} before it"
