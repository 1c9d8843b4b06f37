"""What the one who asks is here: an employee, and perhaps a manager, an enablement lead or an operator.

Worked out anew for every command and every tap, from the roster, the settings and Slack's user groups as they are then.
Next: `bot/store/roles.py`.
"""

from __future__ import annotations

from bot.domain.roles import Role
from bot.domain.teams import COMPANY
from bot.store import roles
from handlers.who import Asked


def roles_of(asked: Asked) -> frozenset[Role]:
    """Every role that the one who asks has at this moment."""
    asks = {Role.MANAGER: is_manager, Role.LEAD: is_lead, Role.OPERATOR: is_operator}
    return frozenset({Role.EMPLOYEE, *(role for role, has in asks.items() if has(asked))})


def is_manager(asked: Asked) -> bool:
    """Whether somebody reports to them today."""
    today = asked.desk.clock.now().date()
    with asked.desk.store.read() as session:
        return roles.leads_somebody(session, slack_user_id=asked.slack_user_id, day=today)


def is_lead(asked: Asked) -> bool:
    """Whether the settings, or the user group that they name, have them as an enablement lead; nobody who left."""
    return _is_named(asked, asked.desk.settings.leads, asked.desk.settings.lead_group)


def is_operator(asked: Asked) -> bool:
    """The same for those who run this installation."""
    return _is_named(asked, asked.desk.settings.operators, asked.desk.settings.operator_group)


def own_group(asked: Asked) -> str | None:
    """The key of the group that they may open without naming one: everybody below a manager, a lead's whole company."""
    today = asked.desk.clock.now().date()
    with asked.desk.store.read() as session:
        own = roles.own_group(session, slack_user_id=asked.slack_user_id, day=today)
    return own or (COMPANY if is_lead(asked) else None)


def may_open(asked: Asked, group_key: str) -> Role | None:
    """The role in which they may open this group at this moment; None: not at all."""
    if group_key == COMPANY:
        return Role.LEAD if is_lead(asked) else None
    return Role.MANAGER if group_key in may_open_of(asked, [group_key]) else None


def may_open_of(asked: Asked, group_keys: list[str]) -> frozenset[str]:
    """Those of these groups that they may open as a manager at this moment: their own, and those below it."""
    today = asked.desk.clock.now().date()
    with asked.desk.store.read() as session:
        return roles.openable(session, slack_user_id=asked.slack_user_id, group_keys=group_keys, day=today)


def _is_named(asked: Asked, emails: tuple[str, ...], group_id: str | None) -> bool:
    desk = asked.desk
    today = desk.clock.now().date()
    with desk.store.read() as session:
        if roles.is_one_of(session, slack_user_id=asked.slack_user_id, emails=emails, day=today):
            return True
        if group_id is None or roles.has_left(session, slack_user_id=asked.slack_user_id, day=today):
            return False
    return asked.slack_user_id in desk.groups.members(desk.slack, group_id, now=desk.clock.now())
