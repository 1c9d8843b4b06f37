"""The twelve weeks as a picture: the best form that this Slack takes, and the next one where it refuses.

Called by `handlers/buttons.py`. A workspace without the newer blocks refuses them for everybody, so a refusal is kept
in mind for a while (`handlers/refusals.py`). Next: `bot/views/weeks.py`.
"""

from __future__ import annotations

from bot.domain.weeks import TwelveWeeks
from bot.errors import SlackRefused
from bot.views import weeks
from bot.views.weeks import Form
from handlers import cards
from handlers.who import Asked

_NOT_TAKEN = {"invalid_blocks", "invalid_blocks_format"}


def show(asked: Asked, seen: TwelveWeeks) -> None:
    """Say it in the best form that is taken. What fails for another reason than its blocks is not tried again."""
    now = asked.desk.clock.now()
    for form in Form:
        if form is not Form.WORDS and asked.desk.refusals.hold(form, now):
            continue
        try:
            asked.say(weeks.message(seen, form=form, today=cards.today_of(now)))
        except SlackRefused as refused:
            if refused.reason not in _NOT_TAKEN or form is Form.WORDS:
                raise
            asked.desk.refusals.note(form, now)
        else:
            return
