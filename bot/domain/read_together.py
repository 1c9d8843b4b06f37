"""Sessions of one person that are read together: how a day is cut into sessions says nothing (P3).

A session goes on from the one of the same tool that had ended last when it began, on the same day (UTC): a call may
come back in it that was asked for before, and a conversation be taken up again under another name. Sessions at the same
time go on from none of each other. A call that failed in any session of the day failed before.
Called by the readers of session files. Next: `bot/domain/sessions.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.domain.sessions import SessionEvent, SessionProgress, advance


class ReadTogether:
    """Takes the sessions of a person one by one, those that began first before the others."""

    def __init__(self) -> None:
        self._failed: dict[date, Mapping[str, int]] = {}
        self._ended: dict[tuple[date, str], list[tuple[datetime, SessionProgress]]] = defaultdict(list)

    def take(self, events: Sequence[SessionEvent], tool: str) -> SessionProgress:
        """What is known of a session, all of whose `events` are told."""
        begun, ended = min(event.at for event in events), max(event.at for event in events)
        day = begun.astimezone(UTC).date()
        over = [one for one in self._ended[day, tool] if one[0] <= begun]
        earlier = _passed_on(max(over, key=lambda one: one[0])[1]) if over else SessionProgress()
        progress = advance(replace(earlier, failing_calls=self._failed.get(day, {})), events)
        self._failed[day] = progress.failing_calls
        self._ended[day, tool].append((ended, progress))
        return progress


def _passed_on(earlier: SessionProgress) -> SessionProgress:
    """What a session must be compared with, and nothing of what was counted."""
    return SessionProgress(
        last_request_at=earlier.last_request_at,
        just_compacted=earlier.just_compacted,
        awaits_summary=earlier.awaits_summary,
        summary_tokens=earlier.summary_tokens,
        prompts=earlier.prompts,
        pasting=earlier.pasting.of_earlier(),
        failing=earlier.failing.of_earlier(),
        before=earlier.before.of_earlier(),
    )
