"""Disclosure control by hand: who is counted together, for how long, and in which words it is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from bot.domain import team_summary
from bot.domain.disclosure import (
    At,
    Cell,
    Group,
    Issue,
    Kind,
    Measure,
    Memory,
    Shown,
    Suppressed,
    Why,
    due,
    forget,
    publish,
)
from bot.domain.disclosure.shares import shown_share

FIRST = next(day for day in (date(2026, 1, 5) + timedelta(weeks=n) for n in range(4)) if due(day))
REGULAR = Measure("regular", Kind.SHARE, family="adoption")
NOT_IN_USE = Measure("not_in_use", Kind.SHARE, 10, family="adoption")
SPEND = Measure("spend", Kind.SUM)
MERGED = Measure("merged", Kind.SUM, family="outcomes")
STILL_THERE = Measure("still_there", Kind.SUM, family="outcomes", needed=False)
EIGHT = range(8)


def team(key: str, people: Iterable[int], parent: str | None = None) -> Group:
    return Group(key, parent, frozenset(people))


def issued(
    groups: Iterable[Group],
    yes: Iterable[int] = (),
    *,
    weeks: int = 0,
    memory: Memory | None = None,
    known: Iterable[int] | None = None,
) -> Issue:
    """The adoption share, in a company in which `yes` use AI regularly and all or the `known` are known."""
    groups = list(groups)
    people = frozenset().union(*(group.members for group in groups))
    values = {"regular": {person: int(person in set(yes)) for person in (people if known is None else known)}}
    return publish(
        week=FIRST + timedelta(weeks=weeks),
        groups=groups,
        measures=[REGULAR],
        values=values,
        memory=memory or Memory(),
    )


def cell(issue: Issue, group: str = "team", measure: str = "regular") -> Cell:
    return next(each.cells[measure] for each in issue.published if each.group == group)


@pytest.mark.parametrize(
    ("low", "high", "people", "words"),
    [
        (0, 3, 8, Shown(40, At.AT_MOST, 8)),
        (4, 4, 8, Shown(50, At.ABOUT, 8)),
        (5, 8, 8, Shown(60, At.AT_LEAST, 8)),
        (10, 10, 200, Shown(5, At.ABOUT, 200)),
        (0, 10, 200, Shown(5, At.AT_MOST, 200)),
        (9, 12, 27, Shown(40, At.ABOUT, 27)),
        (2, 10, 16, Shown(65, At.AT_MOST, 16)),
        (1, 15, 16, Suppressed(Why.TOO_COARSE)),
    ],
)
def test_words_of_a_share(low: int, high: int, people: int, words: Cell) -> None:
    """A range at an end is a bound, a narrow one is "about", a wide one the better bound, or nothing."""
    assert words == shown_share(low, high, people)


def test_all_and_none_sound_like_three_and_less() -> None:
    """Nobody, three of eight: the same words; everybody, five of eight: the same words."""
    said = [cell(issued([team("team", EIGHT)], range(count))) for count in (0, 3, 4, 5, 8)]

    few, half, most = Shown(40, At.AT_MOST, 8), Shown(50, At.ABOUT, 8), Shown(60, At.AT_LEAST, 8)
    assert [few, few, half, most, most] == said


def test_a_small_team_is_counted_above() -> None:
    """A team of six hears nothing; its people count in the figure of the group above, together with others."""
    groups = [team("area", range(22)), team("team", range(6), "area"), team("other", range(6, 18), "area")]

    issue = issued(groups, range(0, 22, 2))

    assert Suppressed(Why.TOO_SMALL) == cell(issue, "team")
    assert Shown(50, At.ABOUT, 22) == cell(issue, "area")
    assert Shown(50, At.ABOUT, 12) == cell(issue, "other")


def test_a_group_above_says_what_its_blocks_say() -> None:
    """Two teams that hear "at most 40 %" make an area that hears the same, whatever else is known of them."""
    groups = [team("area", range(16)), team("one", EIGHT, "area"), team("two", range(8, 16), "area")]

    said = [cell(issued(groups, yes), "area") for yes in ((), (0, 1, 2), (0, 1, 2, 8, 9, 10))]

    assert [Shown(40, At.AT_MOST, 16)] * 3 == said


def test_leavers_keep_counting_until_too_many_left() -> None:
    """Two of eight leave and the figure stays; the third closes the block, and the others rest for 26 weeks."""
    first = issued([team("team", EIGHT)], range(4))
    second = issued([team("team", range(6))], range(4), weeks=4, memory=first.memory)
    third = issued([team("team", range(5))], range(4), weeks=8, memory=second.memory)
    newcomers = [team("team", [*range(5), 20, 21, 22])]
    too_soon = issued(newcomers, range(4), weeks=28, memory=third.memory)
    rested = issued(newcomers, range(4), weeks=32, memory=too_soon.memory)

    half, resting = Shown(50, At.ABOUT, 8), Suppressed(Why.RESTING)
    assert [half, half, resting, resting, half] == [cell(each) for each in (first, second, third, too_soon, rested)]
    assert {0, 1, 2, 3, 4, 20, 21, 22} == rested.published[0].members


def test_newcomers_wait_for_each_other() -> None:
    """Six newcomers are not counted; with the seventh they are a block of their own, and the team counts fifteen."""
    first = issued([team("team", EIGHT)], range(4))
    six = issued([team("team", range(14))], range(4), weeks=4, memory=first.memory)
    seven = issued([team("team", range(15))], range(4), weeks=8, memory=six.memory)

    people = [len(each.published[0].members) for each in (first, six, seven)]
    assert [8, 8, 15] == people
    assert [1, 1, 2] == [len(each.memory.blocks) for each in (first, six, seven)]


def test_who_moves_counts_where_they_were() -> None:
    """Somebody who changes teams moves no figure of either."""
    groups = [team("one", EIGHT), team("two", range(8, 16))]
    moved = [team("one", range(7)), team("two", range(7, 16))]
    first = issued(groups, range(4, 12))
    then = issued(moved, range(4, 12), weeks=4, memory=first.memory)

    assert [each.cells for each in first.published] == [each.cells for each in then.published]
    assert [each.members for each in first.published] == [each.members for each in then.published]


def test_unknown_for_a_while_counts_as_last_known() -> None:
    """A source that fails for one person moves nothing, and never counts as a zero."""
    first = issued([team("team", EIGHT)], range(4))
    then = issued([team("team", EIGHT)], range(4), weeks=4, memory=first.memory, known=range(1, 8))

    assert cell(first) == cell(then)
    assert {person: int(person < 4) for person in EIGHT} == then.memory.figures["regular"]


def gone_silent(silent: Iterable[int], yes: Iterable[int] = range(4), *, until: int = 20) -> list[Issue]:
    """A team of eight every four weeks; of the `silent` nothing is known after the first time."""
    issues: list[Issue] = []
    for weeks in range(0, until + 1, 4):
        known = set(EIGHT) - set(silent) if weeks else EIGHT
        memory = issues[-1].memory if issues else None
        issues.append(issued([team("team", EIGHT)], yes, weeks=weeks, memory=memory, known=known))
    return issues


def test_a_dead_source_is_told_for_twelve_weeks() -> None:
    """Nothing new is known of anybody: after twelve weeks the block closes, and its figures are gone."""
    issues = gone_silent(EIGHT)

    half, resting = Shown(50, At.ABOUT, 8), Suppressed(Why.RESTING)
    assert [half, half, half, half, resting, resting] == [cell(each) for each in issues]
    assert dict.fromkeys(EIGHT, FIRST) == issues[3].memory.known["regular"]
    assert ({}, {}) == (issues[4].memory.figures["regular"], issues[4].memory.known["regular"])


def test_a_quarter_without_news_keeps_counting() -> None:
    """Two of eight are silent for half a year: without them the figure would tell of them, so they stay in it."""
    issues = gone_silent(range(2), until=28)

    assert [Shown(50, At.ABOUT, 8)] * 8 == [cell(each) for each in issues]
    assert {person: FIRST + timedelta(weeks=28 * (person > 1)) for person in EIGHT} == issues[-1].memory.known[
        "regular"
    ]


def test_who_left_and_who_fell_silent_add_up() -> None:
    """One of eight leaves, then two fall silent: together more than a quarter, and the block closes."""
    first = issued([team("team", EIGHT)], range(4))
    group, known = [team("team", range(7))], range(2, 7)
    issues = [first]
    for weeks in range(4, 17, 4):
        issues.append(issued(group, range(4), weeks=weeks, memory=issues[-1].memory, known=known))

    half = Shown(50, At.ABOUT, 8)
    assert [half, half, half, half, Suppressed(Why.RESTING)] == [cell(each) for each in issues]


@pytest.mark.parametrize("silent", [2, 3, 8])
def test_when_a_block_closes_hangs_on_no_value(silent: int) -> None:
    """Whatever the state of those who fell silent, and of the others, the same weeks have a figure."""
    told = {
        tuple(isinstance(cell(each), Shown) for each in gone_silent(range(silent), yes))
        for yes in ((), range(silent), range(silent, 8), EIGHT)
    }

    assert 1 == len(told)


def test_a_figure_that_is_no_longer_kept_closes_its_block() -> None:
    """One figure was too old to be kept at all: nothing is told of the others, with or without it."""
    memory = gone_silent(range(1))[-1].memory
    lost = Memory(
        memory.blocks,
        {"regular": {person: it for person, it in memory.figures["regular"].items() if person}},
        {"regular": {person: it for person, it in memory.known["regular"].items() if person}},
    )

    then = issued([team("team", EIGHT)], range(4), weeks=24, memory=lost, known=range(1, 8))

    assert Suppressed(Why.RESTING) == cell(then)


def test_nobody_unknown_enters_a_block() -> None:
    """Seven of eight are known: a block of seven."""
    assert Shown(45, At.AT_MOST, 7) == cell(issued([team("team", EIGHT)], range(3), known=range(7)))


def test_erasing_leaves_no_trace_and_closes() -> None:
    """After `forget` the id is nowhere in what is remembered, and the others rest."""
    first = issued([team("team", EIGHT)], range(4))
    memory = forget(first.memory, 3)
    then = issued([team("team", set(EIGHT) - {3})], range(4), weeks=4, memory=memory)

    assert not any(3 in block.members for block in memory.blocks)
    assert not any(3 in each for each in (*memory.figures.values(), *memory.known.values()))
    assert Suppressed(Why.RESTING) == cell(then)
    assert {} == then.memory.figures["regular"]


def test_nothing_new_between() -> None:
    """In the three weeks between two publications nothing is said, and nothing is forgotten."""
    first = issued([team("team", EIGHT)], range(4))

    assert [Issue((), first.memory)] * 3 == [
        issued([team("team", EIGHT)], range(8), weeks=weeks, memory=first.memory) for weeks in (1, 2, 3)
    ]


def sums(measures: list[Measure], **values: list[int]) -> Issue:
    """One team and its amounts, person by person."""
    people = range(max(map(len, values.values())))
    known = {name: dict(enumerate(amounts)) for name, amounts in values.items()}
    return publish(week=FIRST, groups=[team("team", people)], measures=measures, values=known, memory=Memory())


def test_a_sum_that_many_carry_is_told_rounded() -> None:
    """Twelve people with 1,234 each: 15,000."""
    assert Shown(15_000, At.ABOUT, 12) == cell(sums([SPEND], spend=[1234] * 12), measure="spend")


@pytest.mark.parametrize(
    "amounts",
    [[0] * 12, [100] * 11 + [2000], [100] * 10 + [1000, 1000], [500] * 4 + [0] * 8, [100] * 9, [6, 0] + [1] * 8],
    ids=["nothing", "one carries", "two carry", "four carry", "nine people", "just allowed"],
)
def test_a_sum_that_few_carry_is_not_told(amounts: list[int]) -> None:
    """Nothing, one large amount, two, four among zeros, nine people, or one whose part leaves one each: no sum."""
    assert isinstance(cell(sums([SPEND], spend=amounts), measure="spend"), Suppressed)


def test_a_part_is_not_told_when_nobody_has_the_rest() -> None:
    """All that was merged is still there: told, it would say so of everyone."""
    issue = sums([MERGED, STILL_THERE], merged=[4] * 12, still_there=[4] * 12)

    assert Shown(48, At.ABOUT, 12) == cell(issue, measure="merged")
    assert Suppressed(Why.DOMINANT) == cell(issue, measure="still_there")


def test_days_near_their_most_are_not_told() -> None:
    """Twelve people who all worked 19 of 20 days: the sum would say so of each, and of 10 days it does not."""
    days = next(measure for measure in team_summary.MEASURES if measure.name == team_summary.ACTIVE_DAYS)

    assert isinstance(cell(sums([days], active_days=[19] * 12), measure="active_days"), Suppressed)
    assert Shown(120, At.ABOUT, 12) == cell(sums([days], active_days=[10] * 12), measure="active_days")


def test_a_part_larger_than_its_whole_is_not_told() -> None:
    """Figures that contradict each other say nothing."""
    issue = sums([MERGED, STILL_THERE], merged=[4] * 12, still_there=[3] * 11 + [5])

    assert Suppressed(Why.DOMINANT) == cell(issue, measure="still_there")


def test_one_share_leaves_less_room_for_the_next() -> None:
    """When most are regular users, few states are left for the others: the second share is not told."""
    people = range(12)
    values = {
        "regular": {person: int(person < 10) for person in people},
        "not_in_use": {person: int(person >= 10) for person in people},
    }
    issue = publish(
        week=FIRST,
        groups=[team("team", people)],
        measures=[REGULAR, NOT_IN_USE],
        values=values,
        memory=Memory(),
    )

    assert Shown(65, At.AT_LEAST, 12) == cell(issue)
    assert Suppressed(Why.TOO_COARSE) == cell(issue, measure="not_in_use")
