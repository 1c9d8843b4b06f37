"""The bet that a campaign plays against one supposed lift, and why nobody can win it by looking often.

Suppose the treated have the outcome more often than the held-out by exactly `lift`. Somebody who doubts it starts with
1 and bets on every person of a wave as their outcome becomes known: the stake is multiplied by `1 + s c (y - b)`, where
y is 1 or 0, b what the supposition lets one expect in that arm, and c weighs the arms of the wave against each other:
held-out/both for the treated, minus treated/both for the held-out. With m1 treated and m0 held-out and a base that
differs from b by e in both arms, the expected factor of the wave is `(1 + s c1 e)^m1 (1 + s c0 e)^m0`, which is at most
`exp(s e (m1 c1 + m0 c0)) = exp(0) = 1`. So if the supposition is true, what the doubter owns is a nonnegative
supermartingale, whatever the base rate is and however it changes from wave to wave. By Ville's inequality they ever
own 40 with a chance of 1 in 40 at most, on whichever day one looks. Every lift against which they own less is possible.

b is not known, so the stake is divided over five base rates (`BASES`). s is chosen for the number of people who are
drawn by the time the wave counts: it decides how narrow the interval becomes, not whether it is right.
Called by `evidence.py` and `power.py`. Next: `bot/domain/experiment/evidence.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp, fsum, log, log1p, sqrt

from bot.domain.experiment.waves import FOLLOW_UP_DAYS, Wave

BASES = ((0.05, 0.2), (0.2, 0.35), (0.4, 0.2), (0.65, 0.15), (0.88, 0.1))
"""Supposed base rates and their part of the stake: most near the 20 % from which companies start (`power.BASELINE`)."""
PUSH = sqrt(2 * log(40))
"""How hard is bet, in standard errors of all who are drawn: at this the price of 40 is reached with the least lift."""
MOST_AT_STAKE = 0.75
"""The part of what one owns that one person's outcome may cost: below 1, so that nobody is ever ruined."""
LEAST_VARIANCE = 0.02


@dataclass(frozen=True)
class Block:
    """One wave as far as it counts: outcomes by arm, and how much will be known once everybody drawn so far counts."""

    treated: int
    treated_events: int
    held_out: int
    held_out_events: int
    information: float


def blocks(waves: Sequence[Wave]) -> tuple[Block, ...]:
    """The waves that can be bet on, in order; one with an empty arm says nothing of a difference.

    The information of a wave's bet is that of all who were drawn until it counted: known before any of its outcomes.
    """
    in_order = sorted(waves, key=lambda wave: wave.enrolled_on)
    found = []
    for wave in in_order:
        if not wave.treated or not wave.held_out:
            continue
        counts_on = wave.enrolled_on + timedelta(days=FOLLOW_UP_DAYS)
        known = fsum(
            harmonic(each.drawn_treated, each.drawn_held_out) for each in in_order if each.enrolled_on <= counts_on
        )
        found.append(Block(wave.treated, wave.treated_events, wave.held_out, wave.held_out_events, known))
    return tuple(found)


def harmonic(treated: int, held_out: int) -> float:
    """What two arms tell of a difference: 1 / (1/treated + 1/held_out), 0 when one is empty."""
    return treated * held_out / (treated + held_out) if treated and held_out else 0.0


def log_wealth(counted: Sequence[Block], lift: float, *, up: bool) -> float:
    """The logarithm of what is owned by who doubts that the lift is `lift`, and bets that it is more (`up`) or less."""
    logs = [log(part) + fsum(_factor(block, lift, base, up=up) for block in counted) for base, part in BASES]
    most = max(logs)
    return most + log(fsum(exp(each - most) for each in logs))


def _factor(block: Block, lift: float, base: float, *, up: bool) -> float:
    """The logarithm of what one wave multiplies the stake by, when the base rate is supposed to be `base`."""
    both = block.treated + block.held_out
    c1, c0 = block.held_out / both, block.treated / both
    b0 = min(max(base - c0 * lift, 0.0, -lift), 1.0, 1.0 - lift)
    b1 = b0 + lift
    variance = max(c1 * b1 * (1 - b1) + c0 * b0 * (1 - b0), LEAST_VARIANCE)
    most = MOST_AT_STAKE / max(c1 * max(b1, 1 - b1), c0 * max(b0, 1 - b0))
    s = min(PUSH / sqrt(block.information * variance), most) * (1 if up else -1)
    return (
        block.treated_events * log1p(s * c1 * (1 - b1))
        + (block.treated - block.treated_events) * log1p(-s * c1 * b1)
        + block.held_out_events * log1p(-s * c0 * (1 - b0))
        + (block.held_out - block.held_out_events) * log1p(s * c0 * b0)
    )
