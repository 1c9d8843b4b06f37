"""What a lead may see of a campaign: whole points, people in tens, and nothing of groups in which somebody stands out.

Told are only waves whose 28 days are over, in groups of at least ten more people in each arm, so that no two results
differ by a few; twenty in each arm are the least at all, and of these at least five with the outcome and five without,
in each arm, or "nearly all of them" would tell on the rest. The ends of the interval are rounded outwards: rounding
never makes a finding. Neither the arms' shares nor the counts of stops are told. Called by `jobs` once a week; what is
returned is all that is stored and shown. Next: `bot/domain/experiment/pooled.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from bot.domain.experiment.evidence import LEAST_FOLLOWED, Verdict, judge
from bot.domain.experiment.pooled import pool
from bot.domain.experiment.waves import Wave, together

LEAST_PEOPLE = LEAST_FOLLOWED
"""In each arm: twice what P10 asks for figures about kinds of people, since there are two kinds of outcome."""
LEAST_NEW = 10
LEAST_OUTCOMES = 5


@dataclass(frozen=True)
class Result:
    """One campaign as it may be shown."""

    about_people: int
    low_points: int
    high_points: int
    verdict: Verdict


@dataclass(frozen=True)
class PooledResult:
    """Several campaigns together as they may be shown: an estimate that leans on what is known of nudges elsewhere."""

    campaigns: int
    points: int
    low_points: int
    high_points: int


def publishable(waves: Sequence[Wave]) -> Result | None:
    """What may be told of a campaign, or None: too few people, or too few of one outcome."""
    in_order = sorted(waves, key=lambda wave: wave.enrolled_on)
    told = told_waves(in_order)
    if not told:
        return None
    drawn_since = [Wave(each.enrolled_on, each.drawn_treated, each.drawn_held_out) for each in in_order[len(told) :]]
    everybody, evidence = together(told), judge([*told, *drawn_since])
    return Result(
        about_people=(everybody.treated + everybody.held_out) // 10 * 10,
        low_points=floor(evidence.low_points),
        high_points=ceil(evidence.high_points),
        verdict=evidence.verdict,
    )


def publishable_pool(campaigns: Sequence[Sequence[Wave]]) -> PooledResult | None:
    """The same for all campaigns of which something may be told; None for fewer than two."""
    told = [waves for waves in map(told_waves, campaigns) if waves]
    if len(told) < 2:
        return None
    estimate = pool(told)
    return PooledResult(len(told), round(estimate.points), floor(estimate.low_points), ceil(estimate.high_points))


def told_waves(waves: Sequence[Wave]) -> tuple[Wave, ...]:
    """The waves that may be told of together, oldest first; empty when that is none."""
    told: list[Wave] = []
    waiting: list[Wave] = []
    for wave in sorted(waves, key=lambda each: each.enrolled_on):
        waiting.append(wave)
        least = LEAST_NEW if told else LEAST_PEOPLE
        new = together(waiting)
        if min(new.treated, new.held_out) >= least and (told or _nobody_stands_out(new)):
            told, waiting = told + waiting, []
    return tuple(told)


def _nobody_stands_out(wave: Wave) -> bool:
    arms = ((wave.treated, wave.treated_events), (wave.held_out, wave.held_out_events))
    return all(min(events, people - events) >= LEAST_OUTCOMES for people, events in arms)
