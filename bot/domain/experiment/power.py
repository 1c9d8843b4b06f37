"""What a campaign can prove, told before it starts: the smallest lift that would probably be seen.

The forecast asks the rule that will judge (`betting.py`), not a formula for another one: for every number of events
among the held-out it finds how many the treated would need, and adds up how likely that is. Called by `handlers` for
the preview of a campaign. Next: `bot/domain/experiment/evidence.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import exp, fsum, lgamma, log, log1p, sqrt

from bot.domain.experiment.betting import Block, harmonic, log_wealth
from bot.domain.experiment.evidence import PRICE

BASELINE = 0.2
"""Where a company has no figure of its own. Of those who were not nudged about 17 % did what 126 trials at scale asked
for, and 26 % in the journals: 1.4 and 8.7 points were 8.0 and 33.4 % more (DellaVigna and Linos, Econometrica 2022)."""
GOOD_POWER = 0.8
"""The custom of trials: four times of five."""
REACH = 5.5
"""Standard deviations to each side beyond which a number of events is not looked at."""
MOST_ROWS = 64
"""Numbers of events among the held-out for which the needed one is sought; between them it is drawn as a line."""
SPREAD = 0.7
"""How much the number of held-out varies, as a part of what it would if everybody were drawn singly: strata of three
or four people come near that, larger ones do not, and there it no longer matters."""
NEGLIGIBLE = 0.05


@dataclass(frozen=True)
class Forecast:
    """What could be seen with so many people whose outcome is known, when `baseline` of the held-out have it anyway."""

    treated: int
    held_out: int
    baseline: float

    def power(self, lift_points: float) -> float:
        """How probably a campaign that truly lifts by so many points is seen to help once everybody counts."""
        return fsum(part * drawn.power(lift_points / 100) for part, drawn in self._draws)

    @cached_property
    def smallest_points(self) -> float | None:
        """The smallest lift that would be seen four times of five; None when not even the largest one would."""
        low, high = 0.0, 100 * (1 - self.baseline)
        if self.power(high) < GOOD_POWER:
            return None
        while high - low > 0.01:
            middle = (low + high) / 2
            low, high = (low, middle) if self.power(middle) >= GOOD_POWER else (middle, high)
        return high

    @cached_property
    def _draws(self) -> tuple[tuple[float, _Drawn], ...]:
        """How many may be held out in the end, in three cases that have the right mean and spread."""
        both = self.treated + self.held_out
        spread = sqrt(SPREAD * self.treated * self.held_out / both) if both else 0.0
        if spread <= NEGLIGIBLE * min(self.treated, self.held_out):
            return ((1.0, _Drawn(self.treated, self.held_out, self.baseline)),)
        away = round(sqrt(3) * spread)
        cases = ((1 / 6, self.held_out - away), (2 / 3, self.held_out), (1 / 6, self.held_out + away))
        held_out = ((part, min(max(people, 0), both)) for part, people in cases)
        return tuple((part, _Drawn(both - people, people, self.baseline)) for part, people in held_out)


@dataclass(frozen=True)
class _Drawn:
    """One number of treated and of held-out."""

    treated: int
    held_out: int
    baseline: float

    def power(self, lift: float) -> float:
        if not self.treated or not self.held_out:
            return 0.0
        share = min(max(self.baseline + lift, 0.0), 1.0)
        above = _at_least(self.treated, share)
        rows = _range(self.held_out, self.baseline)
        return fsum(_chance(self.held_out, events, self.baseline) * above[self._needed(events)] for events in rows)

    def _needed(self, events: int) -> int:
        """Events among the treated from which a campaign is seen to help; one more than there are people for never."""
        rows = self._sought
        at = max(index for index, (known, _) in enumerate(rows) if known <= events)
        (before, low), (after, high) = rows[at], rows[min(at + 1, len(rows) - 1)]
        part = (events - before) / (after - before) if after > before else 0.0
        return round(low + part * (high - low))

    @cached_property
    def _sought(self) -> list[tuple[int, int]]:
        span = _range(self.held_out, self.baseline)
        step = max(1, len(span) // MOST_ROWS)
        return [(events, self._seek(events)) for events in sorted({*span[::step], span[-1]})]

    def _seek(self, events: int) -> int:
        information = harmonic(self.treated, self.held_out)
        low, high = round(events / self.held_out * self.treated) - 1, self.treated + 1
        while high - low > 1:
            middle = (low + high) // 2
            block = Block(date.min, self.treated, middle, self.held_out, events, information)
            low, high = (low, middle) if log_wealth([block], 0.0, up=True) >= PRICE else (middle, high)
        return high


def forecast(*, treated: int, held_out: int, baseline: float = BASELINE) -> Forecast:
    """What could be seen, at the end of the follow-up, by the rule that will judge."""
    return Forecast(treated, held_out, baseline)


def _range(people: int, share: float) -> range:
    middle, reach = people * share, REACH * sqrt(people * share * (1 - share)) + 2
    return range(max(0, round(middle - reach)), min(people, round(middle + reach)) + 1)


def _chance(people: int, events: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(events == people * share)
    ways = lgamma(people + 1) - lgamma(events + 1) - lgamma(people - events + 1)
    return exp(ways + events * log(share) + (people - events) * log1p(-share))


def _at_least(people: int, share: float) -> list[float]:
    """The chance of at least so many events, by their number, up to one more than there are people."""
    found = [0.0] * (people + 2)
    for events in range(people, -1, -1):
        found[events] = found[events + 1] + _chance(people, events, share)
    return found
