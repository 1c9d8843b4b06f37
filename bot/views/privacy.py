"""What is held about a person, for how long, who can see it, what is never looked at, who set this up.

`handlers/` answers `/ai-stats privacy` and "What do you hold about me?" with it. Next: `bot/views/settings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.people import KEPT_AFTER_LEAVING_DAYS
from bot.views import pieces
from bot.views.ids import Action
from bot.views.message import Message, compose

FIRST_LINE = "What Kindling holds about you."

KINDS: dict[str, tuple[str, str]] = {
    "person": ("entry about you (team, time zone, role)", "entries about you (team, time zone, role)"),
    "identity": ("name by which a source knows you", "names by which sources know you"),
    "team_stay": ("time in a team or below a manager", "times in teams or below managers"),
    "seat": ("seat", "seats"),
    "calendar_day": ("day of leave", "days of leave"),
    "usage_day": ("daily count of use", "daily counts of use"),
    "session_facts": ("count of one session", "counts of single sessions"),
    "open_session": ("session that is still being counted", "sessions that are still being counted"),
    "pushed_series": ("running total of a tool", "running totals of tools"),
    "covered_person": ("note that a source covers you", "notes that a source covers you"),
    "outcome": ("piece of finished work", "pieces of finished work"),
    "state": ("note on your recent weeks", "notes on your recent weeks"),
    "finding": ("pattern seen in your use", "patterns seen in your use"),
    "basis": ("set of figures behind a note or a pattern", "sets of figures behind notes and patterns"),
    "silence": ("reason why I did not write", "reasons why I did not write"),
    "check_in": ("answer of yours to a check-in", "answers of yours to check-ins"),
    "follow_up": ("second look after a tip", "second looks after tips"),
    "meant_pattern": ("pattern that you said was meant", "patterns that you said were meant"),
    "if_then_plan": ("if-then plan of yours", "if-then plans of yours"),
    "pair_volunteer": ("offer of yours to show a colleague something", "offers of yours to show a colleague something"),
    "pair_request": ("request of yours for a colleague's time", "requests of yours for a colleague's time"),
    "preference": ("record of your choices about messages", "records of your choices about messages"),
    "digest_wish": ("wish for each new summary of your team", "wishes for each new summary of your team"),
    "digest": ("note that a team's summary was sent to you", "notes that a team's summary was sent to you"),
    "nudge": ("message sent or planned", "messages sent or planned"),
    "team_group": ("key of a group that you manage", "keys of groups that you manage"),
    "team_person": (
        "group in which you were when it was last summed up",
        "groups in which you were when last summed up",
    ),
    "snapshot_member": ("summary of a group that counted you", "summaries of groups that counted you"),
    "summary_block_member": ("set of people with whom you are counted", "sets of people with whom you are counted"),
    "campaign_member": ("round of messages that counted you", "rounds of messages that counted you"),
    "summary_figure": ("figure of yours in the sums of your groups", "figures of yours in the sums of your groups"),
    "nudge_step": ("note on its way to you", "notes on its way to you"),
}
"""What a row of each table is called when it is counted for the person it is about."""


_MOST_RECEIPTS = 6
_ROLES = {"manager": "a manager", "lead": "an enablement lead"}


@dataclass(frozen=True)
class Receipt:
    """A summary that counted the person: made on which Monday, of whom, and how often it was seen, by role."""

    week: date
    label: str | None
    everybody: bool
    opened: Mapping[str, int]


def message(
    *,
    held: Mapping[str, int],
    receipts: Sequence[Receipt],
    retention_days: int,
    introduced_by: str,
    sources: Sequence[str],
    today: date,
) -> Message:
    """The page on privacy. `held` maps table names to this person's rows; `sources` names the sources set up here.

    `receipts` are the summaries of groups that counted them, the newest first.
    """
    return compose(
        FIRST_LINE,
        [
            pieces.section(_held(held), "What I hold about you"),
            pieces.section(
                f"Counts, and what I concluded from them, are deleted after {pieces.count(retention_days, 'day')}. "
                "Your seat, your place in the company and your choices stay until you erase them. "
                f"{pieces.count(KEPT_AFTER_LEAVING_DAYS, 'day')} after your last day here everything is erased.",
                "For how long",
            ),
            pieces.section(
                "You, in Slack. No command, message or screen of mine shows it to anybody else: not to your manager, "
                "and not to whoever set me up. Managers read summaries of groups in which nobody can be singled out. "
                "The people who run the database could look into it; I cannot prevent that.",
                "Who can see it",
            ),
            pieces.section(_counted(receipts, today), "Summaries that counted you"),
            pieces.section(
                "Your prompts, answers, code and files. The time of day at which you used a tool, and for how long. "
                "How you compare with anybody else. What you tell me about time saved I keep as you said it, and never "
                "turn into money.",
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
    counted = [pieces.count(held[kind], *said) for kind, said in KINDS.items() if held.get(kind)]
    return f"{pieces.listing(counted)}." if counted else "Nothing."


def _counted(receipts: Sequence[Receipt], today: date) -> str:
    if not receipts:
        return "None so far."
    lines = [f"{_of(one, today)}: {_seen(one.opened)}." for one in receipts[:_MOST_RECEIPTS]]
    more = len(receipts) - len(lines)
    return "\n".join([*lines, *([f"{pieces.count(more, 'earlier one')}, in the export."] if more else [])])


def _of(receipt: Receipt, today: date) -> str:
    of = (
        "everybody here" if receipt.everybody else f"“{pieces.quiet(receipt.label)}”" if receipt.label else "your group"
    )
    return f"{pieces.day(receipt.week, today)}, of {of}"


def _seen(opened: Mapping[str, int]) -> str:
    by = [f"{_ROLES.get(role, role)} {_times(times)}" for role, times in sorted(opened.items())]
    return f"seen by {pieces.listing(by)}" if by else "not seen by anybody"


def _times(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def _set_up(introduced_by: str, sources: Sequence[str]) -> str:
    names = pieces.listing([pieces.source_name(source) for source in sources])
    where = f"I read counts from {names}." if names else "No source is connected; what I know came in files."
    return f"{pieces.quiet(introduced_by, 120)}. {where}"
