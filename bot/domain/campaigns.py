"""A campaign: what a lead plans to say, to whom, when, and how it may be told whether it helped.

One campaign speaks about one trigger (a state or a pattern), so that what is said stays true of whoever hears it.
`check` refuses what cannot run with one sentence a field; `may_go` says which step leads where. Who is drawn stands in
`bot/domain/experiment`, who is counted in `bot/domain/audience.py`. Next: `bot/domain/audience.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from bot.domain import tip_fields
from bot.domain.tips import ENABLEMENT_TRIGGERS, ROLES, TRIGGERS, WASTE_TRIGGERS, Tip

HOURS = (10, 16)
"""The fair hours of a day, within which a campaign may choose its own (`bot/domain/fair_hours.py`)."""
HOLDOUTS = (0, 10, 20, 30, 50)
USUAL_HOLDOUT = 20
LONGEST_NAME = 80
MOST_STEPS = 4
LEAST_GAP_DAYS = 7
"""Nobody gets more than one message in seven days, so steps closer together could not be kept."""
FOLLOW_UP_DAYS = 28
_HOURS = f"End later than you begin, both between {HOURS[0]}:00 and {HOURS[1]}:00."


class Kind(StrEnum):
    """How often it takes people in: once, or each week whoever has newly come to match."""

    ONE_OFF = "one_off"
    RECURRING = "recurring"
    SEQUENCE = "sequence"


class CampaignState(StrEnum):
    """Where a campaign stands. `waiting` is for the word of a second lead."""

    DRAFT = "draft"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class Arm(StrEnum):
    """What was drawn for somebody in a campaign: to be written to, or to be left as they are and compared with."""

    TREATED = "treated"
    HELD_OUT = "held_out"


ARROWS: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.WAITING, CampaignState.RUNNING, CampaignState.STOPPED}),
    CampaignState.WAITING: frozenset({CampaignState.RUNNING, CampaignState.DRAFT, CampaignState.STOPPED}),
    CampaignState.RUNNING: frozenset({CampaignState.PAUSED, CampaignState.STOPPED, CampaignState.DONE}),
    CampaignState.PAUSED: frozenset({CampaignState.RUNNING, CampaignState.STOPPED, CampaignState.DONE}),
    CampaignState.STOPPED: frozenset(),
    CampaignState.DONE: frozenset(),
}
"""Which state may follow which."""


@dataclass(frozen=True)
class Step:
    """One message of a campaign: a tip by its id, or a family by its topic (exactly one of the two); `gap_days` after
    the step before.
    """

    tip_id: str | None
    topic: str | None
    gap_days: int = 0

    def may_send(self, tip: Tip) -> bool:
        """Whether this tip may be its message."""
        return tip.tip_id == self.tip_id or tip.topic == self.topic


@dataclass(frozen=True)
class Audience:
    """Who is meant: everybody for whom `trigger` holds, narrowed by what is not None.

    `group_key` is that of a published group, so that no team can be cut together for the purpose.
    """

    trigger: str
    role: str | None = None
    tool: str | None = None
    group_key: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a lead writes down. Days are whole days, both included; hours are local ones, the second not included.

    After `most_messages` it says nothing more, and still ends with its last day. None: as many as there are to say.
    """

    name: str
    kind: Kind
    audience: Audience
    steps: tuple[Step, ...]
    first_day: date
    last_day: date
    hours: tuple[int, int] = HOURS
    most_messages: int | None = None
    holdout_percent: int = USUAL_HOLDOUT


@dataclass(frozen=True)
class Campaign:
    """A plan as it is kept, with where it stands."""

    campaign_id: int
    campaign_key: str
    plan: Plan
    state: CampaignState
    author_slack_id: str | None
    approver_slack_id: str | None
    needs_approval: bool
    """It has asked a second lead, or has to: it never runs again without one, whatever was approved before."""
    created_at: datetime
    changed_at: datetime
    last_wave_on: date | None
    why_ended: str | None

    @property
    def waits_again(self) -> bool:
        """Whether it is paused until two leads have looked at it: one asks, and is its author then; one approves."""
        return self.state is CampaignState.PAUSED and self.needs_approval and self.approver_slack_id is None


def check(plan: Plan, *, tips: Collection[Tip], today: date, was_asked: bool = False) -> dict[str, str]:
    """What is wrong with a plan: one sentence for each field that cannot stay; empty when it may run.

    `tips` are all that may be sent. `was_asked`: it was right when a second lead was asked, and its first day may have
    come since.
    """
    low, high = plan.hours
    wrong = {
        "name": None
        if 0 < len(plan.name.strip()) <= LONGEST_NAME
        else f"Give it a name of 1 to {LONGEST_NAME} letters.",
        "trigger": None if plan.audience.trigger in TRIGGERS else "Choose a state or a pattern from the list.",
        "role": None if plan.audience.role is None or plan.audience.role in ROLES else "Choose a role from the list.",
        "first_day": None if was_asked or plan.first_day >= today else "Begin today or later.",
        "last_day": _wrong_end(plan, today),
        "hours": None if HOURS[0] <= low < high <= HOURS[1] else _HOURS,
        "most_messages": None if plan.most_messages is None or plan.most_messages > 0 else "Allow at least 1 message.",
        "holdout_percent": None if plan.holdout_percent in HOLDOUTS else "Choose a share from the list.",
        "steps": _wrong_steps(plan, tips),
    }
    return {field: sentence for field, sentence in wrong.items() if sentence}


def _wrong_end(plan: Plan, today: date) -> str | None:
    if plan.last_day < plan.first_day:
        return "End on the first day or later."
    return None if plan.last_day > today else "End tomorrow or later: who is in it is drawn in the night."


def _wrong_steps(plan: Plan, tips: Collection[Tip]) -> str | None:
    most = MOST_STEPS if plan.kind is Kind.SEQUENCE else 1
    if not 1 <= len(plan.steps) <= most:
        return f"Choose 1 to {most} messages." if most > 1 else "Choose one message."
    if any(step.gap_days < LEAST_GAP_DAYS for step in plan.steps[1:]):
        return f"Leave {LEAST_GAP_DAYS} days or more between two messages."
    for step in plan.steps:
        if not any(step.may_send(tip) and plan.audience.trigger in tip.triggers for tip in tips):
            return f"No tip {step.tip_id or step.topic} speaks about that; choose one that does."
    return None


def says(plan: Plan, tip: Tip) -> bool:
    """Whether a plan may send this tip."""
    return any(step.may_send(tip) for step in plan.steps)


def print_of(plan: Plan, tips: Iterable[Tip]) -> str:
    """A short print of the plan and of the tips it may send, of all of `tips`: a button carries it, so that nobody
    starts or approves words that they did not see.
    """
    words = sorted(tip_fields.print_of(tip) for tip in tips if says(plan, tip))
    return "".join(chr(ord("a") + byte % 26) for byte in sha256(repr((plan, words)).encode()).digest()[:16])


def may_go(before: CampaignState, after: CampaignState) -> bool:
    """Whether a campaign may go from one state to the other."""
    return after in ARROWS[before]


def is_about_use(trigger: str) -> bool:
    """Whether it speaks of how somebody uses the tools, and not of a pattern of cost."""
    assert trigger in ENABLEMENT_TRIGGERS | WASTE_TRIGGERS
    return trigger in ENABLEMENT_TRIGGERS
