"""The bet that a campaign plays against one supposed lift, and why nobody can win it by looking often.

Suppose the treated have the outcome more often than the held-out by exactly `lift`. Somebody who doubts it starts with
1 and bets on every person of a block (a wave, or some small ones) once their outcomes are known: what they own is
multiplied by `1 + s c (y - b)`, where y is 1 or 0, b what the supposition lets one expect in that arm, and c weighs the
arms against each other: held-out/both for the treated, minus treated/both for the held-out. With m1 treated and m0
held-out and a base rate that differs from b by e, the expected factor of a block is `(1 + s c1 e)^m1 (1 + s c0 e)^m0`
and at most `exp(s e (m1 c1 + m0 c0)) = exp(0) = 1`. So if the supposition is true, what the doubter owns is a
nonnegative supermartingale, whatever the base rate is and however it changes from block to block. By Ville's inequality
they ever own 40 with a chance of 1 in 40 at most, on whichever day one looks. Every lift against which they own less is
possible. The same idea: Waudby-Smith and Ramdas (2024) for means, Turner, Ly and Grünwald (2024) for two groups.

b is not known, so what is owned is divided over five base rates (`BASES`). s is chosen for the number of people who are
drawn by the time the block counts: it decides how narrow the interval becomes, not whether it is right.
Called by `evidence.py` and `power.py`. Next: `bot/domain/experiment/evidence.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import exp, fsum, log, log1p, sqrt

from bot.domain.campaigns import FOLLOW_UP_DAYS
from bot.domain.experiment.waves import Wave

BASES = ((0.05, 0.2), (0.2, 0.35), (0.4, 0.2), (0.65, 0.15), (0.88, 0.1))
"""Supposed base rates and their part of the stake: most near the 20 % from which companies start (`power.BASELINE`)."""
PUSH = sqrt(2 * log(40))
"""How hard is bet, in standard errors of all who are drawn: at this the price of 40 is reached with the least lift."""
MOST_AT_STAKE = 0.75
"""The part of what one owns that one person's outcome may cost: below 1, so that nobody is ever ruined."""
LEAST_VARIANCE = 0.02
"""That of a base rate of 2 %; below, a bet would hang on one person."""
LEAST_TOGETHER = 40
"""People in a block. Arms are compared within blocks, which costs what one person could have told: 2.5 % of forty."""


@dataclass(frozen=True)
class Block:
    """Waves that count together: outcomes by arm, and how much will be known once everybody drawn so far counts."""

    until: date
    treated: int
    treated_events: int
    held_out: int
    held_out_events: int
    information: float


def blocks(waves: Sequence[Wave]) -> tuple[Block, ...]:
    """What can be bet on, oldest first: waves that are over, the small ones together with those after them.

    Which waves go together, and how much will be known, rests on how many were drawn before the day on which they
    count: known before any of their outcomes, as a bet has to be. Who is drawn on that day, after a look at them, may
    not change it.
    """
    in_order = sorted(waves, key=lambda wave: wave.enrolled_on)
    days = [wave.enrolled_on for wave in in_order]
    treated = list(accumulate(wave.drawn_treated for wave in in_order))
    held_out = list(accumulate(wave.drawn_held_out for wave in in_order))
    found: list[Block] = []
    group: list[Wave] = []
    people = 0
    for place, wave in enumerate(in_order):
        if not wave.over:
            break
        group.append(wave)
        people += wave.drawn
        last = bisect_right(days, wave.enrolled_on + timedelta(days=FOLLOW_UP_DAYS - 1)) - 1
        left = treated[last] + held_out[last] - treated[place] - held_out[place]
        if people >= LEAST_TOGETHER and not 0 < left < LEAST_TOGETHER:
            found += _block(group, harmonic(treated[last], held_out[last]))
            group, people = [], 0
    return tuple(found)


def _block(group: Sequence[Wave], information: float) -> list[Block]:
    """The group as a block; none when an arm is empty, which says nothing of a difference."""
    treated, held_out = sum(wave.treated for wave in group), sum(wave.held_out for wave in group)
    if not treated or not held_out:
        return []
    events, held_out_events = sum(wave.treated_events for wave in group), sum(wave.held_out_events for wave in group)
    return [Block(group[-1].enrolled_on, treated, events, held_out, held_out_events, information)]


def harmonic(treated: int, held_out: int) -> float:
    """What two arms tell of a difference: 1 / (1/treated + 1/held_out), 0 when one is empty."""
    return treated * held_out / (treated + held_out) if treated and held_out else 0.0


def log_wealth(counted: Sequence[Block], lift: float, *, up: bool) -> float:
    """The logarithm of what is owned by who doubts that the lift is `lift`, and bets that it is more (`up`) or less."""
    return owned([fsum(factor(block, lift, base, up=up) for block in counted) for base, _ in BASES])


def owned(by_base: Sequence[float]) -> float:
    """The logarithm of all stakes together, from what each base's stake was multiplied by (as logarithms)."""
    logs = [log(part) + each for (_, part), each in zip(BASES, by_base, strict=True)]
    most = max(logs)
    return most + log(fsum(exp(each - most) for each in logs))


def factor(block: Block, lift: float, base: float, *, up: bool) -> float:
    """The logarithm of what one block multiplies the stake by, when the base rate is supposed to be `base`."""
    yes1, no1, yes0, no0 = prices(block.treated, block.held_out, block.information, lift, base, up=up)
    return (
        block.treated_events * yes1
        + (block.treated - block.treated_events) * no1
        + block.held_out_events * yes0
        + (block.held_out - block.held_out_events) * no0
    )


def prices(
    treated: int, held_out: int, information: float, lift: float, base: float, *, up: bool
) -> tuple[float, float, float, float]:
    """What one person with and one without the outcome multiplies the stake by, treated and held out, as logarithms."""
    both = treated + held_out
    c1, c0 = held_out / both, treated / both
    b0 = min(max(base - c0 * lift, 0.0, -lift), 1.0, 1.0 - lift)
    b1 = b0 + lift
    variance = max(c1 * b1 * (1 - b1) + c0 * b0 * (1 - b0), LEAST_VARIANCE)
    dearest = max(c1 * b1, c0 * (1 - b0)) if up else max(c1 * (1 - b1), c0 * b0)
    s = min(PUSH / sqrt(information * variance), MOST_AT_STAKE / max(dearest, LEAST_VARIANCE)) * (1 if up else -1)
    return log1p(s * c1 * (1 - b1)), log1p(-s * c1 * b1), log1p(-s * c0 * (1 - b0)), log1p(s * c0 * b0)
