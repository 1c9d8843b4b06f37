"""The card: four quadrants of equal weight in words, what is not visible, and three ways on.

`handlers/ai_stats.py` answers with `message`; App Home shows the same `quadrants`. Next: `bot/views/why.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.domain.outcomes import OutcomeKind
from bot.domain.results import STILL_THERE_DAYS, Outcome
from bot.domain.scorecard import Efficiency, Habit, Scorecard
from bot.domain.sight import DaysOfUse, Gap, Unknown
from bot.domain.tips import Facts, Tip
from bot.domain.value import Direction, Reported, Trend, Value
from bot.views import check_in, follow_up, pieces, results, told
from bot.views import tip as tip_views
from bot.views.ids import Action
from bot.views.message import Message, compose
from bot.views.pieces import Block

FIRST_LINE = "Your card from Kindling. Nobody else can see it."

NO_TOOL = "no tool of yours yet, that I know of"
ONLY_EMPTY = "only requests without an answer, or without you"
_NOT_VISIBLE = "not visible to me"
_LESS = "could have been less"
_MOST_REPORTS = 3

_WORK = {
    OutcomeKind.PR_MERGED: ("change merged", "changes merged"),
    OutcomeKind.TICKET_DONE: ("ticket done", "tickets done"),
    OutcomeKind.DOCUMENT: ("document", "documents"),
    OutcomeKind.PR_CLOSED: ("change closed without merging", "changes closed without merging"),
    OutcomeKind.PR_REVERTED: ("earlier change taken back", "earlier changes taken back"),
    OutcomeKind.DEPLOYED: ("release", "releases"),
}
_NONE = {
    OutcomeKind.PR_MERGED: "No merged change",
    OutcomeKind.TICKET_DONE: "No finished ticket",
    OutcomeKind.DOCUMENT: "No document",
}
_REPORTED = {
    Direction.MORE: "Lately you report more than at first",
    Direction.SAME: "Lately you report much the same as at first",
    Direction.LESS: "Lately you report less than at first",
}
_USE_BENEATH = {
    Direction.MORE: "with more days of use",
    Direction.SAME: "from about as many days of use",
    Direction.LESS: "from fewer days of use",
    None: "and some of the days of use were not visible to me",
}


def message(card: Scorecard, *, today: date, has_tip: bool) -> Message:
    """The whole card as an ephemeral answer. `has_tip` says whether there is one thing to try."""
    return compose(FIRST_LINE, [*quadrants(card, today=today), ways_on(has_tip=has_tip)])


def quadrants(card: Scorecard, *, today: date) -> list[Block]:
    """Period, four sections of the same kind, and what is not visible."""
    return [
        pieces.small_print(f"{pieces.days(card.first_day, card.last_day, today)}, beside the four weeks before."),
        pieces.section(habit_words(card.habit), "Habit"),
        pieces.section(efficiency_words(card.efficiency, today), "Efficiency"),
        pieces.section("\n".join([outcome_words(card.outcome), *results.lines(card.results)]), "Outcome"),
        pieces.section(value_words(card.value, today), "Value"),
        pieces.small_print(unknown_words(card, today)),
        *told.on_the_card(card.told, card.meant, today),
    ]


def ways_on(*, has_tip: bool, weeks_are_here: bool = False) -> Block:
    """The buttons under the card. On App Home the weeks stand on the page already."""
    weeks = [] if weeks_are_here else [pieces.button("12 weeks as a picture", Action.WEEKS)]
    one_thing = [pieces.button("One thing to try", Action.ONE_THING)] if has_tip else []
    return pieces.row(
        pieces.button("Why?", Action.WHY_CARD),
        *weeks,
        *one_thing,
        pieces.button("What do you hold about me?", Action.WHAT_IS_HELD),
    )


def one_thing(tip: Tip | None, facts: Facts) -> Message:
    """The one thing to try that goes with the card, or that there is none."""
    if tip is None:
        return compose(FIRST_LINE, [pieces.section("There is nothing I would suggest just now. That is fine.")])
    return tip_views.on_the_card(tip=tip, facts=facts)


# ---------------------------------------------------------------- the four, in words


def habit_words(habit: Habit) -> str:
    """Days with use. A day on which nothing could be seen is not called a day without use (P12)."""
    now, before = days_words(habit.now), days_words(habit.before)
    if (now, before) == (_NOT_VISIBLE, _NOT_VISIBLE):
        return "Not visible to me, these four weeks or the four before."
    return f"{now[0].upper()}{now[1:]}.\nThe four weeks before: {before}."


def efficiency_words(efficiency: Efficiency, today: date, *, suggested: str = 'under "Why?"') -> str:
    """The money with its three parts on one line, the meter reading below: together (P4), none with a verdict (P3).

    `suggested` says where a suggestion can be read.
    """
    money = " ".join(_money(efficiency, suggested))
    below = " ".join(_below_the_money(efficiency, today))
    looks = follow_up.lines(efficiency.follow_ups, today)
    return "\n".join(line for line in (money, below, *looks) if line)


def outcome_words(outcome: Outcome | None) -> str:
    """Finished work beside one's own past, or that none is visible."""
    if outcome is None:
        return (
            "No finished work of yours is visible to me: no merged change, ticket or document. So what came of it all "
            "is missing here. That says nothing about your work."
        )
    others = [
        pieces.count(outcome.counts[kind], *said)
        for kind, said in _WORK.items()
        if outcome.counts.get(kind) and kind is not outcome.unit
    ]
    lines = [_unit(outcome)] if outcome.unit is not None or not others else []
    if others:
        lines.append(f"{'Also ' if lines else ''}{pieces.listing(others)}.")
    if outcome.unit is OutcomeKind.PR_MERGED:
        lines[1:1] = _became(outcome)
    else:
        lines += _became(outcome)
    return " ".join(lines)


def value_words(value: Value, today: date) -> str:
    """What the person reported, beside the use that was seen then; nothing is asked of those who reported nothing."""
    parts = []
    if value.tips_helpful:
        parts.append(f"{pieces.count(value.tips_helpful, 'tip')} helped")
    if value.tips_not_helpful:
        parts.append(f"{pieces.count(value.tips_not_helpful, 'tip')} did not")
    tips = [f"You told me that {pieces.listing(parts)}."] if parts else []
    if not value.reported:
        return tips[0] if tips else "You have not said whether anything helped, and you need not."
    reports = [_report(one, today) for one in value.reported[-_MOST_REPORTS:]]
    heading = "As you reported it, beside the two weeks before:"
    direction = [] if value.trend is None else [trend_words(value.trend)]
    return "\n".join([heading, *reports, *direction, check_in.CAVEAT, *tips])


def trend_words(trend: Trend) -> str:
    """Whether more was reported from the same use, as it was reported; no amount, and no reason (P5)."""
    return f"{_REPORTED[trend.reported]}, {_USE_BENEATH[trend.used]}."


def unknown_words(card: Scorecard, today: date) -> str:
    """What the card cannot know, tool by tool, with the day that the data reach."""
    if not card.tools:
        return "I know of no seat of yours and have seen no use of any tool."
    if not card.unknowns:
        tools = pieces.listing([pieces.tool_name(tool) for tool in card.tools])
        return f"{tools}: every working day up to {pieces.day(card.last_day, today)} was visible to me."
    in_part = [unknown for unknown in card.unknowns if unknown.gap is Gap.ONLY_USE]
    hidden = [unknown for unknown in card.unknowns if unknown.gap is not Gap.ONLY_USE]
    said = []
    if hidden:
        said.append(f"*Not visible to me:* {'; '.join(gap_words(unknown, today) for unknown in hidden)}.")
    if in_part:
        said.append(f"*Visible in part:* {'; '.join(gap_words(unknown, today) for unknown in in_part)}.")
    return "\n".join(said)


def gap_words(unknown: Unknown, today: date) -> str:
    """One tool that cannot be seen in full: which, why, and up to when it was."""
    name = pieces.tool_name(unknown.tool)
    if unknown.gap is Gap.ONLY_USE:
        return f"{name} (I saw use of it, but cannot tell days without use from days that I did not see)"
    if unknown.reach is None:
        return f"{name} (no source covers it for you)"
    if unknown.gap is Gap.NOT_CONNECTED:
        return f"{name} (no source has covered it for you since {pieces.day(unknown.reach, today)})"
    if unknown.gap is Gap.ENDS_EARLY:
        return f"{name} after {pieces.day(unknown.reach, today)} (the source has not finished later days)"
    return f"{name} on some days (the source did not finish them; it reaches to {pieces.day(unknown.reach, today)})"


# ---------------------------------------------------------------- parts of sentences


def _report(one: Reported, today: date) -> str:
    when = pieces.day(one.check_in.answered_on, today)
    return f"{when}: {check_in.said(one.check_in)} · {days_words(one.days)}"


def days_words(days: DaysOfUse) -> str:
    """Working days with use, and how many could not be seen: "used on 3 of 5 working days"."""
    working = days.working_days - days.toolless_days
    if days.working_days == 0:
        said = "no working days"
    elif working == 0 and not days.days_off_used:
        return NO_TOOL
    elif days.unseen_days == 0 and days.used_days == 0 and not days.empty_days:
        said = f"no use seen on {pieces.count(working, 'working day')}"
    elif days.unseen_days == 0:
        said = f"used on {days.used_days} of {pieces.count(working, 'working day')}"
    elif days.used_days == 0 and days.unseen_days == working and not days.empty_days:
        said = _NOT_VISIBLE
    elif days.used_days == 0 and not days.empty_days:
        looked_at = pieces.count(working - days.unseen_days, "working day")
        said = f"no use seen on {looked_at}, {days.unseen_days} more not visible to me"
    else:
        said = (
            f"use seen on {days.used_days} of {pieces.count(working, 'working day')}, "
            f"{days.unseen_days} not visible to me"
        )
    if days.toolless_days:
        said = f"{said} since you have had a tool"
    if days.days_off_used:
        said = f"{said}; {'also' if days.used_days else 'used'} on {pieces.count(days.days_off_used, 'day')} off"
    if days.empty_days:
        said = f"{said}; on {pieces.count(days.empty_days, 'day')} {ONLY_EMPTY}"
    return said


def _money(efficiency: Efficiency, suggested: str) -> Iterator[str]:
    """The sum, then its parts that there are, then those of which nothing was found: all of them, always (P4)."""
    ledgers = efficiency.ledgers
    if ledgers.spend_microusd is None:
        yield (
            "The cost is not visible to me, so I cannot say what could have been less, "
            "what bought nothing or what was exploring."
        )
        return
    spent = f"{pieces.dollars(ledgers.spend_microusd)} in all{_seats(efficiency)}"
    if efficiency.is_early:
        yield f"{spent}. It is too early to say what could have been less or what bought nothing."
    elif None in (ledgers.optimizable_microusd, ledgers.wasted_microusd, ledgers.exploration_microusd):
        yield (
            f"{spent}. Too little is visible to say what could have been less, what bought nothing or what was "
            "exploring."
        )
    else:
        yield from _parts(efficiency, spent)
        yield from _not_found(efficiency, suggested)
    if efficiency.some_unpriced:
        yield "Some use came without a price and is not in these sums."


def _parts(efficiency: Efficiency, spent: str) -> Iterator[str]:
    ledgers = efficiency.ledgers
    said = [f"{pieces.about(microusd)} {what}" for what, microusd in _named(efficiency).items() if microusd]
    if efficiency.exploring_until is not None:
        said.append(f"{'the rest' if said else 'all of it'} was exploring")
    elif ledgers.exploration_microusd:
        said.append(f"{pieces.about(ledgers.exploration_microusd)} was exploring")
    yield f"{': '.join([spent, ', '.join(said)]) if said else spent}."


def _not_found(efficiency: Efficiency, suggested: str) -> Iterator[str]:
    """The parts that hold nothing. That nothing was found is no praise, for not everything can be looked for."""
    empty = [what for what, microusd in _named(efficiency).items() if not microusd]
    if efficiency.exploring_until is not None:
        yield from [f"So nothing in it counts as what {pieces.listing(empty, 'or')}."] if empty else []
        return
    suggestion = efficiency.has_suggestion and _LESS in empty
    sought = [what for what in empty if not (suggestion and what == _LESS)]
    if sought:
        found = len(empty) < 2 or efficiency.ledgers.exploration_microusd
        nothing = "nothing else" if found else "nothing"
        yield f"I looked for what {pieces.listing(sought, 'or')}, and found {nothing} that I can check for."
    if suggestion:
        yield f"For what {_LESS} there is a suggestion {suggested}; it is in no sum."


def _named(efficiency: Efficiency) -> dict[str, int]:
    """The two parts that are looked for, exploring aside."""
    ledgers = efficiency.ledgers
    return {
        _LESS: ledgers.optimizable_microusd or 0,
        "bought nothing": ledgers.wasted_microusd or 0,
    }


def _seats(efficiency: Efficiency) -> str:
    """Whether the sum holds a seat; nothing is said of seats to somebody who has none."""
    if efficiency.seats_included is None:
        return ""
    return ", seats included" if efficiency.seats_included else ", without seats, whose price nobody told me"


def _below_the_money(efficiency: Efficiency, today: date) -> Iterator[str]:
    ledgers = efficiency.ledgers
    forgiven = efficiency.exploring_until is None and ledgers.exploration_microusd
    if ledgers.optimizable_microusd or ledgers.wasted_microusd or forgiven:
        yield "The parts are estimates, not a bill."
    if efficiency.has_idle_seat:
        yield "A seat without use may be exactly right for your work."
    if efficiency.tokens is not None:
        yield f"Meter reading: {pieces.big_number(efficiency.tokens)} tokens."
    if efficiency.exploring_until is not None:
        yield f"Until {pieces.day(efficiency.exploring_until, today)} everything counts as exploring."


def _unit(outcome: Outcome) -> str:
    """What they mostly finish, beside the four weeks before."""
    unit = outcome.unit
    if unit is None:
        return "No finished work that I know of."
    done, before = outcome.counts.get(unit, 0), outcome.counts_before.get(unit, 0)
    said = pieces.count(done, *_WORK[unit]) if done else f"{_NONE[unit]} that I know of"
    return f"{said} ({before} the four weeks before)."


def _became(outcome: Outcome) -> list[str]:
    """What became of the merged changes, as far as their time has come and a source follows them."""
    is_untold = outcome.taken_back > outcome.old_enough - outcome.still_there
    undone = [_taken_back(outcome)] if outcome.merged and is_untold else []
    stayed = [*undone, _stayed(outcome)] if outcome.old_enough else undone
    return [*stayed, _in_production(outcome)] if outcome.followed else stayed


def _taken_back(outcome: Outcome) -> str:
    """How many of the merged changes are undone; of those that had their 14 days, what is still there tells it."""
    undone, merged = outcome.taken_back, outcome.merged
    if merged == 1:
        return "It was taken back."
    whose = "of them" if outcome.unit is OutcomeKind.PR_MERGED else "of the merged changes"
    how_many = {merged: "Both" if merged == 2 else f"All {merged}"}.get(undone, str(undone))
    return f"{how_many} {whose} {'was' if undone == 1 else 'were'} taken back."


def _in_production(outcome: Outcome) -> str:
    followed, reached = outcome.followed, outcome.reached
    if followed == 1:
        return f"The one followed to production {'has arrived' if reached else 'has not arrived yet'}."
    arrived = {0: "none has", 1: "1 has", followed: "all have"}.get(reached, f"{reached} have")
    return f"Of {followed} followed to production, {arrived} arrived."


def _stayed(outcome: Outcome) -> str:
    """What became of the merged changes that had their 14 days."""
    old, there = outcome.old_enough, outcome.still_there
    if old == 1:
        became = "is still there" if there else "was taken back"
        return f"The one older than {STILL_THERE_DAYS} days {became}."
    if there == old:
        return f"{'Both' if old == 2 else f'All {old}'} older than {STILL_THERE_DAYS} days are still there."
    return f"Of {old} older than {STILL_THERE_DAYS} days, {there or 'none'} {'is' if there < 2 else 'are'} still there."
