"""What people told us is kept column by column, and a stop, a pause and a snooze end what was planned."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.told import Answer, Preferences
from bot.store import nudges, preferences
from bot.store.database import Store
from bot.store.tables import NudgeRow, PreferenceRow
from tests.store.test_nudges import NOW, add_person, plan_for

LATER = NOW + timedelta(hours=1)


def loaded(store: Store, person_id: int) -> Preferences:
    with store.read() as session:
        return preferences.load(session, person_ids=[person_id])[person_id]


def test_silence_means_messages_are_welcome(store: Store) -> None:
    """Who never said anything has default preferences, and asking writes nothing."""
    person_id = add_person(store)

    assert Preferences() == loaded(store, person_id)
    with store.read() as session:
        assert [] == list(session.scalars(select(PreferenceRow)))


def test_each_wish_keeps_the_others(store: Store) -> None:
    """A snooze after a pause after an introduction: all three are known afterwards."""
    person_id = add_person(store)
    with store.begin() as session:
        preferences.introduced(session, person_id=person_id, now=NOW)
        preferences.introduced(session, person_id=person_id, now=LATER)
        preferences.pause(session, person_id=person_id, now=LATER)
        until = preferences.snooze(session, person_id=person_id, weeks=4, now=LATER)

    expected = Preferences(
        introduced_at=NOW, paused_at=LATER, snoozed_until=LATER + timedelta(days=28), heard_from_at=LATER
    )
    assert expected == loaded(store, person_id)
    assert expected.snoozed_until == until


def test_resume_ends_pause_snooze_and_stop_but_not_what_was_answered(store: Store) -> None:
    """After resuming, messages are welcome; "not for my work" stays said."""
    person_id = add_person(store)
    with store.begin() as session:
        preferences.said(session, person_id=person_id, answer=Answer.NOT_MY_WORK, now=NOW)
        preferences.pause(session, person_id=person_id, now=NOW)
        preferences.stop(session, person_id=person_id, now=NOW)
        preferences.snooze(session, person_id=person_id, weeks=2, now=NOW)
        preferences.resume(session, person_id=person_id, now=LATER)

    assert Preferences(not_my_work_at=NOW, heard_from_at=LATER) == loaded(store, person_id)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.NOT_MY_WORK, Preferences(not_my_work_at=NOW, heard_from_at=NOW)),
        (Answer.NO_ACCESS, Preferences(no_access_at=NOW, heard_from_at=NOW)),
        (Answer.OTHER_TOOL, Preferences(other_tool_at=NOW, heard_from_at=NOW)),
        (Answer.NO_TRUST, Preferences(no_trust_at=NOW, heard_from_at=NOW)),
        (Answer.NO_TIME, Preferences(no_time_at=NOW, heard_from_at=NOW)),
        (Answer.HELPFUL, Preferences(heard_from_at=NOW)),
    ],
)
def test_answers_are_remembered(sqlite_store: Store, answer: Answer, expected: Preferences) -> None:
    """Some answers speak about the work itself and are kept for long; the others only show that somebody read."""
    person_id = add_person(sqlite_store)
    with sqlite_store.begin() as session:
        preferences.said(session, person_id=person_id, answer=answer, now=NOW)

    assert expected == loaded(sqlite_store, person_id)


def test_looking_at_the_card_is_a_sign_of_life(sqlite_store: Store) -> None:
    """Only the moment is kept, nothing of what was looked at."""
    person_id = add_person(sqlite_store)
    with sqlite_store.begin() as session:
        preferences.heard_from(session, person_id=person_id, now=NOW)

    assert Preferences(heard_from_at=NOW) == loaded(sqlite_store, person_id)


def test_a_wish_acts_at_once(store: Store) -> None:
    """What has not left yet is skipped in the same transaction, with the wish as its reason; others keep theirs."""
    dana = add_person(store)
    plan_for(store, dana)
    for wish, reason in (("stop", "stopped"), ("pause", "paused"), ("snooze", "snoozed")):
        for state in ("planned", "claimed"):
            ben = add_person(store)
            plan_for(store, ben, state=state)
            with store.begin() as session:
                if wish == "snooze":
                    preferences.snooze(session, person_id=ben, weeks=2, now=LATER)
                elif wish == "stop":
                    preferences.stop(session, person_id=ben, now=LATER)
                else:
                    preferences.pause(session, person_id=ben, now=LATER)
            with store.read() as session:
                row = session.execute(select(NudgeRow.state, NudgeRow.reason).where(NudgeRow.person_id == ben)).one()
                assert ("skipped", reason) == tuple(row), wish
                assert {dana} == nudges.open_people(session, person_ids=[ben, dana])


@pytest.mark.parametrize("state", ["sending", "sent", "ambiguous", "unknown", "failed"])
def test_what_has_left_is_not_rewritten(sqlite_store: Store, state: str) -> None:
    """A stop does not pretend that a message which may have been sent was not."""
    person_id = add_person(sqlite_store)
    plan_for(sqlite_store, person_id, state=state)
    with sqlite_store.begin() as session:
        preferences.stop(session, person_id=person_id, now=LATER)

    with sqlite_store.read() as session:
        assert state == session.scalar(select(NudgeRow.state))
