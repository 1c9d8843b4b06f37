"""Repositories of every make: how they are reached, what is refused and with which word, and that none is obeyed."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.outcomes import OutcomeRecord
from bot.errors import SourceError
from tests.sources.git_repositories import MAIN, History, at, fetched, git

BEN = "Ben <ben@lantern.example>"
FIRST, LAST, NOW = date(2026, 3, 1), date(2026, 3, 31), datetime(2026, 6, 1, tzinfo=UTC)


def march(folder: Path | str) -> list[OutcomeRecord]:
    return fetched(folder, first=FIRST, last=LAST, now=NOW)


@pytest.fixture
def two_steps(tmp_path: Path) -> Path:
    """A bare repository with two people's commits."""
    history = History()
    history.commit({"a": "1\n2\n3\n", "b": "x\ny\n"}, at=at(1))
    history.commit({"a": "1\n3\n4\n5\n", "b": None, "c": "x\ny\n"}, at=at(2), author=BEN)
    history.write(tmp_path / "bare")
    return tmp_path / "bare"


def refused(path: Path | str) -> SourceError:
    with pytest.raises(SourceError) as raised:
        march(path)
    return raised.value


def test_bare_checked_out_and_detached_say_the_same(two_steps: Path, tmp_path: Path) -> None:
    """A mirror, a checkout with other files in it, a linked work tree and a detached HEAD are one history."""
    clone, linked = tmp_path / "clone", tmp_path / "linked"
    expected = march(two_steps)
    git(tmp_path, "clone", "--quiet", str(two_steps), str(clone))
    (clone / "a").write_text("not committed\n", encoding="utf-8")
    git(clone, "worktree", "add", "--quiet", "--detach", str(linked))

    assert [2, 2] == [len(expected), len({one.subject for one in expected})]
    assert [expected] * 3 == [march(clone), march(clone / ".git"), march(linked)]
    git(clone, "checkout", "--quiet", "--force", "--detach", "HEAD~1")
    assert expected[0].ref == march(clone)[0].ref
    assert 1 == len(march(clone))


def test_the_mailmap_names_people(two_steps: Path, tmp_path: Path) -> None:
    """A person's old address becomes the one that the repository's .mailmap says, in a mirror and in a checkout."""
    git(tmp_path, "clone", "--quiet", str(two_steps), str(tmp_path / "clone"))
    (tmp_path / "clone" / ".mailmap").write_text(
        "Ada <ada.moreau@lantern.example> <ada@lantern.example>\n", encoding="utf-8"
    )
    history = History()
    history.commit(
        {".mailmap": "Ben C <ben.castell@lantern.example> Ben <ben@lantern.example>\n"}, at=at(1), author=BEN
    )
    history.write(tmp_path / "mapped")

    assert ["ada.moreau@lantern.example", "ben@lantern.example"] == [one.subject for one in march(tmp_path / "clone")]
    assert ["ben.castell@lantern.example"] == [one.subject for one in march(tmp_path / "mapped")]


def test_an_empty_repository_has_no_work(tmp_path: Path) -> None:
    """Nothing was ever committed: that is known, and no error."""
    History().write(tmp_path / "empty")

    assert [] == march(tmp_path / "empty")


def test_what_cannot_be_read_is_said_in_a_sentence(two_steps: Path, tmp_path: Path) -> None:
    """No folder, no repository, one that is only around the folder, a cut history, a HEAD of nothing: each has its
    own word on what to do, is not asked again in vain, and names no path.
    """
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{two_steps}", str(tmp_path / "shallow"))
    git(tmp_path, "clone", "--quiet", str(two_steps), str(tmp_path / "clone"))
    (tmp_path / "clone" / "folder").mkdir()
    git(two_steps, "symbolic-ref", "HEAD", "refs/heads/gone")
    places = ("nowhere", "", "clone/a", "clone/folder", "shallow", "bare")

    errors = [refused(tmp_path / place) for place in places]

    words = ["no folder", "no git repository", "no folder", "no git repository", "--unshallow", "symbolic-ref HEAD"]
    assert [word for word, error in zip(words, errors, strict=True) if word in str(error)] == words
    assert [True] * 6 == [error.permanent for error in errors]
    assert not any(str(tmp_path) in str(error) or "clone/" in str(error) for error in errors)


@pytest.mark.skipif(os.getuid() != 0, reason="ONLY ROOT CAN GIVE A FOLDER AWAY: git's refusal was not seen")
def test_a_repository_of_another_user_says_how_to_trust_it(two_steps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git refuses it; the operator's own safe.directory, and nothing else, opens it."""
    os.chown(two_steps, 12_345, 12_345)

    error = refused(two_steps)

    assert (True, True) == (error.permanent, "git config --system --add safe.directory" in str(error))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(two_steps))
    assert 2 == len(march(two_steps))


def test_without_git_the_operator_is_told(two_steps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git says that it is to be installed."""
    monkeypatch.setenv("PATH", str(two_steps))

    assert "git is not installed here" in str(refused(two_steps))


def test_a_damaged_repository_is_an_error_and_no_short_history(two_steps: Path) -> None:
    """Where git stops half-way nothing is returned, and it is asked again another day."""
    blob = git(two_steps, "rev-parse", f"{MAIN}:a").strip()
    git(two_steps, "repack", "-q", "-a", "-d")
    for pack in (two_steps / "objects" / "pack").glob("*.pack"):
        packed = pack.read_bytes()
        for kept in pack.parent.iterdir():
            kept.unlink()
        subprocess.run(["git", "unpack-objects", "-q"], cwd=two_steps, input=packed, check=True)
    (two_steps / "objects" / blob[:2] / blob[2:]).unlink()

    error = refused(two_steps)

    assert ("git log ended with 128.", False) == (str(error), error.permanent)


def test_nothing_that_a_repository_names_is_run_or_obeyed(two_steps: Path, tmp_path: Path) -> None:
    """Drivers, hooks, monitors and every setting of how git prints: the reading is the same, and no program ran."""
    expected = march(two_steps)
    clone, ran = tmp_path / "clone", tmp_path / "ran"
    git(tmp_path, "clone", "--quiet", str(two_steps), str(clone))
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\necho evil\n", encoding="utf-8")
    program.chmod(0o700)
    (clone / ".git" / "info" / "attributes").write_text("* diff=evil\n", encoding="utf-8")
    programs = (
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
    )
    printing = {
        "log.showSignature": "true", "log.showRoot": "false", "log.diffMerges": "off", "diff.renames": "false",
        "diff.noprefix": "false", "diff.mnemonicPrefix": "true", "diff.context": "9", "diff.interHunkContext": "9",
        "diff.algorithm": "patience", "diff.relative": "true", "color.ui": "always", "diff.colorMoved": "zebra",
        "core.quotePath": "false", "format.pretty": "raw", "log.decorate": "full", "log.follow": "true",
        "i18n.logOutputEncoding": "UTF-16", "diff.renameLimit": "1", "notes.displayRef": "*", "diff.submodule": "log",
    }  # fmt: skip
    for name, value in {**dict.fromkeys(programs, str(program)), **printing}.items():
        git(clone, "config", name, value)
    (clone / ".git" / "hooks" / "post-index-change").symlink_to(program)

    assert expected == march(clone)
    assert not ran.exists()
    git(clone, "diff", "HEAD~1", "HEAD")
    assert ran.exists(), "the trap would have been seen"


def test_the_surroundings_do_not_lead_elsewhere(
    two_steps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started by a hook of another repository, with git's variables set, it reads the one that was named."""
    expected = march(two_steps)
    History().write(tmp_path / "other")
    for name, value in {
        "GIT_DIR": str(tmp_path / "other"),
        "GIT_WORK_TREE": str(tmp_path),
        "GIT_DIFF_OPTS": "--unified=5",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "other" / "objects"),
    }.items():
        monkeypatch.setenv(name, value)

    assert expected == march(two_steps)


def test_clocks_that_run_backwards_or_cannot_be_read(tmp_path: Path) -> None:
    """Each step is on the day that its own clock says, wherever it stands; one without a time is on no day."""
    folder, history = tmp_path / "r", History()
    for day in (5, 20, 3, 6):
        history.commit({str(day): "1\n"}, at=at(day))
    history.write(folder)
    raw = git(folder, "cat-file", "commit", MAIN).replace(str(int(at(6).timestamp())), "99999999999999999")
    tree, _, rest = raw.partition("parent ")
    late = make_commit(folder, f"{tree}parent {git(folder, 'rev-parse', MAIN).strip()}{rest[40:]}")
    git(folder, "update-ref", f"refs/heads/{MAIN}", late)

    week = fetched(folder, first=date(2026, 3, 1), last=date(2026, 3, 7), now=NOW)

    assert [at(5), at(3), at(6)] == [one.at for one in week]
    assert [1, 1, 1] == [one.lines_survived_30d for one in week]
    assert [at(20)] == [one.at for one in fetched(folder, first=date(2026, 3, 8), last=LAST, now=NOW)]


def make_commit(folder: Path, raw: str) -> str:
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    return (
        subprocess.run(command, cwd=folder, input=raw.encode(), capture_output=True, check=True).stdout.decode().strip()
    )


people = st.sampled_from(["Ada", "Ben", "Eva", "dependabot[bot]"])
moves = st.lists(st.tuples(st.sampled_from("ccccmmbe"), people, st.integers(0, 2), st.integers(1, 2)), max_size=14)


@given(moves=moves)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merges_are_what_plain_git_log_says(
    moves: list[tuple[str, str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any branches merged into each other, some with more changed on the way: each step's authors and lines are those
    that `git log` lists between its first parent and it, or for one author alone what `git diff` says of the two.
    """
    folder = tmp_path_factory.mktemp("merges")
    history, tip = branches_of(moves)
    history.write(folder, tip=tip)

    outcomes = fetched(folder, first=FIRST, last=date(2026, 4, 30), now=NOW)

    found = {(one.ref, one.subject): (one.lines_added, one.lines_removed) for one in outcomes}
    assert by_log(folder) == found
    assert len(found) == len(outcomes)


def branches_of(moves: list[tuple[str, str, int, int]]) -> tuple[History, int]:
    """A main line and two branches: commits on any of them, and merges both ways; returns the end of the main line."""
    history, moment = History(), at(1)
    root = history.commit({"root": "1\n"}, at=moment)
    heads, trees = [root, root, root], {root: {"root": "1\n"}}
    for number, (kind, who, branch, lines) in enumerate(moves):
        moment += timedelta(hours=7)
        into, other = (0, branch) if kind in "me" else (branch, 0)
        is_merge = kind != "c"
        if is_merge and heads[into] == heads[other]:
            continue
        own = {f"{number}": f"{number}\n" * lines} if kind in "ce" else {}
        files = {**(trees[heads[other]] if is_merge else {}), **own}
        merged = [heads[other]] if is_merge else []
        author = f"{who} <{who.lower()}@lantern.example>"
        made = history.commit(files, at=moment, author=author, onto=heads[into], merged=merged)
        trees[made] = {**trees[heads[into]], **files}
        heads[into] = made
    return history, heads[0]


def by_log(folder: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """The slow truth, step by step."""
    told: dict[tuple[str, str], tuple[int, int]] = {}
    for row in git(folder, "rev-list", "--first-parent", "--parents", MAIN).splitlines():
        step, *parents = row.split()
        span = [f"{parents[0]}..{step}"] if len(parents) > 1 else ["-1", step]
        mine: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for commit in git(folder, "log", "--no-merges", "--format=%x01%aE", "--numstat", *span).split("\1")[1:]:
            author, *numbers = commit.splitlines()
            mine[author] = plus(mine[author], numbers)
        if len(mine) == 1 and parents:
            mine = {
                author: plus((0, 0), git(folder, "diff", "--numstat", parents[0], step).splitlines()) for author in mine
            }
        told |= {(step[:16], author): lines for author, lines in mine.items() if "[bot]" not in author}
    return told


def plus(lines: tuple[int, int], numbers: list[str]) -> tuple[int, int]:
    rows = [row.split("\t") for row in numbers if row]
    return lines[0] + sum(int(row[0]) for row in rows), lines[1] + sum(int(row[1]) for row in rows)
