"""What is held about a person, for how long, who can see it, what is never looked at, who set this up.

`handlers/` answers `/ai-stats privacy` and "What do you hold about me?" with it. Next: `bot/views/settings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.views import pieces
from bot.views.ids import Action
from bot.views.message import Message, compose

FIRST_LINE = "What Kindling holds about you."

KINDS: dict[str, tuple[str, str]] = {
    "identity": ("name that a source has for you", "names that sources have for you"),
    "person": ("entry with team, time zone and role", "entries with team, time zone and role"),
    "seat": ("seat", "seats"),
    "calendar_day": ("day of leave", "days of leave"),
    "usage_day": ("usage count for a day", "usage counts, each for a day"),
    "session_facts": ("count for an AI session", "counts for AI sessions"),
    "covered_person": ("note that a source covers you", "notes that a source covers you"),
    "outcome": ("piece of finished work", "pieces of finished work"),
    "state": ("stretch of judged weeks", "stretches of judged weeks"),
    "finding": ("pattern found in your use", "patterns found in your use"),
    "silence": ("reason why I was silent", "reasons why I was silent"),
    "preference": ("set of your choices about messages", "sets of your choices about messages"),
    "nudge": ("message, planned or sent", "messages, planned or sent"),
    "nudge_step": ("step of a message on its way", "steps of messages on their way"),
}
"""What a row of each table is called when it is counted for the person it is about."""


def message(*, held: Mapping[str, int], retention_days: int, introduced_by: str, sources: Sequence[str]) -> Message:
    """The page on privacy. `held` maps table names to this person's rows; `sources` names the sources set up here."""
    return compose(
        FIRST_LINE,
        [
            pieces.section(_held(held), "What I hold about you"),
            pieces.section(
                f"Days, sessions and what I concluded from them go after {pieces.count(retention_days, 'day')}. "
                "Seats, your place in the company and your choices stay until you erase them.",
                "For how long",
            ),
            pieces.section(
                "You, in Slack. No command, message or screen shows it to anybody else, also not to your manager or "
                "to whoever set me up. Those who run the database could open it; I have no screen for that.",
                "Who can see it",
            ),
            pieces.section(
                "Prompts, answers, code, files. At what time of day you used a tool, or for how long. "
                "A place among other people.",
                "What I never keep",
            ),
            pieces.section(_set_up(introduced_by, sources), "Who set this up"),
            pieces.row(
                pieces.button("Send me everything", Action.EXPORT),
                pieces.button("Erase everything", Action.FORGET),
                pieces.button("Stop these messages", Action.STOP),
            ),
        ],
    )


def _held(held: Mapping[str, int]) -> str:
    counted = [pieces.count(number, *KINDS[kind]) for kind, number in held.items() if number and kind in KINDS]
    return f"{', '.join(counted)}." if counted else "Nothing."


def _set_up(introduced_by: str, sources: Sequence[str]) -> str:
    names = pieces.listing([pieces.source_name(source) for source in sources])
    where = f"I read counts from {names}." if names else "No source is connected; what I know came in files."
    return f"{pieces.quiet(introduced_by, 120)}. {where}"
