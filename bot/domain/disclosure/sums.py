"""How a sum is told: to two significant digits, and not at all when one or two people carry it. Called by `publish.py`.

Dominance is judged after any two people are taken out: they know their own figures, and what is left to them must not
be one person's. Next: `blocks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.disclosure.rules import ALL, Rules

LEAST_PEOPLE = 10
DIGITS = 2


def told_sum(amounts: Iterable[int], rules: Rules = ALL) -> tuple[int, int] | None:
    """The range that the rounded sum stands for; None when somebody carries it."""
    ordered = sorted(amounts, reverse=True)
    total = sum(ordered)
    if rules.dominance and dominated(ordered, rules):
        return None
    step = 10 ** max(len(str(total)) - DIGITS, 0) if rules.rounding else 1
    middle = (2 * total + step) // (2 * step) * step
    return middle - step // 2, middle + step // 2


def dominated(descending: list[int], rules: Rules = ALL) -> bool:
    """One person has more than half, or two more than three quarters, of what is left without any two others.

    The worst two to take out are the largest others; nothing at all counts as carried, since it is everybody's nothing.
    """
    total = sum(descending)
    top = [*descending[:4], 0, 0, 0, 0]
    out = 1 if rules.outside_two else 0
    one = 2 * top[0] > total - out * (top[1] + top[2])
    two = 4 * (top[0] + top[1]) > 3 * (total - out * (top[2] + top[3]))
    return total == 0 or one or two


def rounded(total: int) -> int:
    """Two significant digits, for a sum of told sums."""
    step = int(10 ** max(len(str(total)) - DIGITS, 0))
    return (2 * total + step) // (2 * step) * step
