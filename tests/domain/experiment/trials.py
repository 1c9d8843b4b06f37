"""Campaigns whose truth is known, looked at every day for 56 days, and what was said of them on each.

Somebody is drawn on each of the first 28 days and counts 28 days later, so on the 28 last days something new is known.
Used by test_trials.py; the tables are in docs/evidence/experiment.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from math import exp, fsum, lgamma, log, log1p, sqrt
from operator import mul
from random import Random

from bot.domain.campaigns import FOLLOW_UP_DAYS
from bot.domain.experiment.betting import BASES, Block, blocks, owned, prices
from bot.domain.experiment.evidence import LEAST_FOLLOWED, PRICE
from bot.domain.experiment.opt_outs import too_many_stops
from bot.domain.experiment.waves import Wave

FIRST_DAY = date(2026, 3, 2)
STRATA = 12
"""Four teams of three states."""
Z = 1.96


@dataclass(frozen=True)
class Truth:
    """What is true of a campaign. `days`: on how many days somebody is drawn; 1 is a campaign without later waves.

    `uneven`: base rates from 6 to 34 % by stratum, falling by five points in the 28 days, lift only in every other
    stratum (twice as much there), and of every tenth person nobody can know the outcome.
    """

    people: int
    lift_points: float
    percent: int = 20
    baseline: float = 0.2
    days: int = 28
    uneven: bool = False

    @property
    def lift(self) -> float:
        return self.lift_points / 100

    def share(self, stratum: int, day: int, *, treated: bool) -> float:
        """How probable the outcome is."""
        base, lift = self.baseline, self.lift
        if self.uneven:
            base += (stratum - (STRATA - 1) / 2) / STRATA * 0.3 + 0.025 - 0.05 * day / self.days
            lift *= 2 * (stratum % 2)
        return base + lift if treated else base


@dataclass(frozen=True)
class Course:
    """What was said of one campaign: on any of the days, and on the last."""

    ever_missed: bool
    ever_helps: bool
    ever_harms: bool
    helps: bool
    harms: bool
    ever_significant: bool


def campaign(dice: Random, truth: Truth) -> list[Wave]:
    """One campaign, drawn inside strata as `hold_out` draws, and followed to its end."""
    return [_wave(dice, truth, day) for day in range(truth.days)]


def _wave(dice: Random, truth: Truth, day: int) -> Wave:
    sizes, places, rests = _strata(truth, day)
    held = [least + (dice.random() * 100 < rest) if rest else least for least, rest in zip(places, rests, strict=True)]
    treated = [size - out for size, out in zip(sizes, held, strict=True)]
    known, events = _known(dice, truth, treated, day, treated=True)
    known_held, events_held = _known(dice, truth, held, day, treated=False)
    return Wave(
        FIRST_DAY + timedelta(days=day),
        drawn_treated=sum(treated),
        drawn_held_out=sum(held),
        treated=known,
        treated_events=events,
        held_out=known_held,
        held_out_events=events_held,
        unknown=sum(sizes) - known - known_held,
    )


@lru_cache(maxsize=1_000)
def _strata(truth: Truth, day: int) -> tuple[list[int], list[int], list[int]]:
    """The people of each stratum, how many of them are held out at least, and the hundredths of one more."""
    people = truth.people * (day + 1) // truth.days - truth.people * day // truth.days
    sizes = [people // STRATA + ((day + place) % STRATA < people % STRATA) for place in range(STRATA)]
    return sizes, [truth.percent * size // 100 for size in sizes], [truth.percent * size % 100 for size in sizes]


def _known(dice: Random, truth: Truth, arm: list[int], day: int, *, treated: bool) -> tuple[int, int]:
    """How many of an arm are known, and how many of those have the outcome."""
    if not truth.uneven:
        people = sum(arm)
        return people, binomial(dice, people, truth.share(0, day, treated=treated))
    seen = [binomial(dice, people, 0.9) for people in arm]
    shares = (truth.share(stratum, day, treated=treated) for stratum in range(STRATA))
    return sum(seen), sum(binomial(dice, people, share) for people, share in zip(seen, shares, strict=True))


def binomial(dice: Random, people: int, share: float) -> int:
    """How many of so many have it."""
    return bisect_left(_steps(people, share), dice.random()) if people else 0


@lru_cache(maxsize=50_000)
def _steps(people: int, share: float) -> list[float]:
    ways = lgamma(people + 1)
    logs = (
        ways - lgamma(k + 1) - lgamma(people - k + 1) + k * log(share) + (people - k) * log1p(-share)
        for k in range(people)
    )
    return [*accumulate(exp(each) for each in logs), 2.0]


@dataclass
class Bet:
    """Both bets against one lift, kept up day by day; the same sums that `log_wealth` makes of all blocks at once."""

    lift: float

    def __post_init__(self) -> None:
        self.up = [0.0] * len(BASES)
        self.down = [0.0] * len(BASES)

    def add(self, block: Block) -> None:
        counts = (
            block.treated_events,
            block.treated - block.treated_events,
            block.held_out_events,
            block.held_out - block.held_out_events,
        )
        for up, owned_now in ((True, self.up), (False, self.down)):
            for place, each in enumerate(_prices(block.treated, block.held_out, block.information, self.lift, up)):
                owned_now[place] += sum(map(mul, counts, each))

    @property
    def below(self) -> bool:
        """Whether the lift is ruled out because more was seen."""
        return owned(self.up) >= PRICE

    @property
    def above(self) -> bool:
        return owned(self.down) >= PRICE


@lru_cache(maxsize=200_000)
def _prices(
    treated: int, held_out: int, information: float, lift: float, up: bool
) -> list[tuple[float, float, float, float]]:
    return [prices(treated, held_out, information, lift, base, up=up) for base, _ in BASES]


def course(waves: list[Wave], lift: float) -> Course:
    """What was said of these waves on each day, when the truth is `lift`."""
    nothing = Bet(0.0)
    truth = Bet(lift) if lift else nothing
    missed = helps = harms = False
    for block in blocks(waves):
        for bet in {id(nothing): nothing, id(truth): truth}.values():
            bet.add(block)
        missed |= truth.below or truth.above
        helps |= nothing.below
        harms |= nothing.above
    return Course(missed, helps, harms, nothing.below, nothing.above, any(_peeks(waves)))


def seen_to_help(waves: list[Wave]) -> bool:
    """Whether these waves are seen to help once everybody counts."""
    nothing = Bet(0.0)
    for block in blocks(waves):
        nothing.add(block)
    return nothing.below


def harm_day(waves: list[Wave]) -> int | None:
    """The day of the campaign on which it is ended because its outcomes are seen to harm, or None."""
    nothing, treated, held_out = Bet(0.0), 0, 0
    for block in blocks(waves):
        nothing.add(block)
        treated, held_out = treated + block.treated, held_out + block.held_out
        if nothing.above and min(treated, held_out) >= LEAST_FOLLOWED:
            return (block.until - FIRST_DAY).days + 1 + FOLLOW_UP_DAYS
    return None


def _peeks(waves: list[Wave]) -> Iterator[bool]:
    """For contrast: is a z-test of two shares significant today, once each arm has ten people?"""
    m1 = m0 = x1 = x0 = 0
    for wave in waves:
        m1, m0 = m1 + wave.treated, m0 + wave.held_out
        x1, x0 = x1 + wave.treated_events, x0 + wave.held_out_events
        share = (x1 + x0) / (m1 + m0) if m1 + m0 else 0.0
        if min(m1, m0) >= 10 and 0 < share < 1:
            yield abs(x1 / m1 - x0 / m0) > Z * sqrt(share * (1 - share) * (1 / m1 + 1 / m0))


@dataclass(frozen=True)
class Tried:
    """Many campaigns of one truth."""

    truth: Truth
    courses: list[Course]

    def share(self, what: str) -> float:
        return fsum(getattr(each, what) for each in self.courses) / len(self.courses)

    @cached_property
    def wrong(self) -> float:
        """Share in which an effect of the wrong sign, or any where there is none, was ever said."""
        wrong_help = self.truth.lift_points <= 0
        wrong_harm = self.truth.lift_points >= 0
        said = ((wrong_help and each.ever_helps) or (wrong_harm and each.ever_harms) for each in self.courses)
        return sum(said) / len(self.courses)


def tried(truth: Truth, *, runs: int, seed: str) -> Tried:
    """So many campaigns; the same ones for the same seed."""
    dice = Random(f"{seed} {truth}")
    return Tried(truth, [course(campaign(dice, truth), truth.lift) for _ in range(runs)])


def stop_days(dice: Random, *, people: int, share: float) -> tuple[int, int] | None:
    """A campaign whose treated say stop with this probability, within the week after their message: the day on which
    it is stopped for that and how many were written to by then; None when it never is in 56 days.
    """
    reached = [people * (day + 1) // 28 - people * day // 28 for day in range(28)]
    said = [0] * 56
    for day, count in enumerate(reached):
        for _ in range(binomial(dice, count, share)):
            said[day + int(dice.random() * 7)] += 1
    written = stopped = 0
    for day in range(56):
        written, stopped = written + (reached[day] if day < 28 else 0), stopped + said[day]
        wave = Wave(FIRST_DAY, drawn_treated=people, drawn_held_out=0, reached=written, stopped=stopped)
        if said[day] and too_many_stops([wave]):
            return day + 1, written
    return None
