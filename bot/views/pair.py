"""Fifteen minutes with a colleague, as it is offered, asked, answered and told.

`jobs/deliver.py` sends `message`, `handlers/pairs.py` answers taps with the rest. The one text with another person in
it is that to two who both said yes. Next: `handlers/pairs.py`.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from bot.domain.languages import ENGLISH, Facts, Language, of_locale
from bot.domain.pairs import ASK, MADE, Own, Request, Side, State
from bot.views import pieces
from bot.views import tip as tip_views
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block
from bot.views.words import frame_in
from bot.views.words.pairs import PAIRS

_ACCOUNT = re.compile(r"[UW][A-Z0-9]{2,20}")


def message(
    *, nudge_key: str, trigger: str, facts: Facts, introduce_by: str | None = None, locale: str | None = None
) -> Message:
    """What is sent: an ask, the name of the other, or that nobody is free. `facts["other"]` is a Slack account."""
    language = of_locale(locale)
    frame = frame_in(language)
    opening = tip_views.introduction(introduce_by, frame) if introduce_by is not None else []
    words = PAIRS[language.code]
    if trigger == ASK:
        body = [
            pieces.section(words.ask),
            pieces.small_print(words.ask_small),
            pieces.row(
                pieces.button(words.yes, Action.PAIR_YES, Payload(nudge_key)),
                pieces.button(words.no, Action.PAIR_NO, Payload(nudge_key)),
            ),
        ]
    elif trigger == MADE:
        said = words.shows if facts.get("side") == Side.SHOWS else words.wants_to_see
        body = [_with_mention(said, str(facts["other"])), pieces.small_print(words.made_small)]
    else:
        body = [pieces.section(words.nobody)]
    blocks = [*opening, *body, tip_views.way_out(nudge_key, frame=frame)]
    return compose(frame.first_contact if opening else frame.first_line, blocks, choices=frame.choices)


def why(trigger: str) -> Message:
    """What led to such a message, without anything about the other person."""
    reason = (
        "On App Home you offered to show somebody. Whose turn it is, is drawn by lot, and not by your use; "
        "you are asked at most once in four weeks. “Not any more” on App Home ends it."
        if trigger == ASK
        else "It answers a request for fifteen minutes with a colleague. No figure of anybody's played a part."
    )
    return compose(tip_views.FIRST_LINE, [pieces.section(reason, "Why you got this")])


def requested(*, locale: str | None = None) -> Message:
    """The request is made."""
    language = of_locale(locale)
    words = PAIRS[language.code]
    return _said(language, words.requested, pieces.row(pieces.button(words.take_back, Action.PAIR_TAKE_BACK)))


def not_now(request: Request | None, *, locale: str | None = None) -> Message:
    """Nothing was asked: there is a request already, or (None) its answer could not be told."""
    language = of_locale(locale)
    words = PAIRS[language.code]
    if request is None:
        return _said(language, words.silent)
    again_from = language.say(request.again_from.date().isoformat(), request.made_at.date().isoformat())
    return _said(language, words.already.format(day=again_from))


def taken_back(was_open: bool, *, locale: str | None = None) -> Message:
    """The request is gone, or there was nothing left to take back."""
    words = PAIRS[of_locale(locale).code]
    return _said(of_locale(locale), words.taken_back if was_open else words.too_late)


def answered(*, yes: bool, in_time: bool, locale: str | None = None) -> Message:
    """In place of the ask, after a tap."""
    language = of_locale(locale)
    words = PAIRS[language.code]
    if not in_time:
        return _said(language, words.settled)
    return _said(language, words.said_yes if yes else words.said_no)


def on_home(own: Own, *, now: datetime, today: date) -> list[Block]:
    """Both sides of it. Of an open request the same is said wherever it stands."""
    request = own.request if own.request is not None and now < own.request.again_from else None
    words = PAIRS[ENGLISH.code]
    said, buttons = words.before, [pieces.button(words.request, Action.PAIR_REQUEST)]
    if request is not None:
        again = f"You can ask again from {pieces.day(request.again_from.date(), today)}."
        ended = {State.NOBODY: f"Nobody was free. {again}", State.WITHDRAWN: f"You took your request back. {again}"}
        if own.is_told:
            ended[State.AGREED] = f"Somebody said yes, and I wrote to you both. {again}"
        said = ended.get(request.state, words.requested)
        buttons = [] if request.state in ended else [pieces.button(words.take_back, Action.PAIR_TAKE_BACK)]
    if own.offers:
        offered = "You offered to show somebody: you may be asked, at most once in four weeks, and no is a good answer."
        buttons.append(pieces.button("Not any more", Action.PAIR_OFFER_NO_MORE))
    else:
        offered = "Anybody may offer to show somebody; how much you use anything plays no part."
        buttons.append(pieces.button("I would show somebody for fifteen minutes", Action.PAIR_OFFER))
    return [
        pieces.section(said, "Fifteen minutes with a colleague"),
        pieces.small_print(offered),
        pieces.row(*buttons),
    ]


def _said(language: Language, text: str, *more: Block) -> Message:
    frame = frame_in(language)
    return compose(frame.first_line, [pieces.section(text), *more], choices=frame.choices)


def _with_mention(text: str, slack_user_id: str) -> Block:
    """The one mention that is meant; anything that is no account of Slack's is refused."""
    if not _ACCOUNT.fullmatch(slack_user_id):
        raise ValueError("not an account")
    before, after = text.split("{who}")
    said = f"{pieces.escape(before)}<@{slack_user_id}>{pieces.escape(after)}"
    return {"type": "section", "text": {"type": "mrkdwn", "text": said, "verbatim": True}}
