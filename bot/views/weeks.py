"""Twelve weeks of one's own past as a picture, in four forms of which each asks less of Slack than the one before.

Slack's own chart; a table; bars made of signs; plain lines. Not every workspace takes the newer blocks, so
`handlers/picture.py` goes down this ladder, and App Home shows the bars. All four have the same full text, with every
number in words. Tokens and money are never drawn (P4), no colour or sign gets better with more (P3), and a week that
could not be seen is called so and is no zero (P12). Next: `bot/views/why.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum

from bot.domain.outcomes import OutcomeKind
from bot.domain.weeks import Known, TwelveWeeks, Week
from bot.views import check_in, pieces, scorecard
from bot.views.ids import Action
from bot.views.message import Message, compose
from bot.views.pieces import Block

FIRST_LINE = "Twelve weeks of your own past, from Kindling. Nobody else can see it."


class Form(StrEnum):
    """How the weeks are shown, the one that asks most of Slack first."""

    CHART = "chart"
    TABLE = "table"
    BARS = "bars"
    WORDS = "words"


_USED, _EMPTY, _WITHOUT, _UNSEEN, _NOTHING = "■", "○", "□", "?", "–"
KEY = f"{_USED} a working day with use · {_WITHOUT} one without · {_UNSEEN} one that I could not see"
_ONLY_EMPTY = "Only empty requests"
_WHAT_IS_EMPTY = "A request is empty that had no answer, or ran without you."
_NOT_DRAWN = "Tokens and money are not drawn: they say something only beside what came of them, on the card."
_BRIEF = {
    OutcomeKind.PR_MERGED: ("merged", "merged"),
    OutcomeKind.TICKET_DONE: ("ticket", "tickets"),
    OutcomeKind.DOCUMENT: ("document", "documents"),
}
_NO_NUMBER = "Where no finished work is named, I know of none in that week."
_FINISHED = {
    OutcomeKind.PR_MERGED: ("change merged", "changes merged"),
    OutcomeKind.TICKET_DONE: ("ticket done", "tickets done"),
    OutcomeKind.DOCUMENT: ("document", "documents"),
}
_SHORT = {
    Known.NOT_VISIBLE: "not visible",
    Known.NO_WORKING_DAYS: "no workdays",
    Known.NO_TOOL: "no tool yet",
}


def message(seen: TwelveWeeks, *, form: Form, today: date) -> Message:
    """The weeks in one form. The text is that of the plain lines, whatever is shown."""
    text = compose(FIRST_LINE, _blocks(seen, Form.WORDS, today)).text
    return Message(text=text, blocks=_blocks(seen, form, today))


def on_home(seen: TwelveWeeks) -> list[Block]:
    """The bars, for App Home, which takes no charts."""
    return [pieces.section(_bars(seen), "Twelve weeks, the oldest first"), pieces.small_print(key(seen))]


def key(seen: TwelveWeeks) -> str:
    """What the signs of the bars mean; of empty requests it speaks to those who had some."""
    return f"{KEY} · {_EMPTY} one with {_ONLY_EMPTY.lower()}. {_WHAT_IS_EMPTY}" if _has_empty_days(seen) else KEY


def explained(seen: TwelveWeeks, today: date) -> str:
    """Formula, inputs, dates and rule of the picture, with every week in words."""
    work = "" if seen.unit is None else f" Finished work is counted as in Outcome, on its day. {_NO_NUMBER}"
    lines = [
        *(_line(week, seen.unit, today) for week in seen.weeks),
        (
            "A week is seven days, and the last one ends with the card. Days are counted as in Habit; one that no "
            f"source finished is not visible and never a zero.{work} Rule {seen.rule_version}."
        ),
    ]
    return "\n".join(lines)


def _blocks(seen: TwelveWeeks, form: Form, today: date) -> list[Block]:
    first, last = seen.weeks[0].first_day, seen.weeks[-1].last_day
    opening = f"{pieces.days(first, last, today)}, week by week. Your own past and nothing else; no week is a goal."
    return [
        pieces.small_print(opening),
        *_picture(seen, form, today),
        *_reported(seen, today),
        pieces.small_print(_NOT_DRAWN if seen.unit is None else f"{_NO_NUMBER} {_NOT_DRAWN}"),
        pieces.row(pieces.button("Why?", Action.WHY_CARD), pieces.button("Show my card", Action.SHOW_CARD)),
    ]


def _picture(seen: TwelveWeeks, form: Form, today: date) -> list[Block]:
    empty = [pieces.small_print(_WHAT_IS_EMPTY)] if _has_empty_days(seen) else []
    if form is Form.CHART:
        return [*_charts(seen), *empty]
    if form is Form.TABLE:
        return [_table(seen, today), *empty]
    if form is Form.BARS:
        return [pieces.section(_bars(seen)), pieces.small_print(key(seen))]
    return [pieces.section("\n".join(_line(week, seen.unit, today) for week in seen.weeks))]


def _reported(seen: TwelveWeeks, today: date) -> list[Block]:
    """Check-ins as they were given, each with its day; they are words and no height of a bar."""
    said = [one for week in seen.weeks for one in week.said]
    lines = [f"{pieces.day(one.answered_on, today)}: {check_in.said(one)}" for one in said]
    return [pieces.section("\n".join([*lines, check_in.CAVEAT]), "As you reported it")] if said else []


# ---------------------------------------------------------------- the four forms


def _charts(seen: TwelveWeeks) -> Iterator[Block]:
    """Days on which use was seen, and finished work where some is known. What was not visible, and days with only empty
    requests, are rows of their own: a bar needs a number in every week, and neither is a day without use.
    """
    usual = Counter(week.days.working_days for week in seen.weeks).most_common(1)[0][0]
    labels = [_label(week, usual) for week in seen.weeks]
    empty = [week.days.empty_working_days for week in seen.weeks]
    unseen = [0 if week.known is Known.NO_TOOL else week.days.unseen_days for week in seen.weeks]
    series = {"Use seen": [week.days.used_days for week in seen.weeks]}
    if any(empty):
        series[_ONLY_EMPTY] = empty
    if any(unseen):
        series["Not visible to me"] = unseen
    yield _chart("Working days on which I saw use", labels, series, "Working days")
    if seen.unit is not None:
        what = _FINISHED[seen.unit][1].capitalize()
        done = [week.finished or 0 for week in seen.weeks]
        yield _chart(f"{what} that I know of", [_day(week) for week in seen.weeks], {what: done}, what)


def _chart(title: str, labels: list[str], series: dict[str, list[int]], counted: str) -> Block:
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": name,
                    "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": labels, "x_label": "Week that began on", "y_label": counted},
        },
    }


def _table(seen: TwelveWeeks, today: date) -> Block:
    head = ["Week", "Use", *([] if seen.unit is None else [_FINISHED[seen.unit][1].capitalize()])]
    rows = [
        [pieces.days(week.first_day, week.last_day, today), _days(week), *_number(week.finished)] for week in seen.weeks
    ]
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in [head, *rows]]
    return {"type": "table", "rows": cells}


def _bars(seen: TwelveWeeks) -> str:
    return "\n".join(
        " · ".join([f"{_bar(week)} {_day(week)}", _days(week), *_finished(week.finished, seen.unit, _BRIEF)])
        for week in seen.weeks
    )


def _line(week: Week, unit: OutcomeKind | None, today: date) -> str:
    """ "9 to 15 February: used on 3 of 5 working days; 2 changes merged." """
    when = pieces.days(week.first_day, week.last_day, today)
    days = scorecard.NO_TOOL if week.known is Known.NO_TOOL else scorecard.days_words(week.days)
    return f"{when}: {'; '.join([days, *_finished(week.finished, unit)])}."


# ---------------------------------------------------------------- parts of lines


def _has_empty_days(seen: TwelveWeeks) -> bool:
    return any(week.days.empty_days for week in seen.weeks)


def _bar(week: Week) -> str:
    """One sign for each working day."""
    days = week.days
    if week.known in (Known.NO_WORKING_DAYS, Known.NO_TOOL):
        return _NOTHING
    without = days.working_days - days.used_days - days.empty_working_days - days.unseen_days - days.toolless_days
    signs = (
        (_USED, days.used_days),
        (_EMPTY, days.empty_working_days),
        (_WITHOUT, without),
        (_UNSEEN, days.unseen_days),
    )
    return "".join(sign * count for sign, count in signs) or _NOTHING


def _days(week: Week) -> str:
    """ "3 of 5 days", "2 of 5 days, 3 not visible", "0 of 5 days, used on 1 day off", "not visible"."""
    if week.known in _SHORT:
        return _SHORT[week.known]
    days = week.days
    said = f"{days.used_days} of {pieces.count(days.working_days - days.toolless_days, 'day')}"
    if not days.working_days:
        said = _SHORT[Known.NO_WORKING_DAYS]
    if days.unseen_days:
        said += f", {days.unseen_days} not visible"
    if days.days_off_used:
        said += f", used on {pieces.count(days.days_off_used, 'day')} off"
    return f"{said}, on {pieces.count(days.empty_days, 'day')} {_ONLY_EMPTY.lower()}" if days.empty_days else said


def _finished(
    done: int | None, unit: OutcomeKind | None, words: Mapping[OutcomeKind, tuple[str, str]] = _FINISHED
) -> list[str]:
    """ "2 changes merged"; nothing in a week of which none is known, `_NO_NUMBER` says once what that means."""
    return [pieces.count(done, *words[unit])] if done and unit is not None else []


def _number(done: int | None) -> list[str]:
    return [] if done is None else [str(done or _NOTHING)]


def _label(week: Week, usual: int) -> str:
    """The week's first day; why there is nothing to be seen, or that it had other than the usual working days."""
    if week.known in _SHORT:
        return f"{_day(week)}: {_SHORT[week.known]}"
    days = week.days.working_days
    return _day(week) if days == usual else f"{_day(week)}: {pieces.count(days, 'workday')}"


def _day(week: Week) -> str:
    return pieces.short_day(week.first_day)
