"""Work that two sources tell counts once; work that only looks alike counts twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.results import OutcomeFact, Results, Stayed, outcome_of, results
from bot.domain.same_work import told_once

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
    return outcome_of(told_once(facts).pieces, last_day=LAST_DAY).merged


def followed(days: Iterable[int], source: str = "git-shop") -> list[WorkDone]:
    """The same steps for the detectors: git follows what becomes of their lines, and marks of AI help."""
    return [
        WorkDone(
            source,
            MERGED,
            day(ago),
            ai_assisted=True,
            lines_added=lines(ago),
            lines_survived_14d=lines(ago) - 2,
            lines_survived_30d=lines(ago) - 3 if ago >= 30 else None,
            ref=f"{ago:016x}",
        )
        for ago in days
    ]


def hosted(days: Iterable[int], *, with_lines: bool = True) -> list[WorkDone]:
    """The same requests for the detectors: the host follows what was taken back."""
    return [
        WorkDone(
            "github",
            MERGED,
            day(ago),
            "acme/shop",
            reverted=False,
            lines_added=lines(ago) if with_lines else None,
            ref=f"acme/shop#{ago}",
        )
        for ago in days
    ]


def came(work: Iterable[WorkDone]) -> Results:
    """What came of this work, each piece once."""
    found = results(told_once(list(work)).pieces, last_day=LAST_DAY, spend_microusd=None, spend_before_microusd=None)
    assert found is not None
    return found


def test_a_code_host_and_its_git_history_count_once() -> None:
    """Every change is told twice under two names; the card tells it once, and it is the code host's that is kept."""
    facts = [*host(range(6)), *git(range(6))]

    assert 6 == counted(*facts)
    assert {"github"} == {fact.source for fact in told_once(facts).pieces}
    assert ("git-shop",) == told_once(facts).again_by


def test_the_steps_of_one_request_are_one_piece() -> None:
    """A request that came in as three commits leaves three steps, which have its lines together; others are others."""
    rebased = [OutcomeFact(MERGED, f"part-{n}", day(2), source="git-shop", lines_added=n) for n in (2, 3, 4)]
    more = OutcomeFact(MERGED, "more", day(2), source="git-shop", lines_added=1)

    assert 6 == counted(*host(range(6)), *git([0, 1, 3, 4, 5]), *rebased)
    assert 10 == counted(*host(range(6)), *git([0, 1, 3, 4, 5]), *rebased, more)


def test_twins_go_one_by_one() -> None:
    """A git history in which half of the steps are the host's: these count once, and the other half is not lost."""
    other = [OutcomeFact(MERGED, f"x{n}", day(n), source="git-mono", lines_added=1000 + n) for n in range(6)]
    more = [OutcomeFact(MERGED, f"y{n}", day(n), source="git-mono", lines_added=2000 + n) for n in range(6)]

    assert 12 == counted(*host(range(6)), *git(range(6), "git-mono"), *other)
    assert 18 == counted(*host(range(6)), *git(range(6), "git-mono"), *other, *more)


def test_a_change_that_looks_alike_by_chance_is_another() -> None:
    """One of six with the same day and lines proves nothing; with three of six it is the same repository."""
    other = [OutcomeFact(MERGED, f"x{n}", day(n), source="git-web", lines_added=1000 + n) for n in range(6)]

    assert 12 == counted(*host(range(6)), *git([0], "git-web"), *other[1:])
    assert 9 == counted(*host(range(6)), *git([0, 1, 2], "git-web"), *other[3:])


def test_two_histories_share_only_what_has_one_name() -> None:
    """A second clone tells the same commits; other commits of the same days and sizes are other work, and a list in a
    file, which names changes in its own way, is compared by days and lines.
    """
    by_hand = [replace(fact, ref=f"CHANGE {n}", source="file") for n, fact in enumerate(git(range(4)))]
    other = [replace(fact, ref=f"{n:016x}", source="git-web") for n, fact in enumerate(git(range(6)), 100)]

    assert 6 == counted(*git(range(6)), *git(range(4), "git-clone"))
    assert 12 == counted(*git(range(6)), *other)
    assert 6 == counted(*git(range(6)), *by_hand)


def test_unknown_lines_make_no_twin() -> None:
    """A host that tells no lines, and a git history of another repository: the same day proves nothing."""
    plain = [replace(fact, source="gitlab", lines_added=None) for fact in host(range(0, 20, 2), "team/api")]
    other = git([*range(0, 20, 4), 1, 3, 5], "git-infra")

    assert 18 == counted(*plain, *other)


def test_unknown_lines_in_a_history_that_is_called_after_the_repository() -> None:
    """There a day of which both tell as many is told twice; another day is not."""
    plain = [replace(fact, source="gitlab", lines_added=None) for fact in host(range(6), "team/shop")]
    more = OutcomeFact(MERGED, "more", day(2), source="git-shop", lines_added=5)

    assert 6 == counted(*plain, *git(range(6)))
    assert 8 == counted(*plain, *git(range(6)), more)
    assert 12 == counted(*plain, *git(range(6), "git-web"))


def test_in_one_repository_the_days_decide() -> None:
    """Two sources that name it count lines each in their own way; of each day the one that tells more is believed."""
    again = [replace(fact, lines_added=(fact.lines_added or 0) + 1) for fact in host([0, 1], source="file")]
    named = [replace(fact, ref=f"m{n}") for n, fact in enumerate([*again, *again])]

    assert 8 == counted(*host(range(6)), *named)


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

    assert 5 == len(told_once([*jira, *again]).pieces)
    assert 9 == len(told_once([*jira, *other]).pieces)


def test_a_revert_that_is_told_twice_is_one() -> None:
    """A file's revert has the name of what it took back; where the host knows of it there is one."""
    back = OutcomeFact(OutcomeKind.PR_REVERTED, "acme/shop#0", day(0), source="file")
    by_file = [OutcomeFact(MERGED, fact.ref, fact.day, source="file") for fact in host(range(4))]
    taken_back = [*host([1, 2, 3]), OutcomeFact(MERGED, "acme/shop#0", day(0), True, "github", "acme/shop", 1)]
    outcome = outcome_of(told_once([*taken_back, *by_file, back]).pieces, last_day=LAST_DAY)

    assert (4, 1) == (outcome.merged, outcome.taken_back)
    assert {MERGED: 4} == outcome.counts


def test_a_revert_that_only_the_file_tells_is_not_lost() -> None:
    """The host, which does not follow what was taken back, is the one that counts; the revert goes to its change."""
    by_file = [OutcomeFact(MERGED, f"m{fact.ref}", fact.day, source="file", lines_added=lines(n))
               for n, fact in enumerate(host(range(4)))]  # fmt: skip
    back = OutcomeFact(OutcomeKind.PR_REVERTED, by_file[2].ref, day(1), source="file")
    outcome = outcome_of(told_once([*host(range(4)), *by_file, back]).pieces, last_day=LAST_DAY)

    assert (4, 1) == (outcome.merged, outcome.taken_back)
    assert {MERGED: 4} == outcome.counts


@pytest.mark.parametrize("with_lines", [True, False])
def test_lines_that_stayed_come_from_the_voice_that_follows_them(with_lines: bool) -> None:
    """The host's change is the one that counts, and it knows what git alone knows of it: lines, and marks of help."""
    days = range(16, 22)
    alone, both = came(followed(days)), came([*hosted(days, with_lines=with_lines), *followed(days)])

    added = sum(map(lines, days))
    assert (Stayed(14, 6, added, added - 12),) == alone.stayed == both.stayed
    assert (6, ("github",)) == (both.finished, both.sources)
    assert {(True, False)} == {
        (one.ai_assisted, one.reverted) for one in told_once([*hosted(days), *followed(days)]).pieces
    }


def test_what_the_counted_one_knows_stays() -> None:
    """Of what both tell, the counted one is believed."""
    (taken_back,) = (replace(one, reverted=True, reverted_on=day(1)) for one in hosted([3]))
    (told,) = told_once([*(replace(one, reverted=False) for one in followed([3])), taken_back]).pieces

    assert ("github", True, day(1)) == (told.source, told.reverted, told.reverted_on)


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


PIECES = st.builds(
    lambda ago, source, repository, added, kind: OutcomeFact(
        kind, f"{source}{ago}{added}", day(ago), None, source, repository, lines_added=added
    ),
    st.integers(0, 5),
    st.sampled_from(["git-shop", "git-web", "github", "gitlab", "file"]),
    st.sampled_from([None, "acme/shop", "acme/web"]),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([MERGED, MERGED, OutcomeKind.PR_CLOSED, OutcomeKind.DOCUMENT]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_nothing_is_lost_and_nothing_is_made(facts: list[OutcomeFact]) -> None:
    """What is counted was told, and never fewer pieces than the source that tells most of them."""
    once = told_once(facts).pieces
    told = {(fact.source, fact.kind, fact.ref, fact.day) for fact in facts}

    assert {(fact.source, fact.kind, fact.ref, fact.day) for fact in once} <= told
    for kind in (MERGED, OutcomeKind.PR_CLOSED, OutcomeKind.DOCUMENT):
        of_each = Counter(fact.source for fact in facts if fact.kind is kind)
        assert max(of_each.values(), default=0) <= sum(fact.kind is kind for fact in once)
