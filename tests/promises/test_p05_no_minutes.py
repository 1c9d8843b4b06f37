"""P5: time spent in a tool is neither stored, nor shown, nor exported."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain import scorecard
from bot.domain.check_in import Helped
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.store import rights
from bot.store.tables import Base, CoveredPersonRow, OutcomeRow, SessionFactsRow, UsageDayRow
from bot.store.types import UtcDateTime
from bot.views import check_in
from bot.views import scorecard as views
from tests.views import samples

DURATION = re.compile(r"minute|duration|second|hour|elapsed|time_spent|active_time|length|started_at|ended_at|_ms$|_s$")
SPOKEN = re.compile(r"\b(minutes?|hours?|seconds?|duration)\b", re.IGNORECASE)
NOT_ABOUT_USE = {"error", "busy"}
REPORTED = re.compile("“[^”]*” as you felt it")
CHECK_INS = {f"check-in, {helped}" for helped in Helped}
OFFERED = ", ".join(check_in.SAVING.values())
"""The choices of the one who is asked."""
ARRANGED = re.compile("fifteen minutes|at a fair hour", re.IGNORECASE)
"""What two colleagues may agree upon, and when they hear of it; nobody measures it."""


def test_no_column_about_a_person_holds_a_duration() -> None:
    """No name of a column in any table about people speaks of time spent."""
    names = {column.name for model in rights.PERSONAL for column in Base.metadata.tables[model.__tablename__].columns}

    assert not [name for name in names if DURATION.search(name)]


def test_use_is_kept_by_day_without_a_time() -> None:
    """Usage days and sessions have no moment except the one at which we read the source."""
    for model in (UsageDayRow, SessionFactsRow, CoveredPersonRow):
        moments = [c.name for c in model.__table__.columns if isinstance(c.type, UtcDateTime)]
        assert moments in ([], ["fetched_at"])
    assert ["at"] == [c.name for c in OutcomeRow.__table__.columns if isinstance(c.type, UtcDateTime)]


def test_no_source_can_hand_in_a_duration() -> None:
    """What a source may say of use has no field for time spent."""
    names = [name for kind in (Counters, SessionFacts, UsageRow) for name in kind.__dataclass_fields__]

    assert not [name for name in names if DURATION.search(name)]


def test_no_message_speaks_of_time_spent() -> None:
    """No message counts minutes or hours, except what a person reports as saved, in quotes and as felt.

    "In a minute" in an error is about trying again.
    """
    for who, numbers in samples.many_numbers().items():
        for name, message in samples.every_message(numbers).items():
            said = message.text.replace(samples.ZERO_TO_ONE.try_this, "").replace("no working hour of yours", "")
            said = REPORTED.sub("", said.replace(OFFERED, "") if name in CHECK_INS else said)
            assert name in NOT_ABOUT_USE or not SPOKEN.search(ARRANGED.sub("", said)), (who, name)


def test_what_is_reported_never_becomes_money() -> None:
    """The money on the card is the same whatever somebody reported, and no report carries an amount."""
    reporting = samples.numbers()
    silent = replace(reporting, beside=replace(reporting.beside, check_ins=()))
    with_reports, without = scorecard.build(reporting), scorecard.build(silent)

    assert with_reports.value.reported
    assert (without.efficiency, without.outcome) == (with_reports.efficiency, with_reports.outcome)
    assert "$" not in views.value_words(with_reports.value, samples.TODAY)


def test_export_has_no_field_for_a_duration() -> None:
    """No key anywhere in the export's schema speaks of time spent."""
    schema = json.loads(Path("docs/reference/export.schema.json").read_text(encoding="utf-8"))

    assert not [key for key in keys(schema) if DURATION.search(key)]


def keys(schema: Any) -> set[str]:
    """The names of all properties of a schema."""
    if isinstance(schema, list):
        return set().union(*map(keys, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", ())).union(*map(keys, schema.values()))
