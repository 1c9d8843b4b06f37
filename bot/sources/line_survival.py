"""How many lines a step added, and how many of them were still there 14 and 30 days later, in one pass over the log.

For each file it is kept which step each run of lines came from; what lay there before the first step is nobody's and
endless. Each difference then says whose lines it takes away, and how old they were. Names of files live only as long
as the pass; the text of the lines is skipped unread (P13). Called by `bot/sources/git_history.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

STEP_MARK = "\x1e"
"""Begins the line that names a step, before its differences."""

SHORT, LONG = timedelta(days=14), timedelta(days=30)

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_FILE = "diff --git "
_NEW, _DELETED, _BINARY = "new file mode ", "deleted file mode ", "Binary files "
_MOVED_FROM, _MOVED_TO = "rename from ", "rename to "

Run = tuple[str | None, int]
"""Lines of one file that follow each other: the step they all came from (None: from before), and how many."""

_NOBODYS_FILE: tuple[Run, ...] = ((None, 1 << 60),)


@dataclass(frozen=True)
class Survival:
    """Lines that one step added and removed, and how many of the added were there so many days later."""

    added: int
    removed: int
    lines_14d: int
    lines_30d: int


@dataclass
class _Tally:
    """What is known of one step so far."""

    at: datetime
    added: int = 0
    removed: int = 0
    gone_14d: int = 0
    gone_30d: int = 0


@dataclass(frozen=True)
class _Hunk:
    """One place in a file: `removed` lines from `start` on (counted from 0) make room for `added` ones."""

    start: int
    removed: int
    added: int


@dataclass
class _Change:
    """What one step did to one file. A name is None where the file is not there, before or after."""

    old_name: str | None
    new_name: str | None
    is_binary: bool = False
    hunks: list[_Hunk] = field(default_factory=list)


def lines_that_stayed(log: Iterable[str], at: Mapping[str, datetime]) -> dict[str, Survival]:
    """For each step, how many of its lines stayed. `at` says when each step was made.

    `log` is what `git log -p --unified=0 --no-prefix` says, oldest step first, each begun by STEP_MARK and its name. A
    line that was moved or re-indented counts as gone; a file that was renamed keeps its lines. Where clocks ran
    backwards, a line that went before it came was there for no time at all.
    """
    files: dict[str, list[Run]] = {}
    tallies: dict[str, _Tally] = {}
    for step, changes in _steps(log):
        tallies[step] = tally = _Tally(at[step])
        for change in changes:
            runs = files.pop(change.old_name, list(_NOBODYS_FILE)) if change.old_name is not None else []
            if change.is_binary:
                stayed, gone = list(_NOBODYS_FILE), runs
            else:
                stayed, gone = _replace(runs, change.hunks, step)
            _count_gone(tallies, gone, tally.at)
            tally.added += sum(hunk.added for hunk in change.hunks)
            tally.removed += sum(hunk.removed for hunk in change.hunks)
            if change.new_name is not None:
                files[change.new_name] = stayed
    return {
        step: Survival(tally.added, tally.removed, tally.added - tally.gone_14d, tally.added - tally.gone_30d)
        for step, tally in tallies.items()
    }


def _replace(runs: list[Run], hunks: Iterable[_Hunk], step: str) -> tuple[list[Run], list[Run]]:
    """The runs of a file after these hunks, and those that had to go; both from top to bottom."""
    ahead = runs[::-1]  # the next run is the last of the list
    stayed: list[Run] = []
    gone: list[Run] = []
    line = 0
    for hunk in hunks:
        stayed += _take(ahead, hunk.start - line)
        gone += _take(ahead, hunk.removed)
        line = hunk.start + hunk.removed
        if hunk.added:
            stayed.append((step, hunk.added))
    return stayed + ahead[::-1], gone


def _take(ahead: list[Run], count: int) -> Iterator[Run]:
    """Takes so many lines from the end of `ahead`, and cuts the run in which they end."""
    while count and ahead:
        origin, length = ahead.pop()
        if length > count:
            ahead.append((origin, length - count))
            length = count
        yield origin, length
        count -= length


def _count_gone(tallies: Mapping[str, _Tally], gone: Iterable[Run], now: datetime) -> None:
    for origin, count in gone:
        if origin is None:
            continue
        tally = tallies[origin]
        age = now - tally.at
        tally.gone_14d += count if age <= SHORT else 0
        tally.gone_30d += count if age <= LONG else 0


def _steps(log: Iterable[str]) -> Iterator[tuple[str, list[_Change]]]:
    """Each step with the files that it changed."""
    step, changes = "", list[_Change]()
    to_skip = 0
    for line in log:
        if to_skip and line.startswith(("+", "-")):  # the text of a change, whatever it looks like
            to_skip -= 1
        elif line.startswith(STEP_MARK):
            if step:
                yield step, changes
            step, changes = line[len(STEP_MARK) :].rstrip("\n"), []
        elif line.startswith(_FILE):
            changes.append(_change(line[len(_FILE) :].rstrip("\n")))
        elif hunk := _HUNK.match(line):
            start, removed, added = (1 if part is None else int(part) for part in hunk.groups())
            changes[-1].hunks.append(_Hunk(start if removed == 0 else start - 1, removed, added))
            to_skip = removed + added
        elif changes:
            _learn(changes[-1], line.rstrip("\n"))
    if step:
        yield step, changes


def _change(names: str) -> _Change:
    """A file whose name stands there twice, with a space between; a rename says its two names again below."""
    name = names[: len(names) // 2]
    return _Change(name, name)


def _learn(change: _Change, line: str) -> None:
    """What the lines between a file's names and its hunks say of it."""
    if line.startswith(_NEW):
        change.old_name = None
    elif line.startswith(_DELETED):
        change.new_name = None
    elif line.startswith(_MOVED_FROM):
        change.old_name = line[len(_MOVED_FROM) :]
    elif line.startswith(_MOVED_TO):
        change.new_name = line[len(_MOVED_TO) :]
    elif line.startswith(_BINARY):
        change.is_binary = True
