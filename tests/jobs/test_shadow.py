"""The first two weeks of an installation: waste is looked for and kept, and nobody is written to about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain import adoption
from bot.domain.adoption import Standing, State
from bot.domain.nudging import Plan, Silence, decide, is_in_shadow, still_right
from bot.domain.occasions import CHECK_IN
from bot.domain.people import Person, WorkCalendar
from bot.domain.told import Preferences
from bot.sources.prices import GenaiPrices
from bot.store import installation, silences
from bot.store.database import Store
from bot.store.tables import FindingRow, NudgeRow, PreferenceRow
from bot.views import silence
from jobs.detect import detect
from tests.by_hand import WASTE
from tests.jobs.test_decide import NIGHT, TIPS, add_person, judged, no_holidays, run, usual_weekend, wasteful

FIRST_NIGHT = NIGHT.date()
DAY = timedelta(days=1)
NO_QUESTIONS = Preferences(no_questions_at=NIGHT - DAY)


def asked(state: State = State.HABITUAL, **changes: Any) -> dict[str, Any]:
    """Somebody with $9 of waste who may be written to, and does not want to be asked questions."""
    return {
        "standing": standings_of(state),
        "findings": [WASTE],
        "exploring": False,
        "preferences": NO_QUESTIONS,
        "history": (),
        "calendar": WorkCalendar("Europe/Madrid"),
        "person": Person(1, "Europe/Madrid", "ES", None, "dev", None, None, None, "U0BEN"),
        "now": datetime(2026, 3, 3, 11, tzinfo=UTC),
        "switched_on": True,
        **changes,
    }


def standings_of(state: State) -> Standing:
    evidence: adoption.Evidence = {
        "tools": ["claude_code"],
        "sources": ["claude_code"],
        "active_days": 5,
        "last_active_on": "2026-01-19",
    }
    return Standing(state, date(2026, 3, 2), "because", evidence=evidence)


def plan(**changes: Any) -> Plan | Silence:
    return decide(**asked(**changes), has_open_nudge=False, tips=TIPS)


def test_no_waste_tip_in_the_shadow() -> None:
    """The same finding is a planned tip after the two weeks, and within them a silence with its own reason."""
    assert Silence.SHADOW == plan(in_shadow=True)
    after = plan(in_shadow=False)
    assert isinstance(after, Plan)
    assert "W15" == after.trigger


@pytest.mark.parametrize("state", [State.NEVER_USED, State.LAPSED, State.AT_RISK, State.FIRST_STEPS])
def test_tips_about_use_are_not_held_back(state: State) -> None:
    """From zero to one, and back to a habit: these tips come from the first day on, the same as later."""
    within, after = plan(state=state, in_shadow=True), plan(state=state, in_shadow=False)

    assert isinstance(within, Plan)
    assert within == after
    assert state.value == within.trigger


def test_a_check_in_is_no_tip_about_waste() -> None:
    """The question about value may be asked in the first two weeks as well."""
    told = plan(preferences=Preferences(), in_shadow=True)

    assert isinstance(told, Plan)
    assert CHECK_IN == told.trigger


@pytest.mark.parametrize(("in_shadow", "verdict"), [(True, Silence.SHADOW), (False, None)])
def test_the_last_look_holds_back_as_well(in_shadow: bool, verdict: Silence | None) -> None:
    """A tip about waste that was planned anyhow does not leave in the first two weeks."""
    fence: dict[str, Any] = {"trigger": "W15", "facts": {"tool": "claude_code"}, "expires_at": NIGHT + 7 * DAY}

    assert verdict == still_right(**asked(), **fence, in_shadow=in_shadow)


def test_exploring_is_the_reason_that_outlasts_it() -> None:
    """Who is exploring hears that reason, in the first two weeks too."""
    assert Silence.EXPLORING == plan(exploring=True, in_shadow=True)


def test_fourteen_days() -> None:
    """The first day counts; the fifteenth is the first on which money may be spoken of."""
    first = date(2026, 3, 1)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert [True] * 14 + [False] == [is_in_shadow(first, noon + days * DAY) for days in range(15)]
    assert is_in_shadow(None, noon)
    assert is_in_shadow(first, noon - DAY)


def test_the_first_detect_begins_it(store: Store) -> None:
    """The day of the first run that judged anybody is kept; later runs, and runs over nobody, do not move it."""
    settings: dict[str, Any] = {
        "prices": GenaiPrices(),
        "holidays_of": no_holidays,
        "weekend_of": usual_weekend,
    }
    detect(store, now=NIGHT - 5 * DAY, **settings)
    with store.read() as session:
        assert installation.first_judged_on(session) is None
    add_person(store)
    for days in (0, 1, 30):
        detect(store, now=NIGHT + days * DAY, **settings)

    with store.read() as session:
        assert FIRST_NIGHT == installation.first_judged_on(session)


def test_found_kept_and_not_said(store: Store) -> None:
    """In a new installation the finding stays, no message is planned, and the person can read why; later one comes."""
    chidi = add_person(store, "U0CHIDI")
    judged(store, chidi, State.HABITUAL, first_active_on="2025-06-01")
    with store.begin() as session:
        session.add(PreferenceRow(person_id=chidi, no_questions_at=NIGHT - DAY))
        installation.note_judging(session, day=FIRST_NIGHT)
    wasteful(store, chidi)  # whose older installation comes too late: the first day stands

    counts = run(store)

    with store.read() as session:
        assert (0, 1) == (counts["planned"], counts["silent.shadow"])
        assert [chidi] == list(session.scalars(select(FindingRow.person_id)))
        assert [] == list(session.scalars(select(NudgeRow)))
        stretch = silences.current(session, person_ids=[chidi])[chidi]
    told = silence.words(stretch.reason, first_day=FIRST_NIGHT, last_day=FIRST_NIGHT, today=FIRST_NIGHT)
    assert "first two weeks" in told

    judged(store, chidi, State.HABITUAL, last_day=date(2026, 3, 15), first_active_on="2025-06-01")
    wasteful(store, chidi, date(2026, 3, 15))
    assert 1 == run(store, now=NIGHT + 14 * DAY)["planned"]
