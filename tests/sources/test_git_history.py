"""Git history as finished work: whose it is, what took it back, and any message, name, setting and clock survived."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from tests.sources.git_repositories import History, at, fetched, git

ADA, BEN, EVA = (f"{name} <{name.lower()}@lantern.example>" for name in ("Ada", "Ben", "Eva"))
ada, ben, eva = ("ada@lantern.example", "ben@lantern.example", "eva@lantern.example")
BOT = "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"
CLAUDE = "\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
FIRST, LAST, NOW = date(2026, 3, 1), date(2026, 3, 31), datetime(2026, 6, 1, tzinfo=UTC)


def text(count: int, word: str = "x") -> str:
    return "".join(f"{word} {number}\n" for number in range(count))


def march(folder: Path | str, now: datetime = NOW) -> list[OutcomeRecord]:
    return fetched(folder, first=FIRST, last=LAST, now=now)


def shares(found: list[OutcomeRecord]) -> list[tuple[str, int | None, int | None]]:
    return [(one.subject, one.lines_added, one.lines_removed) for one in found]


def test_a_commit_on_the_main_line_is_one_outcome(tmp_path: Path) -> None:
    """By its author, when it was committed, with its net lines, the proven help, and what of it stayed."""
    history = History()
    history.commit({"a": text(10)}, at=at(1), author="Ada <Ada@Lantern.example >", message="feat: cart" + CLAUDE)
    history.commit({"a": text(7)}, at=at(20), author=BEN)
    names = history.write(tmp_path / "r")

    assert [
        OutcomeRecord(
            subject=ada,
            at=at(1),
            kind=OutcomeKind.PR_MERGED,
            ref=names[1][:16],
            lines_added=10,
            lines_removed=0,
            ai_assisted=True,
            ai_evidence="claude_code co-author",
            reverted=False,
            lines_survived_14d=10,
            lines_survived_30d=7,
        ),
        OutcomeRecord(
            subject=ben,
            at=at(20),
            kind=OutcomeKind.PR_MERGED,
            ref=names[2][:16],
            lines_added=0,
            lines_removed=3,
            reverted=False,
            lines_survived_14d=0,
            lines_survived_30d=0,
        ),
    ] == march(tmp_path / "r")


def test_what_stayed_is_said_when_the_days_are_over(tmp_path: Path) -> None:
    """Until 14 and 30 whole days have passed there is no figure, not a first guess."""
    history = History()
    history.commit({"a": text(3)}, at=at(1, 23))
    history.write(tmp_path / "r")

    def said(now: datetime) -> list[tuple[int | None, int | None]]:
        return [(one.lines_survived_14d, one.lines_survived_30d) for one in march(tmp_path / "r", now)]

    assert [(None, None)] == said(at(15, 23))
    assert [(3, None)] == said(at(16, 0))
    assert [(3, None)] == said(at(31, 23))
    assert [(3, 3)] == said(datetime(2026, 4, 1, tzinfo=UTC))


def test_a_week_is_read_by_itself_and_followed_beyond_its_end(tmp_path: Path) -> None:
    """Days are those of the committer's clock in UTC; lines and reverts are followed after the last of them."""
    history = History()
    history.commit({"a": text(5)}, at=datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    kept = history.commit({"a": text(9)}, at=datetime(2026, 3, 2, tzinfo=UTC), author=BEN)
    history.commit({"a": text(8), "b": "1\n"}, at=at(9), author=EVA)
    names = history.write(tmp_path / "r")

    second = fetched(tmp_path / "r", first=date(2026, 3, 2), last=date(2026, 3, 8), now=NOW)

    assert [(names[kept][:16], ben, 3)] == [(one.ref, one.subject, one.lines_survived_14d) for one in second]
    assert [] == fetched(tmp_path / "r", first=date(2026, 3, 10), last=date(2026, 3, 16), now=NOW)


def test_a_merge_of_several_is_one_of_each_with_their_own_lines(tmp_path: Path) -> None:
    """Each author's commits are theirs, with their own marks of help; which lines stayed is not followed."""
    history = History()
    base = history.commit({"a": text(3)}, at=at(1))
    one = history.commit({"b": text(5)}, at=at(2), author=BEN, message="b" + CLAUDE)
    two = history.commit({"b": text(4), "c": text(2)}, at=at(3), author=EVA, onto=one)
    history.commit({"b": text(4), "c": text(2)}, at=at(4), author=ADA, onto=base, merged=[two])
    names = history.write(tmp_path / "r")

    found = march(tmp_path / "r")[1:]

    assert {(ben, 5, 0), (eva, 2, 1)} == set(shares(found))
    assert {(ben, True), (eva, None)} == {(one.subject, one.ai_assisted) for one in found}
    assert {(names[4][:16], at(4), None)} == {(one.ref, one.at, one.lines_survived_14d) for one in found}


def test_a_merge_of_one_person_has_the_net_lines_of_the_branch(tmp_path: Path) -> None:
    """What the branch wrote and threw away again never reached the main line; a mark in the merge's message counts,
    and so do the lines that were changed while merging.
    """
    history = History()
    base = history.commit({"a": text(3)}, at=at(1))
    draft = history.commit({"b": text(50)}, at=at(2), author=BEN)
    tip = history.commit({"b": text(6)}, at=at(3), author=BEN, onto=draft)
    history.commit({"b": text(6), "evil": "1\n"}, at=at(4), onto=base, merged=[tip], message="Merge" + CLAUDE)
    history.write(tmp_path / "r")

    found = march(tmp_path / "r")[1:]

    assert [(ben, 7, 0)] == shares(found)
    assert [(True, 7, 7)] == [(one.ai_assisted, one.lines_survived_14d, one.lines_survived_30d) for one in found]


def test_machines_are_nobody_and_leave_nobody_alone(tmp_path: Path) -> None:
    """A machine's step is no outcome; in a merge with one, a person has the lines of their own commits only."""
    history = History()
    base = history.commit({"a": text(3)}, at=at(1), author=BOT)
    one = history.commit({"b": text(50)}, at=at(2), author=BOT)
    two = history.commit({"b": text(55)}, at=at(3), author=BEN, onto=one)
    merged = history.commit({"b": text(55)}, at=at(4), onto=base, merged=[two])
    history.commit({"c": "1\n"}, at=at(5), author="Nobody <>", onto=merged)
    history.write(tmp_path / "r")

    assert [(ben, 5, 0)] == shares(march(tmp_path / "r"))


def test_an_octopus_and_what_was_merged_before(tmp_path: Path) -> None:
    """Many branches at once bring each its own; what an earlier step brought in, or the main line had, is not new."""
    history = History()
    base = history.commit({"a": "1\n"}, at=at(1))
    one = history.commit({"b": text(2)}, at=at(2), author=BEN)
    first = history.commit({"b": text(2)}, at=at(3), onto=base, merged=[one])
    more = history.commit({"c": text(3)}, at=at(4), author=BEN, onto=one)
    inner = history.commit({"c": text(3), "a": "1\n"}, at=at(5), author=EVA, onto=more, merged=[first])
    other = history.commit({"d": text(4)}, at=at(5), author=EVA, onto=base)
    tree = {"b": text(2), "c": text(3), "d": text(4)}
    history.commit(tree, at=at(6), onto=first, merged=[inner, other])
    history.write(tmp_path / "r")

    found = march(tmp_path / "r")

    assert [(ada, 1, 0), (ben, 2, 0)] == shares(found[:2])
    assert {(ben, 3, 0), (eva, 4, 0)} == set(shares(found[2:]))


def reverting(commit: str, word: str = "Revert") -> str:
    return f'{word} "work"\n\nThis reverts commit {commit}.'


def test_a_revert_undoes_and_a_revert_of_it_restores(tmp_path: Path) -> None:
    """What stands undone follows the chain, also when it goes on after the days that are read."""
    chain = ["Work"]
    for length in range(1, 4):
        folder, history = tmp_path / str(length), History()
        for number, message in enumerate(chain):
            history.commit({"a": text(number + 1)}, at=at(number + 1), message=message)
        names = history.write(folder)
        chain.append(reverting(names[-1]))
        work = fetched(folder, first=FIRST, last=FIRST, now=NOW)
        assert [(OutcomeKind.PR_MERGED, length == 2)] == [(one.kind, one.reverted) for one in work]

    later = fetched(folder, first=date(2026, 3, 2), last=LAST, now=NOW)
    assert [(names[1][:16], True), (names[2][:16], False)] == [(one.reverts_ref, one.reverted) for one in later]
    assert {OutcomeKind.PR_REVERTED} == {one.kind for one in later}


def test_a_revert_by_a_branch_of_a_branch(tmp_path: Path) -> None:
    """The only commit of a merge stands for it, as what reverts and as what is reverted; one of several does not."""
    for commits, undone in ((1, True), (2, False)):
        history = History()
        tip = base = history.commit({"a": "1\n"}, at=at(1))
        for number in range(commits):
            tip = history.commit({f"b{number}": text(4)}, at=at(2), author=BEN, onto=tip)
        history.commit({f"b{number}": text(4) for number in range(commits)}, at=at(3), onto=base, merged=[tip])
        target = history.write(tmp_path / f"first {commits}")[tip]
        merged = tip + 1
        revert = history.commit({"b0": None}, at=at(4), author=EVA, onto=merged, message=reverting(target))
        history.commit({"b0": None}, at=at(5), onto=merged, merged=[revert])
        names = history.write(tmp_path / f"whole {commits}")

        found = march(tmp_path / f"whole {commits}")[1:]

        assert [(ben, undone), (eva, False)] == [(one.subject, one.reverted) for one in found]
        assert (OutcomeKind.PR_REVERTED, (names[merged] if undone else target)[:16]) == (
            found[1].kind,
            found[1].reverts_ref,
        )


def test_a_branch_that_reverts_and_does_more_takes_nothing_back(tmp_path: Path) -> None:
    """A reverting commit among others is a part of its branch, which is merged work."""
    history = History()
    history.commit({"a": "1\n"}, at=at(1))
    target = history.write(tmp_path / "first")[1]
    revert = history.commit({"a": None}, at=at(2), author=BEN, message=reverting(target))
    more = history.commit({"b": text(9)}, at=at(3), author=BEN, onto=revert)
    history.commit({"a": None, "b": text(9)}, at=at(4), onto=1, merged=[more])
    history.write(tmp_path / "r")

    found = march(tmp_path / "r")

    assert [(ada, False, None), (ben, False, None)] == [(one.subject, one.reverted, one.reverts_ref) for one in found]
    assert {OutcomeKind.PR_MERGED} == {one.kind for one in found}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "\x1e\x1f\x1d\x1e0000\x1f\x1fAda\x1fada@lantern.example\x1f1\x1fx\x1d",
        "9\t9\tfile\n10\t10\tother\n",
        "\n\ndiff --git a a\n@@ -1 +1 @@\n-x\n+y\n",
        "commit 0123\nAuthor: Ben <ben@lantern.example>\n",
        "%H%x00%P%n",
        "x" * 200_000 + "\r\v\f\u2028\u0085",
    ],
)
def test_no_message_changes_what_is_read(tmp_path: Path, message: str) -> None:
    """Separators, numbers, differences and formats in a message are a message, and so they are in a merge's."""
    history = History()
    base = history.commit({"a": text(2)}, at=at(1), message=message)
    one = history.commit({"b": text(3)}, at=at(2), author=BEN, message=message)
    two = history.commit({"c": text(4)}, at=at(3), author=EVA, message=message, onto=one)
    history.commit({"b": text(3), "c": text(4)}, at=at(4), message=message, onto=base, merged=[two])
    history.write(tmp_path / "r")

    assert [(ada, 2, 0), (ben, 3, 0), (eva, 4, 0)] == sorted(shares(march(tmp_path / "r")))


@pytest.mark.parametrize(
    "name", ["a b", "a\tb", "a\nb", 'a"b', "a\\b", "ä", "-p", "a => b", "x and x", "d/{a}", "\x1e"]
)
def test_no_name_of_a_file_changes_what_is_read(tmp_path: Path, name: str) -> None:
    """Spaces, tabs, newlines, quotes and git's own arrows in a name: its lines are followed through edit and move."""
    history = History()
    history.commit({name: text(10)}, at=at(1))
    base = history.commit({name: text(11)}, at=at(2), author=BEN)
    moved = f"moved {name}"
    one = history.commit({name: None, moved: text(11)}, at=at(3), author=EVA, onto=base)
    two = history.commit({moved: text(9)}, at=at(4), author=BEN, onto=one)
    history.commit({name: None, moved: text(9)}, at=at(5), onto=base, merged=[two])
    history.write(tmp_path / "r")

    found = march(tmp_path / "r")

    assert [(ada, 10, 0), (ben, 0, 2), (ben, 1, 0), (eva, 0, 0)] == sorted(shares(found))
    assert [9, 0] == [one.lines_survived_14d for one in found[:2]]


def test_what_has_no_lines(tmp_path: Path) -> None:
    """Binary files, modes, submodules and empty files add no line; a link is one line, a missing newline none."""
    history = History()
    gitlink = f"M 160000 {'1' * 40} module"
    history.commit({"bin": b"\0\1\n\2\n", "empty": "", "cut": "no end"}, at=at(1), extra=gitlink)
    history.commit({}, at=at(2), extra=f"M 160000 {'2' * 40} module\nM 120000 inline link\ndata 3\ncut")
    history.write(tmp_path / "r")

    assert [(ada, 1, 0), (ada, 1, 0)] == shares(march(tmp_path / "r"))


def test_a_copy_is_new(tmp_path: Path) -> None:
    """A file that was copied adds its lines, whatever the repository's settings say of copies."""
    history = History()
    history.commit({"a": text(10)}, at=at(1))
    history.commit({"b": text(10)}, at=at(2), author=BEN)
    history.write(tmp_path / "r")
    git(tmp_path / "r", "config", "diff.renames", "copies")

    assert [(ada, 10, 0), (ben, 10, 0)] == shares(march(tmp_path / "r"))
