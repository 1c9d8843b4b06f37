"""Detectors that look into sessions: what each one says, with which dollars, and when it keeps quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.usage import Counters, SessionCounters
from bot.domain.waste import Looked
from bot.domain.waste.finding import Cell, Finding, Ledger
from tests.by_hand import LAST_DAY, Used, days_before, on
from tests.domain.test_waste import DOLLAR, WORKDAYS, look, priced
from tests.sessions_by_hand import ORDINARY, Sat, sat, sessions_on

# A million tokens of each kind on each of 20 days, at list price: $36.75 a day, $735 in all.
USED = priced(
    on(
        WORKDAYS,
        requests=200,
        failed_requests=80,
        input_tokens=1_000_000,
        cache_read_tokens=1_000_000,
        cache_write_tokens=1_000_000,
        output_tokens=1_000_000,
    )
)
WRITE_INSTEAD_OF_READ = 5_750_000
"""Micro-dollars that a million tokens of the large model cost more when they are written than when they are read."""
SILENT = Used(WORKDAYS[0], tool="codex")


def said(
    sessions: Sequence[Sat], detector: str, *, rows: Sequence[Used] = USED, work: Sequence[WorkDone] = ()
) -> Looked:
    """What one detector says of these sessions."""
    looked = look(rows, sessions=sessions, work=work)
    return Looked(
        tuple(one for one in looked.findings if one.detector == detector),
        tuple(one for one in looked.not_judged if one.detector == detector),
    )


def only(sessions: Sequence[Sat], detector: str, *, work: Sequence[WorkDone] = ()) -> Finding:
    """The one finding of one detector."""
    (finding,) = said(sessions, detector, work=work).findings
    return finding


def a_week(count: int, **happened: int) -> list[Sat]:
    """So many sessions within the last week."""
    return sessions_on([LAST_DAY - timedelta(days=3)] * count, ORDINARY, SessionCounters(**happened))


# ---------------------------------------------------------------- W04


def test_a_failure_loop_claims_what_came_after_the_second_failure() -> None:
    """Ten failures in a row of twenty calls, $30 each: eight twentieths of three sessions, or 60 % of that."""
    sessions = sat(
        WORKDAYS[:3],
        counters=Counters(requests=40, cost_microusd=30 * DOLLAR),
        longest_failure_streak=10,
        tool_calls=20,
    )
    finding = only(sessions, "W04")

    assert (Ledger.WASTED, {Cell("claude_code", "large"): 36 * DOLLAR}) == (finding.ledger, finding.claims)
    assert (21_600_000, 36 * DOLLAR, 3) == (finding.low_microusd, finding.high_microusd, finding.occurrences)


def test_four_failures_are_work_and_two_loops_are_not_often() -> None:
    """Below five in a row; and two loops of a few dollars are not worth saying."""
    dear = Counters(requests=40, cost_microusd=8 * DOLLAR)

    assert () == said(sat(WORKDAYS, counters=dear, longest_failure_streak=4, tool_calls=20), "W04").findings
    assert () == said(sat(WORKDAYS[:2], counters=dear, longest_failure_streak=6, tool_calls=6), "W04").findings


def test_a_loop_is_not_judged_without_a_cost_or_a_view_of_calls() -> None:
    """The detector says what it lacks, and of which tool."""
    unpriced = sat(WORKDAYS, counters=Counters(requests=9), longest_failure_streak=9, tool_calls=9)

    assert "cost" in said(unpriced, "W04").not_judged[0].reason
    assert "whether tool calls failed for claude_code" in said(sat(WORKDAYS), "W04").not_judged[0].reason


def pieces(failures: int, count: int, *, begun: int = 1, dollars: int = 3) -> list[Sat]:
    """Sessions of one day that are parts of a row, each with so many failures for some dollars each."""
    return a_week(
        count,
        longest_failure_streak=failures,
        failure_loops=0,
        failure_loop_cost_microusd=0,
        cut_starts=begun,
        cut_failures=failures,
        cut_cost_microusd=failures * dollars * DOLLAR,
        cut_loops=0,
        cut_loop_cost_microusd=0,
    )


def test_a_row_that_is_cut_into_sessions_is_one_row() -> None:
    """Twelve failures of $3 cost $30 beyond two: three sessions of four, twelve of one, in one tool or in two."""
    in_two = [replace(one, tool="codex") for one in pieces(4, 1)] + pieces(4, 2)
    elsewhere = Used(LAST_DAY - timedelta(days=3), tool="codex", counters=Counters(cost_microusd=90 * DOLLAR))

    assert 30 * DOLLAR == only(pieces(4, 3), "W04").high_microusd == only(pieces(1, 12), "W04").high_microusd
    assert 30 * DOLLAR == sum(one.high_microusd or 0 for one in said(in_two, "W04", rows=[*USED, elsewhere]).findings)


def test_ends_of_sessions_are_no_row_where_no_session_begins_with_one() -> None:
    """Whoever stops after four failures, three times a day, has done something else each time; and four are four."""
    assert () == said(pieces(4, 3, begun=0), "W04").findings
    assert () == said(pieces(2, 2, dollars=30), "W04").findings


# ---------------------------------------------------------------- W05


def test_the_same_failing_call_again_claims_its_share() -> None:
    """Five of ten calls repeated a failure: half of the session's cost."""
    sessions = sat(
        WORKDAYS[:4], counters=Counters(requests=20, cost_microusd=10 * DOLLAR), repeated_failures=5, tool_calls=10
    )
    finding = only(sessions, "W05")

    assert (Ledger.WASTED, 20 * DOLLAR, 12 * DOLLAR) == (finding.ledger, finding.high_microusd, finding.low_microusd)
    assert 20 == finding.occurrences


def test_a_call_that_never_failed_twice_is_no_repeat() -> None:
    """None counted: nothing to say; nobody counted: nothing judged."""
    dear = Counters(requests=20, cost_microusd=10 * DOLLAR)

    assert Looked((), ()) == said(sat(WORKDAYS, counters=dear, repeated_failures=0, tool_calls=10), "W05")
    assert 1 == len(said(sat(WORKDAYS, counters=dear, tool_calls=10), "W05").not_judged)


# ---------------------------------------------------------------- W13


def test_cold_restarts_claim_writing_instead_of_reading() -> None:
    """A million tokens on each of three days of one week, at $6.25 instead of $0.50."""
    finding = only(a_week(3, cold_restarts=1, cold_restart_tokens=1_000_000), "W13")

    assert (Ledger.OPTIMIZABLE, 3 * WRITE_INSTEAD_OF_READ, 3) == (
        finding.ledger,
        finding.high_microusd,
        finding.occurrences,
    )
    assert int(3 * WRITE_INSTEAD_OF_READ * 0.8) == finding.low_microusd


def test_two_cold_restarts_a_week_are_breaks() -> None:
    """However dear; and two in each of four weeks are no three in one."""
    twice = [
        one
        for week in range(4)
        for one in sat(days_before(7 * week, 7 * week + 1), cold_restarts=1, cold_restart_tokens=9_000_000)
    ]

    assert Looked((), ()) == said(twice, "W13")


def test_a_restart_without_a_known_price_is_not_judged() -> None:
    """No dollars are made up for a model that the list does not know."""
    sessions = [replace(one, model="nobody-knows") for one in a_week(5, cold_restarts=1, cold_restart_tokens=9_000_000)]

    assert ((), 1) == (said(sessions, "W13").findings, len(said(sessions, "W13").not_judged))


def test_the_list_price_counts_up_to_what_was_paid() -> None:
    """Half the list price paid: the same dollars, for a share of all that was paid could be made smaller (P3)."""
    half = [
        replace(row, counters=replace(row.counters, cost_microusd=(row.counters.cost_microusd or 0) // 2))
        for row in USED
    ]
    (finding,) = said(a_week(6, cold_restarts=1, cold_restart_tokens=1_000_000), "W13", rows=half).findings

    assert 6 * WRITE_INSTEAD_OF_READ == finding.high_microusd


def test_a_model_that_no_bill_names_takes_its_dollars_from_the_tool() -> None:
    """Usage without a split by model: the list price, out of what the tool cost."""
    unsplit = [replace(row, model="*") for row in USED]
    (finding,) = said(a_week(4, cold_restarts=1, cold_restart_tokens=1_000_000), "W13", rows=unsplit).findings

    assert {Cell("claude_code", "*"): 4 * WRITE_INSTEAD_OF_READ} == finding.claims


# ---------------------------------------------------------------- W14


def test_a_broken_cache_claims_writing_instead_of_reading() -> None:
    """Ten breaks that wrote 200,000 tokens each, at $6.25 instead of $0.50 a million."""
    finding = only(sat(WORKDAYS[:10], cache_breaks=1, cache_break_tokens=200_000), "W14")

    assert (Ledger.OPTIMIZABLE, 11_500_000, 9_200_000) == (finding.ledger, finding.high_microusd, finding.low_microusd)


def test_few_small_breaks_and_untold_settings_are_left_alone() -> None:
    """Two breaks; and a source that does not tell the settings."""
    assert Looked((), ()) == said(sat(WORKDAYS[:2], cache_breaks=1, cache_break_tokens=380_000), "W14")
    assert "setting" in said(sat(WORKDAYS, cold_restarts=1), "W14").not_judged[0].reason


# ---------------------------------------------------------------- W16


LONG = Counters(requests=20, cost_microusd=DOLLAR, cache_read_tokens=16_000_000)


def test_a_long_conversation_claims_what_lies_above_the_easy_size() -> None:
    """Grown evenly to 160,000: a quarter of 16 M tokens, at $0.50 a million, on ten days."""
    finding = only(sat(WORKDAYS[:10], counters=LONG, largest_prompt_tokens=160_000), "W16")

    assert (Ledger.OPTIMIZABLE, 20 * DOLLAR, 8 * DOLLAR) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
    )


def test_a_short_session_and_a_size_below_the_limit_are_left_alone() -> None:
    """19 requests, or 119,999 tokens."""
    few = replace(LONG, requests=19)

    assert Looked((), ()) == said(sat(WORKDAYS, counters=few, largest_prompt_tokens=160_000), "W16")
    assert Looked((), ()) == said(sat(WORKDAYS, counters=LONG, largest_prompt_tokens=119_999), "W16")


def test_small_requests_beside_the_large_ones_hide_nothing() -> None:
    """A thousand requests more change no dollar."""
    sessions = sat(WORKDAYS[:10], counters=LONG, largest_prompt_tokens=160_000)
    many = sat(WORKDAYS[:10], counters=replace(LONG, requests=1_020), largest_prompt_tokens=160_000)

    assert only(sessions, "W16").high_microusd == only(many, "W16").high_microusd


# ---------------------------------------------------------------- W17


def test_thrash_claims_one_reading_for_each_compaction() -> None:
    """Four compactions at 500,000 tokens on ten days: 20 M tokens at $0.50 a million."""
    finding = only(sat(WORKDAYS[:10], compactions=4, largest_prompt_tokens=500_000), "W17")

    assert (Ledger.OPTIMIZABLE, 10 * DOLLAR, 5 * DOLLAR, 40) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
        finding.occurrences,
    )


def test_thrash_claims_what_was_written_afterwards() -> None:
    """As before, and 100,000 tokens written on each of ten days, at $6.25 a million."""
    sessions = sat(WORKDAYS[:10], compactions=4, compaction_read_tokens=2_000_000, compaction_written_tokens=100_000)

    assert 10 * DOLLAR + 6_250_000 == only(sessions, "W17").high_microusd


def test_two_compactions_a_session_are_no_thrash() -> None:
    """However many sessions."""
    assert Looked((), ()) == said(sat(WORKDAYS, compactions=2, largest_prompt_tokens=900_000), "W17")


# ---------------------------------------------------------------- W18


def test_a_heavy_start_is_written_once_and_read_with_every_request() -> None:
    """100,000 tokens too many, ten times: written at $6.25, and read 20 times more at $0.50 a million."""
    sessions = sat(WORKDAYS[:10], counters=Counters(requests=21, cost_microusd=DOLLAR), first_prompt_tokens=120_000)
    finding = only(sessions, "W18")

    assert (Ledger.OPTIMIZABLE, 6_250_000 + 10 * DOLLAR, 10) == (
        finding.ledger,
        finding.high_microusd,
        finding.occurrences,
    )


def test_nine_heavy_starts_and_many_light_ones_are_left_alone() -> None:
    """Ten are needed, of 40,000 tokens each."""
    dear = Counters(requests=200, cost_microusd=DOLLAR)

    assert Looked((), ()) == said(sat(WORKDAYS[:9], counters=dear, first_prompt_tokens=300_000), "W18")
    assert Looked((), ()) == said(sat(WORKDAYS, counters=dear, first_prompt_tokens=39_999), "W18")


def test_light_sessions_beside_them_do_not_hide_heavy_ones() -> None:
    """A hundred small sessions, and the ten still count."""
    heavy = sat(WORKDAYS[:10], counters=Counters(requests=21, cost_microusd=DOLLAR), first_prompt_tokens=120_000)
    light = [
        replace(one, key=f"light-{turn}") for turn, one in enumerate(sat([LAST_DAY] * 100, first_prompt_tokens=5_000))
    ]

    assert only(heavy, "W18").high_microusd == only([*heavy, *light], "W18").high_microusd


# ---------------------------------------------------------------- W11


def test_high_effort_claims_what_medium_saves() -> None:
    """Forty requests in each of four weeks for $20 a week: 15 % of it, shown from 40 % of that."""
    sessions = sat(days_before(0, 7, 14, 21), short_effort_requests=40, short_effort_cost_microusd=20 * DOLLAR)
    finding = only(sessions, "W11")

    assert (Ledger.OPTIMIZABLE, 12 * DOLLAR, 4_800_000, 160) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
        finding.occurrences,
    )


def test_nineteen_a_week_are_left_alone_and_quiet_weeks_hide_no_busy_one() -> None:
    """However dear they were; a week with twenty counts by itself."""
    quiet = sat(days_before(0, 7, 14), short_effort_requests=19, short_effort_cost_microusd=90 * DOLLAR)
    busy = sat(days_before(21), short_effort_requests=20, short_effort_cost_microusd=90 * DOLLAR)

    assert Looked((), ()) == said(quiet, "W11")
    assert 13_500_000 == only([*quiet, *busy], "W11").high_microusd


def test_effort_is_not_judged_without_a_cost_or_a_level() -> None:
    """The detector says what it lacks."""
    unpriced = sat(days_before(0), short_effort_requests=40)

    assert "cost" in said(unpriced, "W11").not_judged[0].reason
    assert "the effort of requests for claude_code" in said(sat(WORKDAYS), "W11").not_judged[0].reason


# ---------------------------------------------------------------- W21


def test_pasted_data_is_read_once_and_sent_again_and_again() -> None:
    """200,000 tokens on ten days at $5 a million, and 2 M sent again at $0.50."""
    finding = only(sat(WORKDAYS[:10], pastes=1, pasted_tokens=200_000, pasted_resent_tokens=2_000_000), "W21")

    assert (Ledger.OPTIMIZABLE, 20 * DOLLAR, 8 * DOLLAR, 10) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
        finding.occurrences,
    )


def test_sessions_without_a_paste_say_nothing() -> None:
    """None seen is nothing to say; nobody telling is not judged."""
    assert Looked((), ()) == said(sat(WORKDAYS, pastes=0, pasted_tokens=0, pasted_resent_tokens=0), "W21")
    assert "what a single prompt brought along" in said(sat(WORKDAYS), "W21").not_judged[0].reason


# ---------------------------------------------------------------- W24


def test_requests_given_up_are_friction_without_dollars() -> None:
    """Ten in a week: said, and never counted as money."""
    finding = only(a_week(5, retries_exhausted=2), "W24")

    assert (Ledger.FRICTION, {}, None, None, 10) == (
        finding.ledger,
        finding.claims,
        finding.low_microusd,
        finding.high_microusd,
        finding.occurrences,
    )


def test_nine_a_week_are_no_pattern() -> None:
    """Nine in each of four weeks."""
    sessions = sat(days_before(0, 7, 14, 21), retries_exhausted=9)

    assert Looked((), ()) == said(sessions, "W24")


# ---------------------------------------------------------------- W25


WORK = (WorkDone("git", OutcomeKind.PR_MERGED, WORKDAYS[-1] - timedelta(days=9)),)
OPEN = sat(WORKDAYS[5:], counters=Counters(requests=10, cost_microusd=DOLLAR))


def test_sessions_without_outcome_are_exploration() -> None:
    """Each of at least $1 and ten requests: not attributed, and never waste."""
    finding = only(OPEN, "W25", work=WORK)

    assert (Ledger.EXPLORATION, len(OPEN) * DOLLAR, len(OPEN) * DOLLAR) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
    )


@pytest.mark.parametrize(
    "counters",
    [
        Counters(requests=9, cost_microusd=DOLLAR),
        Counters(requests=10, cost_microusd=DOLLAR - 1),
        Counters(requests=10, cost_microusd=DOLLAR, accepted=1),
    ],
)
def test_small_sessions_and_accepted_edits_are_not_asked_about(counters: Counters) -> None:
    """Below ten requests or $1, or with one accepted edit."""
    assert Looked((), ()) == said(sat(WORKDAYS[5:], counters=counters), "W25", work=WORK)


def test_work_within_48_hours_and_hours_that_have_not_passed_count_for_the_person() -> None:
    """A merge two days later is an outcome; of yesterday's session nobody can tell yet."""
    dear = sat(days_before(1, 10), counters=Counters(requests=10, cost_microusd=40 * DOLLAR))
    merged = (WorkDone("git", OutcomeKind.PR_MERGED, LAST_DAY - timedelta(days=8)),)

    assert Looked((), ()) == said(dear, "W25", work=merged)
    assert 40 * DOLLAR == only(dear, "W25", work=WORK).high_microusd


def test_without_a_source_of_finished_work_nothing_is_called_open() -> None:
    """Unknown is not none."""
    assert "finished work" in said(OPEN, "W25").not_judged[0].reason


# ---------------------------------------------------------------- all of them


OF_SESSIONS = ["W04", "W05", "W11", "W13", "W14", "W16", "W17", "W18", "W21", "W24"]


@pytest.mark.parametrize("detector", OF_SESSIONS)
def test_a_tool_without_sessions_is_named_and_one_with_is_judged(detector: str) -> None:
    """Each says for which tool its inputs are missing, and still looks at the other."""
    nothing = SessionCounters(**dict.fromkeys(SessionCounters.__dataclass_fields__, 0))
    sessions = sessions_on(WORKDAYS, ORDINARY, nothing)
    (silent,) = said(sessions, detector, rows=[*USED, SILENT]).not_judged

    assert silent.reason.endswith("inside the sessions of codex")
    assert () == said(sessions, detector).not_judged


def test_sessions_never_claim_more_than_was_paid() -> None:
    """However much they tell: at most what the tool cost."""
    mad = sat(WORKDAYS, cold_restarts=9, cold_restart_tokens=10**12, longest_failure_streak=50, tool_calls=50,
              counters=Counters(requests=99, cost_microusd=10**12))  # fmt: skip
    paid = sum(row.counters.cost_microusd or 0 for row in USED)

    assert [paid, paid] == [only(mad, detector).high_microusd for detector in ("W04", "W13")]


@pytest.mark.parametrize("detector", sorted({*OF_SESSIONS} - {"W16", "W18"}))
def test_splitting_sessions_makes_nothing_smaller(detector: str) -> None:
    """The same work in two sessions each: the half in which it happened still claims as much."""
    happened = SessionCounters(
        tool_calls=40,
        longest_failure_streak=12,
        repeated_failures=8,
        compactions=6,
        retries_exhausted=12,
        largest_prompt_tokens=400_000,
        cold_restarts=3,
        cold_restart_tokens=900_000,
        cache_breaks=4,
        short_effort_requests=30,
        short_effort_cost_microusd=9 * DOLLAR,
        pastes=1,
        pasted_tokens=90_000,
        pasted_resent_tokens=900_000,
    )
    whole = sessions_on(WORKDAYS, Counters(requests=60, cost_microusd=20 * DOLLAR), happened)
    half = Counters(requests=30, cost_microusd=10 * DOLLAR)
    first = sessions_on(WORKDAYS, half, replace(happened, tool_calls=20))
    second = [
        replace(one, key=f"rest of {one.key}") for one in sessions_on(WORKDAYS, half, SessionCounters(tool_calls=20))
    ]

    assert (only(whole, detector).high_microusd or 0) <= (only([*first, *second], detector).high_microusd or 0)


def test_evidence_is_plain_json_with_its_window() -> None:
    """Numbers and words, and the 28 days they speak of."""
    looked = look(
        USED, sessions=[*a_week(9, cold_restarts=2, cold_restart_tokens=900_000, retries_exhausted=5)], work=WORK
    )

    for finding in looked.findings:
        assert date.fromisoformat(str(finding.evidence["window_last_day"])) == LAST_DAY
        assert all(value is None or isinstance(value, str | int | float) for value in finding.evidence.values())
