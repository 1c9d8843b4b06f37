"""What stands in the way of a first use: five causes that have a next step each, and which tips such a step is made of.

Called by `handlers/barriers.py`. What follows from an answer for the messages stands in `bot/domain/told.py`.
Next: `bot/views/barriers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.domain.adoption import State
from bot.domain.plans import WITHOUT_SUGGESTION, then_of
from bot.domain.tips import Tip
from bot.domain.told import Answer

CAUSES = (Answer.NO_ACCESS, Answer.NOT_ALLOWED, Answer.NOT_MY_WORK, Answer.NO_TRUST, Answer.NO_TIME)
"""The five that have a next step of their own."""
OTHER_REASONS = (Answer.OTHER_TOOL, Answer.ON_LEAVE)
"""What explains little use as well, and needs no step."""

MOST_RECIPES = 3
TRUST = "trust"
"""The topic of tips for who does not trust the answers."""
CHECKABLE = "z04-a-question-you-can-check"
"""The tip for everybody else who does not: something they can check by themselves."""

_SMALL_FIRST = (State.NEVER_USED, State.FIRST_STEPS, State.BUILDING, State.LAPSED)
_NO_RECIPE = WITHOUT_SUGGESTION | {"it-may-have-changed", "nothing-comes-back"}
"""Topics whose one thing to try makes no sense to somebody in another situation."""


def recipes(tips: Sequence[Tip], *, role: str | None, day: date) -> tuple[Tip, ...]:
    """Up to three small things to try for people in this role: their role's own first, the smallest first."""
    fitting = [
        tip
        for tip in tips
        if _rank(tip) < len(_SMALL_FIRST)
        and tip.topic not in _NO_RECIPE
        and _is_for(tip, role, day)
        and then_of(tip) is not None
    ]
    return tuple(sorted(fitting, key=lambda tip: (not tip.roles, _rank(tip), tip.tip_id))[:MOST_RECIPES])


def to_trust(tips: Sequence[Tip], *, role: str | None, day: date) -> Tip | None:
    """What to try for somebody who does not trust the answers; None when the library has nothing."""
    fitting = [tip for tip in tips if (tip.topic == TRUST or tip.tip_id == CHECKABLE) and _is_for(tip, role, day)]
    return min(fitting, key=lambda tip: (tip.topic != TRUST, tip.tip_id), default=None)


def _is_for(tip: Tip, role: str | None, day: date) -> bool:
    return tip.expires_on >= day and (not tip.roles or role in tip.roles)


def _rank(tip: Tip) -> int:
    """How small the step is: by the first stretch for which the tip was written."""
    return min((n for n, state in enumerate(_SMALL_FIRST) if state in tip.triggers), default=len(_SMALL_FIRST))
