"""The invented company: the same every time, plausible, and honest about its own truth."""

from __future__ import annotations

from datetime import date, timedelta

from bot.sources.invented import Behaviour, Company, crowd

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
