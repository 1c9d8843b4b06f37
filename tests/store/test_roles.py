"""Which groups somebody in Slack may open: by who reports to whom at that moment, and by nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.store import people, roles
from bot.store.database import Session, Store
from bot.store.tables import PersonRow, SnapshotRow, TeamGroupRow, TeamPersonRow

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
TODAY = NOW.date()
WEEK = date(2026, 3, 9)
TREE = {
    "hana": None,
    "ada": "hana",
    "ben": "ada",
    "chidi": "ada",
    "gus": "hana",
    "finn": "gus",
    "ivy": None,
    "jo": "ivy",
}
LABELS = {"hana": "Lanterns", "ada": "Glass", "gus": "Wicks", "ivy": "Wicks"}


@dataclass(frozen=True)
class House:
    """A roster with a tree of managers, each of whom has a group `below-<name>` with a published week."""

    store: Store

    def roster(self, tree: dict[str, str | None], **said: date) -> None:
        records = [
            PersonRecord(
                email=f"{name}@lantern.example",
                manager_email=manager and f"{manager}@lantern.example",
                slack_user_id=f"U0{name.upper()}",
                ended_on=said.get(name),
            )
            for name, manager in tree.items()
        ]
        with self.store.begin() as session:
            people.save_people(session, records=records, now=NOW)

    def groups(self) -> None:
        with self.store.begin() as session:
            for name, label in LABELS.items():
                session.add(TeamGroupRow(person_id=self.number(session, name), group_key=f"below-{name}"))
                group = {"week": WEEK, "alike_since": WEEK, "rule_version": "t"}
                session.add(SnapshotRow(**group, group_key=f"below-{name}", label=label))
                session.add_all(
                    TeamPersonRow(group_key=f"below-{name}", person_id=self.number(session, one))
                    for one in TREE
                    if name in above(one)
                )

    def number(self, session: Session, name: str) -> int:
        found = people.person_by_email(session, email=f"{name}@lantern.example")
        assert found is not None
        return found

    def own(self, name: str) -> str | None:
        with self.store.read() as session:
            return roles.own_group(session, slack_user_id=f"U0{name.upper()}", day=TODAY)

    def opens(self, name: str, day: date = TODAY) -> set[str]:
        keys = [f"below-{leader}" for leader in LABELS]
        with self.store.read() as session:
            found = roles.openable(session, slack_user_id=f"U0{name.upper()}", group_keys=keys, day=day)
        return {key.removeprefix("below-") for key in found}


def above(name: str) -> list[str]:
    manager = TREE[name]
    return [] if manager is None else [manager, *above(manager)]


@pytest.fixture
def house(store: Store) -> House:
    built = House(store)
    built.roster(TREE)
    built.groups()
    return built


def test_manager_opens_own_group_and_those_below(house: House) -> None:
    """A manager opens their own group and every one below it; an employee or a stranger opens none."""
    askers = ("hana", "ada", "gus", "ivy", "ben", "nobody")

    assert {
        "hana": {"hana", "ada", "gus"},
        "ada": {"ada"},
        "gus": {"gus"},
        "ivy": {"ivy"},
        "ben": set(),
        "nobody": set(),
    } == {asker: house.opens(asker) for asker in askers}


def test_lost_team_is_lost_at_once(house: House) -> None:
    """As soon as the roster says that a team reports to somebody else, the one who had it opens nothing of it."""
    house.roster({**TREE, "ada": "ivy", "gus": "ivy"})

    assert set() == house.opens("hana")
    assert {"ada", "gus"} == house.opens("ivy")


def test_another_team_opens_nothing_of_the_one_before(house: House) -> None:
    """Two leads swap teams: neither they nor the one above open what was published of either; the one above, theirs."""
    house.roster({**TREE, "ben": "gus", "chidi": "gus", "finn": "ada"})

    assert {"hana": {"hana"}, "ada": set(), "gus": set()} == {
        name: house.opens(name) for name in ("hana", "ada", "gus")
    }
    assert {"hana": "below-hana", "ada": None, "gus": None} == {
        name: house.own(name) for name in ("hana", "ada", "gus")
    }


def test_a_team_that_grew_beyond_itself_is_not_the_one_it_was(house: House) -> None:
    """One more among six is still the same group; of one person who are four now, nothing is opened."""
    house.roster({**TREE, "new": "hana", "two": "jo", "three": "ivy"})

    assert {"hana", "ada", "gus"} == house.opens("hana")
    assert set() == house.opens("ivy")


def test_manager_without_a_report_opens_nothing(house: House) -> None:
    """Whoever's last report left has no group any more, from the day after."""
    house.roster(TREE, jo=TODAY)

    assert {"ivy"} == house.opens("ivy")
    assert set() == house.opens("ivy", TODAY + timedelta(days=1))


def test_manager_who_left_opens_nothing(house: House) -> None:
    """After their last day a manager opens nothing, and their team is not below anybody who was above them.

    With it most of those are gone whom the group above was published of, so that this is not opened either.
    """
    house.roster(TREE, ada=TODAY - timedelta(days=1))

    assert set() == house.opens("ada")
    assert {"gus"} == house.opens("hana")


def test_circle_of_managers_ends(house: House) -> None:
    """Managers in a circle, which the roster refuses, would not keep the question from ending."""
    with house.store.begin() as session:
        for below, manager in (("hana", "jo"), ("ivy", "gus")):
            session.get_one(PersonRow, house.number(session, below)).manager_id = house.number(session, manager)

    assert {"ada"} == house.opens("ivy")
    assert {"ada"} == house.opens("hana")


def test_name_leads_only_to_groups_below(house: House) -> None:
    """A name, in any spelling of letters and blanks, leads to the groups of that name that the asker may open."""
    with house.store.read() as session:
        found = {
            (asker, name): roles.called(session, slack_user_id=f"U0{asker}", name=name, week=WEEK, day=TODAY)
            for asker, name in (
                ("HANA", " wicks "),
                ("IVY", "WICKS"),
                ("HANA", "lanterns"),
                ("ADA", "Wicks"),
                ("BEN", "x"),
            )
        }

    assert {
        ("HANA", " wicks "): ("below-gus",),
        ("IVY", "WICKS"): ("below-ivy",),
        ("HANA", "lanterns"): ("below-hana",),
        ("ADA", "Wicks"): (),
        ("BEN", "x"): (),
    } == found


def test_address_names_a_lead_by_any_of_their_addresses(house: House) -> None:
    """Somebody is named when the Slack account and one of the addresses belong to the same person, and only then."""
    with house.store.read() as session:
        named = {
            name: roles.is_one_of(
                session, slack_user_id=f"U0{name}", emails=["ada@lantern.example", "x@y.example"], day=TODAY
            )
            for name in ("ADA", "BEN", "NOBODY")
        }

    assert {"ADA": True, "BEN": False, "NOBODY": False} == named


def test_whoever_left_is_named_no_more(house: House) -> None:
    """From the day after their last one an address makes nobody a lead, and it is known that they left."""
    house.roster(TREE, ada=TODAY)
    found = {}
    with house.store.read() as session:
        for day in (TODAY, TODAY + timedelta(days=1)):
            found[day] = (
                roles.is_one_of(session, slack_user_id="U0ADA", emails=["ada@lantern.example"], day=day),
                roles.has_left(session, slack_user_id="U0ADA", day=day),
                roles.has_left(session, slack_user_id="U0NOBODY", day=day),
            )

    assert {TODAY: (True, False, False), TODAY + timedelta(days=1): (False, True, False)} == found


def test_sources_are_called_as_everywhere() -> None:
    """The two names of sources that the module writes out are those of the whole list."""
    assert (IdentitySource.SLACK.value, IdentitySource.EMAIL.value) == (roles.SLACK, roles.EMAIL)
