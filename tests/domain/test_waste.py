"""Detectors: what each one says, with which dollars, and when it keeps quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain import waste
from bot.domain.adoption import Standing, State
from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import Counters
from bot.domain.waste import Looked
from bot.domain.waste.finding import Cell, Finding, Ledger
from tests.by_hand import LAST_DAY, UTC_WEEK, PriceList, Used, days_before, on, times, window_of
from tests.sessions_by_hand import Sat, session_sums_of

DOLLAR = 1_000_000
BUILDING = Standing(State.BUILDING, LAST_DAY, "there is use")
PRICES = PriceList()
SEAT = Seat("claude_code", date(2026, 1, 5), None, 30_400_000)
WORKDAYS = days_before(*(age for age in range(28) if UTC_WEEK.is_working(LAST_DAY - timedelta(days=age))))


def look(
    rows: Sequence[Used],
    *,
    seats: Sequence[Seat] = (),
    state: State = State.BUILDING,
    outcome_days: frozenset[date] = frozenset(),
    calendar: WorkCalendar = UTC_WEEK,
    sessions: Sequence[Sat] = (),
    work: Sequence[WorkDone] = (),
) -> Looked:
    """What all detectors say; on `outcome_days` a document was finished."""
    standing = replace(BUILDING, state=state)
    return waste.look(
        window=window_of(rows),
        seats=seats,
        calendar=calendar,
        standing=standing,
        prices=PRICES,
        sessions=session_sums_of(sessions),
        work=[*work, *(WorkDone("wiki", OutcomeKind.DOCUMENT, day) for day in sorted(outcome_days))],
    )


def only(looked: Looked) -> Finding:
    (finding,) = looked.findings
    return finding


def priced(rows: Sequence[Used]) -> list[Used]:
    """`rows` with the list price of their tokens."""
    return [
        replace(
            row, counters=replace(row.counters, cost_microusd=PRICES.cost_microusd(row.model, row.day, row.counters))
        )
        for row in rows
    ]


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("state", [State.UNKNOWN, State.NOT_PROVISIONED, State.GRACE])
def test_nothing_is_said_about_money_where_too_little_is_known(state: State) -> None:
    """No finding in unknown, not_provisioned and grace; every detector says why."""
    looked = look([], seats=[SEAT], state=state)

    assert () == looked.findings
    assert list(waste.DETECTORS) == [silent.detector for silent in looked.not_judged]


def test_the_detectors_come_in_the_order_of_the_catalogue() -> None:
    """The ids are stable: they stand in stored rows."""
    assert sorted(waste.DETECTORS) == list(waste.DETECTORS)
    assert 21 == len(waste.DETECTORS)
    assert set(waste.DETECTORS) > waste.NEVER_SENT


# ---------------------------------------------------------------- W01


def test_an_idle_seat_costs_its_price_for_the_window() -> None:
    """28 of 30.4 days of $30.40."""
    finding = only(look([], seats=[SEAT], state=State.NEVER_USED))

    assert ("W01", Ledger.WASTED, {Cell("claude_code", "seat"): 28 * DOLLAR}) == (
        finding.detector,
        finding.ledger,
        finding.claims,
    )
    assert (28 * DOLLAR, 28 * DOLLAR) == (finding.low_microusd, finding.high_microusd)


def test_an_idle_seat_without_a_price_is_a_finding_without_dollars() -> None:
    """Unknown is not zero and not a guess."""
    finding = only(look([], seats=[replace(SEAT, monthly_cost_microusd=None)], state=State.NEVER_USED))

    assert ({}, None, None) == (finding.claims, finding.low_microusd, finding.high_microusd)


@pytest.mark.parametrize("tool", ["claude_code", "cursor"])
def test_a_seat_is_not_idle_while_it_or_one_of_its_class_is_used(tool: str) -> None:
    """Whoever works with one coding tool did not leave the other one idle by neglect."""
    assert () == look(on(days_before(28), tool=tool), seats=[SEAT]).findings
    assert () == look(on(days_before(-1), tool=tool), seats=[SEAT]).findings


def test_use_of_another_class_does_not_make_a_seat_busy() -> None:
    """Chat does not stand in for a coding tool."""
    assert "W01" == only(look(on(days_before(3), tool="claude_chat"), seats=[SEAT])).detector


def test_a_seat_is_not_idle_on_leave_nor_when_it_is_young_or_given_back() -> None:
    """Fewer than 15 working days, younger than 14 days, or not held any more."""
    away = WorkCalendar(timezone="UTC", leave=frozenset(WORKDAYS[:6]))

    assert () == look([], seats=[SEAT], calendar=away).findings
    assert () == look([], seats=[replace(SEAT, assigned_on=LAST_DAY - timedelta(days=13))]).findings
    assert () == look([], seats=[replace(SEAT, released_on=LAST_DAY)]).findings


# ---------------------------------------------------------------- W06


ORDINARY = on(WORKDAYS[5:], requests=50, cost_microusd=4 * DOLLAR)
RUNAWAY = on([WORKDAYS[4]], requests=1_500, cost_microusd=60 * DOLLAR)


def test_a_runaway_day_claims_what_lies_above_three_ordinary_ones() -> None:
    """$60 on a day, where nine of ten of the others cost $4 or less: $48 are in question."""
    finding = only(look([*ORDINARY, *RUNAWAY]))

    assert ("W06", Ledger.EXPLORATION) == (finding.detector, finding.ledger)
    assert {Cell("claude_code", "large", WORKDAYS[4]): 48 * DOLLAR} == finding.claims


NOTHING_AFTER = frozenset(days_before(27))


def test_a_day_that_is_only_unlike_the_others_is_never_wasted() -> None:
    """The others can be made dearer by requests that nobody needs, so that this may not decide about waste."""
    assert Ledger.EXPLORATION == only(look([*ORDINARY, *RUNAWAY], outcome_days=NOTHING_AFTER)).ledger


def test_requests_beyond_2000_are_wasted_only_when_finished_work_is_known_and_none_followed() -> None:
    """Nothing in 48 hours: half of 4,000 requests. Something, or nobody knows, or they have not passed: exploration."""
    day = times(RUNAWAY, requests=4)
    many = [*times(RUNAWAY, requests=2), *on([WORKDAYS[4]], model="little", requests=1_000, cost_microusd=20 * DOLLAR)]
    yesterday = on([LAST_DAY], requests=6_000, cost_microusd=60 * DOLLAR)
    wasted = only(look([*ORDINARY, *many], outcome_days=NOTHING_AFTER))
    others = (
        look([*ORDINARY, *day], outcome_days=frozenset({WORKDAYS[4] + timedelta(days=2)})),
        look([*ORDINARY, *day]),
        look([*ORDINARY, *yesterday], outcome_days=NOTHING_AFTER),
    )

    assert (Ledger.WASTED, 40 * DOLLAR, 24 * DOLLAR) == (wasted.ledger, wasted.high_microusd, wasted.low_microusd)
    assert [Ledger.EXPLORATION] * 3 == [only(one).ledger for one in others]


def test_requests_beyond_2000_need_no_other_day_and_only_models_that_tell_both() -> None:
    """What has no cost, or of which nobody counted the requests, makes the amount neither larger nor smaller."""
    day = on([WORKDAYS[4]], requests=4_000, cost_microusd=60 * DOLLAR)
    beside = [
        *on([WORKDAYS[4]], model="little", requests=9_000),
        *on([WORKDAYS[4]], model="middle", cost_microusd=90 * DOLLAR),
    ]

    for rows in (day, [*day, *beside]):
        claims = only(look(rows, outcome_days=NOTHING_AFTER)).claims
        assert {Cell("claude_code", "large", WORKDAYS[4]): 30 * DOLLAR} == claims


def test_many_requests_make_a_day_suspect_too() -> None:
    """More than 2,000 requests on a day that also cost more than three ordinary ones."""
    day = on([WORKDAYS[4]], requests=2_001, cost_microusd=24 * DOLLAR)

    assert 12 * DOLLAR == only(look([*ORDINARY, *day])).high_microusd
    assert () == look([*ORDINARY, *times(day, requests=0)]).findings


def test_a_dear_day_among_dear_days_is_no_runaway() -> None:
    """One's own days are the yardstick, not a fixed sum."""
    assert () == look(on(WORKDAYS, requests=100, cost_microusd=60 * DOLLAR)).findings


def test_a_heavy_day_with_too_few_others_is_not_judged() -> None:
    """Five other active days with a known cost are the least."""
    looked = look([*ORDINARY[:4], *RUNAWAY])

    assert () == looked.findings
    assert "W06" in [silent.detector for silent in looked.not_judged]


def test_a_heavy_day_without_a_price_claims_nothing() -> None:
    """Unknown costs are never waste."""
    assert () == look([*ORDINARY, *on([WORKDAYS[4]], requests=9_000)]).findings


# ---------------------------------------------------------------- W10


SHORT = priced(
    on(
        WORKDAYS,
        requests=100,
        failed_requests=2,
        input_tokens=100_000,
        cache_read_tokens=900_000,
        cache_write_tokens=50_000,
        output_tokens=40_000,
    )
)


def test_short_answers_from_the_dearest_model_could_cost_less() -> None:
    """The sibling costs two fifths of it here, and 16 % of the cost is kept for tries that fail."""
    finding = only(look(SHORT))
    cost = sum(row.counters.cost_microusd or 0 for row in SHORT)

    assert ("W10", Ledger.OPTIMIZABLE) == (finding.detector, finding.ledger)
    assert cost * 44 // 100 == finding.high_microusd
    assert int(cost * 44 // 100 * 0.3) == finding.low_microusd
    assert 400 == finding.evidence["tokens_written_per_request"]


def test_long_answers_hard_work_and_unknown_prices_are_left_alone() -> None:
    """Written a lot, failed a lot, no cheaper sibling, or no price."""
    assert () == look(times(SHORT, output_tokens=6)).findings
    assert () == look(times(SHORT, failed_requests=10)).findings
    assert () == look([replace(row, model="lonely") for row in SHORT]).findings
    assert () == look([replace(row, model="nobody-knows") for row in SHORT]).findings


def test_half_of_the_tokens_must_be_the_dear_model_s() -> None:
    """A dear model beside twice as many tokens of another is a choice."""
    other = [replace(row, model="middle") for row in times(SHORT, input_tokens=12)]

    assert "W10" not in [finding.detector for finding in look([*SHORT, *other]).findings]


@pytest.mark.parametrize("missing", ["requests", "output_tokens", "cost_microusd"])
def test_a_tier_is_not_judged_without_its_inputs(missing: str) -> None:
    """Nobody counted the requests: the detector says so."""
    looked = look([replace(row, counters=replace(row.counters, **{missing: None})) for row in SHORT])

    assert () == looked.findings
    assert "W10" in [silent.detector for silent in looked.not_judged]


# ---------------------------------------------------------------- W15


COLD = priced(
    on(
        WORKDAYS,
        model="little",
        input_tokens=900_000,
        cache_read_tokens=100_000,
        cache_write_tokens=0,
        output_tokens=10_000,
    )
)


def test_a_low_hit_rate_claims_the_way_to_80_percent() -> None:
    """(80 % - 10 %) x prompt x input price x 0.9, over four weeks."""
    finding = only(look(COLD))
    formula = len(COLD) * 1_000_000 * 70 // 100 * 9 // 10

    assert ("W15", Ledger.OPTIMIZABLE, 4) == (finding.detector, finding.ledger, finding.occurrences)
    assert finding.high_microusd is not None
    assert abs(formula - finding.high_microusd) <= len(COLD)
    assert 10 == finding.evidence["hit_rate_percent"]


def test_a_good_hit_rate_a_small_week_and_small_change_are_left_alone() -> None:
    """60 % from the cache, or below 1 M tokens a week."""
    warm = times(COLD, cache_read_tokens=14)
    small = [
        replace(
            row,
            counters=Counters(input_tokens=100_000, cache_read_tokens=0, cache_write_tokens=0, cost_microusd=100_000),
        )
        for row in COLD
    ]

    assert () == look(warm).findings
    assert () == look(small).findings


def test_warm_use_of_another_model_hides_nothing() -> None:
    """The same dollars for the cold model, however much the other one reads from its cache."""
    warm = priced(on(WORKDAYS, model="large", input_tokens=1_000, cache_read_tokens=90_000_000, cache_write_tokens=0))

    (beside,) = [finding for finding in look([*COLD, *warm]).findings if finding.detector == "W15"]
    assert (only(look(COLD)).claims, 4) == (beside.claims, beside.occurrences)


def test_a_hit_rate_is_not_judged_where_the_source_does_not_tell_the_cache() -> None:
    """A missing kind of token makes the ratio unknown."""
    looked = look([replace(row, counters=replace(row.counters, cache_write_tokens=None)) for row in COLD])

    assert () == looked.findings
    assert "W15" in [silent.detector for silent in looked.not_judged]


def test_a_model_without_price_is_never_waste() -> None:
    """No dollars are made up."""
    looked = look([replace(row, model="nobody-knows") for row in COLD])

    assert () == looked.findings
    assert "W15" in [silent.detector for silent in looked.not_judged]


def test_what_was_paid_counts_and_not_what_the_list_says() -> None:
    """With half the list price paid, half can be saved."""
    twice = times(COLD, cost_microusd=2)

    assert (only(look(COLD)).high_microusd or 0) * 2 == only(look(twice)).high_microusd


def test_evidence_is_plain_json() -> None:
    """Numbers, short words and dates as text."""
    for rows in ([*ORDINARY, *RUNAWAY], SHORT, COLD):
        for value in only(look(rows)).evidence.values():
            assert value is None or isinstance(value, str | int | float)
