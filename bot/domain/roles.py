"""What somebody may be here. Next: `handlers/roles.py`, which works it out."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Everybody is an employee, whatever else they are."""

    EMPLOYEE = "employee"
    MANAGER = "manager"
    LEAD = "lead"
    OPERATOR = "operator"
