"""The command line: `kindling`, also `python -m bot`. The only file that sees every room.

Exit codes: 0 done; 1 something failed and was recorded; 2 the input or the configuration is wrong, said in one
sentence, and nothing was changed. What may be said on it stands in `bot/arguments.py`. Next: `bot/app.py`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from bot import app, backlog, doctor, papers
from bot.arguments import JOBS, SESSIONS, parser
from bot.clock import HandClock, SystemClock
from bot.domain import crowd_counts
from bot.domain.roles import Role
from bot.errors import InputError, KindlingError, SlackError
from bot.log import start_logging
from bot.settings import Settings, load
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import audit, exclusions, identities, opening, people, rights
from bot.store.audit import Act
from bot.store.database import DatabaseError, Store
from bot.views import calibration
from handlers.desk import Desk
from jobs import calendar, calibrate, collect, import_files, import_sessions, workers
from jobs.collect import OnDay, Span
from jobs.import_report import Kind

DONE, FAILED, WRONG = 0, 1, 2
_MOST_UNMAPPED = 1000
_FAILURES = ("failed", "errors", "sources_failed")
"""What the counts of a job, or of a tick, say went wrong and was recorded."""
_BACKUPS = "Backups made before keep older copies: replace them, and after restoring one, erase again."

Counts = Mapping[str, object]
Job = Callable[[datetime], calendar.Counts]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    try:
        arguments = parser().parse_args(argv)
        code = _COMMANDS[arguments.command](arguments)
    except InputError as error:
        return _complain(str(error), WRONG)
    except SlackError as error:
        return _complain(f"Slack could not be asked ({error.reason}); nothing was lost, try again later.", FAILED)
    except KindlingError as error:
        return _complain(str(error), FAILED)
    except DatabaseError as error:  # its own words may quote a row, and with it somebody's address (P1)
        told = f"The database did not do it ({type(error).__name__}); nothing half-done was kept, try again."
        return _complain(told, FAILED)
    except KeyboardInterrupt:
        return _complain("Stopped.", FAILED)
    return code


def _run(arguments: argparse.Namespace) -> int:
    """The clock and Slack, or a worker, until a signal says stop."""
    settings = _settings()
    if arguments.command == "worker":  # before anything is opened, and with it made
        workers.require(settings.database_url)
        app.require_bot_token(settings)
    start_logging()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with app.running(settings, clock=SystemClock()) as kindling:
        if arguments.command == "worker":
            app.toil(kindling, stop)
        else:
            app.serve(kindling, stop)
    return DONE


def _tick(arguments: argparse.Namespace) -> int:
    app.require_bot_token(_settings())
    with _kindling(arguments) as kindling:
        now = kindling.clock.now()
        counts = calendar.tick(kindling.store, work=_shown(app.work(kindling, on_day=_on_day())), now=now)
    return _report("tick", crowd_counts.told_of_tick(counts), arguments)


def _job(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        counts = _shown(app.work(kindling, on_day=_on_day()))[arguments.command](kindling.clock.now())
    return _report(arguments.command, crowd_counts.told(arguments.command, counts), arguments)


def _collect(arguments: argparse.Namespace) -> int:
    span = _span(arguments)
    with _kindling(arguments) as kindling:
        chosen = None if arguments.source is None else collect.only(kindling.settings.sources, arguments.source)
        counts = app.collect_now(kindling, now=kindling.clock.now(), sources=chosen, span=span, on_day=_on_day())
    return _report("collect", crowd_counts.told("collect", counts), arguments)


def _span(arguments: argparse.Namespace) -> Span | None:
    """The days that a back-fill asks for: of one source, the first of them named."""
    since, until = arguments.since, arguments.until or _now(arguments).astimezone(UTC).date()
    if since is None and arguments.until is None:
        return None
    if since is None or arguments.source is None:
        raise InputError("A back-fill needs --source and --since: name the source, and the first day to read.")
    if until < since:
        raise InputError("--until lies before --since: exchange the two days.")
    return since, until


def _import(arguments: argparse.Namespace) -> int:
    if arguments.kind == SESSIONS:
        return _import_sessions(arguments)
    if not arguments.file.is_file():
        raise InputError(f"{arguments.file}: there is no such file; name a CSV file, or one ending in .gz.")
    with _kindling(arguments) as kindling:
        report = import_files.import_file(
            kindling.store,
            kind=Kind(arguments.kind),
            path=arguments.file,
            now=kindling.clock.now(),
            complete_through=arguments.complete_through,
            prices=kindling.prices,
            email=arguments.email,
        )
        _write_down(kindling.store, Act.FILE_IMPORTED, arguments)
    print(report.sentences())
    if arguments.json:
        print(json.dumps(report.as_json()))
    return DONE


def _import_sessions(arguments: argparse.Namespace) -> int:
    if arguments.complete_through is not None:
        raise InputError("--complete-through says something about usage files; session files never prove a zero.")
    if not arguments.file.is_dir():
        raise InputError(f"{arguments.file}: there is no such folder; name the one that holds the session files.")
    with _kindling(arguments) as kindling:
        report = import_sessions.import_sessions(
            kindling.store,
            folder=arguments.file,
            email=arguments.email,
            now=kindling.clock.now(),
            prices=kindling.prices,
        )
        _write_down(kindling.store, Act.FILE_IMPORTED, arguments)
    print(report.sentences())
    if arguments.json:
        print(json.dumps(report.as_json()))
    return DONE


def _db_upgrade(arguments: argparse.Namespace) -> int:
    store = opening.connect(_settings().database_url)
    try:
        before = opening.fit(store)
        if before in (opening.Fit.FOREIGN, opening.Fit.NEWER):
            opening.refuse(store, before)
        store.upgrade()
        workers.prepare(store)
        _write_down(store, Act.TABLES_UPGRADED, arguments)
    finally:
        store.close()
    return _report("db upgrade", {"before": before.value, "after": opening.Fit.CURRENT.value}, arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    if arguments.unmapped:
        return _unmapped(arguments)
    checks = doctor.examine(_settings(), now=_now(arguments))
    for check in checks:
        print(f"{'ok  ' if check.ok else 'BAD '} {check.name}: {check.finding}")
    if arguments.json:
        print(json.dumps({check.name: {"ok": check.ok, "finding": check.finding} for check in checks}))
    return DONE if all(check.ok for check in checks) else FAILED


def _queue(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        found = backlog.look(kindling.store, now=kindling.clock.now())
    print("\n".join(found.lines()))
    if arguments.json:
        print(json.dumps(found.to_json()))
    return DONE


def _unmapped(arguments: argparse.Namespace) -> int:
    """The ids of nobody, and nothing of what is filed under them: a file of identities, but for whose they are."""
    with _kindling(arguments) as kindling, kindling.store.begin() as session:
        audit.note(session, role=Role.OPERATOR, act=Act.IDS_LISTED, now=kindling.clock.now())
        listed = identities.unmapped_ids(session, most=_MOST_UNMAPPED)
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(("email", "source", "external_id", "first_seen"))
    lines.writerows(("", source.value, external_id, seen.date().isoformat()) for source, external_id, seen in listed)
    if arguments.json:
        print(json.dumps([{"source": source.value, "external_id": external_id} for source, external_id, _ in listed]))
    if len(listed) == _MOST_UNMAPPED:
        print(f"There may be more than these {_MOST_UNMAPPED}.", file=sys.stderr)
    return DONE


def _forget(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        with kindling.store.begin() as session:
            person_id = people.person_by_email(session, email=arguments.email)
            if person_id is None:
                erased = rights.forget_unlisted(session, email=arguments.email)
            else:
                erased = rights.forget(session, person_id=person_id)
            if not erased:
                raise InputError("Nobody with this e-mail address is known here; nothing was erased.")
            audit.note(session, role=Role.OPERATOR, act=Act.PERSON_FORGOTTEN, now=kindling.clock.now())
        return _erased("forget", kindling.store, arguments)


def _exclude(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        with kindling.store.begin() as session:
            rights.leave_out_address(session, email=arguments.email)
            audit.note(session, role=Role.OPERATOR, act=Act.PERSON_EXCLUDED, now=kindling.clock.now())
        return _erased("exclude", kindling.store, arguments)


def _include(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling, kindling.store.begin() as session:
        if not exclusions.remove(session, email=arguments.email):
            raise InputError("Nobody with this e-mail address is excluded; nothing was changed.")
        audit.note(session, role=Role.OPERATOR, act=Act.PERSON_INCLUDED, now=kindling.clock.now())
    return _report("include", {"people": 1}, arguments)


def _erased(what: str, store: Store, arguments: argparse.Namespace) -> int:
    """How many rows they were is not said: it tells how much somebody used (P1)."""
    if not store.wipe_deleted():
        print(
            "The database file is being read; the weekly tidying wipes what was erased from its log.", file=sys.stderr
        )
    print(_BACKUPS)
    return _report(what, {"people": 1}, arguments)


def _papers(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        facts = papers.collect(kindling.settings)
        place, changed = papers.write(kindling.store, facts, folder=arguments.out, now=kindling.clock.now())
        _write_down(kindling.store, Act.PAPERS_WRITTEN, arguments)
    print(f"papers: in {place}; fill in what is marked, and have them read: they are not legal advice")
    if changed:
        print(f"Since the papers before: {'; '.join(changed)}. Inform people again.")
    if arguments.json:
        print(json.dumps({"folder": str(place), "hash": facts.hash, "changed": changed}))
    return DONE


def _demo(arguments: argparse.Namespace) -> int:
    from bot.playground import demo  # noqa: PLC0415 - the browser's workspace is loaded only by whoever asks for it

    return demo.main(
        seconds=arguments.seconds, browser=not arguments.no_browser, my_sessions=arguments.with_my_sessions
    )


def _calibrate(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        report = calibrate.calibrate(
            kindling.store,
            now=kindling.clock.now(),
            prices=kindling.prices,
            holidays_of=holidays_of,
            weekend_of=weekend_of,
        )
    print("\n".join(calibration.lines(report)))
    if arguments.json:
        print(json.dumps(report.to_json()))
    return DONE


def _write_down(store: Store, act: Act, arguments: argparse.Namespace) -> None:
    """In the audit, by role: whoever works on the command line runs this installation."""
    with store.begin() as session:
        audit.note(session, role=Role.OPERATOR, act=act, now=_now(arguments))


def _settings() -> Settings:
    return load(os.environ)


def _now(arguments: argparse.Namespace) -> datetime:
    return arguments.now or datetime.now(UTC)


def _kindling(arguments: argparse.Namespace) -> AbstractContextManager[Desk]:
    """Everything, standing at the moment that `--now` names, or at the real one."""
    clock = HandClock(arguments.now) if arguments.now else SystemClock()
    settings = _settings()
    start_logging()
    return app.running(settings, clock=clock)


def _shown(work: calendar.Work) -> calendar.Work:
    """The same jobs, each saying its name on a terminal while it runs; a pipe stays clean."""
    if not sys.stderr.isatty():
        return work
    return {name: _saying(name, job) for name, job in work.items()}


def _saying(name: str, job: Job) -> Job:
    def run(now: datetime) -> calendar.Counts:
        print(f"{name} ...", file=sys.stderr)
        return job(now)

    return run


def _on_day() -> OnDay | None:
    """On a terminal, one line a source that counts its days; nothing in a pipe."""
    if not sys.stderr.isatty():
        return None

    def count(source: str, day: int, days: int) -> None:
        print(f"\r  {source}: day {day} of {days}", end="\n" if day == days else "", file=sys.stderr, flush=True)

    return count


def _report(what: str, counts: Counts, arguments: argparse.Namespace) -> int:
    """The counts that may be told; a job of which none may be is simply done."""
    nothing = "done" if what in JOBS and not counts else "nothing to do"
    print(f"{what}: {_spoken(counts) or nothing}")
    if arguments.json:
        print(json.dumps(counts))
    return FAILED if _has_failed(counts) else DONE


def _has_failed(counts: Counts) -> bool:
    """Whether a job failed, or something within a job did: a source, a message."""
    inside = any(_has_failed(value) for value in counts.values() if isinstance(value, Mapping))
    return inside or any(counts.get(name) for name in _FAILURES)


def _spoken(counts: Counts) -> str:
    """What is not zero, in one line; the jobs of a tick one below the other."""
    parts = [_part(name, value) for name, value in counts.items() if value]
    return "".join(parts) if any(part.startswith("\n") for part in parts) else ", ".join(parts)


def _part(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"\n  {name}: {_spoken(value) or 'nothing to do'}"
    return f"{name} {value}"


def _complain(sentence: str, code: int) -> int:
    print(f"kindling: {sentence}", file=sys.stderr)
    return code


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "demo": _demo,
    "run": _run,
    "worker": _run,
    "tick": _tick,
    **dict.fromkeys(JOBS, _job),
    "collect": _collect,
    "calibrate": _calibrate,
    "import": _import,
    "db": _db_upgrade,
    "doctor": _doctor,
    "queue": _queue,
    "papers": _papers,
    "forget": _forget,
    "exclude": _exclude,
    "include": _include,
}
