"""The calibration report: how often each rule would find something here, told so that nobody can be singled out."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.domain.adoption import Standing, State
from bot.domain.calibration import FEW, LEAST_IN_ALL, LEAST_PEOPLE, NEARLY_ALL, Report, Tally, report, share, week_of
from bot.domain.waste import DETECTORS, Looked, idle_seat
from bot.domain.waste.finding import NotJudged
from bot.domain.waste.thresholds import thresholds_of, version_of
from bot.sources.invented import Company, crowd
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import installation
from bot.store.database import Store
from bot.store.tables import BasisRow, CalibrationRow, FindingRow, IdentityRow, InstallationRow, StateRow, UsageDayRow
from bot.views import calibration
from jobs.calibrate import calibrate
from jobs.detect import detect, judge_people
from tests.by_hand import LAST_DAY
from tests.promises.test_p11_explainable import NOW, keep
from tests.test_cli import STORY, kindling

HOW: dict[str, Any] = {"now": NOW, "prices": GenaiPrices(), "holidays_of": holidays_of, "weekend_of": weekend_of}


@pytest.fixture
def company(sqlite_store: Store) -> Store:
    """A hundred invented people with twelve weeks of use."""
    keep(sqlite_store, Company(crowd(5, 100), seed=5, story_day=NOW.date()))
    return sqlite_store


def said(found: Report) -> str:
    return "\n".join(calibration.lines(found))


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=LEAST_IN_ALL, max_value=3_000))
def test_no_share_tells_a_count(people: int) -> None:
    """Whatever is said of a share, at least three counts of people could stand behind it, none of them of 1 to 9."""
    behind: dict[str, list[int]] = {}
    for count in range(people + 1):
        behind.setdefault(share(count, people), []).append(count)

    assert list(range(LEAST_PEOPLE)) == behind.pop(FEW)
    assert list(range(people - LEAST_PEOPLE + 1, people + 1)) == behind.pop(NEARLY_ALL)
    for counts in behind.values():
        assert 3 <= len(counts)
        assert LEAST_PEOPLE <= counts[0] <= counts[-1] <= people - LEAST_PEOPLE


def test_shares_are_right() -> None:
    """In a company of a thousand the steps are 5 %, to the nearest."""
    told = [share(count, 1_000) for count in (9, 10, 60, 140, 500, 890, 990, 991)]

    low, high = "about 5 % or less", "about 95 % or more"
    assert [FEW, low, low, "about 15 %", "about 50 %", "about 90 %", high, NEARLY_ALL] == told


def test_it_agrees_with_the_judging(company: Store) -> None:
    """For each rule: the people with a finding, and those not judged, counted by hand over everybody's judgement."""
    with company.read() as session:
        people = list(session.scalars(select(IdentityRow.person_id).where(IdentityRow.source == "email")))
        judged = judge_people(session, person_ids=[one for one in people if one is not None], **HOW)
    found: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for one in judged.values():
        with_finding = {finding.detector for finding in one.looked.findings}
        found.update(with_finding)
        lacking.update({silent.detector for silent in one.looked.not_judged} - with_finding)

    told = calibrate(company, **HOW)

    assert 100 == told.about_people == len(judged)
    assert list(DETECTORS) == [rule.detector for rule in told.rules]
    assert any(LEAST_PEOPLE < count < 100 - LEAST_PEOPLE for count in found.values())
    for rule in told.rules:
        assert share(found[rule.detector], 100) == rule.found
        assert share(lacking[rule.detector], 100) == rule.not_judged
        assert share(100 - lacking[rule.detector], 100) == rule.looked_at


def test_it_names_no_one(company: Store) -> None:
    """No address, name, id or number of any person, and no figure of theirs, stands in the report or its JSON."""
    detect(company, **HOW)
    found = calibrate(company, **HOW)
    text = said(found) + json.dumps(found.to_json())

    with company.read() as session:
        ids = {external for _, external in session.execute(select(IdentityRow.source, IdentityRow.external_id))}
        usage = session.scalars(select(UsageDayRow)).all()
        evidence = [
            *(row.evidence for row in session.scalars(select(StateRow))),
            *(row.evidence for row in session.scalars(select(FindingRow))),
        ]
        figures = {value for row in usage for value in (row.input_tokens, row.cost_microusd, row.requests)}
    assert len(ids) >= 100
    marks = ids | {part for name in ids for part in re.split(r"[@.\-]", name.split("@")[0]) if len(part) > 3}
    assert [] == sorted(mark for mark in marks if re.search(rf"\b{re.escape(mark)}\b", text, re.IGNORECASE))
    numbers = {int(number.replace(",", "")) for number in re.findall(r"\b\d[\d,]*\b", text)}
    thresholds = {int(value) for rule in found.rules for value in rule.thresholds.values()}
    of_people = {value for one in evidence for value in one.values() if isinstance(value, int) and value > 1_000}
    assert len(of_people) > 20
    theirs = {value for value in figures | of_people if value is not None and value > 1_000}
    assert set() == numbers & theirs - thresholds


def test_a_reason_with_a_figure_is_not_repeated() -> None:
    """Of people whose state says too little is known, the report says so in general and never in their own words."""
    tally = Tally()
    for days in range(50):
        words = f"{days} working days in the window are too few to say anything"
        standing = Standing(State.UNKNOWN, LAST_DAY, words)
        tally.add(standing, Looked((), tuple(NotJudged(detector, words) for detector in DETECTORS)))

    told = said(report(tally, last_day=LAST_DAY))

    assert "working days in the window" not in told
    assert f"{NEARLY_ALL}: too little is visible of them" in told


def test_what_few_lack_is_not_told_apart() -> None:
    """A reason that holds for fewer than ten people is left out: a tool hardly anybody has could tell who it is."""
    tally = Tally()
    for number in range(50):
        reason = "no source tells what a session with rare_tool cost" if number < 9 else "no price is known"
        tally.add(Standing(State.HABITUAL, LAST_DAY, "because"), Looked((), (NotJudged("W15", reason),)))

    told = said(report(tally, last_day=LAST_DAY))

    assert "rare" not in told.casefold()
    assert "no price is known" in told


@pytest.mark.parametrize("people", [0, 1, LEAST_IN_ALL - 1])
def test_too_few_people_to_say(people: int) -> None:
    """A small company hears that it is too small, and the rules with their thresholds; no share at all."""
    found = report(tally_of(people), last_day=LAST_DAY)

    assert found.about_people is None
    told = said(found)
    assert told.startswith("Too few people to say")
    for word in (FEW, NEARLY_ALL, "looked at  ", "no price"):
        assert word not in told


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_rule_has_a_version_and_thresholds(detector: str) -> None:
    """Each listed rule tells its version and at least one number it measures against."""
    assert version_of(detector).startswith(f"{detector}-")
    assert thresholds_of(detector)


def test_thresholds_are_those_of_the_rule() -> None:
    """The numbers are read from the rule itself."""
    told = thresholds_of("W01")

    assert idle_seat.MIN_WORKING_DAYS == told["min_working_days"]
    assert idle_seat.MIN_SEAT_AGE_DAYS == told["min_seat_age_days"]


def test_nothing_of_anybody_is_written(company: Store) -> None:
    """Calibrating judges everybody and keeps nothing but the report; it does not begin the first two weeks either."""
    told = calibrate(company, **HOW)

    with company.read() as session:
        for table in (StateRow, FindingRow, BasisRow, InstallationRow):
            assert [] == session.scalars(select(table)).all()
        assert [(week_of(LAST_DAY), told.to_json())] == [
            (row.week, row.report) for row in session.scalars(select(CalibrationRow))
        ]


def test_a_week_has_one_report(sqlite_store: Store) -> None:
    """Half the company joins after it was given: the same to the letter until the next week, and then another."""
    everybody = crowd(5, 120)
    keep(sqlite_store, Company(everybody[:60], seed=5, story_day=NOW.date()))
    first = calibrate(sqlite_store, **HOW)
    keep(sqlite_store, Company(everybody[60:], seed=6, story_day=NOW.date()))

    for now in (NOW, NOW - timedelta(days=1), NOW - timedelta(days=3)):
        assert week_of(LAST_DAY) == week_of((now - timedelta(days=1)).date())
        assert said(first) == said(calibrate(sqlite_store, **HOW | {"now": now}))
    later = calibrate(sqlite_store, **HOW | {"now": NOW + timedelta(days=1)})

    assert (60, 120) == (first.about_people, later.about_people)
    assert said(later) == said(calibrate(sqlite_store, **HOW | {"now": NOW + timedelta(days=7)}))


def test_too_few_people_are_no_report_to_keep(sqlite_store: Store) -> None:
    """A company that grows within its first week hears of it at once: nothing had been said of anybody."""
    everybody = crowd(5, 60)
    keep(sqlite_store, Company(everybody[:30], seed=5, story_day=NOW.date()))
    few = calibrate(sqlite_store, **HOW)
    keep(sqlite_store, Company(everybody[30:], seed=6, story_day=NOW.date()))

    assert (None, 60) == (few.about_people, calibrate(sqlite_store, **HOW).about_people)


def test_of_two_reports_at_once_the_first_stands(store: Store) -> None:
    """On both databases; another week has its own."""
    monday = week_of(LAST_DAY)
    told = [report(tally_of(people), last_day=LAST_DAY) for people in (100, 200, 300)]
    weeks = (monday, monday, monday + timedelta(days=7))
    with store.begin() as session:
        kept = [
            Report.from_json(installation.keep_calibration(session, week=week, report=one.to_json()))
            for week, one in zip(weeks, told, strict=True)
        ]

    assert [told[0], told[0], told[2]] == kept


def tally_of(people: int) -> Tally:
    """So many people of whom nothing could be judged."""
    tally = Tally()
    for _ in range(people):
        tally.add(Standing(State.HABITUAL, LAST_DAY, "because"), Looked((), (NotJudged("W15", "no price is known"),)))
    return tally


def test_from_the_command_line(tmp_path: Path) -> None:
    """`kindling calibrate` prints the report, ends well, and gives the same as JSON on its last line."""
    result = kindling(tmp_path, "calibrate", "--now", STORY, "--json")

    assert (0, "") == (result.returncode, result.stderr)
    assert result.stdout.startswith("Too few people to say")
    told = json.loads(result.stdout.splitlines()[-1])
    assert (None, "2026-03-01", list(DETECTORS)) == (
        told["about_people"],
        told["last_day"],
        [rule["detector"] for rule in told["rules"]],
    )
