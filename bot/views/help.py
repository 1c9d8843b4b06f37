"""How to use the command, for `help` and for anything that was not understood. Next: `bot/views/privacy.py`."""

from __future__ import annotations

from bot.views import pieces
from bot.views.message import Message, compose

FIRST_LINE = "How to use Kindling."

_USES = (
    ("", "your card: habit, efficiency, outcome and value, beside your own past"),
    ("why", "how each line of the card comes about, and from which data"),
    ("privacy", "what is held about you, for how long, and who can see it"),
    ("pause", "no messages until you resume"),
    ("resume", "messages again, at most one in seven days"),
    ("snooze 2w", "no messages for 2 weeks, or 4w, or 12w"),
    ("stop", "no more messages; the card stays"),
    ("export", "everything held about you, sent to you as a file"),
    ("forget", "erase everything held about you; I ask first"),
    ("help", "this page"),
)


def message(*, command: str, team_command: str, nudge_command: str, understood: bool = True) -> Message:
    """The usage, under the commands' names here. What was typed is not said again: it may name somebody."""
    sorry = pieces.section("I did not understand that, and nothing was changed. These I know:")
    opening = [] if understood else [sorry]
    lines = "\n".join(f"`{f'{command} {word}'.strip()}`  {what}" for word, what in _USES)
    return compose(
        FIRST_LINE,
        [
            *opening,
            pieces.section(lines),
            pieces.small_print("Every answer is for you alone, wherever you type it."),
            pieces.small_print(
                f"To whom somebody reports: `{team_command} help`. For enablement leads: `{nudge_command} help`. "
                "Neither ever tells about one person."
            ),
        ],
    )
