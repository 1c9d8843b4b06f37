"""What came of somebody's work: one kind of it, beside its cost and one's own past, with how sure the link is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.results import (
    ATTRIBUTION_DAYS,
    CONFIDENCE_BESIDE,
    CONFIDENCE_MARKED,
    OutcomeFact,
    Results,
    Reverts,
    Stayed,
    outcome_of,
    results,
    unit_of,
)

LAST_DAY = date(2026, 3, 1)
DOLLAR = 1_000_000


def done(days_ago: int, kind: OutcomeKind = OutcomeKind.PR_MERGED, source: str = "github", **more: Any) -> WorkDone:
    return WorkDone(source, kind, LAST_DAY - timedelta(days=days_ago), **more)


def came(*work: WorkDone, spend: int | None = 60 * DOLLAR, before: int | None = 80 * DOLLAR) -> Results:
    """What came of `work` in the 28 days."""
    found = results(work, last_day=LAST_DAY, spend_microusd=spend, spend_before_microusd=before)
    assert found is not None
    return found


def test_cost_of_one_beside_the_own_past() -> None:
    """The spend of each 28 days over what was finished in them, with the days it is set beside and how sure that is."""
    found = came(*(done(days) for days in (0, 10, 27)), *(done(days) for days in (28, 30, 40, 55)))

    assert found.cost is not None
    assert (20 * DOLLAR, 20 * DOLLAR) == (found.cost.microusd, found.cost.before_microusd)
    assert (3, 4) == (found.finished, found.finished_before)
    assert (28, 0, CONFIDENCE_BESIDE) == (found.cost.attribution_days, found.cost.marked, found.cost.confidence)
    assert 28 == ATTRIBUTION_DAYS


@pytest.mark.parametrize(("marked", "confidence"), [(1, CONFIDENCE_BESIDE), (2, CONFIDENCE_MARKED), (3, 0.7)])
def test_marks_make_the_link_surer_and_not_cheaper(marked: int, confidence: float) -> None:
    """Changes that say that an AI helped raise the confidence; what one costs stays the same."""
    work = [done(days, ai_assisted=True if days < marked else None) for days in range(3)]
    cost = came(*work).cost

    assert cost is not None
    assert (20 * DOLLAR, marked, confidence) == (cost.microusd, cost.marked, cost.confidence)


def test_too_few_or_unknown_is_no_cost() -> None:
    """Of two pieces, or of a spend that is not known, no cost of one is told; the count of pieces still is."""
    few = came(done(1), done(2))
    unknown = came(done(1), done(2), done(3), spend=None)

    assert (None, 2) == (few.cost, few.finished)
    assert (None, 3) == (unknown.cost, unknown.finished)


def test_no_past_to_compare_with() -> None:
    """Where the 28 days before are not known, or held too little, there is nothing beside the cost."""
    work = [done(days) for days in (1, 2, 3)]

    for found in (came(*work, before=None), came(*work, done(30))):
        assert found.cost is not None
        assert found.cost.before_microusd is None


@pytest.mark.parametrize(
    ("kinds", "unit"),
    [
        ("ttt", OutcomeKind.TICKET_DONE),
        ("dd", OutcomeKind.DOCUMENT),
        ("mtttt", OutcomeKind.TICKET_DONE),
        ("mt", OutcomeKind.PR_MERGED),
        ("xxp", None),
        ("", None),
    ],
)
def test_what_stands_for_the_work(kinds: str, unit: OutcomeKind | None) -> None:
    """What somebody mostly finishes stands for their work; closed changes and deployments do not."""
    kind = {
        "t": OutcomeKind.TICKET_DONE,
        "d": OutcomeKind.DOCUMENT,
        "m": OutcomeKind.PR_MERGED,
        "x": OutcomeKind.PR_CLOSED,
        "p": OutcomeKind.DEPLOYED,
    }
    work = [done(1, kind[letter]) for letter in kinds]

    assert unit is unit_of(work)
    found = results(work, last_day=LAST_DAY, spend_microusd=DOLLAR, spend_before_microusd=None)
    assert (unit is None) is (found is None)


def test_work_without_code_has_no_lines() -> None:
    """Tickets are counted and priced like changes, and nothing is said of lines or of taking back."""
    found = came(*(done(days, OutcomeKind.TICKET_DONE, "jira") for days in (1, 2, 20)))

    assert found.cost is not None
    assert (OutcomeKind.TICKET_DONE, (), None) == (found.kind, found.stayed, found.reverts)


def test_every_source_that_tells_of_the_unit_is_named() -> None:
    """Somebody who works in two repositories on disk has two sources, and both count."""
    found = came(*(done(days, source=source) for source in ("git-web", "git-shop") for days in (1, 2, 3)))

    assert (6, ("git-shop", "git-web")) == (found.finished, found.sources)


def test_deployments_are_counted_where_they_are_followed() -> None:
    """Of the changes whose way to production a source follows, so many arrived; the others say nothing."""
    facts = [
        OutcomeFact(OutcomeKind.PR_MERGED, str(days), LAST_DAY - timedelta(days=days), reached_production=reached)
        for days, reached in enumerate([True, False, None, True])
    ]
    found = outcome_of(facts, last_day=LAST_DAY)

    assert (4, 3, 2) == (found.merged, found.followed, found.reached)


def test_lines_that_stayed() -> None:
    """Lines are looked for 14 and 30 days later, of changes that are old enough and whose lines a source follows."""
    work = [
        done(13, lines_added=500, lines_survived_14d=1),
        done(14, lines_added=100, lines_survived_14d=90),
        done(31, lines_added=100, lines_survived_14d=60, lines_survived_30d=40),
        done(35, lines_added=50),
    ]

    found = came(*work)

    assert (Stayed(14, 2, 200, 150), Stayed(30, 1, 100, 40)) == found.stayed
    assert [75, 40] == [one.percent for one in found.stayed]
    assert () == found.stayed_before


def test_taken_back() -> None:
    """Of the changes that had their 14 days: taken back within them and not restored; unfollowed ones are left out."""
    back = timedelta(days=5)
    work = [
        done(5, reverted=True, reverted_on=LAST_DAY),
        done(20, reverted=True, reverted_on=LAST_DAY - timedelta(days=20) + back),
        done(21, reverted=True, reverted_on=LAST_DAY),
        done(22, reverted=False, reverted_on=LAST_DAY - back),
        done(23, reverted=True),
        done(24),
    ]

    assert Reverts(14, 4, 2) == came(*work).reverts
    assert came(done(20), done(21)).reverts is None


pieces = st.builds(
    done,
    st.integers(min_value=0, max_value=83),
    st.sampled_from(OutcomeKind),
    st.sampled_from(["git", "github", "jira"]),
    ai_assisted=st.sampled_from([True, None]),
    lines_added=st.none() | st.integers(min_value=0, max_value=500),
    lines_survived_14d=st.none() | st.integers(min_value=0, max_value=900),
    reverted=st.sampled_from([True, False, None]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(pieces, max_size=25), st.integers(min_value=0, max_value=10**9), st.integers(min_value=1, max_value=50))
def test_more_money_never_looks_better(work: list[WorkDone], spend: int, factor: int) -> None:
    """The same work for more money is never cheaper, surer, or of better quality (P3); shares stay shares."""
    less = results(work, last_day=LAST_DAY, spend_microusd=spend, spend_before_microusd=spend)
    more = results(work, last_day=LAST_DAY, spend_microusd=spend * factor, spend_before_microusd=spend)
    if less is None or more is None:
        assert less is more
        return
    assert (less.finished, less.stayed, less.reverts) == (more.finished, more.stayed, more.reverts)
    assert all(0 <= one.percent <= 100 for one in (*less.stayed, *less.stayed_before))
    if less.cost is not None and more.cost is not None:
        assert less.cost.microusd <= more.cost.microusd
        assert less.cost.confidence == more.cost.confidence
