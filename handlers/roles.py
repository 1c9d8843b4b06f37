"""What the one who asks is here: an employee, and perhaps a manager, an enablement lead or an operator.

Worked out anew for every command and every tap, from the roster, the settings and Slack's user groups as they are then.
Next: `bot/store/roles.py`.
"""

from __future__ import annotations

from enum import StrEnum

from bot.store import roles
from handlers.who import Asked


class Role(StrEnum):
    """What somebody may be. Everybody is an employee, whatever else they are."""

    EMPLOYEE = "employee"
    MANAGER = "manager"
    LEAD = "lead"
    OPERATOR = "operator"


def roles_of(asked: Asked) -> frozenset[Role]:
    """Every role that the one who asks has at this moment."""
    settings = asked.desk.settings
    found = {Role.EMPLOYEE}
    if is_manager(asked):
        found.add(Role.MANAGER)
    if _is_named(asked, settings.leads, settings.lead_group):
        found.add(Role.LEAD)
    if _is_named(asked, settings.operators, settings.operator_group):
        found.add(Role.OPERATOR)
    return frozenset(found)


def is_manager(asked: Asked) -> bool:
    """Whether somebody reports to them today."""
    today = asked.desk.clock.now().date()
    with asked.desk.store.read() as session:
        return roles.leads_somebody(session, slack_user_id=asked.slack_user_id, day=today)


def _is_named(asked: Asked, emails: tuple[str, ...], group_id: str | None) -> bool:
    """Whether the settings name them, or the user group that the settings name has them."""
    desk = asked.desk
    with desk.store.read() as session:
        if roles.is_one_of(session, slack_user_id=asked.slack_user_id, emails=emails):
            return True
    if group_id is None:
        return False
    return asked.slack_user_id in desk.groups.members(desk.slack, group_id, now=desk.clock.now())
