"""The figures of all groups for one week, out of what their blocks may say. Called by the job that takes snapshots.

Read it in this order: `publish`, `remembered`, `told`, `_cell`. A cell of a group is a function of what its blocks say,
and of nothing else: whoever subtracts one published figure from another finds only what was said anyway.
Next: `telling.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from bot.domain.disclosure import shares, sums
from bot.domain.disclosure.blocks import Block, Memory, formed, kept
from bot.domain.disclosure.cells import Cell, Group, Kind, Measure, Published, Shown, Suppressed, Why
from bot.domain.disclosure.rules import ALL, Rules
from bot.domain.disclosure.telling import Told, least_people, may_speak, tell

RHYTHM_WEEKS = 4
MOST_SILENT = 1, 4
"""A group hears no figure when more than this share of its counted people is in blocks that say nothing."""

Values = Mapping[str, Mapping[int, int | None]]
T = TypeVar("T", int, date)


@dataclass(frozen=True)
class Issue:
    """What is published in one week, and what must be remembered for the next."""

    published: tuple[Published, ...]
    memory: Memory


def due(week: date, rules: Rules = ALL) -> bool:
    """Whether new figures are published in the week that begins on this Monday."""
    return not rules.four_weeks or week.toordinal() // 7 % RHYTHM_WEEKS == 0


def publish(
    *,
    week: date,
    groups: Sequence[Group],
    measures: Sequence[Measure],
    values: Values,
    memory: Memory,
    rules: Rules = ALL,
) -> Issue:
    """The cells of every group of a tree, shown or not; outside the rhythm nothing, and the memory as it was."""
    if not due(week, rules):
        return Issue((), memory)
    after = remembered(week=week, groups=groups, measures=measures, values=values, memory=memory, rules=rules)
    heard = _by_group(groups, told(groups=groups, measures=measures, values=values, memory=after, rules=rules), rules)
    resting = {(block.home, block.measure) for block in after.blocks if not block.open}
    found = []
    for group in groups:
        cells = {
            measure.name: _cell(measure, said, rests=(group.key, _subject(measure, rules)) in resting)
            for measure in measures
            for said in [heard[group.key].get(measure.name, [])]
        }
        shown = [name for name, cell in cells.items() if isinstance(cell, Shown)]
        counted = [each.people for name in shown for each in heard[group.key][name] if each.why is None]
        found.append(Published(week, group.key, frozenset().union(*counted), cells))
    return Issue(tuple(found), after)


def remembered(
    *, week: date, groups: Sequence[Group], measures: Sequence[Measure], values: Values, memory: Memory, rules: Rules
) -> Memory:
    """Who is counted together from this week on, with their newest known figures, and since when those are known."""
    by_key = {group.key: group for group in groups}
    everybody = frozenset().union(*(group.members for group in groups))
    seen = {name: {one: week for one, it in own.items() if it is not None} for name, own in values.items()}
    blocks: list[Block] = []
    figures: dict[str, dict[int, int]] = {}
    weeks: dict[str, dict[int, date]] = {}
    for subject, family in families(measures, rules).items():
        before = [block for block in memory.blocks if block.measure == subject]
        own = kept(before, by_key, _last_known(family, before, seen, memory), week, rules)
        known = known_people(family, values, everybody)
        now = {measure.name: _newest(measure.name, known, values, {}) for measure in family}
        own += formed(
            subject,
            own,
            groups=groups,
            known=known,
            least=least_people(family, rules),
            week=week,
            may_speak=partial(may_speak, family=family, figures=now, rules=rules),
        )
        blocks += own
        counted = frozenset().union(*(block.members for block in own if block.open))
        figures |= {measure.name: _newest(measure.name, counted, values, memory.figures) for measure in family}
        weeks |= {measure.name: _newest(measure.name, counted, seen, memory.known) for measure in family}
    return Memory(tuple(blocks), figures, weeks)


def told(
    *, groups: Sequence[Group], measures: Sequence[Measure], values: Values, memory: Memory, rules: Rules
) -> dict[str, list[Told]]:
    """For each measure, what each open block says."""
    found: dict[str, list[Told]] = {measure.name: [] for measure in measures}
    for subject, family in families(measures, rules).items():
        sets = [(block.home, block.members) for block in memory.blocks if block.open and block.measure == subject]
        figures = memory.figures
        if not (rules.keep_leavers and rules.from_blocks):
            sets = list(_looser(sets, groups, family, values, rules))
            figures = {measure.name: _all_known(measure.name, values, memory) for measure in family}
        for home, people in sets:
            for name, each in tell(home, people, family, figures, rules).items():
                found[name].append(each)
    return found


def families(measures: Sequence[Measure], rules: Rules) -> dict[str, list[Measure]]:
    """Measures that share their blocks, in the order given; one without a family stands alone."""
    found: dict[str, list[Measure]] = {}
    for measure in measures:
        found.setdefault(_subject(measure, rules), []).append(measure)
    return found


def known_people(family: Sequence[Measure], values: Values, people: frozenset[int]) -> frozenset[int]:
    """Those of `people` for whom every measure of the family is known."""
    for measure in family:
        own = values.get(measure.name, {})
        people = frozenset(person for person in people if own.get(person) is not None)
    return people


def _by_group(
    groups: Sequence[Group], said: Mapping[str, list[Told]], rules: Rules
) -> dict[str, dict[str, list[Told]]]:
    """What each group hears of each measure: what was said at it and below it."""
    parents = {group.key: group.parent for group in groups}
    found: dict[str, dict[str, list[Told]]] = {group.key: {} for group in groups}
    for name, each_told in said.items():
        for each in each_told:
            hears: str | None = each.home
            while hears in parents:
                found[hears].setdefault(name, []).append(each)
                hears = parents[hears] if rules.from_blocks else None
    return found


def _cell(measure: Measure, heard: Sequence[Told], *, rests: bool) -> Cell:
    """One figure of a group from what its blocks say; nothing when too many of them say nothing."""
    speaking = [each for each in heard if each.why is None]
    people, in_all = (sum(len(each.people) for each in some) for some in (speaking, heard))
    if not heard:
        return Suppressed(Why.RESTING if rests else Why.TOO_SMALL)
    if not people or (in_all - people) * MOST_SILENT[1] > in_all * MOST_SILENT[0]:
        return Suppressed(next(each.why for each in heard if each.why is not None))
    low, high = sum(each.low for each in speaking), sum(each.high for each in speaking)
    if measure.kind is Kind.SUM:
        return Shown(sums.rounded((low + high) // 2), people=people)
    return shares.shown_share(low, high, people)


def _subject(measure: Measure, rules: Rules) -> str:
    return (measure.family if rules.families else "") or measure.name


def _last_known(
    family: Sequence[Measure], blocks: Iterable[Block], seen: Mapping[str, Mapping[int, date]], memory: Memory
) -> dict[int, date]:
    """When every measure of the family was known last, of those in open blocks who have a figure of each."""
    people = frozenset().union(*(block.members for block in blocks if block.open))
    each = [_newest(measure.name, people, seen, memory.known) for measure in family]
    return {person: min(one[person] for one in each) for person in people if all(person in one for one in each)}


def _newest(
    name: str,
    people: Iterable[int],
    values: Mapping[str, Mapping[int, T | None]],
    before: Mapping[str, Mapping[int, T]],
) -> dict[int, T]:
    """The figure of this week, or else the last one that was known; or the week of either."""
    now, then = values.get(name, {}), before.get(name, {})
    found = {person: then.get(person) if (value := now.get(person)) is None else value for person in people}
    return {person: value for person, value in found.items() if value is not None}


def _looser(
    sets: Iterable[tuple[str, frozenset[int]]],
    groups: Sequence[Group],
    family: Sequence[Measure],
    values: Values,
    rules: Rules,
) -> Iterator[tuple[str, frozenset[int]]]:
    """Whom the tests' looser rules would count: see `keep_leavers` and `from_blocks` in rules.py."""
    members = {group.key: known_people(family, values, group.members) for group in groups}
    parents = {group.parent for group in groups if group.parent and not rules.from_blocks}
    for home, people in sets:
        if home not in parents:
            yield home, people if rules.keep_leavers else people & members[home]
    for key in parents & members.keys():
        yield key, members[key]


def _all_known(name: str, values: Values, memory: Memory) -> dict[int, int]:
    now = {person: value for person, value in values.get(name, {}).items() if value is not None}
    return dict(memory.figures.get(name, {})) | now
