"""GitHub: pull requests that people merged or closed, what took them back, and whether they reached production.

Titles, descriptions and commit messages are read for marks of AI help and of reverts, and dropped (P13). Called through
`bot/sources/catalogue.py`. Next: `bot/sources/github_api.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time

from bot.domain.attribution import ai_evidence, is_machine, reverted_commit
from bot.domain.outcomes import OutcomeRecord
from bot.domain.people import IdentitySource, subject
from bot.sources import github_api
from bot.sources.changes import Change, outcomes_of, taken_back
from bot.sources.fields import count, moment, record, records, text, unreadable
from bot.sources.http import JsonObject
from bot.sources.shape import Access, OutcomeConnector

REPULL_DAYS = 30
"""The card shows 28 days, and what was merged on the first of them may be deployed or taken back today."""


def fetch_outcomes(access: Access, *, first: date, last: date) -> Iterable[OutcomeRecord]:
    """All that people finished from `first` to `last` in the organisation, or SourceError.

    What was merged after `last` is read as well, up to today: it may have taken back what was merged before.
    """
    begin, end = _start(first), datetime.combine(last, time(23, 59, 59), UTC)
    to_today = max(end, access.now.replace(microsecond=0))
    merged = [
        _change(node) for node in github_api.pull_requests(access, _asked(access, "merged"), "merged", begin, to_today)
    ]
    closed = [
        _change(node) for node in github_api.pull_requests(access, _asked(access, "unmerged"), "closed", begin, end)
    ]
    repositories = sorted({change.repository for change in merged if change.whose and change.at <= end})
    pushed = [revert for repository in repositories for revert in _pushed_reverts(access, repository, begin)]
    in_production = {repository: github_api.deployed(access, repository, begin) for repository in repositories}
    return outcomes_of([*merged, *closed, *pushed], first=first, last=last, in_production=in_production)


def _headers(api_key: str) -> Mapping[str, str]:
    return {
        "authorization": f"Bearer {api_key}",
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
    }


CONNECTOR = OutcomeConnector(
    kind="github",
    base_url="https://api.github.com",
    headers=_headers,
    fetch_outcomes=fetch_outcomes,
    repull_days=REPULL_DAYS,
    needs=("account",),
)


def _asked(access: Access, state: str) -> str:
    narrowed = access.source.query
    asked = f"org:{access.source.account} is:pr is:{state}"
    return f"{asked} {narrowed}" if narrowed else asked


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _change(node: JsonObject) -> Change:
    repository, number = text(record(node, "repository"), "nameWithOwner"), count(node, "number")
    merged_at = moment(node, "mergedAt")
    at = merged_at or moment(node, "closedAt")
    if repository is None or number is None or at is None:
        raise unreadable("a pull request without repository, number or end")
    body, merge = text(node, "body") or "", record(node, "mergeCommit")
    message, commits = text(merge, "message") or "", _messages(node)
    commit = text(merge, "oid")
    return Change(
        ref=f"{repository}#{number}",
        whose=_whose(record(node, "author")),
        at=at,
        merged=merged_at is not None,
        repository=repository,
        hashes=frozenset() if merged_at is None or commit is None else frozenset({commit}),
        # A commit among several takes back only a part of what the branch brings.
        takes_back=taken_back(repository, text(node, "title") or "", body, [message, *commits[: len(commits) == 1]]),
        lines_added=count(node, "additions"),
        lines_removed=count(node, "deletions"),
        ai_evidence=ai_evidence("\n".join((body, message, *commits)), _labels(node)),
    )


def _messages(node: JsonObject) -> list[str]:
    parts = records(record(node, "commits"), "nodes", optional=True)
    return [text(record(part, "commit"), "message") or "" for part in parts]


def _labels(node: JsonObject) -> list[str]:
    return [text(label, "name") or "" for label in records(record(node, "labels"), "nodes", optional=True)]


def _whose(account: JsonObject) -> str | None:
    """None for a deleted account and for a machine."""
    login = text(account, "login")
    if login is None or account.get("__typename") == "Bot" or is_machine(login, ""):
        return None
    return subject(IdentitySource.GITHUB, login)


def _pushed_reverts(access: Access, repository: str, since: datetime) -> Iterator[Change]:
    """Commits that take back others and came without a pull request of their own."""
    for commit in github_api.default_branch(access, repository, since):
        message, oid, at = text(commit, "message") or "", text(commit, "oid"), moment(commit, "committedDate")
        takes_back = reverted_commit(message)
        if takes_back is None or records(record(commit, "associatedPullRequests"), "nodes", optional=True):
            continue
        if oid is None or at is None:
            raise unreadable("a commit without oid or committedDate")
        yield Change(
            ref=oid,
            whose=_whose(record(record(commit, "author"), "user")),
            at=at,
            merged=True,
            repository=repository,
            hashes=frozenset({oid}),
            takes_back=takes_back,
            lines_added=count(commit, "additions"),
            lines_removed=count(commit, "deletions"),
            ai_evidence=ai_evidence(message),
        )
