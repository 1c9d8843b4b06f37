"""What a lead may see of a campaign: rounded, of enough people, and no two results that differ by a few of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.experiment.evidence import judge
from bot.domain.experiment.pooled import EXPECTED_POINTS, pool
from bot.domain.experiment.publishing import (
    LEAST_NEW,
    LEAST_OUTCOMES,
    LEAST_PEOPLE,
    publishable,
    publishable_pool,
    told_waves,
)
from bot.domain.experiment.waves import Wave, together
from tests.domain.experiment.trials import binomial

DAY = date(2026, 3, 2)


def wave(treated: int, treated_events: int, held_out: int, held_out_events: int, *, day: int = 0) -> Wave:
    """A wave of which everything is known."""
    return Wave(DAY + timedelta(days=day), treated, held_out, treated, treated_events, held_out, held_out_events)


@st.composite
def small_waves(draw: st.DrawFn) -> list[Wave]:
    listed = []
    for day in range(draw(st.integers(1, 8))):
        treated, held_out = draw(st.integers(0, 60)), draw(st.integers(0, 30))
        listed.append(
            wave(treated, draw(st.integers(0, treated)), held_out, draw(st.integers(0, held_out)), day=7 * day)
        )
    return listed


@settings(max_examples=50, deadline=None)
@given(small_waves())
def test_whatever_is_told_is_told_of_enough(listed: list[Wave]) -> None:
    """Twenty in each arm, five with and five without the outcome in each, and people in tens; or nothing at all."""
    result, told = publishable(listed), told_waves(listed)

    assert bool(told) == (result is not None)
    if result is None:
        return
    of = together(told)
    assert min(of.treated, of.held_out) >= LEAST_PEOPLE
    assert (
        min(
            of.treated_events,
            of.treated - of.treated_events,
            of.held_out_events,
            of.held_out - of.held_out_events,
        )
        >= LEAST_OUTCOMES
    )
    assert 0 == result.about_people % 10
    assert 0 <= of.treated + of.held_out - result.about_people < 10


@settings(max_examples=50, deadline=None)
@given(small_waves())
def test_two_results_never_differ_by_a_few(listed: list[Wave]) -> None:
    """As waves come in one by one, what is told stays as it was or rests on ten more people in each arm at least."""
    told = [told_waves(listed[:many]) for many in range(1, len(listed) + 1)]
    changes = [(together(a), together(b)) for a, b in pairwise(told) if a and a != b]

    assert [] == [(a, b) for a, b in changes if min(b.treated - a.treated, b.held_out - a.held_out) < LEAST_NEW]


@settings(max_examples=50, deadline=None)
@given(small_waves(), st.integers(0, 7), st.integers(-1, 1))
def test_one_persons_outcome_in_a_wave_not_told_changes_nothing(listed: list[Wave], at: int, by: int) -> None:
    """Somebody who is not among those told of may have any outcome: the result is the same."""
    told = told_waves(listed)
    waiting = listed[len(told) :]
    if not told or at >= len(waiting):
        return
    one = waiting[at]
    events = min(max(one.treated_events + by, 0), one.treated)
    other = [replace(each, treated_events=events) if each is one else each for each in listed]

    assert publishable(listed) == publishable(other)


def test_rounding_makes_no_finding() -> None:
    """The told interval is whole points and never narrower than the exact one."""
    listed = [wave(400, 130, 100, 25), wave(380, 120, 90, 20, day=7)]
    exact, result = judge(listed), publishable(listed)

    assert result is not None
    assert exact.low_points - 1 < result.low_points <= exact.low_points
    assert exact.high_points <= result.high_points < exact.high_points + 1
    assert exact.verdict == result.verdict


def test_nineteen_people_or_four_outcomes_are_too_few() -> None:
    """One person, or one outcome, below the least hides the whole result."""
    assert publishable([wave(40, 20, 20, 10)]) is not None
    assert publishable([wave(40, 20, 19, 10)]) is None
    assert publishable([wave(40, 4, 20, 10)]) is None
    assert publishable([wave(40, 20, 20, 16)]) is None


def test_a_pool_needs_two_campaigns_that_may_be_told() -> None:
    """One campaign alone is no pool, and one that may not be told of does not enter it."""
    good, hidden = [wave(400, 100, 100, 20)], [wave(30, 30, 10, 0)]

    assert publishable_pool([good, hidden]) is None
    assert publishable_pool([good, good]) == publishable_pool([good, hidden, good])


def test_without_campaigns_the_estimate_is_what_is_known_elsewhere() -> None:
    """Nothing seen leaves the expectation: 1.4 points, and six to each side."""
    nothing = pool([])

    assert (EXPECTED_POINTS, 0) == (round(nothing.points, 6), len(nothing.each))
    assert -4.6 < nothing.low_points < -4.3
    assert 7.1 < nothing.high_points < 7.4


def test_a_splendid_small_campaign_is_drawn_towards_the_others() -> None:
    """Thirty points on forty people count for little beside four campaigns of a thousand that show one or two."""
    usual = [[wave(800, 176, 200, 41)] for _ in range(4)]
    splendid = [wave(20, 12, 20, 6)]
    estimate = pool([*usual, splendid])

    assert 0 < estimate.points < 4
    assert 0 < estimate.each[4].points < 8
    assert max(each.points for each in estimate.each[:4]) < 3


def test_much_evidence_outweighs_what_was_expected() -> None:
    """Ten large campaigns that all lift by ten points are believed."""
    estimate = pool([[wave(8_000, 2_400, 2_000, 400)] for _ in range(10)])

    assert 9 < estimate.points < 10.5
    assert estimate.low_points > 7


def test_the_best_of_many_is_not_taken_at_its_word() -> None:
    """Of 12 campaigns that all truly lift by 1.4 points the best is overrated by a quarter of its looks at most."""
    dice = Random(20261122)
    raw, drawn_in = 0.0, 0.0
    for _ in range(60):
        campaigns = [[wave(160, binomial(dice, 160, 0.214), 40, binomial(dice, 40, 0.2))] for _ in range(12)]
        looks = [100 * (w.treated_events / 160 - w.held_out_events / 40) for [w] in campaigns]
        best = looks.index(max(looks))
        raw, drawn_in = raw + looks[best] / 60, drawn_in + pool(campaigns).each[best].points / 60

    assert raw - 1.4 > 10
    assert abs(drawn_in - 1.4) < (raw - 1.4) / 4
