"""Who works here, what they hold, when they are away. Names are not kept; who is who stands in `identity` alone.

Called by the imports, the Slack sweep, and everything that judges. Next: `bot/store/usage.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, select, tuple_
from sqlalchemy.orm import Session

from bot.domain.hierarchy import circles
from bot.domain.people import IdentitySource, Person, Seat, SlackMember
from bot.domain.roster import ID_COLUMNS, AbsenceRecord, PersonRecord, SeatRecord
from bot.errors import KindlingError
from bot.store import arrivals, exclusions, facts, identities, team_stays
from bot.store.batches import Saved, chunks, merge
from bot.store.identities import ROSTER, Owned, normal, resolve
from bot.store.tables import CalendarDayRow, IdentityRow, PersonRow, SeatRow

LEAVE = "leave"
ROSTER_COLUMNS = frozenset({*facts.FACTS, "manager_email", "aliases", *ID_COLUMNS})
_OPEN_END = date.max


class ManagerCircleError(KindlingError):
    """Following managers upwards from `email` comes back to it: somebody would be their own manager."""

    def __init__(self, email: str) -> None:
        super().__init__("the managers form a circle")
        self.email = email


# ---------------------------------------------------------------- in


def save_people(
    session: Session, *, records: Sequence[PersonRecord], now: datetime, columns: Collection[str] = ROSTER_COLUMNS
) -> Saved:
    """Add the people of a roster, or bring those we know up to date; people it does not list are left alone.

    `columns` says which fields the roster speaks about: the others keep what they have. Usage that was kept under an
    id of nobody goes to the person who has that id now. Managers whom nobody knows are left out and come back as
    `unmapped`. Raises IdentityTakenError and ManagerCircleError; the caller then rolls back.
    """
    records = exclusions.records_without(session, records)
    by_email = {normal(IdentitySource.EMAIL, record.email): record for record in records}
    ids, added = arrivals.welcome(session, by_email=by_email, now=now)
    by_id = {ids[email]: record for email, record in by_email.items()}
    changed = facts.save(session, by_id=by_id, columns=columns)
    changed |= _claim_ids(session, by_id, now=now)
    unknown: tuple[str, ...] = ()
    if "manager_email" in columns:
        moved, unknown = facts.save_managers(session, by_id=by_id)
        changed |= moved | facts.yield_on_circles(session)
        _refuse_circles(session, by_id)
    team_stays.note(session, person_ids=changed | by_id.keys(), day=now.date())
    known = len(by_id) - len(added)
    changed_known = len((changed & by_id.keys()) - added)
    return Saved(len(added), changed_known, known - changed_known, unmapped=unknown)


def save_seats(session: Session, *, seats: Sequence[SeatRecord]) -> Saved:
    """Keep seats; a kept seat of the same person and tool that overlaps a new one was a mistake and is replaced.

    Addresses of nobody we know come back as `unmapped`, once for each seat.
    """
    ids = resolve(session, source=IdentitySource.EMAIL, ids={seat.email for seat in seats})
    rows = [
        {
            "person_id": ids[seat.email],
            "tool": seat.tool,
            "assigned_on": seat.assigned_on,
            "released_on": seat.released_on,
            "monthly_cost_microusd": seat.monthly_cost_microusd,
            "source": None,
        }
        for seat in seats
        if seat.email in ids
    ]
    corrected = _drop_overlapping(session, rows)
    saved = merge(session, SeatRow, rows)
    moved = min(corrected, saved.added)
    unmapped = tuple(seat.email for seat in seats if seat.email not in ids)
    return Saved(saved.added - moved, saved.changed + moved, saved.unchanged, unmapped)


def save_absences(session: Session, *, absences: Sequence[AbsenceRecord]) -> Saved:
    """Keep days away; the counts are days, not lines. Addresses of nobody come back as `unmapped`, once a record."""
    ids = resolve(session, source=IdentitySource.EMAIL, ids={absence.email for absence in absences})
    days = {(ids[a.email], day) for a in absences if a.email in ids for day in _days(a.first_day, a.last_day)}
    said = {"reason": LEAVE, "source": None}
    rows = ({"person_id": person_id, "day": day, **said} for person_id, day in sorted(days))
    unmapped = tuple(absence.email for absence in absences if absence.email not in ids)
    return merge(session, CalendarDayRow, rows).plus(Saved(unmapped=unmapped))


def save_slack_members(session: Session, *, members: Sequence[SlackMember], now: datetime) -> Saved:
    """Link people to the Slack accounts that are theirs by e-mail address (else by an id we were given before).

    Time zone and locale follow Slack where Slack says them. Whoever is no longer listed loses their Slack id. A member
    whom nobody knows is left out and comes back as `unmapped`.
    """
    if not members:  # a workspace has members: an empty list is an accident, not news
        return Saved()
    homes = _homes(session, members)
    claims = {member.slack_user_id: person_id for person_id, member in homes.items()}
    linked = identities.claim(
        session, source=IdentitySource.SLACK, claims=claims, method="slack", now=now, take_over=True
    )
    gone = _unlist(session, listed={member.slack_user_id for member in members})
    records = {i: PersonRecord(email="", timezone=m.timezone, locale=m.locale) for i, m in homes.items()}
    changed = linked | gone | facts.save(session, by_id=records, columns=facts.SLACK_KNOWS)
    unmapped = tuple(sorted(member.slack_user_id for member in members if member.slack_user_id not in claims))
    return Saved(0, len(changed), len(homes.keys() - changed), unmapped)


# ---------------------------------------------------------------- out


def person_by_slack(session: Session, *, slack_user_id: str) -> int | None:
    """Whose Slack account this is."""
    return resolve(session, source=IdentitySource.SLACK, ids=[slack_user_id]).get(slack_user_id)


def person_by_email(session: Session, *, email: str) -> int | None:
    """Whose e-mail address this is."""
    return resolve(session, source=IdentitySource.EMAIL, ids=[email]).get(email)


def load(session: Session, *, person_ids: Collection[int]) -> dict[int, Person]:
    """The people with these numbers, as the rules see them; numbers of nobody are not in the answer."""
    people: dict[int, Person] = {}
    on_slack = and_(IdentityRow.person_id == PersonRow.person_id, IdentityRow.source == IdentitySource.SLACK.value)
    for batch in chunks(sorted(set(person_ids))):
        rows = (
            select(PersonRow, IdentityRow.external_id)
            .outerjoin(IdentityRow, on_slack)
            .where(PersonRow.person_id.in_(batch))
        )
        people.update({row.person_id: _person(row, slack_id) for row, slack_id in session.execute(rows)})
    return people


def hold(session: Session, *, person_ids: Collection[int]) -> list[int]:
    """Those of `person_ids` who are still here; nobody can forget them before this transaction ends."""
    here = select(PersonRow.person_id).where(PersonRow.person_id.in_(person_ids)).order_by(PersonRow.person_id)
    return list(session.scalars(here.with_for_update(read=True, key_share=True)))


def seats(session: Session, *, person_ids: Collection[int]) -> dict[int, tuple[Seat, ...]]:
    """All seats, released ones too, by tool and day; everybody asked for is in the answer."""
    held: dict[int, list[Seat]] = {person_id: [] for person_id in person_ids}
    for batch in chunks(sorted(held)):
        rows = select(SeatRow).where(SeatRow.person_id.in_(batch)).order_by(SeatRow.tool, SeatRow.assigned_on)
        for row in session.scalars(rows):
            held[row.person_id].append(Seat(row.tool, row.assigned_on, row.released_on, row.monthly_cost_microusd))
    return {person_id: tuple(theirs) for person_id, theirs in held.items()}


def time_zones(session: Session, *, person_ids: Collection[int]) -> dict[int, str]:
    """Where these people keep their clocks; whoever's time zone is not known is not in the answer."""
    zones: dict[int, str] = {}
    for batch in chunks(sorted(set(person_ids))):
        rows = select(PersonRow.person_id, PersonRow.timezone).where(
            PersonRow.person_id.in_(batch), PersonRow.timezone.is_not(None)
        )
        zones.update({person_id: zone for person_id, zone in session.execute(rows) if zone is not None})
    return zones


def leave_days(session: Session, *, person_ids: Collection[int], first: date, last: date) -> dict[int, frozenset[date]]:
    """Days away from `first` to `last`, both included; everybody asked for is in the answer."""
    away: dict[int, set[date]] = {person_id: set() for person_id in person_ids}
    for batch in chunks(sorted(away)):
        rows = select(CalendarDayRow.person_id, CalendarDayRow.day).where(
            CalendarDayRow.person_id.in_(batch), CalendarDayRow.day.between(first, last)
        )
        for person_id, day in session.execute(rows):
            away[person_id].add(day)
    return {person_id: frozenset(days) for person_id, days in away.items()}


def shards(session: Session, *, size: int) -> Iterator[list[int]]:
    """All person numbers in ascending pages of at most `size`, each page one small statement."""
    last = 0
    while True:
        page = select(PersonRow.person_id).where(PersonRow.person_id > last).order_by(PersonRow.person_id).limit(size)
        person_ids = list(session.scalars(page))
        if not person_ids:
            return
        yield person_ids
        last = person_ids[-1]


def between(session: Session, *, first: int, last: int) -> list[int]:
    """The person numbers from `first` to `last`, both included, in ascending order."""
    page = select(PersonRow.person_id).where(PersonRow.person_id.between(first, last)).order_by(PersonRow.person_id)
    return list(session.scalars(page))


# ---------------------------------------------------------------- helpers


def _claim_ids(session: Session, by_id: Mapping[int, PersonRecord], *, now: datetime) -> set[int]:
    """Give everybody the ids that their record names, with the use that is filed under them as nobody's."""
    changed: set[int] = set()
    owned: list[Owned] = []
    for column, source in ID_COLUMNS.items():
        given = {person_id: getattr(record, column) for person_id, record in by_id.items()}
        claims = {normal(source, external_id): person_id for person_id, external_id in given.items() if external_id}
        if claims:
            changed |= identities.claim(session, source=source, claims=claims, method=ROSTER, now=now)
            owned += [(source, external_id, person_id) for external_id, person_id in claims.items()]
    identities.adopt(session, owned=owned)
    return changed | arrivals.claim_aliases(session, by_id=by_id, now=now)


def _refuse_circles(session: Session, by_id: Mapping[int, PersonRecord]) -> None:
    for circle in circles(facts.all_managers(session)):
        listed = [by_id[member].email for member in circle if member in by_id]
        if listed:
            raise ManagerCircleError(listed[0])


def _drop_overlapping(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Drop kept seats that overlap one of `rows` without being it; returns how many."""
    new: dict[tuple[int, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        new[row["person_id"], row["tool"]].append(row)
    wrong = []
    for batch in chunks(sorted({person_id for person_id, _tool in new})):
        for kept in session.scalars(select(SeatRow).where(SeatRow.person_id.in_(batch))):
            others = new.get((kept.person_id, kept.tool), [])
            same = any(other["assigned_on"] == kept.assigned_on for other in others)
            if not same and any(_overlap(kept, other) for other in others):
                wrong.append((kept.person_id, kept.tool, kept.assigned_on))
    for keys in chunks(wrong):
        these = tuple_(SeatRow.person_id, SeatRow.tool, SeatRow.assigned_on).in_(keys)
        session.execute(delete(SeatRow).where(these).execution_options(synchronize_session=False))
    session.expire_all()
    return len(wrong)


def _overlap(kept: SeatRow, other: Mapping[str, Any]) -> bool:
    return kept.assigned_on < (other["released_on"] or _OPEN_END) and other["assigned_on"] < (
        kept.released_on or _OPEN_END
    )


def _homes(session: Session, members: Sequence[SlackMember]) -> dict[int, SlackMember]:
    """Whose account each member is: by e-mail address, the main one first; else by a Slack id we already knew."""
    by_email = resolve(session, source=IdentitySource.EMAIL, ids={m.email for m in members if m.email})
    by_slack = resolve(session, source=IdentitySource.SLACK, ids={m.slack_user_id for m in members})
    mains = set(identities.main_addresses(session, person_ids=by_email.values()).values())
    homes: dict[int, SlackMember] = {}
    for member in sorted(members, key=lambda member: member.email not in mains):
        if member.email in by_email:
            homes.setdefault(by_email[member.email], member)
    for member in members:
        if member.email not in by_email and member.slack_user_id in by_slack:
            homes.setdefault(by_slack[member.slack_user_id], member)
    return homes


def _unlist(session: Session, *, listed: Collection[str]) -> set[int]:
    """Drop Slack ids that the workspace does not list any more; returns whose they were."""
    rows = select(IdentityRow.external_id, IdentityRow.person_id).where(
        IdentityRow.source == IdentitySource.SLACK.value
    )
    gone = {external_id: person_id for external_id, person_id in session.execute(rows) if external_id not in listed}
    identities.drop(session, source=IdentitySource.SLACK, ids=gone.keys())
    return {person_id for person_id in gone.values() if person_id is not None}


def _person(row: PersonRow, slack_user_id: str | None) -> Person:
    return Person(
        person_id=row.person_id,
        timezone=row.timezone,
        country=row.country,
        locale=row.locale,
        role=row.role,
        team=row.team,
        started_on=row.started_on,
        ended_on=row.ended_on,
        slack_user_id=slack_user_id,
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
