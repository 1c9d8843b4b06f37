"""A night's planning: who gets one message and who gets a stored reason, once, whoever runs it and however often."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select

from bot.domain.adoption import Standing, State
from bot.domain.nudging import Silence
from bot.domain.people import SATURDAY_AND_SUNDAY
from bot.domain.usage import CoverageStatus
from bot.sources.prices import GenaiPrices
from bot.sources.tip_library import load_tips
from bot.store import coverage, findings, installation, nudges, preferences, silences, states
from bot.store.database import Store
from bot.store.tables import IdentityRow, NudgeRow, NudgeStepRow, PersonRow, SeatRow, SilenceRow
from jobs.decide import decide
from jobs.detect import detect
from tests.by_hand import WASTE

NIGHT = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)
DAY = timedelta(days=1)
TIPS = load_tips()


def no_holidays(_country: str | None, _first: date, _last: date) -> frozenset[date]:
    return frozenset()


def usual_weekend(_country: str | None) -> frozenset[int]:
    return SATURDAY_AND_SUNDAY


def run(store: Store, now: datetime = NIGHT, **changes: Any) -> dict[str, int]:
    """Decide with the tips that ship."""
    settings: dict[str, Any] = {
        "tips": TIPS,
        "holidays_of": no_holidays,
        "weekend_of": usual_weekend,
        "switched_on": True,
        "approval_from": 30,
    }
    return decide(store, now=now, **settings | changes)


def add_person(store: Store, slack: str | None = "U0BEN", timezone: str | None = "Europe/Madrid") -> int:
    """Somebody with a Claude Code seat since January."""
    with store.begin() as session:
        person = PersonRow(timezone=timezone, role="dev", created_at=NIGHT)
        session.add(person)
        session.flush()
        session.add(SeatRow(person_id=person.person_id, tool="claude_code", assigned_on=date(2026, 1, 13)))
        if slack:
            identity = {"method": "roster", "confidence": "certain", "first_seen_at": NIGHT}
            session.add(IdentityRow(source="slack", external_id=slack, person_id=person.person_id, **identity))
        return person.person_id


def judged(store: Store, person_id: int, state: State, last_day: date = LAST_DAY, **evidence: Any) -> None:
    """What the night's judgement found."""
    with store.begin() as session:
        standing = Standing(state, last_day, "because", evidence={"tools": ["claude_code"], **evidence})
        states.save(session, standings={person_id: standing})


def wasteful(store: Store, person_id: int, last_day: date = LAST_DAY) -> None:
    """A low cache hit rate that counts $9, found by an installation that has been judging since January."""
    with store.begin() as session:
        installation.note_judging(session, day=date(2026, 1, 13))
        findings.replace(session, window_last_day=last_day, counted={person_id: [WASTE]})


def everything(store: Store) -> list[tuple[Any, ...]]:
    """All rows that deciding may write."""
    with store.read() as session:
        rows = [
            *session.execute(select(NudgeRow.nudge_key, NudgeRow.person_id, NudgeRow.tip_id, NudgeRow.due_at)),
            *session.execute(select(NudgeStepRow.nudge_step_id, NudgeStepRow.to_state)),
            *session.execute(
                select(SilenceRow.person_id, SilenceRow.first_day, SilenceRow.last_day, SilenceRow.reason)
            ),
        ]
        return sorted((tuple(row) for row in rows), key=repr)


def test_one_plan_or_one_reason_each(store: Store) -> None:
    """Everybody gets a planned message or a stored reason, and the counts name topics and reasons, never people."""
    ben = add_person(store, "U0BEN")
    dana = add_person(store, "U0DANA")
    chidi = add_person(store, "U0CHIDI")
    hana = add_person(store, None)
    new = add_person(store, "U0NEW")
    judged(store, ben, State.NEVER_USED)
    judged(store, dana, State.UNKNOWN)
    judged(store, chidi, State.HABITUAL, first_active_on="2025-06-01")
    wasteful(store, chidi)
    judged(store, hana, State.NEVER_USED)

    counts = run(store)

    assert {
        "people": 5,
        "planned": 2,
        "planned.first-ten-minutes": 1,
        "silent": 3,
        "silent.unknown": 2,
        "silent.no_slack_account": 1,
    } == {key: count for key, count in counts.items() if key not in WARM_TOPICS}
    assert 1 == sum(counts.get(topic, 0) for topic in WARM_TOPICS)
    with store.read() as session:
        rows = session.execute(
            select(NudgeRow.person_id, NudgeRow.trigger, NudgeRow.state).order_by(NudgeRow.person_id)
        )
        assert [(ben, "never_used", "planned"), (chidi, "W15", "planned")] == [tuple(row) for row in rows]
        told = silences.current(session, person_ids=[ben, dana, chidi, hana, new])
    assert {dana: Silence.UNKNOWN, hana: Silence.NO_SLACK_ACCOUNT, new: Silence.UNKNOWN} == {
        person_id: stretch.reason for person_id, stretch in told.items()
    }


WARM_TOPICS = {f"planned.{topic}" for topic in ("warm-conversation", "no-switch-mid-task", "stable-start")}


def test_plan_holds_what_why_needs(store: Store) -> None:
    """The stored nudge names its rule, its facts, and a fair hour of this person within a week."""
    ben = add_person(store)
    judged(store, ben, State.NEVER_USED, sources=["claude_code"])
    run(store)

    with store.read() as session:
        nudge = session.scalars(select(NudgeRow)).one()
    assert "nudges-2" == nudge.rule_version
    assert "states-3" == nudge.facts["state_rule"]
    assert "the one source I can see" == nudge.facts["seen_by"]
    assert "2026-01-13" == nudge.facts["seat_since"]
    assert datetime(2026, 3, 2, 12, tzinfo=UTC) <= nudge.due_at < datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert nudge.due_at + 7 * DAY == nudge.expires_at


def test_again_changes_nothing(store: Store) -> None:
    """A second run, and one a few hours later, leave every row as it was."""
    ben, dana = add_person(store, "U0BEN"), add_person(store, "U0DANA")
    judged(store, ben, State.NEVER_USED)
    judged(store, dana, State.UNKNOWN)
    run(store)
    before = everything(store)

    again = run(store)
    run(store, now=NIGHT + timedelta(hours=5))

    assert {"people": 2, "planned": 0, "silent": 2, "silent.already_planned": 1, "silent.unknown": 1} == again
    assert before == everything(store)


def decide_once(url: str) -> dict[str, int]:
    """What each of several processes does."""
    store = Store(url)
    counts = run(store, shard_size=3)
    store.close()
    return counts


def test_five_processes_at_once_plan_once(database_url: str) -> None:
    """Five deciders over the same ten people: ten messages in all, one each, and nobody fails."""
    store = Store(database_url)
    store.upgrade()
    people = [add_person(store, f"U{number}") for number in range(10)]
    for person_id in people:
        judged(store, person_id, State.NEVER_USED)
    with ProcessPoolExecutor(5, mp_context=multiprocessing.get_context("spawn")) as pool:
        counts = list(pool.map(decide_once, [database_url] * 5))

    assert 10 == sum(count["planned"] for count in counts)
    with store.read() as session:
        assert people == list(session.scalars(select(NudgeRow.person_id).order_by(NudgeRow.person_id)))
        assert [] == list(session.scalars(select(SilenceRow)))
    store.close()


def test_switched_off_says_so(sqlite_store: Store) -> None:
    """With nudges switched off nobody gets one, and the reason is kept."""
    judged(sqlite_store, add_person(sqlite_store), State.NEVER_USED)

    counts = run(sqlite_store, switched_on=False)

    assert (0, 1) == (counts["planned"], counts["silent.nudges_switched_off"])


def test_only_those_asked_for(sqlite_store: Store) -> None:
    """A run over some people leaves the others alone; a number of nobody is nobody."""
    ben, dana = add_person(sqlite_store, "U0BEN"), add_person(sqlite_store, "U0DANA")
    judged(sqlite_store, ben, State.NEVER_USED)
    judged(sqlite_store, dana, State.NEVER_USED)

    assert 1 == run(sqlite_store, person_ids=[dana, 999])["people"]
    with sqlite_store.read() as session:
        assert {dana} == nudges.open_people(session, person_ids=[ben, dana])


def test_stop_is_heard_by_the_next_night(sqlite_store: Store) -> None:
    """After a stop the planned message is gone, and no new one is planned."""
    ben = add_person(sqlite_store)
    judged(sqlite_store, ben, State.NEVER_USED)
    run(sqlite_store)
    with sqlite_store.begin() as session:
        preferences.stop(session, person_id=ben, now=NIGHT + timedelta(hours=1))

    counts = run(sqlite_store, now=NIGHT + timedelta(hours=2))

    assert (0, 1) == (counts["planned"], counts["silent.stopped"])


def test_holidays_and_leave_are_asked_for(sqlite_store: Store) -> None:
    """A public holiday on Monday moves the message to Tuesday."""
    ben = add_person(sqlite_store)
    judged(sqlite_store, ben, State.NEVER_USED)

    run(sqlite_store, holidays_of=lambda _country, _first, _last: frozenset({date(2026, 3, 2)}))

    with sqlite_store.read() as session:
        assert date(2026, 3, 3) == session.scalars(select(NudgeRow.due_at)).one().date()


def test_statements_do_not_grow_with_people(sqlite_store: Store) -> None:
    """A shard of silent people costs the same number of statements whether it holds 2 or 40."""
    few = [add_person(sqlite_store, None) for _ in range(2)]
    many = [add_person(sqlite_store, None) for _ in range(40)]

    assert statements(sqlite_store, few) == statements(sqlite_store, many)


def statements(store: Store, person_ids: Sequence[int]) -> int:
    """How many statements one run over these people sends."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    run(store, person_ids=person_ids)
    event.remove(store.engine, "before_cursor_execute", note)
    return len(sent)


# ---------------------------------------------------------------- from coverage to a plan


def covered(store: Store, person_id: int, days: Sequence[date]) -> None:
    """A source that sees all of this person's Claude Code finished these days."""
    with store.begin() as session:
        coverage.mark(
            session,
            source="claude_code",
            tool="claude_code",
            days=days,
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=NIGHT,
        )
        coverage.cover_people(
            session,
            source="claude_code",
            tool="claude_code",
            person_ids=[person_id],
            first_day=date(2026, 1, 1),
            last_day=None,
        )


def detect_and_decide(store: Store) -> dict[str, int]:
    prices = GenaiPrices()
    detect(store, now=NIGHT, prices=prices, holidays_of=no_holidays, weekend_of=usual_weekend)
    return run(store)


def test_full_coverage_and_zero_use_is_one_tip(store: Store) -> None:
    """28 covered days without use lead to exactly one zero-to-one message, also after a second night's work."""
    ben = add_person(store)
    covered(store, ben, [LAST_DAY - n * DAY for n in range(40)])

    first, second = detect_and_decide(store), detect_and_decide(store)

    assert (1, 0) == (first["planned"], second["planned"])
    with store.read() as session:
        assert ["z01-the-bug-you-postpone"] == list(session.scalars(select(NudgeRow.tip_id)))


def test_one_missing_day_is_unknown_and_silent(store: Store) -> None:
    """The same person with one working day missing from the source: unknown, and no message."""
    ben = add_person(store)
    covered(store, ben, [LAST_DAY - n * DAY for n in range(40) if n != 12])

    counts = detect_and_decide(store)

    assert (0, 1) == (counts["planned"], counts["silent.unknown"])
    with store.read() as session:
        assert State.UNKNOWN is states.current(session, person_ids=[ben])[ben].state
        assert 0 == session.scalar(select(func.count()).select_from(NudgeRow))
