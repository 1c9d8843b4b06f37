"""The card: own past only, unknown said as unknown, no rate without its parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.domain import scorecard
from bot.domain.adoption import Standing, State
from bot.domain.check_in import CheckIn, Helped
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat
from bot.domain.results import CostPerPiece, OutcomeFact
from bot.domain.scorecard import Ledgers, Numbers
from bot.domain.sight import DaysOfUse, Gap, Unknown
from bot.domain.usage import ANY_MODEL, Counters, Coverage, UsageWindow, WeekSum
from bot.domain.waste import DETECTORS
from bot.domain.waste.finding import Ledger
from tests.views.samples import FINDING, LAST_DAY, many_numbers, numbers

MANY = many_numbers()


def test_habit_counts_days_and_the_days_before() -> None:
    """Three working days a week in both stretches of four weeks, all of them covered."""
    habit = scorecard.build(numbers()).habit

    assert DaysOfUse(working_days=20, used_days=12, unseen_days=0, days_off_used=0) == habit.now
    assert habit.now == habit.before


def test_days_off_are_not_working_days() -> None:
    """Use on a day of leave is said apart and does not raise the count of working days."""
    known = numbers()
    on_leave = replace(known.calendar, leave=frozenset({date(2026, 2, 24)}))
    habit = scorecard.build(replace(known, calendar=on_leave)).habit

    assert DaysOfUse(working_days=19, used_days=11, unseen_days=0, days_off_used=1) == habit.now


def test_uncovered_day_without_use_is_unseen() -> None:
    """Where the source did not finish, no use is not zero (P12); use that was seen stays seen."""
    early = scorecard.build(MANY["data end early"])

    assert 1 == early.habit.now.unseen_days
    assert 12 == early.habit.now.used_days
    assert (Unknown("claude_code", Gap.ENDS_EARLY, date(2026, 2, 26)),) == early.unknowns


def test_gap_in_the_middle_is_told_from_an_early_end() -> None:
    """A day missing in between has its own words."""
    missing = scorecard.build(MANY["days missing"])

    assert [Gap.DAYS_MISSING] == [unknown.gap for unknown in missing.unknowns]


def test_tool_without_a_source_is_not_connected() -> None:
    """A seat that no source covers is named, and nothing is said about its days."""
    blind = scorecard.build(MANY["not covered"])

    assert (Unknown("claude_code", Gap.NOT_CONNECTED, None),) == blind.unknowns
    assert 20 == blind.habit.now.unseen_days


def test_seat_before_it_was_held_needs_no_coverage() -> None:
    """A tool that was not there yet cannot have been used: other tools decide about those days."""
    known = numbers()
    newer = Seat("codex", LAST_DAY - timedelta(days=2), None, None)
    card = scorecard.build(replace(known, seats=(*known.seats, newer)))

    assert ("claude_code", "codex") == card.tools
    assert 1 == card.habit.now.unseen_days


def test_released_seat_is_not_on_the_card() -> None:
    """A seat given back before the window is nobody's business any more."""
    gone = Seat("codex", date(2025, 1, 1), date(2026, 1, 5), None)
    card = scorecard.build(replace(numbers(), seats=(gone,), window=UsageWindow(LAST_DAY)))

    assert () == card.tools


def test_ledgers_are_the_sums_of_the_findings() -> None:
    """Each finding counts in its ledger, and what was forgiven counts as exploring."""
    known = numbers()
    wasted = replace(FINDING, detector="W06", ledger=Ledger.WASTED, counted_microusd=2_000_000, forgiven_microusd=None)
    unpriced = replace(FINDING, detector="W01", ledger=Ledger.WASTED, counted_microusd=None, forgiven_microusd=None)
    card = scorecard.build(replace(known, findings=(*known.findings, wasted, unpriced)))

    ledgers = card.efficiency.ledgers
    assert (12_400_000, 2_000_000, 9_000_000) == (
        ledgers.optimizable_microusd,
        ledgers.wasted_microusd,
        ledgers.exploration_microusd,
    )


def test_nothing_is_judged_where_too_little_is_known() -> None:
    """In an unknown state the ledgers are unknown, not zero."""
    blind = replace(numbers(), standing=Standing(State.UNKNOWN, LAST_DAY, "a day is missing"))
    ledgers = scorecard.build(blind).efficiency.ledgers

    assert (None, None, None) == (ledgers.optimizable_microusd, ledgers.wasted_microusd, ledgers.exploration_microusd)


def test_no_cost_is_unknown_cost() -> None:
    """Without a price and without a seat the spend is None."""
    assert Ledgers(None, None, None, None) == scorecard.build(MANY["nothing"]).efficiency.ledgers
    assert None is scorecard.build(MANY["no price"]).efficiency.ledgers.spend_microusd
    assert scorecard.build(MANY["no price"]).efficiency.some_unpriced


def test_row_for_all_models_beside_priced_ones_is_not_unpriced() -> None:
    """Sessions and edits are not split by model and have no price of their own."""
    known = numbers()
    tool = known.window.weeks[0].tool
    edits = WeekSum(
        tool, ANY_MODEL, known.window.weeks[0].week, Counters(sessions=3, accepted=9), active_mask=1, worked_mask=1
    )
    card = scorecard.build(replace(known, window=replace(known.window, weeks=(*known.window.weeks, edits))))

    assert scorecard.build(known).efficiency.some_unpriced == card.efficiency.some_unpriced
    assert not card.efficiency.some_unpriced


def test_tokens_are_the_sum_of_what_is_known() -> None:
    """Four kinds together; None when no source counts any."""
    assert 4 * 1_360_000 == scorecard.build(numbers()).efficiency.tokens
    assert 4 * 900 == scorecard.build(MANY["no price"]).efficiency.tokens
    assert None is scorecard.build(MANY["no tokens"]).efficiency.tokens


def test_first_sixty_days_are_named() -> None:
    """Who began on 20 January explores until 20 March; who began a year ago does not."""
    assert date(2026, 3, 20) == scorecard.build(MANY["exploring"]).efficiency.exploring_until
    assert None is scorecard.build(numbers()).efficiency.exploring_until


def test_outcomes_stay_or_are_taken_back() -> None:
    """Of the changes older than 14 days, those without a revert within 14 days are still there."""
    outcome = scorecard.build(numbers()).outcome

    assert outcome is not None
    assert (3, 1, 2, 1) == (
        outcome.merged,
        outcome.counts_before[OutcomeKind.PR_MERGED],
        outcome.old_enough,
        outcome.still_there,
    )


def test_late_revert_is_no_churn() -> None:
    """A revert more than 14 days after the merge does not unmake it here."""
    known = numbers()
    late = OutcomeFact(OutcomeKind.PR_REVERTED, "a", date(2026, 2, 25))
    beside = replace(known.beside, outcomes=(*known.beside.outcomes, late))
    outcome = scorecard.build(replace(known, beside=beside)).outcome

    assert outcome is not None
    assert 1 == outcome.still_there


def test_no_outcome_source_is_not_zero_outcomes() -> None:
    """When nothing of a person's work was ever seen, there is no outcome quadrant to fill."""
    assert None is scorecard.build(MANY["nothing"]).outcome


def test_cost_of_a_change_needs_all_of_its_parts() -> None:
    """With a day unseen, a price missing or nothing merged there is no rate."""
    known = cost_of_a_change(numbers())

    spend = 60_000_000 + 20_000_000 * 280 // 304
    assert known is not None
    assert abs(spend // 3 - known.microusd) < 10_000
    assert None is cost_of_a_change(MANY["data end early"])
    assert None is cost_of_a_change(MANY["no price"])


def test_a_tool_or_a_seat_without_a_price_hides_the_cost_of_a_change() -> None:
    """Of a tool that no source covers more may have been used, and been paid, than was seen; a seat without a price was
    paid too. Neither these 28 days nor those before are then told as if they were whole.
    """
    known = numbers()
    weeks = known.window.weeks
    for week in (0, 5):
        seen = WeekSum("cursor", "m", week, Counters(requests=1, cost_microusd=10**6), 0b1000, 0b1000)
        of_two = replace(known, window=replace(known.window, weeks=(*weeks, seen)))
        assert None is cost_of_a_change(of_two)
        told = dict.fromkeys(("claude_code", "cursor"), known.beside.coverage.covered["claude_code"])
        covered = replace(known.beside, coverage=Coverage(told, {}))
        assert None is not cost_of_a_change(replace(of_two, beside=covered))
    for seat in (Seat("cursor", date(2025, 1, 1), None, 1), Seat("claude_code", date(2025, 1, 1), None, None)):
        assert None is cost_of_a_change(replace(known, seats=(*known.seats, seat)))


def test_a_hidden_past_hides_only_what_stands_beside() -> None:
    """A tool whose days were not seen in the 28 days before, and are seen now, leaves the cost of these days."""
    known = numbers()
    one = known.beside.work[0]
    work = (*known.beside.work, *(replace(one, day=one.day - timedelta(days=back)) for back in (1, 2)))
    lately = {"cursor": frozenset(LAST_DAY - timedelta(days=back) for back in range(28))}
    seat = Seat("cursor", date(2025, 1, 1), None, 1)
    for coverage, is_told in ((lately, False), ({"cursor": known.beside.coverage.covered["claude_code"]}, True)):
        covered = Coverage(known.beside.coverage.covered | coverage, {})
        beside = replace(known.beside, work=work, coverage=covered)
        cost = cost_of_a_change(replace(known, seats=(*known.seats, seat), beside=beside))
        assert cost is not None
        assert is_told is (cost.before_microusd is not None)


def cost_of_a_change(known: Numbers) -> CostPerPiece | None:
    came = scorecard.build(known).results
    assert came is not None
    return came.cost


def test_nothing_merged_has_no_cost_a_change() -> None:
    """Zero changes: no division, no infinity."""
    known = numbers()
    card = scorecard.build(replace(known, beside=replace(known.beside, outcomes=(), work=())))

    assert card.outcome is not None
    assert (0, None) == (card.outcome.merged, card.results)


def test_work_done_without_a_tool_has_no_cost_a_change() -> None:
    """Where no use was seen, the price of an idle seat is not laid on the work."""
    outcome = scorecard.build(MANY["idle"]).outcome

    assert outcome is not None
    assert (3, None) == (outcome.merged, cost_of_a_change(MANY["idle"]))


def test_weeks_are_counted_in_days_of_use() -> None:
    """Twelve weeks, oldest first, and more use on a day changes nothing."""
    weeks = scorecard.build(numbers()).weeks
    heavy = numbers(counters=Counters(requests=10**6, input_tokens=10**12))

    assert [0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 3] == [week.days.used_days for week in weeks.weeks]
    assert weeks == scorecard.build(heavy).weeks


def test_what_could_not_be_looked_for_is_named() -> None:
    """With a day missing no pattern is looked for, and each says why; before anything was judged nothing is said."""
    blind = replace(numbers(), standing=Standing(State.UNKNOWN, LAST_DAY, "a day is missing"))

    silent = scorecard.not_judged(blind, NoPrices())

    assert DETECTORS.keys() == {one.detector for one in silent}
    assert {"a day is missing"} == {one.reason for one in silent}
    assert () == scorecard.not_judged(MANY["nothing"], NoPrices())


class NoPrices:
    """A price book without a page."""

    def rates(self, model: str, day: date) -> None:
        return None

    def cost_microusd(self, model: str, day: date, counters: Counters) -> None:
        return None

    def cheaper_sibling(self, model: str, day: date) -> None:
        return None


def test_use_without_coverage_is_seen_in_part() -> None:
    """A tool that was used, and that no source tells all of, is not called invisible; its other days stay unseen."""
    card = scorecard.build(numbers(covered=[]))

    assert (Unknown("claude_code", Gap.ONLY_USE, None),) == card.unknowns
    assert DaysOfUse(working_days=20, used_days=12, unseen_days=8, days_off_used=0) == card.habit.now


def test_seats_are_in_the_sum_or_not_or_not_there() -> None:
    """Included with a price, not included without one, and not spoken of where there is no seat."""
    known = numbers()
    unpriced = replace(known, seats=(Seat("claude_code", date(2025, 6, 1), None, None),))
    gone = replace(known, seats=(Seat("claude_code", date(2025, 6, 1), date(2026, 1, 5), 20_000_000),))

    cards = [scorecard.build(one) for one in (known, unpriced, gone, replace(known, seats=()))]
    assert [True, False, None, None] == [card.efficiency.seats_included for card in cards]


def test_what_was_meant_was_simply_used() -> None:
    """Its dollars stand in none of the three parts; the sum and every other finding stay as they are (P6)."""
    known = numbers()
    meant = replace(known, beside=replace(known.beside, meant={("W15", "claude_code"): LAST_DAY}))
    before, after = (scorecard.build(one).efficiency.ledgers for one in (known, meant))

    assert (before.spend_microusd, 0, 0, 0) == (
        after.spend_microusd,
        after.optimizable_microusd,
        after.wasted_microusd,
        after.exploration_microusd,
    )
    assert 0 < (before.optimizable_microusd or 0)


def test_reports_beside_the_days_before_them() -> None:
    """Each check-in has the working days of the 14 days before it; one that is too old for the card is left out."""
    known = numbers()
    old = CheckIn(LAST_DAY - timedelta(days=72), Helped.CLEARLY)
    today = CheckIn(LAST_DAY + timedelta(days=1), Helped.NOT_REALLY)
    beside = replace(known.beside, check_ins=(old, *known.beside.check_ins, today))
    reported = scorecard.build(replace(known, beside=beside)).value.reported

    assert [Helped.SOMEWHAT, Helped.CLEARLY, Helped.NOT_REALLY] == [one.check_in.helped for one in reported]
    assert {DaysOfUse(working_days=10, used_days=6, unseen_days=0, days_off_used=0)} == {one.days for one in reported}


def test_days_before_a_report_that_were_not_seen_are_not_zero() -> None:
    """Beside a report too, a day that no source finished is unseen and not a day without use (P12)."""
    reported = scorecard.build(numbers(covered=[])).value.reported

    assert {(6, 4)} == {(one.days.used_days, one.days.unseen_days) for one in reported}
