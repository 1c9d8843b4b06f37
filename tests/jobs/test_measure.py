"""Looking again after a tip about cost: what is due, what is found, what cannot be known, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.adoption import Standing, State
from bot.domain.follow_up import FollowUp, Measure
from bot.domain.people import SATURDAY_AND_SUNDAY
from bot.domain.usage import CoverageStatus
from bot.store import findings, follow_ups, rights, states
from bot.store.database import Store
from bot.store.tables import (
    CoverageRow,
    CoveredPersonRow,
    FollowUpRow,
    NudgeRow,
    PersonRow,
    UsageDayRow,
)
from jobs.measure import measure
from tests.by_hand import WASTE, PriceList

DAY = timedelta(days=1)
TIPPED = date(2026, 3, 3)
SENT_AT = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)
"""A Tuesday."""
TOOL = "claude_code"


def night_after(days: int) -> datetime:
    """The first night in which the day that lies so many days after the tip is over."""
    return datetime(2026, 3, 3, 3, tzinfo=UTC) + (days + 1) * DAY


def run(store: Store, now: datetime) -> dict[str, int]:
    return measure(
        store,
        now=now,
        prices=PriceList(),
        holidays_of=lambda _country, _first, _last: frozenset(),
        weekend_of=lambda _country: SATURDAY_AND_SUNDAY,
    )


def tipped(store: Store, *, trigger: str = "W15", sent_at: datetime = SENT_AT, **facts: Any) -> int:
    """Somebody who got this tip; every day of the year is covered for them."""
    with store.begin() as session:
        person = PersonRow(timezone="Europe/Madrid", created_at=sent_at)
        session.add(person)
        session.flush()
        session.add(
            NudgeRow(
                nudge_key=f"key-{person.person_id}",
                person_id=person.person_id,
                tip_id="any",
                topic="any",
                trigger=trigger,
                rule_version="nudges-2",
                facts={"tool": TOOL, **facts},
                planned_at=sent_at,
                due_at=sent_at,
                expires_at=sent_at,
                state="sent",
                sent_at=sent_at,
            )
        )
        session.add(
            CoveredPersonRow(
                source="file", tool=TOOL, person_id=person.person_id, first_day=date(2026, 1, 1), last_day=None
            )
        )
        return person.person_id


def covered(store: Store, first: date, last: date) -> None:
    with store.begin() as session:
        for offset in range((last - first).days + 1):
            day = first + offset * DAY
            status = CoverageStatus.COVERED.value
            session.add(CoverageRow(source="file", tool=TOOL, day=day, status=status, reason=None, as_of=SENT_AT))


def used(store: Store, person_id: int, day: date, *, read: int, fresh: int, model: str = "m") -> None:
    """A day on which so many tokens came from the cache, and so many did not."""
    counters = {"input_tokens": fresh, "cache_read_tokens": read, "cache_write_tokens": 0, "output_tokens": 1000}
    with store.begin() as session:
        session.add(
            UsageDayRow(
                source="file",
                day=day,
                subject=f"p{person_id}@lantern.example",
                person_id=person_id,
                tool=TOOL,
                model=model,
                active=True,
                fetched_at=SENT_AT,
                **counters,
            )
        )


def kept(store: Store, person_id: int) -> dict[int, tuple[int | None, int | None, str | None]]:
    """Before, after and why unknown, by the days since the tip."""
    with store.read() as session:
        rows = session.scalars(select(FollowUpRow).where(FollowUpRow.person_id == person_id))
        return {row.after_days: (row.value_before, row.value_after, row.unknown) for row in rows}


def test_cache_reuse_is_compared_at_14_and_28_days(store: Store) -> None:
    """31 % before, 58 % in the two weeks after, 64 % in the four: each look has as many days before as after."""
    who = tipped(store)
    covered(store, date(2026, 1, 1), date(2026, 4, 1))
    used(store, who, TIPPED - 2 * DAY, read=1_550_000, fresh=3_450_000)
    used(store, who, TIPPED - 20 * DAY, read=1_550_000, fresh=3_450_000)
    used(store, who, TIPPED + 14 * DAY, read=2_900_000, fresh=2_100_000)
    used(store, who, TIPPED + 15 * DAY, read=3_500_000, fresh=1_500_000)

    assert {"due": 0, "measured": 0, "unknown": 0, "waiting": 0} == run(store, night_after(13))
    assert {"due": 1, "measured": 1, "unknown": 0, "waiting": 0} == run(store, night_after(14))
    assert {14: (31, 58, None)} == kept(store, who)
    assert 0 == run(store, night_after(27))["due"]
    assert 1 == run(store, night_after(28))["measured"]
    assert {14: (31, 58, None), 28: (31, 64, None)} == kept(store, who)


def test_the_day_of_the_tip_is_on_neither_side(sqlite_store: Store) -> None:
    """What was used on the day of the tip itself counts neither as before nor as after."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    used(sqlite_store, who, TIPPED - DAY, read=0, fresh=2_000_000)
    used(sqlite_store, who, TIPPED, read=9_000_000, fresh=0)
    used(sqlite_store, who, TIPPED + DAY, read=1_000_000, fresh=1_000_000)

    run(sqlite_store, night_after(14))

    assert {14: (0, 50, None)} == kept(sqlite_store, who)


def test_again_changes_nothing(store: Store) -> None:
    """A second run in the same night has nothing due, and a gap of weeks is caught up by one run."""
    who = tipped(store)
    covered(store, date(2026, 1, 1), date(2026, 5, 1))
    used(store, who, TIPPED - DAY, read=1_000_000, fresh=1_000_000)
    used(store, who, TIPPED + DAY, read=1_000_000, fresh=1_000_000)

    assert 2 == run(store, night_after(50))["measured"]
    assert 0 == run(store, night_after(50))["due"]
    assert {14: (50, 50, None), 28: (50, 50, None)} == kept(store, who)


def test_a_day_not_seen_is_waited_for_and_then_said(sqlite_store: Store) -> None:
    """With a working day missing the answer waits a week; then it is that it cannot be known (P12)."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 3, 9))
    covered(sqlite_store, date(2026, 3, 11), date(2026, 4, 1))
    used(sqlite_store, who, TIPPED - DAY, read=1_000_000, fresh=1_000_000)
    used(sqlite_store, who, TIPPED + DAY, read=2_000_000, fresh=0)

    assert 1 == run(sqlite_store, night_after(14))["waiting"]
    assert {} == kept(sqlite_store, who)
    assert 1 == run(sqlite_store, night_after(20))["waiting"]
    assert 1 == run(sqlite_store, night_after(21))["unknown"]
    assert {14: (50, None, "not_seen")} == kept(sqlite_store, who)


def test_a_late_source_is_enough(sqlite_store: Store) -> None:
    """When the missing day is finished within the week, the answer is the measure."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 3, 15))
    used(sqlite_store, who, TIPPED - DAY, read=1_000_000, fresh=1_000_000)
    used(sqlite_store, who, TIPPED + DAY, read=3_000_000, fresh=1_000_000)
    assert 1 == run(sqlite_store, night_after(14))["waiting"]
    covered(sqlite_store, date(2026, 3, 16), date(2026, 3, 19))

    run(sqlite_store, night_after(16))

    assert {14: (50, 75, None)} == kept(sqlite_store, who)


@pytest.mark.parametrize(("read", "fresh"), [(0, 0), (300_000, 600_000)])
def test_too_little_use_is_no_share(sqlite_store: Store, read: int, fresh: int) -> None:
    """A share of next to nothing says nothing."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    used(sqlite_store, who, TIPPED - DAY, read=1_000_000, fresh=1_000_000)
    used(sqlite_store, who, TIPPED + DAY, read=read, fresh=fresh)

    run(sqlite_store, night_after(14))

    assert {14: (50, None, "too_little_use")} == kept(sqlite_store, who)


def test_more_of_the_same_changes_no_share(sqlite_store: Store) -> None:
    """A hundred times the volume in the same proportion is the same measure (P3)."""
    little, much = tipped(sqlite_store), tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    for who, scale in ((little, 1), (much, 100)):
        used(sqlite_store, who, TIPPED - DAY, read=620_000 * scale, fresh=1_380_000 * scale)
        used(sqlite_store, who, TIPPED + DAY, read=1_160_000 * scale, fresh=840_000 * scale)

    run(sqlite_store, night_after(14))

    assert {14: (31, 58, None)} == kept(sqlite_store, little) == kept(sqlite_store, much)


def test_an_idle_seat_counts_days(sqlite_store: Store) -> None:
    """Days with use of that tool on either side, none counted twice."""
    who = tipped(sqlite_store, trigger="W01")
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    for day in (TIPPED + DAY, TIPPED + 2 * DAY, TIPPED + 13 * DAY):
        used(sqlite_store, who, day, read=1, fresh=1)

    run(sqlite_store, night_after(14))

    assert {14: (0, 3, None)} == kept(sqlite_store, who)


@pytest.mark.parametrize(
    ("state", "expected"),
    [(State.HABITUAL, (9, 3, None)), (State.UNKNOWN, (9, None, "not_seen"))],
)
def test_other_patterns_are_counted_after_a_whole_window(
    store: Store, state: State, expected: tuple[int | None, int | None, str | None]
) -> None:
    """What is found over 28 days is compared once those 28 days all lie after the tip, if they could be judged."""
    who = tipped(store, trigger="W06", occurrences=9)
    covered(store, date(2026, 1, 1), date(2026, 5, 1))
    judge(store, who, TIPPED + 27 * DAY, state)
    assert 0 == run(store, night_after(14))["due"]
    assert 1 == run(store, night_after(28))["waiting"]
    judge(store, who, TIPPED + 28 * DAY, state)

    run(store, night_after(28))

    assert {28: expected} == kept(store, who)


def judge(store: Store, person_id: int, last_day: date, state: State) -> None:
    """What a night's judgement kept: a W06 seen three times."""
    with store.begin() as session:
        states.save(session, standings={person_id: Standing(state, last_day, "because")})
        found = [] if state is State.UNKNOWN else [replace(WASTE, detector="W06", occurrences=3)]
        findings.replace(session, window_last_day=last_day, counted={person_id: found})


@pytest.mark.parametrize("state", ["unknown", "skipped", "failed", "planned"])
def test_only_a_tip_that_arrived_is_followed(sqlite_store: Store, state: str) -> None:
    """Nobody is told "since the tip" of a tip that may never have come."""
    who = tipped(sqlite_store)
    with sqlite_store.begin() as session:
        session.scalars(select(NudgeRow).where(NudgeRow.person_id == who)).one().state = state

    assert 0 == run(sqlite_store, night_after(14))["due"]


def test_tips_about_use_and_questions_are_not_followed(sqlite_store: Store) -> None:
    """Only a pattern of cost is measured again."""
    for trigger in ("never_used", "check_in"):
        tipped(sqlite_store, trigger=trigger)

    assert 0 == run(sqlite_store, night_after(14))["due"]


def test_who_was_erased_is_not_measured(sqlite_store: Store) -> None:
    """Erasing takes the second looks along, and none comes afterwards."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    used(sqlite_store, who, TIPPED - DAY, read=1_000_000, fresh=1_000_000)
    used(sqlite_store, who, TIPPED + DAY, read=1_000_000, fresh=1_000_000)
    run(sqlite_store, night_after(14))
    with sqlite_store.begin() as session:
        rights.forget(session, person_id=who)

    assert {} == kept(sqlite_store, who)
    assert 0 == run(sqlite_store, night_after(28))["due"]


def test_card_gets_the_latest_look_of_each_tip(sqlite_store: Store) -> None:
    """28 days replace 14, and a tip of long ago is not spoken of any more."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 5, 1))
    used(sqlite_store, who, TIPPED - DAY, read=1_000_000, fresh=1_000_000)
    used(sqlite_store, who, TIPPED + DAY, read=1_500_000, fresh=500_000)
    run(sqlite_store, night_after(28))

    with sqlite_store.read() as session:
        shown = follow_ups.latest(session, person_id=who, tipped_from=TIPPED)
        later = follow_ups.latest(session, person_id=who, tipped_from=TIPPED + DAY)
    assert (
        FollowUp("W15", TOOL, TIPPED, 28, Measure.CACHE_REUSE, 50, 75, None, TIPPED + DAY, TIPPED + 28 * DAY),
    ) == shown
    assert () == later


def test_source_without_cache_tokens_does_not_tell(sqlite_store: Store) -> None:
    """None is not 0: where no source tells the cache, the answer is that it cannot be known (P12)."""
    who = tipped(sqlite_store)
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    for day in (TIPPED - DAY, TIPPED + DAY):
        used(sqlite_store, who, day, read=1_000_000, fresh=1_000_000)
    with sqlite_store.begin() as session:
        for row in session.scalars(select(UsageDayRow)):
            row.cache_read_tokens = None

    run(sqlite_store, night_after(14))

    assert {14: (None, None, "not_told")} == kept(sqlite_store, who)


def test_dearest_models_are_a_share_of_tokens(sqlite_store: Store) -> None:
    """W10: how much went to the dearest models, before and after."""
    who = tipped(sqlite_store, trigger="W10")
    covered(sqlite_store, date(2026, 1, 1), date(2026, 4, 1))
    used(sqlite_store, who, TIPPED - DAY, read=0, fresh=2_000_000, model="large")
    used(sqlite_store, who, TIPPED + DAY, read=0, fresh=2_000_000, model="large")
    used(sqlite_store, who, TIPPED + 2 * DAY, read=0, fresh=6_000_000, model="small")

    run(sqlite_store, night_after(14))

    assert {14: (100, 25, None)} == kept(sqlite_store, who)
