"""Why no message came, said to the one who heard nothing (P11). Part of `bot/views/why.py`."""

from __future__ import annotations

from datetime import date

from bot.domain.nudging import Silence
from bot.views import pieces

WORDS: dict[Silence, str] = {
    Silence.KILL_SWITCH: "Messages are switched off for everybody here.",
    Silence.STOPPED: "You stopped these messages. Resume them whenever you like.",
    Silence.PAUSED: "You paused these messages. Resume them whenever you like.",
    Silence.SNOOZED: "You snoozed these messages; that ends by itself.",
    Silence.NO_SLACK_ACCOUNT: "I knew of no Slack account of yours that I may write to.",
    Silence.NOT_EMPLOYED: "By the roster, your work here has not begun or has ended.",
    Silence.NO_TIME_ZONE: "I do not know your time zone, so I cannot tell when a message would be welcome.",
    Silence.UNKNOWN: "I cannot see enough to say anything true, so I say nothing.",
    Silence.NOT_PROVISIONED: "I know of no seat of yours and have seen no use.",
    Silence.GRACE: "Your seat, or your start here, is too new; I leave you in peace.",
    Silence.SAID_NOT_RELEVANT: "What you told me explains it, so I keep quiet about it. App Home shows until when.",
    Silence.EXPLORING: "You are still exploring; what it costs is no subject in that time.",
    Silence.SHADOW: "I am new here. In my first two weeks I look at what things cost and write to nobody about it.",
    Silence.NOTHING_TO_SAY: "There was nothing useful to say.",
    Silence.ALREADY_PLANNED: "A message is already on its way.",
    Silence.PLAN_FIRST: "You made a plan. Until its one reminder, or until it is needless, nothing else comes.",
    Silence.WEEKLY_CAP: "You had a message within seven days; more would be too many.",
    Silence.FOUR_WEEK_CAP: "You had three messages within four weeks; more would be too many.",
    Silence.BACKING_OFF: "The last message got no answer, so I wait longer before the next.",
    Silence.THREE_IGNORED: "Three messages in a row got no answer, so I stopped. Opening the card begins anew.",
    Silence.NO_TIP_LEFT: "I have no tip left that you have not had lately.",
    Silence.NO_FAIR_HOUR: "I found no working hour of yours within a week.",
    Silence.NO_LONGER_TRUE: "What was planned was no longer true when it was due, so it was not said.",
    Silence.EXPIRED: "What was planned came too late to be of use, so it was not said.",
    Silence.CAMPAIGN_STOPPED: "What was planned belonged to a round of messages that was ended, so it was not said.",
    Silence.HELD_OUT: "To learn whether messages help, I keep quiet about one thing for four weeks, drawn by lot.",
}


def words(reason: Silence, *, first_day: date, last_day: date, today: date) -> str:
    """One reason and the days on which it was the reason, in plain words."""
    when = pieces.day(last_day, today) if first_day == last_day else pieces.days(first_day, last_day, today)
    return f"{WORDS[reason]}\nThat was so on {when}."
