"""What messages cost the people who get them: the charge against a lift, and when too many have had enough.

Reminders raise what they ask for and sign-offs alike; whoever does not count the sign-offs overstates the good
tenfold (Damgaard and Gravert, 2018). Called by `evidence.py`. Next: `bot/domain/experiment/evidence.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, log

from bot.domain.experiment.waves import Wave, together

STOP_COSTS = 1.0
"""One who says stop weighs as much as one who is helped. They hear no tip again; a year of at most 3 in 28 days, at
the 1.4 points that nudges bring at scale (DellaVigna and Linos, 2022), is 0.55 of a
person, and the annoyance comes on top."""
NOT_HELPFUL_COSTS = 0.1
"""Ten such answers weigh as one stop: one message in vain instead of a year of them. A choice, not a finding."""
TOLERABLE_STOPS = 0.05
"""At `STOP_COSTS` this many eat up five points: more than three times what nudges bring at scale."""
STOP_ALPHA = 0.025
"""The other 2.5 % of what a stop on harm may ever be wrong; the first are the interval's upper end."""
LEAST_STOPPED = 5
"""Nobody is to read from a campaign that ended who of a few had enough (P10)."""
SUSPECTED = (0.075, 0.1, 0.2, 0.4)
"""Shares of stops on which is bet, in equal parts: once and a half, 2, 4 and 8 times the tolerable."""


def cost_points(waves: Sequence[Wave]) -> float:
    """What is charged: of 100 people who were to be written to, those who said stop and a tenth of "not helpful".

    These are answers that were given, not an estimate: the charge of this campaign is known. It is charged to the same
    people as the lift, whoever of them was reached: of two people reached so far one stop would else weigh as 50.
    """
    if not waves:
        return 0.0
    all_waves = together(waves)
    charged = STOP_COSTS * all_waves.stopped + NOT_HELPFUL_COSTS * all_waves.not_helpful
    return 100 * charged / all_waves.drawn_treated if all_waves.drawn_treated else 0.0


def too_many_stops(waves: Sequence[Wave]) -> bool:
    """Whether clearly more than the tolerable share said stop, on whichever day one looks.

    The likelihood of each suspected share over that of the tolerable one, averaged: a supermartingale as long as the
    true share is tolerable. Somebody who has not answered yet counts as not stopping, which can only lower it.
    """
    if not waves:
        return False
    all_waves = together(waves)
    stopped, stayed = all_waves.stopped, all_waves.reached - all_waves.stopped
    if stopped < LEAST_STOPPED:
        return False
    logs = [
        stopped * log(share / TOLERABLE_STOPS) + stayed * log((1 - share) / (1 - TOLERABLE_STOPS))
        for share in SUSPECTED
    ]
    most = max(logs)
    return most + log(fsum(exp(each - most) for each in logs) / len(SUSPECTED)) >= log(1 / STOP_ALPHA)
