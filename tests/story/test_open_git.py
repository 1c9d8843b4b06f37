"""The history of two real repositories, as the source "git" reads it: counts as counted beside the data by other means.

Only totals are compared and written down (docs/evidence/real-data.md): no name and no line of the data enters the
repository. Skipped, loudly, where the data are not there.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.outcomes import OutcomeKind
from bot.sources.git_history import read_commits
from tests.sources.git_repositories import fetched, git
from tests.story import open_data

GIT = open_data.FOLDER / "git"
pytestmark = pytest.mark.skipif(
    not GIT.is_dir(), reason=f"THE OPEN DATA ARE NOT HERE ({open_data.FOLDER}): no real git history was read"
)

REPOSITORIES = ("ccusage", "entireio-cli")
EVER = date(2025, 1, 1)
FIRST_WEEKS = 12
WRITTEN_DOWN = {
    "ccusage": (853, 846, 13, 12, 22, 847, 218_561, 127_272, 117_378),
    "entireio-cli": (190, 227, 1, 1, 75, 154, 82_742, 75_258, 70_371),
}
FOLLOWED_FURTHER = {"ccusage": 10, "entireio-cli": 0}
"""Lines that blame gives to an older file: it follows two new files into the one that moved, the log the more alike."""


@pytest.fixture(scope="module", params=REPOSITORIES)
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("open-git") / str(request.param)
    git(folder.parent, "clone", "--quiet", "--bare", str(GIT / f"{request.param}.bundle"), str(folder))
    return folder


def facts(repository: Path) -> dict[str, Any]:
    told = json.loads((open_data.FOLDER / "facts" / "git_bundles.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = told[f"open/{repository.name}"]
    return found


def test_commits_authors_and_marks_are_those_of_the_reference(repository: Path) -> None:
    """Every commit and merge, every author's address, and every commit with a mark of AI help, in any paragraph."""
    expected, commits = facts(repository), list(read_commits(repository))
    names = ("commits", "merges", "author_emails_ci", "ai_trailer_anywhere_in_body")

    assert [expected[name] for name in names] == [
        len(commits),
        sum(one.is_merge for one in commits),
        len({one.author for one in commits}),
        sum(one.evidence is not None for one in commits),
    ]


def test_reverts_are_those_that_name_a_commit_of_the_main_line(repository: Path) -> None:
    """As many as the reference could find again; the other lines are quoted in squashed branches, or name commits that
    nobody has. No change is undone by a line that names none of the repository's commits.
    """
    expected, commits = facts(repository), {one.commit: one for one in read_commits(repository)}
    said = re.findall(r"This reverts commit", git(repository, "log", "--format=%B"))
    reverts = [one.takes_back for one in commits.values() if one.takes_back]

    assert expected["this_reverts_lines"] == len(said)
    assert expected["this_reverts_resolvable_on_main"] == len(reverts) == sum(one in commits for one in reverts)


def test_lines_that_stayed_are_what_blame_says(repository: Path) -> None:
    """Two steps from the middle of the history, in sum: the lines that `git blame` finds after 14 and 30 days, but
    for a second file that blame alone takes for a moved one (FOLLOWED_FURTHER).
    """
    found = fetched(repository, first=EVER, last=date(2026, 12, 31), now=datetime(2027, 6, 1, tzinfo=UTC))
    followed = [one for one in found if one.lines_survived_30d is not None and (one.lines_added or 0) >= 50]
    line = list(main_line(repository))
    some = followed[len(followed) // 4 :: len(followed) // 2]

    def by_blame(days: int) -> int:
        return sum(blamed(repository, line, one.ref, one.at + timedelta(days=days)) for one in some)

    further = FOLLOWED_FURTHER[repository.name]
    assert (by_blame(14) + further, by_blame(30) + further) == (
        sum(one.lines_survived_14d or 0 for one in some),
        sum(one.lines_survived_30d or 0 for one in some),
    )


def main_line(repository: Path) -> Iterator[tuple[str, datetime]]:
    for row in git(repository, "log", "--first-parent", "--reverse", "--format=%H %ct").splitlines():
        commit, _, at = row.partition(" ")
        yield commit, datetime.fromtimestamp(int(at), UTC)


def blamed(repository: Path, line: list[tuple[str, datetime]], ref: str, moment: datetime) -> int:
    """How many lines of the tree of this moment the step gave, by asking for each file that changed since."""
    step = next(commit for commit, _ in line if commit.startswith(ref))
    tree = [commit for commit, at in line if at <= moment][-1]
    changed = git(repository, "diff", "--name-only", "-z", "--diff-filter=d", f"{step}^", tree).split("\0")[:-1]
    asked = ("blame", "--first-parent", "-s", "-l", f"{step}^..{tree}", "--")
    return sum(row.startswith(step) for name in changed for row in git(repository, *asked, name).split("\n"))


def test_weeks_add_up_to_the_whole(repository: Path) -> None:
    """Read a week at a time, as it is collected, it is what one reading of all says, and neither takes long."""
    end = max(at for _, at in main_line(repository)).date()
    begin, now = end - timedelta(days=7 * FIRST_WEEKS - 1), datetime.combine(end, datetime.min.time(), UTC)
    started = time.monotonic()
    weeks = [
        one
        for week in range(FIRST_WEEKS)
        for one in fetched(
            repository, first=begin + timedelta(days=7 * week), last=begin + timedelta(days=7 * week + 6), now=now
        )
    ]
    taken_s = time.monotonic() - started

    whole = fetched(repository, first=begin, last=end, now=now)

    assert sorted(map(repr, whole)) == sorted(map(repr, weeks))
    assert taken_s < 60


def test_what_is_said_of_the_whole(repository: Path) -> None:
    """The counts of docs/evidence/real-data.md."""
    found = fetched(repository, first=EVER, last=date(2026, 12, 31), now=datetime(2027, 6, 1, tzinfo=UTC))
    followed = [one for one in found if one.lines_survived_30d is not None]
    kinds = [one.kind for one in found]
    numbers = (
        len({one.ref for one in found}),
        kinds.count(OutcomeKind.PR_MERGED),
        kinds.count(OutcomeKind.PR_REVERTED),
        sum(one.reverted is True for one in found),
        sum(one.ai_assisted is True for one in found),
        len(followed),
        sum(one.lines_added or 0 for one in followed),
        sum(one.lines_survived_14d or 0 for one in followed),
        sum(one.lines_survived_30d or 0 for one in followed),
    )
    assert WRITTEN_DOWN[repository.name] == numbers
