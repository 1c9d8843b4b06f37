"""A campaign's messages exactly as a person would get them, with invented facts, and with buttons that do nothing.

`handlers/campaign_looks.py` shows it. It knows the words of the tips, and nobody's rows. Next: `bot/views/tip.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.campaigns import Plan, Step
from bot.domain.languages import ENGLISH
from bot.domain.tips import SAMPLE_FACTS, Facts, Tip
from bot.views import campaign_words as words
from bot.views import pieces
from bot.views import tip as tip_views
from bot.views.campaign_words import FIRST_LINE
from bot.views.message import Message, compose
from bot.views.pieces import Block

TITLE = "The message"
SAMPLE = "sample_"
"""What the ids of all buttons here begin with; a tap on one of them does nothing."""
_KEY = "sample"


def message(plan: Plan, tips: Sequence[Tip]) -> Message:
    """Each message of the plan; of a family one of its tips, and which others it may be."""
    shown = [_shown(number, step, plan, tips) for number, step in enumerate(plan.steps, start=1)]
    head = (
        "This is a sample. The figures in it are invented; everybody gets their own. The buttons are as they will be, "
        "and do nothing here. Whoever never heard from me before reads above it who is writing, and everybody reads it in "
        "their own language, where the tip has words in it."
    )
    return compose(FIRST_LINE, [pieces.small_print(head), *(block for blocks in shown for block in blocks)])


def sample(tip: Tip, locale: str) -> list[Block]:
    """One tip as a person with this locale would get it, and its steps as they come after a tap."""
    trigger = min(tip.triggers)
    yield from sample(those[0], trigger, SAMPLE_FACTS, ENGLISH.code)
    others = [f"“{words.tip(tip.tip_id)}”" for tip in those[1:]]
    if others:
        yield pieces.small_print(f"Some people get another of the same family instead: {pieces.listing(others, 'or')}.")


def sample(tip: Tip, trigger: str, facts: Facts, locale: str) -> list[Block]:
    """One tip as it is sent to somebody with this locale, whose buttons lead to nothing of whoever looks at them."""
    sent = tip_views.message(nudge_key=_KEY, tip=tip, trigger=trigger, facts=facts, introduce_by=None, locale=locale)
    return [
        {**block, "elements": _inert(block["elements"])} if block["type"] == "actions" else block
        for block in sent.blocks
    ]


def _inert(elements: Sequence[Block]) -> list[Block]:
    return [{**element, "action_id": f"{SAMPLE}{number}"} for number, element in enumerate(elements)]
