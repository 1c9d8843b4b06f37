"""Where answers go when the usual way is closed: still to the one who asked, and to nobody else."""

from __future__ import annotations

from bot.playground.cast import ADA, CHIDI
from bot.views import settings
from handlers.who import Asked, View
from tests.handlers.office import Office


def test_void_response_url_leads_to_the_own_messages(at_work: Office) -> None:
    """An answer that comes after the address ran out is said in the app's own messages with that person."""
    seen = len(at_work.slack.journal.entries())
    void = f"{at_work.slack.page_url}response/ran-out"

    Asked(at_work.desk, ADA.slack_id, response_url=void).say(settings.kept())

    shown = at_work.slack.journal.entries()[seen:]
    assert [(ADA.slack_id, "dm")] == [(entry.to, entry.surface) for entry in shown]


def test_late_trigger_leads_to_the_own_messages(at_work: Office) -> None:
    """A dialog that would open after Slack's three seconds is said in the app's own messages instead."""
    seen = len(at_work.slack.journal.entries())
    home = View("V1", is_home=True)

    Asked(at_work.desk, CHIDI.slack_id, view=home, trigger_id="1.2.late").replace(settings.kept())

    shown = at_work.slack.journal.entries()[seen:]
    assert [(CHIDI.slack_id, "dm")] == [(entry.to, entry.surface) for entry in shown]
