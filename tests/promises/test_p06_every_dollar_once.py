"""P6: 0 <= wasted + optimizable + exploration <= spend, and every dollar sits in at most one finding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finished_work import WorkDone
from bot.domain.waste import DETECTORS
from bot.domain.waste.finding import SEAT_MODEL, Cell, Finding, Ledger
from bot.domain.waste.ledger import Settled, Spend, settle
from bot.domain.waste.sharing import apportion
from tests.by_hand import LAST_DAY, Used
from tests.promises.test_p03_zero_counts_more_does_not import WORK, settled_of, weeks_of_sessions, weeks_of_use
from tests.sessions_by_hand import Sat

MONEY = st.integers(0, 2_000_000_000)
MODELS = ("large", "little", SEAT_MODEL)
CELLS = st.builds(
    Cell,
    tool=st.sampled_from(["claude_code", "copilot"]),
    model=st.sampled_from(MODELS),
    day=st.none() | st.integers(0, 2).map(lambda age: LAST_DAY - timedelta(days=age)),
)


WITH_DOLLARS = (Ledger.WASTED, Ledger.OPTIMIZABLE, Ledger.EXPLORATION)


@st.composite
def a_finding(draw: st.DrawFn) -> Finding:
    claims = draw(st.dictionaries(CELLS, MONEY, max_size=4))
    amount = sum(claims.values()) if draw(st.booleans()) else None
    return Finding(
        detector=draw(st.sampled_from(sorted(DETECTORS))),
        rule_version="1",
        tool="claude_code",
        ledger=draw(st.sampled_from(Ledger)) if amount is None else draw(st.sampled_from(WITH_DOLLARS)),
        confidence=draw(st.sampled_from([0.3, 0.5, 0.6, 0.9])),
        claims={} if amount is None else claims,
        low_microusd=None if amount is None else draw(st.sampled_from([amount, amount // 2])),
        high_microusd=amount,
        occurrences=1,
        is_suggestion=draw(st.booleans()),
    )


FINDINGS = st.lists(a_finding(), max_size=6)
SPENDS = st.dictionaries(CELLS.map(Cell.pool), st.none() | MONEY, max_size=6).map(Spend)
FIRST_USES = st.none() | st.integers(0, 200).map(lambda age: LAST_DAY - timedelta(days=age))


@settings(max_examples=200)
@given(findings=FINDINGS, costs=st.dictionaries(CELLS.map(Cell.pool), MONEY, max_size=6), first=FIRST_USES)
def test_no_dollar_is_shown_in_two_suggestions(
    findings: Sequence[Finding], costs: dict[Cell, int], first: object
) -> None:
    """What suggestions show at most, and all that counts, are together no more than was spent, where each cost is told;
    and no suggestion changes what counts.
    """
    spend = Spend({Cell(tool, model): 0 for tool in ("claude_code", "copilot") for model in MODELS} | costs)
    settled = settle(findings, spend=spend, first_active_on=first, last_day=LAST_DAY)  # type: ignore[arg-type] # drawn
    counting = [one for one in findings if not one.is_suggestion]
    without = settle(counting, spend=spend, first_active_on=first, last_day=LAST_DAY)  # type: ignore[arg-type] # drawn

    shown = sum(one.high_microusd or 0 for one in settled.counted if one.is_suggestion)
    assert shown + _all_ledgers(settled) <= (settled.spend_microusd or 0)
    assert _all_ledgers(without) == _all_ledgers(settled)


@settings(max_examples=300)
@given(findings=FINDINGS, spend=SPENDS, first=FIRST_USES)
def test_the_ledgers_never_hold_more_than_was_spent(findings: Sequence[Finding], spend: Spend, first: object) -> None:
    """Whatever the detectors claim, the sum of all ledgers stays within the known spend and no ledger is negative."""
    settled = settle(findings, spend=spend, first_active_on=first, last_day=LAST_DAY)  # type: ignore[arg-type] # drawn

    assert 0 <= min(settled.wasted_microusd, settled.optimizable_microusd, settled.exploration_microusd)
    assert _all_ledgers(settled) <= (spend.total_microusd or 0)
    in_sums = sum((one.counted_microusd or 0) + (one.forgiven_microusd or 0) for one in settled.counted)
    assert in_sums == _all_ledgers(settled)


@settings(max_examples=200)
@given(findings=FINDINGS, spend=SPENDS, first=FIRST_USES)
def test_no_finding_is_lost_and_none_counts_more_than_it_claims(
    findings: Sequence[Finding], spend: Spend, first: object
) -> None:
    """Every finding comes out once; what it counts, shows and forgives is part of what it claimed."""
    settled = settle(findings, spend=spend, first_active_on=first, last_day=LAST_DAY)  # type: ignore[arg-type] # drawn

    assert sorted(found.detector for found in findings) == sorted(one.detector for one in settled.counted)
    assert sum(found.high_microusd or 0 for found in findings if not found.is_suggestion) >= _all_ledgers(settled)
    for one in settled.counted:
        if one.high_microusd is not None:
            assert 0 <= (one.counted_microusd or 0) <= one.high_microusd


@settings(max_examples=50, deadline=None)
@given(rows=weeks_of_use(), sessions=weeks_of_sessions(), work=WORK)
def test_what_all_detectors_find_together_stays_within_the_spend(
    rows: Sequence[Used], sessions: Sequence[Sat], work: Sequence[WorkDone]
) -> None:
    """Weeks, sessions and changes in which every detector finds something: no dollar is counted twice."""
    settled = settled_of(rows, sessions, work)

    assert 0 <= min(settled.wasted_microusd, settled.optimizable_microusd, settled.exploration_microusd)
    assert _all_ledgers(settled) <= (settled.spend_microusd or 0)
    assert not [one for one in settled.counted if one.ledger is Ledger.FRICTION and one.counted_microusd is not None]


@settings(max_examples=100)
@given(claims=st.lists(MONEY, min_size=2, max_size=5), cost=MONEY)
def test_one_cell_is_handed_out_once(claims: Sequence[int], cost: int) -> None:
    """However many findings ask for the same tool and model, together they get at most its cost."""
    cell = Cell("claude_code", "large")
    findings = [
        Finding("W06", "1", str(turn), Ledger.WASTED, 0.5, {cell: claim}, claim, claim, 3)
        for turn, claim in enumerate(claims)
    ]

    settled = settle(findings, spend=Spend({cell: cost}), first_active_on=LAST_DAY, last_day=LAST_DAY)

    assert settled.exploration_microusd <= min(cost, sum(claims))
    assert settled.exploration_microusd >= min(cost, max(claims)) - len(claims)  # each is rounded down


@given(total=MONEY, weights=st.dictionaries(CELLS, MONEY, min_size=1, max_size=6))
def test_sharing_out_neither_loses_nor_makes_a_micro_dollar(total: int, weights: dict[Cell, int]) -> None:
    """The shares add up to the whole, and no share is more than its weight unless the whole is more than all."""
    shares = apportion(total, weights)

    if any(weights.values()):
        assert total == sum(shares.values())
    if total <= sum(weights.values()):
        assert all(share <= weights[cell] for cell, share in shares.items())


def _all_ledgers(settled: Settled) -> int:
    return settled.wasted_microusd + settled.optimizable_microusd + settled.exploration_microusd
