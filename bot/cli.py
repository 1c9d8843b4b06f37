"""The command line: `kindling`, also `python -m bot`. The only file that sees every room.

Exit codes: 0 done; 1 something failed and was recorded; 2 the input or the configuration is wrong, said in one
sentence, and nothing was changed. Next: `bot/app.py`.
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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import bot
from bot import app, doctor
from bot.clock import HandClock, SystemClock
from bot.errors import InputError, KindlingError, SlackError
from bot.log import start_logging
from bot.settings import Settings, load
from bot.store import identities, opening, people, rights
from bot.store.database import DatabaseError
from handlers.desk import Desk
from jobs import calendar, collect, import_files, import_sessions
from jobs.collect import OnDay, Span
from jobs.import_report import Kind

DONE, FAILED, WRONG = 0, 1, 2
JOBS = ("detect", "decide", "deliver", "tidy")
SESSIONS = import_sessions.SOURCE
_MOST_UNMAPPED = 1000
_FAILURES = ("failed", "errors", "sources_failed")
"""What the counts of a job, or of a tick, say went wrong and was recorded."""

Counts = Mapping[str, object]
Job = Callable[[datetime], calendar.Counts]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    try:
        arguments = _parser().parse_args(argv)
        code: int = arguments.run(arguments)
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


def _run(_arguments: argparse.Namespace) -> int:
    settings = _settings()
    start_logging()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with app.running(settings, clock=SystemClock()) as kindling:
        app.serve(kindling, stop)
    return DONE


def _tick(arguments: argparse.Namespace) -> int:
    app.require_bot_token(_settings())
    with _kindling(arguments) as kindling:
        now = kindling.clock.now()
        counts = calendar.tick(kindling.store, work=_shown(app.work(kindling, on_day=_on_day())), now=now)
    return _report("tick", counts, arguments)


def _job(arguments: argparse.Namespace) -> int:
    with _kindling(arguments) as kindling:
        counts = _shown(app.work(kindling, on_day=_on_day()))[arguments.command](kindling.clock.now())
    return _report(arguments.command, counts, arguments)


def _collect(arguments: argparse.Namespace) -> int:
    span = _span(arguments)
    with _kindling(arguments) as kindling:
        chosen = None if arguments.source is None else collect.only(kindling.settings.sources, arguments.source)
        counts = app.collect_now(kindling, now=kindling.clock.now(), sources=chosen, span=span, on_day=_on_day())
    return _report("collect", counts, arguments)


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
    if arguments.email is not None:
        raise InputError(f"--email says whose session files they are; leave it out for {arguments.kind}.")
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


def _unmapped(arguments: argparse.Namespace) -> int:
    """The ids of nobody, and nothing of what is filed under them: a file of identities, but for whose they are."""
    with _kindling(arguments) as kindling, kindling.store.read() as session:
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
    with _kindling(arguments) as kindling, kindling.store.begin() as session:
        person_id = people.person_by_email(session, email=arguments.email)
        if person_id is None:
            erased = rights.forget_unlisted(session, email=arguments.email)
        else:
            erased = rights.forget(session, person_id=person_id)
        if not erased:
            raise InputError("Nobody with this e-mail address is known here; nothing was erased.")
    return _report("forget", {"rows": sum(erased.values())}, arguments)


def _demo(arguments: argparse.Namespace) -> int:
    from bot.playground import demo  # noqa: PLC0415 - the browser's workspace is loaded only by whoever asks for it

    return demo.main(
        seconds=arguments.seconds, browser=not arguments.no_browser, my_sessions=arguments.with_my_sessions
    )


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
    print(f"{what}: {_spoken(counts) or 'nothing to do'}")
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


# ---------------------------------------------------------------- arguments


class _Parser(argparse.ArgumentParser):
    """One sentence and exit code 2 for a wrong argument, like every other wrong input."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="kindling", description="Private, calm help with the AI tools that people were given.")
    parser.add_argument("--version", action="version", version=f"kindling {bot.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    demo = commands.add_parser("demo", help="a whole invented company in your browser, no Slack account needed")
    demo.add_argument("--seconds", type=_seconds, metavar="N", help="end by itself after N seconds")
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    demo.add_argument(
        "--with-my-sessions", action="store_true", help="and a card of your own sessions on this machine, kept nowhere"
    )
    demo.set_defaults(run=_demo)
    _add(commands, "run", _run, "clock and Slack in one process, until it is told to stop")
    _add(commands, "tick", _tick, "everything that is due at one instant, once, in order")
    for job in JOBS:
        _add(commands, job, _job, f"only the job {job}, now")
    reading = _add(commands, "collect", _collect, "read the sources now, or the days of one that are not finished yet")
    reading.add_argument("--source", metavar="NAME", help="only this source of the settings")
    reading.add_argument("--since", type=_day, metavar="DAY", help="with --source: the first day to read")
    reading.add_argument("--until", type=_day, metavar="DAY", help="with --since: the last day, else today")
    files = _add(commands, "import", _import, "read a CSV file, or a folder of session files")
    kinds = [*(kind.value for kind in Kind), SESSIONS]
    files.add_argument("kind", choices=kinds, metavar="KIND", help=", ".join(kinds))
    files.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="UTF-8 CSV with a header, also .gz; usage: also .parquet, .ndjson, .json; sessions: a folder",
    )
    files.add_argument("--email", metavar="ADDRESS", help="sessions, and usage from ccusage: whose they are")
    files.add_argument("--complete-through", type=_day, metavar="DAY", help="usage: nothing is missing up to this day")
    database = commands.add_parser("db", help="look after the database").add_subparsers(
        dest="what", required=True, metavar="COMMAND", parser_class=_Parser
    )
    _add(database, "upgrade", _db_upgrade, "bring the tables to this version")
    examined = _add(commands, "doctor", _doctor, "one line for each thing that must be right")
    examined.add_argument("--unmapped", action="store_true", help="instead: the ids that belong to nobody we know")
    forget = _add(commands, "forget", _forget, "erase everything held about one person")
    forget.add_argument("email", metavar="EMAIL")
    return parser


def _add(
    commands: argparse._SubParsersAction[_Parser], name: str, run: Callable[[argparse.Namespace], int], help_: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_)
    if name != "run":
        command.add_argument("--now", type=_moment, metavar="MOMENT", help="act as if it were this moment")
        command.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")
    command.set_defaults(run=run)
    return command


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a moment such as 2026-03-02T10:00:00Z") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone: write 2026-03-02T10:00:00Z")
    return moment.astimezone(UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-03-02") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
