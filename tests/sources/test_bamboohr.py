"""BambooHR against its stand-in: whole days away, of whom the directory gives an address, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from bot.domain.roster import AbsenceRecord
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.bamboohr import CONNECTOR
from bot.sources.standins.bamboohr import COMPANY, KEY, BambooHrStandIn, company_day, employee, time_off
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING, opened

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FIRST, LAST = date(2026, 2, 1), date(2026, 4, 30)
ADA, BEN = "ada.moreau@lantern.example", "ben.castell@lantern.example"


@pytest.fixture(scope="module")
def running() -> Iterator[BambooHrStandIn]:
    with BambooHrStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: BambooHrStandIn) -> BambooHrStandIn:
    """Ada away twice, Ben on the last day, somebody without an address, a company day, an absence long ago."""
    running.hold(
        [employee(1, "Ada.Moreau@lantern.example"), employee(2, BEN), employee(3, None)],
        [
            time_off(1, "2026-02-18", "2026-02-20"),
            time_off(1, "2026-03-09", "2026-03-09"),
            time_off(2, "2026-04-30", "2026-05-08"),
            time_off(3, "2026-03-02", "2026-03-06"),
            time_off(2, "2025-12-01", "2026-01-31"),
            company_day("2026-03-26"),
        ],
    )
    return running


def read(stand_in: BambooHrStandIn, *, key: str = KEY, waits: list[float] | None = None) -> list[AbsenceRecord]:
    source = SourceConfig("bamboohr", "leave", f"{stand_in.base_url}/", key, account=COMPANY)
    with opened(source, now=NOW, waits=waits) as access:
        return list(CONNECTOR.fetch_absences(access, first=FIRST, last=LAST))


def test_absences_carry_addresses_and_both_days(stand_in: BambooHrStandIn) -> None:
    """Three of the six entries are somebody's absence within the days that were asked for."""
    assert [
        AbsenceRecord(ADA, date(2026, 2, 18), date(2026, 2, 20)),
        AbsenceRecord(ADA, date(2026, 3, 9), date(2026, 3, 9)),
        AbsenceRecord(BEN, date(2026, 4, 30), date(2026, 5, 8)),
    ] == read(stand_in)


@pytest.mark.parametrize("trouble", [*PASSING, Trouble.NO_JSON])
def test_passing_trouble_changes_nothing(stand_in: BambooHrStandIn, trouble: Trouble) -> None:
    """One trouble with either question is survived, or said: never are fewer days away than there are."""
    whole = read(stand_in)
    for placed in ([trouble], [Trouble.NONE, trouble]):
        stand_in.forget_troubles()
        stand_in.break_next(*placed)
        if trouble is Trouble.NO_JSON:
            with pytest.raises(SourceError, match="JSON"):
                read(stand_in)
        else:
            assert whole == read(stand_in)


def test_wrong_key_is_permanent_and_quotes_nothing(stand_in: BambooHrStandIn) -> None:
    """A refused key is not asked again, and stands in no error."""
    with pytest.raises(SourceError) as refused:
        read(stand_in, key="bamboo-wrong")
    assert (True, 401) == (refused.value.permanent, refused.value.http_status)
    assert "bamboo-wrong" not in str(refused.value)


@pytest.mark.parametrize(
    "entry", [time_off(1, "2026-03-09", "2026-03-05"), {**time_off(1, "x", "y"), "start": "2026-02-03", "end": "soon"}]
)
def test_absence_that_makes_no_sense_is_an_error(stand_in: BambooHrStandIn, entry: dict[str, object]) -> None:
    """An end before the beginning, or no day at all: nothing of the list is believed."""
    stand_in.hold([employee(1, ADA)], [entry])
    with pytest.raises(SourceError, match="cannot be read"):
        read(stand_in)


def test_key_is_in_the_header_alone(stand_in: BambooHrStandIn) -> None:
    """No address holds the key, and every request says who asks."""
    read(stand_in)
    assert 2 == len(stand_in.requests)
    for request in stand_in.requests:
        assert KEY not in f"{request.path}{request.query}"
        assert request.headers["user-agent"].startswith("Kindling/")


def test_company_must_be_named() -> None:
    """Without the company's name there is no address to ask."""
    with pytest.raises(InputError, match="account"):
        catalogue.connector_of(SourceConfig("bamboohr", "leave", None, KEY))
