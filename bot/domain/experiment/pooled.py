"""What tips bring here, learned from several campaigns at once: an estimate, never a verdict and never a winner.

Each campaign's lift is one draw around a common lift, and the common lift is expected where nudges lie elsewhere
(1.4 points at scale). So a campaign that looks splendid on few people is drawn towards the others, and the best of
many is not taken at its word. How far campaigns differ is not known either, so every spread is weighed by how well it
explains what was seen. The interval is right for one look, not for daily ones. Called by `publishing.py` and by `jobs`.
Next: `bot/domain/experiment/power.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

from bot.domain.experiment.betting import harmonic
from bot.domain.experiment.waves import Wave, together

EXPECTED_POINTS = 1.4
"""126 trials of two nudge units, 23 million people (DellaVigna and Linos, Econometrica 2022)."""
EXPECTED_WITHIN_POINTS = 3.0
"""So wide that the 8.7 points of the journals (same source) lie within 2.5 of it, and harm is as thinkable as help."""
SPREADS_POINTS = tuple(whole + 0.5 for whole in range(12))
"""How far the campaigns may lie apart (a standard deviation); each as likely beforehand as a half-normal curve says
whose width is that of what is expected."""
INSIDE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A lift in points: the middle and the 95 % around it."""

    points: float
    low_points: float
    high_points: float


@dataclass(frozen=True)
class Pooled(Estimate):
    """The common lift, and each campaign's own, drawn towards it, in the order in which they were given."""

    each: tuple[Estimate, ...]


@dataclass(frozen=True)
class _Seen:
    points: float
    error: float


@dataclass(frozen=True)
class _Guess:
    """One spread: how well it explains what was seen, and the common lift that goes with it."""

    weight: float
    common: NormalDist
    spread: float


def pool(campaigns: Sequence[Sequence[Wave]]) -> Pooled:
    """What is to be expected of a tip here, and of each of these campaigns; those with an empty arm are left out."""
    seen = [each for each in map(_seen, campaigns) if each]
    guesses = _guesses(seen)
    own = tuple(_mixed([(g.weight, _drawn_in(g, each)) for g in guesses]) for each in seen)
    common = _mixed([(guess.weight, guess.common) for guess in guesses])
    return Pooled(common.points, common.low_points, common.high_points, own)


def _seen(waves: Sequence[Wave]) -> _Seen | None:
    """The difference as it looks, wave by wave, and its error, taken from both arms together.

    From each arm by itself the error is smallest where few who were held out had the outcome by luck, which is where
    the lift looks too large: those campaigns would be believed most.
    """
    told = sum(harmonic(wave.treated, wave.held_out) for wave in waves)
    if not told:
        return None
    both = [wave for wave in waves if wave.treated and wave.held_out]
    lifts = (wave.treated_events / wave.treated - wave.held_out_events / wave.held_out for wave in both)
    points = sum(harmonic(w.treated, w.held_out) * lift for w, lift in zip(both, lifts, strict=True)) / told
    of_all = together(both)
    events = of_all.treated_events + of_all.held_out_events
    share = (events + 1) / (of_all.treated + of_all.held_out + 2)  # somebody of each outcome is added: 0 is no share
    return _Seen(100 * points, 100 * sqrt(share * (1 - share) / told))


def _guesses(seen: Sequence[_Seen]) -> list[_Guess]:
    found = [(_explains(seen, spread), spread) for spread in SPREADS_POINTS]
    most = max(score for (score, _), _ in found)
    weights = [exp(score - most) for (score, _), _ in found]
    return [_Guess(w / sum(weights), common, spread) for w, ((_, common), spread) in zip(weights, found, strict=True)]


def _explains(seen: Sequence[_Seen], spread: float) -> tuple[float, NormalDist]:
    """How likely the campaigns are with this spread (as a logarithm), and the common lift after seeing them."""
    middle, variance = EXPECTED_POINTS, EXPECTED_WITHIN_POINTS**2
    score = -0.5 * (spread / EXPECTED_WITHIN_POINTS) ** 2
    for each in seen:
        noise = each.error**2 + spread**2
        score -= 0.5 * (log(variance + noise) + (each.points - middle) ** 2 / (variance + noise))
        trust = variance / (variance + noise)
        middle, variance = middle + trust * (each.points - middle), variance * (1 - trust)
    return score, NormalDist(middle, sqrt(variance))


def _drawn_in(guess: _Guess, seen: _Seen) -> NormalDist:
    """One campaign's own lift, given the common one of this guess."""
    trust = guess.spread**2 / (guess.spread**2 + seen.error**2)
    middle = guess.common.mean + trust * (seen.points - guess.common.mean)
    return NormalDist(middle, sqrt((1 - trust) ** 2 * guess.common.variance + trust * seen.error**2))


def _mixed(parts: Sequence[tuple[float, NormalDist]]) -> Estimate:
    """The mean and the middle 95 % of several bells, each with its weight."""
    points = sum(weight * bell.mean for weight, bell in parts)
    low, high = (_quantile(parts, share) for share in ((1 - INSIDE) / 2, (1 + INSIDE) / 2))
    return Estimate(points, low, high)


def _quantile(parts: Sequence[tuple[float, NormalDist]], share: float) -> float:
    low, high = -200.0, 200.0
    while high - low > 0.001:
        middle = (low + high) / 2
        below = sum(weight * bell.cdf(middle) for weight, bell in parts)
        low, high = (low, middle) if below >= share else (middle, high)
    return high
