"""Work that reached the main line of a git repository on this machine: by whom, with whose help, and how much stayed.

What counts is a step of the main line (its first parents): a commit, or a merge with the commits it brought in. A week
is read from its first step on: messages up to today, for later ones may take a step back, and differences for another
30 days. Code, paths and messages are looked at and dropped (P13). Next: `bot/sources/line_survival.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bot.domain.attribution import ai_evidence, is_machine, reverted_commit, standing_reverted
from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.sources.git_command import DIFFERENCES, fields, head_of, lines, repository_at
from bot.sources.line_survival import LONG, SHORT, STEP_MARK, Survival, lines_that_stayed
from bot.sources.shape import Access, OutcomeConnector

REF_LENGTH = 16
"""Characters of a commit's hash that name an outcome: enough to be alone in any repository."""

_REVERTS_LATER_DAYS = 60
"""A revert is looked for so long after the change; reverts after that are rare, and say little about it."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_COMMIT_FIELDS = ("%H", "%P", "%aN", "%aE", "%ct", "%B")


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

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1

    @property
    def whose(self) -> str | None:
        """The author's address; None for a machine, and where there is no address."""
        return None if self.is_machine else self.author or None


@dataclass(frozen=True)
class Step:
    """One step of the main line with the commits it brought in, merges left out; a plain commit brings itself."""

    commit: Commit
    brought: tuple[Commit, ...]

    @property
    def only_author(self) -> str | None:
        """Whose the whole step is; None where several wrote it, a machine among them or not."""
        authors = {one.whose for one in self.brought}
        return authors.pop() if len(authors) == 1 else None


@dataclass(frozen=True)
class _Window:
    """The part of the main line that a reading is about: its steps up to today, oldest first, and how git names all
    that they brought in, up to three moments.
    """

    steps: tuple[str, ...]
    to_its_end: str
    to_thirty_days_later: str
    to_today: str


Lines = tuple[int, int]
"""Added and removed."""


def fetch_outcomes(access: Access, *, first: date, last: date) -> Iterator[OutcomeRecord]:
    """What reached the main line from `first` to `last` (UTC days of the commit), once for each of its authors."""
    repository = repository_at(access.source.path)
    window = _window(repository, first, last)
    if window is None:
        return
    commits = {one.commit: one for one in read_commits(repository, window.to_today)}
    steps = list(steps_of(commits, window.steps))
    wanted = [step for step in steps if first <= step.commit.at.date() <= last]
    reverts = _reverts(steps)
    undone = standing_reverted(reverts)
    stayed = _stayed(repository, window.to_thirty_days_later, commits)
    by_several = any(step.only_author is None for step in wanted)
    lines_of = dict(lines_of_commits(repository, window.to_its_end)) if by_several else {}
    for step in wanted:
        name = step.commit.commit
        takes_back = reverts.get(name)
        for share in _shares(step, stayed[name], lines_of, access.now.date()):
            yield OutcomeRecord(
                subject=share.whose,
                at=step.commit.at,
                kind=OutcomeKind.PR_REVERTED if takes_back else OutcomeKind.PR_MERGED,
                ref=name[:REF_LENGTH],
                lines_added=share.added,
                lines_removed=share.removed,
                ai_assisted=True if share.evidence else None,
                ai_evidence=share.evidence,
                reverts_ref=takes_back[:REF_LENGTH] if takes_back else None,
                reverted=name in undone,
                lines_survived_14d=share.lines_14d,
                lines_survived_30d=share.lines_30d,
            )


def read_commits(repository: Path, span: str = "HEAD") -> Iterator[Commit]:
    """Every commit of `span` (all of the main branch by default)."""
    form = "".join(f"%x00{name}" for name in _COMMIT_FIELDS)
    said = fields(repository, "log", "--no-notes", f"--format={form}", span)
    next(said)  # what stands before the first zero byte
    for commit, parents, name, email, at, message in zip(*[said] * len(_COMMIT_FIELDS), strict=True):
        yield Commit(
            commit=commit,
            parents=tuple(parents.split()),
            author=email.strip().casefold(),
            is_machine=is_machine(name, email),
            at=_moment(at),
            evidence=ai_evidence(message),
            takes_back=reverted_commit(message),
        )


def lines_of_commits(repository: Path, span: str) -> Iterator[tuple[str, Lines]]:
    """The lines of every commit of `span` that is no merge. A binary file shows dashes instead, and has none."""
    said = fields(repository, "log", "--no-merges", "--numstat", *DIFFERENCES, "--format=%x00%H%x00", span)
    next(said)
    for commit, numbers in zip(said, said, strict=True):
        rows = [row.split("\t") for row in numbers.split("\n") if row]
        counts = [(int(row[0]), int(row[1])) for row in rows if row[0] != "-"]
        yield commit, (sum(added for added, _ in counts), sum(removed for _, removed in counts))


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


@dataclass(frozen=True)
class _Share:
    """What one person has in a step; lines that stayed are None where it is too early to say, or not followed."""

    whose: str
    evidence: str | None
    added: int
    removed: int
    lines_14d: int | None = None
    lines_30d: int | None = None


def _shares(step: Step, stayed: Survival, lines_of: Mapping[str, Lines], today: date) -> Iterator[_Share]:
    """One person's step is all theirs, with what the main line gained and lost by it. Of several each has the lines of
    their own commits, and which of these stayed is not followed.
    """
    if step.only_author is not None:
        marks = (one.evidence for one in (*step.brought, step.commit) if one.evidence)
        age_days = (today - step.commit.at.date()).days
        yield _Share(
            whose=step.only_author,
            evidence=next(marks, None),
            added=stayed.added,
            removed=stayed.removed,
            lines_14d=stayed.lines_14d if age_days > SHORT.days else None,
            lines_30d=stayed.lines_30d if age_days > LONG.days else None,
        )
        return
    commits_of: dict[str, list[Commit]] = defaultdict(list)
    for one in step.brought:
        if one.whose is not None:
            commits_of[one.whose].append(one)
    for whose, commits in commits_of.items():
        yield _Share(
            whose=whose,
            evidence=next((one.evidence for one in commits if one.evidence), None),
            added=sum(lines_of[one.commit][0] for one in commits),
            removed=sum(lines_of[one.commit][1] for one in commits),
        )


def _reverts(steps: Iterable[Step]) -> dict[str, str]:
    """Each reverting step with what it takes back: another step, or the name of a commit that is none of `steps`.

    A commit among several is only a part of its step: it takes no step back, and whoever takes it back undoes none.
    """
    reverts: dict[str, str] = {}
    step_of: dict[str, str] = {}
    for step in steps:
        name = step.commit.commit
        whole = [step.commit, *(step.brought if len(step.brought) == 1 else ())]
        step_of |= {one.commit: name for one in whole}
        named = next((one.takes_back for one in whole if one.takes_back), None)
        if named is not None:
            reverts[name] = step_of.get(named, named)
    return reverts


def _stayed(repository: Path, span: str, commits: Mapping[str, Commit]) -> dict[str, Survival]:
    """What became of the lines of each step of `span`, as far as it goes."""
    log = lines(
        repository, "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "-p", "--unified=0",
        "--no-prefix", *DIFFERENCES, "--no-notes", f"--format={STEP_MARK}%H", span,
    )  # fmt: skip
    return lines_that_stayed(log, {name: one.at for name, one in commits.items()})


def _window(repository: Path, first: date, last: date) -> _Window | None:
    """Where these days lie on the main line; None: no step was made on them.

    Clocks may run backwards along the line, so every step is looked at, but no more of it than its name and its time.
    """
    head = head_of(repository)
    if head is None:
        return None
    log = lines(repository, "log", "--first-parent", "--reverse", "--format=%H %ct", head)
    line = [(name, int(seconds or 0)) for name, _, seconds in (row.rstrip("\n").partition(" ") for row in log)]
    since, until = _midnight(first), _midnight(last + timedelta(days=1))
    inside = [place for place, (_, at) in enumerate(line) if since <= at < until]
    if not inside:
        return None
    begin = inside[0]
    last_look = max(line[place][1] for place in inside) + LONG.total_seconds()
    later = max(place for place, (_, at) in enumerate(line) if at <= last_look)
    before = f"{line[begin - 1][0]}.." if begin else ""
    return _Window(
        steps=tuple(name for name, _ in line[begin:]),
        to_its_end=before + line[inside[-1]][0],
        to_thirty_days_later=before + line[later][0],
        to_today=before + head,
    )


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _moment(seconds: str) -> datetime:
    """When a commit was made, in UTC; where its time is not to be read, in no window."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return _NEVER


CONNECTOR = OutcomeConnector(
    kind="git",
    base_url=None,
    headers=lambda _key: {},
    fetch_outcomes=fetch_outcomes,
    repull_days=_REVERTS_LATER_DAYS,
    needs=("path",),
    needs_key=False,
)
