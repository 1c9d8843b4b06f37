"""What is forecast before a launch is what the rule that judges will see."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.domain.experiment.power import GOOD_POWER, forecast


def smallest(treated: int, held_out: int, baseline: float = 0.2) -> float:
    """The smallest visible lift, where there is one."""
    found = forecast(treated=treated, held_out=held_out, baseline=baseline).smallest_points
    assert found is not None
    return found


def test_a_small_campaign_is_told_that_it_shows_nothing_usual() -> None:
    """42 people in equal arms see 57 points and more, with a fifth held out 72; with nobody held out, nothing."""
    assert pytest.approx(57, abs=1) == smallest(21, 21)
    assert pytest.approx(72, abs=1) == smallest(34, 8)
    assert forecast(treated=40, held_out=0).smallest_points is None


def test_more_people_see_less() -> None:
    """The smallest visible lift falls with the number of people, about with its square root."""
    sizes = [100, 400, 1_600, 6_400, 25_600]
    lifts = [smallest(size // 2, size // 2) for size in sizes]

    assert sorted(lifts, reverse=True) == lifts
    assert [] == [(big, small) for big, small in pairwise(lifts) if not 1.6 < big / small < 2.4]


def test_the_price_of_looking_every_day_is_known() -> None:
    """For one look a z-test sees 12.3 points with 200 people an arm; this rule needs half as much again at most."""
    assert 12.3 < smallest(200, 200) < 1.5 * 12.3


def test_power_rises_with_the_lift() -> None:
    """From next to nothing without a lift to nearly always, and four times of five at the smallest visible one."""
    plan = forecast(treated=800, held_out=200)
    powers = [plan.power(points) for points in range(0, 40, 2)]

    assert sorted(powers) == powers
    assert powers[0] < 0.025
    assert powers[-1] > 0.999
    assert plan.smallest_points is not None
    assert pytest.approx(GOOD_POWER, abs=0.01) == plan.power(plan.smallest_points)


@pytest.mark.parametrize(("treated", "held_out"), [(0, 0), (1, 0), (0, 9), (1, 1), (2, 6)])
@pytest.mark.parametrize("baseline", [0.0, 0.03, 0.5, 0.97, 1.0])
def test_hopeless_plans_have_an_answer_too(treated: int, held_out: int, baseline: float) -> None:
    """Nobody to compare, or a base at its end, is forecast without an error, and nothing is promised."""
    plan = forecast(treated=treated, held_out=held_out, baseline=baseline)

    assert plan.smallest_points is None
    assert 0 <= plan.power(100) < GOOD_POWER
