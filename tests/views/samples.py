"""Invented numbers of one person, and every message and view that can be made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.domain import scorecard
from bot.domain.adoption import Standing, State
from bot.domain.check_in import CheckIn, Helped, Saving, WentTo
from bot.domain.finished_work import WorkDone
from bot.domain.follow_up import FollowUp, Measure, Unknowable
from bot.domain.nudging import Silence
from bot.domain.outcomes import OutcomeKind
from bot.domain.pairs import ASK, NOBODY_FREE, Own, Request
from bot.domain.pairs import State as PairState
from bot.domain.people import Person, Seat, WorkCalendar
from bot.domain.plans import Cue, IfThen
from bot.domain.results import OutcomeFact
from bot.domain.scorecard import Beside, Numbers
from bot.domain.tips import Facts, LinkKind, Tip
from bot.domain.told import Answer, Preferences
from bot.domain.usage import Counters, Coverage, UsageWindow, WeekSum
from bot.domain.waste.finding import NotJudged
from bot.views import check_in, home, modal, pair, plan, privacy, settings, tip, trouble, weeks, why
from bot.views import help as help_views
from bot.views import scorecard as card_views
from bot.views import silence as silence_views
from bot.views.barriers import Way
from bot.views.home import View
from bot.views.message import Message
from bot.views.told import ANSWERS
from tests import by_hand

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)
KEY = "n-7f3a"
ZERO_TO_ONE = Tip(
    tip_id="flaky-test",
    topic="first-ten-minutes",
    triggers=frozenset({"never_used"}),
    roles=frozenset(),
    owner="enablement",
    expires_on=date(2026, 12, 31),
    link_kind=LinkKind.DOC,
    link="https://docs.lantern.example/flaky",
    text="You have had {tools} since {seat_since}, and up to {last_day} I see no use. That may be exactly right.",
    try_this="If a ten-minute try appeals: hand it a flaky test and ask why it fails.",
    how_to="Open a terminal in the project.\nType `claude`.",
)
TRUST = replace(ZERO_TO_ONE, tip_id="a-question", topic="trust", try_this="Ask for a plan only.", link=None)
WASTE = replace(
    ZERO_TO_ONE,
    tip_id="keep-warm",
    triggers=frozenset({"W15"}),
    link=None,
    text="Context was read in again {occurrences} times: {dollars}. {innocent_reason}",
    try_this="Ask for a summary before the break.",
    how_to="",
)
FACTS: Facts = {
    "tools": ["claude_code"],
    "tool": "claude_code",
    "seat_since": "2026-01-13",
    "first_day": "2026-02-02",
    "last_day": "2026-03-01",
    "occurrences": 9,
    "dollars": "roughly $11 to $16",
    "low_microusd": 11_000_000,
    "high_microusd": 16_000_000,
    "innocent_reason": "Short questions cannot reuse much.",
}
FINDING = replace(
    by_hand.WASTE,
    counted_microusd=12_400_000,
    forgiven_microusd=9_000_000,
    low_microusd=11_000_000,
    high_microusd=16_000_000,
    innocent_reason="Short questions cannot reuse much.",
    evidence={"prompt_tokens": 4_200_000, "hit_rate": 0.41, "window_last_day": "2026-03-01", "price_microusd": None},
)
REPORTS = tuple(
    CheckIn(day, helped)
    for day, helped in (
        (date(2026, 1, 13), Helped.NOT_REALLY),
        (date(2026, 1, 27), Helped.SOMEWHAT),
        (date(2026, 2, 10), Helped.SOMEWHAT),
        (date(2026, 2, 24), Helped.CLEARLY),
    )
)
STANDING = Standing(
    State.BUILDING,
    LAST_DAY,
    "used, in 6 of the last 12 weeks",
    evidence={"tools": ["claude_code"], "working_days": 20, "last_active_on": "2026-02-26"},
)


def usage(*, understood: bool) -> Message:
    return help_views.message(
        command="/ai-stats", team_command="/ai-team", nudge_command="/ai-nudge", understood=understood
    )


def numbers(
    *,
    scale: int = 1,
    tool: str = "claude_code",
    covered: Iterable[date] | None = None,
    counters: Counters | None = None,
) -> Numbers:
    """Three days of use a week over eight weeks, a seat, a finding, merged work; `scale` multiplies every counter."""
    first = LAST_DAY - timedelta(days=83)
    seen = frozenset(first + timedelta(days=offset) for offset in range(84)) if covered is None else frozenset(covered)
    each = counters or Counters(
        requests=40 * scale,
        sessions=6 * scale,
        input_tokens=200_000 * scale,
        cache_read_tokens=1_000_000 * scale,
        cache_write_tokens=100_000 * scale,
        output_tokens=60_000 * scale,
        cost_microusd=15_000_000 * scale,
    )
    return Numbers(
        person=Person(1, "Europe/Paris", "FR", "fr", "dev", "Beacon", None, None, "U0ADA"),
        window=UsageWindow(
            last_day=LAST_DAY,
            weeks=tuple(WeekSum(tool, "claude-opus-4-6", week, each, 0b0111000, 0b0111000) for week in range(8)),
            first_active_on=date(2025, 6, 2),
            last_active_on=date(2026, 2, 26),
        ),
        calendar=WorkCalendar("Europe/Paris"),
        seats=(Seat(tool, date(2025, 6, 1), None, 20_000_000),),
        standing=STANDING,
        findings=(
            replace(FINDING, tool=tool, counted_microusd=12_400_000 * scale, forgiven_microusd=9_000_000 * scale),
        ),
        beside=Beside(
            coverage=Coverage({tool: seen}, {tool: ("claude_code", "file")}),
            outcomes=(
                OutcomeFact(OutcomeKind.PR_MERGED, "a", date(2026, 2, 5), source="file"),
                OutcomeFact(OutcomeKind.PR_MERGED, "b", date(2026, 2, 6), source="file"),
                OutcomeFact(OutcomeKind.PR_REVERTED, "b", date(2026, 2, 9), source="file"),
                OutcomeFact(OutcomeKind.PR_MERGED, "c", date(2026, 2, 27), source="file"),
                OutcomeFact(OutcomeKind.PR_MERGED, "d", date(2026, 1, 20), source="file"),
            ),
            work=tuple(
                WorkDone("file", OutcomeKind.PR_MERGED, day)
                for day in (date(2026, 1, 20), date(2026, 2, 5), date(2026, 2, 6), date(2026, 2, 27))
            ),
            outcomes_ever_seen=True,
            tips_helpful=1,
            tips_not_helpful=0,
            check_ins=(
                CheckIn(date(2026, 2, 10), Helped.SOMEWHAT),
                CheckIn(date(2026, 2, 24), Helped.CLEARLY, Saving.UP_TO_AN_HOUR, WentTo.OTHER_WORK),
            ),
            follow_ups=(
                FollowUp(
                    "W15", tool, date(2026, 1, 28), 28, Measure.CACHE_REUSE, 31, 58, None, date(2026, 1, 29), LAST_DAY
                ),
                FollowUp(
                    "W06",
                    tool,
                    date(2026, 2, 1),
                    28,
                    Measure.TIMES_SEEN,
                    3,
                    None,
                    Unknowable.NOT_SEEN,
                    date(2026, 2, 2),
                    LAST_DAY,
                ),
            ),
            told={Answer.ON_LEAVE: date(2026, 2, 20)},
            meant={("W10", tool): date(2026, 2, 3)},
        ),
    )


def many_numbers() -> dict[str, Numbers]:
    """People in very different places: everything known, nothing known, new, idle, without a price."""
    known = numbers()
    nothing = Beside(Coverage(), (), outcomes_ever_seen=False, tips_helpful=0, tips_not_helpful=0)
    empty = replace(known, window=UsageWindow(LAST_DAY), seats=(), standing=None, findings=(), beside=nothing)
    return {
        "known": known,
        "nothing": empty,
        "not covered": replace(empty, seats=known.seats),
        "idle": replace(known, window=UsageWindow(LAST_DAY), findings=()),
        "exploring": replace(known, window=replace(known.window, first_active_on=date(2026, 1, 20))),
        "no price": replace(numbers(counters=Counters(requests=4, input_tokens=900)), seats=(), findings=()),
        "no tokens": replace(numbers(counters=Counters(requests=4)), seats=(), findings=()),
        "data end early": numbers(covered=[LAST_DAY - timedelta(days=back) for back in range(3, 60)]),
        "days missing": numbers(covered=[LAST_DAY - timedelta(days=back) for back in range(60) if back != 10]),
        "reporting": replace(known, beside=replace(known.beside, check_ins=REPORTS)),
        "early": replace(
            known,
            seats=(Seat("claude_code", date(2026, 2, 23), None, 20_000_000),),
            window=replace(known.window, weeks=known.window.weeks[:1], first_active_on=date(2026, 2, 24)),
            standing=replace(STANDING, state=State.GRACE),
            findings=(),
        ),
        "on leave": replace(known, calendar=replace(known.calendar, started_on=date(2027, 1, 1))),
    }


def every_message(
    given: Numbers | None = None, *, facts: Facts = FACTS, word: str = "Robin Osei"
) -> dict[str, Message]:
    """Every message there is, about one person; `word` stands wherever a setting or a typed word enters."""
    mine = given or numbers()
    card = scorecard.build(mine)
    silent = [NotJudged("W10", word), NotJudged("W99", "no prices")]
    messages = {
        "card": card_views.message(card, today=TODAY, has_tip=True),
        "one thing": card_views.one_thing(ZERO_TO_ONE, facts),
        "no thing": card_views.one_thing(None, {}),
        "why": why.message(card, standing=mine.standing, findings=mine.findings, not_judged=silent, today=TODAY),
        "why quiet": why.message(
            card,
            standing=mine.standing,
            findings=(),
            not_judged=(),
            today=TODAY,
            silence="\n".join(
                silence_views.words(reason, first_day=LAST_DAY, last_day=LAST_DAY, today=TODAY) for reason in Silence
            ),
        ),
        "help": usage(understood=True),
        "not understood": usage(understood=False),
        "privacy": privacy.message(
            held={"usage_day": 412, "identity": 3, "nudge": 1},
            receipts=receipts(word),
            retention_days=400,
            introduced_by=word,
            sources=["claude_code", word],
            today=TODAY,
        ),
        "nothing held": privacy.message(
            held={}, receipts=[], retention_days=400, introduced_by=word, sources=[], today=TODAY
        ),
        "paused": settings.paused(),
        "resumed": settings.resumed(),
        "snoozed": settings.snoozed(until=date(2026, 3, 16), today=TODAY),
        "stopped": settings.stopped(),
        "export": settings.export_on_its_way(),
        "forget?": settings.forget_question(),
        "forgotten": settings.forgotten(row_count=431),
        "left out": settings.left_out(),
        "kept": settings.kept(),
        "error": trouble.error(error_id="k7f3"),
        "stranger": trouble.not_in_roster(),
        "not ours": trouble.not_ours(),
        "gone": tip.unavailable(),
    }
    messages |= {f"weeks as {form}": weeks.message(card.weeks, form=form, today=TODAY) for form in weeks.Form}
    return messages | tip_messages(facts, word) | step_messages(facts, word) | check_in_messages(facts, word)


def receipts(word: str) -> list[privacy.Receipt]:
    """Summaries of everybody, of a named group and of many without a name, opened and not."""
    of = [(None, True, {"lead": 1}), (word, False, {"manager": 2, "lead": 5}), *[(None, False, {})] * 6]
    return [privacy.Receipt(LAST_DAY, label, everybody, opened) for label, everybody, opened in of]


def tip_messages(facts: Facts, word: str) -> dict[str, Message]:
    """Every form of a tip."""
    messages = {
        "first contact": tip.message(
            nudge_key=KEY, tip=ZERO_TO_ONE, trigger="never_used", facts=facts, introduce_by=word
        ),
        "zero to one": tip.message(nudge_key=KEY, tip=ZERO_TO_ONE, trigger="lapsed", facts=facts, introduce_by=None),
        "waste": tip.message(nudge_key=KEY, tip=WASTE, trigger="W15", facts=facts, introduce_by=None),
        "how to": tip.how_to(tip=ZERO_TO_ONE, facts=facts),
    }
    for trigger in ("never_used", "W01", "W06", "W10", "W15", "W99"):
        messages[f"why {trigger}"] = tip.why(trigger=trigger, facts=facts, rule_version="nudges-1", today=TODAY)
        messages[f"why {trigger}, planned"] = tip.why(
            trigger=trigger, facts=facts, rule_version="nudges-1", today=TODAY, of_campaign=True
        )
    for trigger in ("first_steps", "at_risk"):
        messages[f"tip {trigger}"] = tip.message(
            nudge_key=KEY, tip=ZERO_TO_ONE, trigger=trigger, facts=facts, introduce_by=None
        )
    for answer in ANSWERS.values():
        said = tip.answered(nudge_key=KEY, tip=ZERO_TO_ONE, facts=facts, answer=answer)
        messages[f"answered {answer}"] = said
    return messages


def step_messages(facts: Facts, word: str) -> dict[str, Message]:
    """Every next step from zero to one, and every form of a plan."""
    page = "https://docs.lantern.example/rules"
    way = Way(access_link=page, data_rules_link=page, trust=TRUST)
    made = IfThen("flaky-test", Cue.STUCK, NOW, TODAY + timedelta(days=8))
    reminded: Facts = {"cue": Cue.THURSDAY.value, "planned_on": "2026-02-20", "last_day": "2026-03-01"}
    messages = {
        f"step {answer} {'with' if here.access_link else 'without'} pages": tip.answered(
            nudge_key=KEY, tip=ZERO_TO_ONE, facts=facts, answer=answer, way=here
        )
        for answer in (Answer.NO_ACCESS, Answer.NOT_ALLOWED, Answer.NO_TRUST, Answer.NO_TIME)
        for here in (way, Way())
    }
    for name, recipes in (("recipes", (ZERO_TO_ONE, TRUST)), ("no recipes", ())):
        messages[name] = tip.no_use(nudge_key=KEY, tip=ZERO_TO_ONE, facts=facts, recipes=recipes)
    for silent in (False, True):
        messages[f"plan, silent {silent}"] = plan.made(nudge_key=KEY, tip=ZERO_TO_ONE, plan=made, silent=silent)
    for steps in (False, True):
        messages[f"reminder, steps {steps}"] = plan.reminder(
            nudge_key=KEY, tip=ZERO_TO_ONE, facts=reminded, introduce_by=word if steps else None, with_steps=steps
        )
    messages["why a reminder"] = plan.why(facts=reminded, rule_version="nudges-2", today=TODAY)
    messages["plan forgotten"] = plan.forgotten()
    return {**messages, **pair_messages(word)}


def pair_messages(word: str) -> dict[str, Message]:
    """Every message about fifteen minutes with a colleague but the one with a name: tests/views/test_pair.py."""
    request = Request(1, None, None, PairState.NOBODY, 3, NOW, NOW)
    return {
        "pair, ask": pair.message(nudge_key=KEY, trigger=ASK, facts={}, introduce_by=word),
        "pair, nobody": pair.message(nudge_key=KEY, trigger=NOBODY_FREE, facts={}),
        "pair, why asked": pair.why(ASK),
        "pair, why told": pair.why(NOBODY_FREE),
        "pair, requested": pair.requested(),
        "pair, already": pair.not_now(request),
        "pair, silent": pair.not_now(None),
        **{f"pair, taken back {done}": pair.taken_back(done) for done in (True, False)},
        **{
            f"pair, yes {yes}, in time {in_time}": pair.answered(yes=yes, in_time=in_time)
            for yes in (True, False)
            for in_time in (True, False)
        },
    }


def check_in_messages(facts: Facts, word: str) -> dict[str, Message]:
    """Every form of a check-in."""
    habit = {name: facts[name] for name in ("tools", "first_day", "last_day")}
    messages = {
        "check-in": check_in.message(nudge_key=KEY, introduce_by=None),
        "check-in, first contact": check_in.message(nudge_key=KEY, introduce_by=word),
        "check-in, no more": check_in.no_more(nudge_key=KEY),
        "check-in, why": check_in.why(facts=habit, rule_version="nudges-2", today=TODAY),
        "taken back": settings.taken_back(),
    }
    for helped, saving, went_to in (
        (Helped.NOT_REALLY, None, None),
        (Helped.SOMEWHAT, Saving.COST_TIME, WentTo.NOT_SAID),
        (Helped.CLEARLY, Saving.OVER_THREE_HOURS, WentTo.OFF_WORK),
    ):
        said = CheckIn(TODAY, helped, saving, went_to)
        messages[f"check-in, {helped}"] = check_in.answered(nudge_key=KEY, check_in=said)
    return messages


def every_view(given: Numbers | None = None, *, word: str = "Robin Osei") -> dict[str, View]:
    """Every App Home page and modal."""
    card = scorecard.build(given or numbers())
    wishes = {
        "new": Preferences(),
        "known": Preferences(introduced_at=NOW),
        "paused": Preferences(paused_at=NOW),
        "stopped": Preferences(stopped_at=NOW),
        "snoozed": Preferences(snoozed_until=NOW + timedelta(weeks=2)),
        "told": Preferences(
            no_access_at=NOW,
            on_leave_at=NOW,
            no_questions_at=NOW,
            meant={(f"W{number:02}", word): NOW for number in range(1, 13)},
        ),
    }
    views = {
        f"home {name}": home.view(card=card, preferences=said, has_tip=True, introduced_by=word, now=NOW, today=TODAY)
        for name, said in wishes.items()
    }
    views["home with a plan"] = home.view(
        card=card,
        preferences=Preferences(introduced_at=NOW),
        has_tip=True,
        introduced_by=word,
        now=NOW,
        today=TODAY,
        if_then=IfThen("flaky-test", Cue.MONDAY, NOW, TODAY + timedelta(days=14)),
        planned_tip=ZERO_TO_ONE,
    )
    for state in PairState:
        views[f"home with a request, {state}"] = home.view(
            card=card,
            preferences=Preferences(introduced_at=NOW),
            has_tip=True,
            introduced_by=word,
            now=NOW,
            today=TODAY,
            pairs=Own(offers=True, request=Request(1, None, None, state, 1, NOW, NOW), is_told=True),
        )
    views["home of a stranger"] = home.view(
        card=None, preferences=Preferences(), has_tip=False, introduced_by=word, now=NOW, today=TODAY
    )
    for name, message in every_message(given, word=word).items():
        if name in ("weeks as chart", "weeks as table"):
            continue  # in messages only
        views[f"modal {name}"] = modal.modal("Kindling", message)
    return views


def all_messages() -> dict[str, Message]:
    """Every message about everybody in `many_numbers`."""
    return {
        f"{who}: {name}": message
        for who, mine in many_numbers().items()
        for name, message in every_message(mine).items()
    }
