"""How a group's summary comes about, what is asked of `/ai-team`, and what was written down of it.

`handlers/ai_team.py` answers with these. Next: `bot/views/privacy.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.domain import team_summary as measures
from bot.domain.disclosure import Shown
from bot.domain.team_summary import Line, TeamSummary
from bot.views import pieces
from bot.views.message import Message, compose

FIRST_LINE = "How a summary from Kindling comes about."
HELP_FIRST_LINE = "How to use the summaries of Kindling."
AUDIT_FIRST_LINE = "What was written down of the summaries of Kindling."

_RULES = {
    "Where people stand": "Of those whose working days could be judged: in most weeks is at least 9 of the last 12; "
    "getting started is any use without that yet, and the first 14 days of a seat; no use lately is none ever, or none "
    "in the last 14 days and more after regular use. Days count, and never how much was asked on them.",
    "Cost, and what came of it": "Everybody's own figures of the 28 days added up: tokens, cost, and what the rules "
    "about waste put down as wasted or avoidable. Whoever left the team, or could not be seen for a while, goes on "
    "counting with their last known figure, so that no sum moves because of them. They stand here only when finished "
    "work can stand beside them, and are left out once tokens doubled since an earlier summary, until days of use, "
    "finished work or reported value rose as well.",
    "What people reported": "Of those who answered a check-in in these 28 days: which of three answers they gave.",
    "Patterns of cost": "Of those whose use could be judged: in whose 28 days a pattern of that kind was found. Kinds "
    "are wide, so that a rare pattern names nobody.",
    "What people say is in the way": "Of everybody: who told me so with one tap under a message, as long as it holds. "
    "Whether somebody answered is not told.",
}
_LEFT_OUT = (
    "A figure is left out when fewer people stand behind it than it needs (seven at the least, more for amounts and "
    "for what people said), when one or two people make up most of it, when too many of them came or went, when their "
    "days were not visible to me, or when it could be reckoned back from other figures. Which of these it was is not "
    "told, for that alone could be about somebody."
)
_USES = (
    ("", "a summary of everybody below you"),
    ("NAME", "of one team below you, by its name in the list of people"),
    ("help", "this page"),
)
_USES_OF_LEADS = (
    ("everybody", "of the whole company, for enablement leads"),
    ("audit", "what was opened and done lately, for enablement leads and operators"),
)
_ACTS = {
    "summary_opened": ("summary opened", "summaries opened"),
    "summary_explained": ("summary explained", "summaries explained"),
    "summary_sent": ("summary sent by itself", "summaries sent by themselves"),
    "audit_read": ("look at this list", "looks at this list"),
    "person_forgotten": ("person erased from the command line", "people erased from the command line"),
    "person_excluded": ("person left out for good", "people left out for good"),
    "person_included": ("person no longer left out", "people no longer left out"),
    "ids_listed": ("list of ids that are nobody's", "lists of ids that are nobody's"),
    "papers_written": ("set of papers written", "sets of papers written"),
    "file_imported": ("file imported", "files imported"),
    "tables_upgraded": ("upgrade of the database", "upgrades of the database"),
    "campaign_created": ("campaign planned", "campaigns planned"),
    "campaign_changed": ("plan of a campaign changed", "plans of campaigns changed"),
    "approval_asked": ("campaign handed to a second lead", "campaigns handed to a second lead"),
    "campaign_approved": ("campaign approved", "campaigns approved"),
    "campaign_started": ("campaign started", "campaigns started"),
    "campaign_paused": ("campaign paused", "campaigns paused"),
    "campaign_resumed": ("campaign resumed", "campaigns resumed"),
    "campaign_stopped": ("campaign stopped", "campaigns stopped"),
    "tip_changed": ("tip written, changed or ended", "tips written, changed or ended"),
    "all_halted": ("stop of everything that is sent", "stops of everything that is sent"),
    "all_resumed": ("end of such a stop", "ends of such a stop"),
    "audience_counted": ("audience counted", "audiences counted"),
    "result_opened": ("result of a campaign opened", "results of campaigns opened"),
}
_MOST_DAYS = 40


def message(summary: TeamSummary, *, days: tuple[date, date], rule_version: str, today: date) -> Message:
    """Rule, days and version behind each part, which figures stand in it, and what may leave one out (P11)."""
    lines: Mapping[str, tuple[Line, ...]] = {
        "Where people stand": summary.adoption,
        "Cost, and what came of it": (*summary.four, *summary.output),
        "What people reported": summary.reported,
        "Patterns of cost": summary.waste,
        "What people say is in the way": summary.barriers,
    }
    return compose(
        FIRST_LINE,
        [
            pieces.section(
                f"It tells about {pieces.days(*days, today)}, was worked out once when these 28 days were over, and is "
                f"frozen. Rule {rule_version}."
            ),
            *(pieces.section(f"{_RULES[title]}\n{_told(of)}", title) for title, of in lines.items()),
            pieces.section(_LEFT_OUT, "Why something is left out"),
        ],
    )


def help_(*, command: str) -> Message:
    """The usage. `command` is the command's name here."""
    lines = "\n".join(f"`{f'{command} {word}'.strip()}`  {what}" for word, what in (*_USES, *_USES_OF_LEADS))
    small = "Every answer is for you alone. There are no lists of people and no filters: nobody can be singled out."
    return compose(HELP_FIRST_LINE, [pieces.section(lines), pieces.small_print(small)])


def audit(done: Sequence[tuple[date, str, str, int]], *, days: int, today: date) -> Message:
    """What was shown and done in the last `days` days: day, role, act, how often. No names, no groups, no figures."""
    said = [f"{pieces.day(day, today)}: {pieces.count(times, *_ACTS[act])} ({role})" for day, role, act, times in done]
    text = "\n".join(said[:_MOST_DAYS]) or "Nothing."
    return compose(AUDIT_FIRST_LINE, [pieces.section(text, f"The last {days} days, by role")])


def _told(lines: Sequence[Line]) -> str:
    shown = [_NAMES[line.measure] for line in lines if isinstance(line.cell, Shown)]
    left_out = [_NAMES[line.measure] for line in lines if not isinstance(line.cell, Shown)]
    parts = ("Told", shown), ("Left out", left_out)
    return " ".join(f"{word}: {pieces.listing(names)}." for word, names in parts if names)


_NAMES = {
    measures.USES_REGULARLY: "use in most weeks",
    measures.GETTING_STARTED: "getting started",
    measures.NOT_IN_USE: "no use lately",
    measures.NOT_VISIBLE: "not visible",
    measures.TOKENS: "tokens",
    measures.SPEND: "cost",
    measures.OPTIMIZABLE: "avoidable",
    measures.WASTED: "wasted",
    measures.MERGED: "merged changes",
    measures.STILL_THERE: "merged in the first two weeks and still there",
    measures.ACTIVE_DAYS: "days with use",
    measures.CLEARLY: "clearly",
    measures.SOMEWHAT: "somewhat",
    measures.NOT_REALLY: "not really",
    measures.SEATS: "seats",
    measures.LOOPS: "failing again",
    measures.MODELS: "dearer models",
    measures.CONTEXT: "long conversations",
    measures.CHANGES: "changes",
    measures.NO_ACCESS: "no access",
    measures.OTHER_TOOL: "another tool",
    measures.NOT_MY_WORK: "not their work",
    measures.NOT_ALLOWED: "not allowed",
    measures.ON_LEAVE: "away",
    measures.WAS_MEANT: "meant",
}
"""What each measure is called where it is only named."""
