"""GitLab: merge requests that people merged or closed, what took them back, and whether they reached production.

Titles, descriptions and commit messages are read for marks of AI help and of reverts, and dropped (P13). Called through
`bot/sources/catalogue.py`. Next: `bot/sources/changes.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

from bot.domain.attribution import ai_evidence, is_machine, reverted_commit
from bot.domain.outcomes import OutcomeRecord
from bot.domain.people import IdentitySource, subject
from bot.errors import SourceError
from bot.sources.changes import Change, outcomes_of, taken_back
from bot.sources.fields import count, moment, record, text, unreadable
from bot.sources.http import JsonObject, json_list, send
from bot.sources.shape import Access, OutcomeConnector

REPULL_DAYS = 30
"""The card shows 28 days, and what was merged on the first of them may be deployed or taken back today."""
PRODUCTION = "production"

_PAGE = 100
_MOST_PAGES = 500
_OVERLAP = timedelta(minutes=1)
"""`updated_after` leaves out the moment itself, and a list may be a little behind."""
_NOT_SHOWN = frozenset({403, 404})
_GONE = frozenset({404})
_DELETED = "ghost"
"""Who owns what deleted accounts left behind."""


def fetch_outcomes(access: Access, *, first: date, last: date) -> Iterable[OutcomeRecord]:
    """All that people finished from `first` to `last` in the group and below it, or SourceError.

    What was merged since is read as well: it may have taken back what was merged before.
    """
    begin = datetime.combine(first, time(), UTC)
    changes: dict[str, Change] = {}
    projects: dict[str, int] = {}
    for request in _merge_requests(access, begin):
        change = _change(request)
        if change is not None:
            if change.merged and change.whose and first <= change.at.date() <= last:
                project = projects[change.repository] = _number(request, "project_id")
                change = _with_commits(access, change, project, _number(request, "iid"))
            changes[change.ref] = change
    known = {commit for change in changes.values() for commit in change.hashes}
    for repository, project in projects.items():
        changes |= {revert.ref: revert for revert in _pushed_reverts(access, repository, project, begin, known)}
    in_production = {repository: _deployed(access, project, begin) for repository, project in projects.items()}
    return outcomes_of(changes.values(), first=first, last=last, in_production=in_production)


def _headers(api_key: str) -> Mapping[str, str]:
    return {"private-token": api_key}


CONNECTOR = OutcomeConnector(
    kind="gitlab",
    base_url="https://gitlab.com",
    headers=_headers,
    fetch_outcomes=fetch_outcomes,
    repull_days=REPULL_DAYS,
    needs=("account",),
)


def _merge_requests(access: Access, begin: datetime) -> Iterator[JsonObject]:
    """Those merged and those closed that were touched since `begin`: among them all that ended since.

    In the order in which they were opened, which nobody changes while we turn the pages.
    """
    path = f"/api/v4/groups/{quote(access.source.account or '', safe='')}/merge_requests"
    earlier = (begin - _OVERLAP).isoformat()
    asked = {"scope": "all", "updated_after": earlier, "order_by": "created_at", "sort": "asc"}
    for state in ("merged", "closed"):
        yield from _pages(access, path, {**asked, "state": state})


def _change(request: JsonObject) -> Change | None:
    """None when it is not said when it ended, as with some that were merged long ago."""
    merged = request.get("state") == "merged"
    at = moment(request, "merged_at" if merged else "closed_at")
    if at is None:
        return None
    number, body = _number(request, "iid"), text(request, "description") or ""
    full = text(record(request, "references"), "full")
    repository = full.rpartition("!")[0] if full else str(_number(request, "project_id"))
    return Change(
        ref=f"{repository}!{number}",
        whose=_whose(record(request, "author")),
        at=at,
        merged=merged,
        repository=repository,
        hashes=_hashes(request) if merged else frozenset(),
        takes_back=taken_back(repository, text(request, "title") or "", body),
        ai_evidence=ai_evidence(body, _labels(request)),
    )


def _with_commits(access: Access, change: Change, project: int, number: int) -> Change:
    """The change with what its commits say: where help by an AI is told, and what a single commit takes back."""
    path = f"/api/v4/projects/{project}/merge_requests/{number}/commits"
    messages = [text(commit, "message") or "" for commit in _pages(access, path, {})]
    only = reverted_commit(messages[0]) if len(messages) == 1 else None
    return replace(
        change,
        takes_back=change.takes_back or only,
        ai_evidence=change.ai_evidence or ai_evidence("\n".join(messages)),
    )


def _hashes(request: JsonObject) -> frozenset[str]:
    """Under which it may lie in the history: as a merge, squashed, or as its own last commit."""
    named = (text(request, name) for name in ("merge_commit_sha", "squash_commit_sha", "sha"))
    return frozenset(commit for commit in named if commit)


def _labels(request: JsonObject) -> list[str]:
    labels = request.get("labels") or []
    if not isinstance(labels, list):
        raise unreadable("labels is not a list")
    return [str(label) for label in labels]


def _whose(author: JsonObject) -> str | None:
    """None for a deleted account and for a machine."""
    username = text(author, "username")
    if username is None or username == _DELETED or is_machine(username, ""):
        return None
    return subject(IdentitySource.GITLAB, username)


def _pushed_reverts(
    access: Access, repository: str, project: int, begin: datetime, known: Collection[str]
) -> Iterator[Change]:
    """Commits that take back others and came without a merge request; whose they are, their address says."""
    for commit in _pages(access, f"/api/v4/projects/{project}/repository/commits", {"since": begin.isoformat()}):
        message, oid, at = text(commit, "message") or "", text(commit, "id"), moment(commit, "committed_date")
        takes_back = reverted_commit(message)
        if takes_back is None or oid in known:
            continue
        if oid is None or at is None:
            raise unreadable("a commit without id or committed_date")
        if any(_pages(access, f"/api/v4/projects/{project}/repository/commits/{oid}/merge_requests", {})):
            continue
        name, email = text(commit, "author_name") or "", (text(commit, "author_email") or "").casefold()
        yield Change(
            ref=oid,
            whose=None if not email or is_machine(name, email) else subject(IdentitySource.EMAIL, email),
            at=at,
            merged=True,
            repository=repository,
            hashes=frozenset({oid}),
            takes_back=takes_back,
            ai_evidence=ai_evidence(message),
        )


def _deployed(access: Access, project: int, begin: datetime) -> frozenset[str] | None:
    """The commits since `begin` that a successful deployment to production holds; None when there was none, or when the
    project shows no deployments (switched off, or not to this token): then nobody told us.

    What a later deployment holds need not be looked up in an earlier one.
    """
    held: set[str] = set()
    asked = {"environment": PRODUCTION, "status": "success", "updated_after": begin.isoformat()}
    ordered = {"order_by": "updated_at", "sort": "desc"}
    path = f"/api/v4/projects/{project}/deployments"
    for deployment in _if_shown(_pages(access, path, {**asked, **ordered}), _NOT_SHOWN):
        commit = text(deployment, "sha")
        if commit is None:
            raise unreadable("a deployment without sha")
        if commit not in held:
            lies_before = {"ref_name": commit, "since": begin.isoformat()}
            history = _pages(access, f"/api/v4/projects/{project}/repository/commits", lies_before)
            # A deployed commit may be gone from the repository since: then only it is known to be out.
            held |= {commit, *(str(one.get("id")) for one in _if_shown(history, _GONE))}
    return frozenset(held) or None


def _if_shown(rows: Iterator[JsonObject], not_shown: Collection[int]) -> list[JsonObject]:
    """All rows, or none where the server says with one of these statuses that there is nothing to see."""
    try:
        return list(rows)
    except SourceError as error:
        if error.http_status in not_shown:
            return []
        raise


def _pages(access: Access, path: str, asked: Mapping[str, str]) -> Iterator[JsonObject]:
    """Page after page until X-Next-Page is empty. X-Total-Pages is not asked: long lists come without it."""
    number = "1"
    for _ in range(_MOST_PAGES):
        params = {**asked, "per_page": str(_PAGE), "page": number}
        answer = send(access.client, "GET", path, params=params, wait=access.wait)
        yield from json_list(answer, "GET a page")
        following = answer.headers.get("x-next-page")
        if following == "":
            return
        if following is None or not following.isdecimal() or int(following) <= int(number):
            # Whether there is more cannot be told: half a list must not pass for a whole one (P12).
            raise unreadable("X-Next-Page is missing or leads back")
        number = following
    raise SourceError(f"The source gave more than {_MOST_PAGES} pages.", permanent=False)


def _number(fields: JsonObject, name: str) -> int:
    number = count(fields, name)
    if number is None:
        raise unreadable(f"{name} is missing")
    return number
