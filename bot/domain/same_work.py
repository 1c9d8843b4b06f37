"""Two sources that tell the same work: a code host and its git history, a mirror, a file beside a connector.

Every piece that two sources tell has a twin, and of two twins one is counted: that of the source which names the
repository, else of the one that tells more. What only the other one knows of it (what became of its lines, whether it
was taken back) is added to it. What has no twin is counted, whoever tells it.
Twins have one name; or one repository and one day; or, where one of the two names no repository (git history, files),
one day and as many added lines, and then only if at least half of what one of the two tells has such a twin: a single
change may look like another by chance. Two git histories name one commit alike, so there only the name counts.
Called wherever work is counted: `bot/domain/scorecard.py`, `bot/domain/waste/change_cost.py`,
`bot/store/team_figures.py`. Next: `bot/domain/results.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import Field, dataclass, replace
from datetime import date
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from bot.domain.outcomes import OutcomeKind

RULE_VERSION = "same-work-2"

_WITH_LINES = frozenset({OutcomeKind.PR_MERGED, OutcomeKind.PR_CLOSED, OutcomeKind.PR_REVERTED})
_OF_CODE = _WITH_LINES | {OutcomeKind.DEPLOYED}
_COMMIT = re.compile("[0-9a-f]{7,40}|")
"""How git names a change; or no name at all."""
_FATE = ("reverted", "reverted_on", "ai_assisted", "reached_production")
_LINES_THERE = ("lines_survived_14d", "lines_survived_30d")


class Told(Protocol):
    """A piece of finished work with whoever tells it. `ref` is the name that they give it; empty: they give none."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def source(self) -> str: ...
    @property
    def repository(self) -> str | None: ...
    @property
    def kind(self) -> OutcomeKind: ...
    @property
    def day(self) -> date: ...
    @property
    def ref(self) -> str: ...
    @property
    def lines_added(self) -> int | None: ...


Piece = TypeVar("Piece", bound=Told)


@dataclass(frozen=True)
class Once(Generic[Piece]):
    """Each piece of work once. `again_by` are the sources that told some of it as well."""

    pieces: tuple[Piece, ...]
    again_by: tuple[str, ...] = ()


class Voice(NamedTuple):
    """One source speaking about one kind of work in one repository."""

    source: str
    repository: str | None
    kind: OutcomeKind


class _Twin(NamedTuple):
    """The piece that is counted instead. Of a piece that is only a part of it nothing is added to it."""

    counted: int
    is_part: bool = False


_Told = list[tuple[int, Told]]
"""Pieces with their places among all."""


def told_once(pieces: Sequence[Piece]) -> Once[Piece]:
    """`pieces` of one person, without those that another source tells as well; in their order."""
    twins = _twins(pieces)
    if not twins:
        return Once(tuple(pieces))
    whole = list(pieces)
    for place, twin in sorted(twins.items()):
        if not twin.is_part:
            whole[twin.counted] = _with_what_is_known(whole[twin.counted], pieces[place])
    renamed = {
        _name(pieces[place]): whole[twin.counted]
        for place, twin in twins.items()
        if pieces[place].kind is not OutcomeKind.PR_REVERTED
    }
    left = [_of_what_is_counted(piece, renamed) for place, piece in enumerate(whole) if place not in twins]
    again_by = tuple(sorted({pieces[place].source for place in twins}))
    return Once(tuple(piece for piece in left if piece is not None), again_by)


def _twins(pieces: Sequence[Told]) -> dict[int, _Twin]:
    """The pieces that are not counted, and for each the one that is."""
    voices: dict[Voice, _Told] = defaultdict(list)
    for place, piece in enumerate(pieces):
        voices[_voice(piece)].append((place, piece))
    found: dict[int, _Twin] = {}
    heard: dict[Voice, _Told] = {}
    for voice in sorted(voices, key=lambda one: (one.repository is None, -len(voices[one]), one)):
        mine = sorted(voices[voice], key=lambda one: (one[1].day, one[1].ref, one[1].lines_added or 0))
        for other, theirs in heard.items():
            if mine and theirs and _may_be_one(other, voice):
                twins = _Pair(mine, theirs, is_one_place=voice.repository is not None).twins(voice, other)
                found |= twins
                mine = [one for one in mine if one[0] not in twins]
        heard[voice] = mine
    return found


def _voice(piece: Told) -> Voice:
    repository = piece.repository
    return Voice(piece.source, None if repository is None else repository.casefold(), piece.kind)


def _may_be_one(one: Voice, other: Voice) -> bool:
    """Not one source twice, and not when both name a repository, and not the same one."""
    is_other_source = one.source != other.source and one.kind is other.kind
    return is_other_source and (other.repository is None or one.repository == other.repository)


class _Pair:
    """What one source tells beside what is counted already of another; each piece has at most one twin."""

    def __init__(self, mine: _Told, theirs: _Told, *, is_one_place: bool) -> None:
        self._mine, self._theirs, self._is_one_place = mine, theirs, is_one_place
        self._found: dict[int, _Twin] = {}

    def twins(self, voice: Voice, other: Voice) -> dict[int, _Twin]:
        """The twins of `voice`'s pieces among those of `other`."""
        self._match(lambda piece: piece.ref or None)
        named = dict(self._found)
        if self._is_one_place and voice.kind in _OF_CODE:
            self._match(lambda piece: (piece.day, piece.lines_added))
            self._match(lambda piece: piece.day)
        elif voice.kind in _WITH_LINES and (other.repository is not None or not self._are_commits()):
            self._match(lambda piece: None if piece.lines_added is None else (piece.day, piece.lines_added))
            self._match_parts()
            if not self._is_believed():
                self._found = named
            if _is_named_after(voice, other):
                self._match_full_days()
        return self._found

    def _are_commits(self) -> bool:
        """Two histories name a change by its commit: what has another name there is another change."""
        return all(_COMMIT.fullmatch(piece.ref) for side in (self._mine, self._theirs) for _, piece in side)

    def _match(self, key: Callable[[Told], Hashable]) -> None:
        """Those that are left and have the same key, one by one; None is no key."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for place, piece in reversed(self._left(self._theirs)):
            waiting[key(piece)].append(place)
        waiting.pop(None, None)
        for place, piece in self._left(self._mine):
            if waiting.get(key(piece)):
                self._found[place] = _Twin(waiting[key(piece)].pop())

    def _match_parts(self) -> None:
        """A change that came in as several steps: all that is left of a day has together as many lines as it."""
        theirs = _by_day(self._left(self._theirs))
        for day, steps in _by_day(self._left(self._mine)).items():
            wholes, lines = theirs.get(day, []), [step.lines_added for _, step in steps]
            if len(wholes) == 1 and len(steps) > 1 and None not in lines:
                (place, whole) = wholes[0]
                if whole.lines_added == sum(number or 0 for number in lines):
                    self._found |= {step: _Twin(place, is_part=True) for step, _ in steps}

    def _match_full_days(self) -> None:
        """Days of which both tell as many, where one of them does not tell lines."""
        theirs = _by_day(self._left(self._theirs))
        for day, steps in _by_day(self._left(self._mine)).items():
            others = theirs.get(day, [])
            if len(steps) == len(others) and any(one.lines_added is None for _, one in (*steps, *others)):
                self._found |= {mine: _Twin(place) for (mine, _), (place, _) in zip(steps, others, strict=True)}

    def _is_believed(self) -> bool:
        """At least half of what one of the two tells, of the days from which both do, is told by the other too."""
        first = max(side[0][1].day for side in (self._mine, self._theirs))
        last = min(side[-1][1].day for side in (self._mine, self._theirs))
        both = [sum(first <= piece.day <= last for _, piece in side) for side in (self._mine, self._theirs)]
        return 2 * len(self._found) >= min(both)

    def _left(self, side: _Told) -> _Told:
        taken = {twin.counted for twin in self._found.values()}
        return [one for one in side if one[0] not in self._found and one[0] not in taken]


def _by_day(side: _Told) -> Mapping[date, _Told]:
    days: dict[date, _Told] = defaultdict(list)
    for one in side:
        days[one[1].day].append(one)
    return days


def _is_named_after(voice: Voice, other: Voice) -> bool:
    """Whether a source is called after the other one's repository, as "git-shop" after "acme/shop"."""
    if other.repository is None:
        return False
    name = other.repository.rpartition("/")[2]
    return f"-{voice.source.casefold().replace('_', '-')}".endswith(f"-{name.replace('_', '-')}")


def _name(piece: Told) -> tuple[str, str]:
    return piece.source, piece.ref


def _with_what_is_known(piece: Piece, twin: Told) -> Piece:
    """`piece` with what only its twin knows. Lines that stayed are a part of lines as their own source counts them."""
    names = [name for name in _FATE if getattr(piece, name, None) is None]
    if all(getattr(piece, name, None) is None for name in _LINES_THERE):
        is_followed = any(getattr(twin, name, None) is not None for name in _LINES_THERE)
        names += [*_LINES_THERE, "lines_added"] if is_followed or piece.lines_added is None else []
    told = {name: getattr(twin, name, None) for name in names}
    return replace(piece, **{name: value for name, value in told.items() if value is not None})


def _of_what_is_counted(piece: Piece, renamed: Mapping[tuple[str, str], Piece]) -> Piece | None:
    """A file's revert carries the name of what it took back; it goes where that goes, if nobody else tells of it."""
    taken_back = renamed.get(_name(piece)) if piece.kind is OutcomeKind.PR_REVERTED and piece.ref else None
    if taken_back is None:
        return piece
    is_known = getattr(taken_back, "reverted", None) is not None
    changes: dict[str, Any] = {"source": taken_back.source, "ref": taken_back.ref}
    return None if is_known else replace(piece, **changes)
