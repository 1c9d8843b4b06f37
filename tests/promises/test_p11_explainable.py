"""P11: every state, finding, nudge and silence is kept with its rule version, inputs and thresholds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.usage import CoverageStatus
from bot.sources import tip_library
from bot.sources.invented import SEAT_COST_MICROUSD, TOOL, Company, crowd
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import coverage, identities, people, usage
from bot.store.database import Session, Store
from bot.store.tables import FindingRow, NudgeRow, SilenceRow, StateRow
from bot.views import rules
from jobs.decide import decide
from jobs.detect import detect

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAYS = [NOW.date() - timedelta(days=back) for back in range(1, 85)]
SIZE = 60


@pytest.fixture
def judged(sqlite_store: Store) -> Store:
    """An invented company of sixty after one night: everybody judged, everybody decided."""
    company = Company(crowd(11, SIZE), seed=11, story_day=NOW.date())
    keep(sqlite_store, company)
    detect(sqlite_store, now=NOW, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of)
    tips = tip_library.load_tips()
    decide(
        sqlite_store,
        now=NOW,
        tips=tips,
        holidays_of=holidays_of,
        weekend_of=weekend_of,
        switched_on=True,
        approval_from=30,
    )
    return sqlite_store


def test_every_state_says_from_what(judged: Store) -> None:
    """Each person has one current state with its reason, rule version and dated evidence."""
    with judged.read() as session:
        states = session.scalars(select(StateRow)).all()

    assert SIZE == len(states)
    for state in states:
        assert state.rule_version
        assert state.reason
        assert "2026-03-01" == state.evidence["window_last_day"]
        assert {"working_days", "active_days", "active_weeks_of_12", "tools", "sources"} <= set(state.evidence)


def test_every_finding_says_from_what(judged: Store) -> None:
    """Each finding carries its rule version, inputs, confidence and the innocent reading, and can be told in words."""
    with judged.read() as session:
        findings = session.scalars(select(FindingRow)).all()

    assert {"W01", "W06", "W15"} <= {finding.detector for finding in findings}
    for finding in findings:
        assert finding.rule_version
        assert finding.innocent_reason
        assert 0 < finding.confidence <= 1
        assert len(finding.evidence) >= 3
        assert rules.pattern(finding.detector)


def test_everybody_hears_something_or_has_a_reason(judged: Store) -> None:
    """After a night each person has exactly one of the two: a planned message with its facts, or a stored silence."""
    with judged.read() as session:
        nudges = session.scalars(select(NudgeRow)).all()
        silences = session.scalars(select(SilenceRow)).all()
        everybody = set(session.scalars(select(StateRow.person_id)))

    told, silent = {nudge.person_id for nudge in nudges}, {silence.person_id for silence in silences}
    assert (everybody, set()) == (told | silent, told & silent)
    for nudge in nudges:
        assert nudge.rule_version
        assert {"first_day", "last_day"} <= set(nudge.facts)


def keep(store: Store, company: Company) -> None:
    """What twelve weeks of files about a company leave in a store."""
    with store.begin() as session:
        _employ(session, company)
        rows = [row for day in DAYS for row in company.usage(day)]
        usage.merge_rows(session, source="file", rows=rows, now=NOW)
        _cover(session, company)


def _employ(session: Session, company: Company) -> None:
    roster = [
        PersonRecord(
            email=who.email,
            manager_email=who.manager_email,
            timezone=who.timezone,
            country=who.country,
            slack_user_id=who.slack_user_id,
        )
        for who in company.people
    ]
    people.save_people(session, records=roster, now=NOW)
    seats = [SeatRecord(who.email, TOOL, since, None, SEAT_COST_MICROUSD) for who, since in company.seats()]
    people.save_seats(session, seats=seats)


def _cover(session: Session, company: Company) -> None:
    ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[who.email for who in company.people])
    status = CoverageStatus.COVERED
    coverage.mark(session, source="file", tool=TOOL, days=DAYS, status=status, reason=None, as_of=NOW)
    coverage.cover_people(
        session, source="file", tool=TOOL, person_ids=list(ids.values()), first_day=DAYS[-1], last_day=DAYS[0]
    )
