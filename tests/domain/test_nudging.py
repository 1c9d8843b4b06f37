"""The policy: each reason for silence in its place, what is said first, and the question asked again before sending."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.adoption import Standing, State
from bot.domain.fair_hours import fair_time, is_fair
from bot.domain.nudging import Moved, Plan, Silence, decide, ignored_in_a_row, still_right
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.tips import LinkKind, Tip
from bot.domain.told import Answer, PastNudge, Preferences
from bot.domain.turns import Waits
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Night to Monday."""
DAY = timedelta(days=1)
BEN = Person(7, "Europe/Madrid", "ES", None, "dev", None, None, None, "U0BEN")
SEATS = (Seat("claude_code", date(2026, 1, 13), None, 19_000_000),)
CALENDAR = WorkCalendar("Europe/Madrid")


def tip(tip_id: str, *triggers: str, roles: str = "", text: str = "Up to {last_day}.", ends: str = "2027-01-31") -> Tip:
    """A tip for these triggers."""
    return Tip(
        tip_id=tip_id,
        topic=f"about-{tip_id}",
        triggers=frozenset(triggers),
        roles=frozenset(roles.split()),
        owner="enablement",
        expires_on=date.fromisoformat(ends),
        link_kind=LinkKind.ACTION,
        link=None,
        text=text,
        try_this="Try it.",
        how_to="Like this.",
    )


ASK_NOTHING = Preferences(no_questions_at=NOW - 300 * DAY)
"""Whoever asked not to be asked: what is left are tips."""
TIPS = (tip("zero", "never_used", "lapsed"), tip("grow", "building"), tip("cache", "W15"), tip("seat", "W01"))


def standing(state: State, **evidence: Any) -> Standing:
    """A state judged last night."""
    return Standing(state, date(2026, 3, 1), "because", evidence=evidence)


def finding(detector: str = "W15", *, counted: int | None = 5_000_000, **other: Any) -> CountedFinding:
    """One finding that counts."""
    return CountedFinding(
        detector=detector,
        rule_version=f"{detector}-1",
        tool="claude_code",
        ledger=other.get("ledger", Ledger.OPTIMIZABLE),
        counted_microusd=counted,
        forgiven_microusd=None if counted is None else 0,
        low_microusd=counted,
        high_microusd=None if counted is None else 2 * counted,
        confidence=0.5,
        occurrences=3,
        innocent_reason="It may be fine.",
        evidence={},
    )


def past(days_ago: float, tip_id: str = "other", answer: Answer | None = Answer.HELPFUL) -> PastNudge:
    """A message that was sent so long ago, answered an hour later unless `answer` is None."""
    sent_at = NOW - days_ago * DAY
    return PastNudge(tip_id, f"about-{tip_id}", sent_at, answer, sent_at + timedelta(hours=1) if answer else None)


def ask(**changes: Any) -> Plan | Silence:
    """What the policy says of Ben, who has never used his seat, with these changes."""
    situation: dict[str, Any] = {
        "standing": standing(State.NEVER_USED),
        "findings": (),
        "exploring": False,
        "preferences": Preferences(),
        "history": (),
        "has_open_nudge": False,
        "calendar": CALENDAR,
        "person": BEN,
        "tips": TIPS,
        "now": NOW,
        "switched_on": True,
        "seats": SEATS,
    }
    return decide(**situation | changes)


def planned(**changes: Any) -> Plan:
    """The plan, where there must be one."""
    plan = ask(**changes)
    assert isinstance(plan, Plan), plan
    return plan


REASONS: list[tuple[Silence, dict[str, Any]]] = [
    (Silence.KILL_SWITCH, {"switched_on": False}),
    (Silence.STOPPED, {"preferences": Preferences(stopped_at=NOW - 300 * DAY)}),
    (Silence.PAUSED, {"preferences": Preferences(paused_at=NOW - 300 * DAY)}),
    (Silence.SNOOZED, {"preferences": Preferences(snoozed_until=NOW + timedelta(minutes=1))}),
    (Silence.NO_SLACK_ACCOUNT, {"person": replace(BEN, slack_user_id=None)}),
    (Silence.NOT_EMPLOYED, {"person": replace(BEN, ended_on=date(2026, 3, 1))}),
    (Silence.NOT_EMPLOYED, {"person": replace(BEN, started_on=date(2026, 3, 3))}),
    (Silence.NO_TIME_ZONE, {"calendar": None}),
    (Silence.ALREADY_PLANNED, {"has_open_nudge": True}),
    (Silence.UNKNOWN, {"standing": None}),
    (Silence.UNKNOWN, {"standing": standing(State.UNKNOWN)}),
    (Silence.UNKNOWN, {"standing": replace(standing(State.NEVER_USED), last_day=date(2026, 2, 26))}),
    (Silence.NOT_PROVISIONED, {"standing": standing(State.NOT_PROVISIONED)}),
    (Silence.GRACE, {"standing": standing(State.GRACE)}),
    (Silence.SAID_NOT_RELEVANT, {"preferences": Preferences(not_my_work_at=NOW - 181 * DAY)}),
    (Silence.SAID_NOT_RELEVANT, {"preferences": Preferences(no_access_at=NOW - DAY)}),
    (Silence.SAID_NOT_RELEVANT, {"preferences": Preferences(other_tool_at=NOW - DAY)}),
    (Silence.SAID_NOT_RELEVANT, {"history": (past(100, answer=Answer.NOT_MY_WORK),)}),
    (Silence.WEEKLY_CAP, {"history": (past(6.99),)}),
    (Silence.FOUR_WEEK_CAP, {"history": (past(27.9), past(18), past(8))}),
    (Silence.BACKING_OFF, {"history": (past(13.9, answer=None),)}),
    (Silence.BACKING_OFF, {"history": (past(41, answer=None), past(27.9, answer=None))}),
    (Silence.THREE_IGNORED, {"history": (past(300, answer=None), past(200, answer=None), past(100, answer=None))}),
    (Silence.NOTHING_TO_SAY, {"standing": standing(State.HABITUAL), "preferences": ASK_NOTHING}),
    (
        Silence.EXPLORING,
        {
            "standing": standing(State.HABITUAL),
            "exploring": True,
            "findings": (finding(),),
            "preferences": ASK_NOTHING,
        },
    ),
    (Silence.NO_TIP_LEFT, {"tips": ()}),
    (Silence.NO_TIP_LEFT, {"history": (past(89, "zero"),)}),
    (Silence.NO_FAIR_HOUR, {"calendar": replace(CALENDAR, leave=frozenset(NOW.date() + n * DAY for n in range(9)))}),
]


@pytest.mark.parametrize(("reason", "changes"), REASONS, ids=[f"{n}-{r[0].value}" for n, r in enumerate(REASONS)])
def test_each_silence_has_its_reason(reason: Silence, changes: dict[str, Any]) -> None:
    """One thing at a time speaks against a message, and that one is the reason that is kept."""
    assert reason == ask(**changes)


def test_silences_come_in_order() -> None:
    """When everything speaks against it, the first reason in the order stands; taken away, the next."""
    worst: dict[str, Any] = {}
    for _, changes in REASONS[:9]:
        merged = worst.get("preferences", Preferences())
        if "preferences" in changes:
            new = changes["preferences"]
            merged = Preferences(
                stopped_at=new.stopped_at or merged.stopped_at,
                paused_at=new.paused_at or merged.paused_at,
                snoozed_until=new.snoozed_until or merged.snoozed_until,
            )
        worst |= changes | {"preferences": merged}
    worst["person"] = replace(BEN, slack_user_id=None, ended_on=date(2026, 2, 1))
    heard = [ask(**worst)]
    for cure in (
        {"switched_on": True},
        {"preferences": Preferences(paused_at=NOW, snoozed_until=NOW + DAY)},
        {"preferences": Preferences(snoozed_until=NOW + DAY)},
        {"preferences": Preferences()},
        {"person": replace(BEN, ended_on=date(2026, 2, 1))},
        {"person": BEN},
        {"calendar": CALENDAR},
        {"has_open_nudge": False},
    ):
        worst |= cure
        heard.append(ask(**worst))

    expected = [
        Silence.KILL_SWITCH,
        Silence.STOPPED,
        Silence.PAUSED,
        Silence.SNOOZED,
        Silence.NO_SLACK_ACCOUNT,
        Silence.NOT_EMPLOYED,
        Silence.NO_TIME_ZONE,
        Silence.ALREADY_PLANNED,
    ]
    assert expected == heard[:8]
    assert isinstance(heard[8], Plan)


@pytest.mark.parametrize(
    "changes",
    [
        {"preferences": Preferences(not_my_work_at=NOW - 183 * DAY)},
        {"preferences": Preferences(snoozed_until=NOW)},
        {"history": (past(7),)},
        {"history": (past(28), past(18), past(8))},
        {"history": (past(14, answer=None),)},
        {"history": (past(60, answer=None), past(28, answer=None))},
        {"history": (past(90, "zero"),)},
        {
            "preferences": Preferences(heard_from_at=NOW - 8 * DAY),
            "history": tuple(past(n, answer=None) for n in (90, 60, 30)),
        },
    ],
)
def test_silence_ends_by_itself(changes: dict[str, Any]) -> None:
    """Every waiting time has an end, and doing anything ends the silence after three ignored messages."""
    assert isinstance(ask(**changes), Plan)


def test_ignored_counts_from_the_latest() -> None:
    """An answer in between begins the row anew, and a message younger than a week is not ignored yet."""
    answered_between = (past(60, answer=None), past(40), past(20, answer=None), past(3, answer=None))

    assert 1 == ignored_in_a_row(answered_between, Preferences(), NOW)


def test_zero_to_one_comes_before_waste() -> None:
    """Who does not use a tool hears of a first step, not of the price of the seat."""
    plan = planned(findings=(finding("W01", counted=40_000_000, ledger=Ledger.WASTED),))

    assert ("zero", "never_used") == (plan.tip.tip_id, plan.trigger)


def test_waste_follows_when_the_state_has_no_tip_left() -> None:
    """A spare seat is spoken of when there is nothing more to say about beginning."""
    seat = finding("W01", counted=None, ledger=Ledger.WASTED)

    assert "W01" == planned(findings=(seat,), history=(past(30, "zero"),)).trigger


def test_largest_waste_first() -> None:
    """Of several findings the one with the most counted dollars is spoken of."""
    plan = planned(
        standing=standing(State.HABITUAL),
        findings=(finding("W01", counted=2_000_000, ledger=Ledger.WASTED), finding("W15", counted=9_000_000)),
    )

    assert "W15" == plan.trigger


@pytest.mark.parametrize(
    "silent",
    [
        finding(counted=0),
        finding(counted=None),
        finding(ledger=Ledger.EXPLORATION),
        finding(ledger=Ledger.FRICTION),
    ],
)
def test_what_does_not_count_is_not_spoken_of(silent: CountedFinding) -> None:
    """No dollars left, no price (except of a seat), exploration or friction: no message."""
    assert Silence.NOTHING_TO_SAY == ask(standing=standing(State.HABITUAL), findings=(silent,), preferences=ASK_NOTHING)


def test_declined_use_still_allows_waste_for_a_user() -> None:
    """Who uses a tool and declined tips about use may hear about money; who does not use it hears nothing."""
    declined = Preferences(not_my_work_at=NOW - DAY)

    assert "W15" == planned(standing=standing(State.BUILDING), preferences=declined, findings=(finding(),)).trigger
    assert Silence.SAID_NOT_RELEVANT == ask(standing=standing(State.BUILDING), preferences=declined)
    assert Silence.SAID_NOT_RELEVANT == ask(preferences=declined, findings=(finding("W01"),))


def test_role_first_then_unheard() -> None:
    """A tip written for the role wins, one for another role never comes, one never heard comes before one heard."""
    tips = (
        tip("any", "never_used"),
        tip("dev", "never_used", roles="dev ops"),
        tip("biz", "never_used", roles="biz"),
        tip("again", "never_used"),
    )

    assert "dev" == planned(tips=tips).tip.tip_id
    assert "again" == planned(tips=tips, history=(past(100, "any"), past(50, "dev"))).tip.tip_id
    assert "biz" != planned(tips=tips, person=replace(BEN, role=None)).tip.tip_id


def test_expired_tip_is_not_planned() -> None:
    """A tip that ends before the message may arrive is not used."""
    assert Silence.NO_TIP_LEFT == ask(tips=(tip("old", "never_used", ends="2026-03-15"),))
    assert isinstance(ask(tips=(tip("old", "never_used", ends="2026-03-16"),)), Plan)


def test_tip_without_its_facts_is_not_planned() -> None:
    """A text that would have a hole in it is left out."""
    assert Silence.NO_TIP_LEFT == ask(tips=(tip("holes", "never_used", text="Since {seat_since}."),), seats=())


def test_choice_is_the_same_all_day_and_turns() -> None:
    """No dice: the same person and day give the same tip, and over days and people all tips get their turn."""
    tips = tuple(tip(f"t{number}", "never_used") for number in range(4))
    people = [replace(BEN, person_id=number) for number in range(40)]
    chosen = [planned(tips=tips, person=person).tip.tip_id for person in people]

    assert chosen == [
        planned(tips=tips[::-1], person=person, now=NOW + timedelta(hours=5)).tip.tip_id for person in people
    ]
    assert {"t0", "t1", "t2", "t3"} == set(chosen)


def test_facts_answer_why_months_later() -> None:
    """The plan holds the window, the tools, the sources and the versions of the rules, as plain values."""
    judged = standing(
        State.NEVER_USED, tools=["claude_code"], sources=["claude_code", "file"], active_days=0, first_active_on=None
    )
    facts = planned(standing=judged).facts

    assert {
        "first_day": "2026-02-02",
        "last_day": "2026-03-01",
        "state": "never_used",
        "state_reason": "because",
        "state_rule": "states-3",
        "nudge_rule": "nudges-2",
        "tools": ["claude_code"],
        "sources": ["claude_code", "file"],
        "seen_by": "the 2 sources I can see",
        "seat_since": "2026-01-13",
        "active_days": 0,
    } == facts


def test_waste_facts_hold_the_range_and_the_excuse() -> None:
    """A plan about waste holds the finding with its estimate, its rule and its innocent explanation."""
    facts = planned(standing=standing(State.HABITUAL), findings=(finding(),)).facts

    assert "roughly $5 to $10" == facts["dollars"]
    assert "W15-1" == facts["detector_rule"]
    assert "It may be fine." == facts["innocent_reason"]
    assert 5_000_000 == facts["low_microusd"]


def test_due_at_a_fair_hour_and_void_a_week_later() -> None:
    """Ben's message comes on Monday after 13:00 in Madrid, and is void a week after that."""
    plan = planned()
    local = CALENDAR.local(plan.due_at)

    assert (date(2026, 3, 2), 13) <= (local.date(), local.hour) <= (date(2026, 3, 2), 14)
    assert plan.due_at + 7 * DAY == plan.expires_at


# ---------------------------------------------------------------- the hours


@pytest.mark.parametrize(
    ("local", "fair"),
    [
        ("2026-03-02T12:59", False),  # Monday morning
        ("2026-03-02T13:00", True),
        ("2026-03-03T09:59", False),
        ("2026-03-03T10:00", True),
        ("2026-03-03T15:59", True),
        ("2026-03-03T16:00", False),
        ("2026-03-06T11:59", True),
        ("2026-03-06T12:00", False),  # Friday afternoon
        ("2026-03-07T11:00", False),
        ("2026-03-05T11:00", False),  # on leave
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Madrid", "Asia/Tokyo", "America/Sao_Paulo", "Asia/Kathmandu"])
def test_fair_hours_are_the_persons_own(zone: str, local: str, fair: bool) -> None:
    """The hours hold on the person's clock, wherever they are."""
    calendar = WorkCalendar(zone, leave=frozenset({date(2026, 3, 5)}))
    moment = datetime.fromisoformat(local).replace(tzinfo=calendar.local(NOW).tzinfo)

    assert fair == is_fair(calendar, moment.astimezone(UTC))


def test_other_weekends_have_other_mornings() -> None:
    """Where the weekend is Friday and Saturday, Sunday begins at 13:00 and Thursday ends at 12:00."""
    calendar = WorkCalendar("Asia/Riyadh", weekend=frozenset({4, 5}))

    def on(day: int, hour: int) -> bool:
        return is_fair(calendar, datetime(2026, 3, day, hour, tzinfo=calendar.local(NOW).tzinfo).astimezone(UTC))

    assert [False, True] == [on(8, 12), on(8, 13)]  # Sunday
    assert [True, False] == [on(5, 11), on(5, 12)]  # Thursday
    assert [False, False] == [on(6, 11), on(7, 11)]


def test_people_do_not_all_get_it_at_ten() -> None:
    """Planned in the night, messages spread over the first half of the fair hours."""
    tuesday = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    times = {fair_time(CALENDAR, not_before=tuesday, until=tuesday + DAY, person_id=number) for number in range(100)}

    assert len(times) > 60
    assert None not in times


def test_late_in_the_day_means_tomorrow() -> None:
    """Planned on Tuesday evening, it comes on Wednesday."""
    evening = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
    due_at = fair_time(CALENDAR, not_before=evening, until=evening + 7 * DAY, person_id=7)

    assert due_at is not None
    assert date(2026, 3, 4) == CALENDAR.local(due_at).date()


# ---------------------------------------------------------------- right before sending

TUESDAY_NOON = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


def ask_again(**changes: Any) -> Silence | Moved | Waits | None:
    """What the policy says of Ben's planned message on Tuesday noon, with these changes."""
    situation: dict[str, Any] = {
        "trigger": "never_used",
        "facts": {},
        "expires_at": NOW + 8 * DAY,
        "standing": standing(State.NEVER_USED),
        "findings": (),
        "exploring": False,
        "preferences": Preferences(),
        "history": (),
        "calendar": CALENDAR,
        "person": BEN,
        "now": TUESDAY_NOON,
        "switched_on": True,
    }
    return still_right(**situation | changes)


def test_what_is_still_right_is_sent() -> None:
    """Nothing changed and it is a fair hour: send."""
    assert ask_again() is None


WASTE = {"trigger": "W15", "facts": {"tool": "claude_code"}, "standing": standing(State.HABITUAL)}


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        (Silence.KILL_SWITCH, {"switched_on": False}),
        (Silence.STOPPED, {"preferences": Preferences(stopped_at=TUESDAY_NOON)}),
        (Silence.PAUSED, {"preferences": Preferences(paused_at=TUESDAY_NOON)}),
        (Silence.SNOOZED, {"preferences": Preferences(snoozed_until=NOW + 14 * DAY)}),
        (Silence.NO_SLACK_ACCOUNT, {"person": replace(BEN, slack_user_id=None)}),
        (Silence.NOT_EMPLOYED, {"person": replace(BEN, ended_on=date(2026, 3, 2))}),
        (Silence.NO_TIME_ZONE, {"calendar": None}),
        (Silence.EXPIRED, {"expires_at": TUESDAY_NOON}),
        (Silence.UNKNOWN, {"standing": standing(State.UNKNOWN)}),
        (Silence.UNKNOWN, {"standing": None}),
        (Silence.GRACE, {"standing": standing(State.GRACE)}),
        (Silence.NO_LONGER_TRUE, {"standing": standing(State.FIRST_STEPS)}),
        (Silence.NO_LONGER_TRUE, {"standing": standing(State.HABITUAL)}),
        (Silence.SAID_NOT_RELEVANT, {"preferences": Preferences(not_my_work_at=NOW)}),
        (Silence.WEEKLY_CAP, {"history": (past(2),)}),
        (Silence.FOUR_WEEK_CAP, {"history": (past(25), past(15), past(7))}),
        (Silence.NO_LONGER_TRUE, WASTE),
        (Silence.NO_LONGER_TRUE, WASTE | {"findings": (finding(counted=0),)}),
        (Silence.NO_LONGER_TRUE, WASTE | {"findings": (replace(finding(), tool="cursor"),)}),
        (Silence.EXPLORING, WASTE | {"findings": (finding(),), "exploring": True}),
    ],
)
def test_what_is_no_longer_right_is_skipped(reason: Silence, changes: dict[str, Any]) -> None:
    """What was right when planned may not be now; the reason says why it is not sent."""
    assert reason == ask_again(**changes)


def test_waste_that_still_stands_is_sent() -> None:
    """The same detector on the same tool still counts something."""
    assert ask_again(**WASTE | {"findings": (finding(),)}) is None


def test_unfair_hour_moves_instead_of_losing() -> None:
    """Outside the fair hours the message waits for the next fair moment."""
    moved = ask_again(now=datetime(2026, 3, 3, 20, 0, tzinfo=UTC))

    assert isinstance(moved, Moved)
    assert date(2026, 3, 4) == CALENDAR.local(moved.due_at).date()


def test_what_would_arrive_after_the_hours_waits_for_tomorrow() -> None:
    """Half a minute before the end of the fair hours it does not leave, for on its way it might come too late."""
    closing = datetime(2026, 3, 3, 16, 0, tzinfo=ZoneInfo(CALENDAR.timezone))
    moved = ask_again(now=closing - timedelta(seconds=30))

    assert isinstance(moved, Moved)
    assert date(2026, 3, 4) == CALENDAR.local(moved.due_at).date()
    assert ask_again(now=closing - timedelta(seconds=90)) is None


def test_new_leave_moves_too() -> None:
    """A day off entered after planning is respected."""
    moved = ask_again(calendar=replace(CALENDAR, leave=frozenset({date(2026, 3, 3)})))

    assert isinstance(moved, Moved)
    assert is_fair(CALENDAR, moved.due_at)
    assert date(2026, 3, 4) == CALENDAR.local(moved.due_at).date()


def test_leave_until_the_end_is_no_fair_hour() -> None:
    """When no fair hour is left before it is void, it is skipped with that reason."""
    away = frozenset(date(2026, 3, 1) + n * DAY for n in range(20))

    assert Silence.NO_FAIR_HOUR == ask_again(calendar=replace(CALENDAR, leave=away))
