"""What is counted of one wave of a campaign: the people who were drawn on one day, by arm.

The only input of everything that judges. `jobs` counts it from the members of a campaign, one `Wave` for each day on
which people were drawn; a campaign without later waves has one. Counts are not to be shown: `publishing.py` says what
may be. Next: `bot/domain/experiment/betting.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True)
class Wave:
    """Everybody drawn on one day. Nobody moves to the other arm, written to or not (intention to treat). Nobody counts
    before the 28 days of the follow-up are over, or those who answer soonest would count first.

    `drawn_*` counts all of them; `treated` and `held_out` those whose 28 days are over and whose outcome is known, the
    `*_events` those of them with the wished outcome; `unknown` those whose outcome nobody can know. `reached` are the
    treated who were written to at least once, `stopped` and `not_helpful` those of them who answered so; these three
    count at once, without waiting for the 28 days.
    """

    enrolled_on: date
    drawn_treated: int
    drawn_held_out: int
    treated: int = 0
    treated_events: int = 0
    held_out: int = 0
    held_out_events: int = 0
    unknown: int = 0
    reached: int = 0
    stopped: int = 0
    not_helpful: int = 0

    def __post_init__(self) -> None:
        if min(getattr(self, each.name) for each in fields(self)[1:]) < 0:
            raise ValueError("a wave holds a count below zero")
        parts = (
            (self.treated, self.drawn_treated),
            (self.held_out, self.drawn_held_out),
            (self.treated_events, self.treated),
            (self.held_out_events, self.held_out),
            (self.reached, self.drawn_treated),
            (max(self.stopped, self.not_helpful), self.reached),
            (self.treated + self.held_out + self.unknown, self.drawn_treated + self.drawn_held_out),
        )
        if any(part > whole for part, whole in parts):
            raise ValueError("a wave counts more people in a part than in the whole")

    @property
    def drawn(self) -> int:
        return self.drawn_treated + self.drawn_held_out

    @property
    def over(self) -> bool:
        """Whether the outcome of everybody is known, or known to be unknown; until then nobody of the wave counts."""
        return self.treated + self.held_out + self.unknown == self.drawn


def together(waves: Iterable[Wave]) -> Wave:
    """All waves as one, dated by the last: for what is told of sizes, never for judging."""
    listed = sorted(waves, key=lambda wave: wave.enrolled_on)
    counts = {each.name: sum(getattr(wave, each.name) for wave in listed) for each in fields(Wave)[1:]}
    return Wave(listed[-1].enrolled_on, **counts)
