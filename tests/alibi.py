"""The other side of P10's attacker: for a person, another world in which theirs is different and all looks the same.

An attack that finds nothing may only be a weak attack. An alibi is proof: other figures for a person whom the two
members want to know, the same ones for the two, and everything published in 26 weeks equal, cell by cell, with its
reason. No attacker of any strength can tell the two worlds apart. Next: `alibi`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from bot.domain.disclosure import Block, Kind, Measure, Memory, Published, due, publish
from bot.domain.disclosure.rules import ALL, Rules
from bot.domain.disclosure.telling import tell
from tests.attacker import EXCLUSIVE, bits, coalition, subjects
from tests.organisations import MEASURES, Week, organisation

STATES = (*EXCLUSIVE, "other")
TRIES = 4
APART = 0.2
"""Two worlds this far apart leave an interval of more than ten percent to each side."""

Figures = dict[str, dict[int, int]]
Past = list[tuple[tuple[Published, ...], Memory]]


@dataclass(frozen=True)
class Target:
    """Whom two members want to know about, by which measure, and when: in a week, or always where nothing changes."""

    person: int
    members: tuple[int, ...]
    measure: Measure
    block: Block
    week: int
    steady: bool
    rules: Rules


def history(weeks: Sequence[Week], rules: Rules = ALL) -> Past:
    """Everything published, and what was remembered each time."""
    memory, found = Memory(), []
    for week in weeks:
        issue = publish(
            week=week.monday, groups=week.groups, measures=MEASURES, values=week.values, memory=memory, rules=rules
        )
        memory = issue.memory
        found.append((issue.published, memory))
    return found


def targets(seed: int, count: int, rules: Rules = ALL) -> Iterator[tuple[Target, list[Week], Past]]:
    """Persons of one organisation, with the two members whose own figures tell most, or any two."""
    dice = Random(seed)
    nature, every_week = organisation(seed)
    weeks = [week for week in every_week if due(week.monday)]
    past = history(weeks, rules)
    chances = [(number, block) for number in range(len(weeks)) for block in past[number][1].blocks if block.open]
    for number, block in dice.sample(chances, min(count, len(chances))):
        measure = dice.choice(subjects()[block.measure])
        figures = past[number][1].figures[measure.name]
        ordered = sorted(block.members, key=lambda person: figures[person])
        knowing = coalition(bits(block.members))
        extremes = (ordered[-knowing:], ordered[:knowing], [ordered[0], *ordered[1 - knowing :]])
        members = dice.choice((*extremes, dice.sample(ordered, knowing)))
        person = dice.choice([each for each in ordered if each not in members])
        seen = next(week for week in range(number, -1, -1) if _known(weeks[week], measure, person))
        yield Target(person, tuple(members), measure, block, seen, nature.steady, rules), weeks, past


def alibi(target: Target, weeks: Sequence[Week], past: Past) -> bool:
    """Whether there are other figures with which all that was published stays as it was."""
    family = subjects()[target.block.measure]
    own = _figures(target, past, always=target.steady)
    said = tell("", target.block.members, family, own, target.rules)
    free = sorted(target.block.members - set(target.members))
    worlds = _other_shares if target.measure.kind is Kind.SHARE else _other_sums
    for other in worlds(target, own, free):
        same = _apart(target, own, other) and tell("", target.block.members, family, other, target.rules) == said
        if same and _made_up_for(target, _changed(target, weeks, own, other), past):
            return True
    return False


def _apart(target: Target, own: Figures, other: Figures) -> bool:
    """Whether the person's figure in the other world is clearly another; a state, the other state."""
    mine, then = own[target.measure.name][target.person], other[target.measure.name][target.person]
    mean = sum(own[target.measure.name].values()) / len(target.block.members)
    return abs(then - mine) > APART * (mine or (mean if target.measure.kind is Kind.SUM else 0))


def _made_up_for(target: Target, weeks: list[Week], past: Past, reached: int = -1) -> bool:
    """Week by week, until all looks the same: where an old figure still counts later, others make up for it."""
    family = subjects()[target.block.measure]
    now = history(weeks, target.rules)
    broken = next((number for number in range(len(weeks)) if now[number][0] != past[number][0]), None)
    if broken is None or broken <= reached or target.steady:
        return broken is None
    if target.block.key not in {block.key for block in now[broken][1].blocks}:
        return False
    there = replace(target, week=broken)
    own, was = _figures(there, now, always=False), _figures(there, past, always=False)
    said = tell("", target.block.members, family, was, target.rules)
    others = target.block.members - {target.person, *target.members}
    free = [person for person in sorted(others) if _known(weeks[broken], target.measure, person)]
    same = (
        other
        for other in _repairs(own, was, free, target.measure)
        if tell("", target.block.members, family, other, target.rules) == said
    )
    return any(_made_up_for(target, _changed(there, weeks, own, other), past, broken) for other in islice(same, TRIES))


def _known(week: Week, measure: Measure, person: int) -> bool:
    return week.values[measure.name].get(person) is not None


def _figures(target: Target, past: Past, *, always: bool) -> Figures:
    """What counts for the people of the block, in its week or, where nothing changes, at any time."""
    found: Figures = {measure.name: {} for measure in subjects()[target.block.measure]}
    for _, memory in past if always else [past[target.week]]:
        for name, known in found.items():
            known.update({one: it for one, it in memory.figures[name].items() if one in target.block.members})
    return found


def _changed(target: Target, weeks: Sequence[Week], own: Figures, other: Figures) -> list[Week]:
    """The weeks with other figures: where a figure was last known up to the target's week, or always."""
    found = list(weeks)
    for name, figures in other.items():
        for person in (person for person, figure in figures.items() if figure != own[name][person]):
            known = [number for number, week in enumerate(found) if week.values[name].get(person) is not None]
            for number in known if target.steady else [max(each for each in known if each <= target.week)]:
                values = {**found[number].values, name: {**found[number].values[name], person: figures[person]}}
                found[number] = replace(found[number], values=values)
    return found


def _repairs(own: Figures, was: Figures, free: Sequence[int], measure: Measure) -> Iterator[Figures]:
    """One or two other people have figures with which the block says what it said."""
    if measure.kind is Kind.SUM:
        short = {name: sum(was[name].values()) - sum(known.values()) for name, known in own.items()}
        for one in free:
            yield {name: {**known, one: max(known[one] + short[name], 0)} for name, known in own.items()}
        return
    if measure.name not in EXCLUSIVE:
        yield from ({measure.name: {**own[measure.name], one: 1 - own[measure.name][one]}} for one in free)
        return
    kinds = list({_state(one, own): one for one in free}.values())
    for one in kinds:
        for its in STATES:
            yield _stated(own, {one: its})
            yield from (_stated(own, {one: its, two: other}) for two in kinds if two != one for other in STATES)


def _other_shares(target: Target, own: Figures, free: Sequence[int]) -> Iterator[Figures]:
    """The person has another state; one or two others may have to change theirs to make up for it."""
    if target.measure.name not in EXCLUSIVE:
        flipped = 1 - own[target.measure.name][target.person]
        for change in [{}, *({other: 1 - own[target.measure.name][other]} for other in free if other != target.person)]:
            yield {target.measure.name: {**own[target.measure.name], target.person: flipped, **change}}
        return
    was = own[target.measure.name][target.person] > 0
    kinds = {_state(other, own): other for other in free if other != target.person}
    for new in STATES:
        if (new == target.measure.name) is not was:
            yield _stated(own, {target.person: new})
            for other in kinds.values():
                yield from (_stated(own, {target.person: new, other: its}) for its in STATES)


def _state(person: int, own: Figures) -> str:
    return next((name for name in EXCLUSIVE if own[name][person]), "other")


def _stated(own: Figures, change: Mapping[int, str]) -> Figures:
    return {
        name: {**known, **{person: int(state == name) for person, state in change.items()}}
        for name, known in own.items()
    }


def _other_sums(target: Target, own: Figures, free: Sequence[int]) -> Iterator[Figures]:
    """The person has clearly more or less: by changing places, by giving to the others, or by carrying the untold."""
    me, name = target.person, target.measure.name
    others = [person for person in free if person != me]
    mine = own[name][me]
    for other in sorted(others, key=lambda person: -abs(own[name][person] - mine)):
        if abs(own[name][other] - mine) > APART * mine:
            yield {each: {**known, me: known[other], other: known[me]} for each, known in own.items()}
    for part in (0.3, 0.5, 0.9):
        yield {each: _shared_out(known, me, others, part) for each, known in own.items()}
        yield {**own, name: _shared_out(own[name], me, others, part)}
    total = sum(own[name].values())
    yield {each: {**known, me: known[me] + 100 * total + 100} for each, known in own.items()}
    if len(own) > 1:
        whole = next(iter(own))
        places = sorted(others, key=lambda other: -own[whole][other])[:4]
        swapped = [{each: {**known, me: known[one], one: known[me]} for each, known in own.items()} for one in places]
        for world in (own, *swapped):
            rest = world[whole][me] - sum(known[me] for each, known in world.items() if each != whole)
            for amount in (world[name][me] + rest, world[name][me] + rest // 2, 0):
                yield {**world, name: {**world[name], me: amount}}


def _shared_out(known: Mapping[int, int], me: int, others: Sequence[int], part: float) -> dict[int, int]:
    """A part of one's own goes to the others in equal pieces."""
    given = int(known[me] * part)
    pieces = [given // len(others) + (number < given % len(others)) for number in range(len(others))] if others else []
    found = {**known, me: known[me] - sum(pieces)}
    return found | {other: known[other] + piece for other, piece in zip(others, pieces, strict=True)}
