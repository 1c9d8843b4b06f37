"""How large an audience is said to be: no answer, and no two, tell of one person."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audience import LEAST, MOST_MOVED, NEVER_ALL, ROUNDED_TO, blurred, cut_of
from bot.domain.campaigns import Audience

SECRET = b"drawn once"
MANY = 100_000
PEOPLE = st.integers(min_value=0, max_value=5_000)
CUTS = st.text(min_size=1, max_size=20)


@cache
def possible(people: int) -> frozenset[int | None]:
    """Every answer that some draw gives for so many people."""
    return frozenset(blurred(people, of=MANY, secret=SECRET, cut=str(draw)) for draw in range(200))


@given(PEOPLE, CUTS)
def test_the_answer_is_near_and_never_small(people: int, cut: str) -> None:
    """What is said is a ten at most eleven people off, and nothing is said of fewer than 15."""
    said = blurred(people, of=MANY, secret=SECRET, cut=cut)

    if people < LEAST:
        assert said is None
    if people >= LEAST + MOST_MOVED:
        assert said is not None
    if said is not None:
        assert 0 == said % ROUNDED_TO
        assert abs(said - people) <= MOST_MOVED + ROUNDED_TO // 2


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=0, max_value=NEVER_ALL), CUTS)
def test_no_answer_tells_that_all_are_meant(of: int, missing: int, cut: str) -> None:
    """Whether all of a team are meant or five are not, the same is said: of nobody does it follow that they are."""
    nearly = blurred(max(0, of - missing), of=of, secret=SECRET, cut=cut)

    assert nearly == blurred(of, of=of, secret=SECRET, cut=cut)


@given(st.integers(min_value=0, max_value=300))
def test_no_two_answers_tell_whether_somebody_is_in(people: int) -> None:
    """Whatever two audiences answer that differ by one person, they can answer as well without that person."""
    with_one_more, without = possible(people + 1), possible(people)

    every_pair = {(one, other) for one in without for other in with_one_more}
    equal_sizes = {(one, other) for size in (people, people + 1) for one in possible(size) for other in possible(size)}
    assert set() == every_pair - equal_sizes


def test_just_enough_people_are_not_always_told() -> None:
    """Of 15 people something is said by some draws and nothing by others, so that nothing is no proof of 14."""
    assert None in possible(LEAST)
    assert possible(LEAST) - {None}
    assert {None} == possible(LEAST - 1)


def test_another_audience_is_another_draw() -> None:
    """Each narrowing has a name of its own, so that its draw tells nothing about another's."""
    audiences = [
        Audience("never_used"),
        Audience("lapsed"),
        Audience("never_used", role="dev"),
        Audience("never_used", tool="dev"),
        Audience("never_used", group_key="dev"),
    ]
    assert len(audiences) == len({cut_of(one) for one in audiences})
