"""What stands under a message about a zero: the menu of causes, the moments of a plan, and the next step of each cause.

Called by `bot/views/tip.py`, which puts a step in place of the answers. Next: `bot/views/plan.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.barriers import CAUSES, OTHER_REASONS
from bot.domain.languages import Language
from bot.domain.plans import then_of
from bot.domain.tips import Tip
from bot.domain.told import Answer
from bot.views import pair_offer, pieces
from bot.views.ids import Action, Payload
from bot.views.pieces import Block
from bot.views.words import frame_in
from bot.views.words.steps import STEPS


@dataclass(frozen=True)
class Way:
    """What the next steps are made of here: the company's two pages, and the tip for who does not trust the answers."""

    access_link: str | None = None
    data_rules_link: str | None = None
    trust: Tip | None = None


def menu(nudge_key: str, language: Language) -> Block:
    """The causes, each one tap."""
    words = STEPS[language.code]
    choices = [(words.causes[cause], Payload(nudge_key, choice=cause.value)) for cause in (*CAUSES, *OTHER_REASONS)]
    return pieces.select(words.in_the_way, Action.BARRIER, choices)


def moments(nudge_key: str, language: Language) -> Block:
    """The moments of an if-then plan, each one tap."""
    words = STEPS[language.code]
    choices = [(said, Payload(nudge_key, choice=cue.value)) for cue, said in words.cues.items()]
    return pieces.select(words.plan_it, Action.PLAN_WHEN, choices)


def next_step(answer: Answer, *, nudge_key: str, way: Way, language: Language) -> list[Block]:
    """What follows from this cause; nothing where the thanks say it all."""
    words = STEPS[language.code]
    if answer is Answer.NO_ACCESS:
        return _page(way.access_link, words.access_page, words.access, words.no_access_page)
    if answer is Answer.NOT_ALLOWED:
        return _page(way.data_rules_link, words.data_page, words.data, words.no_data_page)
    if answer is Answer.NO_TRUST:
        return [*_trust(way.trust, language), *pair_offer.offer(nudge_key, language)]
    if answer is Answer.NO_TIME:
        moment = [pieces.section(words.time), pieces.row(moments(nudge_key, language))]
        return [*moment, *pair_offer.offer(nudge_key, language)]
    return []


def recipes(nudge_key: str, tips: Sequence[Tip], language: Language) -> list[Block]:
    """A few small things to try, and the way to say that none of them fits."""
    words, frame = STEPS[language.code], frame_in(language)
    lines = [f"• {_capital(then_of(said_in(tip, language)) or tip.try_this)}." for tip in tips]
    not_mine = pieces.button(frame.labels[Answer.NOT_MY_WORK], Action.NOT_MY_WORK, Payload(nudge_key))
    return [
        pieces.section("\n".join([words.recipes, *lines]) if lines else words.no_recipes),
        pieces.small_print(words.recipes_end),
        pieces.row(not_mine, moments(nudge_key, language)),
    ]


def _page(link: str | None, label: str, with_link: str, without: str) -> list[Block]:
    if link is None:
        return [pieces.section(without)]
    return [pieces.section(with_link), pieces.row(pieces.link(label, link))]


def _trust(tip: Tip | None, language: Language) -> list[Block]:
    words = STEPS[language.code]
    if tip is None:
        return [pieces.section(words.no_trust_tip)]
    tip = said_in(tip, language)
    more = [pieces.row(pieces.link(frame_in(language).read_more, tip.link))] if tip.link else []
    return [pieces.section(words.trust), pieces.section(f"{tip.try_this}\n{tip.how_to}".strip()), *more]


def said_in(tip: Tip, language: Language) -> Tip:
    """The tip in the words of this language where it has them, else as it is."""
    said = tip.elsewhere.get(language.code)
    if said is None:
        return tip
    return replace(tip, text=said.text, try_this=said.try_this, how_to=said.how_to, link=said.link or tip.link)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
