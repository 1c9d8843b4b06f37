"""Compares what `detect` concludes about an invented company with the truth about it, and counts.

Used by tests/story/test_judgement.py; the long form is in docs/evidence/judgement.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.adoption import Standing, State
from bot.domain.waste.ledger import CountedFinding
from bot.sources.invented.company import InventedCompany, Reality
from bot.sources.invented.truth import Planted
from bot.sources.invented.workforce import Login
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import findings as findings_store
from bot.store import states
from bot.store.database import Store
from jobs.detect import detect
from tests import company as kept

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
WORTH_SAYING_MICROUSD, ONCE_WORTH_SAYING_MICROUSD, TIMES_WORTH_SAYING = 8_000_000, 10_000_000, 3
"""Nothing is said of less: from $2 a week and 3 occurrences, or from a single one of $10 (docs/reference/rules.md)."""
SILENT = {"unknown", "not_provisioned", "grace"}
OF_CHANGES = {"W07", "W08", "W09"}
"""They speak of changes, whatever tool helped with them."""


@dataclass
class Hits:
    """One detector against the truth. People count once; dollars are those of people whom both sides name."""

    right: int = 0
    false: int = 0
    missed: int = 0
    too_small: int = 0
    planted_microusd: int = 0
    claimed_microusd: int = 0
    errors: list[float] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.false) if self.right + self.false else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def dollar_error(self) -> float | None:
        """Claimed over planted, minus one: below zero when too little is claimed."""
        return self.claimed_microusd / self.planted_microusd - 1 if self.planted_microusd else None

    @property
    def median_error(self) -> float | None:
        """The middle of the single errors, whichever way they go."""
        return sorted(self.errors)[len(self.errors) // 2] if self.errors else None

    def plus(self, other: Hits) -> Hits:
        return Hits(**{name: getattr(self, name) + getattr(other, name) for name in vars(self)})


@dataclass
class Verdict:
    """A whole company, judged."""

    seed: int
    people: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen_whole: int = 0
    nameless: int = 0
    """Said to hold no seat, or a new one only, while using something that needs none and was never told of them."""
    needless: list[tuple[int, str]] = field(default_factory=list)
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    hits: dict[str, Hits] = field(default_factory=lambda: defaultdict(Hits))
    meant_called_wasted: int = 0
    twins_apart: int = 0

    @property
    def false_zero(self) -> int:
        return sum(
            count for (true, said), count in self.confusion.items() if said in {"never_used", "lapsed"} and said != true
        )


def judge(store: Store, company: InventedCompany) -> Verdict:
    """Fill the store, run `detect`, and compare person by person."""
    realities = kept.keep(store, company)
    detect(store, now=company.now, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of)
    verdict = Verdict(company.seed)
    with store.read() as session:
        said = states.current(session, person_ids=list(realities))
        found = findings_store.current(session, person_ids=list(realities))
    for person_id, one in realities.items():
        _compare_state(verdict, company, one, said[person_id])
        if said[person_id].state not in SILENT:
            planted = company.planted(one, said[person_id].last_day)
            _compare_findings(verdict, one, planted, found[person_id])
    _compare_twins(verdict, {one.worker.number: said[who].state for who, one in realities.items()}, realities.values())
    return verdict


def _compare_state(verdict: Verdict, company: InventedCompany, one: Reality, said: Standing) -> None:
    true = company.state(one, said.last_day)
    verdict.people += 1
    verdict.confusion[true, said.state.value] += 1
    if said.state in {State.NOT_PROVISIONED, State.GRACE} and said.state.value != true and company.unheard_of(one):
        verdict.nameless += 1
    elif said.state.value not in (true, "unknown"):
        verdict.wrong.append((one.worker.number, true, said.state.value))
    if company.sees_whole(one):
        verdict.seen_whole += 1
        if said.state.value == "unknown":
            verdict.needless.append((one.worker.number, said.reason))


def _compare_findings(
    verdict: Verdict, one: Reality, planted: Iterable[Planted], found: Iterable[CountedFinding]
) -> None:
    true: dict[tuple[str, str], list[int]] = defaultdict(list)
    for plant in planted:
        true[plant.detector, plant.tool].append(plant.microusd or 0)
    claimed = {(said.detector, "" if said.detector in OF_CHANGES else said.tool): said for said in found}
    for key in true.keys() | claimed.keys():
        _score(verdict.hits[key[0]], true.get(key), claimed.get(key), single=key[0] in OF_CHANGES)
    runaway = next((said for said in found if said.detector == "W06" and said.ledger == "wasted"), None)
    days = "" if runaway is None else str(runaway.evidence["days"])
    if one.plants.meant and one.worker.role == "dev" and str(one.plants.runaway_on) in days:
        verdict.meant_called_wasted += 1


def _score(hits: Hits, true: list[int] | None, said: CountedFinding | None, *, single: bool) -> None:
    """`single`: whether each entry of the truth is one occurrence, so that too rare can be told from missed."""
    if true is None:
        hits.false += 1
        return
    true_microusd = sum(true)
    if said is None:
        small = 0 < true_microusd < WORTH_SAYING_MICROUSD
        rare = single and len(true) < TIMES_WORTH_SAYING and max(true) < ONCE_WORTH_SAYING_MICROUSD
        hits.too_small += small or rare
        hits.missed += not (small or rare)
    else:
        hits.right += 1
        if said.high_microusd is not None and true_microusd:
            counted, forgiven = said.counted_microusd or 0, said.forgiven_microusd or 0
            amount = said.high_microusd * (counted + forgiven) // (counted or 1) if forgiven else said.high_microusd
            hits.planted_microusd += true_microusd
            hits.claimed_microusd += amount
            hits.errors.append(abs(amount / true_microusd - 1))


def _compare_twins(verdict: Verdict, said: dict[int, str], realities: Iterable[Reality]) -> None:
    """A tokenmaxxer and the twin who does the same work stand in the same place, wherever both can be seen alike."""
    whole = {one.worker.number: one.worker for one in realities}
    for number, who in whole.items():
        twin = whole.get(who.alike)
        if (
            twin is not None
            and twin.number != number
            and who.login is Login.WHOLE
            and said[number] != said[twin.number]
        ):
            verdict.twins_apart += 1


def table_of_states(verdicts: Sequence[Verdict]) -> str:
    """The confusion table of all companies together: rows are the truth, columns what is said."""
    together: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        together.update(verdict.confusion)
    lines = [f"| truth \\ said | {' | '.join(_ORDER)} |", "|---" * (len(_ORDER) + 1) + "|"]
    for true in _ORDER[1:]:
        cells = " | ".join(f"{together[true, said]:,}" if together[true, said] else "·" for said in _ORDER)
        lines.append(f"| {true} | {cells} |")
    return "\n".join(lines)


def table_of_detectors(verdicts: Sequence[Verdict]) -> str:
    """Each detector over all companies, with the worst company beside it."""
    lines = [
        (
            "| | right | false | missed | too small | precision (worst) | recall (worst) | dollars, said / true "
            "| median error |"
        ),
        "|---" * 9 + "|",
    ]
    for name in sorted({name for verdict in verdicts for name in verdict.hits}):
        each = [verdict.hits[name] for verdict in verdicts if name in verdict.hits]
        total = each[0]
        for one in each[1:]:
            total = total.plus(one)
        precision, recall = _worst(each, "precision"), _worst(each, "recall")
        lines.append(
            f"| {name} | {total.right} | {total.false} | {total.missed} | {total.too_small} "
            f"| {_percent(total.precision)} ({_percent(precision)}) | {_percent(total.recall)} ({_percent(recall)}) "
            f"| {_percent(None if total.dollar_error is None else 1 + total.dollar_error)} "
            f"| {_percent(total.median_error)} |"
        )
    return "\n".join(lines)


_ORDER = ("unknown", *(state.value for state in State if state is not State.UNKNOWN))


def _worst(each: Sequence[Hits], figure: str) -> float | None:
    return min((known for one in each if (known := getattr(one, figure)) is not None), default=None)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def line_of_counts(verdicts: Sequence[Verdict]) -> str:
    """What else was counted, over all companies."""
    few = sum("too few" in reason for verdict in verdicts for _, reason in verdict.needless)
    gaps = sum("could change" in reason for verdict in verdicts for _, reason in verdict.needless)
    return (
        f"{sum(v.people for v in verdicts):,} people, {sum(v.seen_whole for v in verdicts):,} seen whole; of these "
        f"unknown: {few} with too few working days, {gaps} for an earlier lost day. Wrong states "
        f"{sum(len(v.wrong) for v in verdicts)}, false never used or lapsed {sum(v.false_zero for v in verdicts)}, "
        f"nameless {sum(v.nameless for v in verdicts)} (worst company {max(v.nameless for v in verdicts)}), "
        f"meant jobs called wasted {sum(v.meant_called_wasted for v in verdicts)}, "
        f"twins apart {sum(v.twins_apart for v in verdicts)}."
    )
