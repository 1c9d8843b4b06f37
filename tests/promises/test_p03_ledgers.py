"""P3 in the ledgers: for whatever was found, more spend anywhere and more findings take no dollar out of a sum.

The arithmetic that makes it so stands at the head of `bot/domain/waste/ledger.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.waste.finding import Cell, Finding
from bot.domain.waste.ledger import Settled, Spend, settle
from tests.by_hand import LAST_DAY
from tests.promises.test_p06_every_dollar_once import CELLS, FINDINGS, FIRST_USES, MONEY, SPENDS, a_finding

EXTRA = st.dictionaries(CELLS.map(Cell.pool), MONEY, max_size=3)


def both_sums(settled: Settled) -> tuple[int, int]:
    """What no move may make smaller."""
    return settled.wasted_microusd, settled.wasted_microusd + settled.optimizable_microusd


@settings(max_examples=100)
@given(findings=FINDINGS, spend=SPENDS, extra=EXTRA, first=FIRST_USES)
def test_more_spend_anywhere_takes_no_dollar_out(
    findings: Sequence[Finding], spend: Spend, extra: Mapping[Cell, int], first: date | None
) -> None:
    """In the same cells, in others, in seats: neither sum falls by a micro-dollar."""
    more = dict(spend.cells)
    for cell, cost in extra.items():
        more[cell] = (more.get(cell) or 0) + cost

    before = both_sums(settle(findings, spend=spend, first_active_on=first, last_day=LAST_DAY))
    after = both_sums(settle(findings, spend=Spend(more), first_active_on=first, last_day=LAST_DAY))

    assert all(was <= now for was, now in zip(before, after, strict=True))


@settings(max_examples=100)
@given(findings=FINDINGS, spend=SPENDS, more=a_finding(), factors=st.lists(st.integers(1, 50), min_size=6, max_size=6))
def test_more_findings_and_larger_ones_take_no_dollar_out(
    findings: Sequence[Finding], spend: Spend, more: Finding, factors: Sequence[int]
) -> None:
    """A pattern that is found on top, or that has grown, leaves both sums at least as large."""
    first = LAST_DAY - timedelta(days=300)
    grown = [
        replace(found, claims={cell: amount * factor for cell, amount in found.claims.items()})
        for found, factor in zip(findings, factors, strict=False)
    ]

    before = both_sums(settle(findings, spend=spend, first_active_on=first, last_day=LAST_DAY))
    after = both_sums(settle([*grown, more], spend=spend, first_active_on=first, last_day=LAST_DAY))

    assert all(was <= now for was, now in zip(before, after, strict=True))
