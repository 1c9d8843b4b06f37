"""What is said of outcomes: never more than they prove, nothing of those that are not over, and costs are charged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import comb, exp, fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.experiment.betting import BASES, Block, blocks, factor, harmonic, log_wealth
from bot.domain.experiment.evidence import PRICE, Evidence, Verdict, interval, judge
from bot.domain.experiment.opt_outs import TOLERABLE_STOPS, cost_points, too_many_stops
from bot.domain.experiment.waves import Wave, together

DAY = date(2026, 3, 2)
ROUNDING = 0.001


def wave(treated: int, treated_events: int, held_out: int, held_out_events: int, *, day: int = 0) -> Wave:
    """A wave of which everything is known."""
    return Wave(
        DAY + timedelta(days=day),
        treated,
        held_out,
        treated,
        treated_events,
        held_out,
        held_out_events,
        reached=treated,
    )


@st.composite
def waves(draw: st.DrawFn) -> Wave:
    treated, held_out = draw(st.integers(0, 400)), draw(st.integers(0, 400))
    return wave(
        treated, draw(st.integers(0, treated)), held_out, draw(st.integers(0, held_out)), day=draw(st.integers(0, 40))
    )


@settings(max_examples=40, deadline=None)
@given(
    m1=st.integers(1, 12),
    m0=st.integers(1, 12),
    p0=st.floats(0, 1),
    p1=st.floats(0, 1),
    drawn=st.integers(1, 400),
    up=st.booleans(),
)
def test_nobody_can_expect_to_win_against_the_truth(
    *, m1: int, m0: int, p0: float, p1: float, drawn: int, up: bool
) -> None:
    """Summed over every possible outcome of a wave, a bet against the true lift returns at most its stake: this, with
    Ville's inequality, is the whole proof that the interval survives being looked at.
    """
    ways = [
        (comb(m1, x1) * p1**x1 * (1 - p1) ** (m1 - x1) * comb(m0, x0) * p0**x0 * (1 - p0) ** (m0 - x0), x1, x0)
        for x1 in range(m1 + 1)
        for x0 in range(m0 + 1)
    ]
    for base, _ in BASES:
        expected = fsum(
            chance * exp(factor(Block(DAY, m1, x1, m0, x0, harmonic(4 * drawn, drawn)), p1 - p0, base, up=up))
            for chance, x1, x0 in ways
            if chance
        )
        assert expected <= 1 + 1e-9, base


@settings(max_examples=60, deadline=None)
@given(st.lists(waves(), max_size=5))
def test_the_ends_enclose_all_that_is_possible(listed: list[Wave]) -> None:
    """Below the interval every lift is ruled out and above it too; the verdict says help only when all of it is."""
    evidence = judge(listed)

    assert -100 <= evidence.low_points < evidence.high_points <= 100
    helps = evidence.low_points - evidence.cost_points > 0
    harms = evidence.high_points - evidence.cost_points < 0
    expected = {(True, False): Verdict.SEEMS_TO_HELP, (False, True): Verdict.SEEMS_TO_HARM}
    assert expected.get((helps, harms), Verdict.CANNOT_TELL_YET) == evidence.verdict


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_no_possible_lift_lies_outside(m1: int, m0: int, data: st.DataObject) -> None:
    """Of very few people, where bets can lose their order, the interval still leaves out nothing that is possible."""
    block = Block(DAY, m1, data.draw(st.integers(0, m1)), m0, data.draw(st.integers(0, m0)), harmonic(m1, m0))
    low, high = interval([block])
    lifts = [step / 50 for step in range(-50, 51)]

    possible = [
        100 * lift
        for lift in lifts
        if log_wealth([block], lift, up=True) < PRICE and log_wealth([block], lift, up=False) < PRICE
    ]
    assert [] == [lift for lift in possible if not low - ROUNDING <= lift <= high + ROUNDING]


@settings(max_examples=40, deadline=None)
@given(waves())
def test_the_two_arms_are_alike(one: Wave) -> None:
    """Arms changed over, an effect is as large the other way round."""
    other = wave(one.held_out, one.held_out_events, one.treated, one.treated_events)
    here, there = judge([replace(one, reached=0)]), judge([replace(other, reached=0)])

    assert pytest.approx((-here.high_points, -here.low_points), abs=ROUNDING) == (there.low_points, there.high_points)


def test_nothing_is_known_before_anybody_counts() -> None:
    """Without a campaign, without outcomes, and with one arm only, everything is possible and nothing is stopped."""
    nothing = Evidence(-100.0, 100.0, 0.0, Verdict.CANNOT_TELL_YET, harm=False)

    assert nothing == judge([])
    assert nothing == judge([Wave(DAY, drawn_treated=80, drawn_held_out=20)])
    assert nothing == judge([wave(400, 200, 0, 0)])


def test_a_clear_lift_is_seen_and_a_usual_one_is_not() -> None:
    """Twenty points on 400 people each are proven; the 1.4 that nudges bring are not, and that is said."""
    clear, usual = judge([wave(400, 160, 400, 80)]), judge([wave(400, 86, 400, 80)])

    assert Verdict.SEEMS_TO_HELP == clear.verdict
    assert 5 < clear.low_points < 20 < clear.high_points < 35
    assert Verdict.CANNOT_TELL_YET == usual.verdict
    assert usual.low_points < 0
    assert usual.high_points > 1.4


def test_fewer_outcomes_among_the_treated_stop_a_campaign() -> None:
    """A lift below zero beyond doubt is harm, and harm stops."""
    evidence = judge([wave(800, 80, 800, 240)])

    assert (Verdict.SEEMS_TO_HARM, True) == (evidence.verdict, evidence.harm)


def test_later_waves_add_to_earlier_ones_in_any_order() -> None:
    """Four waves prove nearly what one with all their people proves, however they are listed."""
    four = [wave(200, 60, 50, 10, day=7 * week) for week in range(4)]
    one = judge([wave(800, 240, 200, 40)])

    assert judge(four) == judge(four[::-1])
    assert pytest.approx(one.low_points, abs=1.0) == judge(four).low_points
    assert pytest.approx(one.high_points, abs=1.0) == judge(four).high_points


def test_no_bet_is_changed_once_its_outcomes_were_seen() -> None:
    """In a weekly campaign the fifth wave is drawn after a look at the first one, on which the bet stays as it was."""
    weekly = [Wave(DAY + timedelta(days=day), 80, 20) for day in (7, 14, 21)]
    seen = [wave(80, 20, 20, 5), *weekly]
    drawn_after_that = Wave(DAY + timedelta(days=28), 4000, 1000)

    assert blocks(seen) == blocks([*seen, drawn_after_that])
    assert 1 == len(blocks(seen))


def test_waves_that_contradict_one_another_prove_nothing() -> None:
    """Where everything is ruled out, since the second wave did the opposite, there is no one lift to speak of."""
    opposites = [wave(32, 32, 184, 0), wave(265, 0, 18, 18, day=1)]

    one = judge(opposites)

    assert (-100, 100) == (one.low_points, one.high_points)
    assert (Verdict.CANNOT_TELL_YET, False) == (one.verdict, one.harm)


def test_a_tide_that_lifts_everybody_is_no_effect() -> None:
    """With most treated drawn in a good week and most held-out in a bad one, the arms differ and nothing is said."""
    good, bad = wave(900, 540, 100, 60), wave(100, 10, 900, 90, day=7)
    apart = together([good, bad])

    assert apart.treated_events / apart.treated - apart.held_out_events / apart.held_out > 0.3
    assert Verdict.CANNOT_TELL_YET == judge([good, bad]).verdict


def test_stops_and_useless_tips_are_charged() -> None:
    """The same lift helps when nobody minds, cannot be told when some stop, and harms when many do."""
    outcomes = wave(4_000, 1_200, 1_000, 200)

    assert Verdict.SEEMS_TO_HELP == judge([outcomes]).verdict
    assert pytest.approx(5.0) == cost_points([replace(outcomes, stopped=160, not_helpful=400)])
    assert Verdict.CANNOT_TELL_YET == judge([replace(outcomes, stopped=400)]).verdict
    assert Verdict.SEEMS_TO_HARM == judge([replace(outcomes, stopped=1_200)]).verdict


def test_too_many_stops_need_no_follow_up() -> None:
    """Opt-outs count on the day they come: five of five, or 16 of 100, stop a campaign; 5 of 100 or 4 of 4 do not."""

    def stops(stopped: int, reached: int) -> bool:
        return judge([Wave(DAY, drawn_treated=400, drawn_held_out=100, reached=reached, stopped=stopped)]).harm

    assert [False, True, True] == [stops(4, 4), stops(5, 5), stops(16, 100)]
    assert [False, False, False] == [stops(1, 1), stops(5, 100), stops(20, 400)]


def test_the_answers_of_one_person_stop_nothing() -> None:
    """Who says that it did not help, and then stop, is one person: no campaign ends by that, whenever it is seen."""
    soon = Wave(DAY, 40, 10, reached=1, stopped=1, not_helpful=1)
    late = Wave(DAY, 100, 100, 60, 30, 60, 30, unknown=80, reached=2, stopped=1)
    alone = Wave(DAY, 1, 1, 1, 0, 1, 1, reached=1, stopped=1, not_helpful=1)

    assert [False, False, False] == [judge([one]).harm for one in (soon, late, alone)]
    assert pytest.approx(1.0) == cost_points([late])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5_000))
def test_a_tolerable_share_of_stops_never_stops(reached: int) -> None:
    """With at most the tolerable share so far, whatever the number of people, nothing is stopped for that."""
    stopped = int(TOLERABLE_STOPS * reached)

    assert not too_many_stops([Wave(DAY, reached, 0, reached=reached, stopped=stopped)])


@pytest.mark.parametrize(
    "counts",
    [
        {"drawn_treated": 3, "drawn_held_out": 1, "treated": 4},
        {"drawn_treated": 3, "drawn_held_out": 1, "treated": 3, "treated_events": 4},
        {"drawn_treated": 3, "drawn_held_out": 1, "reached": 2, "stopped": 3},
        {"drawn_treated": 3, "drawn_held_out": 1, "treated": 3, "unknown": 2},
        {"drawn_treated": 3, "drawn_held_out": -1},
    ],
)
def test_counts_that_cannot_be_are_refused(counts: dict[str, int]) -> None:
    """A part larger than its whole, or fewer than nobody, is a mistake of whoever counted."""
    with pytest.raises(ValueError, match="a wave"):
        Wave(DAY, **counts)
