"""Lines that stayed: against `git blame` on histories that nobody chose, and what differences can look like."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sources.git_history import read_commits
from bot.sources.line_survival import Survival, lines_that_stayed
from tests.sources.git_repositories import History, at, fetched, git

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = datetime(2027, 6, 1, tzinfo=UTC)
TRICKY = (
    "",
    "a",
    "b",
    "--- x",
    "+++ x",
    "-- /dev/null",
    "@@ -1 +1 @@",
    "diff --git x x",
    "\x1estep",
    "a\rb",
    "\\ No newline",
)

Splice = tuple[str, int, int, list[str], bool]
"""A file, where in it, how many lines go, which come, and whether the file then ends with a newline."""

splices = st.tuples(
    st.sampled_from(["one", "two words", 'th"ree']),
    st.integers(0, 8),
    st.integers(0, 5),
    st.lists(st.sampled_from(TRICKY), max_size=6),
    st.booleans(),
)
changes = st.one_of(
    st.tuples(st.just("edit"), splices),
    st.tuples(st.just("edit"), splices),
    st.tuples(st.just("move"), splices),
    st.tuples(st.just("delete"), splices),
)


@given(made=st.lists(st.tuples(st.integers(0, 20), changes), min_size=3, max_size=9))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_survival_is_what_blame_says(
    made: list[tuple[int, tuple[str, Splice]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On a straight line of any edits, moves and deletions each step's lines after 14 and 30 days are those that
    `git blame` finds in the tree of that moment, file by file.
    """
    folder = tmp_path_factory.mktemp("linear")
    history, moment = History(), BEGIN
    tree: dict[str, str] = {}
    for number, (days, (kind, splice)) in enumerate(made):
        moment += timedelta(days=days, seconds=1)
        history.commit(change(tree, kind, splice, number), at=moment)
    history.write(folder)

    outcomes = fetched(folder, first=BEGIN.date(), last=NOW.date(), now=NOW)

    assert by_blame(folder) == {one.ref: (one.lines_survived_14d, one.lines_survived_30d) for one in outcomes}


def change(tree: dict[str, str], kind: str, splice: Splice, number: int) -> dict[str, str | None]:
    """Does one change to `tree`, and says it to git."""
    name, start, removed, added, ends = splice
    here = [known for known in tree if known.startswith(name)]
    old = here[0] if here else name
    text = tree.pop(old, "")
    if kind == "delete":
        return {old: None} if here else {}
    rows = text.split("\n")[: -1 if text.endswith("\n") else None] if text else []
    rows[start : start + removed] = added
    new = f"{name} {number}" if kind == "move" else old
    tree[new] = "\n".join(rows) + ("\n" if ends and rows else "")
    return {old: None, new: tree[new]} if here else {new: tree[new]}


def by_blame(folder: Path) -> dict[str, tuple[int, int]]:
    """The slow truth: every file of the tree of each moment, line by line."""
    line = list(read_commits(folder))[::-1]
    counted: dict[str, Counter[str]] = {}

    def lines_at(moment: datetime) -> Counter[str]:
        tree = [one.commit for one in line if one.at <= moment][-1]
        if tree not in counted:
            names = git(folder, "ls-tree", "-r", "-z", "--name-only", tree).split("\0")[:-1]
            said = (git(folder, "blame", "--porcelain", "--line-porcelain", tree, "--", name) for name in names)
            counted[tree] = Counter(row.split()[0] for rows in said for row in commit_rows(rows))
        return counted[tree]

    return {
        one.commit[:16]: (
            lines_at(one.at + timedelta(days=14))[one.commit],
            lines_at(one.at + timedelta(days=30))[one.commit],
        )
        for one in line
    }


def commit_rows(said: str) -> list[str]:
    """Of each line that blame tells of, the row that names its commit: what follows the text of the line before."""
    rows = said.split("\n")[:-1]
    texts = [place for place, row in enumerate(rows) if row.startswith("\t")]
    return [rows[place] for place in [0, *(place + 1 for place in texts[:-1])]] if texts else []


def followed(*steps: tuple[int, str]) -> list[Survival]:
    """What became of the steps made on these days of a month, each with its difference."""
    return followed_at([(at(day), text) for day, text in steps])


def followed_at(steps: list[tuple[datetime, str]]) -> list[Survival]:
    log = "".join(f"\x1e{number}\n\n{text}" for number, (_, text) in enumerate(steps))
    moments = {str(number): moment for number, (moment, _) in enumerate(steps)}
    found = lines_that_stayed(StringIO(log, newline="\n"), moments)
    return [found[name] for name in moments]


def difference(name: str, *hunks: str, told: str = "") -> str:
    return f"diff --git {name} {name}\n{told}index 1..2 100644\n--- {name}\n+++ {name}\n" + "".join(hunks)


TEN_LINES = difference("x", "@@ -0,0 +1,10 @@\n", "+a\n" * 10, told="new file mode 100644\n")


def test_lines_go_on_their_fourteenth_and_thirtieth_day() -> None:
    """A line that went exactly 14 days later was not there after 14 days; a second later it was."""
    one_less = difference("x", "@@ -1 +0,0 @@\n", "-a\n")
    second = timedelta(seconds=1)
    later = (timedelta(14), timedelta(14) + second, timedelta(30), timedelta(30) + second)

    found = followed_at([(BEGIN, TEN_LINES), *((BEGIN + passed, one_less) for passed in later)])

    assert Survival(10, 0, lines_14d=9, lines_30d=7) == found[0]


def test_what_was_there_before_is_nobodys() -> None:
    """The first step changes a file from before the log: only its own lines are followed, wherever they stand."""
    changed = difference("x", "@@ -900,2 +900,3 @@\n", "-o\n-o\n+n\n+n\n+n\n", "@@ -950,0 +952 @@\n", "+n\n")
    gone = difference("x", "@@ -1,900 +0,0 @@\n", "-o\n" * 900)

    assert [Survival(4, 2, 3, 3), Survival(0, 900, 0, 0)] == followed((1, changed), (3, gone))


def test_a_moved_file_keeps_its_lines_and_a_deleted_one_loses_them() -> None:
    """Two lines change in a move and stay the step's own; the rest keeps its first step until the file is deleted."""
    moved = "diff --git x y z\nsimilarity index 80%\nrename from x\nrename to y z\n"
    edited = moved + "index 1..2\n--- x\n+++ y z\t\n@@ -2,2 +2,2 @@\n-a\n-a\n+b\n+b\n"
    away = "diff --git x x\nold mode 100644\nnew mode 100755\n" + "diff --git y z y z\ndeleted file mode 100644\n"
    gone = away + "index 2..0\n--- y z\t\n+++ /dev/null\n@@ -1,10 +0,0 @@\n" + "-a\n" * 10

    assert [Survival(10, 0, 8, 0), Survival(2, 2, 2, 0)] == followed((1, TEN_LINES), (3, edited), (25, gone))[:2]


def test_text_that_looks_like_a_difference_is_text() -> None:
    """Lines that say what git says between differences are skipped, and so is the word on a missing newline."""
    tricky = "-- /dev/null\n@@ -1 +1 @@\ndiff --git x x\n\x1estep\nrename from x\ndeleted file mode 100644\n"
    removed = "".join(f"-{line}\n" for line in tricky.split("\n")[:-1])
    came = difference(
        "x",
        "@@ -0,0 +1,6 @@\n",
        "".join(f"+{line}\n" for line in tricky.split("\n")[:-1]),
        "\\ No newline at end of file\n",
    )
    went = difference("x", "@@ -1,6 +1 @@\n", removed, "\\ No newline at end of file\n", "+-- y\n")

    assert [Survival(6, 0, 0, 0), Survival(1, 6, 1, 1)] == followed((1, came), (2, went))


def test_a_text_that_becomes_binary_has_no_lines_any_more() -> None:
    """Its lines are gone; when it is a text again its lines are nobody's, for no difference told of them."""
    binary = "diff --git x x\nindex 1..2 100644\nBinary files x and x differ\n"
    again = difference("x", "@@ -3 +2,0 @@\n", "-t\n")

    assert [Survival(10, 0, 10, 0), Survival(0, 0, 0, 0), Survival(0, 0, 0, 0), Survival(0, 1, 0, 0)] == followed(
        (1, TEN_LINES), (20, binary), (21, binary), (22, again)
    )


def test_a_file_that_comes_back_is_a_new_one() -> None:
    """Taken away and put there again, it holds the later step's lines; a file that became a link does both at once."""
    gone = (
        "diff --git x x\ndeleted file mode 100644\nindex 1..0\n--- x\n+++ /dev/null\n@@ -1,10 +0,0 @@\n" + "-a\n" * 10
    )
    link = "diff --git x x\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ x\n@@ -0,0 +1 @@\n+there\n"

    assert [Survival(10, 0, 0, 0), Survival(1, 10, 1, 1)] == followed((1, TEN_LINES), (2, gone + link))


def test_clocks_that_run_backwards_shorten_only_their_own_lines() -> None:
    """A line that went before it came was never there; steps on either side are counted by their own clocks."""
    two_more = difference("x", "@@ -0,0 +1,2 @@\n", "+n\n+n\n")
    first_of_them = difference("x", "@@ -1 +0,0 @@\n", "-n\n")

    assert [Survival(10, 0, 9, 9), Survival(2, 0, 1, 1)] == followed(
        (1, TEN_LINES), (30, two_more), (2, first_of_them), (3, difference("x", "@@ -11 +10,0 @@\n", "-a\n"))
    )[:2]
