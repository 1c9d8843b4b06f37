"""What a person said of the value they got, as they said it, beside the days of use that were seen then.

The trend asks whether people get more from the same use: what was reported lately against what was reported at first,
and the days of use beneath each. Answers are compared and never added up, and nothing becomes money or minutes (P5).
`bot/domain/scorecard.py` asks for it. Next: `bot/views/scorecard.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain.check_in import CheckIn, Helped
from bot.domain.sight import DaysOfUse, Sight
from bot.domain.usage import LOOKBACK_DAYS

RULE_VERSION = "value-1"
REPORT_DAYS = 14
"""The days before a check-in that its question is about."""
LEAST_REPORTS = 3
"""Of fewer check-ins nothing is said about a direction."""

_ORDER = (Helped.NOT_REALLY, Helped.SOMEWHAT, Helped.CLEARLY)


class Direction(StrEnum):
    """How the later ones stand to the earlier ones."""

    MORE = "more"
    SAME = "same"
    LESS = "less"


@dataclass(frozen=True)
class Reported:
    """One check-in, beside the use that was seen in the two weeks before it."""

    check_in: CheckIn
    days: DaysOfUse


@dataclass(frozen=True)
class Trend:
    """The first of the reports against as many of the latest; one in the middle belongs to neither.

    `used` is None where some working day before one of them could not be seen (P12).
    """

    first: tuple[Reported, ...]
    latest: tuple[Reported, ...]
    reported: Direction
    used: Direction | None
    rule_version: str = RULE_VERSION


@dataclass(frozen=True)
class Value:
    """What the person told us themselves. `reported` is oldest first, and nothing in it is turned into money."""

    tips_helpful: int
    tips_not_helpful: int
    reported: tuple[Reported, ...]
    trend: Trend | None


def reports(check_ins: Sequence[CheckIn], sight: Sight) -> tuple[Reported, ...]:
    """The check-ins whose two weeks before lie within the 12 weeks."""
    earliest = sight.window.first_day(LOOKBACK_DAYS)
    found = []
    for check_in in check_ins:
        last = min(check_in.answered_on - timedelta(days=1), sight.window.last_day)
        first = last - timedelta(days=REPORT_DAYS - 1)
        if first >= earliest:
            found.append(Reported(check_in, sight.days_of_use(first, last)))
    return tuple(found)


def trend(reported: Sequence[Reported]) -> Trend | None:
    """The direction of what was reported and of the days beneath it; None of fewer than three reports."""
    if len(reported) < LEAST_REPORTS:
        return None
    half = len(reported) // 2
    first, latest = tuple(reported[:half]), tuple(reported[-half:])
    return Trend(first, latest, _said(first, latest), _used(first, latest))


def _said(first: Sequence[Reported], latest: Sequence[Reported]) -> Direction:
    """Each of the latest against each of the first: which of the two is the higher more often."""
    ranks = [(_rank(one), _rank(other)) for one in first for other in latest]
    return _direction(sum((later > early) - (later < early) for early, later in ranks))


def _rank(one: Reported) -> int:
    return _ORDER.index(one.check_in.helped)


def _used(first: Sequence[Reported], latest: Sequence[Reported]) -> Direction | None:
    """On average a day more or fewer in the two weeks is about the same."""
    if any(one.days.unseen_days for one in (*first, *latest)):
        return None
    more = sum(one.days.used_days for one in latest) - sum(one.days.used_days for one in first)
    return Direction.SAME if abs(more) <= len(first) else _direction(more)


def _direction(difference: int) -> Direction:
    if difference == 0:
        return Direction.SAME
    return Direction.MORE if difference > 0 else Direction.LESS
