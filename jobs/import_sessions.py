"""Imports the session files that coding agents keep: usage days and session facts under the source name "sessions".

Called by `kindling import sessions DIR` and by `kindling demo --with-my-sessions`. It can prove use and never a zero:
other machines keep files of their own, and the agents delete old ones. Next: `jobs/detect.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.domain.people import IdentitySource
from bot.domain.people import subject as subject_of
from bot.domain.prices import PriceBook
from bot.domain.sessions import usage_rows
from bot.domain.usage import ANY_MODEL, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up_priced
from bot.errors import InputError
from bot.log import EventLog
from bot.sources.session_files.reading import Reading, machine_users, read
from bot.store import session_facts, usage
from bot.store.database import Store

SOURCE = "sessions"
_log = EventLog("import")


@dataclass(frozen=True)
class SessionsReport:
    """What an import of session files did, in counts: no name, no address and no path."""

    files: int
    sessions: int
    usage_days: int
    added: int
    changed: int
    unchanged: int
    unmapped: int
    broken_lines: int
    unreadable_files: int

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, for `--json`."""
        return asdict(self)

    def sentences(self) -> str:
        """A few sentences for a terminal."""
        changes = f"{self.added} new, {self.changed} changed, {self.unchanged} as before"
        said = [f"Sessions: {self.sessions}, from {self.files} files. Usage days: {self.usage_days} ({changes})."]
        if self.broken_lines:
            said.append(f"Lines that could not be read and were left out: {self.broken_lines}.")
        if self.unreadable_files:
            said.append(f"Files that could not be opened and were left out: {self.unreadable_files}.")
        if self.unmapped:
            said.append(f"Names of nobody on the roster, whose use waits for them: {self.unmapped}.")
        return "\n".join(said)


def import_sessions(
    store: Store, *, folder: Path, email: str | None, now: datetime, prices: PriceBook
) -> SessionsReport:
    """Read every session file under `folder` and keep what it counts: of `email`, or of the machine users inside."""
    if email is not None and "@" not in email:
        raise InputError(f"--email {email}: that is no e-mail address; name whose session files they are.")
    if email is not None:
        owners = {subject_of(IdentitySource.EMAIL, email.strip().casefold()): [folder]}
    else:
        homes = machine_users(folder)
        owners = {subject_of(IdentitySource.MACHINE_USER, name): [home] for name, home in homes.items()}
    if not owners:
        told = "say whose they are with --email, or name a folder that holds one home folder for each machine user"
        raise InputError(f"{folder}: {told}.")
    reports = [
        keep(store, read(folders, subject=who, prices=prices), subject=who, now=now, prices=prices)
        for who, folders in owners.items()
    ]
    report = _sum(reports)
    if not report.files:
        raise InputError(f"{folder}: there are no session files of Claude Code or Codex in it (*.jsonl).")
    _log.info("import.sessions", files=report.files, sessions=report.sessions, broken_lines=report.broken_lines)
    return report


def keep(store: Store, reading: Reading, *, subject: str, now: datetime, prices: PriceBook) -> SessionsReport:
    """Keep one person's sessions: all of them in one transaction, or nothing."""
    with store.begin() as session:
        days = _days(reading, session_facts.of_subject(session, source=SOURCE, subject=subject), prices)
        saved = usage.merge_rows(session, source=SOURCE, rows=days, now=now)
        usage.save_sessions(session, source=SOURCE, sessions=_priced(reading.facts, prices), now=now)
    return SessionsReport(
        files=reading.files,
        sessions=len({one.session_key for one in reading.facts}),
        usage_days=len(days),
        added=saved.added,
        changed=saved.changed,
        unchanged=saved.unchanged,
        unmapped=len(frozenset(saved.unmapped)),
        broken_lines=reading.broken_lines,
        unreadable_files=reading.unreadable_files,
    )


def _days(reading: Reading, kept: Iterable[SessionFacts], prices: PriceBook) -> list[UsageRow]:
    """The days that were read, summed up with the sessions that an earlier import brought and this one did not.

    Those may be of another machine, or of files that are deleted by now. Of them prompts are no longer known.
    """
    read_now = {(one.tool, one.session_key) for one in reading.facts}
    others = (
        replace(one, counters=replace(one.counters, cost_microusd=None))
        for one in kept
        if (one.tool, one.session_key) not in read_now
    )
    named = {one.day for one in reading.facts}
    rows = usage_rows([*reading.facts, *others])
    return add_up_priced((row for row in rows if row.day in named), prices)


def _priced(told: Iterable[SessionFacts], prices: PriceBook) -> Iterable[SessionFacts]:
    """Each session's share of the cost, at list price; an unknown model stays without."""
    for one in told:
        cost = None if one.model == ANY_MODEL else prices.cost_microusd(one.model, one.day, one.counters)
        yield replace(one, counters=replace(one.counters, cost_microusd=cost))


def _sum(reports: Iterable[SessionsReport]) -> SessionsReport:
    totals = [asdict(report) for report in reports]
    return SessionsReport(**{name: sum(total[name] for total in totals) for name in totals[0]})
