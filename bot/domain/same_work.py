"""Two sources that tell the same work: a code host and its git history, a mirror, a file beside a connector.

A voice is one source speaking about one repository; what names no repository (git history, files) is one voice a
source. Of two voices about the same work only one is heard: the one that names its repository, else the one that tells
more. Two that name the same repository are about the same work. Of one that names none it is concluded from its pieces:
at least half of those from the days of which both tell have a twin. What it alone tells, from other days, is heard.
Called by `bot/domain/scorecard.py`. Next: `bot/domain/results.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

from bot.domain.outcomes import OutcomeKind
from bot.domain.results import OutcomeFact

RULE_VERSION = "same-work-1"

_OF_CHANGES = frozenset({OutcomeKind.PR_MERGED, OutcomeKind.PR_CLOSED, OutcomeKind.PR_REVERTED})


class Voice(NamedTuple):
    """Who tells it, about what. `kind` is PR_MERGED for everything about changes."""

    source: str
    repository: str | None
    kind: OutcomeKind


class Days(NamedTuple):
    """From the first to the last, both included."""

    first: date
    last: date


Repeated = Mapping[Voice, Days]
"""Voices that tell again what another one tells, and from which days: there they are not counted."""


class Told(Protocol):
    """A piece of finished work with whoever tells it."""

    @property
    def source(self) -> str: ...
    @property
    def repository(self) -> str | None: ...
    @property
    def kind(self) -> OutcomeKind: ...
    @property
    def day(self) -> date: ...


Piece = TypeVar("Piece", bound=Told)


def repeated(facts: Sequence[OutcomeFact]) -> Repeated:
    """What is told twice of one person. Asked with everything that is known of their finished work."""
    told: dict[Voice, list[OutcomeFact]] = defaultdict(list)
    for fact in facts:
        if fact.kind not in _OF_CHANGES or fact.kind is OutcomeKind.PR_MERGED:
            told[_voice(fact)].append(fact)
    found: dict[Voice, Days] = {}
    heard: list[Voice] = []
    for voice in sorted(told, key=lambda one: (one.repository is None, -len(told[one]), one)):
        others = [fact for one in heard if _may_be_one(one, voice) for fact in told[one]]
        if others and _is_the_same(voice, told[voice], others):
            found[voice] = _days(others)
        else:
            heard.append(voice)
    return found


def once(pieces: Sequence[Piece], silent: Repeated) -> tuple[Piece, ...]:
    """`pieces` without those that are only repeated."""
    return tuple(piece for piece in pieces if not _is_within(piece.day, silent.get(_voice(piece))))


def _voice(piece: Told) -> Voice:
    kind = OutcomeKind.PR_MERGED if piece.kind in _OF_CHANGES else piece.kind
    repository = piece.repository
    return Voice(piece.source, None if repository is None else repository.casefold(), kind)


def _may_be_one(one: Voice, other: Voice) -> bool:
    """Not when both name a repository, and not the same one."""
    return one.kind is other.kind and (other.repository is None or one.repository == other.repository)


def _is_the_same(voice: Voice, pieces: Sequence[OutcomeFact], others: Sequence[OutcomeFact]) -> bool:
    if voice.repository is not None:
        return True
    both = [piece for piece in pieces if _is_within(piece.day, _days(others))]
    return bool(both) and 2 * _twins(both, others) >= len(both)


def _twins(pieces: Sequence[OutcomeFact], others: Sequence[OutcomeFact]) -> int:
    """How many of `pieces` have a twin of their own among `others`."""
    left = list(others)
    found = 0
    for piece in pieces:
        twin = next(_twins_of(piece, left), None)
        if twin is not None:
            left.remove(twin)
            found += 1
    return found


def _twins_of(piece: OutcomeFact, others: Sequence[OutcomeFact]) -> Iterator[OutcomeFact]:
    """The same name; of changes also the same day with as many lines, or with lines that one of the two does not
    tell. A merge and the commit that it leaves have one moment, and never one name.
    """
    yield from (other for other in others if other.ref == piece.ref)
    if piece.kind is OutcomeKind.PR_MERGED:
        same_day = [other for other in others if other.day == piece.day]
        yield from (other for other in same_day if piece.lines_added == other.lines_added)
        yield from (other for other in same_day if None in (piece.lines_added, other.lines_added))


def _days(pieces: Sequence[OutcomeFact]) -> Days:
    days = [piece.day for piece in pieces]
    return Days(min(days), max(days))


def _is_within(day: date, days: Days | None) -> bool:
    return days is not None and days.first <= day <= days.last
