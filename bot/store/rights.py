"""A person's own rights over their rows: to see how much is held, to take all of it along, to have it erased (P14).

Which rows are a person's is said once, in `_theirs`: rows that carry their number, the steps of their nudges, and rows
that a source filed under one of their own ids but could not tie to anybody. A table is either among these or in
`NOT_PERSONAL`; a test holds that. Called by `handlers/` and by `kindling forget`. Next: `bot/store/retention.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, literal, or_, select, union_all, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.store import counted, exclusions, pairs
from bot.store.batches import table_of
from bot.store.identities import main_addresses, normal, owners
from bot.store.pseudonyms import findable_key
from bot.store.tables import (
    Base,
    BasisRow,
    CalendarDayRow,
    CampaignMemberRow,
    CampaignRow,
    CheckInRow,
    CoveredPersonRow,
    DigestRow,
    DigestWishRow,
    FindingRow,
    FollowUpRow,
    IdentityRow,
    IfThenRow,
    MeantPatternRow,
    NudgeRow,
    NudgeStepRow,
    OpenSessionRow,
    OutcomeRow,
    PairRequestRow,
    PairVolunteerRow,
    PersonRow,
    PreferenceRow,
    PushedSeriesRow,
    SeatRow,
    SessionFactsRow,
    SilenceRow,
    SnapshotMemberRow,
    StateRow,
    SummaryBlockMemberRow,
    SummaryFigureRow,
    TeamGroupRow,
    TeamPersonRow,
    TeamStayRow,
    UsageDayRow,
)

EXPORT_SCHEMA = "kindling-export-2"

PERSONAL: tuple[type[Base], ...] = (
    SnapshotMemberRow,
    SummaryFigureRow,
    SummaryBlockMemberRow,
    TeamGroupRow,
    TeamPersonRow,
    DigestRow,
    DigestWishRow,
    CheckInRow,
    FollowUpRow,
    CampaignMemberRow,
    PairRequestRow,
    PairVolunteerRow,
    NudgeStepRow,
    NudgeRow,
    PreferenceRow,
    MeantPatternRow,
    IfThenRow,
    SilenceRow,
    FindingRow,
    StateRow,
    BasisRow,
    OutcomeRow,
    OpenSessionRow,
    PushedSeriesRow,
    SessionFactsRow,
    UsageDayRow,
    CoveredPersonRow,
    CalendarDayRow,
    SeatRow,
    TeamStayRow,
    IdentityRow,
    PersonRow,
)
"""Tables with rows about a person, in the order in which they can be emptied."""

NOT_PERSONAL = frozenset(
    {
        "audience_count",
        "audit",
        "billed_day",
        "calibration",
        "campaign",
        "campaign_result",
        "coverage",
        "exclusion",
        "halt",
        "installation",
        "own_tip",
        "papers",
        "pseudonym_key",
        "pushed_point",
        "run",
        "run_piece",
        "send_slot",
        "snapshot",
        "snapshot_cell",
        "source",
        "source_run",
        "summary_block",
    }
)
"""Tables about sources, jobs and the workspace, which name nobody, and the keys of those about whom nothing is held.

Only a campaign names somebody: who planned and who approved it. That is emptied with them.
"""

_FILED_UNDER: dict[type[Base], str] = {
    UsageDayRow: "subject",
    SessionFactsRow: "subject",
    OpenSessionRow: "subject",
    PushedSeriesRow: "subject",
    IdentityRow: "external_id",
}
_SECTIONS: dict[str, type[Base]] = {
    "identities": IdentityRow,
    "teams": TeamStayRow,
    "seats": SeatRow,
    "days_of_leave": CalendarDayRow,
    "usage_days": UsageDayRow,
    "session_facts": SessionFactsRow,
    "open_sessions": OpenSessionRow,
    "pushed_series": PushedSeriesRow,
    "coverage": CoveredPersonRow,
    "outcomes": OutcomeRow,
    "states": StateRow,
    "findings": FindingRow,
    "bases": BasisRow,
    "silences": SilenceRow,
    "check_ins": CheckInRow,
    "follow_ups": FollowUpRow,
    "meant_patterns": MeantPatternRow,
    "plans": IfThenRow,
    "pair_offers": PairVolunteerRow,
    "pair_requests": PairRequestRow,
    "digest_wishes": DigestWishRow,
    "digests": DigestRow,
    "groups_led": TeamGroupRow,
    "groups_below": TeamPersonRow,
    "summary_blocks": SummaryBlockMemberRow,
    "summary_figures": SummaryFigureRow,
}
_OURS = frozenset(
    {
        "person_id",
        "manager_id",
        "volunteer_id",
        "campaign_id",
        "nudge_id",
        "nudge_step_id",
        "finding_id",
        "owner",
        "lease_until",
        "next_try_at",
    }
)
"""Columns that say nothing about the person: our own numbers, another person's number, which process held a row."""


def held(session: Session, *, person_id: int) -> dict[str, int]:
    """How many rows of each table are about this person, for the privacy page. Three statements."""
    names = _names(session, person_id)
    counts = [
        select(literal(model.__tablename__).label("name"), func.count().label("rows"))
        .select_from(table_of(model))
        .where(_theirs(model, person_id, names))
        for model in PERSONAL
    ]
    return {row.name: row.rows for row in session.execute(union_all(*counts))}


def export(session: Session, *, person_id: int, now: datetime) -> dict[str, Any]:
    """Everything held about this person as one JSON document, as `docs/reference/export.schema.json` describes it.

    Money is in micro-dollars, moments in UTC; null means that nobody told us. `receipts` are the published summaries
    that counted them. Raises LookupError for somebody who is not there.
    """
    names = _names(session, person_id)
    person = session.get(PersonRow, person_id)
    if person is None:
        raise LookupError("no such person")
    preferences = _rows(session, PreferenceRow, person_id, names)
    return {
        "schema": EXPORT_SCHEMA,
        "exported_at": _plain(now),
        "person": {**_rows(session, PersonRow, person_id, names)[0], "manager_known": person.manager_id is not None},
        **{section: _rows(session, model, person_id, names) for section, model in _SECTIONS.items()},
        "pair_answers": _asked_for_pairs(session, person_id),
        "campaigns": _campaigns(session, person_id),
        "campaigns_planned": _planned(session, names),
        "nudges": _nudges(session, person_id),
        "preferences": preferences[0] if preferences else None,
        "receipts": [
            {**vars(receipt), "week": _plain(receipt.week)}
            for receipt in counted.counted_me(session, person_id=person_id)
        ],
    }


def forget(session: Session, *, person_id: int) -> dict[str, int]:
    """Erase every row of this person from every table; returns how many went, by table.

    Nothing remains that can be tied to them. The people they managed lose that entry and nothing else.
    """
    names = _names(session, person_id)
    counted.close_blocks(session, person_id=person_id)
    pairs.hold_all(session, person_id=person_id)
    _leave_no_author(session, names)
    gone = {}
    for model in PERSONAL:
        statement = delete(table_of(model)).where(_theirs(model, person_id, names))
        gone[model.__tablename__] = session.connection().execute(statement).rowcount
    session.expire_all()
    return gone


def forget_unlisted(session: Session, *, email: str) -> dict[str, int]:
    """Erase what sources filed under an address that belongs to nobody; returns how many rows went, by table.

    A source goes on naming whoever uses it, somebody erased or never listed too. Nothing goes when the address has an
    owner: `forget` erases them, with everything.
    """
    address = normal(IdentitySource.EMAIL, email)
    if owners(session, source=IdentitySource.EMAIL, ids=[address]).get(address) is not None:
        return {}
    filed_under = _spellings(session, IdentitySource.EMAIL.value, address)
    filed_under |= _named_alike(session, filed_under)
    gone = {}
    for model, column in _FILED_UNDER.items():
        columns = table_of(model).c
        theirs = and_(columns.person_id.is_(None), func.lower(columns[column]).in_(filed_under))
        gone[model.__tablename__] = session.connection().execute(delete(table_of(model)).where(theirs)).rowcount
    return {table: count for table, count in gone.items() if count}


def leave_out(session: Session, *, person_id: int) -> dict[str, int]:
    """Erase this person, and keep nothing of them from now on, though a roster goes on listing them.

    Returns how many rows went, by table.
    """
    found = select(IdentityRow.source, IdentityRow.external_id).where(IdentityRow.person_id == person_id)
    ids = [(IdentitySource(source), external_id) for source, external_id in session.execute(found)]
    [address] = main_addresses(session, person_ids=[person_id]).values()
    exclusions.add(session, email=address, ids=ids)
    return forget(session, person_id=person_id)


def leave_out_address(session: Session, *, email: str) -> dict[str, int]:
    """The same for whoever has this address; somebody whom nobody knows yet is left out as well."""
    address = normal(IdentitySource.EMAIL, email)
    person_id = owners(session, source=IdentitySource.EMAIL, ids=[address]).get(address)
    if person_id is not None:
        return leave_out(session, person_id=person_id)
    exclusions.add(session, email=email, ids=[])
    return forget_unlisted(session, email=email)


def _names(session: Session, person_id: int) -> list[str]:
    """What sources call this person, and the keys under which their rows are filed."""
    found = select(IdentityRow.source, IdentityRow.external_id).where(IdentityRow.person_id == person_id)
    names = {spelled for source, name in session.execute(found) for spelled in _spellings(session, source, name)}
    return sorted(names | _named_alike(session, names))


def _spellings(session: Session, source: str, name: str) -> set[str]:
    """An id as it is kept, in small letters, and as the key that stands for it where no name is known.

    With the secret lost no key leads to anybody's rows any more; all that carries the person's number still goes.
    """
    key = findable_key(session, IdentitySource(source), name)
    return {name, name.lower(), name.casefold()} | ({key} if key else set())


def _named_alike(session: Session, names: Collection[str]) -> set[str]:
    """The keys of what belongs to nobody and is called by one of these addresses: an API key, an account elsewhere."""
    alike = select(IdentityRow.source, IdentityRow.external_id).where(
        IdentityRow.person_id.is_(None),
        func.lower(IdentityRow.external_id).in_([name for name in names if "@" in name]),
    )
    keys = (findable_key(session, IdentitySource(source), name) for source, name in session.execute(alike))
    return {key for key in keys if key}


def _theirs(model: type[Base], person_id: int, names: Sequence[str]) -> ColumnElement[bool]:
    columns = table_of(model).c
    if model is NudgeStepRow:
        return columns.nudge_id.in_(select(NudgeRow.nudge_id).where(NudgeRow.person_id == person_id))
    own: ColumnElement[bool] = columns.person_id == person_id
    filed_under = _FILED_UNDER.get(model)
    if filed_under is None or not names:
        return own
    return or_(own, and_(columns.person_id.is_(None), func.lower(columns[filed_under]).in_(names)))


def _rows(session: Session, model: type[Base], person_id: int, names: Sequence[str]) -> list[dict[str, Any]]:
    table = table_of(model)
    found = session.execute(
        select(table).where(_theirs(model, person_id, names)).order_by(*table.primary_key.columns)
    ).mappings()
    return [_document(table, dict(row)) for row in found]


def _asked_for_pairs(session: Session, person_id: int) -> list[dict[str, Any]]:
    """The requests of others for which somebody is asked or said yes: since when, and nothing of whose they are."""
    request = table_of(PairRequestRow).c
    found = session.execute(
        select(request.state, request.changed_at)
        .where(request.volunteer_id == person_id)
        .order_by(request.changed_at, request.state)
    )
    return [{"state": state, "changed_at": _plain(changed_at)} for state, changed_at in found]


def _campaigns(session: Session, person_id: int) -> list[dict[str, Any]]:
    """The campaigns into which somebody was drawn, with their part in each."""
    member, campaign = table_of(CampaignMemberRow), table_of(CampaignRow)
    found = session.execute(
        select(member, campaign.c.name, campaign.c.trigger, campaign.c.state)
        .join(campaign, campaign.c.campaign_id == member.c.campaign_id)
        .where(member.c.person_id == person_id)
        .order_by(member.c.enrolled_on, member.c.campaign_id)
    ).mappings()
    about = ("name", "trigger", "state")
    return [{**{name: row[name] for name in about}, **_document(member, dict(row))} for row in found]


def _planned(session: Session, names: Sequence[str]) -> list[dict[str, Any]]:
    """The campaigns that somebody planned or approved, by their own Slack accounts."""
    campaign = table_of(CampaignRow).c
    own = {word: func.coalesce(func.lower(campaign[word]).in_(names), False) for word in _SIGNED}
    found = session.execute(
        select(campaign.name, campaign.trigger, campaign.state, campaign.created_at, *own.values())
        .where(or_(*own.values()))
        .order_by(campaign.campaign_id)
    ).all()
    keys = ("name", "trigger", "state", "created_at", "planned", "approved")
    return [{key: _plain(value) for key, value in zip(keys, row, strict=True)} for row in found]


def _leave_no_author(session: Session, names: Sequence[str]) -> None:
    """Take somebody's Slack accounts off the campaigns they planned or approved; the campaigns stay."""
    table = table_of(CampaignRow)
    for word in _SIGNED:
        theirs = func.lower(table.c[word]).in_(names)
        session.connection().execute(update(table).where(theirs).values({word: None}))


_SIGNED = ("author_slack_id", "approver_slack_id")


def _nudges(session: Session, person_id: int) -> list[dict[str, Any]]:
    nudge, step = table_of(NudgeRow), table_of(NudgeStepRow)
    steps: dict[int, list[dict[str, Any]]] = {}
    for row in session.execute(
        select(step).where(_theirs(NudgeStepRow, person_id, ())).order_by(step.c.nudge_step_id)
    ).mappings():
        steps.setdefault(row["nudge_id"], []).append(_document(step, dict(row)))
    found = session.execute(select(nudge).where(nudge.c.person_id == person_id).order_by(nudge.c.nudge_id)).mappings()
    return [{**_document(nudge, dict(row)), "steps": steps.get(row["nudge_id"], [])} for row in found]


def _document(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: _plain(row[column.name]) for column in table.columns if column.name not in _OURS}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
