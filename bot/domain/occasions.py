"""What there is to say to a person, which tip says it, and which of their own facts fill it.

Called by `bot/domain/nudging.py` after it has decided that something may be said. Next: `bot/domain/nudging.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

from bot.domain.adoption import EMPTY_DAYS, GRACE_DAYS, Standing
from bot.domain.people import Person, Seat
from bot.domain.tips import ENABLEMENT_TRIGGERS, Fact, LinkKind, Tip, can_fill, dollars_in_words
from bot.domain.turns import Turn
from bot.domain.usage import WINDOW_DAYS
from bot.domain.waste import idle_seat
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding

CHECK_IN = "check_in"
"""What leads to the one question that is asked of people who use the tools by habit."""
QUESTION = Tip(
    tip_id="check-in",
    topic="check-in",
    triggers=frozenset({CHECK_IN}),
    roles=frozenset(),
    owner="kindling",
    expires_on=date.max,
    link_kind=LinkKind.ACTION,
    link=None,
    text="One question, which no count can answer: in the last two weeks, did the AI tools help you with your work?",
    try_this="One tap is enough, and no answer is fine too. It stands on your card, and nobody else sees it.",
    how_to="",
)
"""The question, as the queue carries it: through the same policy, caps and fence as every tip (P9)."""


@dataclass(frozen=True)
class Occasion:
    """A reason to speak: a state, a finding of waste, or the check-in. With a `turn` a campaign says what."""

    trigger: str
    finding: CountedFinding | None = None
    turn: Turn | None = None


@dataclass(frozen=True)
class Choice:
    """The tip for an occasion and the facts it needs, as plain JSON."""

    tip: Tip
    trigger: str
    facts: dict[str, Fact]
    turn: Turn | None = None


def occasions(
    standing: Standing, findings: Sequence[CountedFinding], *, exploring: bool, welcome: bool
) -> tuple[Occasion, ...]:
    """What there is to speak about, most useful first: from zero to one, then money, the largest amount first.

    While a person is `exploring` no money is spoken of (P7). `welcome` is False for who declined tips about use.
    """
    return tuple(_occasions(standing, findings, exploring=exploring, welcome=welcome))


def is_speakable(finding: CountedFinding) -> bool:
    """Waste that remains after exploration was forgiven, and a suggestion; an idle seat also without a price."""
    if finding.ledger not in (Ledger.WASTED, Ledger.OPTIMIZABLE):
        return False
    if finding.counted_microusd is None:
        return finding.detector == idle_seat.DETECTOR
    return finding.counted_microusd > 0 or finding.is_suggestion


def competing(candidates: Sequence[Occasion], turns: Sequence[Turn], held_out: Collection[str]) -> tuple[Occasion, ...]:
    """The occasions with those of campaigns among them: about the same thing a campaign speaks before the usual tip.

    The order of what there is to speak about stays. While a campaign waits for its next message the usual tip waits
    too, and of what somebody is held out nobody speaks.
    """
    found: list[Occasion] = []
    for occasion in candidates:
        if occasion.trigger in held_out:
            continue
        tool = occasion.finding.tool if occasion.finding else None
        theirs = [turn for turn in turns if turn.speaks_of(occasion.trigger, tool)]
        found += [replace(occasion, turn=turn) for turn in theirs if turn.step is not None]
        if all(turn.step is not None for turn in theirs):
            found.append(occasion)
    return tuple(found)


def with_question(candidates: Sequence[Occasion], *, after_a_tip: bool) -> tuple[Occasion, ...]:
    """The occasions with the check-in among them: before the others when the last message was a tip, else after them.

    So questions and tips take turns, and nobody hears a question first who could hear something useful.
    """
    question = Occasion(CHECK_IN)
    return (question, *candidates) if after_a_tip else (*candidates, question)


def choose(
    candidates: Sequence[Occasion],
    *,
    standing: Standing,
    seats: Sequence[Seat],
    tips: Sequence[Tip],
    person: Person,
    day: date,
    recent: Collection[str],
    seen: Collection[str],
) -> Choice | None:
    """The tip of the first occasion that has one: for this role first, then never heard before, then in turn.

    `recent` are ids of tips that may not come again yet, `seen` of all that ever came. `day` is the last day on which
    the tip must still be valid, and it turns the choice: the same all day, another on other days.
    """
    for occasion in candidates:
        facts = _facts(occasion, standing, seats)
        fitting = [
            tip
            for tip in (*tips, QUESTION)
            if occasion.trigger in tip.triggers
            and _is_meant(tip, occasion.turn)
            and tip.tip_id not in recent
            and tip.expires_on >= day
            and (not tip.roles or person.role in tip.roles)
            and can_fill(tip, facts)
        ]
        if fitting:
            best = min(fitting, key=lambda tip: (not tip.roles, tip.tip_id in seen, _turn(person, day, tip)))
            return Choice(best, occasion.trigger, facts, occasion.turn)
    return None


def _is_meant(tip: Tip, turn: Turn | None) -> bool:
    return turn is None or turn.step is None or turn.step.may_send(tip)


def _occasions(
    standing: Standing, findings: Sequence[CountedFinding], *, exploring: bool, welcome: bool
) -> Iterator[Occasion]:
    if welcome and standing.state.value in ENABLEMENT_TRIGGERS:
        yield Occasion(standing.state.value)
    if not exploring:
        for finding in sorted(filter(is_speakable, findings), key=_by_amount):
            yield Occasion(finding.detector, finding)


def _by_amount(finding: CountedFinding) -> tuple[int, int, str, str]:
    """What counts comes first, then suggestions."""
    return -(finding.counted_microusd or 0), -(finding.low_microusd or 0), finding.detector, finding.tool


def _turn(person: Person, day: date, tip: Tip) -> str:
    return sha256(f"{person.person_id} {day} {tip.tip_id}".encode()).hexdigest()


def _facts(occasion: Occasion, standing: Standing, seats: Sequence[Seat]) -> dict[str, Fact]:
    facts = _state_facts(standing, seats) if occasion.finding is None else _finding_facts(occasion.finding)
    window: dict[str, Fact] = {
        "first_day": (standing.last_day - timedelta(days=WINDOW_DAYS - 1)).isoformat(),
        "last_day": standing.last_day.isoformat(),
        "state": standing.state.value,
        "state_reason": standing.reason,
        "state_rule": standing.rule_version,
    }
    return {key: fact for key, fact in (facts | window).items() if fact is not None and fact != []}


def _state_facts(standing: Standing, seats: Sequence[Seat]) -> dict[str, Fact]:
    settled_on = standing.last_day - timedelta(days=GRACE_DAYS)
    held = [seat for seat in seats if seat.held_on(standing.last_day) and seat.assigned_on <= settled_on]
    evidence = {key: fact for key, fact in standing.evidence.items() if not key.startswith("window_")}
    return {
        "tools": sorted({seat.tool for seat in held}),
        "seat_since": max((seat.assigned_on.isoformat() for seat in held), default=None),
        **evidence,
        "last_used": evidence.get("last_active_on"),
        "days_used": _days(evidence.get("active_days")),
        "days_empty": _days(evidence.get(EMPTY_DAYS)),
        "seen_by": _seen_by(evidence.get("sources")),
    }


def _days(count: Fact) -> str | None:
    if not isinstance(count, int) or count < 1:
        return None
    return "one day" if count == 1 else f"{count} days"


def _seen_by(sources: Fact) -> str:
    if not isinstance(sources, list) or not sources:
        return "the sources I can see"
    return "the one source I can see" if len(sources) == 1 else f"the {len(sources)} sources I can see"


def _finding_facts(finding: CountedFinding) -> dict[str, Fact]:
    return {
        "detector": finding.detector,
        "detector_rule": finding.rule_version,
        "tool": finding.tool,
        "tools": [finding.tool],
        "ledger": finding.ledger.value,
        "low_microusd": finding.low_microusd,
        "high_microusd": finding.high_microusd,
        "counted_microusd": finding.counted_microusd,
        "dollars": dollars_in_words(finding.low_microusd, finding.high_microusd),
        "occurrences": finding.occurrences,
        "innocent_reason": finding.innocent_reason,
    }
