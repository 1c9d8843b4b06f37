"""The attacker of P10: a manager who knows every membership, with up to two members who know their own figures.

They see what every block of people said in 26 weeks (more than any viewer sees: a group's figure is made of it), know
the rules, and put everything together: differences of sets within a week and, where nothing changes, over all weeks;
sets that differ by the two of them; shares that exclude each other, sums and their parts; ranges of rounding; that a
shown sum is carried by nobody. They may be any two people, whichever hurts most. Next: `attack`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, groupby, pairwise
from operator import itemgetter

from bot.domain.disclosure import Kind, Measure, Memory
from bot.domain.disclosure.publish import due, families, remembered, told
from bot.domain.disclosure.rules import ALL, Rules
from bot.domain.disclosure.sums import SMALL_PART
from tests.organisations import MEASURES, organisation

COALITION = 2
WITH_MANAGER = 9
"""Where this many are counted together, the manager of a group below may be among them: a third who knows theirs."""
NEAR = 0.1
"""A value is found when it is known to within ten percent of itself."""
MOST_SETS = 500
EXCLUSIVE = ("regular", "not_in_use", "started")
REST = {"spend": ("wasted", "optimizable"), "merged": ("still_there",)}

People = int
"""A set of people as the bits of one number, which makes thousands of differences affordable."""


@dataclass(frozen=True)
class Range:
    """What these people have together lies between `low` and `high`; `spent`: members who told theirs to learn it."""

    low: int
    high: int
    spent: int = 0


@dataclass(frozen=True)
class Hit:
    """One person found: by which way, for which measure."""

    way: str
    measure: str
    person: int


@dataclass
class Knowledge:
    """All that was said about the figures of one time: of one week, or of 26 in which nothing changed."""

    said: dict[str, dict[People, Range]] = field(default_factory=dict)
    figures: dict[str, dict[int, int]] = field(default_factory=dict)

    def hear(self, measure: str, people: People, low: int, high: int) -> None:
        known = self.said.setdefault(measure, {})
        if people in known:
            low, high = max(low, known[people].low), min(high, known[people].high)
        known[people] = Range(low, high)


def attack(seed: int, rules: Rules = ALL) -> set[Hit]:
    """Everybody who is found in one organisation."""
    steady, knowledge = overheard(seed, rules)
    hits: set[Hit] = set()
    for each in [_joined(knowledge)] if steady else knowledge:
        hits |= found(each, rules)
    return hits if steady else hits | set(_patient(knowledge, rules))


def overheard(seed: int, rules: Rules = ALL) -> tuple[bool, list[Knowledge]]:
    """Whether nothing changes in this organisation, and what was said in each week."""
    nature, weeks = organisation(seed)
    memory = Memory()
    heard = []
    for week in weeks:
        if not due(week.monday, rules):
            continue
        memory = remembered(
            week=week.monday, groups=week.groups, measures=MEASURES, values=week.values, memory=memory, rules=rules
        )
        said = told(groups=week.groups, measures=MEASURES, values=week.values, memory=memory, rules=rules)
        knowledge = Knowledge()
        for measure in MEASURES:
            now = {person: it for person, it in week.values[measure.name].items() if it is not None}
            knowledge.figures[measure.name] = dict(memory.figures.get(measure.name, {})) | now
            for each in said[measure.name]:
                if each.why is None:
                    knowledge.hear(measure.name, bits(each.people), each.low, each.high)
        heard.append(knowledge)
    return nature.steady, heard


def informed(seed: int, rules: Rules = ALL) -> set[Hit]:
    """Beyond the promise: somebody who also knows, of every person, whether their figure changed since the last time.

    Where all who changed went the same way, their state is certain.
    """
    hits = set()
    _, knowledge = overheard(seed, rules)
    for before, after in pairwise(knowledge):
        for measure in MEASURES:
            known = after.said.get(measure.name, {}) if measure.kind is Kind.SHARE else {}
            for people in known.keys() & before.said.get(measure.name, {}).keys():
                then, now = before.figures[measure.name], after.figures[measure.name]
                moved = [person for person in persons(people) if then[person] != now[person]]
                up = sum(now[person] > then[person] for person in moved)
                least = known[people].low - before.said[measure.name][people].high
                most = known[people].high - before.said[measure.name][people].low
                down = len(moved) - up
                # Two of them know their own: those who went the other way, or any.
                if up and 0 < len(moved) - COALITION and least >= len(moved) - 2 * min(down, COALITION):
                    hits |= {Hit("all up", measure.name, person) for person in moved if now[person] > then[person]}
                if down and 0 < len(moved) - COALITION and most <= 2 * min(up, COALITION) - len(moved):
                    hits |= {Hit("all down", measure.name, person) for person in moved if now[person] < then[person]}
                if 0 < len(moved) <= COALITION and (least > 0 or most < 0):
                    hits |= {Hit("alone", measure.name, person) for person in moved}
    return hits


def found(knowledge: Knowledge, rules: Rules) -> set[Hit]:
    """Everybody who can be found from this knowledge."""
    derived = {name: _differences(known, knowledge.figures[name]) for name, known in knowledge.said.items()}
    hits: set[Hit] = set()
    for measure in MEASURES:
        figures = knowledge.figures.get(measure.name, {})
        for people, known in derived.get(measure.name, {}).items():
            if measure.kind is Kind.SHARE:
                hits |= set(_all_or_none(measure.name, people, known, figures))
            else:
                hits |= set(_amounts(measure.name, people, known, figures))
        if measure.kind is Kind.SUM and rules.dominance and rules.outside_two:
            for people, known in knowledge.said.get(measure.name, {}).items():
                hits |= set(_undominated(measure.name, people, known, figures))
    hits |= set(_excluded(derived, knowledge.figures))
    hits |= set(_rests(derived, knowledge.figures))
    return hits


def _patient(knowledge: Sequence[Knowledge], rules: Rules) -> Iterator[Hit]:
    """One person's amount stayed the same while the others' changed, and they suppose so: all bounds hold for it."""
    if not (rules.dominance and rules.outside_two):
        return
    for measure in MEASURES:
        sets = set().union(*(each.said.get(measure.name, {}) for each in knowledge)) if measure.kind is Kind.SUM else ()
        for people in sets:
            told_then = [each for each in knowledge if people in each.said.get(measure.name, {})]
            for run in _runs(people, measure.name, told_then):
                yield from _narrowed(measure.name, people, *run)


def _runs(people: People, name: str, told_then: Sequence[Knowledge]) -> Iterator[tuple[int, list[Knowledge]]]:
    """Each person with the stretches, of two publications or more, in which their amount stayed the same."""
    for person in persons(people):
        amounts = [each.figures[name][person] for each in told_then]
        for _, run in groupby(zip(amounts, told_then, strict=True), key=itemgetter(0)):
            same = [each for _, each in run]
            if len(same) > 1:
                yield person, same


def _narrowed(name: str, people: People, person: int, run: Sequence[Knowledge]) -> Iterator[Hit]:
    others = [other for other in persons(people) if other != person]
    ordered = sorted(others, key=lambda other: sum(each.figures[name][other] for each in run), reverse=True)
    value = run[0].figures[name][person]
    for members in (ordered[:3], ordered[-3:]):
        seen = [
            ([each.figures[name][one] for one in members], len(others) - 2, each.said[name][people]) for each in run
        ]
        # If half as much is possible every time, the value is far from narrowed down.
        if value and not all(_possible(*each, value / 2) for each in seen):
            edges = [_bounds(*each) for each in seen]
            if _near(value, max(edge[0] for edge in edges), min(edge[1] for edge in edges), 0):
                yield Hit("patience", name, person)


def coalition(people: People) -> int:
    """How many of these people may tell each other what is theirs."""
    return COALITION + (people.bit_count() >= WITH_MANAGER)


def bits(people: Iterable[int]) -> People:
    return sum(1 << person for person in people)


def persons(people: People) -> Iterator[int]:
    while people:
        lowest = people & -people
        yield lowest.bit_length() - 1
        people ^= lowest


def _joined(knowledge: Iterable[Knowledge]) -> Knowledge:
    """Nothing changed in 26 weeks, and they suppose so: whatever was said at any time holds at all times."""
    joined = Knowledge()
    for each in knowledge:
        for name, figures in each.figures.items():
            joined.figures.setdefault(name, {}).update(figures)
        for name, known in each.said.items():
            for people, heard in known.items():
                joined.hear(name, people, heard.low, heard.high)
    return joined


def _differences(known: Mapping[People, Range], figures: Mapping[int, int]) -> dict[People, Range]:
    """What follows for sets that were never told of: one without another, without its parts, but for two members."""
    derived = dict(known)
    for whole in known:
        _without_parts(whole, known, derived)
    for _ in range(2):
        before = list(derived.items())[:MOST_SETS]
        for one, of_one in before:
            for other, of_other in before:
                outside = other & ~one
                spent = of_one.spent + of_other.spent + outside.bit_count()
                if not other & one or spent > COALITION or not one & ~other:
                    continue
                theirs = sum(figures[person] for person in persons(outside))
                low, high = of_one.low - of_other.high + theirs, of_one.high - of_other.low + theirs
                _learn(derived, one & ~other, Range(max(low, 0), high, spent))
        if len(derived) == len(before) or len(derived) > MOST_SETS:
            break
    return derived


def _without_parts(whole: People, known: Mapping[People, Range], derived: dict[People, Range]) -> None:
    """A group without the largest groups inside it that do not overlap, one after another."""
    left, low, high = whole, known[whole].low, known[whole].high
    for part in sorted(known, key=int.bit_count, reverse=True):
        if part != whole and part & ~left == 0 and part != left:
            left &= ~part
            low, high = low - known[part].high, high - known[part].low
            _learn(derived, left, Range(max(low, 0), high))


def _learn(derived: dict[People, Range], people: People, news: Range) -> None:
    """Keep the better of two; what costs a member must say more than what costs none."""
    old = derived.get(people)
    if old is None:
        derived[people] = news
    elif news.spent <= old.spent:
        derived[people] = Range(max(old.low, news.low), min(old.high, news.high), max(old.spent, news.spent))


def _all_or_none(name: str, people: People, known: Range, figures: Mapping[int, int]) -> Iterator[Hit]:
    """After at most two members are taken out, nobody is left who can be one, or nobody who can be none."""
    ones = [person for person in persons(people) if figures[person] > 0]
    zeros = [person for person in persons(people) if figures[person] == 0]
    left = coalition(people) - known.spent
    if known.high <= min(left, len(ones)):
        yield from (Hit("none", name, person) for person in zeros)
    if len(ones) + len(zeros) - known.low <= min(left, len(zeros)):
        yield from (Hit("all", name, person) for person in ones)


def _amounts(name: str, people: People, known: Range, figures: Mapping[int, int]) -> Iterator[Hit]:
    """What is left of a sum after at most two members are taken out is one person's, or nearly."""
    ordered = sorted(persons(people), key=lambda person: figures[person], reverse=True)
    total = sum(figures[person] for person in ordered)
    for person in ordered[: COALITION + 3] + ordered[-1:]:
        others = [other for other in ordered if other != person][: coalition(people) - known.spent]
        theirs = sum(figures[other] for other in others)
        if len(others) == len(ordered) - 1:
            yield from _narrow(name, person, max(known.low - theirs, 0), known.high - theirs, figures[person])
        elif figures[person] and known.high - theirs <= (1 + NEAR) * figures[person]:
            yield Hit("carried", name, person)
        elif figures[person] == 0 and known.high - theirs <= NEAR * total / len(ordered):
            yield Hit("nothing left", name, person)


def _narrow(name: str, person: int, low: int, high: int, true: int) -> Iterator[Hit]:
    if (high - low) / 2 <= NEAR * true or high <= 1:
        yield Hit("alone", name, person)


def _undominated(name: str, people: People, known: Range, figures: Mapping[int, int]) -> Iterator[Hit]:
    """A shown sum is carried by nobody: with some members' own figures, the others' lie between two bounds."""
    ordered = sorted(persons(people), key=lambda person: figures[person], reverse=True)
    for members in (ordered[:3], ordered[-3:], [ordered[0], *ordered[-2:]], [*ordered[:2], ordered[-1]]):
        own = [figures[person] for person in members]
        low, high = _bounds(own, len(ordered) - len(own), known)
        for person in (person for person in ordered if person not in members):
            if _near(figures[person], low, high, known.high / len(ordered)):
                yield Hit("bounded", name, person)


def _near(value: int, low: float, high: float, mean: float) -> bool:
    return (high - low) / 2 <= NEAR * value if value else high <= NEAR * mean


def _bounds(own: Sequence[int], others: int, known: Range) -> tuple[float, float]:
    """The least and the most that one of `others` people can have."""

    def possible(value: float) -> bool:
        return _possible(own, others, known, value)

    middle = max(known.high - sum(own), 0) / others
    if not possible(middle):
        return 0, known.high
    return _edge(possible, middle, 0), _edge(possible, middle, known.high)


def _possible(own: Sequence[int], others: int, known: Range, value: float) -> bool:
    """Whether one of the others can have `value` in a sum that is told."""
    return any(
        _undominated_with(own, others, total, value) or _all_small_with(own, others, total, value)
        for total in (known.low, (known.low + known.high) / 2, known.high)
    )


def _undominated_with(own: Sequence[int], others: int, total: float, value: float) -> bool:
    """If any shares of the rest are possible, then equal ones are: the rule is convex and asks nobody's name."""
    each = (total - sum(own) - value) / (others - 1)
    top = sorted([*own, value, *[each] * min(others - 1, 4)], reverse=True)[:4]
    one = 2 * top[0] + top[1] + top[2] <= total
    two = 4 * (top[0] + top[1]) + 3 * (top[2] + top[3]) <= 3 * total
    return each >= 0 and one and two


def _all_small_with(own: Sequence[int], others: int, total: float, value: float) -> bool:
    each = (total - sum(own) - value) / (others - 1)
    return each >= 0 and SMALL_PART * max(*own, value, each) <= total


def _edge(possible: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where possible ends, between a value that is and one that may not be."""
    if possible(outside):
        return outside
    for _ in range(12):
        between = (inside + outside) / 2
        inside, outside = (between, outside) if possible(between) else (inside, between)
    return outside


def _excluded(derived: Mapping[str, Mapping[People, Range]], figures: Mapping[str, Mapping[int, int]]) -> Iterator[Hit]:
    """Shares of which at most one is true of a person: what two of them leave for the third, and for nobody."""
    everywhere = set().union(*(derived.get(name, {}) for name in EXCLUSIVE))
    for people in everywhere:
        ranges = {name: derived[name][people] for name in EXCLUSIVE if people in derived.get(name, {})}
        if len(ranges) < 2:
            continue
        left = coalition(people) - max(known.spent for known in ranges.values())
        state = {person: _state(person, figures) for person in persons(people)}
        there = Counter(state.values())
        for pair in combinations_with_replacement([*EXCLUSIVE, "other"], left):
            own = Counter(pair)
            if own <= there:
                yield from _squeezed(ranges, own, there, state)


def _state(person: int, figures: Mapping[str, Mapping[int, int]]) -> str:
    return next((name for name in EXCLUSIVE if figures.get(name, {}).get(person)), "other")


def _squeezed(
    ranges: Mapping[str, Range], own: Counter[str], there: Counter[str], state: Mapping[int, str]
) -> Iterator[Hit]:
    """One pair of members: how many of the others can have each state, when all states are theirs to share."""
    others = there.total() - own.total()
    low = {name: max(known.low - own[name], 0) for name, known in ranges.items()}
    for name, known in ranges.items():
        high = min(known.high - own[name], others - sum(low.values()) + low[name])
        if others and high <= 0:
            yield from (Hit("squeezed out", name, person) for person in state if state[person] != name)
        if others and low[name] >= others:
            yield from (Hit("squeezed in", name, person) for person in state if state[person] == name)


def _rests(derived: Mapping[str, Mapping[People, Range]], figures: Mapping[str, Mapping[int, int]]) -> Iterator[Hit]:
    """A sum without its parts is a sum as well."""
    for whole, parts in REST.items():
        for people, known in derived.get(whole, {}).items():
            told_parts = [part for part in parts if people in derived.get(part, {})]
            for some in (
                ([part] for part in told_parts) if len(told_parts) < 2 else [told_parts, *([p] for p in told_parts)]
            ):
                ranges = [derived[part][people] for part in some]
                rest = {
                    person: figures[whole][person] - sum(figures[part][person] for part in some)
                    for person in persons(people)
                }
                left = Range(
                    max(known.low - sum(each.high for each in ranges), 0),
                    known.high - sum(each.low for each in ranges),
                    max(known.spent, *(each.spent for each in ranges)),
                )
                yield from _amounts(f"{whole} - {' - '.join(some)}", people, left, rest)


def subjects(rules: Rules = ALL) -> dict[str, list[Measure]]:
    """The families the attacker faces."""
    return families(MEASURES, rules)
