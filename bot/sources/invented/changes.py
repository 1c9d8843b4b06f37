"""The changes of an invented developer: what really became of each, why, and what of that a code host can tell.

What a change cost is known here and nowhere else: the use of the days on which it was made. A host knows no cost, sees
the mark of an AI's help on most of the changes that had it and on no other, and does not know why lines are gone.
Called by `bot/sources/invented/company.py`. Next: `bot/sources/invented/truth.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from random import Random

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.sources.invented.truth import Planted
from bot.sources.invented.work import CLOSED, REVERTED, REWRITTEN, Innocent, Plants
from bot.sources.invented.workforce import Worker

_KNOWN_AFTER = timedelta(days=14)
_LATELY_DAYS = 35
"""Since when those who write their code twice do so: whoever always did has no other past to be held against."""


@dataclass(frozen=True)
class Change:
    """One change, finished on `day`. `in_vain` is the share of the work on it that came to nothing, and `pattern` the
    detector that should say so.
    """

    day: date
    ref: str
    repository: str
    with_ai: bool
    marked: bool
    merged: bool
    lines_added: int
    lines_gone: int
    undone_on: date | None = None
    restored: bool = False
    pattern: str | None = None
    in_vain: float = 0.0


def changes_of(seed: int, worker: Worker, plants: Plants, finished_on: Sequence[date], today: date) -> list[Change]:
    """What became of the work that was finished on these days."""
    chance = Random(f"{seed} changes {worker.alike}")
    maker = _Maker(chance, worker, plants, today)
    most = 3 if plants.innocent or plants.detectors & {REVERTED, CLOSED, REWRITTEN} else 1
    return [maker.change(day, number) for day in finished_on for number in range(chance.randint(1, most))]


def records_of(worker: Worker, changes: Sequence[Change], now: datetime) -> Iterator[OutcomeRecord]:
    """What the code host tells by `now`."""
    for change in changes:
        if _at(change.day) <= now:
            yield _record(worker, change, now)
        if change.undone_on is not None and _at(change.undone_on) <= now:
            yield OutcomeRecord(
                worker.email,
                _at(change.undone_on),
                OutcomeKind.PR_REVERTED,
                f"{change.ref}-back",
                repository=change.repository,
                reverts_ref=change.ref,
            )


def planted(changes: Sequence[Change], cost_of_day: Mapping[date, int], now: datetime) -> Iterator[Planted]:
    """The work that came to nothing, by the day on which it was finished, with what its days cost."""
    before = min(cost_of_day, default=date.max) - timedelta(days=1)
    for finished_on, some in groupby(changes, key=lambda change: change.day):
        with_ai = [change for change in some if change.with_ai]
        cost = sum(cost for day, cost in cost_of_day.items() if before < day <= finished_on)
        before = finished_on
        for change in with_ai:
            known_on = change.undone_on or change.day + _KNOWN_AFTER
            if change.pattern is not None and _at(known_on) <= now:
                yield Planted(change.pattern, "", change.day, round(cost / len(with_ai) * change.in_vain))


@dataclass(frozen=True)
class _Maker:
    chance: Random
    worker: Worker
    plants: Plants
    today: date

    def change(self, day: date, number: int) -> Change:
        """A usual change, or one with the pattern of its author."""
        draw, lines = self.chance.random(), self.chance.randrange(20, 400)
        with_ai, gone = self.chance.random() < 0.85, int(lines * self.chance.uniform(0, 0.08))
        usual = Change(
            day=day,
            ref=f"works#{self.worker.number}-{day:%m%d}" + (f"-{number}" if number else ""),
            repository="works",
            with_ai=with_ai,
            marked=with_ai and self.chance.random() < 0.85,
            merged=True,
            lines_added=lines,
            lines_gone=gone,
        )
        return self._with_a_fate(usual, draw) if self._may_go_wrong(day) else usual

    def _may_go_wrong(self, day: date) -> bool:
        """Beside an agent that ran away nothing else happens, so that the truth about it stays the only one."""
        runaway_on = self.plants.runaway_on
        return runaway_on is None or abs((day - runaway_on).days) > 20

    def _with_a_fate(self, usual: Change, draw: float) -> Change:
        change = vars(usual)
        patterns = self.plants.detectors if usual.with_ai else frozenset()
        if REVERTED in patterns and draw < 0.35:
            undone_on = usual.day + timedelta(days=self.chance.randrange(1, 14))
            return Change(**change | {"undone_on": undone_on, "pattern": REVERTED, "in_vain": 1.0})
        if CLOSED in patterns and draw < 0.4:
            own = self.chance.random() < 0.75
            repository = f"try-{usual.ref}" if own else usual.repository
            return Change(**change | {"merged": False, "repository": repository, "pattern": CLOSED, "in_vain": 1.0})
        if REWRITTEN in patterns and draw < 0.8 and (self.today - usual.day).days <= _LATELY_DAYS:
            share = self.chance.uniform(0.2, 0.6)
            gone = usual.lines_gone + int((usual.lines_added - usual.lines_gone) * share)
            return Change(**change | {"lines_gone": gone, "pattern": REWRITTEN, "in_vain": share})
        return self._innocent(usual, draw)

    def _innocent(self, usual: Change, draw: float) -> Change:
        change = vars(usual)
        if self.plants.innocent is Innocent.TRIES and draw < 0.25:
            # What follows is merged elsewhere one time in ten.
            repository = "works-2" if self.chance.random() < 0.1 else usual.repository
            return Change(**change | {"merged": False, "repository": repository})
        if self.plants.innocent is Innocent.MOVES and draw < 0.3:
            return Change(**change | {"lines_gone": int(usual.lines_added * self.chance.uniform(0.2, 0.7))})
        if draw > 0.98:  # a trial, taken back late, or taken back and put in again
            late = draw > 0.99
            undone_on = usual.day + timedelta(days=self.chance.randrange(15, 40) if late else 3)
            return Change(**change | {"undone_on": undone_on, "restored": not late})
        return usual


def _record(worker: Worker, change: Change, now: datetime) -> OutcomeRecord:
    undone = change.undone_on is not None and _at(change.undone_on) <= now and not change.restored
    aged = change.merged and _at(change.day + _KNOWN_AFTER) <= now
    return OutcomeRecord(
        worker.email,
        _at(change.day),
        OutcomeKind.PR_MERGED if change.merged else OutcomeKind.PR_CLOSED,
        change.ref,
        lines_added=change.lines_added,
        lines_removed=10,
        ai_assisted=True if change.marked else None,
        repository=change.repository,
        reverted=undone if change.merged else None,
        lines_survived_14d=change.lines_added - change.lines_gone if aged else None,
    )


def _at(day: date) -> datetime:
    return datetime.combine(day, time(15), UTC)
