"""P3 in the ledgers: for whatever was found, more spend anywhere and more findings take no dollar out of a sum.

The arithmetic that makes it so stands at the head of `bot/domain/waste/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.waste.finding import Cell, Finding
from bot.domain.waste.ledger import Settled, Spend, settle
from tests.by_hand import LAST_DAY
from tests.promises.test_p06_every_dollar_once import CELLS, MONEY, a_finding

LONG_AGO = LAST_DAY - timedelta(days=300)
DEAR = st.dictionaries(CELLS.map(Cell.pool), MONEY, min_size=3).map(Spend)
MANY = st.lists(a_finding(), min_size=2, max_size=6)
EXTRA = st.dictionaries(CELLS.map(Cell.pool), MONEY, min_size=1, max_size=3)


def both_sums(settled: Settled) -> tuple[int, int]:
    """What no move may make smaller."""
    return settled.wasted_microusd, settled.wasted_microusd + settled.optimizable_microusd


@settings(max_examples=100)
@given(findings=MANY, spend=DEAR, extra=EXTRA)
def test_more_spend_anywhere_takes_no_dollar_out(
    findings: Sequence[Finding], spend: Spend, extra: Mapping[Cell, int]
) -> None:
    """In the same cells, in others, in seats: neither sum falls by a micro-dollar."""
    more = dict(spend.cells)
    for cell, cost in extra.items():
        more[cell] = (more.get(cell) or 0) + cost

    before = both_sums(settle(findings, spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY))
    after = both_sums(settle(findings, spend=Spend(more), first_active_on=LONG_AGO, last_day=LAST_DAY))

    assert all(was <= now for was, now in zip(before, after, strict=True))


@settings(max_examples=100)
@given(findings=MANY, spend=DEAR, more=a_finding(), factors=st.lists(st.integers(1, 50), min_size=6, max_size=6))
def test_more_findings_and_larger_ones_take_no_dollar_out(
    findings: Sequence[Finding], spend: Spend, more: Finding, factors: Sequence[int]
) -> None:
    """A pattern that is found on top, or that has grown, leaves both sums at least as large."""
    grown = [
        replace(found, claims={cell: amount * factor for cell, amount in found.claims.items()})
        for found, factor in zip(findings, factors, strict=False)
    ]

    before = both_sums(settle(findings, spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY))
    after = both_sums(settle([*grown, more], spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY))

    assert all(was <= now for was, now in zip(before, after, strict=True))
