"""Who works at Northwind Lantern Works besides the cast, in which team, and whose machine tells of sessions.

Most of the crowd puts lamps together, in a team large enough to be told of; those who ship them got seats and have not
begun, which is something for a campaign. Called by `bot/playground/demo.py`.
Next: `bot/sources/invented/crowd.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle

from bot.playground import cast
from bot.sources.invented import Behaviour, Character, Habit, crowd

SEED = 2026
COLLEAGUES = 111
LAMP_TEAM, LAMP_MAKERS = "assembly", 50
"""A team large enough to be told of; the others show what is told of small ones."""
SHIPPING_TEAM, SHIPPERS = "shipping", 40
"""The last ones of the crowd: so many who stand where a campaign can find them that they may be counted at all."""

_CAST_BEHAVIOUR = {
    cast.ADA: Behaviour.STEADY,
    cast.BEN: Behaviour.NEVER,
    cast.CHIDI: Behaviour.STEADY,
    cast.DANA: Behaviour.ELSEWHERE,
    cast.EMI: Behaviour.LAPSED,
    cast.FINN: Behaviour.NIGHT_AGENT,
    cast.GUS: Behaviour.FIRST_STEPS,
    cast.HANA: Behaviour.NO_SEAT,
    cast.ROBIN: Behaviour.STEADY,
}
_CAST_HABIT = {cast.ADA: Habit.ORDINARY, cast.CHIDI: Habit.COLD_BREAKS, cast.FINN: Habit.ORDINARY}
"""Whose machines tell of sessions. Of the others nothing but sums of a day are known."""
_LAMP_HABITS = (
    Habit.COLD_BREAKS,
    Habit.ORDINARY,
    Habit.HEAVY_STARTS,
    None,
    Habit.ONE_LONG_TALK,
    Habit.COLD_BREAKS,
    None,
    Habit.HEAVY_STARTS,
    Habit.ORDINARY,
)
"""Of those in the large team who use it in most weeks, in turn: enough of a kind that nobody carries a sum alone."""
_FIRST_NAMES = ("Abel", "Bela", "Cyra", "Dario", "Edda", "Femi", "Gita", "Henk", "Ines", "Jory", "Kaya", "Lumi")
_LAST_NAMES = ("Adeyemi", "Brandt", "Costa", "Duval", "Eriksen", "Fontana", "Grau", "Horvat", "Ito", "Jansen", "Kowal")


def people() -> tuple[Character, ...]:
    """Everybody, the cast first."""
    others = crowd(SEED, COLLEAGUES, cast.DOMAIN)
    shippers = map(_not_begun, others[-SHIPPERS:])
    return (*_cast_characters(), *_with_habits(map(_in_a_team, others[:-SHIPPERS])), *shippers)


def _cast_characters() -> Iterable[Character]:
    email_of = {member.slack_id: member.email for member in cast.EMPLOYEES}
    for member, behaviour in _CAST_BEHAVIOUR.items():
        yield Character(
            email=member.email,
            slack_user_id=member.slack_id,
            timezone=member.timezone,
            country=member.country,
            locale=member.locale,
            role=member.role,
            team="lanterns" if member.manager_id == cast.ADA.slack_id else "house",
            manager_email=email_of.get(member.manager_id or ""),
            behaviour=behaviour,
            habit=_CAST_HABIT.get(member),
        )


def _in_a_team(person: Character) -> Character:
    """Most of the others put lamps together, below Emi; the rest are in small teams, whose leads report to Hana."""
    if int(person.slack_user_id[2:]) <= LAMP_MAKERS:
        return replace(person, team=LAMP_TEAM, manager_email=cast.EMI.email)
    return replace(person, manager_email=person.manager_email or cast.HANA.email)


def _not_begun(person: Character) -> Character:
    """Those in shipping hold seats that they never used, below Gus."""
    return replace(person, team=SHIPPING_TEAM, manager_email=cast.GUS.email, behaviour=Behaviour.NEVER)


def _with_habits(people: Iterable[Character]) -> Iterator[Character]:
    """The machines of some of the large team tell of their sessions."""
    habits = cycle(_LAMP_HABITS)
    for person in people:
        is_told = person.team == LAMP_TEAM and person.behaviour is Behaviour.STEADY
        yield replace(person, habit=next(habits)) if is_told else person


def member(person: Character) -> cast.Member:
    """One of the crowd as the workspace shows them."""
    number = int(person.slack_user_id[2:])
    name = f"{_FIRST_NAMES[number % 12]} {_LAST_NAMES[number % 11]}"
    return cast.Member(
        person.slack_user_id, person.email, name, person.timezone, person.country, person.locale, person.role
    )
