"""The tree of groups of one day: everybody below a manager, fixed, named by no person."""

from __future__ import annotations

import random

import pytest

from bot.domain.teams import COMPANY, Stand, below, continued, is_alike, teams

BOSS, ADA, BEN, CHIDI, DANA, EMI = range(1, 7)
STANDS = {
    BOSS: Stand("house"),
    ADA: Stand("lamps", BOSS),
    BEN: Stand("lamps", BOSS),
    CHIDI: Stand("glass", ADA),
    DANA: Stand("glass", ADA),
    EMI: Stand("wicks", CHIDI),
}
KEYS = {BOSS: "b", ADA: "a", CHIDI: "c"}


def test_a_group_is_everybody_below_and_not_the_manager() -> None:
    """One group a manager, at any depth; the company's holds everybody."""
    groups = {team.key: team.members for team in teams(STANDS, keys=KEYS)}

    assert {
        COMPANY: {BOSS, ADA, BEN, CHIDI, DANA, EMI},
        "b": {ADA, BEN, CHIDI, DANA, EMI},
        "a": {CHIDI, DANA, EMI},
        "c": {EMI},
    } == groups


def test_the_group_above_is_the_one_of_the_managers_manager() -> None:
    """Whoever has no manager here leads a group right below the company's."""
    assert {COMPANY: None, "b": COMPANY, "a": "b", "c": "a"} == {
        team.key: team.parent for team in teams(STANDS, keys=KEYS)
    }


def test_everybody_is_direct_in_exactly_one_group() -> None:
    """The smallest group that counts somebody is that of who they report to."""
    assert {COMPANY: {BOSS}, "b": {ADA, BEN}, "a": {CHIDI, DANA}, "c": {EMI}} == {
        team.key: team.direct for team in teams(STANDS, keys=KEYS)
    }


def test_a_label_is_what_most_direct_members_say() -> None:
    """More than half of those who report to the manager carry it; else there is none, and the company has none."""
    split = {**STANDS, DANA: Stand("shades", ADA)}

    labels = {team.key: team.label for team in teams(STANDS, keys=KEYS)}
    of_split = {team.key: team.label for team in teams(split, keys=KEYS)}

    assert {COMPANY: None, "b": "lamps", "a": "glass", "c": "wicks"} == labels
    assert {COMPANY: None, "b": "lamps", "a": None, "c": "wicks"} == of_split


def test_a_manager_who_is_not_here_leads_nobody() -> None:
    """Who reports to somebody who left stands right below the company until a roster says otherwise."""
    left = {person: stand for person, stand in STANDS.items() if person != ADA}

    groups = {team.key: (team.parent, set(team.members)) for team in teams(left, keys=KEYS)}

    assert {BOSS: {BEN}, CHIDI: {EMI}} == below(left)
    assert {
        COMPANY: (None, {BOSS, BEN, CHIDI, DANA, EMI}),
        "b": (COMPANY, {BEN}),
        "c": (COMPANY, {EMI}),
    } == groups


def test_nobody_is_below_themselves() -> None:
    """A circle that a roster slipped in makes no group of its own, and no endless climb."""
    turning = {**STANDS, BOSS: Stand("house", CHIDI)}

    groups = {team.key: team.members for team in teams(turning, keys=KEYS)}

    assert {COMPANY: set(STANDS), "b": {BEN}, "a": {DANA}, "c": {EMI}} == groups


def test_two_groups_are_alike_while_three_quarters_of_either_are_in_both() -> None:
    """Who came counts as much as who went; nobody is like nobody."""
    twelve = set(range(12))

    assert [True, True, False, False, False] == [
        is_alike(twelve, other)
        for other in (set(range(9)), set(range(16)), set(range(8)), set(range(17)), set(range(12, 24)))
    ]
    assert not is_alike(set(), set())


def test_a_key_goes_with_its_people() -> None:
    """Two leads who swap teams swap keys; a new lead takes the one of the people; two new ones have none."""
    large, small = frozenset(range(20, 32)), frozenset(range(40, 43))
    before, led = {"l": large, "s": small}, {ADA: "l", BEN: "s"}

    assert {ADA: "s", BEN: "l"} == continued({ADA: small, BEN: large}, before=before, led=led)
    assert {CHIDI: "l", BEN: "s"} == continued({CHIDI: large | {ADA}, BEN: small}, before=before, led=led)
    assert {CHIDI: "l"} == continued({CHIDI: large}, before=before, led={BEN: "s"})
    assert {} == continued({CHIDI: large | small | frozenset(range(50, 60))}, before=before, led=led)


def test_a_key_that_finds_its_people_nowhere_stays_with_the_leader() -> None:
    """A team that doubled goes on under its key, and so does one of new people, unless the key went elsewhere."""
    before, led = {"l": set(range(20, 32))}, {ADA: "l"}

    assert {ADA: "l"} == continued({ADA: frozenset(range(20, 44))}, before=before, led=led)
    assert {ADA: "l"} == continued({ADA: frozenset(range(60, 72))}, before=before, led=led)
    assert {BEN: "l"} == continued(
        {ADA: frozenset(range(60, 72)), BEN: frozenset(range(20, 32))}, before=before, led=led
    )


def test_of_two_groups_alike_the_one_with_most_of_the_people_has_the_key() -> None:
    """Somebody above with one more person below does not take the key of those right below."""
    people = frozenset(range(20, 32))

    found = continued({BOSS: people | {ADA}, ADA: people}, before={"a": people, "b": people | {ADA}}, led={BOSS: "b"})

    assert {ADA: "a", BOSS: "b"} == found


@pytest.mark.parametrize("seed", range(20))
def test_groups_lie_within_one_another_or_apart(seed: int) -> None:
    """No two groups of any tree overlap by halves, and a group's parent holds all of it."""
    chance = random.Random(seed)
    stands = {person: Stand(None, chance.randrange(person) or None) for person in range(1, 40)}
    groups = teams(stands, keys={person: f"g{person}" for person in below(stands)})
    by_key = {team.key: team for team in groups}

    for one in groups:
        assert one.parent is None or one.members < by_key[one.parent].members
        for other in groups:
            assert not (one.members & other.members) or one.members <= other.members or other.members <= one.members
    assert set(stands) == {person for team in groups for person in team.direct}
    assert len(stands) == sum(len(team.direct) for team in groups)
