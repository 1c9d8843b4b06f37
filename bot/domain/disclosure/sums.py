"""How a sum is told: to two significant digits, and not at all when few people carry it. Called by `publish.py`.

Dominance is judged after any two people are taken out: they know their own figures, and what is left to them must not
be one person's. That a sum is told says then that nobody carries it, and that must not tell too much either: somebody
whose own part is just allowed could reckon what it leaves to the others. So, besides, either everybody's part is small,
or the others differ among themselves, whichever three are taken out, and nobody knows who of them has what.
Next: `blocks.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.domain.disclosure.rules import ALL, Rules

LEAST_PEOPLE = 10
SMALL_PART = 5
"""Everybody's part is small when nobody has more than one in this many of the whole."""
KNOWING = 3
APART_PERCENT = 20
"""Others differ when the least of them has this much less than the most, so that no interval is within ten percent."""
DIGITS = 2


def told_sum(amounts: Collection[int], rules: Rules = ALL, *, most: int | None = None) -> tuple[int, int] | None:
    """The range that the rounded sum stands for; None when few people carry it.

    `most`: what nobody can exceed, as everybody knows. Then a sum near its end tells of everybody that they are, too.
    """
    total = sum(amounts)
    if rules.dominance and _carried(sorted(amounts, reverse=True), rules, most):
        return None
    step = 10 ** max(len(str(total)) - DIGITS, 0) if rules.rounding else 1
    middle = (2 * total + step) // (2 * step) * step
    return middle - step // 2, middle + step // 2


def rounded(total: int) -> int:
    """Two significant digits, for a sum of told sums."""
    step = int(10 ** max(len(str(total)) - DIGITS, 0))
    return (2 * total + step) // (2 * step) * step


def _carried(descending: Sequence[int], rules: Rules, most: int | None) -> bool:
    if dominated(descending, rules):
        return True
    if not rules.differ or differ(descending):
        return False
    small = all_small(descending)
    if most is not None:
        missing = [max(most - amount, 0) for amount in reversed(descending)]
        small = small and all_small(missing) and SMALL_PART * (sum(missing) // SMALL_PART) > most
    return not small


def dominated(descending: Sequence[int], rules: Rules = ALL) -> bool:
    """One person has more than half, or two more than three quarters, of what is left without any two others.

    The worst two to take out are the largest others; nothing at all counts as carried, since it is everybody's nothing.
    """
    total = sum(descending)
    top = [*descending[:4], 0, 0, 0, 0]
    out = 1 if rules.outside_two else 0
    one = 2 * top[0] > total - out * (top[1] + top[2])
    two = 4 * (top[0] + top[1]) > 3 * (total - out * (top[2] + top[3]))
    return total == 0 or one or two


def all_small(descending: Sequence[int]) -> bool:
    """Nobody has more than a fifth. Then, whatever three know of their own, each other may have none of it or a fifth.

    None, because those who remain could hold it all between them, in whole things as well.
    """
    total = sum(descending)
    fifth = total // SMALL_PART
    return descending[0] <= fifth and fifth * (len(descending) - KNOWING - 1) >= total > 0


def differ(descending: Sequence[int]) -> bool:
    """Whichever three are taken out, the largest and the least of the others are far apart; they may change places."""
    last = len(descending) - 1
    return all(
        100 * (descending[out] - descending[last - KNOWING + out]) > APART_PERCENT * descending[out]
        for out in range(KNOWING + 1)
    )
