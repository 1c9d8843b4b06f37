"""Work that two sources tell counts once; work that only looks alike counts twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.results import OutcomeFact, outcome_of
from bot.domain.same_work import once, repeated

LAST_DAY = date(2026, 3, 1)
MERGED = OutcomeKind.PR_MERGED
LINES = (12, 40, 7, 230, 3, 88)


def host(days: Iterable[int], repository: str = "acme/shop", source: str = "github") -> list[OutcomeFact]:
    """A code host's merged requests, one on each of these days ago."""
    return [
        OutcomeFact(MERGED, f"{repository}#{ago}", day(ago), None, source, repository, lines_added=lines(ago))
        for ago in days
    ]


def git(days: Iterable[int], source: str = "git-shop") -> list[OutcomeFact]:
    """The steps that they leave in the main line: other names, the same day and lines."""
    return [OutcomeFact(MERGED, f"{ago:016x}", day(ago), source=source, lines_added=lines(ago)) for ago in days]


def day(ago: int) -> date:
    return LAST_DAY - timedelta(days=ago)


def lines(ago: int) -> int:
    return LINES[ago % len(LINES)] + ago


def counted(*facts: OutcomeFact) -> int:
    """How many changes stand on the card."""
    return outcome_of(once(facts, repeated(facts)), last_day=LAST_DAY).merged


def test_a_code_host_and_its_git_history_count_once() -> None:
    """Every change is told twice under two names; the card tells it once, and it is the code host's that is kept."""
    facts = [*host(range(6)), *git(range(6))]

    assert 6 == counted(*facts)
    assert {"github"} == {fact.source for fact in once(facts, repeated(facts))}


def test_more_steps_than_requests_are_the_same_work_all_the_same() -> None:
    """A request that came in as three commits leaves three steps; most others have a twin, so none is counted again."""
    rebased = [OutcomeFact(MERGED, f"part-{n}", day(2), source="git-shop", lines_added=n) for n in range(1, 4)]

    assert 6 == counted(*host(range(6)), *git([0, 1, 3, 4, 5]), *rebased)


def test_another_repository_on_disk_is_other_work() -> None:
    """Changes of the same days with other lines have no twin: somebody works in two repositories."""
    other = [OutcomeFact(MERGED, f"{n:016x}", day(n), source="git-web", lines_added=1000 + n) for n in range(6)]

    assert 12 == counted(*host(range(6)), *other)


def test_two_repositories_of_one_host_are_two() -> None:
    """Two names are two repositories, however alike their days and lines."""
    assert 8 == counted(*host(range(4)), *host(range(4), "acme/web"))


def test_one_repository_by_two_sources_is_one() -> None:
    """A second connector, or a mirror elsewhere, names the same repository, in whatever case."""
    assert 4 == counted(*host(range(4)), *host(range(3), "Acme/Shop", "gitlab"))


def test_days_before_a_source_was_connected_stay() -> None:
    """What only the git history tells, from before the code host was connected, is not lost."""
    assert 10 == counted(*host(range(3)), *git(range(10)))


def test_the_same_name_in_a_file_and_a_tracker_is_one_ticket() -> None:
    """Tickets have names that stay; of other names the same day proves nothing."""
    done = OutcomeKind.TICKET_DONE
    jira = [OutcomeFact(done, f"SHOP-{n}", day(n), source="jira") for n in range(5)]
    again = [OutcomeFact(done, f"SHOP-{n}", day(n), source="file") for n in range(4)]
    other = [OutcomeFact(done, f"HELP-{n}", day(n), source="file") for n in range(4)]

    assert 5 == len(once([*jira, *again], repeated([*jira, *again])))
    assert 9 == len(once([*jira, *other], repeated([*jira, *other])))


def test_a_revert_that_is_told_twice_is_one() -> None:
    """With the changes that a source only repeats go the reverts that it tells of them."""
    back = OutcomeFact(OutcomeKind.PR_REVERTED, "x", day(1), source="file")
    by_file = [OutcomeFact(MERGED, fact.ref, fact.day, source="file") for fact in host(range(4))]
    taken_back = [*host([1, 2, 3]), OutcomeFact(MERGED, "acme/shop#0", day(0), True, "github", "acme/shop", 1)]
    facts = [*taken_back, *by_file, back]

    assert 1 == outcome_of(once(facts, repeated(facts)), last_day=LAST_DAY).counts[OutcomeKind.PR_REVERTED]


def test_lines_that_stayed_come_from_the_voice_that_is_heard() -> None:
    """The same choice holds for everything that is told of a piece of work."""
    silent = repeated([*host(range(6)), *git(range(6))])
    work = [WorkDone("git-shop", MERGED, day(1)), WorkDone("github", MERGED, day(1), repository="acme/shop")]

    assert ["github"] == [one.source for one in once(work, silent)]


@pytest.mark.parametrize("source", ["git-shop", "github"])
def test_one_source_is_never_thinned_out(source: str) -> None:
    """Many alike changes of one source are many changes."""
    alike = [OutcomeFact(MERGED, f"{n}", LAST_DAY, source=source, lines_added=1) for n in range(9)]

    assert 9 == counted(*alike)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 27), unique=True, min_size=1, max_size=20), st.randoms())
def test_the_order_in_which_they_are_told_does_not_matter(days: list[int], random: object) -> None:
    """Whatever comes first, each change is counted once."""
    facts = [*host(days), *git(days)]
    random.shuffle(facts)  # type: ignore[attr-defined]

    assert len(days) == counted(*facts)
