"""Sharing whole micro-dollars out so that none is lost and none is made. Called by the detectors.

Next: `bot/domain/waste/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.waste.finding import Cell


def apportion(total: int, weights: Mapping[Cell, int]) -> dict[Cell, int]:
    """`total` in proportion to `weights`, whole numbers that add up to it; cells without weight get nothing.

    No cell gets more than its weight as long as `total` is not more than all weights together.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    shares = {cell: total * weight // whole for cell, weight in weights.items() if weight > 0}
    rest = total - sum(shares.values())
    # The largest remainders get the odd micro-dollars; ties go by name, so that the same input gives the same answer.
    order = sorted(shares, key=lambda cell: (-(total * weights[cell] % whole), cell.tool, cell.model, str(cell.day)))
    for cell in order[:rest]:
        shares[cell] += 1
    return shares
