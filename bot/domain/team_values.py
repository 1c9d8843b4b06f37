"""What each person adds to the figures of their groups, by measure. It is never shown: it is what groups are made from.

A person of whom something is not known is left out of that measure, and is not a zero in it (P12).
`jobs/snapshot.py` hands it to `bot/domain/disclosure/__init__.py`. Next: `bot/domain/team_summary.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain import team_summary
from bot.domain.adoption import State
from bot.domain.check_in import Helped
from bot.domain.told import Answer

BANDS: dict[State, str | None] = {
    State.HABITUAL: team_summary.USES_REGULARLY,
    State.FIRST_STEPS: team_summary.GETTING_STARTED,
    State.BUILDING: team_summary.GETTING_STARTED,
    State.GRACE: team_summary.GETTING_STARTED,
    State.NEVER_USED: team_summary.NOT_IN_USE,
    State.LAPSED: team_summary.NOT_IN_USE,
    State.AT_RISK: team_summary.NOT_IN_USE,
    State.UNKNOWN: None,
    State.NOT_PROVISIONED: None,
}
"""Bands are wider than states: no state of anybody is to be read off a group. None: not judged."""

CATEGORIES: dict[str, str] = {
    **dict.fromkeys(("W01", "W03"), team_summary.SEATS),
    **dict.fromkeys(("W04", "W05", "W06"), team_summary.LOOPS),
    **dict.fromkeys(("W10", "W11", "W12"), team_summary.MODELS),
    **dict.fromkeys(("W13", "W14", "W15", "W16", "W17", "W18", "W21"), team_summary.CONTEXT),
    **dict.fromkeys(("W07", "W08", "W09"), team_summary.CHANGES),
}
"""Which category a pattern belongs to: five wide ones, for a rare pattern would name whoever is known for it."""
UNTOLD = frozenset({"W23", "W24", "W25"})
"""Friction and exploration: no dollars, and no business of a manager's."""

BARRIERS = (
    Answer.NO_ACCESS,
    Answer.OTHER_TOOL,
    Answer.NOT_MY_WORK,
    Answer.NOT_ALLOWED,
    Answer.ON_LEAVE,
    Answer.WAS_MEANT,
)


@dataclass(frozen=True)
class Figures:
    """One person's figures of one period. None: not known, or not said.

    `merged` are the changes of the period; `still_there` those of its first two weeks that nobody took back in the two
    that followed.
    """

    state: State | None = None
    tokens: int | None = None
    spend_microusd: int | None = None
    optimizable_microusd: int | None = None
    wasted_microusd: int | None = None
    merged: int | None = None
    still_there: int | None = None
    active_days: int | None = None
    helped: Helped | None = None
    patterns: frozenset[str] | None = None
    """The detectors that found something wasted or optimizable. Empty: none did, in somebody in whom they could."""
    told: frozenset[Answer] = frozenset()
    """What was told about little use and about patterns, as far as it holds."""


def values(figures: Iterable[tuple[int, Figures]]) -> dict[str, dict[int, int | None]]:
    """For every measure, what each person adds to it: an amount, or 1 and 0 for yes and no."""
    by_measure: dict[str, dict[int, int | None]] = {measure.name: {} for measure in team_summary.MEASURES}
    for person_id, theirs in figures:
        for measure, value in of_person(theirs).items():
            by_measure[measure][person_id] = value
    return by_measure


def of_person(theirs: Figures) -> dict[str, int]:
    """The measures in which this person is counted, and with what."""
    counted: dict[str, int] = {}
    counted |= _adoption(theirs.state)
    counted |= _known(
        {
            team_summary.TOKENS: theirs.tokens,
            team_summary.SPEND: theirs.spend_microusd,
            team_summary.OPTIMIZABLE: theirs.optimizable_microusd,
            team_summary.WASTED: theirs.wasted_microusd,
            team_summary.MERGED: theirs.merged,
            team_summary.STILL_THERE: theirs.still_there,
            team_summary.ACTIVE_DAYS: theirs.active_days,
        }
    )
    if theirs.helped is not None:
        counted |= {team_summary.reported(helped.value): int(helped is theirs.helped) for helped in Helped}
    if theirs.patterns is not None:
        found = {CATEGORIES[detector] for detector in theirs.patterns if detector in CATEGORIES}
        counted |= {category: int(category in found) for category in team_summary.CATEGORIES}
    counted |= {team_summary.barrier(answer.value): int(answer in theirs.told) for answer in BARRIERS}
    return counted


def _adoption(state: State | None) -> dict[str, int]:
    band = None if state is None else BANDS[state]
    seen = {team_summary.NOT_VISIBLE: int(band is None)}
    return seen if band is None else seen | {one: int(one == band) for one in team_summary.ADOPTION}


def _known(amounts: Mapping[str, int | None]) -> dict[str, int]:
    return {measure: amount for measure, amount in amounts.items() if amount is not None}
