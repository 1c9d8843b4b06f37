"""What may be said on the command line: commands, their arguments, and what is wrong with one in a sentence.

Called by `bot/cli.py`, which carries the commands out. Next: `bot/cli.py`.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import bot
from bot.errors import InputError
from jobs import import_sessions
from jobs.import_report import Kind

JOBS = ("detect", "measure", "decide", "snapshot", "deliver", "digest", "tidy")
SESSIONS = import_sessions.SOURCE


class _Parser(argparse.ArgumentParser):
    """One sentence and exit code 2 for a wrong argument, like every other wrong input."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help.")


def parser() -> argparse.ArgumentParser:
    """Everything that may be said after `kindling`; `command` is its first word."""
    top = _Parser(prog="kindling", description="Private, calm help with the AI tools that people were given.")
    top.add_argument("--version", action="version", version=f"kindling {bot.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    demo = commands.add_parser("demo", help="a whole invented company in your browser, no Slack account needed")
    demo.add_argument("--seconds", type=_seconds, metavar="N", help="end by itself after N seconds")
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    demo.add_argument(
        "--with-my-sessions", action="store_true", help="and a card of your own sessions on this machine, kept nowhere"
    )
    _add(commands, "run", "clock and Slack in one process, until it is told to stop")
    _add(commands, "worker", "work on what clocks hand over, beside others, on PostgreSQL, until it is told to stop")
    _add(commands, "tick", "everything that is due at one instant, once, in order")
    for job in JOBS:
        _add(commands, job, f"only the job {job}, now")
    reading = _add(commands, "collect", "read the sources now, or the days of one that are not finished yet")
    reading.add_argument("--source", metavar="NAME", help="only this source of the settings")
    reading.add_argument("--since", type=_day, metavar="DAY", help="with --source: the first day to read")
    reading.add_argument("--until", type=_day, metavar="DAY", help="with --since: the last day, else today")
    files = _add(commands, "import", "read a CSV file, or a folder of session files")
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
    _add(database, "upgrade", "bring the tables to this version")
    _add(commands, "calibrate", "how often each rule would find something here; names no one")
    examined = _add(commands, "doctor", "one line for each thing that must be right")
    examined.add_argument("--unmapped", action="store_true", help="instead: the ids that belong to nobody we know")
    _add(commands, "queue", "what waits to be sent and done: totals, holds, runs and their pieces; names no one")
    written = _add(commands, "papers", "what a works council and people must be told, from the running configuration")
    written.add_argument("--out", type=Path, default=Path("papers"), metavar="DIR", help="where to; else ./papers")
    for name, help_ in (
        ("forget", "erase everything held about one person"),
        ("exclude", "erase one person, and keep nothing about them from now on"),
        ("include", "take back that one person is excluded"),
    ):
        _add(commands, name, help_).add_argument("email", metavar="EMAIL")
    return top


def _add(commands: argparse._SubParsersAction[_Parser], name: str, help_: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_)
    if name not in ("run", "worker"):
        command.add_argument("--now", type=_moment, metavar="MOMENT", help="act as if it were this moment")
        command.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")
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
