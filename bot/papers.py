"""`kindling papers`: collects what is so in this installation, has four papers written from it, and notices changes.

Every number comes from the constant by which the code itself goes. Called by `bot/cli.py` and `bot/doctor.py`.
Next: `bot/views/papers/__init__.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import bot
from bot.domain import nudging, team_summary
from bot.domain.disclosure.publish import RHYTHM_WEEKS
from bot.domain.disclosure.rules import ALL
from bot.domain.disclosure.telling import least_people
from bot.domain.outcomes import OutcomeRecord
from bot.domain.people import KEPT_AFTER_LEAVING_DAYS
from bot.domain.roster import AbsenceRecord, Member
from bot.domain.usage import Counters
from bot.domain.waste import DETECTORS
from bot.errors import InputError
from bot.settings import Settings
from bot.sources import catalogue
from bot.sources.shape import Connector, LeaveConnector, OutcomeConnector, RosterConnector
from bot.store import papers, pushed, retention, rights
from bot.store.database import Store
from bot.store.papers import Written
from bot.store.tables import Base
from bot.views import papers as paper_views
from bot.views.papers.facts import Facts, SourceFacts, TableFacts, changes
from bot.views.patterns import PATTERNS
from bot.views.privacy import KINDS
from bot.views.rules import STATES
from jobs.import_report import Kind

FLOORS = tuple(least_people([measure], ALL) for measure in team_summary.MEASURES)
"""The fewest people of whom each figure of a group is told; the floors are in the code, and no setting lowers them."""
SLACK_NEEDED = ("chat:write", "commands", "files:write", "im:write", "users:read", "users:read.email")
"""What the app cannot do without; `bot/doctor.py` looks whether they are granted, the manifest asks for them."""
SLACK_OPTIONAL = ("dnd:read", "im:history", "usergroups:read")
"""What the manifest asks for as well, and whoever installs the app may decline."""


def collect(settings: Settings) -> Facts:
    """What is so in this installation. Raises InputError when a source of the settings is of no known kind."""
    return Facts(
        sources=_sources(settings),
        files=tuple(kind.value for kind in Kind),
        pushed=settings.otlp_addr is not None,
        slack_rights=(*SLACK_NEEDED, *SLACK_OPTIONAL),
        personal=tuple(_table(model, settings) for model in reversed(rights.PERSONAL)),
        others=tuple(_table(model, settings) for model in _models() if model not in rights.PERSONAL),
        database="SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL",
        retention_days=settings.retention_days,
        left_days=KEPT_AFTER_LEAVING_DAYS,
        floor=min(FLOORS),
        floor_of_details=max(FLOORS),
        rhythm_weeks=RHYTHM_WEEKS,
        followed_days=pushed.FOLLOWED_DAYS,
        states=tuple(state.value.replace("_", " ") for state in STATES),
        patterns=tuple(PATTERNS[detector].name.lower() for detector in DETECTORS),
        commands=(settings.stats_command, settings.team_command, settings.nudge_command),
        leads=bool(settings.leads or settings.lead_group),
        operators=bool(settings.operators or settings.operator_group),
        nudges_on=settings.nudges_on,
        week_days=nudging.WEEK.days,
        most_in_four_weeks=nudging.MOST_IN_FOUR_WEEKS,
    )


def write(store: Store, facts: Facts, *, folder: Path, now: datetime) -> tuple[Path, list[str]]:
    """Write the four papers into a folder named by the hash of their facts, and remember it.

    What is there already stays as it is: the company may have filled it in. Returns where they are, and what has
    changed since those before.
    """
    with store.read() as session:
        before = papers.last(session)
    place = folder / facts.short_hash
    texts = paper_views.write(facts, version=bot.__version__, written_on=now.date())
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if not (place / name).exists():
                (place / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"The papers cannot be written to {place} ({error.strerror}): choose another --out.") from None
    with store.begin() as session:
        papers.note(session, written=Written(facts.hash, now, facts.as_json()))
    return place, [] if before is None else changes(before.facts, facts)


def outdated(store: Store, facts: Facts) -> str | None:
    """Why the papers that were written last no longer fit, in a sentence; None: they do, or there are none."""
    with store.read() as session:
        before = papers.last(session)
    if before is None or before.facts_hash == facts.hash:
        return None
    day = before.written_at.date()
    what = "; ".join(changes(before.facts, facts))
    return f"the papers of {day.day} {day:%B %Y} no longer fit: {what}; run `kindling papers` and inform people again"


def written_before(store: Store) -> bool:
    """Whether papers were ever written here."""
    with store.read() as session:
        return papers.last(session) is not None


def _sources(settings: Settings) -> tuple[SourceFacts, ...]:
    accounts = Counter(source.kind for source in settings.sources)
    connectors = {source.kind: catalogue.connector_of(source) for source in settings.sources}
    return tuple(
        SourceFacts(kind, accounts[kind], *_brings(connector)) for kind, connector in sorted(connectors.items())
    )


def _brings(connector: Connector) -> tuple[str, tuple[str, ...]]:
    """What a kind of source brings, and all fields that may be read from it."""
    if isinstance(connector, RosterConnector):
        return "who works here", ("email", *sorted(connector.columns))
    if isinstance(connector, LeaveConnector):
        return "days away", _names(AbsenceRecord)
    if isinstance(connector, OutcomeConnector):
        return "finished work", _names(OutcomeRecord)
    listed = _names(Member) if connector.fetch_members is not None else ()
    counters = _names(Counters)
    return "use of AI tools", tuple(dict.fromkeys(("subject", "day", "tool", "model", *counters, *listed)))


def _models() -> list[type[Base]]:
    return sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: str(model.__tablename__))


def _table(model: type[Base], settings: Settings) -> TableFacts:
    name = str(model.__tablename__)
    columns = Base.metadata.tables[name].columns
    says_itself = " ".join((model.__doc__ or "").split()).split(". ")[0].rstrip(".")
    holds = KINDS[name][1] if name in KINDS else says_itself
    return TableFacts(name, holds, tuple(column.name for column in columns), _kept(model, settings))


def _kept(model: type[Base], settings: Settings) -> str:
    """For how long the rows of a table are kept, as `bot/store/retention.py` goes by it."""
    if model in retention.KEPT:
        return retention.KEPT[model]
    [aged] = [one for one in retention.AGED if one.model is model]
    days = f"{aged.days_kept(settings.retention_days)} days"
    return f"{days}; {aged.stays}" if aged.stays else days


def _names(shape: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(shape))
