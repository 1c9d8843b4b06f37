"""What the outcomes of a campaign prove so far: an interval, one of three verdicts, and whether to stop by itself.

The interval holds the true lift at every look with 95 % together, however often one looks: it is made of all lifts that
two bets (`betting.py`), one upwards and one downwards, have not ruled out at 1 in 40 each. "Cannot tell yet" is the
normal answer. What the messages cost is charged: whoever said stop or "not helpful" was written to in vain and worse.
Called by `jobs` once a week, and every day for the stop on harm. Next: `bot/domain/experiment/publishing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

from bot.domain.experiment.betting import Block, blocks, log_wealth
from bot.domain.experiment.opt_outs import cost_points, too_many_stops
from bot.domain.experiment.waves import Wave, together

SIDE_ALPHA = 0.025
"""How often each end of the interval may ever be wrong: 5 % for both, the custom of trials."""
PRICE = log(1 / SIDE_ALPHA)
LEAST_FOLLOWED = 20
"""In each arm, before outcomes stop a campaign: that it stopped is told, so it must rest on as many as any result."""
SCAN, HALVINGS = 40, 18
"""Steps in which an end of the interval is sought from outside, and halvings of the last one: to 0.00002 points."""
NOTHING_RULED_OUT = -100.0, 100.0
ROUNDING = 1e-9


class Verdict(StrEnum):
    """What may be said of a campaign."""

    CANNOT_TELL_YET = "cannot_tell_yet"
    SEEMS_TO_HELP = "seems_to_help"
    SEEMS_TO_HARM = "seems_to_harm"


@dataclass(frozen=True)
class Evidence:
    """The lift in points (treated minus held out) lies between `low_points` and `high_points`; both are exact figures
    and not to be shown as they are. `cost_points` is charged before the verdict. `harm`: stop by itself."""

    low_points: float
    high_points: float
    cost_points: float
    verdict: Verdict
    harm: bool


def judge(waves: Sequence[Wave]) -> Evidence:
    """What is proven by all outcomes that are known today. Looking again tomorrow costs nothing."""
    low, high = interval(blocks(waves))
    cost = cost_points(waves)
    verdict = Verdict.CANNOT_TELL_YET
    if low - cost > 0:
        verdict = Verdict.SEEMS_TO_HELP
    elif high - cost < 0:
        verdict = Verdict.SEEMS_TO_HARM
    harms = verdict is Verdict.SEEMS_TO_HARM and _is_followed(waves)
    return Evidence(low, high, cost, verdict, harms or too_many_stops(waves))


def _is_followed(waves: Sequence[Wave]) -> bool:
    everybody = together(waves)
    return min(everybody.treated, everybody.held_out) >= LEAST_FOLLOWED


def interval(counted: Sequence[Block]) -> tuple[float, float]:
    """All lifts, in points, that are not ruled out.

    Blocks that contradict one another can rule out every lift. Then there is no one lift of them all, and nothing is
    said of it.
    """
    if not counted:
        return NOTHING_RULED_OUT
    seen = _seen(counted)
    low = _edge(lambda lift: log_wealth(counted, lift, up=True) >= PRICE, far=-1.0, possible=seen)
    high = _edge(lambda lift: log_wealth(counted, lift, up=False) >= PRICE, far=1.0, possible=seen)
    return (100 * low, 100 * high) if high - low > ROUNDING else NOTHING_RULED_OUT


def _seen(counted: Sequence[Block]) -> float:
    """The lift as it looks: the waves' differences, weighed by what each can tell."""
    weights = [block.treated * block.held_out / (block.treated + block.held_out) for block in counted]
    differences = [block.treated_events / block.treated - block.held_out_events / block.held_out for block in counted]
    return sum(w * d for w, d in zip(weights, differences, strict=True)) / sum(weights)


def _edge(out: Callable[[float], bool], *, far: float, possible: float) -> float:
    """The outermost lift between `far` and `possible` that is not ruled out; of very few people it may be an island."""
    ruled_out = far
    for step in range(SCAN + 1):
        at = far + (possible - far) * step / SCAN
        if not out(at):
            possible = at
            break
        ruled_out = at
    for _ in range(HALVINGS if possible != far else 0):
        middle = (ruled_out + possible) / 2
        ruled_out, possible = (middle, possible) if out(middle) else (ruled_out, middle)
    return ruled_out
