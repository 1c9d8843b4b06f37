"""What is told of a group: P3 and P4 for teams, the brake on volume, trends against its own past, one action."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.domain.adoption import State
from bot.domain.check_in import Helped
from bot.domain.disclosure import At, Cell, Group, Memory, Shown, Suppressed, Why, publish
from bot.domain.team_summary import (
    ACTIVE_DAYS,
    ADOPTION,
    BARRIER_PERCENT,
    BARRIERS,
    CATEGORIES,
    CLEARLY,
    MANY_PERCENT,
    MEASURES,
    MERGED,
    NO_ACCESS,
    NOT_ALLOWED,
    NOT_IN_USE,
    NOT_REALLY,
    OPTIMIZABLE,
    OUTPUT,
    REPORTED,
    RULE_VERSION,
    SPEND,
    STILL_THERE,
    TOKENS,
    VOLUME_AND_MONEY,
    WASTED,
    Line,
    TeamAction,
    Trend,
    is_volume_without_value,
    settle_volume,
    suggested,
    summarize,
)
from bot.domain.team_values import BANDS, UNTOLD, Figures, of_person, values
from bot.domain.team_values import BARRIERS as TOLD
from bot.domain.team_values import CATEGORIES as CATEGORY_OF
from bot.domain.told import HOLDS_FOR, Answer
from bot.domain.waste import DETECTORS

NAMES = tuple(measure.name for measure in MEASURES)
WITHHELD = Suppressed(Why.VOLUME_WITHOUT_VALUE)
MONDAY = date(2026, 3, 2)
SMALL = Suppressed(Why.TOO_SMALL)
USUAL = {
    **dict.fromkeys(NAMES, Shown(20)),
    TOKENS: Shown(50_000_000),
    SPEND: Shown(400_000_000),
    OPTIMIZABLE: Shown(60_000_000),
    WASTED: Shown(10_000_000),
    MERGED: Shown(40),
    ACTIVE_DAYS: Shown(150),
    **dict.fromkeys(BARRIERS, Shown(10, At.AT_MOST)),
}
"""A group like many: everything is shown, nothing stands out."""


def cells(**changed: Cell) -> dict[str, Cell]:
    return USUAL | changed


@pytest.mark.parametrize("missing", [*VOLUME_AND_MONEY, *OUTPUT])
def test_volume_and_money_stand_together_or_not_at_all(missing: str) -> None:
    """P4: where one of tokens, spend, optimizable, wasted and what came out is not told, no token and dollar is."""
    settled = settle_volume(cells(**{missing: SMALL}), ())

    assert [] == [name for name in VOLUME_AND_MONEY if isinstance(settled[name], Shown)]
    assert SMALL == settled[missing]


def test_everything_there_is_told_as_it_was() -> None:
    """Nothing is withheld from a group of which all of it may be told."""
    assert USUAL == settle_volume(USUAL, [USUAL])


def test_no_set_of_cells_shows_money_alone() -> None:
    """P4 as a property: whatever may be told of a group, dollars and tokens come with all four vectors."""
    for seed in range(200):
        chance = random.Random(seed)
        now = {name: SMALL if chance.random() < 0.1 else cell for name, cell in USUAL.items()}
        settled = settle_volume(now, [USUAL] if chance.random() < 0.5 else [])

        if any(isinstance(settled[name], Shown) for name in VOLUME_AND_MONEY):
            assert all(isinstance(settled[name], Shown) for name in (*VOLUME_AND_MONEY, *OUTPUT))


def test_brake_withholds_volume_that_brought_nothing() -> None:
    """W26: tokens doubled, days of use, finished work and reported value did not rise: no token, no dollar is told."""
    doubled = cells(**{TOKENS: Shown(130_000_000), SPEND: Shown(900_000_000)})

    settled = settle_volume(doubled, [USUAL])

    assert dict.fromkeys(VOLUME_AND_MONEY, WITHHELD) == {name: settled[name] for name in VOLUME_AND_MONEY}
    assert {name: cell for name, cell in doubled.items() if name not in VOLUME_AND_MONEY} == {
        name: cell for name, cell in settled.items() if name not in VOLUME_AND_MONEY
    }
    assert TeamAction.ASK_WHAT_WORK_IT_SERVED == suggested(settled)


@pytest.mark.parametrize("factor", [3, 1.6])
def test_brake_holds_until_the_value_rises(factor: float) -> None:
    """However fast tokens grow, once they surely doubled for nothing they stay untold, until something rose as well."""
    past: list[dict[str, Cell]] = []
    for step in range(8):
        now = settle_volume(cells(**{TOKENS: Shown(int(50_000_000 * factor**step))}), past)
        past.insert(0, now)
    is_told = [isinstance(one[TOKENS], Shown) for one in reversed(past)]
    worth_it = cells(**{TOKENS: Shown(int(50_000_000 * factor**8)), MERGED: Shown(60)})

    assert [True] * sum(is_told) + [False] * (8 - sum(is_told)) == is_told
    assert sum(is_told) <= 2
    assert isinstance(settle_volume(worth_it, past)[TOKENS], Shown)


@pytest.mark.parametrize(("name", "value"), [(ACTIVE_DAYS, 200), (MERGED, 60), (CLEARLY, 50)])
def test_brake_is_off_where_something_rose_with_it(name: str, value: int) -> None:
    """More days of use, more finished work, or more people whom it clearly helped: the volume served something."""
    assert not is_volume_without_value(cells(**{TOKENS: Shown(130_000_000), name: Shown(value)}), USUAL)


@pytest.mark.parametrize(("name", "value"), [(ACTIVE_DAYS, 170), (MERGED, 45), (CLEARLY, 40)])
def test_what_rounding_can_explain_did_not_rise(name: str, value: int) -> None:
    """A figure stands for all numbers that are rounded to it: a small step may be none."""
    assert is_volume_without_value(cells(**{TOKENS: Shown(130_000_000), name: Shown(value)}), USUAL)


def test_brake_needs_a_sure_doubling() -> None:
    """Twice as much as rounded may be less than twice as much; and with nothing earlier there is nothing to compare."""
    assert not is_volume_without_value(cells(**{TOKENS: Shown(110_000_000)}), USUAL)
    assert not is_volume_without_value(cells(**{TOKENS: Shown(130_000_000)}), cells(**{TOKENS: SMALL}))
    assert Shown(130_000_000) == settle_volume(cells(**{TOKENS: Shown(130_000_000)}), ())[TOKENS]


def test_volume_is_told_of_ten_people_or_more() -> None:
    """The brake cannot judge fewer, so that fewer have no volume told; distributions need as many (P10)."""
    floors = {measure.name: measure.floor_people for measure in MEASURES}

    assert {10} == {floors[name] for name in (*VOLUME_AND_MONEY, *REPORTED, *CATEGORIES, *BARRIERS)}
    assert all(floor >= 5 for floor in floors.values())


def test_trend_is_against_the_groups_own_past() -> None:
    """More, less or about the same as its newest published figure; none where nothing earlier was published."""
    now = cells(**{NOT_IN_USE: Shown(50), MERGED: Shown(30)})
    hidden, usual = cells(**{NOT_IN_USE: SMALL}), cells()

    trends = {line.measure: line.trend for line in trending(now, [hidden, usual])}
    alone = {line.trend for line in trending(now, [])}

    assert (Trend.MORE, Trend.LESS, Trend.ABOUT_THE_SAME) == (
        trends[NOT_IN_USE],
        trends[MERGED],
        trends[STILL_THERE],
    )
    assert {None} == alone


def test_tokens_and_money_have_no_trend() -> None:
    """P3: a meter reading goes up and down without a word."""
    summary = summarize(cells(**{TOKENS: Shown(90_000_000)}), [USUAL])

    assert {None} == {line.trend for line in summary.four}


def test_at_most_and_at_least_are_ranges() -> None:
    """Broad ends overlap with what lies within them; only what lies beyond is more."""
    before = cells(**{NOT_IN_USE: Shown(35, At.AT_MOST)})
    within, beyond = cells(**{NOT_IN_USE: Shown(35)}), cells(**{NOT_IN_USE: Shown(65, At.AT_LEAST)})

    assert Trend.ABOUT_THE_SAME == trend_of(NOT_IN_USE, within, before)
    assert Trend.MORE == trend_of(NOT_IN_USE, beyond, before)


def test_a_group_without_a_figure_says_nothing() -> None:
    """With every cell withheld there is no line to show, no trend and no action, whatever the reasons."""
    summary = summarize(dict.fromkeys(NAMES, SMALL), [USUAL])

    assert (False, None) == (summary.says_something, summary.action)


@pytest.mark.parametrize(
    ("changed", "action"),
    [
        ({NO_ACCESS: Shown(25), NOT_IN_USE: Shown(50)}, TeamAction.ASK_FOR_ACCESS),
        ({NO_ACCESS: Shown(15), NOT_ALLOWED: Shown(30)}, TeamAction.ASK_WHAT_IS_ALLOWED),
        ({NOT_IN_USE: Shown(35)}, TeamAction.OFFER_AN_HOUR),
        ({NOT_REALLY: Shown(40)}, TeamAction.ASK_WHAT_IS_IN_THE_WAY),
        ({NO_ACCESS: Shown(35, At.AT_MOST)}, None),
        ({}, None),
    ],
)
def test_the_action_follows_what_was_published(changed: dict[str, Cell], action: TeamAction | None) -> None:
    """What people told comes first, then how many use nothing; what is only known to be small suggests nothing."""
    assert action == suggested(cells(**changed))


def test_more_volume_makes_nothing_better() -> None:
    """P3: tokens and money many times as high change no other line, no trend, and bring no action but the question."""
    for seed in range(200):
        chance = random.Random(seed)
        now, before = drawn(chance), drawn(chance)
        factor = chance.choice([1.5, 2, 3, 10, 100])
        burnt = {
            name: Shown(int(cell.value * factor)) if name in VOLUME_AND_MONEY and isinstance(cell, Shown) else cell
            for name, cell in now.items()
        }

        plain = summarize(settle_volume(now, [before]), [before])
        louder = summarize(settle_volume(burnt, [before]), [before])

        for part in ("adoption", "output", "reported", "waste", "barriers"):
            assert getattr(plain, part) == getattr(louder, part)
        assert {None} == {line.trend for line in louder.four}
        assert louder.action in (plain.action, TeamAction.ASK_WHAT_WORK_IT_SERVED)
        if any(isinstance(line.cell, Shown) for line in louder.four):
            assert any(isinstance(line.cell, Shown) for line in plain.four)


def test_a_persons_tokens_count_in_tokens_alone() -> None:
    """P3 before anything is added up: ten times the tokens and the spend change no other value of a person."""
    for seed in range(50):
        chance = random.Random(seed)
        theirs = anybody(chance)
        louder = replace(theirs, tokens=(theirs.tokens or 0) * 10, spend_microusd=(theirs.spend_microusd or 0) * 10)

        assert others(of_person(theirs)) == others(of_person(louder))


def test_what_people_burn_changes_no_other_figure_of_their_group() -> None:
    """P3 from people to cells: some use many times as much in the second period; only volume and money may differ."""
    for seed in range(12):
        chance = random.Random(seed)
        before = {person: worker(chance) for person in range(60)}
        now = {person: worker(chance) for person in range(60)}
        burners = set(chance.sample(range(60), chance.choice([1, 5, 30, 60])))
        burnt = {person: louder(one) if person in burners else one for person, one in now.items()}

        plain, loud = in_two_periods(before, now), in_two_periods(before, burnt)

        assert {name: cell for name, cell in plain[1].items() if name not in VOLUME_AND_MONEY} == {
            name: cell for name, cell in loud[1].items() if name not in VOLUME_AND_MONEY
        }
        quiet, noisy = summarize(plain[1], [plain[0]]), summarize(loud[1], [loud[0]])
        assert (quiet.adoption, quiet.output, quiet.reported) == (noisy.adoption, noisy.output, noisy.reported)
        assert noisy.action in (quiet.action, TeamAction.ASK_WHAT_WORK_IT_SERVED)


def test_money_of_a_real_group_comes_with_all_of_it() -> None:
    """P4 from people to cells, in groups of every size: no token and no dollar without the rest beside it."""
    told = 0
    for size in (5, 8, 12, 20, 50, 120):
        for seed in range(4):
            chance = random.Random(seed)
            people = {person: worker(chance) for person in range(size)}
            for cells_told in in_two_periods(people, people):
                shown = {name for name, cell in cells_told.items() if isinstance(cell, Shown)}
                told += TOKENS in shown
                assert not shown & {*VOLUME_AND_MONEY} or shown >= {*VOLUME_AND_MONEY, *OUTPUT}
    assert told


def test_whoever_is_known_for_one_of_a_family_is_known_for_all() -> None:
    """One band, and one answer, a person: exactly one of the family is true."""
    for seed in range(50):
        counted = of_person(anybody(random.Random(seed)))

        for family in (ADOPTION, REPORTED):
            known = [counted[name] for name in family if name in counted]
            assert sorted(known) in ([], [0, 0, 1])


def test_what_is_not_known_is_no_zero() -> None:
    """P12: somebody of whom nothing is known counts as not visible, and in no other share or sum about use."""
    counted = of_person(Figures())

    assert {"not_visible": 1, **dict.fromkeys(BARRIERS, 0)} == counted


def test_unknown_is_judged_by_no_band() -> None:
    """Every state has its band, and neither `unknown` nor `not_provisioned` has one."""
    assert set(State) == set(BANDS)
    assert {State.UNKNOWN, State.NOT_PROVISIONED} == {state for state, band in BANDS.items() if band is None}


def test_every_pattern_has_a_category_or_is_nobodys_business() -> None:
    """A new detector cannot slip past: it stands in one of the wide categories or is not told of groups."""
    assert set(DETECTORS) <= set(CATEGORY_OF) | UNTOLD
    assert set(CATEGORY_OF.values()) == set(CATEGORIES)
    assert not set(CATEGORY_OF) & UNTOLD


def test_everything_told_with_one_tap_is_counted_only_protected() -> None:
    """Each explanation of little use, and what was meant, is a barrier: told of no fewer than ten people. Two are
    counted nowhere: whom somebody trusts, and how they spend their time, is nobody's business.
    """
    uncounted = {Answer.NO_TRUST, Answer.NO_TIME}

    assert {*HOLDS_FOR, Answer.WAS_MEANT} - uncounted == set(TOLD)


def test_every_measure_gets_its_values() -> None:
    """What is handed on to be protected names each measure once, with people in it where anything is known."""
    everybody = [(number, anybody(random.Random(number))) for number in range(200)]
    by_measure = values(everybody)

    assert set(NAMES) == set(by_measure)
    assert all(by_measure.values())


def test_the_page_on_rules_says_what_holds() -> None:
    """Every figure with its floor, every pattern in its category, every threshold stands in docs/reference/rules.md."""
    text = Path("docs/reference/rules.md").read_text(encoding="utf-8").split("## Groups of people")[1]
    rows = re.findall(r"^\| (`[^|]+) \| (\d+) \|", text, re.MULTILINE)
    floors = {name: int(floor) for names, floor in rows for name in re.findall(r"`([^`]+)`", names)}

    assert {measure.name: measure.floor_people for measure in MEASURES} == floors
    assert {state.value for state in State} == {state.value for state in State if f"`{state}`" in text}
    for category in CATEGORIES:
        patterns = sorted(detector for detector, of in CATEGORY_OF.items() if of == category)
        assert " ".join(patterns) in text or (category, "W13") == ("waste.context", patterns[0])
    assert f"from {BARRIER_PERCENT} % on" in text
    assert f"from {MANY_PERCENT} % on" in text
    assert f"`{RULE_VERSION}`" in text


def trending(now: dict[str, Cell], past: Sequence[dict[str, Cell]]) -> Iterable[Line]:
    summary = summarize(now, past)
    return (*summary.adoption, *summary.output, *summary.reported, *summary.barriers)


def trend_of(name: str, now: dict[str, Cell], before: dict[str, Cell]) -> Trend | None:
    return next(line.trend for line in trending(now, [before]) if line.measure == name)


def drawn(chance: random.Random) -> dict[str, Cell]:
    """A group of which some may be told."""
    return {
        name: SMALL
        if chance.random() < 0.05
        else Shown(chance.randrange(5, 100, 5))
        if name not in (*VOLUME_AND_MONEY, *OUTPUT, ACTIVE_DAYS)
        else Shown(chance.randrange(10, 99) * 10)
        for name in NAMES
    }


def anybody(chance: random.Random) -> Figures:
    """Somebody of whom some things are known."""

    def perhaps(most: int) -> int | None:
        return chance.randrange(most) if chance.random() < 0.8 else None

    return Figures(
        state=chance.choice([None, *State]),
        tokens=perhaps(10**8),
        spend_microusd=perhaps(10**9),
        optimizable_microusd=perhaps(10**8),
        wasted_microusd=perhaps(10**8),
        merged=perhaps(9),
        still_there=perhaps(9),
        active_days=perhaps(28),
        helped=chance.choice([None, *Helped]),
        patterns=frozenset(chance.sample(sorted(DETECTORS), 3)),
        told=frozenset(chance.sample(TOLD, chance.randrange(3))),
    )


def worker(chance: random.Random) -> Figures:
    """Somebody whose use, money and work are known."""
    spend = chance.randrange(20, 200) * 10**6
    merged = chance.randrange(2, 12)
    return Figures(
        state=chance.choice([State.HABITUAL, State.HABITUAL, State.BUILDING, State.LAPSED]),
        tokens=chance.randrange(10**6, 10**7),
        spend_microusd=spend,
        optimizable_microusd=chance.randrange(spend // 3),
        wasted_microusd=chance.randrange(spend // 3),
        merged=merged,
        still_there=chance.randrange(merged),
        active_days=chance.randrange(1, 20),
        helped=chance.choice(list(Helped)),
    )


def louder(one: Figures) -> Figures:
    return replace(one, tokens=(one.tokens or 0) * 20, spend_microusd=(one.spend_microusd or 0) * 20)


def in_two_periods(before: dict[int, Figures], now: dict[int, Figures]) -> tuple[dict[str, Cell], dict[str, Cell]]:
    """What is published of one group in two periods, with everything that the job does."""
    group = Group("all", None, frozenset(now))
    memory = Memory()
    found: list[dict[str, Cell]] = []
    for week, figures in ((MONDAY - timedelta(weeks=4), before), (MONDAY, now)):
        issue = publish(week=week, groups=[group], measures=MEASURES, values=values(figures.items()), memory=memory)
        memory = issue.memory
        found.append(settle_volume(issue.published[0].cells, found[::-1]))
    return found[0], found[1]


def others(counted: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in counted.items() if name not in (TOKENS, SPEND)}
