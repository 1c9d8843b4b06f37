"""Every line of the card explained: formula, inputs, thresholds, sources with dates, rule versions (P11).

Asked for by `/ai-stats why` and the button "Why?". Next: `bot/views/home.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from bot.domain.adoption import Standing
from bot.domain.scorecard import STILL_THERE_DAYS, DaysOfUse, Scorecard
from bot.domain.waste.finding import Ledger, NotJudged
from bot.domain.waste.ledger import CountedFinding
from bot.views import pieces, rules, scorecard
from bot.views.message import Message, compose
from bot.views.pieces import Block

FIRST_LINE = "How Kindling reckoned your card. Nobody else can see it."

_MOST_FINDINGS = 6
_MOST_EVIDENCE_LINES = 14
_DAYS_A_WEEK = 7
_LEDGER_WORDS = {
    Ledger.WASTED: "bought nothing",
    Ledger.OPTIMIZABLE: "could have been less",
    Ledger.EXPLORATION: "counts as exploring",
    Ledger.FRICTION: "cost patience and no money",
}


def message(
    card: Scorecard,
    *,
    standing: Standing | None,
    findings: Sequence[CountedFinding],
    not_judged: Sequence[NotJudged],
    today: date,
    silence: str | None = None,
) -> Message:
    """The explanation of one card, from what was stored when it was reckoned.

    `silence` says why no message came lately (`bot/views/silence.py`), None when nothing was withheld.
    """
    blocks = [
        pieces.section(_habit(card), "Habit"),
        pieces.section(_efficiency(card, today), "Efficiency"),
        *(_finding(finding, today) for finding in findings[:_MOST_FINDINGS]),
        *_silent_detectors(not_judged),
        pieces.section(_outcome(card), "Outcome"),
        pieces.section(
            "What you tapped under messages in these four weeks, as you said it. It is never turned into money.",
            "Value",
        ),
        pieces.section(_sources(card, today), "Where it comes from"),
        *(_standing(standing, today) if standing is not None else []),
        *([pieces.words(f"Why no message came lately\n{silence}")] if silence is not None else []),
        pieces.small_print(f"Rule {card.rule_version}. {pieces.days(card.first_day, card.last_day, today)}."),
    ]
    return compose(FIRST_LINE, blocks)


def _habit(card: Scorecard) -> str:
    weeks = "\n".join(
        f"`{pieces.bar(used, _DAYS_A_WEEK)}` {pieces.count(used, 'day')}" for used in card.days_used_by_week
    )
    return (
        f"{scorecard.habit_words(card.habit)}\n"
        "Working days on which any tool was used, out of your working days (without weekends, public holidays and "
        f"leave): {_fraction(card.habit.now)}; the four weeks before: {_fraction(card.habit.before)}. "
        "A working day without use counts as such only when every tool you could have used was covered. "
        "How much was used on a day does not count.\n"
        f"Days with use in each of the last 12 weeks, oldest first:\n{weeks}"
    )


def _fraction(days: DaysOfUse) -> str:
    seen = f", {days.unseen_days} not visible to me" if days.unseen_days else ""
    return f"{days.used_days} of {days.working_days}{seen}"


def _efficiency(card: Scorecard, today: date) -> str:
    return (
        f"{scorecard.efficiency_words(card.efficiency, today)}\n"
        "All of it = what the sources billed or, without a bill, list price, plus your seats for 28 days. "
        "Each dollar stands in one place at most. The first 60 days of use are exploring; after that the larger of $50 "
        "and 20 % of the sum stays exploring. What is left over was simply used."
    )


def _finding(finding: CountedFinding, today: date) -> Block:
    pattern = rules.pattern(finding.detector)
    lines = [
        f"{pattern.name} ({finding.detector}, {pieces.tool_name(finding.tool)}): {_amount(finding)}",
        pattern.rule,
        f"It may be quite right: {pieces.quiet(finding.innocent_reason, 200)}" if finding.innocent_reason else "",
        f"Seen {pieces.count(finding.occurrences, 'time')}",
        f"Confidence {finding.confidence:.0%}, rule {finding.rule_version}",
        *list(rules.evidence_lines(finding.evidence, today))[:_MOST_EVIDENCE_LINES],
    ]
    return pieces.words("\n".join(line for line in lines if line))


def _amount(finding: CountedFinding) -> str:
    what = _LEDGER_WORDS[finding.ledger]
    if finding.counted_microusd is None:
        return f"{what}; the amount is not known"
    said = f"{pieces.about(finding.counted_microusd)} {what}"
    if finding.low_microusd is None or finding.high_microusd is None:
        return said
    return f"{said} (estimate: {pieces.dollar_range(finding.low_microusd, finding.high_microusd)})"


def _silent_detectors(not_judged: Sequence[NotJudged]) -> Iterator[Block]:
    if not_judged:
        reasons = [
            f"{rules.pattern(silent.detector).name}: {pieces.quiet(silent.reason, 160)}" for silent in not_judged
        ]
        yield pieces.words("Not judged, for want of data\n" + "\n".join(reasons))


def _outcome(card: Scorecard) -> str:
    if card.outcome is None:
        return scorecard.outcome_words(None)
    return (
        f"{scorecard.outcome_words(card.outcome)}\n"
        f"Still there = merged at least {STILL_THERE_DAYS} days ago and not taken back within {STILL_THERE_DAYS} days. "
        "Cost of a merged change = all of the money / merged changes; it is left out when any part of the money or any "
        "working day is not visible."
    )


def _sources(card: Scorecard, today: date) -> str:
    gaps = {unknown.tool: unknown for unknown in card.unknowns}
    lines = []
    for tool in card.tools:
        sources = pieces.listing([pieces.source_name(source) for source in card.sources.get(tool, ())])
        gap = gaps.get(tool)
        if gap is not None:
            lines.append(f"Not in full: {scorecard.gap_words(gap, today)}")
        else:
            lines.append(f"{pieces.tool_name(tool)}: {sources}, every working day")
    return "\n".join(lines) or scorecard.unknown_words(card, today)


def _standing(standing: Standing, today: date) -> Iterator[Block]:
    """Why there may or may not be a message: the rule that matched, not a level anybody has reached."""
    lines = [
        "Which messages may fit",
        rules.STATES[standing.state],
        *list(rules.evidence_lines(standing.evidence, today))[:_MOST_EVIDENCE_LINES],
        f"Rule {standing.rule_version}, judged up to {pieces.day(standing.last_day, today)}",
    ]
    yield pieces.words("\n".join(lines))
