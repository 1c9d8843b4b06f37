"""P7: the first 60 days of use are exploration; afterwards $50 of what is found stays exploration, and the larger of
$50 and a fifth of one's own cost of use is left out of all that is called waste.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.waste.finding import SEAT_MODEL, Cell, Finding, Ledger
from bot.domain.waste.ledger import Spend, settle
from tests.by_hand import LAST_DAY

LONG_AGO = LAST_DAY - timedelta(days=300)
SIZES = st.lists(
    st.tuples(
        st.sampled_from([Ledger.WASTED, Ledger.OPTIMIZABLE]), st.sampled_from([0.3, 0.6]), st.integers(0, 300_000_000)
    ),
    max_size=5,
)
IDLE_SEAT = Cell("copilot", SEAT_MODEL)


@settings(max_examples=150)
@given(sizes=SIZES, age=st.integers(0, 59))
def test_the_first_60_days_hold_no_waste(sizes: Sequence[tuple[Ledger, float, int]], age: int) -> None:
    """Whatever is found, an idle seat included, stands in exploration."""
    findings, spend = _findings(sizes)

    settled = settle(findings, spend=spend, first_active_on=LAST_DAY - timedelta(days=age), last_day=LAST_DAY)

    assert (0, 0) == (settled.wasted_microusd, settled.optimizable_microusd)
    assert {Ledger.EXPLORATION} >= {one.ledger for one in settled.counted}


@settings(max_examples=150)
@given(sizes=SIZES)
def test_later_only_what_lies_beyond_is_claimed(sizes: Sequence[tuple[Ledger, float, int]]) -> None:
    """Of what was found in use $50 do not count, and never more than leaves the larger of $50 and 20 % untouched."""
    findings, spend = _findings(sizes, times_spent=1)
    found = sum(_sure(one) for one in sizes)
    allowance = max(50_000_000, spend.usage_microusd // 5)

    settled = settle(findings, spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY)

    counts = max(0, min(found - 50_000_000, spend.usage_microusd - allowance))
    assert counts == settled.wasted_microusd + settled.optimizable_microusd - _idle(spend)
    assert found - counts == settled.exploration_microusd


@settings(max_examples=100)
@given(sizes=SIZES)
def test_a_wasted_dollar_is_forgiven_only_after_every_optimizable_one(
    sizes: Sequence[tuple[Ledger, float, int]],
) -> None:
    """The least certain first."""
    findings, spend = _findings(sizes)

    settled = settle(findings, spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY)

    left = [one for one in settled.counted if one.ledger is Ledger.OPTIMIZABLE and one.high_microusd]
    if left:
        assert sum(size for ledger, _, size in sizes if ledger is Ledger.WASTED) == settled.wasted_microusd - _idle(
            spend
        )


def _sure(size: tuple[Ledger, float, int]) -> int:
    """What of it counts: an amount that is wasted and known in full, the formula x confidence otherwise."""
    ledger, confidence, amount = size
    return amount if ledger is Ledger.WASTED else amount * int(confidence * 10) // 10


def _findings(sizes: Sequence[tuple[Ledger, float, int]], *, times_spent: int = 2) -> tuple[list[Finding], Spend]:
    """Findings that do not share cells, and an idle seat that the allowance has nothing to do with."""
    findings = []
    cells: dict[Cell, int | None] = {IDLE_SEAT: 19_000_000}
    for turn, (ledger, confidence, size) in enumerate(sizes):
        cell = Cell("claude_code", f"model-{turn}")
        cells[cell] = times_spent * size
        findings.append(Finding("W13", "1", f"tool-{turn}", ledger, confidence, {cell: size}, size, size, 4))
    seat = {IDLE_SEAT: 19_000_000}
    return [*findings, Finding("W01", "1", "copilot", Ledger.WASTED, 0.9, seat, 19_000_000, 19_000_000, 1)], Spend(
        cells
    )


def _idle(spend: Spend) -> int:
    return spend.cells[IDLE_SEAT] or 0
