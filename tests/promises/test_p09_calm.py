"""P9, calm: 200 days of a person's life at random, and no tip or question comes too soon, at a bad hour or unwanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.adoption import Standing, State
from bot.domain.nudging import Moved, Plan, Silence, decide, still_right
from bot.domain.occasions import CHECK_IN
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.told import Answer, PastNudge, Preferences
from bot.sources.tip_library import load_tips
from tests.by_hand import WASTE

DAYS = 200
NEVER = datetime.min.replace(tzinfo=UTC)
DAY = timedelta(days=1)
TIPS = load_tips()
ZONES = ("Europe/Paris", "America/New_York", "America/Sao_Paulo", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia")
WEEKENDS = (frozenset({5, 6}), frozenset({4, 5}), frozenset({6}))
STATES = (State.NEVER_USED, State.LAPSED, State.AT_RISK, State.FIRST_STEPS, State.BUILDING, State.HABITUAL)
SILENT_STATES = (State.UNKNOWN, State.GRACE, State.NOT_PROVISIONED)


@dataclass
class Life:
    """One simulated person: what they told us, what they got, what is on its way."""

    dice: Random
    calendar: WorkCalendar
    person: Person
    preferences: Preferences = field(default_factory=Preferences)
    history: list[PastNudge] = field(default_factory=list)
    planned: Plan | None = None
    due_at: datetime = NEVER
    standing: Standing | None = None
    reactions: list[datetime] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    questions: int = 0
    plans: int = 0
    talkative: float = 1.0
    """How often this person reacts at all; the quiet ones ignore three in a row."""

    def live(self, first: datetime) -> None:
        """200 days, hour by hour: a night's judgement, ticks, answers, wishes, outages and changing states."""
        outage_until = first
        for hour in range(DAYS * 24):
            now = first + timedelta(hours=hour, minutes=self.dice.randrange(60))
            if now.hour == 2:
                self._new_day(now)
                if self.dice.random() < 0.02:
                    outage_until = now + self.dice.randrange(1, 12) * DAY
            self._react(now)
            if now < outage_until:
                continue
            if now.hour == 3:
                self._decide(now)
            self._deliver(now)

    def _new_day(self, now: datetime) -> None:
        if self.standing is None or self.dice.random() < 0.1:
            state = self.dice.choice(STATES + SILENT_STATES if self.dice.random() < 0.3 else STATES)
            evidence: dict[str, str | int | list[str] | None] = {
                "last_active_on": "2026-01-01",
                "active_days": 5,
                "tools": ["claude_code"],
            }
            self.standing = Standing(state, now.date(), "drawn", evidence=evidence)
        self.standing = replace(self.standing, last_day=(now - DAY).date())

    def _react(self, now: datetime) -> None:
        """Now and then an answer to the last message, a wish, or a look at the card."""
        chance = self.dice.random() / self.talkative
        if self.history and self.history[-1].answer is None and chance < 0.002:
            answer = self.dice.choice([*Answer, Answer.HELPFUL, Answer.HELPFUL, Answer.HELPFUL])
            self.history[-1] = replace(self.history[-1], answer=answer, answered_at=now)
        elif chance < 0.0025:
            self.preferences = Preferences(heard_from_at=now)
        elif chance < 0.0028:
            weeks = self.dice.choice([2, 4, 12])
            self.preferences = replace(self.preferences, snoozed_until=now + weeks * 7 * DAY, heard_from_at=now)
        elif chance < 0.003:
            self.preferences = replace(self.preferences, stopped_at=now, heard_from_at=now)
        elif chance < 0.0032:
            self.preferences = replace(self.preferences, paused_at=now, heard_from_at=now)
        else:
            return
        self.reactions.append(now)

    def _decide(self, now: datetime) -> None:
        verdict = decide(
            standing=self.standing,
            findings=(WASTE,),
            exploring=False,
            preferences=self.preferences,
            history=self.history,
            has_open_nudge=self.planned is not None,
            calendar=self.calendar,
            person=self.person,
            tips=TIPS,
            now=now,
            switched_on=True,
            seats=(Seat("claude_code", date(2025, 12, 1), None, None),),
        )
        if isinstance(verdict, Plan):
            assert self.planned is None
            assert now <= verdict.due_at <= now + 7 * DAY
            self.planned, self.due_at = verdict, verdict.due_at
            self.plans += 1

    def _deliver(self, now: datetime) -> None:
        if self.planned is None or now < self.due_at:
            return
        verdict = still_right(
            trigger=self.planned.trigger,
            facts=self.planned.facts,
            expires_at=self.planned.expires_at,
            standing=self.standing,
            findings=(WASTE,),
            exploring=False,
            preferences=self.preferences,
            history=self.history,
            calendar=self.calendar,
            person=self.person,
            now=now,
            switched_on=True,
        )
        if isinstance(verdict, Moved):
            assert now < verdict.due_at < self.planned.expires_at
            self.due_at = verdict.due_at
            return
        self.outcomes.append(verdict.value if isinstance(verdict, Silence) else "sent")
        if verdict is None:
            self._check(now, self.planned)
            self.history.append(PastNudge(self.planned.tip.tip_id, self.planned.tip.topic, now, None, None))
        self.planned = None

    def _check(self, now: datetime, plan: Plan) -> None:
        """Everything that P9 says about one message, by arithmetic of its own."""
        assert self.standing is not None
        assert self.standing.state not in SILENT_STATES
        assert self.preferences.stopped_at is None
        assert self.preferences.paused_at is None
        assert self.preferences.snoozed_until is None or self.preferences.snoozed_until <= now
        assert now < plan.expires_at
        self._check_hour(now)
        sent = [nudge.sent_at for nudge in self.history]
        assert all(now - at >= 7 * DAY for at in sent)
        assert sum(now - at < 28 * DAY for at in sent) <= 2
        ignored = self._trailing_ignored()
        assert ignored < 3
        assert not sent or now - sent[-1] >= 7 * 2**ignored * DAY
        if plan.trigger == CHECK_IN:
            self._check_question(now)
            return
        assert all(now - nudge.sent_at >= 90 * DAY for nudge in self.history if nudge.tip_id == plan.tip.tip_id)

    def _check_question(self, now: datetime) -> None:
        """A question comes to people in a habit only, two weeks after the last, and to nobody who asked for none."""
        assert self.standing is not None
        assert State.HABITUAL is self.standing.state
        assert self.preferences.no_questions_at is None
        assert all(nudge.answer is not Answer.NO_QUESTIONS for nudge in self.history)
        assert all(now - nudge.sent_at >= 14 * DAY for nudge in self.history if nudge.topic == "check-in")
        self.questions += 1

    def _check_hour(self, now: datetime) -> None:
        local = self.calendar.local(now)
        assert self.calendar.is_working(local.date())
        assert local.date() not in self.calendar.leave | self.calendar.holidays
        assert local.weekday() not in self.calendar.weekend
        assert time(13 if local.weekday() == 0 else 10) <= local.time() < time(12 if local.weekday() == 4 else 16)

    def _trailing_ignored(self) -> int:
        """How many messages at the end were followed by no reaction of any kind."""
        last_reaction = max(self.reactions, default=NEVER)
        return sum(nudge.sent_at > last_reaction for nudge in self.history)


def drawn_life(dice: Random) -> tuple[Life, datetime]:
    """A person somewhere, with leave and holidays, and the day on which we begin to watch: DST changes included."""
    first = datetime(2026, dice.choice([2, 9]), 1, tzinfo=UTC)
    leave: set[date] = set()
    for _ in range(dice.randrange(6)):
        begin = first.date() + dice.randrange(DAYS) * DAY
        leave |= {begin + n * DAY for n in range(dice.randrange(1, 25))}
    holidays = frozenset(first.date() + dice.randrange(DAYS) * DAY for _ in range(12))
    calendar = WorkCalendar(dice.choice(ZONES), dice.choice(WEEKENDS), holidays, frozenset(leave))
    role = dice.choice([None, "dev", "biz", "ops", "lead"])
    person = Person(dice.randrange(1_000_000), calendar.timezone, None, None, role, None, None, None, "U0ADA")
    return Life(dice, calendar, person, talkative=dice.choice([0.05, 0.3, 1.0])), first


@given(st.integers(min_value=0, max_value=2**32))
@settings(max_examples=200, deadline=None)
def test_nothing_too_soon_unfair_or_unwanted(seed: int) -> None:
    """Caps, doubled gaps, three ignored, fair hours, snooze, pause and stop hold at every single message."""
    life, first = drawn_life(Random(seed))
    life.live(first)

    assert life.plans == len(life.outcomes) + (life.planned is not None)


def test_the_simulation_is_not_empty() -> None:
    """The lives above do get messages, skips and silences: the promise is not kept by saying nothing."""
    outcomes: list[str] = []
    questions = 0
    for seed in range(150):
        life, first = drawn_life(Random(seed))
        life.live(first)
        outcomes += life.outcomes
        questions += life.questions

    assert outcomes.count("sent") >= 800
    assert questions >= 100
    assert {"sent", "no_longer_true", "snoozed", "stopped", "paused", "expired", "no_fair_hour"} <= set(outcomes)
    assert {state.value for state in SILENT_STATES} & set(outcomes)
