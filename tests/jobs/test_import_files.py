"""Importing files: what is kept, what is reported, and that the same file again changes nothing."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.clock import HandClock
from bot.domain.usage import SessionFacts
from bot.errors import InputError
from bot.store.database import Store
from jobs.import_files import import_file
from jobs.import_report import ImportReport, Kind
from tests.files import NOW, FlatPrice, bring_in, everything, rows, write

ROSTER = (
    "email,name,team,manager_email,timezone,locale,country,started_on,ended_on,github_login,slack_user_id\n"
    "ben.castell@lantern.example,Ben,workshop,ada.moreau@lantern.example,Europe/Madrid,es-ES,es,2024-02-01,,benc,U0BEN\n"
    "Ada.Moreau@Lantern.example ,Ada,workshop,,Europe/Paris,fr-FR,FR,,,AdaM,U0ADA\n"
    "emi.tanaka@lantern.example,Emi,harbour,,Asia/Tokyo,,JP,,,,\n"
)
SEATS = (
    "email,tool,assigned_on,released_on,monthly_cost_usd\n"
    "ben.castell@lantern.example,Claude_Code,2026-01-05,,100\n"
    "ada.moreau@lantern.example,copilot,2025-01-05,2026-01-01,19.00\n"
    "nobody@lantern.example,copilot,2025-01-05,,19\n"
)
ABSENCES = "email,first_day,last_day\nben.castell@lantern.example,2026-02-09,2026-02-11\n"
DAILY = (
    "email,day,tool,model,requests,input_tokens,output_tokens,cost_usd\n"
    "ada.moreau@lantern.example,2026-02-10,claude_code,claude-sonnet-4-5,4,1000,,0.25\n"
    "ada.moreau@lantern.example,2026-02-11,claude_code,,0,0,0,0\n"
    "stranger@lantern.example,2026-02-11,copilot,,7,,,\n"
)
EVENTS = (
    "email,at,tool,model,input_tokens,cost_usd,session_id,failed\n"
    "emi.tanaka@lantern.example,2026-02-10T16:30:00Z,claude_code,m,10,,s-1,false\n"
    "emi.tanaka@lantern.example,2026-02-10T23:30:00+09:00,claude_code,m,5,0.5,s-1,true\n"
    "emi.tanaka@lantern.example,2026-02-11T02:00:00Z,claude_code,m,20,,s-2,\n"
)
OUTCOMES = (
    "email,at,kind,ref,lines_added,lines_removed,ai_assisted\n"
    "ada.moreau@lantern.example,2026-02-10T10:00:00+01:00,pr_merged,lamp#7,120,,yes\n"
    "nobody@lantern.example,2026-02-10T10:00:00Z,document,plan,,,\n"
)


def test_every_kind_of_file_imported_twice_changes_nothing_the_second_time(store: Store, tmp_path: Path) -> None:
    """The second import of each file adds nothing, changes nothing, and leaves every table as it was."""
    files = [(Kind.PEOPLE, ROSTER), (Kind.SEATS, SEATS), (Kind.ABSENCES, ABSENCES), (Kind.OUTCOMES, OUTCOMES)]
    files += [(Kind.USAGE, DAILY), (Kind.USAGE, EVENTS)]
    through = {Kind.USAGE: date(2026, 2, 28)}
    first = [bring_in(store, kind, write(tmp_path, text), complete_through=through.get(kind)) for kind, text in files]
    before = everything(store)
    clock = HandClock(NOW)
    clock.set(datetime(2026, 3, 9, 10, 0, tzinfo=UTC))
    for report, (kind, text) in zip(first, files, strict=True):
        again = import_file(
            store,
            kind=kind,
            path=write(tmp_path, text),
            now=clock.now(),
            complete_through=through.get(kind),
            prices=FlatPrice(),
        )
        assert (0, 0, report.added) == (again.added, again.changed, again.unchanged), kind
    assert before == everything(store)


def test_a_roster_in_any_order_gives_managers_identities_and_no_names(store: Store, tmp_path: Path) -> None:
    """A manager may stand further down; ids are case-folded; the name column is kept nowhere."""
    report = bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    assert (3, 3, 0, 0) == (report.rows, report.added, report.changed, report.unmapped)
    assert () == report.unknown_columns
    identities = {(source, external) for source, external in rows(store, "identity", "source", "external_id")}
    assert {("email", "ada.moreau@lantern.example"), ("github", "adam"), ("slack", "U0BEN")} <= identities
    people = {team: (manager, zone, country) for team, manager, zone, country in _people(store) if manager}
    assert "ES" == people["workshop"][2]
    assert "'Ada'" not in repr(everything(store))


def test_a_changed_roster_updates_what_it_says_and_leaves_the_rest(store: Store, tmp_path: Path) -> None:
    """A column that the file does not have is left alone, a blank cell unlearns, a person not listed stays."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    report = bring_in(store, Kind.PEOPLE, write(tmp_path, "email,started_on\nben.castell@lantern.example,\n"))
    assert (0, 1, 0) == (report.added, report.changed, report.unchanged)
    assert [("workshop", None)] == [
        row[:2] for row in rows(store, "person", "team", "started_on", "country") if row[2] == "ES"
    ]
    assert 3 == len(rows(store, "person", "person_id"))


def test_a_manager_whom_nobody_knows_is_reported_by_line_and_left_empty(store: Store, tmp_path: Path) -> None:
    """Nobody is invented for an address that the roster does not list."""
    text = "email,manager_email\nada.moreau@lantern.example,boss@elsewhere.example\n"
    report = bring_in(store, Kind.PEOPLE, write(tmp_path, text))
    assert (1, (2,)) == (report.unmapped, report.unmapped_lines)
    assert [(None,)] == rows(store, "person", "manager_id")


def test_a_circle_of_managers_through_people_of_an_earlier_file_is_refused(store: Store, tmp_path: Path) -> None:
    """The circle is found even when only one side of it stands in the file, and nothing is written."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    before = everything(store)
    text = "email,manager_email\nada.moreau@lantern.example,ben.castell@lantern.example\n"
    with pytest.raises(InputError, match=r"^file\.csv, line 2, column manager_email: .*[^.]\.$"):
        bring_in(store, Kind.PEOPLE, write(tmp_path, text))
    assert before == everything(store)


def test_an_id_of_somebody_outside_the_file_is_refused_and_may_be_swapped_inside(store: Store, tmp_path: Path) -> None:
    """A Slack id moves from one person to another only when the file says what both have now."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    thief = "email,slack_user_id\nemi.tanaka@lantern.example,U0ADA\n"
    with pytest.raises(InputError, match=r"line 2, column slack_user_id"):
        bring_in(store, Kind.PEOPLE, write(tmp_path, thief))
    swap = "email,slack_user_id\nben.castell@lantern.example,U0ADA\nada.moreau@lantern.example,U0BEN\n"
    report = bring_in(store, Kind.PEOPLE, write(tmp_path, swap))
    assert 2 == report.changed
    assert 2 == len([1 for (source,) in rows(store, "identity", "source") if source == "slack"])


def test_seats_of_strangers_are_reported_and_not_kept(store: Store, tmp_path: Path) -> None:
    """A seat goes to nobody by guess; tools are case-folded and prices are micro-dollars."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    report = bring_in(store, Kind.SEATS, write(tmp_path, SEATS))
    assert (2, 1, (4,)) == (report.added, report.unmapped, report.unmapped_lines)
    assert [("claude_code", 100_000_000), ("copilot", 19_000_000)] == rows(
        store, "seat", "tool", "monthly_cost_microusd"
    )


def test_a_corrected_seat_replaces_the_one_it_overlaps_and_keeps_the_earlier_one(store: Store, tmp_path: Path) -> None:
    """One person does not pay twice for one tool because a date was mended."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    head = "email,tool,assigned_on,released_on\n"
    old = "ben.castell@lantern.example,copilot,2024-01-05,2024-06-01\nben.castell@lantern.example,copilot,2026-01-05,\n"
    bring_in(store, Kind.SEATS, write(tmp_path, head + old))
    mended = "ben.castell@lantern.example,copilot,2026-01-15,\n"
    report = bring_in(store, Kind.SEATS, write(tmp_path, head + mended))
    assert (0, 1, 0) == (report.added, report.changed, report.unchanged)
    assert [(date(2024, 1, 5),), (date(2026, 1, 15),)] == rows(store, "seat", "assigned_on")


def test_absences_become_days_both_ends_included(store: Store, tmp_path: Path) -> None:
    """Three days away are three days, whatever weekday they are."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    report = bring_in(store, Kind.ABSENCES, write(tmp_path, ABSENCES))
    assert 3 == report.added
    assert [(date(2026, 2, day), "leave") for day in (9, 10, 11)] == rows(store, "calendar_day", "day", "reason")


def test_daily_rows_of_the_same_key_are_added_up_and_a_new_file_replaces_them(store: Store, tmp_path: Path) -> None:
    """Inside one file they add up, unknown plus a number is that number; the next file replaces the key."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    head = "email,day,tool,model,requests,accepted,rejected\n"
    line = "ada.moreau@lantern.example,2026-02-10,copilot,m,{}\n"
    bring_in(store, Kind.USAGE, write(tmp_path, head + line.format("4,,") + line.format("6,2,")))
    assert [(10, 2, None)] == rows(store, "usage_day", "requests", "accepted", "rejected")
    report = bring_in(store, Kind.USAGE, write(tmp_path, head + line.format("1,,")))
    assert (0, 1) == (report.added, report.changed)
    assert [(1, None, None)] == rows(store, "usage_day", "requests", "accepted", "rejected")


def test_a_missing_cost_is_estimated_and_says_so_and_an_unknown_price_stays_unknown(
    store: Store, tmp_path: Path
) -> None:
    """Reported dollars are kept, missing ones priced by the tokens, and what has no price has no cost."""
    text = (
        "email,day,tool,model,input_tokens,cost_usd\n"
        "a@lantern.example,2026-02-10,t,paid,100,0.10\n"
        "a@lantern.example,2026-02-10,t,free,100,\n"
        "a@lantern.example,2026-02-10,t,mystery,100,\n"
        "a@lantern.example,2026-02-10,t,,100,\n"
        "a@lantern.example,2026-02-10,t,both,100,0.10\n"
        "a@lantern.example,2026-02-10,t,both,7,\n"
    )
    bring_in(store, Kind.USAGE, write(tmp_path, text))
    expected = [
        ("*", None, None),
        ("both", 100_007, "estimated"),
        ("free", 100, "estimated"),
        ("mystery", None, None),
        ("paid", 100_000, "reported"),
    ]
    assert expected == rows(store, "usage_day", "model", "cost_microusd", "priced")


def test_events_lie_on_the_local_day_of_their_person(store: Store, tmp_path: Path) -> None:
    """16:30 UTC on the 10th is the 11th in Tokyo; requests, failures and sessions are counted."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    report = bring_in(store, Kind.USAGE, write(tmp_path, EVENTS))
    columns = ("day", "requests", "failed_requests", "sessions", "input_tokens", "cost_microusd", "priced")
    assert [
        (date(2026, 2, 10), 1, 1, 1, 5, 500_000, "reported"),
        (date(2026, 2, 11), 2, 0, 2, 30, 30, "estimated"),
    ] == rows(store, "usage_day", *columns)
    assert (0, 2) == (report.utc_rows, report.added)


def test_session_facts_know_no_time_of_day_and_no_session_id(store: Store, tmp_path: Path) -> None:
    """A session is kept as counters of a day under a key that is not its id (P5)."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    bring_in(store, Kind.USAGE, write(tmp_path, EVENTS))
    kept = rows(store, "session_facts", "day", "requests", "input_tokens")
    assert [(date(2026, 2, 10), 1, 5), (date(2026, 2, 11), 1, 10), (date(2026, 2, 11), 1, 20)] == kept
    assert "s-1" not in repr(everything(store))
    assert not {"at", "started_at", "duration_s"} & set(SessionFacts.__dataclass_fields__)


def test_events_of_people_without_a_time_zone_lie_on_utc_days_and_are_counted(store: Store, tmp_path: Path) -> None:
    """The report says how many events lie on UTC days."""
    report = bring_in(store, Kind.USAGE, write(tmp_path, EVENTS))
    assert (3, 3, (2, 3, 4)) == (report.utc_rows, report.unmapped, report.unmapped_lines)
    assert [(date(2026, 2, 10),), (date(2026, 2, 11),)] == rows(store, "usage_day", "day")


def test_events_imported_before_the_time_zone_was_known_move_to_the_local_day(store: Store, tmp_path: Path) -> None:
    """Imported again with the roster, the same events lie on the local days alone and are not counted twice."""
    late = (
        "email,at,tool,model,input_tokens,session_id\n"
        "emi.tanaka@lantern.example,2026-02-10T16:30:00Z,t,m,10,s-1\n"
        "emi.tanaka@lantern.example,2026-02-12T02:00:00Z,t,m,20,s-2\n"
    )
    bring_in(store, Kind.USAGE, write(tmp_path, late))
    other = "email,day,tool,model,input_tokens\nemi.tanaka@lantern.example,2026-02-09,t,m,10\n"
    bring_in(store, Kind.USAGE, write(tmp_path, other))
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    bring_in(store, Kind.USAGE, write(tmp_path, late))
    kept = [(date(2026, 2, 11), 10), (date(2026, 2, 12), 20)]
    assert [(date(2026, 2, 9), 10), *kept] == rows(store, "usage_day", "day", "input_tokens")
    assert kept == rows(store, "session_facts", "day", "input_tokens")


@pytest.mark.parametrize("figures", [("7", "8"), ("", "")])
def test_another_file_s_day_stays_when_events_move_to_local_days(
    store: Store, tmp_path: Path, figures: tuple[str, str]
) -> None:
    """The day of an export that ends at noon is not taken away by the next one, with other tokens or with none."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    for hour, tokens in zip(("03", "20"), figures, strict=True):
        line = f"emi.tanaka@lantern.example,2026-02-10T{hour}:00:00Z,t,{tokens}"
        bring_in(store, Kind.USAGE, write(tmp_path, f"email,at,tool,input_tokens\n{line}\n"))
    assert [(date(2026, 2, 10), 1), (date(2026, 2, 11), 1)] == rows(store, "usage_day", "day", "requests")


def test_identical_events_are_counted_once_and_reported(store: Store, tmp_path: Path) -> None:
    """A row that repeats another cell by cell is dropped; one that differs in an unknown column is not."""
    text = (
        "email,at,tool,input_tokens,request\n"
        "a@lantern.example,2026-02-10T10:00:00Z,t,10,one\n"
        "a@lantern.example,2026-02-10T10:00:00Z,t,10,one\n"
        "a@lantern.example,2026-02-10T10:00:00Z,t,10,two\n"
    )
    report = bring_in(store, Kind.USAGE, write(tmp_path, text))
    assert (1, ("request",)) == (report.duplicates, report.unknown_columns)
    assert [(2, 20)] == rows(store, "usage_day", "requests", "input_tokens")


def test_usage_of_strangers_waits_and_is_handed_over_when_the_roster_lists_them(store: Store, tmp_path: Path) -> None:
    """Rows without a person get theirs as soon as the address belongs to somebody, and so do their sessions."""
    bring_in(store, Kind.USAGE, write(tmp_path, DAILY))
    bring_in(store, Kind.USAGE, write(tmp_path, EVENTS))
    assert {(None,)} == set(rows(store, "usage_day", "person_id"))
    report = bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    assert 3 == report.added
    assert 1 == len([1 for (person_id,) in rows(store, "usage_day", "person_id") if person_id is None])
    assert (None,) not in rows(store, "session_facts", "person_id")
    assert [(None,)] == rows(store, "identity", "person_id")[-1:]


def test_usage_rows_hold_no_address(store: Store, tmp_path: Path) -> None:
    """Who a number is stands in the identities alone; no other table holds an e-mail address (P1)."""
    for kind, text in ((Kind.PEOPLE, ROSTER), (Kind.USAGE, DAILY), (Kind.USAGE, EVENTS), (Kind.OUTCOMES, OUTCOMES)):
        bring_in(store, kind, write(tmp_path, text))
    kept = everything(store)
    del kept["identity"]
    assert "@" not in repr(kept)


def test_the_latest_of_a_repeated_outcome_counts(store: Store, tmp_path: Path) -> None:
    """A ticket that was opened again is done when it was done last."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, ROSTER))
    head = "email,at,kind,ref,ai_assisted\n"
    late = "ada.moreau@lantern.example,2026-02-12T10:00:00Z,ticket_done,T-1,0\n"
    early = "ada.moreau@lantern.example,2026-02-10T10:00:00Z,ticket_done,T-1,\n"
    report = bring_in(store, Kind.OUTCOMES, write(tmp_path, head + late + early))
    assert (1, 1) == (report.added, report.duplicates)
    assert [(datetime(2026, 2, 12, 10, tzinfo=UTC), False)] == rows(store, "outcome", "at", "ai_assisted")


def test_gzip_byte_order_mark_crlf_and_any_order_of_columns_read_the_same(sqlite_store: Store, tmp_path: Path) -> None:
    """The same table in another wrapping changes nothing."""
    bring_in(sqlite_store, Kind.USAGE, write(tmp_path, DAILY))
    before = everything(sqlite_store)
    turned = "\ufeff" + "".join(",".join(reversed(line.split(","))) + "\r\n" for line in DAILY.splitlines())
    turned = turned.replace("email", "E-MAIL".replace("-", "")).replace("day,", "Day ,")
    path = tmp_path / "usage.csv.gz"
    path.write_bytes(gzip.compress(turned.encode()))
    report = bring_in(sqlite_store, Kind.USAGE, path)
    assert (0, 0, 3) == (report.added, report.changed, report.unchanged)
    assert before == everything(sqlite_store)


def test_a_file_of_many_people_goes_through_all_its_shares(sqlite_store: Store, tmp_path: Path) -> None:
    """Rows laid away by person all come back, once."""
    lines = [f"p{n}@lantern.example,2026-02-{1 + n % 28:02},t,{n}\n" for n in range(3_000)]
    report = bring_in(sqlite_store, Kind.USAGE, write(tmp_path, "email,day,tool,requests\n" + "".join(lines)))
    assert (3_000, 3_000, 3_000) == (report.rows, report.added, report.unmapped)
    assert sum(range(3_000)) == sum(requests for (requests,) in rows(sqlite_store, "usage_day", "requests"))


def test_the_report_reads_well_and_as_json_and_names_nobody(sqlite_store: Store, tmp_path: Path) -> None:
    """Two or three plain sentences; the same figures as JSON; no address in either."""
    text = "".join(f"{line},{'calm' if n else 'mood'}\n" for n, line in enumerate(DAILY.splitlines()))
    report = bring_in(sqlite_store, Kind.USAGE, write(tmp_path, text), complete_through=date(2026, 2, 28))
    said = report.sentences()
    assert said.startswith("file.csv: 3 rows read, usage days: 3 added, 0 changed, 0 as they were.")
    assert "left out: mood" in said
    assert "3 rows are about people whom the roster does not list" in said
    assert "2026-02-28" in said
    plain = json.loads(json.dumps(report.as_json()))
    assert ("usage", 3, ["mood"]) == (plain["kind"], plain["added"], plain["unknown_columns"])
    assert "@" not in said + json.dumps(plain)


def test_reports_of_every_kind_have_words_of_their_own() -> None:
    """What is unmapped is told as what it means for that kind of file."""
    for kind in Kind:
        report = ImportReport(kind, "f.csv", 9, 1, 2, 3, unmapped=7, unmapped_lines=(2, 3), duplicates=1, utc_rows=4)
        said = report.sentences()
        assert "7 rows" in said
        assert "(lines 2, 3 and others)" in said


def _people(store: Store) -> list[tuple[object, ...]]:
    return rows(store, "person", "team", "manager_id", "timezone", "country")
