"""Changes to code as a code host reports them, made into outcomes: what was merged, given up, or taken back.

What takes what back is settled over all changes together, because a revert may come weeks later and be taken back
itself. Called by `bot/sources/github.py` and `bot/sources/gitlab.py`. Next: `bot/domain/attribution.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.attribution import reverted_commit, reverted_pull_request, standing_reverted
from bot.domain.outcomes import OutcomeKind, OutcomeRecord


@dataclass(frozen=True)
class Change:
    """One merged or closed request, or a commit that takes another one back. `whose` None: nobody's, or a machine's.

    `hashes` are those under which it lies in the history, none unless `merged`; `takes_back` is a ref or a hash.
    """

    ref: str
    whose: str | None
    at: datetime
    merged: bool
    repository: str
    hashes: frozenset[str] = frozenset()
    takes_back: str | None = None
    lines_added: int | None = None
    lines_removed: int | None = None
    ai_evidence: str | None = None


InProduction = Mapping[str, frozenset[str] | None]
"""The hashes that were deployed, by repository; None or missing where no deployment to production is recorded."""


def outcomes_of(
    changes: Iterable[Change], *, first: date, last: date, in_production: InProduction
) -> Iterator[OutcomeRecord]:
    """What people finished from `first` to `last`. `changes` hold later ones too, for they may take these back."""
    known = {change.ref: change for change in changes}
    reverts = dict(_reverts(known))
    undone = standing_reverted(reverts)
    for ref, change in known.items():
        if change.whose is None or not first <= change.at.date() <= last:
            continue
        yield OutcomeRecord(
            subject=change.whose,
            at=change.at,
            kind=_kind(change, ref in reverts),
            ref=ref,
            lines_added=change.lines_added,
            lines_removed=change.lines_removed,
            ai_assisted=True if change.ai_evidence else None,
            ai_evidence=change.ai_evidence,
            repository=change.repository,
            reverts_ref=reverts.get(ref),
            reverted=ref in undone if change.merged else None,
            reached_production=_reached(change, in_production.get(change.repository)),
        )


def taken_back(project: str, title: str, body: str, messages: Iterable[str] = ()) -> str | None:
    """What a request says it takes back: another request by its ref, or a commit by its hash."""
    request = reverted_pull_request(body)
    if request is not None:
        return project + request if request[0] in "#!" else request
    found = (reverted_commit(message) for message in (f"{title}\n\n{body}", *messages))
    return next((commit for commit in found if commit), None)


def _reverts(known: Mapping[str, Change]) -> Iterator[tuple[str, str]]:
    """Each merged revert with the ref of what it takes back; what we have not read keeps the name that it was given."""
    ref_of = {ref.casefold(): ref for ref in known}
    ref_of |= {commit: ref for ref, change in known.items() for commit in change.hashes}
    for ref, change in known.items():
        if change.merged and change.takes_back is not None:
            yield ref, ref_of.get(change.takes_back.casefold(), change.takes_back)


def _kind(change: Change, reverts: bool) -> OutcomeKind:
    if not change.merged:
        return OutcomeKind.PR_CLOSED
    return OutcomeKind.PR_REVERTED if reverts else OutcomeKind.PR_MERGED


def _reached(change: Change, deployed: frozenset[str] | None) -> bool | None:
    if deployed is None or not change.hashes:
        return None
    return not change.hashes.isdisjoint(deployed)
