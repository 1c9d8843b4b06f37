"""App Home: who is writing, the card, and every setting in reach of one tap.

`handlers/home.py` publishes `view`. A tap there has no message to answer into, so answers open as a modal.
Next: `bot/views/modal.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bot.domain.pairs import Own
from bot.domain.plans import IfThen
from bot.domain.scorecard import Scorecard
from bot.domain.tips import Tip
from bot.domain.told import Preferences
from bot.views import pair, pieces, plan, scorecard, settings, told, weeks
from bot.views.ids import Action, Callback
from bot.views.pieces import Block

View = dict[str, Any]


def view(
    *,
    card: Scorecard | None,
    preferences: Preferences,
    has_tip: bool,
    introduced_by: str,
    now: datetime,
    today: date,
    if_then: IfThen | None = None,
    planned_tip: Tip | None = None,
    pairs: Own | None = None,
) -> View:
    """The Home tab of one person. `card` is None for somebody who is not in the list of people.

    `if_then` is their plan, `planned_tip` the tip it is for, None when that is gone; `pairs` what they
    offered and asked for.
    """
    planned = plan.on_home(if_then, planned_tip, today=today) if if_then is not None else []
    planned += pair.on_home(pairs or Own(), now=now, today=today)
    introduction = _introduction(introduced_by) if preferences.introduced_at is None else []
    known = (
        _nothing_held()
        if card is None
        else [
            *introduction,
            pieces.header("Your card, for you alone"),
            *scorecard.quadrants(card, today=today),
            *weeks.on_home(card.weeks),
            scorecard.ways_on(has_tip=has_tip, weeks_are_here=True),
            *_settings(preferences, planned, now=now, today=today),
        ]
    )
    return {"type": "home", "callback_id": Callback.HOME.value, "blocks": known}


def _nothing_held() -> list[Block]:
    return [
        pieces.header("Kindling"),
        pieces.section("I do not find you in the list of people I was given, so I hold nothing about you."),
    ]


def _settings(preferences: Preferences, planned: list[Block], *, now: datetime, today: date) -> list[Block]:
    return [
        pieces.divider(),
        pieces.header("Messages"),
        pieces.section(_messages_now(preferences, now=now, today=today)),
        _message_buttons(preferences),
        *planned,
        *told.settings(preferences, now=now, today=today),
        pieces.divider(),
        pieces.header("What is held about you"),
        pieces.section("You can read it, take it with you, or erase it, without asking anybody."),
        pieces.row(pieces.button("Send me everything", Action.EXPORT), _erase()),
    ]


def _introduction(introduced_by: str) -> list[Block]:
    return [
        pieces.header("Hello, I am Kindling"),
        pieces.section(
            f"{pieces.quiet(introduced_by, 120)} set me up to help people get something out of the AI tools that are "
            "paid for here. I see counts from these tools and finished work; never prompts, answers or code. "
            "What is yours is shown to nobody else."
        ),
        pieces.divider(),
    ]


def _messages_now(preferences: Preferences, *, now: datetime, today: date) -> str:
    if preferences.stopped_at is not None:
        return "Stopped. None comes unless you resume."
    if preferences.paused_at is not None:
        return "Paused until you resume."
    if preferences.snoozed_until is not None and preferences.snoozed_until > now:
        return (
            f"Snoozed until {pieces.day(preferences.snoozed_until.date(), today)}; then they begin again by themselves."
        )
    return "They may come: at most one in seven days, and three in four weeks, check-ins included."


def _message_buttons(preferences: Preferences) -> Block:
    silent = preferences.stopped_at is not None or preferences.paused_at is not None
    toggle = (
        pieces.button("Resume messages", Action.RESUME) if silent else pieces.button("Pause messages", Action.PAUSE)
    )
    stop = [] if preferences.stopped_at else [pieces.button("Stop these messages", Action.STOP)]
    return pieces.row(toggle, pieces.snooze(), *stop)


def _erase() -> Block:
    """Asks in a dialog of Slack's own before the tap counts."""
    button = pieces.button("Erase everything", Action.FORGET_NOW, danger=True)
    button["confirm"] = {
        "title": pieces.plain("Erase everything?", 100),
        "text": pieces.plain(settings.FORGET_MEANING, 300),
        "confirm": pieces.plain("Erase everything", 30),
        "deny": pieces.plain("Keep it", 30),
        "style": "danger",
    }
    return button
