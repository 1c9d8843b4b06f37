"""P3: one empty request a day looks like no habit; nor does it, or anything else, ever look like "no use" (P12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.domain import adoption, occasions
from bot.domain.adoption import Standing, State
from bot.domain.people import Person, Seat
from bot.domain.scorecard import Habit
from bot.domain.sight import Sight
from bot.domain.usage import LOOKBACK_DAYS, Counters
from bot.sources import tip_library
from bot.store import states, windows
from bot.store.database import Store
from bot.store.tables import PersonRow, UsageDayRow
from bot.views import rules, scorecard
from jobs.detect import detect
from tests.by_hand import LAST_DAY, NOW, UTC_WEEK, PriceList, Used, covered, days_before, keep, times, window_of

SEAT = Seat("claude_code", date(2025, 3, 1), None, 20_000_000)
EVERY_DAY = days_before(*range(LOOKBACK_DAYS))
WORKING_DAYS = [day for day in EVERY_DAY if UTC_WEEK.is_working(day)]
WORK = Counters(requests=3, failed_requests=0, headless_requests=0, output_tokens=900)
EMPTY = {
    "a ping that fails": Counters(requests=1, failed_requests=1, input_tokens=0, output_tokens=0, cost_microusd=0),
    "a ping that fails, of which no tokens are told": Counters(requests=1, failed_requests=1),
    "a ping that is not answered": Counters(requests=1, input_tokens=4, output_tokens=0, cost_microusd=20),
    "a cron at night": Counters(requests=1, headless_requests=1, input_tokens=4, output_tokens=7, cost_microusd=200),
    "a cron of which one failed": Counters(requests=41, headless_requests=40, failed_requests=1, output_tokens=700),
}
"""What is sent on a day that would else hold nothing."""
OPENED = Counters(sessions=1, accepted=0, rejected=0, lines_added=0)
"""What a report says beside it, on a row for all models: the tool was opened."""


def each_day(days: Sequence[date], told: Counters) -> list[Used]:
    """The same on each of `days`, and that the tool was opened."""
    rows = [Used(day, counters=told) for day in days]
    return rows + [Used(day, model="*", counters=OPENED) for day in days]


def judged(rows: Sequence[Used]) -> Standing:
    return adoption.judge(window=window_of(rows), coverage=covered("claude_code"), seats=(SEAT,), calendar=UTC_WEEK)


@pytest.mark.parametrize("kind", EMPTY)
@pytest.mark.parametrize("times_as_many", [1, 1_000])
def test_twelve_weeks_of_empty_requests_are_neither_habit_nor_zero(store: Store, kind: str, times_as_many: int) -> None:
    """Every single day of 12 weeks, once or a thousand times a day, through the database and a whole run: the state is
    first steps, which says what was seen.
    """
    more = {name: times_as_many for name, count in vars(EMPTY[kind]).items() if count}
    rows = each_day(EVERY_DAY, times([Used(LAST_DAY, counters=EMPTY[kind])], **more)[0].counters)
    with store.begin() as session:
        person = keep(session, rows, seats=(SEAT,), coverage=covered("claude_code"))
    night(store)

    with store.read() as session:
        standing = states.current(session, person_ids=[person])[person]

    assert State.FIRST_STEPS == standing.state
    assert "there were requests, and no day yet on which an answer came back to somebody" == standing.reason
    assert (0, 28) == (standing.evidence["active_days"], standing.evidence[adoption.EMPTY_DAYS])


@pytest.mark.parametrize("kind", EMPTY)
def test_a_habit_that_ended_is_not_kept_alive_by_empty_requests(kind: str) -> None:
    """Twelve weeks of work that ended five weeks ago, and an empty request on each day since: building. Nothing says
    that there is a habit, and nothing says that there is no use.
    """
    rows = each_day(days_before(*range(36, 120)), WORK) + each_day(days_before(*range(36)), EMPTY[kind])

    standing = judged(rows)

    assert State.BUILDING == standing.state
    assert State.LAPSED == judged(rows[: 2 * 84]).state


@pytest.mark.parametrize("kind", EMPTY)
def test_a_day_with_work_stays_one(kind: str) -> None:
    """Empty requests beside work take nothing away: nine weeks with work are a habit, pings or not."""
    work = each_day(days_before(*range(0, 63, 7)), WORK)
    beside = each_day(EVERY_DAY, EMPTY[kind])
    beside = [Used(row.day, model=f"{row.model}?", counters=row.counters, source="file") for row in beside]

    assert State.HABITUAL == judged([*work, *each_day(days_before(100), WORK)]).state
    assert State.HABITUAL == judged([*work, *each_day(days_before(100), WORK), *beside]).state


@settings(max_examples=150, deadline=None)
@example(worked=set(range(14, 71, 7)), pinged={0}, kind="a cron at night")
@given(
    worked=st.sets(st.integers(0, 110), max_size=40),
    pinged=st.sets(st.integers(0, 110), max_size=110),
    kind=st.sampled_from(sorted(EMPTY)),
)
def test_empty_requests_bring_nobody_nearer_to_a_habit(worked: set[int], pinged: set[int], kind: str) -> None:
    """Whatever the days of work, and whatever the days of empty requests: those who hold a habit are the same people
    with and without them, and with them nobody is called idle who was not before.
    """
    work = each_day(days_before(*worked), WORK)

    without = judged(work).state
    with_them = judged(work + each_day(days_before(*pinged - worked), EMPTY[kind])).state

    assert (State.HABITUAL == without) == (State.HABITUAL == with_them)
    if min(pinged, default=99) < 28:
        assert with_them not in adoption.ZERO_STATES


@pytest.mark.parametrize("times_as_many", [1, 50])
def test_one_that_fails_makes_no_habit_of_a_nightly_script(store: Store, times_as_many: int) -> None:
    """Forty requests without anybody there and a few that failed, told as one sum, are as empty as either alone."""
    cron = Counters(
        requests=40 + times_as_many,
        headless_requests=40,
        failed_requests=times_as_many,
        input_tokens=4,
        output_tokens=7,
    )
    with store.begin() as session:
        person = keep(session, each_day(EVERY_DAY, cron), seats=(SEAT,), coverage=covered("claude_code"))
    night(store)

    with store.read() as session:
        assert State.FIRST_STEPS == states.current(session, person_ids=[person])[person].state


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headless=st.none() | st.integers(0, 50),
    failed=st.none() | st.integers(0, 50),
    written=st.none() | st.integers(0, 900),
    opened=st.booleans(),
)
def test_no_mix_of_empty_requests_is_a_day_of_work(
    sqlite_store: Store, headless: int | None, failed: int | None, written: int | None, opened: bool
) -> None:
    """Whatever is told of requests that ran without anybody, of failed ones, and of tokens that only the former wrote:
    as long as no request is left over for somebody, the day is empty, in the database and by hand.
    """
    requests = (headless or 0) + (failed or 0)
    told = Counters(requests=requests, headless_requests=headless, failed_requests=failed)
    told = replace(told, output_tokens=written) if headless else told
    rows = [Used(LAST_DAY, counters=told)] + ([Used(LAST_DAY, model="*", counters=OPENED)] if opened else [])
    assume(requests)
    with sqlite_store.begin() as session:
        session.execute(delete(UsageDayRow))
        session.execute(delete(PersonRow))
        person = keep(session, rows)

        window = windows.load(session, person_ids=[person], last_day=LAST_DAY)[person]

    assert frozenset() == window.worked_days()
    assert frozenset({LAST_DAY}) == window.active_days()
    assert window_of(rows) == window


@pytest.mark.parametrize("kind", EMPTY)
def test_the_card_counts_days_of_work_and_names_the_others(kind: str) -> None:
    """No day of use, and no "no use" either: the line says what was seen instead."""
    known = covered("claude_code", first=LAST_DAY - timedelta(days=83))
    sight = Sight((SEAT,), window_of(each_day(EVERY_DAY, EMPTY[kind])), UTC_WEEK, known)
    first = LAST_DAY - timedelta(days=27)
    now, before = sight.days_of_use(first, LAST_DAY), sight.days_of_use(first - timedelta(days=28), first)

    said = scorecard.habit_words(Habit(now, before))

    assert (20, 0, 28) == (now.working_days, now.used_days, now.empty_days)
    assert "Used on 0 of 20 working days; on 28 days only requests without an answer, or without you." in said
    assert "no use" not in said
    assert "failed, came back empty, or ran without you" in rules.STATES[State.FIRST_STEPS]


def test_nobody_is_told_that_they_have_begun_for_an_empty_request() -> None:
    """The tips for first steps name days of use; without one, only the tip about requests that bring nothing fits. And
    that one is not for those who have no such days.
    """
    standing = judged(each_day(EVERY_DAY, EMPTY["a ping that fails"]))
    begun = judged(each_day(days_before(3), WORK))
    tips = tip_library.load_tips()

    chosen = [
        occasions.choose(
            [occasions.Occasion("first_steps")],
            standing=said,
            seats=(SEAT,),
            tips=tips,
            person=Person(1, "UTC", None, None, "dev", None, None, None, "U0"),
            day=LAST_DAY,
            recent=(),
            seen=(),
        )
        for said in (standing, begun)
    ]

    assert [State.FIRST_STEPS, State.FIRST_STEPS] == [standing.state, begun.state]
    assert chosen[0] is not None
    assert ("z11-nothing-comes-back", "28 days") == (chosen[0].tip.tip_id, chosen[0].facts["days_empty"])
    assert chosen[1] is not None
    assert "z11-nothing-comes-back" != chosen[1].tip.tip_id


def test_what_remains_is_a_day_of_use_and_gains_nothing() -> None:
    """Somebody who types one word each working day and gets an answer uses the tool on these days: nothing in a count
    tells it from one good question. Nothing is gained by it: the same state as anybody's, with the same words, and a
    thousand times as much is the same again.
    """
    one_word = [Used(day, counters=Counters(requests=1, input_tokens=3, output_tokens=9)) for day in WORKING_DAYS]
    hard_work = times(one_word, requests=1_000, input_tokens=100_000, output_tokens=100_000)

    assert State.HABITUAL == judged(one_word).state
    assert judged(one_word) == judged(hard_work)


def night(store: Store) -> None:
    detect(
        store,
        now=NOW,
        prices=PriceList(),
        holidays_of=lambda *_: frozenset(),
        weekend_of=lambda _: UTC_WEEK.weekend,
    )
