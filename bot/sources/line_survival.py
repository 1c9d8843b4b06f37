"""How many lines that a step added are still there 14 and 30 days later, from one pass over the differences.

For each file it is kept which step each run of lines came from; what lay there before the first step is nobody's and
endless. Each difference then says whose lines it takes away, and how old they were. Names of files live only as long
as the pass; the text of the lines is skipped unread (P13). Called by `bot/sources/git_history.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEP_MARK = "\x1e"
"""Begins the line that names a step, before its differences."""

_ENDLESS = 1 << 60
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_OLD_FILE, _NEW_FILE, _MOVED_FROM, _MOVED_TO = "--- ", "+++ ", "rename from ", "rename to "
_NO_FILE = "/dev/null"
_SHORT, _LONG = timedelta(days=14), timedelta(days=30)

Runs = list[tuple[str | None, int]]
"""Runs of lines in one file, top to bottom: the step they came from (None: from before), and how many."""


@dataclass(frozen=True)
class Survival:
    """Lines that one step added, and how many of them were still there after so many days; final once they are over."""

    added: int
    lines_14d: int
    lines_30d: int


@dataclass
class _Tally:
    """What became of the lines of one step so far."""

    at: datetime
    added: int = 0
    gone_14d: int = 0
    gone_30d: int = 0


@dataclass(frozen=True)
class _Hunk:
    """One place in a file: `removed` lines from `start` on (counted from 0) make room for `added` ones."""

    start: int
    removed: int
    added: int


def lines_that_stayed(log: Iterable[str], at: Mapping[str, datetime]) -> dict[str, Survival]:
    """For each step, how many of its lines stayed. `at` says when each step was made.

    `log` is what `git log -p --unified=0 --no-prefix` says, oldest step first, each begun by STEP_MARK and its name. A
    line that was moved or re-indented counts as gone; a file that was renamed keeps its lines.
    """
    files: dict[str, Runs] = {}
    tallies: dict[str, _Tally] = {}
    step, newest = "", datetime.min.replace(tzinfo=UTC)
    for what, old_name, new_name, hunks in _differences(log):
        if what is not None:
            step = what
            newest = max(newest, at[step])  # clocks of committers may run backwards along the line
            tallies[step] = _Tally(newest)
            continue
        runs = [] if old_name is None else files.pop(old_name, [(None, _ENDLESS)])
        for hunk in reversed(hunks):  # from the bottom up, so that the places above stay where they are
            gone = _replace(runs, hunk, step)
            _count_gone(tallies, gone, newest)
            tallies[step].added += hunk.added
        if new_name is not None:
            files[new_name] = runs
    return {
        name: Survival(tally.added, tally.added - tally.gone_14d, tally.added - tally.gone_30d)
        for name, tally in tallies.items()
    }


def _replace(runs: Runs, hunk: _Hunk, step: str) -> Runs:
    """Put the hunk's new lines into `runs`; returns the runs that had to go."""
    first = _split(runs, hunk.start)
    end = _split(runs, hunk.start + hunk.removed)
    gone = runs[first:end]
    runs[first:end] = [(step, hunk.added)] if hunk.added else []
    return gone


def _split(runs: Runs, line: int) -> int:
    """Make a run begin at `line`; returns its place among the runs."""
    above = 0
    for place, (origin, count) in enumerate(runs):
        if above == line:
            return place
        if above + count > line:
            runs[place : place + 1] = [(origin, line - above), (origin, count - (line - above))]
            return place + 1
        above += count
    return len(runs)


def _count_gone(tallies: Mapping[str, _Tally], gone: Runs, now: datetime) -> None:
    for origin, count in gone:
        if origin is None:
            continue
        tally = tallies[origin]
        age = now - tally.at
        tally.gone_14d += count if age <= _SHORT else 0
        tally.gone_30d += count if age <= _LONG else 0


_Difference = tuple[str | None, str | None, str | None, list[_Hunk]]
"""Either the name of a step that begins, or one file's old name, new name and hunks."""


def _differences(log: Iterable[str]) -> Iterator[_Difference]:
    names: dict[str, str | None] = {}
    hunks: list[_Hunk] = []
    to_skip = 0
    for line in log:
        if to_skip and line[:1] in ("+", "-"):  # the text of a change, whatever it looks like
            to_skip -= 1
        elif line.startswith((STEP_MARK, "diff --git ")):
            yield from _file(names, hunks)
            names, hunks = {}, []
            if line.startswith(STEP_MARK):
                yield line[1:].split()[0], None, None, []
        elif hunk := _HUNK.match(line):
            start, removed, added = (1 if part is None else int(part) for part in hunk.groups())
            hunks.append(_Hunk(start if removed == 0 else start - 1, removed, added))
            to_skip = removed + added
        else:
            mark = next(
                (mark for mark in (_OLD_FILE, _NEW_FILE, _MOVED_FROM, _MOVED_TO) if line.startswith(mark)), None
            )
            if mark is not None:
                name = line[len(mark) :].rstrip("\n").rstrip("\t")
                names[mark] = None if name == _NO_FILE else name
    yield from _file(names, hunks)


def _file(names: Mapping[str, str | None], hunks: list[_Hunk]) -> Iterator[_Difference]:
    """One file's difference; a change without lines (a mode, a binary file) that is no move says nothing."""
    if _OLD_FILE in names:
        yield None, names[_OLD_FILE], names.get(_NEW_FILE), hunks
    elif _MOVED_FROM in names:
        yield None, names[_MOVED_FROM], names.get(_MOVED_TO), []
