"""A season of trouble: a crowd in twelve time zones, campaigns, couriers that are killed, and a Slack that breaks.

The calendar is taken to the edges of everybody's hours, on both sides of the day on which their clocks change, and now
and then back. Meanwhile people stop, campaigns are paused and stopped, and everything else goes wrong that is listed in
`Trouble`. What must hold is counted in `Books`, by arithmetic of its own, from what Slack's stand-in wrote down before
it answered. Called by tests/promises/test_p08_chaos.py. Next: tests/crew.py.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, insert, select, update

from bot.domain.campaigns import Arm, Audience, Kind, Plan, Step
from bot.playground import journal
from bot.playground.faults import Kind as Fault
from bot.playground.journal import Shown
from bot.store import campaigns, preferences
from bot.store.database import DatabaseError, Session, Store
from bot.store.tables import CampaignMemberRow, CampaignRow, NudgeRow, NudgeStepRow
from tests import crowd
from tests.crew import Crew, SlackProcess
from tests.nudge_queue import OPEN, let_time_pass, states

PACE = {
    "rate_per_s": 100.0,
    "look_up_rate_per_s": 50.0,
    "batch": 4,
    "lease_s": 6.0,
    "http_timeout_s": 2.0,
    "settle_s": 6.0,
    "patience_s": 2.0,
    "run_s": 3.0,
}
"""Every time is a fifth of the real one; the rates are a hundred times the real ones."""
FROZEN_S = 7.0
DOWN_S = 24.0
SAID_WITHIN_S = 120.0

CHANGES = {
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Los_Angeles": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),
    "Asia/Jerusalem": (date(2026, 3, 27), date(2026, 10, 25)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Europe/Paris": (date(2026, 3, 29), date(2026, 10, 25)),
    "Asia/Beirut": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Santiago": (date(2026, 4, 5), date(2026, 9, 6)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Pacific/Auckland": (date(2026, 4, 5), date(2026, 9, 27)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),
}
"""Twelve zones, and the days of 2026 on which their clocks change."""
BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """A moment at which the calendar is put, and the people whose message falls due a little before it."""

    at: datetime
    zone: str
    due: tuple[int, ...] = ()
    until_all_is_said: bool = False


@dataclass
class Wish:
    """Somebody stopped, or a campaign was paused or stopped; and what had passed the fence when that was committed.

    `since` and `until` are places in the journal, for the calendar is set back now and then.
    """

    since: int
    left_before: frozenset[str]
    person_id: int | None = None
    campaign_id: int | None = None
    until: int | None = None


@dataclass
class Chaos:
    """Everything that is at work, the dice, and a count of what was done."""

    store: Store
    slack: SlackProcess
    dice: Random
    restart: Callable[[bool], None] | None = None
    people: dict[int, str] = field(default_factory=dict)
    """Each person's time zone."""
    crew: Crew = field(init=False)
    """Set once there is somebody to write to."""
    wishes: list[Wish] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    most_couriers: int = 6
    kills_a_scene: int = 4
    wishes_a_kill: float = 0.25

    # ------------------------------------------------------------ the crowd

    def hire(self, count: int) -> list[int]:
        """People in turn in every zone; half of them are written to in spring, half in autumn."""
        zones = [list(CHANGES)[number % len(CHANGES)] for number in range(count)]
        person_ids = crowd.hire(self.store, zones)
        self.people = dict(zip(person_ids, zones, strict=True))
        return person_ids

    def begin_campaigns(self, count: int = 6) -> None:
        """Running campaigns, in one of which everybody is, but for a fifth who hear from none."""
        plan = Plan(
            name="Chaos",
            kind=Kind.ONE_OFF,
            audience=Audience(crowd.TRIGGER),
            steps=(Step(crowd.TIP_ID, None),),
            first_day=date(2026, 1, 5),
            last_day=date(2026, 12, 20),
            holdout_percent=0,
        )
        with self.store.begin() as session:
            for _ in range(count):
                campaigns.create(session, plan=plan, author_slack_id="U0LEAD", now=BEGIN)
            session.execute(update(CampaignRow).values(state="running"))
            ids = list(session.scalars(select(CampaignRow.campaign_id).order_by(CampaignRow.campaign_id)))
            members = [
                {
                    "campaign_id": ids[person_id % count],
                    "person_id": person_id,
                    "stratum": "none never_used",
                    "arm": Arm.TREATED.value,
                    "enrolled_on": BEGIN.date(),
                }
                for person_id in self.people
                if person_id % 5
            ]
            session.execute(insert(CampaignMemberRow), members)

    def plan(self, due: Sequence[tuple[int, datetime]]) -> None:
        """A nudge for each, from the campaign that they are in."""
        crowd.plan(self.store, due)
        with self.store.begin() as session:
            mine = select(CampaignMemberRow.campaign_id).where(CampaignMemberRow.person_id == NudgeRow.person_id)
            session.execute(
                update(NudgeRow)
                .where(NudgeRow.state == "planned", NudgeRow.campaign_id.is_(None))
                .values(campaign_id=mine.scalar_subquery(), campaign_step=1)
                .execution_options(synchronize_session=False)
            )

    # ------------------------------------------------------------ a season

    def live(self, scenes: Sequence[Scene], trouble: Sequence[Trouble]) -> None:
        """Scene after scene, each with kills at random moments and now and then something worse."""
        for number, scene in enumerate(scenes):
            self.turn(scene.at)
            self.plan([(person_id, scene.at) for person_id in scene.due if not self._has_open(person_id)])
            hire = self.dice.randrange(2, self.most_couriers + 1)
            while len(self.crew.alive) > hire:
                self.crew.kill(self.dice.choice(self.crew.alive))
                self.done["killed"] += 1
            while len(self.crew.alive) < hire:
                self.crew.start()
            trouble[number % len(trouble)](self)
            self.kill_at_random()
            if scene.until_all_is_said:
                give_up = time.monotonic() + SAID_WITHIN_S
                while not self.is_all_said(scene.at) and time.monotonic() < give_up:
                    self.kill_at_random(1, most_steps=50)
            self.slack.ask("clear_faults")
            if self.dice.random() < 0.15:
                self.turn(scene.at - timedelta(hours=self.dice.uniform(1, 40)))
                self.done["calendar set back"] += 1
                self.kill_at_random(1)

    def turn(self, moment: datetime) -> None:
        self.slack.world.turn_to(moment)
        self.done["calendar jumped"] += 1

    def kill_at_random(self, kills: int | None = None, *, most_steps: int = 12) -> None:
        """Couriers die at random moments of their work and others come; people stop and campaigns are steered too.

        A moment is so many steps of nudges after the last death, and a little more; where little is due, it is soon.
        """
        for _ in range(self.kills_a_scene if kills is None else kills):
            goal, give_up = self.steps() + self.dice.randrange(1, most_steps), time.monotonic() + 1.5
            while self.steps() < goal and time.monotonic() < give_up:
                time.sleep(0.03)
            time.sleep(self.dice.uniform(0.0, 0.2))
            self.steer()
            self.crew.kill(self.dice.choice(self.crew.alive))
            self.done["killed"] += 1
            self.crew.start()

    def steps(self) -> int:
        """How many steps all nudges have gone so far."""
        with self.store.read() as session:
            return session.scalar(select(func.max(NudgeStepRow.nudge_step_id))) or 0

    def steer(self) -> None:
        """Somebody whose message is on its way stops or pauses; now and then a campaign is paused, resumed, stopped."""
        try:
            if self.dice.random() < self.wishes_a_kill:
                with self.store.begin() as session:
                    self._somebody_stops(session)
            if self.dice.random() < 0.2:
                with self.store.begin() as session:
                    self._a_campaign_is_steered(session)
        except DatabaseError:
            self.done["wish refused by a database that restarts"] += 1

    def _somebody_stops(self, session: Session) -> None:
        waiting = list(session.scalars(select(NudgeRow.person_id).where(NudgeRow.state.in_(OPEN)).limit(200)))
        if not waiting:
            return
        person_id, now = self.dice.choice(waiting), self.slack.world.now()
        self.dice.choice([preferences.stop, preferences.pause])(session, person_id=person_id, now=now)
        left = _left(session, NudgeRow.person_id == person_id)
        session.commit()
        self.wishes.append(Wish(self.place(), left, person_id=person_id))
        self.done["people stopped or paused"] += 1

    def _a_campaign_is_steered(self, session: Session) -> None:
        rows = session.execute(select(CampaignRow.campaign_id, CampaignRow.campaign_key, CampaignRow.state)).all()
        campaign_id, key, state = self.dice.choice(rows)
        now = self.slack.world.now()
        if state == "paused":
            ended = [wish for wish in self.wishes if wish.campaign_id == campaign_id and wish.until is None]
            for wish in ended:
                wish.until = self.place()
            campaigns.resume(session, campaign_key=key, now=now)
        elif state == "running":
            is_last = sum(row.state == "running" for row in rows) < 4
            what = campaigns.pause if is_last or self.dice.random() < 0.9 else campaigns.stop
            what(session, campaign_key=key, now=now)
            left = _left(session, NudgeRow.campaign_id == campaign_id)
            session.commit()
            self.wishes.append(Wish(self.place(), left, campaign_id=campaign_id))
            self.done["campaigns paused" if what is campaigns.pause else "campaigns stopped"] += 1

    def place(self) -> int:
        """How far the journal goes by now."""
        return self.slack.journal.stat().st_size

    # ------------------------------------------------------------ the end

    def finish(self) -> None:
        """No more trouble: resume what is paused, and let time pass until nothing is open."""
        self.slack.ask("clear_faults")
        with self.store.begin() as session:
            for key in session.scalars(select(CampaignRow.campaign_key).where(CampaignRow.state == "paused")).all():
                campaigns.resume(session, campaign_key=key, now=self.slack.world.now())
            for wish in self.wishes:
                if wish.campaign_id is not None and wish.until is None and not self._is_stopped(session, wish):
                    wish.until = self.place()
        for day in range(14):
            for pid in list(self.crew.alive):
                self.crew.kill(pid)
            let_time_pass(self.store, seconds=3600)
            if not self._open():
                return
            self.turn(self._next_due(day))
            for _ in range(3):
                self.crew.start()
            self.wait_until(partial(self.is_all_said, self.slack.world.now()), timeout_s=120)
        assert not self._open(), states(self.store)

    def wait_until(self, is_so: Callable[[], bool], *, timeout_s: float) -> None:
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up and not is_so():
            time.sleep(0.2)
            if len(self.crew.alive) < self.most_couriers and self.dice.random() < 0.1:
                self.crew.start()

    def is_all_said(self, moment: datetime) -> bool:
        """Whether nothing is open that was due at this moment, but for what is paused."""
        with self.store.read() as session:
            asked = select(NudgeRow.nudge_id).where(NudgeRow.state.in_(OPEN), NudgeRow.due_at <= moment)
            paused = select(CampaignRow.campaign_id).where(CampaignRow.state == "paused")
            free = NudgeRow.campaign_id.is_(None) | NudgeRow.campaign_id.not_in(paused)
            return session.scalar(asked.where(free).limit(1)) is None

    def _has_open(self, person_id: int) -> bool:
        with self.store.read() as session:
            asked = select(NudgeRow.nudge_id).where(NudgeRow.person_id == person_id, NudgeRow.state.in_(OPEN))
            return session.scalar(asked.limit(1)) is not None

    def _open(self) -> int:
        return sum(states(self.store)[state] for state in OPEN)

    def _is_stopped(self, session: Session, wish: Wish) -> bool:
        return session.get_one(CampaignRow, wish.campaign_id, populate_existing=True).state == "stopped"

    def _next_due(self, day: int) -> datetime:
        """A few hours on, so that it is a fair hour for some; then on, for the others."""
        with self.store.read() as session:
            dues = sorted(session.scalars(select(NudgeRow.due_at).where(NudgeRow.state.in_(OPEN))))
        return max(dues[len(dues) // 2], self.slack.world.now()) + timedelta(minutes=1 + 10 * day)


Trouble = Callable[[Chaos], None]


def _left(session: Session, *whose: ColumnElement[bool]) -> frozenset[str]:
    """The keys of messages that have passed the fence, and of which nobody knows yet whether they arrived."""
    asked = select(NudgeRow.nudge_key).where(NudgeRow.state.in_(["sending", "ambiguous"]), *whose)
    return frozenset(session.scalars(asked))


# ---------------------------------------------------------------- what goes wrong


def lost_replies(chaos: Chaos) -> None:
    """Accepted, and nobody is told; and the other way round."""
    for kind in (Fault.DROP_AFTER, Fault.DROP_BEFORE, Fault.SERVER_ERROR_AFTER, Fault.SERVER_ERROR_BEFORE):
        chaos.slack.ask("fault", method="chat.postMessage", kind=kind.value, times=3)
        chaos.done[kind.value] += 3
    chaos.slack.ask("fault", method="conversations.history", kind=Fault.DROP_BEFORE.value, times=2)


def storm(chaos: Chaos) -> None:
    """429 after 429, for every method."""
    chaos.slack.ask("fault", method="*", kind=Fault.RATE_LIMITED.value, times=12, retry_after_s=1)
    chaos.done["429s ordered"] += 12


def outage(chaos: Chaos) -> None:
    """Slack is down: everything breaks or is hung up on, for two minutes at a fifth."""
    kind = chaos.dice.choice([Fault.SERVER_ERROR_BEFORE, Fault.DROP_BEFORE])
    chaos.slack.ask("fault", method="*", kind=kind.value, times=100_000, status=503)
    until = time.monotonic() + DOWN_S
    while time.monotonic() < until:
        chaos.kill_at_random(1)
    chaos.slack.ask("clear_faults")
    chaos.done["outages of two minutes at a fifth"] += 1


def slow(chaos: Chaos) -> None:
    """Answers that come after the time-out."""
    chaos.slack.ask("fault", method="chat.postMessage", kind=Fault.SLOW.value, times=4, wait_s=2.5)
    chaos.done["answered after the time-out"] += 4


def freeze(chaos: Chaos) -> None:
    """One courier stands still for longer than its lease, wherever it is, and goes on."""
    frozen = chaos.dice.choice(chaos.crew.alive)
    time.sleep(chaos.dice.uniform(0.2, 1.0))
    os.kill(frozen, signal.SIGSTOP)
    time.sleep(FROZEN_S)
    os.kill(frozen, signal.SIGCONT)
    chaos.done["frozen past the lease"] += 1


def restart(chaos: Chaos) -> None:
    """The database restarts, in good order or as if it had crashed, with everybody at work."""
    if chaos.restart is None:
        freeze(chaos)
        return
    time.sleep(chaos.dice.uniform(0.2, 1.0))
    chaos.restart(chaos.dice.random() < 0.5)
    chaos.done["database restarted"] += 1


ALL_TROUBLE: tuple[Trouble, ...] = (lost_replies, storm, freeze, slow, lost_replies, restart, lost_replies, outage)


# ---------------------------------------------------------------- the season


def season(people: dict[int, str], *, dice: Random, edges: int = 5) -> list[Scene]:
    """For every zone and both changes of its clock: the edges of the hours before it and after it, then a day on which
    whatever is left is said. In the order of the calendar.
    """
    by_zone: dict[str, list[int]] = defaultdict(list)
    for person_id, zone in people.items():
        by_zone[zone].append(person_id)
    scenes: list[Scene] = []
    for zone, (spring, autumn) in CHANGES.items():
        theirs = by_zone[zone]
        dice.shuffle(theirs)
        half = len(theirs) // 2
        scenes += _around(zone, spring, theirs[:half], edges)
        # In autumn some are written to who were in spring, and some who are too soon after.
        scenes += _around(zone, autumn, theirs[half:] + theirs[: half // 10], edges)
    return sorted(scenes, key=lambda scene: scene.at)


def _around(zone: str, change: date, people: Sequence[int], edges: int) -> Iterator[Scene]:
    before, after = _working_day(change, -1), _working_day(change, +1)
    moments = [_edge(zone, before, 0), _edge(zone, before, 1), _edge(zone, after, 0), _edge(zone, after, 1)][:edges]
    share = len(people) // (len(moments) + 1)
    for number, at in enumerate(moments):
        yield Scene(at - timedelta(seconds=2), zone, tuple(people[number * share : (number + 1) * share]))
    last = _working_day(after, +1)
    rest = tuple(people[len(moments) * share :])
    yield Scene(_edge(zone, last, 0) + timedelta(minutes=100), zone, rest, until_all_is_said=True)
    # Within a week of their last one: the cap must stop these.
    again = tuple(people[:: max(1, len(people) // 12)])
    yield Scene(_edge(zone, _working_day(last, +1), 0) + timedelta(minutes=100), zone, again)


def _working_day(day: date, step: int) -> date:
    day += timedelta(days=step)
    while day.weekday() > 4:
        day += timedelta(days=step)
    return day


def hours_of(day: date) -> tuple[clock_time, clock_time] | None:
    """When a message may come on this day (P9), written down once more: not on weekends, not on Monday morning, not on
    Friday afternoon.
    """
    if day.weekday() > 4:
        return None
    return clock_time(13 if day.weekday() == 0 else 10), clock_time(12 if day.weekday() == 4 else 16)


def _edge(zone: str, day: date, which: int) -> datetime:
    hours = hours_of(day)
    assert hours is not None
    return datetime.combine(day, hours[which], ZoneInfo(zone)).astimezone(UTC)


# ---------------------------------------------------------------- what must hold


@dataclass(frozen=True)
class Books:
    """What the stand-in wrote down, beside what the rows say; each figure is to be 0 but the last two."""

    lost: int
    doubled: int
    said_though_skipped: int
    outside_hours: int
    over_the_cap: int
    after_a_stop: int
    after_a_campaign_s_stop: int
    unknown: int
    ends: Counter[str]

    @property
    def broken(self) -> dict[str, int]:
        return {name: value for name, value in vars(self).items() if name not in ("unknown", "ends") and value}


def books(chaos: Chaos) -> Books:
    placed = _placed(chaos.slack.journal)
    shown = [one for _, one in placed]
    by_key = Counter(_key(one) for one in shown)
    with chaos.store.read() as session:
        rows = session.execute(
            select(NudgeRow.nudge_key, NudgeRow.state, NudgeRow.reason, NudgeRow.person_id, NudgeRow.campaign_id)
        ).all()
    zone_of = {crowd.slack_id(number): zone for number, zone in enumerate(chaos.people.values())}
    never_said = ("planned", "claimed", "skipped", "failed")
    return Books(
        lost=sum(row.state in OPEN or (row.state == "sent" and not by_key[row.nudge_key]) for row in rows),
        doubled=sum(times > 1 for times in by_key.values()),
        said_though_skipped=sum(row.state in never_said and by_key[row.nudge_key] > 0 for row in rows),
        outside_hours=sum(_is_outside(one, zone_of[one.to]) for one in shown),
        over_the_cap=_over_the_cap(shown),
        after_a_stop=sum(
            _after(wish, placed, {row.nudge_key for row in rows if row.person_id == wish.person_id})
            for wish in chaos.wishes
            if wish.person_id is not None
        ),
        after_a_campaign_s_stop=sum(
            _after(wish, placed, {row.nudge_key for row in rows if row.campaign_id == wish.campaign_id})
            for wish in chaos.wishes
            if wish.campaign_id is not None
        ),
        unknown=sum(row.state == "unknown" for row in rows),
        ends=Counter(row.state if row.state == "sent" else f"{row.state}: {row.reason}" for row in rows),
    )


def _key(shown: Shown) -> str:
    assert shown.metadata is not None
    return str(shown.metadata["event_payload"]["id"])


def _is_outside(shown: Shown, zone: str) -> bool:
    local = datetime.fromisoformat(shown.at).astimezone(ZoneInfo(zone))
    hours = hours_of(local.date())
    return hours is None or not hours[0] <= local.time() < hours[1]


def _over_the_cap(shown: Sequence[Shown]) -> int:
    """Messages within seven days of another one to the same person, or the fourth within 28."""
    theirs: dict[str, list[datetime]] = defaultdict(list)
    for one in shown:
        theirs[one.to].append(datetime.fromisoformat(one.at))
    over = 0
    for times in map(sorted, theirs.values()):
        over += sum(later - earlier < timedelta(days=7) for earlier, later in pairwise(times))
        over += sum(later - first < timedelta(days=28) for first, later in zip(times, times[3:], strict=False))
    return over


def _after(wish: Wish, shown: Sequence[tuple[int, Shown]], keys: set[str]) -> int:
    """Messages that were accepted while the wish held, but for those that had passed the fence before it."""
    until = sys.maxsize if wish.until is None else wish.until
    later = (_key(one) for place, one in shown if wish.since <= place < until)
    return sum(key in keys and key not in wish.left_before for key in later)


def _placed(path: Path) -> list[tuple[int, Shown]]:
    """The messages of the journal, each with its place."""
    lengths = [len(line) + 1 for line in path.read_bytes().split(b"\n")]
    places = accumulate(lengths, initial=0)
    return [(place, one) for place, one in zip(places, journal.read(path), strict=False) if one.surface == "dm"]


def report(chaos: Chaos, held: Books) -> None:
    """What was done and what came of it, for docs/evidence/delivery.md."""
    sys.stdout.write(f"\n{chaos.store.engine.dialect.name}: {sum(held.ends.values())} nudges, {dict(chaos.done)}\n")
    sys.stdout.write(f"{held}\n")
    sys.stdout.flush()
