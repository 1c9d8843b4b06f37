"""What is yours: the card, why it says so, what is held, the export, and erasing it.

Called by `handlers/ai_stats.py` and `handlers/buttons.py`, always for the one who asked. Next: `handlers/cards.py`.
"""

from __future__ import annotations

import contextlib
import json

from bot.domain.scorecard import not_judged
from bot.errors import SlackError
from bot.log import EventLog
from bot.store import counted, preferences, rights, silences
from bot.views import privacy as privacy_views
from bot.views import scorecard as card_views
from bot.views import settings, trouble
from bot.views import silence as silence_views
from bot.views import why as why_views
from bot.views.message import Message
from handlers import cards, home, picture
from handlers.themselves import number_of
from handlers.who import Asked

_log = EventLog("yours")


def card(asked: Asked, person_id: int) -> None:
    """The balanced card. Opening it counts as being heard from."""
    found = cards.load(asked.desk, person_id=person_id)
    today = cards.today_of(asked.desk.clock.now())
    asked.say(
        card_views.message(found.scorecard, today=today, has_tip=found.choice is not None)
        if found
        else trouble.not_in_roster()
    )
    _heard_from(asked, found)


def why(asked: Asked, person_id: int) -> None:
    """How each line of the card was reckoned."""
    found = cards.load(asked.desk, person_id=person_id)
    if found is None:
        asked.say(trouble.not_in_roster())
        return
    asked.say(
        why_views.message(
            found.scorecard,
            standing=found.numbers.standing,
            findings=found.numbers.findings,
            not_judged=not_judged(found.numbers, asked.desk.prices),
            today=cards.today_of(asked.desk.clock.now()),
            silence=_silence(asked, person_id),
        )
    )
    _heard_from(asked, found)


def weeks(asked: Asked, person_id: int) -> None:
    """The twelve weeks as a picture."""
    found = cards.load(asked.desk, person_id=person_id)
    if found is None:
        asked.say(trouble.not_in_roster())
    else:
        picture.show(asked, found.scorecard.weeks)
    _heard_from(asked, found)


def one_thing(asked: Asked, person_id: int) -> None:
    """The one thing to try that goes with the card."""
    found = cards.load(asked.desk, person_id=person_id)
    choice = found.choice if found else None
    asked.say(card_views.one_thing(choice.tip if choice else None, choice.facts if choice else {}))
    _heard_from(asked, found)


def privacy(asked: Asked) -> None:
    """What is held, for how long, who can see it; for somebody we do not know: nothing."""
    desk, person_id = asked.desk, number_of(asked)
    held: dict[str, int] = {}
    receipts: list[privacy_views.Receipt] = []
    if person_id is not None:
        with desk.store.read() as session:
            held = rights.held(session, person_id=person_id)
            found = counted.counted_me(session, person_id=person_id)
        receipts = [privacy_views.Receipt(one.week, one.label, one.everybody, one.opened) for one in found]
    asked.say(
        privacy_views.message(
            held=held,
            receipts=receipts,
            retention_days=desk.settings.retention_days,
            introduced_by=desk.settings.set_up_by,
            sources=[source.name for source in desk.settings.sources],
            today=cards.today_of(desk.clock.now()),
        )
    )


def export(asked: Asked, person_id: int) -> None:
    """Everything held, as a JSON file in the app's own messages with the person."""
    desk, now = asked.desk, asked.desk.clock.now()
    with desk.store.read() as session:
        document = rights.export(session, person_id=person_id, now=now)
    asked.say(settings.export_on_its_way())
    content = json.dumps(document, indent=2, ensure_ascii=False).encode()
    channel = desk.slack.open_dm(asked.slack_user_id)
    filename = f"kindling-{now.date().isoformat()}.json"
    desk.slack.send_file(channel, filename=filename, content=content, title="Everything Kindling holds about you")


def ask_before_forgetting(asked: Asked, _person_id: int) -> None:
    """Asked once, with what it means."""
    asked.say(settings.forget_question())


def forget(asked: Asked, person_id: int) -> None:
    """Erase every row, and the card on App Home with it."""
    with asked.desk.store.begin() as session:
        erased = rights.forget(session, person_id=person_id)
    _erased(asked, settings.forgotten(row_count=sum(erased.values())))


def leave_out(asked: Asked, person_id: int) -> None:
    """Erase every row, and keep nothing from now on, though the roster goes on listing them (GDPR 21)."""
    with asked.desk.store.begin() as session:
        rights.leave_out(session, person_id=person_id)
    _erased(asked, settings.left_out())


def _erased(asked: Asked, message: Message) -> None:
    asked.replace(message)
    if not asked.desk.store.wipe_deleted():
        _log.warning("forget.file_in_use")  # the weekly tidying does it
    with contextlib.suppress(SlackError):  # the next opening of App Home clears it too
        home.clear(asked)


def _silence(asked: Asked, person_id: int) -> str | None:
    """Why this person heard nothing when messages were last decided; None when one was planned."""
    today = cards.today_of(asked.desk.clock.now())
    with asked.desk.store.read() as session:
        stretch = silences.current(session, person_ids=[person_id]).get(person_id)
    if stretch is None or (today - stretch.last_day).days > 1:
        return None
    return silence_views.words(stretch.reason, first_day=stretch.first_day, last_day=stretch.last_day, today=today)


def _heard_from(asked: Asked, found: cards.Card | None) -> None:
    """Noted after the answer, which must not wait for whoever is writing just now."""
    if found is None:
        return
    with asked.desk.store.begin() as session:
        preferences.heard_from(session, person_id=found.numbers.person.person_id, now=asked.desk.clock.now())
