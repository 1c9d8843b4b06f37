"""Which forms of a message this workspace refused lately, so that no one runs into the same refusal again and again.

In memory and about nobody: a restart, or another process, costs one refusal more. Next: `handlers/picture.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

REFUSED_FOR = timedelta(hours=12)
"""How long a refused form is not offered; Slack brings new blocks to workspaces one after the other."""


class Refusals:
    """Safe for many threads: one entry is written at a time."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}

    def note(self, form: str, now: datetime) -> None:
        """`form` was refused at `now`."""
        self._at[form] = now

    def hold(self, form: str, now: datetime) -> bool:
        """Whether `form` was refused lately."""
        refused_at = self._at.get(form)
        return refused_at is not None and now - refused_at < REFUSED_FOR
