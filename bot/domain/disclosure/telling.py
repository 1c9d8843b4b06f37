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
    """What is told of these people, for each measure of one family."""
    found: dict[str, Told] = {}
    room = len(people)
    for measure in family:
        own = figures.get(measure.name, {})
        if any(person not in own for person in people):
            found[measure.name] = Told(home, people, why=Why.UNKNOWN)
        elif len(people) < _floor(measure, rules):
            found[measure.name] = Told(home, people, why=Why.TOO_SMALL)
        else:
            amounts = [own[person] for person in people]
            told = _share(amounts, room, rules) if measure.kind is Kind.SHARE else sums.told_sum(amounts, rules)
            why = Why.TOO_COARSE if measure.kind is Kind.SHARE else Why.DOMINANT
            found[measure.name] = Told(home, people, *told) if told else Told(home, people, why=why)
        room -= found[measure.name].high if rules.families and found[measure.name].why is None else 0
    return found


def _share(amounts: Sequence[int], room: int, rules: Rules) -> tuple[int, int] | None:
    return shares.told_share(sum(amount > 0 for amount in amounts), len(amounts), room, rules)


def _floor(measure: Measure, rules: Rules) -> int:
    return max(measure.floor_people, LEAST[measure.kind]) if rules.enough_people else 2
