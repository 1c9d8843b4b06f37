"""From a message about a zero to a next step: the real app over the playground, for each cause, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from bot.domain.barriers import CAUSES, OTHER_REASONS
from bot.domain.roster import SeatRecord
from bot.domain.told import Answer, Preferences
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, FINN, Member
from bot.playground.journal import Shown
from bot.store import people, preferences
from bot.store.tables import NudgeRow
from bot.views.ids import Action, Payload
from bot.views.words.steps import STEPS
from tests.handlers import office
from tests.handlers.office import Office
from tests.handlers.test_check_ins import AFTERNOON, forge, send_tip

WORDS = STEPS["en"]
ACCESS, RULES = "https://intranet.lantern.example/seats?tool=ai", "https://intranet.lantern.example/data"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose company named neither of its pages."""
    with office.opened(tmp_path_factory.mktemp("barriers"), "socket") as opened:
        yield opened


def choose(at: Office, member: Member, cause: Answer, trigger: str = "never_used") -> tuple[str, Shown]:
    """A message about this zero, and this cause chosen below it; the key, and what then stands there."""
    key = send_tip(at, member, trigger)
    return key, at.press(member, Action.BARRIER, choose=Payload(key, choice=cause.value).dump())


def told(at: Office, member: Member) -> Preferences:
    person_id = at.person(member)
    assert person_id is not None
    with at.desk.store.read() as session:
        return preferences.load(session, person_ids=[person_id])[person_id]


def answer_of(at: Office, key: str) -> str | None:
    with at.desk.store.read() as session:
        return session.scalars(select(NudgeRow.answer).where(NudgeRow.nudge_key == key)).one()


STEP = {
    Answer.NO_ACCESS: WORDS.no_access_page,
    Answer.NOT_ALLOWED: WORDS.no_data_page,
    Answer.NO_TRUST: WORDS.trust,
    Answer.NO_TIME: WORDS.time,
}


@pytest.mark.parametrize("trigger", ["never_used", "lapsed"])
@pytest.mark.parametrize("cause", STEP)
def test_each_cause_is_kept_and_has_its_own_step(here: Office, cause: Answer, trigger: str) -> None:
    """One tap: the cause is kept, its own next step and no other stands in place of the message, nobody is told."""
    key, shown = choose(here, ADA, cause, trigger)

    assert "update" == shown.surface
    assert {cause} == {one for one, words in STEP.items() if words in shown.text}
    assert "I have told nobody" in shown.text
    assert cause.value == answer_of(here, key)
    assert cause in told(here, ADA).holding(AFTERNOON)

    back = here.press(ADA, Action.TAKE_BACK)
    assert WORDS.in_the_way in str(back.blocks)
    assert None is answer_of(here, key)
    assert {} == told(here, ADA).holding(AFTERNOON)


@pytest.mark.parametrize("cause", OTHER_REASONS)
def test_the_other_reasons_are_kept_too(here: Office, cause: Answer) -> None:
    """Another tool, and an absence, are no barrier and still explain the days without use."""
    key, shown = choose(here, BEN, cause)

    assert "Noted" in shown.text
    assert cause.value == answer_of(here, key)
    here.press(BEN, Action.TAKE_BACK)


def test_no_use_is_offered_recipes_before_it_ends_the_subject(here: Office) -> None:
    """The first tap notes nothing and shows small things for the role; "Not for my work" ends it for half a year."""
    key, shown = choose(here, CHIDI, Answer.NOT_MY_WORK)

    assert WORDS.recipes in shown.text
    assert 2 <= shown.text.count("• ") <= 3
    assert (None, {}) == (answer_of(here, key), told(here, CHIDI).holding(AFTERNOON))

    ended = here.press(CHIDI, Action.NOT_MY_WORK)
    assert "half a year" in ended.text
    assert [Answer.NOT_MY_WORK] == [*told(here, CHIDI).holding(AFTERNOON)]


def test_the_pages_of_the_company_are_linked(here: Office) -> None:
    """With its pages named, a company's own words on access and on data are one tap away, and ours step back."""
    settings = replace(here.desk.settings, access_link=ACCESS, data_rules_link=RULES)
    object.__setattr__(here.desk, "settings", settings)

    _, access = choose(here, DANA, Answer.NO_ACCESS)
    _, data = choose(here, DANA, Answer.NOT_ALLOWED)

    assert (True, False) == (ACCESS in str(access.blocks), WORDS.no_access_page in access.text)
    assert (True, False) == (RULES in str(data.blocks), WORDS.no_data_page in data.text)


def test_a_new_seat_ends_no_access_and_nothing_else(here: Office) -> None:
    """Once a seat begins after the tap, the subject is open again; the other explanations go on holding."""
    choose(here, EMI, Answer.NO_ACCESS)
    choose(here, EMI, Answer.NO_TRUST)
    assert {Answer.NO_ACCESS, Answer.NO_TRUST} == set(told(here, EMI).holding(AFTERNOON))

    with here.desk.store.begin() as session:
        people.save_seats(session, seats=[SeatRecord(EMI.email, "cursor", date(2026, 3, 9), None, None)])

    later = AFTERNOON.replace(day=10)
    assert {Answer.NO_ACCESS, Answer.NO_TRUST} == set(told(here, EMI).holding(AFTERNOON))
    assert {Answer.NO_TRUST} == set(told(here, EMI).holding(later))


def test_a_cause_that_is_not_offered_is_refused(here: Office) -> None:
    """Neither an answer from elsewhere nor an invented word is kept, and nobody's key serves another."""
    mine = send_tip(here, FINN, "never_used")
    for choice in ("helpful", "was_meant", "too_lazy"):
        forge(here, FINN, Action.BARRIER, Payload(mine, choice=choice))
        assert "I do not know that button" in here.press(FINN, Action.BARRIER).text
    theirs = send_tip(here, ADA, "never_used")
    for cause in CAUSES:
        forge(here, FINN, Action.BARRIER, Payload(theirs, choice=cause.value))
        assert "I hold nothing about that message" in here.press(FINN, Action.BARRIER).text

    assert (None, None) == (answer_of(here, mine), answer_of(here, theirs))
    assert {} == told(here, FINN).holding(AFTERNOON)


def test_all_of_it_is_private(here: Office) -> None:
    """Over all of the above nothing went to a channel; whom each was shown to, tests/watched.py reads."""
    assert not [shown for shown in here.slack.journal.entries() if shown.surface == "in_channel"]
