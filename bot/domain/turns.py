"""Whose turn it is: what the campaigns somebody was drawn into would say to them next, and what is not said meanwhile.

Asked by `bot/domain/nudging.py` when it plans and when it sends. A campaign changes nothing of the policy: it only says
which tip an occasion may have. Next: `bot/domain/nudging.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from bot.domain.campaigns import FOLLOW_UP_DAYS, Arm, Campaign, CampaignState, Step


@dataclass(frozen=True)
class Part:
    """The part that somebody has in a campaign: as what they were drawn, when, and which steps they were sent.

    `sent` holds what may have been sent as well.
    """

    campaign: Campaign
    arm: Arm
    enrolled_on: date
    sent: Mapping[int, datetime]

    @property
    def trigger(self) -> str:
        """What the campaign speaks about."""
        return self.campaign.plan.audience.trigger


@dataclass(frozen=True)
class Turn:
    """What a campaign has still to say to somebody; `step` is None while it waits for the gap between two messages."""

    campaign: Campaign
    number: int
    step: Step | None

    def speaks_of(self, trigger: str, tool: str | None) -> bool:
        """Whether it is about this: a state, or a pattern and the tool in which it was found."""
        meant = self.campaign.plan.audience
        return meant.trigger == trigger and (tool is None or meant.tool in (None, tool))


class Waits(StrEnum):
    """Why something stays in the queue for now, whatever it says: whoever paused it may go on with it."""

    CAMPAIGN_PAUSED = "campaign_paused"
    ALL_HALTED = "all_halted"


def has_ended(part: Part | None) -> bool:
    """Whether the campaign of a message was stopped or is over, or does not know this person any more."""
    return part is None or part.campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED)


def held_out(parts: Sequence[Part], day: date) -> frozenset[str]:
    """What this person hears nothing about, so that there is somebody to compare with; also after a stop."""
    followed = timedelta(days=FOLLOW_UP_DAYS)
    return frozenset(part.trigger for part in parts if part.arm is Arm.HELD_OUT and day < part.enrolled_on + followed)


def turns(parts: Sequence[Part], *, person_id: int, now: datetime, full: Collection[int]) -> tuple[Turn, ...]:
    """What campaigns that run have to say to them, in the order in which they may: drawn anew each week.

    `full` are those that have sent as many messages as they may.
    """
    speaking = [part for part in parts if part.arm is Arm.TREATED and _runs(part.campaign, now, full)]
    week = now.date() - timedelta(days=now.weekday())
    drawn = sorted(speaking, key=lambda part: _lot(person_id, week, part.campaign.campaign_key))
    return tuple(turn for part in drawn if (turn := _turn(part, now)) is not None)


def _runs(campaign: Campaign, now: datetime, full: Collection[int]) -> bool:
    goes_on = campaign.state is CampaignState.RUNNING and now.date() <= campaign.plan.last_day + timedelta(days=1)
    return goes_on and campaign.campaign_id not in full


def _turn(part: Part, now: datetime) -> Turn | None:
    number = max(part.sent, default=-1) + 1
    steps = part.campaign.plan.steps
    if number >= len(steps):
        return None
    before = part.sent.get(number - 1)
    waits = before is not None and now - before < timedelta(days=steps[number].gap_days)
    return Turn(part.campaign, number, None if waits else steps[number])


def _lot(person_id: int, week: date, campaign_key: str) -> str:
    """The key of a campaign is drawn and told to nobody, so neither is this foreseen."""
    return sha256(f"{person_id} {week} {campaign_key}".encode()).hexdigest()
