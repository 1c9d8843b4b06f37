"""The two forms of a campaign: whom it is for and what about; then what they get, when, and what it is compared with.

`handlers/campaign_form.py` opens and reads them; the fields bear the names under which `bot/domain/campaigns.py`
complains, so that what is wrong stands beside its field. Next: `bot/views/form.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.campaigns import (
    HOLDOUTS,
    HOURS,
    LEAST_GAP_DAYS,
    LONGEST_NAME,
    MOST_STEPS,
    USUAL_HOLDOUT,
    Campaign,
    Kind,
    Plan,
    Step,
)
from bot.domain.tools import TOOLS
from bot.views import campaign_words as words
from bot.views import form, pieces
from bot.views.ids import Callback
from bot.views.pieces import Block

ONE_TIP, FAMILY = "tip:", "family:"
"""How a message is told in the value of a choice: one tip by its id, or a family by its topic."""
LARGEST_CAP = 1_000_000
MOST_DAYS_BETWEEN = 28
_MOST_CHOICES = 100


def message_field(number: int) -> str:
    """The name of the field of the first, second ... message."""
    return "steps" if number == 1 else f"message_{number}"


def gap_field(number: int) -> str:
    """The name of the field of the days before a later message."""
    return f"gap_{number}"


def who(teams: Mapping[str, str], *, plan: Plan | None = None, metadata: str = "") -> dict[str, Any]:
    """The first form. `teams` are the names of the groups that may be chosen, by their keys."""
    whom = plan.audience if plan else None
    about = {
        "How people use the tools": [(label, trigger) for trigger, label in words.ABOUT_USE.items()],
        "Patterns of cost": [(label, trigger) for trigger, label in words.ABOUT_COST.items()],
    }
    blocks = [
        form.typed(
            "name", "Name", plan.name if plan else "", longest=LONGEST_NAME, hint="For you and the other leads."
        ),
        form.one_of_groups("trigger", "What is it about?", about, whom.trigger if whom else None),
        form.one_of_few("kind", "How often?", _kinds(), (plan.kind if plan else Kind.ONE_OFF).value),
        pieces.small_print("Everybody of whom this is true, unless you narrow it down:"),
        form.one_of("role", "Role", _roles(), whom.role if whom else None, optional=True),
        form.one_of("tool", "Tool", _tools(), whom.tool if whom else None, optional=True),
        *([_team(teams, whom.group_key if whom else None)] if teams else []),
    ]
    title = "Change a campaign" if plan else "New campaign"
    return form.form(title, blocks, sent_to=Callback.CAMPAIGN_WHO, submit="Next", metadata=metadata, close="Leave it")


def what(campaign: Campaign, tips: Mapping[str, str], *, metadata: str) -> dict[str, Any]:
    """The second form, for the tips (topic by id) that speak about what the campaign is about."""
    plan = campaign.plan
    blocks = [
        pieces.small_print(f"{words.about(plan.audience.trigger)}: what should they get, and when?"),
        *_messages(plan, tips),
        form.day("first_day", "First day", plan.first_day),
        form.day("last_day", "Last day", plan.last_day),
        form.one_of("hour_from", "Not before", _hours(HOURS[0], HOURS[1] - 1), str(plan.hours[0]), hint=_OWN_CLOCK),
        form.one_of("hours", "Not after", _hours(HOURS[0] + 1, HOURS[1]), str(plan.hours[1])),
        form.number(
            "most_messages",
            "At most so many messages",
            plan.most_messages,
            lowest=1,
            highest=LARGEST_CAP,
            hint="After so many it says nothing more. Left empty, nothing but its last day ends it.",
            optional=True,
        ),
        form.one_of(
            "holdout_percent", "Left out, for comparison", _holdouts(), str(plan.holdout_percent), hint=_WHY_OUT
        ),
    ]
    return form.form(
        "What they get", blocks, sent_to=Callback.CAMPAIGN_WHAT, submit="Save", metadata=metadata, close="Leave it"
    )


_OWN_CLOCK = "On each person's own clock. Mondays begin at 13:00 and Fridays end at 12:00 in any case."
_WHY_OUT = "Drawn by lot to hear nothing about this for four weeks. Without them nobody can tell whether it helped."


def _messages(plan: Plan, tips: Mapping[str, str]) -> list[Block]:
    if plan.kind is not Kind.SEQUENCE:
        return [_choice(1, "Message", plan.steps, tips)]
    blocks = [_choice(1, "First message", plan.steps, tips)]
    for number, label in enumerate(_LATER[: MOST_STEPS - 1], start=2):
        gap = plan.steps[number - 1].gap_days if len(plan.steps) >= number else LEAST_GAP_DAYS
        blocks.append(_choice(number, f"{label} message", plan.steps, tips, optional=number > 2))
        blocks.append(
            form.number(
                gap_field(number),
                "Days after the one before",
                gap,
                lowest=LEAST_GAP_DAYS,
                highest=MOST_DAYS_BETWEEN,
                optional=number > 2,
            )
        )
    return blocks


_LATER = ("Second", "Third", "Fourth")


def _choice(
    number: int, label: str, steps: Sequence[Step], tips: Mapping[str, str], *, optional: bool = False
) -> Block:
    """A family first, for then people get different ones of it; or one tip."""
    step = steps[number - 1] if len(steps) >= number else None
    groups = {
        "A family: each person gets one of it": [
            (f"{words.family(topic)} ({pieces.count(number_of, 'tip')})", f"{FAMILY}{topic}")
            for topic, number_of in words.families(tips).items()
        ],
        "One tip for everybody": [(words.tip(tip_id), f"{ONE_TIP}{tip_id}") for tip_id in tips],
    }
    made = form.one_of_groups(
        message_field(number),
        label,
        {heading: choices[:_MOST_CHOICES] for heading, choices in groups.items()},
        None if step is None else value_of(step),
    )
    return {**made, "optional": optional}


def value_of(step: Step) -> str:
    """A message as the value of a choice."""
    return f"{ONE_TIP}{step.tip_id}" if step.tip_id else f"{FAMILY}{step.topic}"


def step_of(value: str, gap_days: int) -> Step:
    """The message that was chosen."""
    if value.startswith(FAMILY):
        return Step(None, value.removeprefix(FAMILY), gap_days)
    return Step(value.removeprefix(ONE_TIP), None, gap_days)


def _team(teams: Mapping[str, str], group_key: str | None) -> Block:
    choices = [(pieces.quiet(name) or "A team without a name", key) for key, name in teams.items()]
    hint = "Teams of which enough is known for a summary."
    return form.one_of("group_key", "Team", choices[:_MOST_CHOICES], group_key, hint=hint, optional=True)


def _kinds() -> list[tuple[str, str]]:
    return [(label, kind.value) for kind, label in words.KINDS.items()]


def _roles() -> list[tuple[str, str]]:
    return [(label.capitalize(), role) for role, label in words.ROLES.items()]


def _tools() -> list[tuple[str, str]]:
    return [(pieces.tool_name(tool), tool) for tool in TOOLS]


def _hours(first: int, last: int) -> list[tuple[str, str]]:
    return [(f"{hour}:00", str(hour)) for hour in range(first, last + 1)]


def _holdouts() -> list[tuple[str, str]]:
    labels = {0: "Nobody", USUAL_HOLDOUT: f"{USUAL_HOLDOUT} of 100 (usual)"}
    return [(labels.get(percent, f"{percent} of 100"), str(percent)) for percent in HOLDOUTS]
