"""The ledgers: worked examples of counting every dollar once and of leaving room to explore."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.domain.people import Seat
from bot.domain.waste import ledger
from bot.domain.waste.finding import Cell, Finding, Ledger
from bot.domain.waste.ledger import Spend, settle
from tests.by_hand import FIRST_DAY, LAST_DAY, days_before, on, window_of

DOLLAR = 1_000_000
POOL = Cell("claude_code", "large")
LONG_AGO = LAST_DAY - timedelta(days=200)


def finding(detector: str, kind: Ledger, confidence: float, claims: dict[Cell, int]) -> Finding:
    amount = sum(claims.values())
    return Finding(detector, f"{detector}-1", "claude_code", kind, confidence, claims, amount, amount, 3)


WASTED = finding("W06", Ledger.WASTED, 0.6, {Cell("claude_code", "large", LAST_DAY): 200 * DOLLAR})
OPTIMIZABLE = finding("W13", Ledger.OPTIMIZABLE, 0.5, {POOL: 400 * DOLLAR})
SUGGESTION = replace(
    finding("W15", Ledger.OPTIMIZABLE, 0.5, {POOL: 400 * DOLLAR}), low_microusd=200 * DOLLAR, is_suggestion=True
)
SPEND = Spend({POOL: 1_000 * DOLLAR})


def test_a_later_finding_counts_only_what_the_first_one_left() -> None:
    """$200 of $300 are wasted, so $100 are left of the sure half of $400, and $60 of those are exploration: a fifth."""
    settled = settle(
        [OPTIMIZABLE, WASTED], spend=Spend({POOL: 300 * DOLLAR}), first_active_on=LONG_AGO, last_day=LAST_DAY
    )

    assert 200 * DOLLAR == settled.wasted_microusd
    assert (100 - 60) * DOLLAR == settled.optimizable_microusd
    assert 60 * DOLLAR == settled.exploration_microusd
    assert 300 * DOLLAR == settled.spend_microusd
    assert ["W06", "W13"] == [one.detector for one in settled.counted]


def test_only_what_counts_is_cut_off() -> None:
    """A first finding of $400 that is sure of half leaves $200 of $400 to the second, which is sure of $80."""
    second = finding("W16", Ledger.OPTIMIZABLE, 0.4, {POOL: 200 * DOLLAR})

    settled = settle(
        [OPTIMIZABLE, second], spend=Spend({POOL: 400 * DOLLAR}), first_active_on=LONG_AGO, last_day=LAST_DAY
    )

    assert (200 + 80 - 50) * DOLLAR == settled.optimizable_microusd


def test_the_range_runs_from_formula_times_confidence_to_the_formula() -> None:
    """After sharing and forgiving: $50 of the sure $200 are forgiven, and a quarter of the $400."""
    settled = settle([OPTIMIZABLE], spend=SPEND, first_active_on=LONG_AGO, last_day=LAST_DAY)
    (one,) = settled.counted

    assert (150 * DOLLAR, 300 * DOLLAR, 50 * DOLLAR) == (one.low_microusd, one.high_microusd, one.forgiven_microusd)
    assert one.low_microusd == one.counted_microusd


def test_the_least_certain_is_forgiven_first() -> None:
    """The $50 go to the finding with the lower confidence, and what is left of them to the other one."""
    sure = finding("W13", Ledger.OPTIMIZABLE, 0.5, {POOL: 100 * DOLLAR})
    vague = finding("W09", Ledger.OPTIMIZABLE, 0.3, {Cell("claude_code", "other"): 150 * DOLLAR})
    spend = Spend({POOL: 500 * DOLLAR, Cell("claude_code", "other"): 500 * DOLLAR})

    settled = settle([sure, vague], spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY)

    assert [("W13", Ledger.OPTIMIZABLE, 5 * DOLLAR), ("W09", Ledger.EXPLORATION, 0)] == [
        (one.detector, one.ledger, one.forgiven_microusd) for one in settled.counted
    ]
    assert 50 * DOLLAR == settled.exploration_microusd


def test_a_finding_of_50_dollars_is_exploration_whatever_was_spent() -> None:
    """With $60 spent or $6,000."""
    small = finding("W06", Ledger.WASTED, 0.6, {POOL: 50 * DOLLAR})
    for spent in (60, 6_000):
        settled = settle([small], spend=Spend({POOL: spent * DOLLAR}), first_active_on=LONG_AGO, last_day=LAST_DAY)

        assert (0, 50 * DOLLAR) == (settled.wasted_microusd, settled.exploration_microusd)


def test_a_fifth_of_the_cost_of_use_is_never_claimed() -> None:
    """A finding of all $1,000 counts $800; with $100 spent in all, $50 of it."""
    for spent, counts in ((1_000, 800), (100, 50)):
        everything = finding("W06", Ledger.WASTED, 0.6, {POOL: spent * DOLLAR})
        settled = settle([everything], spend=Spend({POOL: spent * DOLLAR}), first_active_on=LONG_AGO, last_day=LAST_DAY)

        assert counts * DOLLAR == settled.wasted_microusd


def test_a_suggestion_is_told_and_counts_nothing() -> None:
    """Its range stands as it is; it takes no cell from others, nor anything of what is forgiven."""
    alone = settle([OPTIMIZABLE], spend=SPEND, first_active_on=LONG_AGO, last_day=LAST_DAY)
    both = settle([SUGGESTION, OPTIMIZABLE], spend=SPEND, first_active_on=LONG_AGO, last_day=LAST_DAY)
    suggested = next(one for one in both.counted if one.detector == "W15")

    assert (Ledger.OPTIMIZABLE, 0, 0) == (suggested.ledger, suggested.counted_microusd, suggested.forgiven_microusd)
    assert (200 * DOLLAR, 400 * DOLLAR) == (suggested.low_microusd, suggested.high_microusd)
    assert [True, False] == [one.is_suggestion for one in (suggested, *alone.counted)]
    assert replace(both, counted=()) == replace(alone, counted=())


def test_no_dollar_stands_in_two_suggestions() -> None:
    """Of $227 the first suggestion speaks of $135 at most, so $92 are left to the second; what counts comes first."""
    first = replace(SUGGESTION, claims={POOL: 135 * DOLLAR}, high_microusd=135 * DOLLAR, low_microusd=67 * DOLLAR)
    second = replace(first, detector="W10", confidence=0.3, claims={POOL: 100 * DOLLAR}, high_microusd=100 * DOLLAR)
    spend = Spend({POOL: 227 * DOLLAR})
    alone, beside = (
        settle(found, spend=spend, first_active_on=LONG_AGO, last_day=LAST_DAY)
        for found in ([second, first], [WASTED, second, first])
    )

    assert [("W15", 135), ("W10", 92)] == [(one.detector, (one.high_microusd or 0) // DOLLAR) for one in alone.counted]
    assert [67_500_000, 27_600_000] == [one.low_microusd for one in alone.counted]
    assert [("W06", 150), ("W15", 27), ("W10", 0)] == [
        (one.detector, (one.high_microusd or 0) // DOLLAR) for one in beside.counted
    ]
    assert [True, False] == [one.is_suggestion for one in beside.counted[1:]]


def test_a_suggestion_of_50_dollars_is_exploration() -> None:
    """And so is any in the first 60 days; it adds nothing to that sum either."""
    small = replace(SUGGESTION, claims={POOL: 50 * DOLLAR}, low_microusd=25 * DOLLAR, high_microusd=50 * DOLLAR)
    for told, first_use in ((small, LONG_AGO), (SUGGESTION, LAST_DAY)):
        settled = settle([told], spend=SPEND, first_active_on=first_use, last_day=LAST_DAY)

        assert ([Ledger.EXPLORATION], 0) == ([one.ledger for one in settled.counted], settled.exploration_microusd)


def test_in_the_first_60_days_everything_is_exploration() -> None:
    """The 60th day still is, the next one is not."""
    last_of_them = settle([WASTED], spend=SPEND, first_active_on=days_before(59)[0], last_day=LAST_DAY)
    after_them = settle([WASTED], spend=SPEND, first_active_on=days_before(60)[0], last_day=LAST_DAY)

    assert (0, 200 * DOLLAR) == (last_of_them.wasted_microusd, last_of_them.exploration_microusd)
    assert [Ledger.EXPLORATION] == [one.ledger for one in last_of_them.counted]
    assert (150 * DOLLAR, 50 * DOLLAR) == (after_them.wasted_microusd, after_them.exploration_microusd)


def test_an_idle_seat_is_not_forgiven() -> None:
    """The price of a seat is not use; it neither draws on the allowance nor adds to it."""
    seat = Cell("copilot", "seat")
    idle = finding("W01", Ledger.WASTED, 0.9, {seat: 19 * DOLLAR})

    settled = settle([idle], spend=Spend({seat: 19 * DOLLAR}), first_active_on=LONG_AGO, last_day=LAST_DAY)

    assert (19 * DOLLAR, 0) == (settled.wasted_microusd, settled.exploration_microusd)


def test_an_unknown_amount_stays_unknown() -> None:
    """A seat without a price is told and adds nothing."""
    idle = replace(finding("W01", Ledger.WASTED, 0.9, {}), low_microusd=None, high_microusd=None)

    settled = settle([idle], spend=Spend({Cell("copilot", "seat"): None}), first_active_on=None, last_day=LAST_DAY)
    (one,) = settled.counted

    assert (None, None, None) == (one.counted_microusd, one.low_microusd, one.high_microusd)
    assert (0, None) == (settled.wasted_microusd, settled.spend_microusd)


def test_nothing_is_claimed_from_a_cost_that_is_not_known() -> None:
    """A claim on a cell without a known cost comes to nothing."""
    settled = settle([WASTED], spend=Spend({POOL: None}), first_active_on=LONG_AGO, last_day=LAST_DAY)

    assert (0, 0, 0) == (settled.wasted_microusd, settled.optimizable_microusd, settled.exploration_microusd)


def test_spend_is_the_cost_of_use_and_of_the_days_a_seat_was_held() -> None:
    """The 28 days only; a seat given back counts up to the day before."""
    rows = [*on(days_before(0, 27, 28), cost_microusd=DOLLAR), *on(days_before(1), model="free")]
    seats = [
        Seat("claude_code", date(2026, 1, 1), None, 30_400_000),
        Seat("copilot", date(2026, 1, 1), FIRST_DAY + timedelta(days=7), 30_400_000),
        Seat("cursor", date(2026, 1, 1), None, None),
        Seat("codex", date(2026, 1, 1), FIRST_DAY, 30_400_000),
    ]

    spend = ledger.spend_of(window_of(rows), seats)

    assert {
        POOL: 2 * DOLLAR,
        Cell("claude_code", "free"): None,
        Cell("claude_code", "seat"): 28 * DOLLAR,
        Cell("copilot", "seat"): 7 * DOLLAR,
        Cell("cursor", "seat"): None,
    } == spend.cells
    assert (2 * DOLLAR, 37 * DOLLAR) == (spend.usage_microusd, spend.total_microusd)
