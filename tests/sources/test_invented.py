"""The invented company: the same every time, plausible, and honest about its own truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

from bot.domain.adoption import State
from bot.domain.roster import SeatRecord
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.sources.invented import Behaviour, Company, Habit, crowd, truth
from bot.sources.invented.company import InventedCompany
from bot.sources.invented.sessions import PATTERNS
from bot.sources.invented.workforce import Course, Login, Worker

STORY_DAY = date(2026, 3, 2)
PAST = [STORY_DAY - timedelta(days=back) for back in range(1, 85)]


def company(seed: int = 7) -> Company:
    return Company(crowd(seed, 120), seed=seed, story_day=STORY_DAY)


def test_same_seed_same_company() -> None:
    """Whatever day is asked for first, a seed always tells the same story."""
    one, other = company(), company()
    forwards = {day: list(one.usage(day)) for day in PAST}
    backwards = {day: list(other.usage(day)) for day in reversed(PAST)}

    assert forwards == backwards
    assert forwards != {day: list(company(seed=8).usage(day)) for day in PAST}


def test_truth_is_kept() -> None:
    """Those who never use it never do, those who lapsed are silent for the last 28 days, nobody works on leave."""
    invented = company()
    used = {(row.subject, day) for day in PAST for row in invented.usage(day)}
    last_four_weeks = set(PAST[:28])
    for person in invented.people:
        days = {day for who, day in used if who == person.email}
        if person.behaviour in {Behaviour.NEVER, Behaviour.ELSEWHERE, Behaviour.NO_SEAT}:
            assert set() == days
        if person.behaviour is Behaviour.LAPSED:
            assert set() == days & last_four_weeks
            assert days
        if person.behaviour is Behaviour.FIRST_STEPS:
            assert len(days) <= 2
    for person, first, last in invented.absences():
        assert not {day for who, day in used if who == person.email and first <= day <= last}


def test_every_behaviour_occurs() -> None:
    """A crowd of 120 holds every kind of person, so that a demo or a test meets them all."""
    assert set(Behaviour) == {person.behaviour for person in company().people}


def test_tokens_are_disjoint_and_priced() -> None:
    """Model rows carry four disjoint token counts and whole cents; the row for all models carries neither."""
    rows = [row for day in PAST for row in company().usage(day)]
    for row in rows:
        counters = row.counters
        if row.model == "*":
            assert (None, None) == (counters.input_tokens, counters.cost_microusd)
        else:
            assert counters.cost_microusd is not None
            assert 0 == counters.cost_microusd % 10_000
            assert None is counters.sessions


def with_habits() -> Company:
    """The same crowd, and the machine of every other one tells of sessions."""
    habits = cycle([*Habit, *[None] * len(Habit)])
    everybody = tuple(replace(person, habit=next(habits)) for person in crowd(7, 120))
    return Company(everybody, seed=7, story_day=STORY_DAY)


def test_sessions_fit_into_the_bill_of_their_day() -> None:
    """Of whom the machine tells, each day is told and billed: model by model the same tokens, and no session's dollar
    that was not billed (P6).
    """
    invented = with_habits()
    tell = {person.email for person in invented.people if person.habit is not None}
    for day in PAST[:28]:
        billed = {(row.subject, row.model): row.counters for row in invented.usage(day) if row.subject in tell}
        told: dict[tuple[str, str], Counters] = {}
        for one in invented.sessions(day):
            told[one.subject, one.model] = told.get((one.subject, one.model), Counters()).plus(one.counters)
        assert {key for key in billed if key[1] != ANY_MODEL} == told.keys()
        for key, sums in told.items():
            assert billed[key].cache_read_tokens == sums.cache_read_tokens
            assert 0 <= (billed[key].cost_microusd or 0) - (sums.cost_microusd or 0) < 10_000


def test_a_habit_shows_in_sessions() -> None:
    """Cold breaks are taken up cold, heavy starts are heavy, one long talk is long, and ordinary work is none of it."""
    invented = with_habits()
    alone = {person.email for person in invented.people if person.behaviour is Behaviour.NIGHT_AGENT}
    habit_of = {person.email: person.habit for person in invented.people}
    seen: dict[Habit | None, Counter[str]] = {habit: Counter() for habit in Habit}
    for day in PAST[:28]:
        for one in (one for one in invented.sessions(day) if one.subject not in alone):
            for name in ("cold_restarts", "heavy_starts", "long_requests"):
                seen[habit_of[one.subject]][name] += getattr(one.happened, name) or 0

    assert {"cold_restarts": 0, "heavy_starts": 0, "long_requests": 0} == dict(seen[Habit.ORDINARY])
    assert seen[Habit.COLD_BREAKS]["cold_restarts"] > 0 == seen[Habit.COLD_BREAKS]["heavy_starts"]
    assert seen[Habit.HEAVY_STARTS]["heavy_starts"] > 0 == seen[Habit.HEAVY_STARTS]["cold_restarts"]
    assert seen[Habit.ONE_LONG_TALK]["long_requests"] > 0 == seen[Habit.ONE_LONG_TALK]["cold_restarts"]


NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)


def large(seed: int = 3, size: int = 200) -> InventedCompany:
    return InventedCompany(seed=seed, size=size, now=NOW)


def told(company: InventedCompany) -> list[tuple[int, list[UsageRow], list[date]]]:
    """Everything that is said of everybody."""
    return [
        (
            one.worker.number,
            [row for _, row in company.reported(one)],
            [done.at.date() for done in company.outcomes(one)],
        )
        for one in company.people()
    ]


def test_a_larger_company_holds_the_smaller_one() -> None:
    """The same seed tells the same of everybody, however many there are; another seed does not."""
    small = told(large(size=60))

    assert small == told(large(size=90))[:60]
    assert small != told(large(seed=4, size=60))


def test_everything_that_happens_in_companies_happens() -> None:
    """Every course, log-in, role and state occurs, with leave, part-time, joiners, leavers, nights and twins."""
    company = large(size=600)
    everybody = list(company.people())
    workers = [one.worker for one in everybody]

    assert set(Course) == {who.course for who in workers}
    assert set(Login) == {who.login for who in workers}
    assert {"dev", "biz", "ops"} == {who.role for who in workers}
    assert set(State) - {State.UNKNOWN} == {company.state(one, LAST_DAY) for one in everybody}
    assert all(any(has(who) for who in workers) for has in _TRAITS)
    assert any(seat.released_on for who in workers for seat in who.seats)
    assert {"W01", "W03", "W06", "W07", "W08", "W09", "W10", "W12", "W15", "W23", "W25", *PATTERNS} == {
        plant.detector for one in everybody for plant in company.planted(one, LAST_DAY)
    }


_TRAITS: tuple[Callable[[Worker], object], ...] = (
    lambda who: who.leave,
    lambda who: len(who.works_on) < 5,
    lambda who: who.started_on,
    lambda who: who.ended_on,
    lambda who: who.night_agent,
    lambda who: who.volume > 1,
    lambda who: who.second_account,
    lambda who: who.empty_since,
)


def test_a_tokenmaxxer_does_the_same_work_as_the_twin() -> None:
    """Thirty times the tokens on the same days, with the same merged changes and the same truth."""
    company = large()
    people = {one.worker.number: one for one in company.people()}
    burned = 0
    for maxxer in (one for one in people.values() if one.worker.volume > 1):
        twin = people[maxxer.worker.alike]
        assert twin.use == maxxer.use
        assert [done.at for done in company.outcomes(twin)] == [done.at for done in company.outcomes(maxxer)]
        assert company.state(twin, LAST_DAY) == company.state(maxxer, LAST_DAY)
        burned += _tokens(maxxer.work.rows) > 20 * _tokens(twin.work.rows) > 0
    assert burned > 0


def _tokens(rows: list[UsageRow]) -> int:
    return sum((row.counters.cache_read_tokens or 0) + (row.counters.input_tokens or 0) for row in rows)


def test_sources_do_not_see_everything() -> None:
    """Subscription log-ins are in no report, some ids are nobody's, late and lost days have no rows."""
    company = large(size=400)
    missing = unnamed = 0
    for one in company.people():
        rows = [(account, row) for account, row in company.reported(one)]
        if one.worker.login is Login.SUBSCRIPTION:
            assert not [row for _, row in rows if row.tool == "claude_code"]
        unnamed += any(row.subject != one.worker.email for _, row in rows)
        missing += len(rows) < len(one.work.rows)
        for account, row in rows:
            assert CoverageStatus.FAILED is not account.broken.get(row.day)
            assert row.day <= LAST_DAY - timedelta(days=account.lag_days) or not account.lag_days
    assert unnamed > 0
    assert missing > 0


def test_truth_by_hand() -> None:
    """The truth says what the words of the rules say of days that anybody can count."""
    seat = SeatRecord("a@lantern.example", "claude_code", date(2025, 6, 2))
    [first] = large(size=1).people()
    who = replace(first.worker, seats=(seat,), started_on=None)

    def at(*ages: int) -> str:
        days = frozenset(LAST_DAY - timedelta(days=age) for age in ages)
        return truth.state(who, {"claude_code": days} if days else {}, LAST_DAY, known=frozenset())

    assert "never_used" == at()
    assert "lapsed" == at(29, 40)
    assert "building" == at(28, 120)
    assert "at_risk" == at(*range(14, 100, 7))
    assert "habitual" == at(*range(0, 63, 7), 120)

    assert "habitual" == at(0, 7, 14, 21)
    assert "building" == at(0, 7, 14, 28, 29, 30)
    assert "first_steps" == at(3, 20)
    assert "grace" == truth.state(
        replace(who, seats=(replace(seat, assigned_on=LAST_DAY - timedelta(days=13)),)), {}, LAST_DAY, known=frozenset()
    )
    assert "not_provisioned" == truth.state(replace(who, seats=()), {}, LAST_DAY, known=frozenset())


def test_truth_of_empty_days_by_hand() -> None:
    """Days on which nothing came back are no habit and no silence."""
    seat = SeatRecord("a@lantern.example", "claude_code", date(2025, 6, 2))
    [first] = large(size=1).people()
    who = replace(first.worker, seats=(seat,), started_on=None)
    every_day = frozenset(LAST_DAY - timedelta(days=age) for age in range(126))

    def working_until(age: int) -> str:
        worked = frozenset(day for day in every_day if (LAST_DAY - day).days >= age)
        return truth.state(who, {"claude_code": every_day}, LAST_DAY, known=frozenset(), worked=worked)

    assert "first_steps" == working_until(126)
    assert "building" == working_until(40)
    assert "habitual" == working_until(0)
