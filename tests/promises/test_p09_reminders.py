"""P9 for reminders: lives at random, with plans made and forgotten; each is reminded of once at most, and calmly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.adoption import Standing, State
from bot.domain.fair_hours import is_fair
from bot.domain.nudging import WEEK, Plan, decide, still_right
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.plans import AFTER, LIVES_FOR, REMINDER, Cue, IfThen, remind_on
from bot.domain.told import Answer, PastNudge, Preferences
from bot.sources.tip_library import load_tips

DAY = timedelta(days=1)
DAYS = 50
TIPS = load_tips()
ZONES = ("Europe/Paris", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Pago_Pago")
WEEKENDS = (frozenset({5, 6}), frozenset({4, 5}), frozenset({6}))


@dataclass
class Life:
    """One person for fifty days, hour by hour: nights that decide, a queue, plans, wishes, use."""

    dice: Random
    calendar: WorkCalendar
    person: Person
    preferences: Preferences = field(default_factory=Preferences)
    made: IfThen | None = None
    planned: Plan | None = None
    due_at: datetime | None = None
    last_active_on: str | None = None
    history: list[PastNudge] = field(default_factory=list)
    reminded: list[tuple[IfThen, datetime]] = field(default_factory=list)

    def live(self, first: datetime) -> None:
        for hour in range(DAYS * 24):
            now = first + timedelta(hours=hour, minutes=self.dice.randrange(60))
            if now.hour == 3:
                self._decide(now)
            if self.history and self.dice.random() < (0.02 if self.made is None else 0.002):
                self._plan(now)
            if self.dice.random() < 0.004:
                self._wish(now)
            if self.dice.random() < 0.001:
                self.last_active_on = now.date().isoformat()
            if self.planned is not None and self.due_at is not None and now >= self.due_at:
                self._deliver(self.planned, now)

    def _standing(self, now: datetime) -> Standing:
        state = State.FIRST_STEPS if self.last_active_on else State.NEVER_USED
        evidence: dict[str, str | int | list[str] | None] = {
            "last_active_on": self.last_active_on,
            "active_days": 2,
            "tools": ["claude_code"],
        }
        return Standing(state, (now - DAY).date(), "drawn", evidence=evidence)

    def _decide(self, now: datetime) -> None:
        verdict = decide(
            standing=self._standing(now),
            findings=(),
            exploring=False,
            preferences=self.preferences,
            history=self.history,
            has_open_nudge=self.planned is not None,
            calendar=self.calendar,
            person=self.person,
            tips=TIPS,
            now=now,
            switched_on=True,
            seats=(Seat("claude_code", (now - 60 * DAY).date(), None, None),),
            if_then=self.made,
        )
        if isinstance(verdict, Plan):
            self.planned, self.due_at = verdict, verdict.due_at
            if verdict.trigger == REMINDER and self.made is not None:
                self.made = replace(self.made, reminded_at=now)

    def _plan(self, now: datetime) -> None:
        """As `bot/store/plans.py` does it: a new plan takes the place of the old one and of its reminder."""
        self._forget()
        cue = self.dice.choice([*Cue])
        self.made = IfThen(self.history[-1].tip_id, cue, now, remind_on(cue, made_on=now.date()))
        self.preferences = replace(self.preferences, heard_from_at=now)

    def _forget(self) -> None:
        self.made = None
        if self.planned is not None and self.planned.trigger == REMINDER:
            self.planned = None

    def _wish(self, now: datetime) -> None:
        """Stop, pause, snooze, forget, or resume; the first three cancel what is planned, a plan with it."""
        wish = self.dice.choice(["stopped_at", "paused_at", "snoozed_until", "forget", *["resume"] * 4])
        if wish == "resume":
            self.preferences = Preferences(heard_from_at=now)
        elif wish == "forget":
            self._forget()
        else:
            until = now + 14 * DAY if wish == "snoozed_until" else now
            wished: dict[str, Any] = {wish: until}
            self.preferences = replace(self.preferences, **wished)
            self.made = self.planned = None

    def _deliver(self, planned: Plan, now: datetime) -> None:
        verdict = still_right(
            trigger=planned.trigger,
            facts=planned.facts,
            expires_at=planned.expires_at,
            standing=self._standing(now),
            findings=(),
            exploring=False,
            preferences=self.preferences,
            history=self.history,
            calendar=self.calendar,
            person=self.person,
            now=now,
            switched_on=True,
        )
        if verdict is None:
            self._sent(planned, now)
        self.due_at = getattr(verdict, "due_at", None)
        self.planned = planned if self.due_at else None

    def _sent(self, planned: Plan, now: datetime) -> None:
        assert is_fair(self.calendar, now)
        assert all(now - past.sent_at >= WEEK for past in self.history)
        wishes = self.preferences
        assert (None, None) == (wishes.stopped_at, wishes.paused_at)
        if planned.trigger == REMINDER:
            assert self.made is not None  # forgotten plans are not reminded of
            self.reminded.append((self.made, now))
        self.history.append(PastNudge(planned.tip.tip_id, planned.tip.topic, now, Answer.HELPFUL, now))


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=10**9))
def test_each_plan_is_reminded_of_once_at_most(seed: int) -> None:
    """Over the whole life: one reminder a plan, a week and a day after it was made, within a week of its day, at a fair
    hour, a week from every other message, never after a stop, a pause, a snooze or a forgetting, and not when used.
    """
    life = lived(seed)

    assert len(life.reminded) == len({plan.made_at for plan, _ in life.reminded})
    for plan, sent_at in life.reminded:
        day = life.calendar.local(sent_at).date()
        assert AFTER <= plan.remind_on - plan.made_on
        assert timedelta(0) <= day - plan.remind_on < LIVES_FOR


def test_the_lives_do_hold_reminders() -> None:
    """The test above is about something: in 40 lives dozens of plans are reminded of."""
    assert 20 <= sum(len(lived(seed).reminded) for seed in range(40))


def lived(seed: int) -> Life:
    dice = Random(seed)
    first = datetime(2026, 1, 5, tzinfo=UTC) + dice.randrange(365) * DAY
    leave = frozenset((first + dice.randrange(DAYS) * DAY).date() for _ in range(dice.randrange(12)))
    calendar = WorkCalendar(dice.choice(ZONES), weekend=dice.choice(WEEKENDS), leave=leave)
    person = Person(dice.randrange(1, 10**6), calendar.timezone, None, None, None, None, None, None, "U0BEN")
    life = Life(dice, calendar, person)
    life.live(first)
    return life
