"""A campaign's messages exactly as a person would get them, with invented facts, and with buttons that do nothing.

`handlers/campaign_looks.py` shows it. It knows the words of the tips, and nobody's rows. Next: `bot/views/tip.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.campaigns import Plan, Step
from bot.domain.languages import ENGLISH, LANGUAGES
from bot.domain.tips import SAMPLE_FACTS, Tip, TipWords, fill
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
_MOST = 2900
"""Characters in one section; Slack takes 3,000."""


def message(plan: Plan, tips: Sequence[Tip]) -> Message:
    """Each message of the plan as it looks, and below it all words that may stand in its place: whoever approves it has
    seen them.
    """
    shown = [_shown(number, step, plan, tips) for number, step in enumerate(plan.steps, start=1)]
    head = (
        "This is a sample: its figures are invented, and its buttons do nothing here. Whoever never heard from me "
        "before reads above it who is writing; everybody reads it in their own language, where the tip has it."
    )
    return compose(FIRST_LINE, [pieces.small_print(head), *(block for blocks in shown for block in blocks)])


def sample(tip: Tip, locale: str, trigger: str | None = None) -> list[Block]:
    """One tip as a person with this locale would get it because of `trigger`, and its steps as after a tap."""
    sent = tip_views.message(
        nudge_key=_KEY,
        tip=tip,
        trigger=trigger or min(tip.triggers),
        facts=SAMPLE_FACTS,
        introduce_by=None,
        locale=locale,
    )
    steps = tip_views.how_to(tip=tip, facts=SAMPLE_FACTS, locale=locale).blocks if tip.how_to else []
    after = [pieces.small_print("*After a tap on the first button:*")] if steps else []
    return [_inert(block) for block in (*sent.blocks, *after, *steps)]


def _shown(number: int, step: Step, plan: Plan, tips: Sequence[Tip]) -> Iterator[Block]:
    trigger = plan.audience.trigger
    those = [tip for tip in tips if trigger in tip.triggers and step.may_send(tip)]
    yield pieces.divider()
    if len(plan.steps) > 1:
        yield pieces.small_print(f"*Message {number}*")
    if not those:
        yield pieces.section("There is no such tip any more. Change the campaign, and choose another.")
        return
    yield from sample(those[0], ENGLISH.code, trigger)
    others = [said for tip in those for said in _in_words(tip, is_shown=tip is those[0])]
    if others:
        yield pieces.small_print("Some people get these words instead:")
    yield from map(pieces.section, _filled(others))


def _in_words(tip: Tip, *, is_shown: bool) -> Iterator[str]:
    """A tip in each of its languages, with invented facts; `is_shown`: its English words stand above."""
    for language in LANGUAGES.values():
        said = TipWords(tip.text, tip.try_this, tip.how_to) if language is ENGLISH else tip.elsewhere.get(language.code)
        if said is not None and not (is_shown and language is ENGLISH):
            texts = [fill(text, SAMPLE_FACTS, language) for text in (said.text, said.try_this, said.how_to) if text]
            yield "\n".join([f"*“{words.tip(tip.tip_id)}”, {language.name}*", *texts])


def _filled(texts: Iterable[str]) -> Iterator[str]:
    """The texts in as few sections as their order allows."""
    held = ""
    for text in texts:
        if held and len(held) + 2 + len(text) > _MOST:
            yield held
            held = ""
        held = f"{held}\n\n{text}" if held else text
    if held:
        yield held


def _inert(block: Block) -> Block:
    """The same block, in which no button leads to anything of whoever looks at it."""
    if block["type"] != "actions":
        return block
    inert = [{**element, "action_id": f"{SAMPLE}{number}"} for number, element in enumerate(block["elements"])]
    return {**block, "elements": inert}
