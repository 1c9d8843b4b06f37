"""Value as people report it: the choices of a check-in, and one answer.

Feeling and measuring differ, so a report stays a report: it stands beside what was observed, is worked out from nothing
and into nothing, and never becomes money (P5). `bot/domain/scorecard.py` puts it on the card.
Next: `bot/store/check_ins.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Helped(StrEnum):
    """Whether the tools helped in the last two weeks. The values are those of `told.Answer`."""

    CLEARLY = "clearly"
    SOMEWHAT = "somewhat"
    NOT_REALLY = "not_really"


class Saving(StrEnum):
    """What somebody feels it saved in these two weeks: a few ranges, for nobody knows it better."""

    COST_TIME = "cost_time"
    NONE = "none"
    UNDER_HALF_AN_HOUR = "under_half_an_hour"
    UP_TO_AN_HOUR = "up_to_an_hour"
    UP_TO_THREE_HOURS = "up_to_three_hours"
    OVER_THREE_HOURS = "over_three_hours"
    NOT_SAID = "not_said"


class WentTo(StrEnum):
    """Where the time went, by the person's own account. Choices only: a free text could hold anything (P13)."""

    SAME_WORK = "same_work"
    OTHER_WORK = "other_work"
    CHECKING = "checking"
    LEARNING = "learning"
    OTHERS = "others"
    OFF_WORK = "off_work"
    CANNOT_TELL = "cannot_tell"
    NOT_SAID = "not_said"


@dataclass(frozen=True)
class CheckIn:
    """One answer. `saving` and `went_to` are None when they were not said."""

    answered_on: date
    helped: Helped
    saving: Saving | None = None
    went_to: WentTo | None = None
