"""Whether a campaign helped, in plain words: "I cannot tell yet" is the normal answer, and nothing ever wins.

Only what `bot/domain/experiment/publishing.py` let through comes in here. `handlers/campaign_looks.py` shows it. Next:
`bot/views/campaign_why.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.campaigns import FOLLOW_UP_DAYS, Plan
from bot.domain.experiment.evidence import Verdict
from bot.domain.experiment.publishing import LEAST_PEOPLE
from bot.views import pieces
from bot.views.campaign_words import FIRST_LINE
from bot.views.message import Message, compose

TITLE = "Did it help?"

_COSTS = (
    "Whoever ended their messages because of it, or said that it did not help, is charged against it before anything "
    "is said. How many there were is not told, because it could point to somebody."
)
_NO_WINNER = (
    "There is no winner here: no two campaigns are set against each other, and a difference that may be chance is not "
    "called one. Looking often changes nothing; the range holds however often it is looked at."
)


@dataclass(frozen=True)
class Published:
    """What was frozen of a campaign on the Monday `week`; all in whole points, people in tens."""

    week: date
    about_people: int
    low_points: int
    high_points: int
    verdict: Verdict


def read(week: date, result: Mapping[str, object]) -> Published | None:
    """A published result as it was kept; None when nothing could be told that week."""
    numbers = [result.get(name) for name in ("about_people", "low_points", "high_points")]
    people, low, high = (one if isinstance(one, int) else None for one in numbers)
    if people is None or low is None or high is None:
        return None
    return Published(week, people, low, high, Verdict(str(result.get("verdict"))))


def all_together(estimate: Mapping[str, object]) -> str:
    """The line over all campaigns: an estimate of what a message brings here, and no verdict."""
    campaigns, points, low, high = (
        int(str(estimate[name])) for name in ("campaigns", "points", "low_points", "high_points")
    )
    return (
        f"*All campaigns so far:* set beside 100 people who got none, of 100 who get a message "
        f"{_more_or_less(points)} do what their message hopes for. Anything between {_more_or_less(low)} and "
        f"{_more_or_less(high)} fits what was seen in {campaigns} campaigns. It is an estimate, and leans on what is "
        "known of such messages elsewhere until there is more from here."
    )


def message(newest: Published | None, plan: Plan, *, today: date) -> Message:
    """The newest result, or why there is none yet."""
    said = _not_yet(plan, today) if newest is None else _told(newest, today)
    blocks = [pieces.section(said), pieces.section(_COSTS, "What it costs people")]
    return compose(FIRST_LINE, [*blocks, pieces.small_print(_NO_WINNER)])


def _not_yet(plan: Plan, today: date) -> str:
    if plan.holdout_percent == 0:
        return (
            "*I cannot tell, and never will.* Nobody was left out, so there is nobody to compare with. A campaign with "
            "a share that hears nothing can tell."
        )
    first = plan.first_day + timedelta(days=FOLLOW_UP_DAYS)
    return (
        f"*I cannot tell yet.* What people do is looked at {FOLLOW_UP_DAYS} days after they were drawn, so not before "
        f"{pieces.day(first, today)}, and something is said once a week when that is known of at least {LEAST_PEOPLE} "
        "people who were to get it and as many who were not. With few people it may stay at this, and that is an "
        "honest answer."
    )


def _told(found: Published, today: date) -> str:
    known = (
        f"Of about {found.about_people:,} people the {FOLLOW_UP_DAYS} days are over and known "
        f"(as of {pieces.day(found.week, today)})."
    )
    return f"{_VERDICTS[found.verdict]} {known} {_range(found.low_points, found.high_points)}"


def _range(low: int, high: int) -> str:
    """Where the difference may lie, of a hundred people each."""
    return (
        f"Of 100 people who were to get it, set beside 100 who were not, between {_more_or_less(low)} and "
        f"{_more_or_less(high)} did what the message hopes for. Anything in between fits what was seen."
    )


def _more_or_less(points: int) -> str:
    if points == 0:
        return "just as many"
    return f"{abs(points)} {'more' if points > 0 else 'fewer'}"


_VERDICTS = {
    Verdict.CANNOT_TELL_YET: "*I cannot tell yet.*",
    Verdict.SEEMS_TO_HELP: "*It seems to help,* also after what it costs people.",
    Verdict.SEEMS_TO_HARM: "*It seems to do more harm than good,* so it stops by itself.",
}
