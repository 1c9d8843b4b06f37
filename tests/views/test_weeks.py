"""Twelve weeks as a picture, in four forms: the same numbers, none of them a volume, and nothing unseen as a zero."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import scorecard
from bot.domain.outcomes import OutcomeKind
from bot.domain.results import OutcomeFact
from bot.domain.scorecard import Numbers
from bot.domain.usage import Counters, Coverage
from bot.domain.weeks import Known
from bot.views import weeks
from bot.views.message import Message
from bot.views.weeks import Form
from tests.by_hand import Used, window_of
from tests.views import samples

MANY = samples.many_numbers()


def picture(known: Numbers, form: Form = Form.CHART) -> Message:
    return weeks.message(scorecard.build(known).weeks, form=form, today=samples.TODAY)


def charts(known: Numbers) -> list[dict[str, Any]]:
    return [block for block in picture(known).blocks if block["type"] == "data_visualization"]


def points(chart: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Series, label and value of every bar."""
    for series in chart["chart"]["series"]:
        yield from ((series["name"], point["label"], point["value"]) for point in series["data"])


def test_each_form_asks_less_of_slack_than_the_one_before() -> None:
    """Charts, a table, bars made of signs, plain lines."""
    kinds = [{block["type"] for block in picture(samples.numbers(), form).blocks} for form in Form]

    assert ["data_visualization" in types for types in kinds] == [True, False, False, False]
    assert ["table" in types for types in kinds] == [False, True, False, False]


@pytest.mark.parametrize("who", MANY)
def test_every_form_has_the_whole_in_its_text(who: str) -> None:
    """Who listens hears each week with its numbers in words, whatever the others look at."""
    texts = {picture(MANY[who], form).text for form in Form}
    [text] = texts

    lines = re.findall(r"^(\d+) (?:\w+ )?to \d+ \w+: [^\n]+\.$", text, re.MULTILINE)
    assert [str(week.first_day.day) for week in scorecard.build(MANY[who]).weeks.weeks] == lines


@pytest.mark.parametrize("who", MANY)
def test_no_unseen_week_is_drawn_as_a_zero(who: str) -> None:
    """A week of which nothing is known is called not visible in its label, and its unseen days have a bar (P12)."""
    seen = scorecard.build(MANY[who]).weeks.weeks
    bars = list(points(charts(MANY[who])[0]))
    unseen = [(name, label, value) for name, label, value in bars if name == "Not visible to me" and value]

    to_be_seen = [week.days.unseen_days for week in seen if week.known is not Known.NO_TOOL]
    assert [days for days in to_be_seen if days] == [value for _, _, value in unseen]
    not_visible = {label for _, label, _ in bars if label.endswith(": not visible")}
    assert not_visible == {label for _, label, value in unseen if label in not_visible and value}
    assert len(not_visible) == sum(week.known is Known.NOT_VISIBLE for week in seen)


@pytest.mark.parametrize("who", MANY)
@pytest.mark.parametrize("form", Form)
def test_no_picture_of_tokens_or_money(who: str, form: Form) -> None:
    """Neither is drawn nor told here, so that neither ever stands alone (P4); nor is any minute of use (P5)."""
    message = picture(MANY[who], form)
    said = re.sub("“[^”]*”", "", message.text + str(message.blocks)).replace("Tokens and money are not drawn", "")

    assert not re.search(r"\$\d|token|dollar|minute|hour", said, re.IGNORECASE)


def test_the_chart_shows_days_and_finished_work() -> None:
    """Two charts, oldest week first: working days with use, and pieces of the work that stands for this person."""
    days, work = charts(samples.numbers())

    assert [0, 0, 0, 0, *[3] * 8] == [value for _, _, value in points(days)]
    assert {"Use seen"} == {name for name, _, _ in points(days)}
    assert ("Changes merged that I know of", 4) == (work["title"], sum(v for _, _, v in points(work)))


def test_who_has_no_finished_work_to_see_gets_no_row_of_zeros() -> None:
    """Without any known work there is one chart, and no word of none."""
    known = replace(samples.numbers(), beside=replace(samples.numbers().beside, outcomes=()))

    assert 1 == len(charts(known))
    assert "finished work" not in picture(known).text


def test_tickets_are_shown_to_those_who_finish_tickets() -> None:
    """Work without code stands in the picture as what it is."""
    tickets = tuple(
        OutcomeFact(OutcomeKind.TICKET_DONE, str(back), samples.LAST_DAY - timedelta(days=back), source="jira")
        for back in (0, 3, 9)
    )
    known = replace(samples.numbers(), beside=replace(samples.numbers().beside, outcomes=tickets))

    assert "; 2 tickets done." in picture(known).text
    assert "merged" not in picture(known).text


def test_the_bars_have_a_sign_for_each_working_day() -> None:
    """With use, without, not seen; a week without working days or without a tool has none of them."""
    early = picture(MANY["data end early"], Form.BARS).blocks[1]["text"]["text"].splitlines()
    away = picture(MANY["on leave"], Form.BARS).blocks[1]["text"]["text"].splitlines()

    assert "■■■□? 23 Feb · 3 of 5 days, 1 not visible · 1 merged" == early[-1]
    assert "????? 8 Dec · not visible" == early[0]
    assert "– 8 Dec · no workdays" == away[0]


@pytest.mark.parametrize("told", [Counters(requests=3, failed_requests=3), Counters(requests=9, headless_requests=9)])
def test_days_with_empty_requests_are_no_days_without_use(told: Counters) -> None:
    """Every form has a sign or a word of its own for them, and says what it means; nobody else hears of it (P12)."""
    known = empty_weeks(told)
    bars, key = (block.get("text", block) for block in picture(known, Form.BARS).blocks[1:3])
    table = next(block for block in picture(known, Form.TABLE).blocks if block["type"] == "table")
    first, second = (list(points(charts(known)[0]))[place] for place in (0, 12))

    assert bars["text"].startswith("○○○○○ 8 Dec · 0 of 5 days, on 7 days only empty requests\n")
    assert (
        weeks.KEY + " · ○ one with only empty requests. A request is empty that had no answer, or ran without you."
        == (key["elements"][0]["text"])
    )
    assert "0 of 5 days, on 7 days only empty requests" == table["rows"][1][1]["text"]
    assert [("Use seen", "8 Dec", 0), ("Only empty requests", "8 Dec", 5)] == [first, second]
    assert "A request is empty that" in str(picture(known, Form.TABLE).blocks)
    assert "A request is empty that" in str(picture(known, Form.CHART).blocks)
    assert "empty" not in str(picture(samples.numbers(), Form.BARS).blocks)


def test_empty_requests_on_a_day_off_are_said_as_well() -> None:
    """A week of leave in which something ran is not only a week without working days."""
    known = empty_weeks(Counters(requests=3, failed_requests=3))
    away = frozenset(samples.LAST_DAY - timedelta(days=back) for back in range(7))
    known = replace(known, calendar=replace(known.calendar, holidays=away))

    assert (
        "– 23 Feb · no workdays, on 7 days only empty requests"
        == (picture(known, Form.BARS).blocks[1]["text"]["text"].splitlines()[-1])
    )


def empty_weeks(told: Counters) -> Numbers:
    """Twelve weeks with the same on each day, all of them visible."""
    rows = [Used(samples.LAST_DAY - timedelta(days=back), counters=told) for back in range(84)]
    known = samples.numbers()
    covered = {"claude_code": frozenset(row.day for row in rows)}
    beside = replace(known.beside, coverage=Coverage(covered, known.beside.coverage.sources), outcomes=(), work=())
    calendar = replace(known.calendar, holidays=frozenset())
    return replace(known, window=window_of(rows, samples.LAST_DAY), calendar=calendar, beside=beside)


def test_reports_are_words_and_no_height_of_a_bar() -> None:
    """Check-ins stand below the picture as they were given, with the caveat."""
    message = picture(MANY["reporting"])

    assert "13 January: “not really”" in message.text
    assert "24 February: “yes, clearly”" in message.text
    assert "felt and what is counted often differ" in message.text
    assert 2 == len(charts(MANY["reporting"]))


def test_home_shows_the_same_bars() -> None:
    """App Home takes no chart, so it has the bars with what each sign means."""
    bars, key = weeks.on_home(scorecard.build(samples.numbers()).weeks)

    assert picture(samples.numbers(), Form.BARS).blocks[1]["text"]["text"] in bars["text"]["text"]
    assert weeks.KEY == key["elements"][0]["text"]


def test_a_short_week_is_named_and_not_drawn_as_a_dip() -> None:
    """Three days of use in a week of three working days are all of them; the label says how many there were."""
    known = samples.numbers()
    holidays = frozenset(samples.LAST_DAY - timedelta(days=back) for back in (2, 6))
    short = replace(known, calendar=replace(known.calendar, holidays=holidays))
    labels = [label for _, label, _ in points(charts(short)[0])]

    assert "23 Feb: 3 workdays" == labels[-1]
    assert "16 Feb" == labels[-2]
