"""Every line of the card explained: how it comes about, from which inputs, sources and days, by which rule (P11).

Asked for by `/ai-stats why` and the button "Why?". Next: `bot/views/home.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.domain import value
from bot.domain.adoption import Standing
from bot.domain.scorecard import Scorecard
from bot.domain.told import Pattern as Meant
from bot.domain.value import Trend
from bot.domain.waste.finding import Ledger, NotJudged
from bot.domain.waste.ledger import CountedFinding
from bot.views import check_in, follow_up, pieces, results, rules, scorecard, told, weeks
from bot.views.message import Message, compose
from bot.views.patterns import NOT_LOOKED_FOR
from bot.views.pieces import Block

FIRST_LINE = "How your card from Kindling comes about. Nobody else can see it."

_MOST_FINDINGS = 6
_MOST_EVIDENCE_LINES = 20
_HOW_DAYS_COUNT = (
    "A working day counts when any tool was used on it and something came back to you, as far as the tool tells. "
    "Weekends, public holidays and leave are left out, and how much was used makes no difference. A day without use is "
    "called one only when every tool you could have used was visible to me."
)
_MEANT = "simply used, because you told me that this was meant"
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
    """The explanation of one card, from what was stored when it was worked out.

    `silence` says why no message came lately (`bot/views/silence.py`), None when nothing was withheld.
    """
    blocks = [
        pieces.section(_habit(card), "Habit"),
        pieces.section(_efficiency(card, today), "Efficiency"),
        *(block for finding in findings[:_MOST_FINDINGS] for block in _finding(finding, card.meant, today)),
        *_second_looks(card, today),
        *_silent_detectors(not_judged),
        pieces.section(_outcome(card), "Outcome"),
        pieces.section(_value(card, today), "Value"),
        pieces.section(weeks.explained(card.weeks, today), "Twelve weeks"),
        pieces.section(_sources(card, today), "Where it comes from"),
        *(_standing(standing, today) if standing is not None else []),
        *_told(card, today),
        *([pieces.section(silence, "Why no message came lately")] if silence is not None else []),
        pieces.small_print(f"{pieces.days(card.first_day, card.last_day, today)}, rule {card.rule_version}."),
    ]
    return compose(FIRST_LINE, blocks)


def _habit(card: Scorecard) -> str:
    return f"{scorecard.habit_words(card.habit)}\n{_HOW_DAYS_COUNT}"


def _efficiency(card: Scorecard, today: date) -> str:
    return (
        f"{scorecard.efficiency_words(replace(card.efficiency, follow_ups=()), today, suggested='below')}\n"
        "The sum is what your tools billed (list price where there is no bill) and your seats for these 28 days. "
        "A dollar stands in one place only. In your first 60 days of use everything is exploring; after that, $50 of "
        "what I find is, and of what your use cost $50 or a fifth, whichever is more, is never called wasted or to be "
        "had for less. What is in none of the three was simply used. The meter reading is all tokens together: read, "
        "kept in the cache, read from it, and written."
    )


def _finding(finding: CountedFinding, meant: Mapping[Meant, date], today: date) -> Iterator[Block]:
    """What was found; of what the person said was meant, that it counts as simply used, as it does on the card."""
    pattern = rules.pattern(finding.detector)
    is_meant = (finding.detector, finding.tool) in meant
    innocent = "" if is_meant else pieces.quiet(finding.innocent_reason, 200)
    lines = [
        f"{pieces.tool_name(finding.tool)}: {_MEANT if is_meant else _amount(finding)}.",
        f"It may be quite right. {innocent}" if innocent else "",
        pattern.rule,
    ]
    yield pieces.section("\n".join(line for line in lines if line), pattern.name)
    yield _inputs(
        finding.evidence,
        today,
        f"Seen {pieces.count(finding.occurrences, 'time')}; I am {finding.confidence * 100:.0f} % sure; "
        f"rule {pieces.quiet(finding.rule_version)}.",
    )


def _inputs(evidence: Mapping[str, object], today: date, closing: str) -> Block:
    lines = list(rules.evidence_lines(evidence, today))[:_MOST_EVIDENCE_LINES]
    looked_at = "; ".join(lines)
    return pieces.small_print(
        f"What I looked at. {looked_at[0].upper()}{looked_at[1:]}. {closing}" if looked_at else closing
    )


def _amount(finding: CountedFinding) -> str:
    what = _LEDGER_WORDS[finding.ledger]
    if finding.high_microusd == 0:
        return "what this cost is spoken of under another pattern already"
    if finding.counted_microusd is None:
        return f"{what}; the amount is not known"
    if finding.is_suggestion:
        estimate = pieces.dollar_range(finding.low_microusd or 0, finding.high_microusd or 0)
        return f"{estimate} {what}, as a suggestion: it is in none of the sums above"
    counted = pieces.about(finding.counted_microusd)
    if finding.low_microusd is None or finding.high_microusd is None:
        return f"{counted} {what}"
    estimate = pieces.dollar_range(finding.low_microusd, finding.high_microusd)
    return f"{counted} {what}" if estimate == counted else f"{counted} {what} (estimate: {estimate})"


def _second_looks(card: Scorecard, today: date) -> Iterator[Block]:
    """How the lines "since the tip" came about."""
    lines = list(follow_up.explained(card.efficiency.follow_ups, today))
    if lines:
        yield pieces.section("\n".join(lines), "Looked at again after a tip")


def _told(card: Scorecard, today: date) -> Iterator[Block]:
    """What the person told us, and what follows."""
    said = told.words(card.told, card.meant, today)
    if said:
        yield pieces.section(f"{said}\nApp Home has the choice to take it back.", "What you told me")


def _silent_detectors(not_judged: Sequence[NotJudged]) -> Iterator[Block]:
    """What could not be looked for, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for silent in not_judged:
        by_reason.setdefault(rules.in_words(silent.reason), []).append(rules.pattern(silent.detector).name)
    for nowhere in NOT_LOOKED_FOR.values():
        by_reason.setdefault(nowhere.rule, []).append(nowhere.name)
    lines = [f"{_joined(names)}. The reason: {reason}." for reason, names in by_reason.items()]
    yield pieces.section("\n".join(lines), "What I could not look for")


def _joined(names: Sequence[str]) -> str:
    """Names of patterns as one line: only the first keeps its capital."""
    return "; ".join([*names[:1], *(f"{name[0].lower()}{name[1:]}" for name in names[1:])])


def _outcome(card: Scorecard) -> str:
    lines = [
        scorecard.outcome_words(card.outcome),
        *results.lines(card.results),
        *results.explained(card.outcome, card.results, card.again_by),
    ]
    return "\n".join(lines)


def _value(card: Scorecard, today: date) -> str:
    said = (
        f"{scorecard.value_words(card.value, today)}\nThis is what you tapped under messages, as you said it. A "
        f"check-in stands beside the working days of the {value.REPORT_DAYS} days before it. It is never turned into "
        "money."
    )
    trend = card.value.trend
    return said if trend is None else f"{said}\n{_direction(trend)}"


def _direction(trend: Trend) -> str:
    """What the line about the direction compares."""
    first, latest = (
        pieces.listing([f"“{check_in.HELPED[one.check_in.helped]}”" for one in some])
        for some in (trend.first, trend.latest)
    )
    used = "; ".join(pieces.listing([str(one.days.used_days) for one in some]) for some in (trend.first, trend.latest))
    return (
        f"For the direction, your first answers in 12 weeks ({first}) are compared with as many of the latest "
        f"({latest}), one by one, and the days of use before them ({used}); a day more or fewer each counts as the "
        f"same. It takes {value.LEAST_REPORTS} check-ins. Rule {trend.rule_version}."
    )


def _sources(card: Scorecard, today: date) -> str:
    gaps = {unknown.tool: unknown for unknown in card.unknowns}
    lines = []
    for tool in card.tools:
        name = pieces.tool_name(tool)
        told_by = [pieces.source_name(source) for source in card.sources.get(tool, ())]
        sources = pieces.listing(["its own report" if source == name else source for source in told_by])
        gap = gaps.get(tool)
        if gap is not None:
            lines.append(f"Not in full: {scorecard.gap_words(gap, today)}.")
        else:
            lines.append(f"{name}: every working day, from {sources}.")
    return "\n".join(lines) or scorecard.unknown_words(card, today)


def _standing(standing: Standing, today: date) -> Iterator[Block]:
    """Why there may or may not be a message: the rule that matched, not a level anybody has reached."""
    yield pieces.section(rules.STATES[standing.state], "Which messages may fit")
    yield _inputs(
        standing.evidence,
        today,
        f"Rule {pieces.quiet(standing.rule_version)}, judged up to {pieces.day(standing.last_day, today)}.",
    )
