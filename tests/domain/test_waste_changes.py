"""Detectors that look at finished changes: reverted, closed, rewritten; and at seats, speed and edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat, WorkCalendar
from bot.domain.waste import Looked
from bot.domain.waste.finding import Cell, Finding, Ledger
from tests.by_hand import FIRST_DAY, LAST_DAY, UTC_WEEK, Used, days_before, on, times
from tests.domain.test_waste import DOLLAR, SEAT, WORKDAYS, look

MERGED, CLOSED = OutcomeKind.PR_MERGED, OutcomeKind.PR_CLOSED
USED = on(WORKDAYS, requests=100, cost_microusd=10 * DOLLAR)  # $200 in all
EARLY = days_before(*range(15, 25))


def done(days: Sequence[date], kind: OutcomeKind = MERGED, *, source: str = "git", **other: object) -> list[WorkDone]:
    """A change on each of these days, made with AI help unless it is said otherwise."""
    given = {"repository": "shop", "ai_assisted": True, "reverted": False} | other
    return [WorkDone(source, kind, day, **given) for day in days]  # type: ignore[arg-type] # named by the tests


def undone(days: Sequence[date], *, after_days: int) -> list[WorkDone]:
    """Merged changes that were taken back."""
    return [replace(one, reverted=True, reverted_on=one.day + timedelta(days=after_days)) for one in done(days)]


def said(detector: str, work: Sequence[WorkDone] = (), *, rows: Sequence[Used] = USED, seats: Sequence[Seat] = (),
         calendar: WorkCalendar = UTC_WEEK) -> Looked:  # fmt: skip
    """What one detector says."""
    looked = look(rows, seats=seats, work=work, calendar=calendar)
    return Looked(
        tuple(one for one in looked.findings if one.detector == detector),
        tuple(one for one in looked.not_judged if one.detector == detector),
    )


def only(
    detector: str, work: Sequence[WorkDone] = (), *, rows: Sequence[Used] = USED, seats: Sequence[Seat] = ()
) -> Finding:
    """The one finding of one detector."""
    (finding,) = said(detector, work, rows=rows, seats=seats).findings
    return finding


NOTHING = Looked((), ())

# ---------------------------------------------------------------- W07


def test_reverted_changes_claim_their_share_of_what_use_cost() -> None:
    """Three of ten changes undone: 30 % of $200, or half of that."""
    finding = only("W07", [*undone(EARLY[:3], after_days=14), *done(EARLY[3:])])

    assert (Ledger.WASTED, 60 * DOLLAR, 30 * DOLLAR, 3) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
        finding.occurrences,
    )
    assert {Cell("claude_code", "large"): 60 * DOLLAR} == finding.claims


@pytest.mark.parametrize(
    "work",
    [
        [*undone(EARLY[:3], after_days=15), *done(EARLY[3:])],
        [*(replace(one, reverted=False) for one in undone(EARLY[:3], after_days=2)), *done(EARLY[3:])],
        [*(replace(one, reverted_on=None) for one in undone(EARLY[:3], after_days=2)), *done(EARLY[3:])],
        [*undone([FIRST_DAY - timedelta(days=1)] * 3, after_days=2), *done(EARLY)],
    ],
    ids=["after 15 days", "restored", "nobody knows when", "before the window"],
)
def test_late_restored_and_older_reverts_are_left_alone(work: Sequence[WorkDone]) -> None:
    """Within 14 days, in the window, and not restored since."""
    assert NOTHING == said("W07", work)


def test_reverts_are_not_judged_without_marks_of_ai_help_or_a_cost() -> None:
    """The detector says which."""
    unmarked = [replace(one, ai_assisted=None) for one in undone(EARLY[:3], after_days=1)]
    unpriced = times(USED, cost_microusd=0)

    assert "AI help" in said("W07", unmarked).not_judged[0].reason
    assert "cost" in said("W07", undone(EARLY[:3], after_days=1), rows=unpriced).not_judged[0].reason


def test_a_change_that_two_sources_tell_is_reverted_once() -> None:
    """The code host beside the git history changes nothing, though neither tells all that the other knows."""
    git = [*undone(EARLY[:3], after_days=3), *done(EARLY[3:])]
    host = [replace(one, source="host", ai_assisted=None, reverted=None, reverted_on=None) for one in git[:9]]

    assert only("W07", git).claims == only("W07", [*host, *git]).claims


def test_every_repository_counts_in_the_cost_of_a_change() -> None:
    """Three git histories are three sources, with 34 changes of $400: two that were taken back claim two shares,
    whichever of the three tells of them.
    """
    days = days_before(*range(1, 13))
    for source in ("git-a", "git-b", "git-c"):
        work = [
            *done(days, source="git-a", repository=None, lines_added=5),
            *done(days[1:], source="git-b", repository=None, lines_added=5),
            *done(days[1:], source="git-c", repository=None, lines_added=5),
        ]
        taken_back = next(n for n, one in enumerate(work) if one.source == source)
        for place in (taken_back, taken_back + 1):
            work[place] = replace(work[place], reverted=True, reverted_on=work[place].day)

        finding = only("W07", work, rows=times(USED, cost_microusd=2))
        assert (34, 2 * 400 * DOLLAR // 34) == (finding.evidence["changes"], finding.high_microusd)


def test_a_code_host_takes_no_lines_away() -> None:
    """The host's changes are counted, and what git knows of their lines decides, as it did before the host came."""
    git = done(EARLY, repository=None, lines_added=1_000, lines_survived_14d=443)
    host = done(EARLY, source="host", ai_assisted=None, lines_added=1_000)

    assert only("W09", git).claims == only("W09", [*git, *host]).claims


# ---------------------------------------------------------------- W08


def test_closed_changes_that_nothing_followed_claim_their_share() -> None:
    """Four of ten changes, in a repository of their own: 40 % of $200, or 30 % of that."""
    finding = only("W08", [*done(EARLY[:4], CLOSED, repository="trial"), *done(EARLY[4:])])

    assert (Ledger.WASTED, 80 * DOLLAR, 24 * DOLLAR, 4) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
        finding.occurrences,
    )


@pytest.mark.parametrize(
    "work",
    [
        [*done(EARLY[-4:], CLOSED), *done(EARLY[:-4])],
        [*done(EARLY[-4:], CLOSED, repository=None), *done(EARLY[:-4])],
        [*done(EARLY[-4:], CLOSED, repository="trial"), *done(EARLY[:-4], repository=None)],
        done(days_before(0, 3, 9, 13), CLOSED),
        [*done(EARLY[:4], CLOSED, ai_assisted=None), *done([FIRST_DAY])],
    ],
    ids=["a merge followed", "place unknown", "its place unknown", "14 days have not passed", "no mark of AI help"],
)
def test_closed_changes_with_a_successor_or_too_young_are_left_alone(work: Sequence[WorkDone]) -> None:
    """A merge in the same repository may be what came of it; unknown is in the person's favour."""
    assert NOTHING == said("W08", work)


def test_closed_changes_are_not_judged_without_marks_of_ai_help() -> None:
    """Nobody can tell whose work they were."""
    assert 1 == len(said("W08", done(EARLY, CLOSED, ai_assisted=None)).not_judged)


# ---------------------------------------------------------------- W09


def test_early_rewrites_claim_what_went_beyond_the_usual() -> None:
    """55.7 % gone instead of 5.7 %, in all ten changes: half of $200, or 30 % of that."""
    finding = only("W09", done(EARLY, lines_added=1_000, lines_survived_14d=443))

    assert (Ledger.OPTIMIZABLE, 100 * DOLLAR, 30 * DOLLAR) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
    )


def test_one_s_own_changes_before_are_the_yardstick() -> None:
    """Half gone in five changes before the window: 55.7 % is 5.7 points more than usual, and no more."""
    before = done(days_before(30, 31, 32, 33, 34), lines_added=100, lines_survived_14d=50)
    now = done(EARLY, lines_added=1_000, lines_survived_14d=443)

    assert 57 * DOLLAR // 5 == only("W09", [*before, *now]).high_microusd
    assert 100 * DOLLAR == only("W09", [*before[1:], *now]).high_microusd


@pytest.mark.parametrize(
    "work",
    [
        done(EARLY, lines_added=1_000, lines_survived_14d=943),
        done(EARLY[:2], lines_added=1_000, lines_survived_14d=0),
        done(EARLY, lines_added=19, lines_survived_14d=0),
    ],
    ids=["as much as usual", "two changes", "190 lines"],
)
def test_usual_and_small_rewrites_are_left_alone(work: Sequence[WorkDone]) -> None:
    """5.7 % is what always goes; it takes three changes and 200 lines."""
    assert NOTHING == said("W09", work)


def test_rewrites_are_not_judged_where_nobody_follows_lines() -> None:
    """Until 14 days have passed, or without the history of the files."""
    assert 1 == len(said("W09", done(EARLY, lines_added=1_000)).not_judged)


# ---------------------------------------------------------------- W03


SECOND = replace(SEAT, tool="cursor")


def test_a_second_seat_without_any_use_is_wasted() -> None:
    """28 of 30.4 days of $30.40, known to the cent."""
    finding = only("W03", seats=[SEAT, SECOND])

    assert ("cursor", Ledger.WASTED) == (finding.tool, finding.ledger)
    assert (28 * DOLLAR, 28 * DOLLAR) == (finding.low_microusd, finding.high_microusd)
    assert {Cell("cursor", "seat"): 28 * DOLLAR} == finding.claims


def test_a_second_seat_with_a_little_use_may_be_spared() -> None:
    """One day of twenty: 60 % of the price up to the price."""
    finding = only("W03", rows=[*USED, *on(WORKDAYS[:1], tool="cursor")], seats=[SEAT, SECOND])

    assert (Ledger.OPTIMIZABLE, 16_800_000, 28 * DOLLAR) == (
        finding.ledger,
        finding.low_microusd,
        finding.high_microusd,
    )


def test_a_request_that_fails_is_no_use_of_a_seat() -> None:
    """On one day, on many, and after the window: nothing came back, and the price stays wasted."""
    pings = on([*WORKDAYS[:5], LAST_DAY + timedelta(days=1)], tool="cursor", requests=1, failed_requests=1)
    finding = only("W03", rows=[*USED, *pings], seats=[SEAT, SECOND])

    assert (Ledger.WASTED, 28 * DOLLAR) == (finding.ledger, finding.high_microusd)


def test_how_much_was_asked_of_either_tool_changes_nothing() -> None:
    """Days count: a thousand requests on the one day are one day."""
    little = on(WORKDAYS[:1], tool="cursor", requests=1)

    assert said("W03", rows=[*USED, *little], seats=[SEAT, SECOND]) == said(
        "W03", rows=[*times(USED, requests=9), *times(little, requests=1_000)], seats=[SEAT, SECOND]
    )


@pytest.mark.parametrize(
    ("rows", "seats"),
    [
        ([*USED, *on(WORKDAYS[:2], tool="cursor")], [SEAT, SECOND]),
        ([*USED, *on(days_before(-1), tool="cursor")], [SEAT, SECOND]),
        (USED, [SEAT, replace(SECOND, assigned_on=FIRST_DAY + timedelta(days=1))]),
        (USED, [SEAT, replace(SECOND, released_on=LAST_DAY)]),
        (USED, [SEAT, replace(SECOND, tool="claude_chat")]),
        (USED, [SECOND]),
        (USED[:9], [SEAT, SECOND]),
    ],
    ids=["a tenth", "used since", "young", "given back", "another kind", "one seat", "too little use"],
)
def test_other_second_seats_are_left_alone(rows: Sequence[Used], seats: Sequence[Seat]) -> None:
    """From a tenth of the days on, and wherever the two cannot be compared."""
    assert NOTHING == said("W03", rows=rows, seats=seats)


def test_a_second_seat_is_not_judged_on_leave_and_has_no_dollars_without_a_price() -> None:
    """Fewer than 15 working days; or nobody told the price."""
    away = WorkCalendar(timezone="UTC", leave=frozenset(WORKDAYS[:6]))

    assert NOTHING == said("W03", seats=[SEAT, SECOND], calendar=away)
    assert only("W03", seats=[SEAT, replace(SECOND, monthly_cost_microusd=None)]).high_microusd is None


# ---------------------------------------------------------------- W12


def test_fast_mode_claims_half_of_what_its_requests_cost() -> None:
    """All of $200 went to fast requests; slow, they had cost $100."""
    finding = only("W12", rows=on(WORKDAYS, requests=10, fast_requests=10, cost_microusd=10 * DOLLAR))

    assert (Ledger.OPTIMIZABLE, 100 * DOLLAR, 30 * DOLLAR) == (
        finding.ledger,
        finding.high_microusd,
        finding.low_microusd,
    )


def test_slow_requests_beside_the_fast_ones_hide_nothing() -> None:
    """As many slow ones at half the price each: the same dollars."""
    fast = on(WORKDAYS, requests=10, fast_requests=10, cost_microusd=10 * DOLLAR)
    both = on(WORKDAYS, requests=30, fast_requests=10, cost_microusd=20 * DOLLAR)

    assert only("W12", rows=fast).high_microusd == only("W12", rows=both).high_microusd


def test_a_little_fast_mode_is_left_alone_and_an_untold_speed_is_not_judged() -> None:
    """Less than $20 of it; none at all; and nobody tells."""
    little = on(WORKDAYS, requests=10, fast_requests=10, cost_microusd=990_000)

    assert NOTHING == said("W12", rows=little)
    assert NOTHING == said("W12", rows=on(WORKDAYS, requests=10, fast_requests=0, cost_microusd=10 * DOLLAR))
    assert 1 == len(said("W12", rows=USED).not_judged)


# ---------------------------------------------------------------- W23


EDITS = on(WORKDAYS[:8], requests=9, accepted=3, rejected=2)
EARLIER = on(days_before(*range(20, 60)), requests=9, accepted=3, rejected=1)


def test_rejected_edits_are_friction_without_dollars() -> None:
    """40 % of 40 decisions turned down, and 25 % before: 15 points more."""
    for rows in (EDITS, [*EDITS, *EARLIER]):
        finding = only("W23", rows=rows)
        assert (Ledger.FRICTION, {}, None, 16) == (
            finding.ledger,
            finding.claims,
            finding.high_microusd,
            finding.occurrences,
        )


@pytest.mark.parametrize(
    "rows",
    [
        on(WORKDAYS[:8], requests=9, accepted=4, rejected=2),
        on(WORKDAYS[:3], requests=9, accepted=3, rejected=3),
        [*EDITS, *on(days_before(*range(20, 60)), requests=9, accepted=2, rejected=1)],
    ],
    ids=["a third", "18 decisions", "as usual"],
)
def test_usual_and_few_rejections_are_left_alone(rows: Sequence[Used]) -> None:
    """Below 40 %, below 20 decisions, or less than 15 points above one's own weeks before."""
    assert NOTHING == said("W23", rows=rows)


def test_rejections_are_not_judged_where_nobody_counts_them() -> None:
    """Unknown is not none."""
    assert 1 == len(said("W23", rows=USED).not_judged)
