"""Confirmations: what just changed, what that means, and how to undo it. Next: `bot/views/trouble.py`."""

from __future__ import annotations

from datetime import date

from bot.views import pieces
from bot.views.ids import Action
from bot.views.message import Message, compose
from bot.views.pieces import Block

FIRST_LINE = "Kindling has noted it."
FORGET_FIRST_LINE = "A question from Kindling before anything is erased."

FORGET_MEANING = (
    "This erases every count, message and choice I hold about you. It cannot be undone. Backups that your company made "
    "may keep older copies for a while. If its list of people names you again, I begin with an empty page and may "
    "write again. To end messages for good, choose Stop."
)

LEAVE_OUT_MEANING = (
    "Left out means that nothing about you is kept from then on, and no summary counts you, whatever the list says. "
    "Whoever looks after me can undo that when you ask."
)


def paused() -> Message:
    return _noted("No messages until you resume. Your card stays where it is.", _resume())


def resumed() -> Message:
    return _noted("Messages are welcome again: at most one in seven days, and three in four weeks.", _stop())


def snoozed(*, until: date, today: date) -> Message:
    return _noted(f"No messages until {pieces.day(until, today)}. They begin again by themselves.", _resume())


def stopped() -> Message:
    return _noted("No more messages. One that was already planned will not come either. Your card stays.", _resume())


def taken_back() -> Message:
    return _noted("Taken back. I go by what I see again, from the next night on.")


def export_on_its_way() -> Message:
    return _noted("Everything I hold about you is on its way to our direct messages, as a file.")


def forget_question() -> Message:
    """Asked once, before anything is erased."""
    return compose(
        FORGET_FIRST_LINE,
        [
            pieces.section(FORGET_MEANING),
            pieces.section(LEAVE_OUT_MEANING),
            pieces.row(
                pieces.button("Erase everything", Action.FORGET_NOW, danger=True),
                pieces.button("Erase, and leave me out", Action.LEAVE_OUT, danger=True),
                pieces.button("Keep it", Action.KEEP),
                pieces.button("Stop these messages", Action.STOP),
            ),
        ],
    )


def forgotten(*, row_count: int) -> Message:
    """Said after erasing; `row_count` rows are gone."""
    return _noted(
        f"Erased: {pieces.count(row_count, 'row')}. Nothing here can be tied to you any more. "
        "Backups that your company made may keep older copies for a while. "
        "If the company's list of people names you again, I begin with an empty page."
    )


def left_out() -> Message:
    """Said after erasing somebody who is left out from now on."""
    return _noted(
        "Erased, and from now on nothing about you is kept, though the company's list of people goes on naming you. "
        "Backups that your company made may keep older copies for a while. "
        "Whoever looks after me can undo this when you ask."
    )


def kept() -> Message:
    return _noted("Nothing was erased.")


def _noted(words: str, *buttons: Block) -> Message:
    return compose(FIRST_LINE, [pieces.section(words), *([pieces.row(*buttons)] if buttons else [])])


def _resume() -> Block:
    return pieces.button("Resume messages", Action.RESUME)


def _stop() -> Block:
    return pieces.button("Stop these messages", Action.STOP)
