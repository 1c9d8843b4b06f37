"""Work that reached the main line of a git repository on this machine: by whom, with whose help, and how much stayed.

What counts is a step of the main line (its first parents): a commit, or a merge with the commits it brought in. Two
passes over the log: who made each commit and what its message proves, and which lines each step added and took away.
Code, paths and messages are looked at and dropped (P13). Next: `bot/sources/line_survival.py`.
"""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from io import TextIOWrapper
from pathlib import Path

from bot.domain.attribution import ai_evidence, is_machine, reverted_commit, standing_reverted
from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.errors import SourceError
from bot.sources.line_survival import STEP_MARK, Survival, lines_that_stayed
from bot.sources.shape import Access, OutcomeConnector

REF_LENGTH = 16
"""Characters of a commit's hash that name an outcome: enough to be alone in any repository."""

_RECORD, _FIELD, _BODY_END = "\x1e", "\x1f", "\x1d"
_COMMIT_FORMAT = "%x1e%H%x1f%P%x1f%aN%x1f%aE%x1f%ct%x1f%B%x1d"
_REVERTS_LATER_DAYS = 60
"""A revert is looked for so long after the change; reverts after that are rare, and say little about it."""


@dataclass(frozen=True)
class Commit:
    """One commit, without its code. `at` is when it was committed, in UTC; the author's clock may be far before.

    `evidence` is what the message proves of help by an AI; `takes_back` the hash of the commit that it reverts.
    """

    commit: str
    parents: tuple[str, ...]
    author: str
    is_machine: bool
    at: datetime
    evidence: str | None
    takes_back: str | None
    lines_added: int
    lines_removed: int

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1


@dataclass(frozen=True)
class Step:
    """One step of the main line with the commits it brought in; a plain commit brings itself."""

    commit: Commit
    brought: tuple[Commit, ...]


def fetch_outcomes(access: Access, *, first: date, last: date) -> Iterator[OutcomeRecord]:
    """What reached the main line from `first` to `last` (UTC days of the commit), once for each of its authors."""
    repository = _repository(access)
    main_line, span = _main_line_since(repository, first)
    if not main_line:
        return
    commits = {one.commit: one for one in read_commits(repository, span)}
    steps = list(steps_of(commits, main_line))
    stayed = _stayed(repository, steps, span)
    yield from outcomes_of(steps, stayed, first=first, last=last, today=access.now.date())


def outcomes_of(
    steps: Sequence[Step], stayed: Mapping[str, Survival], *, first: date, last: date, today: date
) -> Iterator[OutcomeRecord]:
    """The steps of these days as outcomes. A merge of several people's commits is one of each, with their own lines."""
    step_of = {one.commit: step.commit.commit for step in steps for one in (*step.brought, step.commit)}
    reverts = {step.commit.commit: target for step in steps if (target := _takes_back(step, step_of))}
    undone = standing_reverted(reverts)
    for step in steps:
        if not first <= step.commit.at.date() <= last:
            continue
        target = reverts.get(step.commit.commit)
        share = _shares(step)
        for author, theirs in share.items():
            evidence = next((one.evidence for one in theirs if one.evidence), None)
            alone = stayed.get(step.commit.commit) if len(share) == 1 else None
            yield OutcomeRecord(
                subject=author,
                at=step.commit.at,
                kind=OutcomeKind.PR_REVERTED if target else OutcomeKind.PR_MERGED,
                ref=step.commit.commit[:REF_LENGTH],
                lines_added=sum(one.lines_added for one in theirs),
                lines_removed=sum(one.lines_removed for one in theirs),
                ai_assisted=True if evidence else None,
                ai_evidence=evidence,
                reverts_ref=target[:REF_LENGTH] if target else None,
                reverted=step.commit.commit in undone,
                lines_survived_14d=_after(alone.lines_14d, step, 14, today) if alone else None,
                lines_survived_30d=_after(alone.lines_30d, step, 30, today) if alone else None,
            )


def read_commits(repository: Path, span: str = "HEAD") -> Iterator[Commit]:
    """Every commit of `span` (all of the main branch by default), newest first, with its numbers of lines."""
    log = _git(repository, "log", "--date-order", "--numstat", "--no-renames", f"--format={_COMMIT_FORMAT}", span)
    for record in "".join(log).split(_RECORD)[1:]:
        head, _, numbers = record.partition(_BODY_END)
        commit, parents, name, email, at, message = head.split(_FIELD, 5)
        added, removed = _lines(numbers)
        yield Commit(
            commit=commit,
            parents=tuple(parents.split()),
            author=email.strip().casefold(),
            is_machine=is_machine(name, email),
            at=datetime.fromtimestamp(int(at), UTC),
            evidence=ai_evidence(message),
            takes_back=reverted_commit(message),
            lines_added=added,
            lines_removed=removed,
        )


def steps_of(commits: Mapping[str, Commit], main_line: Iterable[str]) -> Iterator[Step]:
    """The steps of the main line, oldest first, each with what it brought in and no earlier step had."""
    seen: set[str] = set()
    for name in main_line:
        step = commits[name]
        seen.add(name)
        brought = [] if step.is_merge else [step]
        ahead = list(step.parents[1:])
        while ahead:
            one = commits.get(ahead.pop())
            if one is None or one.commit in seen:
                continue
            seen.add(one.commit)
            ahead.extend(one.parents)
            if not one.is_merge:
                brought.append(one)
        yield Step(step, tuple(brought))


def _shares(step: Step) -> dict[str, list[Commit]]:
    """The commits of a step by the person who wrote them; machines are nobody."""
    by_author: dict[str, list[Commit]] = defaultdict(list)
    for one in step.brought:
        if not one.is_machine:
            by_author[one.author].append(one)
    return dict(by_author)


def _takes_back(step: Step, step_of: Mapping[str, str]) -> str | None:
    """The step that this one reverts: the one that brought in the commit that its message names. A commit from before
    keeps its own name.
    """
    named = (one.takes_back for one in (step.commit, *step.brought) if one.takes_back)
    found = (step_of.get(target, target) for target in named)
    return next((target for target in found if target != step.commit.commit), None)


def _after(lines: int, step: Step, days: int, today: date) -> int | None:
    """A count that is final once so many days are over; None until then."""
    return lines if (today - step.commit.at.date()).days > days else None


def _stayed(repository: Path, steps: Sequence[Step], span: str) -> dict[str, Survival]:
    """How many lines of each step were still there after 14 and 30 days."""
    log = _git(
        repository, "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "-p", "--unified=0",
        "--find-renames", "--no-prefix", "--no-color", "--no-ext-diff", "--no-textconv", f"--format={STEP_MARK}%H",
        span,
    )  # fmt: skip
    return lines_that_stayed(log, {step.commit.commit: step.commit.at for step in steps})


def _main_line_since(repository: Path, first: date) -> tuple[list[str], str]:
    """The steps of the main line from the first one made on or after `first` on, oldest first, and how git names all
    that they brought in.
    """
    since = datetime.combine(first, time(), UTC).timestamp()
    log = _git(repository, "log", "--first-parent", "--reverse", "--format=%H %ct", "HEAD")
    steps = [(name, int(at)) for name, at in (line.split() for line in log)]
    begin = next((place for place, (_, at) in enumerate(steps) if at >= since), len(steps))
    span = f"{steps[begin - 1][0]}..HEAD" if begin else "HEAD"
    return [name for name, _ in steps[begin:]], span


def _lines(numbers: str) -> tuple[int, int]:
    """Added and removed lines of a numstat; a binary file shows dashes and has none."""
    rows = (line.split("\t") for line in numbers.splitlines() if line.count("\t") >= 2)
    counts = [(int(row[0]), int(row[1])) for row in rows if row[0].isdigit() and row[1].isdigit()]
    return sum(added for added, _ in counts), sum(removed for _, removed in counts)


def _repository(access: Access) -> Path:
    path = Path(access.source.path or "")
    if not path.is_dir():
        raise SourceError("There is no folder at the path of this source: clone the repository there.", permanent=True)
    return path


def _git(repository: Path, *arguments: str) -> Iterator[str]:
    """What git says, line by line, read as UTF-8. SourceError when it says no; its own words may quote a path."""
    command = ["git", "-c", "core.quotepath=true", "-c", "log.showSignature=false", "-C", str(repository), *arguments]
    quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
    try:
        running = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=quiet
        )
    except FileNotFoundError:
        raise SourceError("git is not installed here: install it, or leave this source out.", permanent=True) from None
    with running, TextIOWrapper(running.stdout, "utf-8", errors="replace", newline="\n") as said:  # type: ignore[type-var]
        yield from said
    if running.returncode != 0:
        raise SourceError(f"git {arguments[0]} ended with {running.returncode}: is this a repository?", permanent=False)


CONNECTOR = OutcomeConnector(
    kind="git",
    base_url=None,
    headers=lambda _key: {},
    fetch_outcomes=fetch_outcomes,
    repull_days=_REVERTS_LATER_DAYS,
    needs=("path",),
    needs_key=False,
)
