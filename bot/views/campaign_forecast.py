"""What would happen, and what it could prove: told before a campaign starts, about people and never of one.

`handlers/campaign_looks.py` shows it. Next: `bot/views/campaign_results.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from bot.domain.campaigns import Kind, Plan
from bot.views import campaign_words as words
from bot.views import pieces
from bot.views.campaign_words import FIRST_LINE
from bot.views.message import Message, compose
from bot.views.pieces import Block

TITLE = "A dry run"

MESSAGES_A_MINUTE = 45
"""What delivery keeps to (`Pace` in `jobs/rounds.py`); a test holds the two together."""
_USUAL = (1, 3)
"""Points by which messages like these change what people do, in trials large enough to tell."""
SILENCES: dict[str, str] = {
    "stopped": "want no messages",
    "paused": "have paused messages",
    "snoozed": "have put messages off for some weeks",
    "no_slack_account": "have no Slack account that I know of",
    "held_out": "are held out of another campaign about the same",
    "in_another_campaign": "are in another campaign about the same, or were lately",
    "not_employed": "do not work here yet, or any more",
    "no_time_zone": "have no time zone that I know of",
    "unknown": "I cannot see well enough to say anything true to",
    "not_provisioned": "have no seat that I know of",
    "grace": "are new here, or their seat is",
    "said_not_relevant": "told me what explains it",
    "exploring": "are in their first 60 days, in which I say nothing about cost",
    "shadow": "would hear about cost, and in my first two weeks here I only look",
    "weekly_cap": "had a message within seven days",
    "four_week_cap": "had three messages within four weeks",
    "backing_off": "let the last message go unanswered, so I wait longer",
    "three_ignored": "let three messages in a row go unanswered",
}
_TOO_FEW = (
    "So few people match just now that every number could tell about one of them. So there is none, and it cannot be "
    "started as it is. A wider audience can: leave out the team, the tool or the role."
)


@dataclass(frozen=True)
class Forecast:
    """What is told. `people` match and `hearing` of them could be written to now, both blurred; None: too few to say.

    `silences` are the reasons for the others, as far as enough people share one. `seen_from_points` is the smallest
    difference that would be seen four times of five; None: not even the largest.
    """

    people: int | None
    hearing: int | None
    silences: Mapping[str, int]
    seen_from_points: float | None


def message(told: Forecast, plan: Plan) -> Message:
    """The dry run: how many, who not and why, by when, and what it could show."""
    head = [pieces.small_print("As if it started today. Nothing was sent, and nobody was drawn.")]
    if told.people is None:
        return compose(FIRST_LINE, [*head, pieces.section(_TOO_FEW)])
    return compose(FIRST_LINE, [*head, *_sections(told, told.people, plan), pieces.small_print(_ROUGHLY)])


def _sections(told: Forecast, people: int, plan: Plan) -> Iterator[Block]:
    yield pieces.section(_how_many(told, people, plan), "How many")
    if told.silences:
        lines = [f"• about {number:,} {SILENCES.get(reason, 'for another reason')}" for reason, number in _most(told)]
        yield pieces.section("\n".join(lines), "Who would hear nothing for now")
    yield pieces.section(_through(told, people, plan), "By when")
    yield pieces.section(_power(told, people, plan), "What it could show")


def _how_many(told: Forecast, people: int, plan: Plan) -> str:
    said = f"{_sentence(words.people(people))} match."
    if told.hearing is None:
        said += " So few of them could be written to just now that no number is said."
    else:
        said += f" About {told.hearing:,} of them could be written to just now."
    if plan.holdout_percent:
        said += f" Of those who match, {plan.holdout_percent} of 100 are drawn to hear nothing, for comparison."
    return said


def _through(told: Forecast, people: int, plan: Plan) -> str:
    """Arithmetic: messages at the pace of the workspace, in the hours of a day that the plan allows."""
    sent_to = (told.hearing if told.hearing is not None else people) * (100 - plan.holdout_percent) / 100
    low, high = plan.hours
    days = max(1, ceil(sent_to / (MESSAGES_A_MINUTE * 60 * (high - low))))
    pace = f"At most {MESSAGES_A_MINUTE} messages leave in a minute. "
    first = "The first messages" if plan.kind is Kind.SEQUENCE else "They"
    span = "fit into one working day" if days == 1 else f"take about {days} working days"
    gaps = sum(step.gap_days for step in plan.steps)
    rest = f", and the last come {pieces.count(gaps, 'day')} later" if gaps else ""
    newly = " Whoever comes to match later follows in the week after." if plan.kind is Kind.RECURRING else ""
    return (
        f"{pace}{first} {span}{rest}. Whoever is away, or had a message this week, gets it when they can, up to the "
        f"last day.{newly}"
    )


def _power(told: Forecast, people: int, plan: Plan) -> str:
    """What could be seen, beside what is usual."""
    if plan.holdout_percent == 0:
        return "Nothing: nobody is left out, so there is nobody to compare with."
    low, high = _USUAL
    usual = f"Messages like these usually change {low} to {high} points, that is what {low} to {high} of 100 people do."
    if told.seen_from_points is None:
        return f"With {words.people(people)} no difference could be seen, however large. {usual} {_CALM}"
    points = max(1, round(told.seen_from_points))
    if points <= high:
        seen = pieces.count(points, "point")
        return f"With {words.people(people)} a difference of about {seen} could be seen. {usual}"
    return f"With {words.people(people)} only a difference of about {points} points could be seen. {usual} {_CALM}"


_CALM = (
    "So the answer at the end will most likely be “cannot tell yet”. That is the normal answer, and no reason against "
    "a message that is right."
)
_ROUGHLY = (
    "Numbers are rounded and blurred, and stay the same all week: no two of them can be set against each other to find "
    "one person. A reason that few people share is left out."
)


def _most(told: Forecast) -> list[tuple[str, int]]:
    return sorted(told.silences.items(), key=lambda one: (-one[1], one[0]))


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}"
