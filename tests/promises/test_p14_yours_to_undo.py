"""P14: a person can see all that is held, take it along and have it erased; afterwards nothing can be tied to them."""

from __future__ import annotations

import ast
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import MetaData, select, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import PersonRecord
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.store import people, rights, usage
from bot.store.database import Store
from bot.store.pseudonyms import subject_key
from bot.store.tables import Base, PersonRow, SessionFactsRow, UsageDayRow
from bot.views.privacy import KINDS
from tests.store.everything import ADA, ADA_NAMES, BEN_NAMES, NOON, fill

SCHEMA = json.loads(Path("docs/reference/export.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def filled(store: Store) -> Store:
    """A store in which Ada and Ben have rows in every table."""
    with store.begin() as session:
        fill(session)
    return store


def test_every_table_is_somebodys_or_nobodys() -> None:
    """A table that nobody has put on either side cannot slip through erasing and export."""
    sorted_out = {model.__tablename__ for model in rights.PERSONAL} | rights.NOT_PERSONAL

    assert set(Base.metadata.tables) == sorted_out


def test_tables_about_nobody_have_no_column_for_a_person() -> None:
    """What counts as being about nobody has no place for a person's number or name."""
    columns = {c.name for name in rights.NOT_PERSONAL for c in Base.metadata.tables[name].columns}

    assert set() == columns & {"person_id", "subject", "external_id", "email", "slack_user_id"}


def test_forget_leaves_nothing_of_the_person(filled: Store) -> None:
    """After erasing Ada, neither her number, nor any of her names, nor a key of one stands in any table that there is.

    The tables are read from the database itself, so that a new one is swept as well.
    """
    with filled.read() as session:
        marks = marks_of_ada(session)
        before = traces(filled, marks)
    with filled.begin() as session:
        rights.forget(session, person_id=ADA)

    assert {model.__tablename__ for model in rights.PERSONAL} <= before
    assert set() == traces(filled, marks)


def test_what_is_told_of_groups_stays_as_it_was(filled: Store) -> None:
    """Erasing one person changes no row about nobody: what was published before, and who looked, is not rewritten.

    Only the set of people with whom they were counted is closed, so that no later figure tells who went; and a campaign
    that they planned has no author any more.
    """
    with filled.begin() as session:
        before = everything(session)
        rights.forget(session, person_id=ADA)
        after = everything(session)

    before["campaign"][0]["author_slack_id"] = None
    changed = {name for name in rights.NOT_PERSONAL if before[name] != after[name]}
    assert {"snapshot", "snapshot_cell", "audit"} <= rights.NOT_PERSONAL
    assert set() == changed - {"summary_block"}


def test_erased_bytes_are_gone_from_the_files(migrated_sqlite: Path, tmp_path: Path) -> None:
    """After erasing, no file of an SQLite database holds a name of Ada's or a key of one: nor its log."""
    shutil.copy(migrated_sqlite, tmp_path / "kindling.db")
    store = Store(f"sqlite:///{tmp_path / 'kindling.db'}")
    with store.begin() as session:
        fill(session)
        marks = {*ADA_NAMES.values(), subject_key(session, IdentitySource.EMAIL, ADA_NAMES["email"])}
    before = in_files(tmp_path, marks)
    with store.begin() as session:
        rights.forget(session, person_id=ADA)

    assert store.wipe_deleted()
    assert (marks, set()) == (before, in_files(tmp_path, marks))
    store.close()


def test_bytes_that_are_not_wiped_would_be_found(migrated_sqlite: Path, tmp_path: Path) -> None:
    """The same without overwriting leaves Ada's address in the file, so that the test before can fail."""
    shutil.copy(migrated_sqlite, tmp_path / "kindling.db")
    store = Store(f"sqlite:///{tmp_path / 'kindling.db'}")
    with store.begin() as session:
        fill(session)
    store.close()
    with closing(sqlite3.connect(tmp_path / "kindling.db")) as careless:
        careless.execute("PRAGMA secure_delete=OFF")
        careless.execute("DELETE FROM identity")
        careless.commit()
        careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert {ADA_NAMES["email"]} == in_files(tmp_path, {ADA_NAMES["email"]})


def test_forget_leaves_the_others_alone(filled: Store) -> None:
    """Ben keeps every row as it was, except that nobody manages him and nobody is asked for him any more."""
    with filled.read() as session:
        before = rows_of_ben(session)
    with filled.begin() as session:
        rights.forget(session, person_id=ADA)

    with filled.read() as session:
        after = rows_of_ben(session)
    before["person"][0]["manager_id"] = before["team_stay"][0]["manager_id"] = None
    before["campaign"][0]["author_slack_id"] = None
    before["pair_request"][0]["volunteer_id"] = None
    assert before == after


def test_what_is_filed_under_a_key_of_an_address_is_theirs(store: Store) -> None:
    """Use that a source filed before anybody knew whose it is stands under a key made from the address: it goes too."""
    with store.begin() as session:
        person_id = keep_use_of_nobody(session, listed=True)
        held = rights.held(session, person_id=person_id)
        rights.forget(session, person_id=person_id)
        left = everything(session)

    assert (1, 1) == (held["usage_day"], held["session_facts"])
    assert ([], [], []) == (left["usage_day"], left["session_facts"], left["identity"])


@pytest.mark.parametrize("source", [IdentitySource.API_KEY_NAME, IdentitySource.LITELLM])
@pytest.mark.parametrize("listed", [True, False])
def test_what_is_nobodys_and_called_by_an_address_goes_with_it(
    store: Store, source: IdentitySource, listed: bool
) -> None:
    """A key or an account called like Ada's address names her: erasing leaves neither it nor what lies under it."""
    row = UsageRow(subject(source, "Ada@Lantern.example"), NOON.date(), "t", "m", Counters(requests=1))
    with store.begin() as session:
        usage.merge_rows(session, source="api", rows=[row], now=NOON)
        person_id = keep_use_of_nobody(session, listed=listed)
        if listed:
            rights.forget(session, person_id=person_id)
        else:
            rights.forget_unlisted(session, email="ada@lantern.example")
        left = everything(session)
    assert ([], [], []) == (left["usage_day"], left["session_facts"], left["identity"])


def test_address_of_nobody_can_be_erased_as_well(store: Store) -> None:
    """A source may name somebody again whom no roster lists: whoever looks after Kindling can erase that, too."""
    with store.begin() as session:
        keep_use_of_nobody(session, listed=False)
        gone = rights.forget_unlisted(session, email=" Ada@Lantern.example")
        left = everything(session)
        again = rights.forget_unlisted(session, email="ada@lantern.example")

    assert {"identity": 1, "session_facts": 1, "usage_day": 1} == gone
    assert ([], [], []) == (left["usage_day"], left["session_facts"], left["identity"])
    assert {} == again


def test_erasing_an_address_of_nobody_spares_whoever_is_listed(filled: Store) -> None:
    """Somebody who is listed is erased by their number, with everything; never in part by their address."""
    with filled.begin() as session:
        before = everything(session)
        gone = rights.forget_unlisted(session, email=ADA_NAMES["email"])

        assert {} == gone
        assert before == everything(session)


def test_forget_counts_what_went(filled: Store) -> None:
    """The answer counts the rows by table, and the same as the privacy page counted before."""
    with filled.begin() as session:
        held = rights.held(session, person_id=ADA)
        gone = rights.forget(session, person_id=ADA)

        assert held == gone
        assert all(gone.values())
        assert 0 == sum(rights.held(session, person_id=ADA).values())


def test_forgotten_number_is_never_used_again(store: Store) -> None:
    """Whoever comes next gets a new number, so that nothing kept elsewhere can point at them."""
    with store.begin() as session:
        gone = PersonRow(created_at=NOON)
        session.add(gone)
        session.flush()
        gone_id = gone.person_id
        rights.forget(session, person_id=gone_id)
    with store.begin() as session:
        newcomer = PersonRow(created_at=NOON)
        session.add(newcomer)
        session.flush()

        assert newcomer.person_id > gone_id


def test_export_keeps_its_schema(filled: Store) -> None:
    """A real export with every kind of row is valid against the published schema, which allows nothing more."""
    with filled.read() as session:
        document = rights.export(session, person_id=ADA, now=NOON)

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(json.dumps(document)), SCHEMA, cls=jsonschema.Draft202012Validator)
    assert all(document[section] for section in SCHEMA["required"] if section != "receipts")


def test_schema_is_strict() -> None:
    """Every object of the schema names all of its fields and allows no other."""
    for place in objects(SCHEMA):
        assert place.get("additionalProperties") is False or place is SCHEMA["$defs"]["plain"]


def test_export_of_an_empty_person_keeps_its_schema(store: Store) -> None:
    """Somebody about whom nothing is known but that they exist can export that."""
    with store.begin() as session:
        session.add(PersonRow(person_id=ADA, created_at=NOON))
    with store.read() as session:
        document = rights.export(session, person_id=ADA, now=NOON)

    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert document["preferences"] is None


def test_export_holds_everything_and_nobody_else(filled: Store) -> None:
    """As many rows as are held, and no name of Ben, whose manager Ada is."""
    with filled.read() as session:
        held = rights.held(session, person_id=ADA)
        document = rights.export(session, person_id=ADA, now=NOON)

    counted = sum(len(part) for part in document.values() if isinstance(part, list))
    steps = sum(len(nudge["steps"]) for nudge in document["nudges"])
    not_theirs = len(document["campaigns_planned"] + document["pair_answers"])  # rows with a word of theirs in them
    assert sum(held.values()) == counted - not_theirs + steps + len(["person", "preferences"])
    assert not [name for name in BEN_NAMES.values() if name in json.dumps(document)]


def test_export_of_nobody_is_refused(sqlite_store: Store) -> None:
    """There is no document about somebody who is not there."""
    with sqlite_store.read() as session, pytest.raises(LookupError):
        rights.export(session, person_id=99, now=NOON)


def test_privacy_page_has_words_for_every_table() -> None:
    """Whatever is held about a person is named on the page that says what is held."""
    assert {model.__tablename__ for model in rights.PERSONAL} == set(KINDS)


def test_no_log_call_names_a_person() -> None:
    """No event that is logged has a field for a person, by name or by number: nobody could erase it there."""
    fields = {keyword.arg for call in log_calls() for keyword in call.keywords}

    assert {"error", "source"} <= fields
    assert set() == {name for name in fields if name and {"person", "email", "user", "subject"} & set(name.split("_"))}


def log_calls() -> list[ast.Call]:
    """Every call that logs an event, in the three rooms."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for room in ("bot", "handlers", "jobs")
        for path in Path(room).rglob("*.py")
    ]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "_log"
    ]


def keep_use_of_nobody(session: Session, *, listed: bool) -> int:
    """A day and a session of Ada's that have no owner; returns her number when a roster has listed her, else 0."""
    email, day = "ada@lantern.example", NOON.date()
    counters = Counters(requests=1)
    usage.merge_rows(session, source="api", rows=[UsageRow(email, day, "t", "m", counters)], now=NOON)
    facts = SessionFacts("s", email, day, "t", "m", counters)
    usage.save_sessions(session, source="api", sessions=[facts], now=NOON)
    if not listed:
        return 0
    people.save_people(session, records=[PersonRecord(email)], now=NOON)
    for model in (UsageDayRow, SessionFactsRow):
        session.execute(update(model).values(person_id=None))
    person_id = people.person_by_email(session, email=email)
    assert person_id is not None
    return person_id


def marks_of_ada(session: Session) -> set[str]:
    """Her number, her names, and the keys that stand for them."""
    keys = {subject_key(session, IdentitySource(source), name) for source, name in ADA_NAMES.items()}
    return {str(ADA), *ADA_NAMES.values(), *keys}


def traces(store: Store, marks: set[str]) -> set[str]:
    """The tables of the database, as it is, in which any of `marks` stands in any column."""
    found = MetaData()
    found.reflect(store.engine)
    with store.read() as session:
        return {
            name
            for name, table in found.tables.items()
            if any(
                mark.casefold() in str(tuple(row)).casefold()
                for row in session.execute(select(table))
                for mark in marks
            )
        }


def in_files(folder: Path, marks: set[str]) -> set[str]:
    """Those of `marks` that stand in any file of the folder."""
    content = b"".join(path.read_bytes() for path in folder.iterdir()).lower()
    return {mark for mark in marks if mark.lower().encode() in content}


def everything(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {
        name: [dict(row) for row in session.execute(select(table)).mappings()]
        for name, table in Base.metadata.tables.items()
    }


def rows_of_ben(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that is not Ada's."""
    mine = {f"x{ADA}", *(mark.casefold() for mark in marks_of_ada(session))}

    def is_adas(row: dict[str, Any]) -> bool:
        names = {str(row.get("subject")).casefold(), str(row.get("external_id")).casefold()}
        return row.get("person_id", row.get("nudge_id")) == ADA or bool(names & mine)

    return {name: [row for row in rows if not is_adas(row)] for name, rows in everything(session).items()}


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every part of a schema that describes an object."""
    if isinstance(schema, list):
        return [found for part in schema for found in objects(part)]
    if not isinstance(schema, dict):
        return []
    kinds = schema.get("type")
    here = [schema] if kinds == "object" or (isinstance(kinds, list) and "object" in kinds) else []
    return here + [found for part in schema.values() for found in objects(part)]
