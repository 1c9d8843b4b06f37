"""Twelve weeks of one's own past: what was seen, what could not be, and what was not there to be seen."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

from bot.domain import scorecard
from bot.domain.check_in import CheckIn, Helped
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat
from bot.domain.results import OutcomeFact
from bot.domain.scorecard import Numbers
from bot.domain.usage import UsageWindow
from bot.domain.weeks import Known, Week
from tests.by_hand import on, window_of
from tests.views.samples import LAST_DAY, many_numbers, numbers

MANY = many_numbers()


def weeks(known: Numbers) -> tuple[Week, ...]:
    return scorecard.build(known).weeks.weeks


def test_weeks_lie_one_after_the_other_and_end_with_the_card() -> None:
    """Twelve times seven days without a gap, the last one ending on the card's last day."""
    seen = weeks(numbers())

    assert 12 == len(seen)
    assert LAST_DAY == seen[-1].last_day
    assert {timedelta(days=6)} == {week.last_day - week.first_day for week in seen}
    assert {timedelta(days=1)} == {later.first_day - early.last_day for early, later in itertools.pairwise(seen)}


def test_a_week_that_no_source_finished_is_not_a_week_without_use() -> None:
    """Unseen, seen in part and seen without use are three things (P12)."""
    known = numbers(covered=[LAST_DAY - timedelta(days=back) for back in range(3, 37)])

    assert [Known.NOT_VISIBLE] * 4 == [week.known for week in weeks(known)][:4]
    assert Known.IN_PART is weeks(known)[-1].known
    assert (Known.SEEN, 0) == (weeks(MANY["idle"])[0].known, weeks(MANY["idle"])[0].days.used_days)


def test_weeks_before_a_first_seat_had_nothing_to_be_seen() -> None:
    """Before there was any tool a week is neither unseen nor idle."""
    new = Seat("claude_code", LAST_DAY - timedelta(days=13), None, None)
    seen = weeks(replace(numbers(), seats=(new,), window=UsageWindow(LAST_DAY)))

    assert [Known.NO_TOOL] * 10 + [Known.SEEN] * 2 == [week.known for week in seen]


def test_a_week_with_empty_requests_that_no_source_finished_is_seen_in_part() -> None:
    """Something was seen, and it may not have been all: neither unseen nor without use, and no day is told twice."""
    rows = on([LAST_DAY - timedelta(days=back) for back in range(84)], requests=2, failed_requests=2)
    seen = weeks(replace(numbers(covered=[]), window=window_of(rows, LAST_DAY)))

    assert {Known.IN_PART} == {week.known for week in seen if week.days.working_days}
    assert {0} == {week.days.empty_working_days for week in seen}
    assert {7} == {week.days.empty_days for week in seen}


def test_weeks_of_leave_have_no_working_days() -> None:
    """A week off is nobody's idle week."""
    known = numbers()
    off = frozenset(LAST_DAY - timedelta(days=back) for back in range(56, 63))
    away = weeks(replace(known, calendar=replace(known.calendar, leave=off)))

    assert Known.NO_WORKING_DAYS is away[3].known


def test_finished_work_is_counted_on_its_day_in_one_kind() -> None:
    """What stands for a person is counted week by week; what is finished after the card's last day is not yet."""
    facts = [
        *(OutcomeFact(OutcomeKind.TICKET_DONE, f"T{back}", LAST_DAY - timedelta(days=back)) for back in (0, 1, 9, 83)),
        OutcomeFact(OutcomeKind.PR_MERGED, "a", LAST_DAY),
        OutcomeFact(OutcomeKind.TICKET_DONE, "later", LAST_DAY + timedelta(days=1)),
    ]
    known = numbers()
    seen = weeks(replace(known, beside=replace(known.beside, outcomes=tuple(facts))))

    assert [1, *[0] * 9, 1, 2] == [week.finished for week in seen]
    assert {None} == {week.finished for week in weeks(replace(known, beside=replace(known.beside, outcomes=())))}


def test_reports_stand_in_the_week_in_which_they_were_given() -> None:
    """A report of today, a day after the card's last one, stands in the last week."""
    known = numbers()
    today = CheckIn(LAST_DAY + timedelta(days=1), Helped.NOT_REALLY)
    seen = weeks(replace(known, beside=replace(known.beside, check_ins=(*known.beside.check_ins, today))))

    assert {
        9: [Helped.SOMEWHAT],
        11: [Helped.CLEARLY, Helped.NOT_REALLY],
    } == {index: [one.helped for one in week.said] for index, week in enumerate(seen) if week.said}
