"""Campaigns whose truth is known: how often something false is said, and what is seen (docs/evidence/experiment.md).

`make test` tries a few hundred; `make prove` 2,000 of each kind and prints the tables of that page.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from random import Random
from statistics import fmean, median

import pytest

from bot.domain.experiment.evidence import Verdict, judge
from bot.domain.experiment.pooled import EXPECTED_POINTS, EXPECTED_WITHIN_POINTS, pool
from bot.domain.experiment.power import Forecast, forecast
from tests.domain.experiment.trials import Tried, Truth, campaign, course, harm_day, seen_to_help, stop_days, tried

RUNS = int(os.environ.get("KINDLING_PROVE_TRIALS", "2000"))
SEED = "kindling-trials-1"
SIZES = (40, 100, 400, 1_000, 4_000, 20_000)
LIFTS = (0.0, 1.4, 5.0, 8.7)
PERCENTS = (20, 50)
HARMS = (0.0, -5.0, -8.7, -15.0)
STOPS = (0.02, 0.05, 0.1, 0.2, 0.4)
ALPHA = 0.05
GOAL = 0.1
"""How far the forecast may lie from what is simulated, as a share of the latter, at powers from 0.2 to 0.95."""


def test_looking_every_day_finds_nothing_where_nothing_is() -> None:
    """Of 300 campaigns without effect at most 5 % ever say one, where a z-test looked at daily does in every sixth."""
    quiet = tried(Truth(400, 0.0), runs=300, seed=SEED)

    assert quiet.wrong <= ALPHA
    assert quiet.share("ever_missed") <= ALPHA
    assert quiet.share("ever_significant") > 1 / 6


@pytest.mark.parametrize("uneven", [False, True])
def test_the_interval_holds_the_truth_on_every_day(uneven: bool) -> None:
    """In 95 % of the campaigns the true lift lies inside on all 56 days; also where bases differ and fall."""
    moved = tried(Truth(400, 8.7, uneven=uneven), runs=150, seed=SEED)

    assert moved.share("ever_missed") <= ALPHA


def test_the_trials_say_what_judge_says() -> None:
    """The sums that the trials keep day by day lead to the verdicts that the product gives for the same waves."""
    dice = Random(SEED)
    for points in (-40.0, 0.0, 12.0, 40.0) * 5:
        truth = Truth(300, points, baseline=0.5)
        waves = campaign(dice, truth)
        seen, evidence = course(waves, truth.lift), judge(waves)
        assert (seen.helps, seen.harms) == (
            Verdict.SEEMS_TO_HELP is evidence.verdict,
            Verdict.SEEMS_TO_HARM is evidence.verdict,
        )


def test_the_forecast_is_what_happens() -> None:
    """Of 1,500 campaigns in one wave the share that is seen to help is what was forecast, give or take four errors."""
    plan = _plan(Truth(1_000, 0.0, days=1))
    points = _lift_for(plan, 0.6)

    assert abs(_seen_at_the_end(Truth(1_000, points, days=1), runs=1_500) - 0.6) < 4 * (0.24 / 1_500) ** 0.5


@pytest.mark.prove
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("percent", PERCENTS)
def test_nothing_false_is_said_often(percent: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In every size and for every truth: false at most 5 %, the interval right on all days in at least 95 %."""
    rows = []
    for uneven in (False, True) if percent == PERCENTS[0] else (False,):
        for people in SIZES:
            found = [tried(Truth(people, lift, percent, uneven=uneven), runs=RUNS, seed=SEED) for lift in LIFTS]
            rows += [_row(each) for each in found]
            assert [] == [each.truth for each in found if max(each.wrong, each.share("ever_missed")) > ALPHA]
    _print(
        capsys,
        f"{percent} % held out, {RUNS} campaigns a line",
        "| truth | people | true lift | false, ever | interval right on all days | seen to help, ever "
        "| on the last day | forecast | half the interval, last day | z-test looked at daily, ever |",
        rows,
    )


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_the_forecast_is_within_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    """At powers from 0.2 to 0.95, in one wave and in 28, the forecast is within 10 % of what is simulated."""
    found = [_forecast_row(truth, wanted) for truth, wanted in _plans()]
    head = "| people | held out | waves | true lift | forecast | simulated | off by |"
    _print(capsys, f"{2 * RUNS} campaigns a line", head, [row for row, _ in found])
    assert max(off for _, off in found) <= GOAL


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_the_stop_on_harm_stops_harm(capsys: pytest.CaptureFixture[str]) -> None:
    """Without harm at most 2.5 % are stopped for either reason; with harm, how many are and when."""
    by_outcomes = [_harm_row(lift, people) for lift in HARMS for people in SIZES[2:]]
    by_stops = [_stops_row(share, people) for share in STOPS for people in SIZES[:5]]
    head = "| truth | people | stopped by itself | on day (median) | written to by then (median) |"
    _print(capsys, f"{RUNS} campaigns a line", head, [row for row, _ in by_outcomes + by_stops])
    harmless = [
        stopped for row, stopped in by_outcomes + by_stops if "+0 points" in row or "| 2 %" in row or "| 5 %" in row
    ]
    assert len(harmless) == 14
    assert max(harmless) <= ALPHA / 2


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_the_pool_is_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    """Of companies as expected the pooled 95 % hold the truth in about 95 %, and the best campaign is not overrated."""
    found = [_pool_row(campaigns, people) for campaigns in (2, 5, 12) for people in (100, 400, 4_000)]
    head = (
        "| campaigns | people in each | common lift inside | best, as it looks, off by | best, as estimated, off by |"
    )
    _print(capsys, f"{RUNS // 2} companies a line", head, [row for row, _, _ in found])
    assert [] == [row for row, right, off in found if not 0.93 <= right <= 0.97 or abs(off) > 0.5]


def _forecast_row(truth: Truth, wanted: float) -> tuple[str, float]:
    plan = _plan(truth)
    points = _lift_for(plan, wanted)
    told = plan.power(points)
    seen = _seen_at_the_end(Truth(truth.people, points, truth.percent, days=truth.days), runs=2 * RUNS)
    row = (
        f"| {truth.people:,} | {truth.percent} % | {truth.days} | {points:.1f} | {told:.3f} | {seen:.3f} "
        f"| {100 * (told / seen - 1):+.1f} % |"
    )
    return row, abs(told / seen - 1)


def _harm_row(lift: float, people: int) -> tuple[str, float]:
    truth = Truth(people, lift, baseline=0.3)
    dice = Random(f"{SEED} harm {truth}")
    days = [harm_day(campaign(dice, truth)) for _ in range(RUNS)]
    return f"| outcomes {lift:+g} points | {people:,} | {_days(days)} | |", sum(day is not None for day in days) / RUNS


def _stops_row(share: float, people: int) -> tuple[str, float]:
    dice = Random(f"{SEED} stops {share} {people}")
    ends = [stop_days(dice, people=round(0.8 * people), share=share) for _ in range(RUNS)]
    reached = [end[1] for end in ends if end]
    after = f"{median(reached):.0f}" if reached else "–"
    days = _days([end[0] if end else None for end in ends])
    return f"| {100 * share:g} % say stop | {people:,} | {days} | {after} |", len(reached) / RUNS


def _pool_row(campaigns: int, people: int) -> tuple[str, float, float]:
    dice = Random(f"{SEED} pool {campaigns} {people}")
    right, raw, drawn_in = [], [], []
    for _ in range(RUNS // 2):
        common = dice.gauss(EXPECTED_POINTS, EXPECTED_WITHIN_POINTS)
        spread = abs(dice.gauss(0, EXPECTED_WITHIN_POINTS))
        lifts = [round(min(max(dice.gauss(common, spread), -19), 60), 2) for _ in range(campaigns)]
        listed = [campaign(dice, Truth(people, lift, days=1)) for lift in lifts]
        estimate = pool(listed)
        looks = [100 * (w.treated_events / w.treated - w.held_out_events / w.held_out) for [w] in listed]
        best = looks.index(max(looks))
        right.append(estimate.low_points <= common <= estimate.high_points)
        raw.append(looks[best] - lifts[best])
        drawn_in.append(estimate.each[best].points - lifts[best])
    row = f"| {campaigns} | {people:,} | {fmean(right):.1%} | {fmean(raw):+.1f} | {fmean(drawn_in):+.1f} |"
    return row, fmean(right), fmean(drawn_in)


def _plans() -> Iterator[tuple[Truth, float]]:
    """Sizes, arms and waves, at the powers that each of them can reach."""
    for people in SIZES:
        for percent in PERCENTS:
            for days in (1, 28):
                truth = Truth(people, 0.0, percent, days=days)
                most = _plan(truth).power(80)
                yield from ((truth, wanted) for wanted in (0.2, 0.5, 0.8, 0.95) if wanted < most)


def _plan(truth: Truth) -> Forecast:
    held_out = round(truth.people * truth.percent / 100)
    return forecast(treated=truth.people - held_out, held_out=held_out, baseline=truth.baseline)


def _lift_for(plan: Forecast, power: float) -> float:
    """The lift that is seen with this power, to a tenth of a point."""
    return next(points / 10 for points in range(1, 801) if plan.power(points / 10) >= power)


def _seen_at_the_end(truth: Truth, *, runs: int) -> float:
    """How often a campaign is seen to help, judged once when everybody counts."""
    dice = Random(f"{SEED} {truth}")
    return fmean(seen_to_help(campaign(dice, truth)) for _ in range(runs))


def _row(found: Tried) -> str:
    truth = found.truth
    dice = Random(SEED)
    ends = [judge(campaign(dice, truth)) for _ in range(5)]
    half = fmean(end.high_points - end.low_points for end in ends) / 2
    told = _plan(truth).power(truth.lift_points)
    return (
        f"| {'uneven' if truth.uneven else 'even'} | {truth.people:,} | {truth.lift_points:g} | {found.wrong:.2%} "
        f"| {1 - found.share('ever_missed'):.2%} | {found.share('ever_helps'):.1%} | {found.share('helps'):.1%} "
        f"| {told:.1%} | {half:.1f} | {found.share('ever_significant'):.1%} |"
    )


def _days(days: list[int | None]) -> str:
    ended = [day for day in days if day is not None]
    return f"{len(ended) / len(days):.1%} | {median(ended):.0f}" if ended else "0.0% | –"


def _print(capsys: pytest.CaptureFixture[str], caption: str, head: str, rows: list[str]) -> None:
    line = "|" + "---|" * (head.count("|") - 1)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", caption, "", head, line, *rows, ""]))
