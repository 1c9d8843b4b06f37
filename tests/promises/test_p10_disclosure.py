"""P10: nobody can be singled out by what is said of groups in 26 weeks, whatever is known of two people.

Four kinds of evidence. Every way in which a small block can stand is tried, and every world in which a tiny company can
be (tests/every_world.py). A strong attacker (tests/attacker.py) faces organisations drawn at random, and finds nothing;
without one rule, plenty. And for people drawn at random another world is built (tests/alibi.py), in which theirs is
different and all that is published the same.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from itertools import combinations, combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.disclosure import Cell, Kind, Memory, Shown, due, publish
from bot.domain.disclosure.rules import ALL, Rules
from bot.domain.disclosure.shares import LEAST_PEOPLE, LEAST_WITH_MANAGERS, told_share
from bot.domain.disclosure.sums import told_sum
from bot.domain.disclosure.telling import tell
from tests.alibi import Past, alibi, history, targets
from tests.attacker import attack, informed
from tests.every_world import certain
from tests.organisations import MEASURES, organisation
from tests.usefulness import usefulness

SEEDS = st.integers(0, 10**6)
FLOORS = {measure.name: max(measure.floor_people, 7 if measure.kind is Kind.SHARE else 10) for measure in MEASURES}
ADOPTION = [measure for measure in MEASURES if measure.family == "adoption"]
ORGANISATIONS = int(os.environ.get("KINDLING_PROVE_ORGANISATIONS", "10000"))
WITHOUT_ONE_RULE = [
    replace(ALL, **{each.name: False})
    for each in fields(Rules)
    if each.name not in {"differ", "rounding", "four_weeks"}
]


def name_of(rules: Rules) -> str:
    return next(f"without {each.name}" for each in fields(Rules) if not getattr(rules, each.name))


# ---------------------------------------------------------------- every way in which a small block can stand


Counts = tuple[int, ...]


def said(people: int, counts: Counts) -> tuple[tuple[int, int] | None, ...]:
    """What is told of three shares that exclude each other."""
    room, found = people, []
    for count in counts:
        told = told_share(count, people, room)
        room -= told[1] if told else 0
        found.append(told)
    return tuple(found)


@pytest.mark.parametrize("people", range(LEAST_PEOPLE, 14))
def test_members_never_know_of_all_others(people: int) -> None:
    """However many have each state, two members cannot tell of it that all others have it, or that none has.

    Of nine people or more, three cannot. They may even see it told with every state of their own, while nobody else's
    changes.
    """
    knowing = 3 if people >= LEAST_WITH_MANAGERS else 2
    others = people - knowing
    worlds: dict[object, list[Counts]] = {}
    for counts in product(range(others + 1), repeat=3):
        if sum(counts) <= others:
            seen = []
            for states in combinations_with_replacement(range(4), knowing):
                mine = Counter(states)
                seen.append(said(people, (counts[0] + mine[0], counts[1] + mine[1], counts[2] + mine[2])))
            worlds.setdefault(tuple(seen), []).append(counts)

    certain = [
        (alike[0], state)
        for alike in worlds.values()
        for state in range(3)
        if {counts[state] for counts in alike} in ({0}, {others})
    ]

    assert [] == certain


@pytest.mark.parametrize(
    ("people", "knowing"),
    [*((people, 2) for people in range(3, LEAST_PEOPLE)), *((people, 3) for people in range(4, LEAST_WITH_MANAGERS))],
)
def test_fewer_people_cannot_be_told_of(people: int, knowing: int) -> None:
    """With fewer, no way to cut the counts into ranges keeps two members, or three, from knowing all others' state."""

    def seen_through(low: int, high: int) -> bool:
        others = people - knowing
        left = ({count - own for count in range(low, high + 1)} & set(range(others + 1)) for own in range(knowing + 1))
        return any(each in ({0}, {others}) for each in left)

    cuts = [cut for many in range(1, people + 1) for cut in combinations(range(1, people + 1), many)]
    safe = [
        cut
        for cut in cuts
        if not any(seen_through(low, high - 1) for low, high in zip((0, *cut), (*cut, people + 1), strict=True))
    ]

    assert [] == safe


@given(states=st.lists(st.sampled_from(range(4)), min_size=7, max_size=60), seed=st.randoms(use_true_random=False))
def test_whether_a_share_is_told_hangs_on_no_value(states: list[int], seed: object) -> None:
    """The first share of a family is told, or not, for any states alike, and so is every share without a family."""
    people = frozenset(range(len(states)))
    nobody = {measure.name: dict.fromkeys(people, 0) for measure in ADOPTION}
    somebody = {
        measure.name: {person: int(state == number) for person, state in enumerate(states)}
        for number, measure in enumerate(ADOPTION)
    }

    first = ADOPTION[0].name
    assert (None, None) == tuple(tell("", people, ADOPTION, each, ALL)[first].why for each in (nobody, somebody))


@given(amounts=st.lists(st.integers(0, 60), min_size=10, max_size=14))
def test_a_told_sum_is_carried_by_nobody(amounts: list[int]) -> None:
    """Without any two people, nobody has more than half of the rest, and no two more than three quarters."""
    if told_sum(amounts) is None:
        return
    for pair in combinations(range(len(amounts)), 2):
        rest = sorted((amount for number, amount in enumerate(amounts) if number not in pair), reverse=True)
        assert 2 * rest[0] <= sum(rest) > 0
        assert 4 * (rest[0] + rest[1]) <= 3 * sum(rest)


@pytest.mark.parametrize("knowing", [2, 3])
def test_small_sums_leave_everybody_open(knowing: int) -> None:
    """Ten people and every sum up to 14: what two or three know of their own, and of the rule, narrows nobody down."""
    # Nobody can have more than half of a told sum, so that these are all amounts that there can be.
    assert [] == narrowed(knowing, range(8), lambda amounts: told_sum(amounts) if sum(amounts) <= 14 else None)
    loose = replace(ALL, differ=False)
    assert narrowed(knowing, range(8), lambda amounts: told_sum(amounts, loose) if sum(amounts) <= 14 else None)


@pytest.mark.parametrize("knowing", [2, 3])
def test_full_days_leave_everybody_open(knowing: int) -> None:
    """The same where everybody knows that nobody can have more than five, as with the days of a week."""
    assert [] == narrowed(knowing, range(6), lambda amounts: told_sum(amounts, most=5))
    assert narrowed(knowing, range(6), told_sum)


def narrowed(
    knowing: int, amounts: range, tells: Callable[[tuple[int, ...]], tuple[int, int] | None], people: int = 10
) -> list[object]:
    """What members can see, of their own amounts and a told sum, that leaves somebody ten percent each way or less."""
    worlds: dict[object, list[tuple[int, ...]]] = {}
    for own in combinations_with_replacement(amounts, knowing):
        for others in combinations_with_replacement(amounts, people - knowing):
            if (told := tells(own + others)) is not None:
                worlds.setdefault((told, own), []).append(others)
    return [
        seen
        for seen, alike in worlds.items()
        for least, most in [(min(map(min, alike)), max(map(max, alike)))]
        if any((most - least) / 2 <= amount / 10 for others in alike for amount in others)
    ]


@given(amounts=st.lists(st.integers(0, 10**9), min_size=10, max_size=14))
def test_a_sum_has_two_significant_digits(amounts: list[int]) -> None:
    """The range that is told holds the true sum, and its middle has two significant digits."""
    told = told_sum(amounts)
    if told is not None:
        middle = (told[0] + told[1]) // 2
        assert told[0] <= sum(amounts) <= told[1]
        assert 2 >= len(str(middle).rstrip("0"))


# ---------------------------------------------------------------- what holds for whole organisations


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_floors_and_ends(seed: int) -> None:
    """Every shown cell counts enough people, and no share is told as nobody or everybody."""
    measures = {measure.name: measure for measure in MEASURES}
    _, weeks = organisation(seed)
    for published, _ in history(weeks):
        for name, cell in ((name, cell) for each in published for name, cell in each.cells.items()):
            if isinstance(cell, Shown):
                assert FLOORS[name] <= cell.people
                if measures[name].kind is Kind.SHARE:
                    assert 0 == cell.value % 5
                    assert 0 < cell.value < 100


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_blocks_never_overlap(seed: int) -> None:
    """Over 26 weeks of joiners, leavers, transfers and moved teams nobody is counted in two blocks of one measure."""
    _, weeks = organisation(seed)
    met: dict[tuple[str, int], set[str]] = {}
    for _, memory in history(weeks):
        for block in memory.blocks:
            for person in block.members:
                met.setdefault((block.measure, person), set()).add(block.key)

    assert {} == {whose: keys for whose, keys in met.items() if len(keys) > 1}


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, change=st.integers(0, 10**6))
def test_who_is_in_no_block_moves_nothing(seed: int, change: int) -> None:
    """Figures of people who are in no block do not reach any cell, however the tree counts them."""
    _, weeks = organisation(seed)
    shares = [measure for measure in MEASURES if measure.kind is Kind.SHARE]
    week = next(week for week in weeks if due(week.monday))
    issue = publish(week=week.monday, groups=week.groups, measures=shares, values=week.values, memory=Memory())
    counted = {
        measure.name: {
            one
            for block in issue.memory.blocks
            if block.measure in {measure.name, measure.family}
            for one in block.members
        }
        for measure in shares
    }
    values = {
        name: {
            person: value if value is None or person in counted.get(name, ()) else change % 2
            for person, value in figures.items()
        }
        for name, figures in week.values.items()
    }

    again = publish(week=week.monday, groups=week.groups, measures=shares, values=values, memory=Memory())

    assert issue.published == again.published


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, leaves=st.integers(0, 10**6))
def test_one_person_who_leaves_changes_no_figure(seed: int, leaves: int) -> None:
    """Publish, let one person disappear, publish again: every figure is the same, if nobody else's changed."""
    _, weeks = organisation(seed)
    week = next(week for week in weeks if due(week.monday))
    first = publish(week=week.monday, groups=week.groups, measures=MEASURES, values=week.values, memory=Memory())
    people = sorted(frozenset().union(*(group.members for group in week.groups)))
    gone = people[leaves % len(people)]
    values = {name: {one: it for one, it in known.items() if one != gone} for name, known in week.values.items()}
    groups = [replace(group, members=group.members - {gone}) for group in week.groups]

    later = week.monday + timedelta(weeks=4)
    with_them = publish(week=later, groups=week.groups, measures=MEASURES, values=week.values, memory=first.memory)
    without = publish(week=later, groups=groups, measures=MEASURES, values=values, memory=first.memory)

    assert [each.cells for each in with_them.published] == [each.cells for each in without.published]


# ---------------------------------------------------------------- every world of tiny companies


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_so_in_every_world(seed: int) -> None:
    """Two members of ten people, who compare all they see with all that 1,024 worlds look like, are sure of nobody."""
    assert 0 == certain(seed, people=10)


@pytest.mark.parametrize("silent", [0.2, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_so_when_sources_fall_silent(seed: int, silent: float) -> None:
    """Nor when nothing more is known of some of nine people, or of all, from some week on."""
    assert 0 == certain(seed, people=9, silent=silent)


@pytest.mark.parametrize("rule", ["broad_ends", "frozen", "keep_leavers", "from_blocks"])
def test_worlds_tell_without_a_rule(rule: str) -> None:
    """Without one of these rules something is so in every world that looks the same."""
    assert any(certain(seed, people=9, rules=replace(ALL, **{rule: False})) for seed in range(4))


# ---------------------------------------------------------------- the attacker


@pytest.mark.parametrize("first", [0, 25, 50])
def test_attacker_finds_nobody(first: int) -> None:
    """In 75 organisations, over 26 weeks each, nobody is found. The full run: docs/evidence/disclosure.md."""
    assert {} == {seed: hits for seed in range(first, first + 25) if (hits := attack(seed))}


@pytest.mark.parametrize("rules", WITHOUT_ONE_RULE, ids=name_of)
def test_attacker_is_not_blind(rules: Rules) -> None:
    """Without any one of the rules, people are found in the same organisations."""
    assert any(attack(seed, rules) for seed in range(40))


def test_everybody_has_an_alibi() -> None:
    """For people drawn at random there is another world with another figure of theirs and nothing else published."""
    assert [] == [
        target for seed in range(20) for target, weeks, past in targets(seed, 2) if not alibi(target, weeks, past)
    ]


def test_alibis_can_be_missing() -> None:
    """Where 0 % and 100 % are told, some people have none."""
    rules = replace(ALL, broad_ends=False)
    missing = [
        seed for seed in range(8) for target, weeks, past in targets(seed, 3, rules) if not alibi(target, weeks, past)
    ]

    assert missing


# ---------------------------------------------------------------- the long run


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_ten_thousand_organisations() -> None:
    """In 10,000 organisations nobody is found."""
    assert {} == {seed: hits for seed in range(ORGANISATIONS) if (hits := attack(seed))}


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_alibis_in_ten_thousand(capsys: pytest.CaptureFixture[str]) -> None:
    """In each of as many organisations somebody drawn at random has an alibi."""
    without, count = [], Counter[str]()
    for seed in range(ORGANISATIONS):
        for target, weeks, past in targets(seed, 1):
            count["alibis"] += 1
            count["people"] += len(weeks[-1].values["regular"])
            count["shown"] += sum(isinstance(cell, Shown) for cells in _cells(past) for cell in cells.values())
            if not alibi(target, weeks, past):
                without.append((seed, target))
    say(capsys, f"{ORGANISATIONS} organisations, {dict(count)}: {len(without)} without alibi")

    assert [] == without


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("people", "companies"), [(10, 400), (12, 40)])
def test_every_world_of_many(people: int, companies: int) -> None:
    """The same of hundreds of tiny companies."""
    assert {} == {seed: found for seed in range(companies) if (found := certain(seed, people))}


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_every_rule_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    """What is found in organisations without one rule each; prints the table of the evidence."""
    seeds = range(max(ORGANISATIONS // 20, 20))
    rows = {name_of(rules): [attack(seed, rules) for seed in seeds] for rules in WITHOUT_ONE_RULE}
    for name, hits in rows.items():
        ways = Counter(hit.way for each in hits for hit in each).most_common(2)
        count, people = sum(map(bool, hits)), sum(len({hit.person for hit in each}) for each in hits)
        say(capsys, f"| {name} | {count} of {len(seeds)} | {people} | {', '.join(way for way, _ in ways)} |")

    assert [] == [name for name, hits in rows.items() if not any(hits)]


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_beyond_the_promise(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who also knows whose figures changed finds people; rounding and four weeks leave them fewer."""
    seeds = range(max(ORGANISATIONS // 20, 20))
    looser = {"all rules": ALL, "rounding": replace(ALL, rounding=False), "four weeks": replace(ALL, four_weeks=False)}
    found = {name: [informed(seed, rules) for seed in seeds] for name, rules in looser.items()}
    hits = {name: sum(map(len, each)) for name, each in found.items()}
    say(capsys, f"who knows whose figures changed: {hits}; organisations {sum(map(bool, found['all rules']))}")

    assert hits["all rules"] < min(hits["rounding"], hits["four weeks"])


@pytest.mark.prove
def test_what_remains_useful(capsys: pytest.CaptureFixture[str]) -> None:
    """Teams of 8 and more mostly hear something useful; prints the table of the evidence."""
    tallies = usefulness(range(20))
    for (size, when), tally in sorted(tallies.items(), key=lambda each: (each[0][1], each[0][0].zfill(4))):
        heard = " | ".join(f"{100 * tally.heard[name] / tally.groups:.0f} %" for name in ("useful", "about", "money"))
        off = f"{sum(tally.off_percent) / max(len(tally.off_percent), 1):.1f}"
        counted = f"{100 * sum(tally.counted) / max(len(tally.counted), 1):.0f} %"
        say(capsys, f"| {size} | {when} | {heard} | {off} | {counted} |")

    assert tallies["12", "26 weeks"].heard["useful"] > tallies["12", "26 weeks"].groups / 2


def _cells(past: Past) -> list[Mapping[str, Cell]]:
    return [each.cells for published, _ in past for each in published]


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"{line}\n")
