"""What one block may say of one measure. Called by `publish.py`, which makes every figure of a group out of these.

Next: `shares.py`, `sums.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.disclosure import shares, sums
from bot.domain.disclosure.cells import Kind, Measure, Why
from bot.domain.disclosure.rules import Rules

LEAST = {Kind.SHARE: shares.LEAST_PEOPLE, Kind.SUM: sums.LEAST_PEOPLE}


@dataclass(frozen=True)
class Told:
    """`people` together have between `low` and `high`; or why nothing is told of them."""

    home: str
    people: frozenset[int]
    low: int = 0
    high: int = 0
    why: Why | None = None


def least_people(family: Sequence[Measure], rules: Rules) -> int:
    """How many people a block for these measures needs."""
    return min(_floor(measure, rules) for measure in family)


def tell(
    home: str,
    people: frozenset[int],
    family: Sequence[Measure],
    figures: Mapping[str, Mapping[int, int]],
    rules: Rules,
) -> dict[str, Told]:
    """What is told of these people, for each measure of one family.

    Each measure leaves less for the next: of shares that exclude each other, fewer people; of a sum and its parts, the
    rest, which must not be somebody's either.
    """
    found: dict[str, Told] = {}
    room, rest = len(people), dict.fromkeys(people, 0)
    for measure in family:
        own = {person: figure for person in people if (figure := figures.get(measure.name, {}).get(person)) is not None}
        if len(own) < len(people):
            found[measure.name] = Told(home, people, why=Why.UNKNOWN)
        elif len(people) < _floor(measure, rules):
            found[measure.name] = Told(home, people, why=Why.TOO_SMALL)
        elif measure.kind is Kind.SHARE:
            range_told = shares.told_share(sum(own[person] > 0 for person in people), len(people), room, rules)
            found[measure.name] = _told(home, people, range_told, Why.TOO_COARSE)
            room -= found[measure.name].high if rules.families else 0
        else:
            left = {person: rest[person] - own[person] for person in people} if measure is not family[0] else own
            enough_left = sums.told_sum(left.values(), rules) if min(left.values()) >= 0 else None
            range_told = sums.told_sum(own.values(), rules, most=measure.most) if enough_left else None
            found[measure.name] = _told(home, people, range_told, Why.DOMINANT)
            rest = left if found[measure.name].why is None else rest
    return found


def may_speak(
    people: frozenset[int], family: Sequence[Measure], figures: Mapping[str, Mapping[int, int]], rules: Rules
) -> bool:
    """Whether a new block of these people could tell what is needed. Asked of sums only: shares hang on no value."""
    if family[0].kind is Kind.SHARE:
        return True
    said = tell("", people, family, figures, rules)
    return all(said[measure.name].why is None for measure in family if measure.needed)


def _told(home: str, people: frozenset[int], found: tuple[int, int] | None, why: Why) -> Told:
    return Told(home, people, *found) if found else Told(home, people, why=why)


def _floor(measure: Measure, rules: Rules) -> int:
    return max(measure.floor_people, LEAST[measure.kind]) if rules.enough_people else 2
