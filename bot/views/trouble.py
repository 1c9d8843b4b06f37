"""What is said when something did not work: what happened, that nothing was lost, what to do. Never data.

Next: `handlers/trouble.py`, the one door through which they leave.
"""

from __future__ import annotations

from bot.views import pieces
from bot.views.message import Message, compose

FIRST_LINE = "Kindling could not answer."


def error(*, error_id: str) -> Message:
    """Something broke. `error_id` is a short id that leads to the log entry and tells nothing by itself."""
    return _said(
        "Something went wrong on my side; nothing was lost. Please try again in a minute. "
        f"If it stays, give this to whoever looks after me: {pieces.quiet(error_id, 20)}."
    )


def form_error(*, error_id: str) -> Message:
    """The same under a form that was sent; what was typed is still there, and nothing of it was saved."""
    return _said(
        "Something went wrong on my side and this was not saved; what you typed is still here. Please try again in a "
        f"minute. If it stays, give this to whoever looks after me: {pieces.quiet(error_id, 20)}."
    )


def not_in_roster() -> Message:
    """The one who asks is not in the company's list of people, or their Slack account is not tied to it."""
    return _said(
        "I do not find you in the list of people I was given, so I hold nothing about you. "
        "If you expected a card, whoever looks after me can add you."
    )


def not_ours() -> Message:
    """A tap came back that no button of ours sends."""
    return _said("I do not know that button, and nothing was changed. The card has the current ones.")


def _said(words: str) -> Message:
    return compose(FIRST_LINE, [pieces.section(words)])
