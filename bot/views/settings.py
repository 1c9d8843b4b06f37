"""Confirmations: what just changed, what that means, and how to undo it. Next: `bot/views/trouble.py`."""

from __future__ import annotations

from datetime import date

from bot.domain.languages import of_locale
from bot.views import pieces
from bot.views.ids import Action
from bot.views.message import Message, compose
from bot.views.pieces import Block
from bot.views.words import ENGLISH, frame_for

FIRST_LINE = ENGLISH.noted
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


def snoozed(*, until: date, today: date, locale: str | None = None) -> Message:
    """Said in the language of the message under which it was tapped; everywhere else in English."""
    said = of_locale(locale).say(until.isoformat(), today.isoformat())
    return _noted_in(locale, frame_for(locale).snoozed.format(day=said))


def stopped(*, locale: str | None = None) -> Message:
    """The same."""
    return _noted_in(locale, frame_for(locale).stopped)


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


def _noted_in(locale: str | None, words: str) -> Message:
    frame = frame_for(locale)
    resume = pieces.row(pieces.button(frame.resume, Action.RESUME))
    return compose(frame.noted, [pieces.section(words), resume], choices=frame.choices)


def _resume() -> Block:
    return pieces.button(ENGLISH.resume, Action.RESUME)


def _stop() -> Block:
    return pieces.button("Stop these messages", Action.STOP)
