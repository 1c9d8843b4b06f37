"""What leads read of campaigns: within Slack's limits, in words and never in codes, about nobody in particular."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.domain.experiment.evidence import Verdict
from bot.domain.nudging import Silence
from bot.domain.tips import ROLES, TRIGGERS
from bot.sources.tip_library import load_tips
from bot.store import audiences, campaigns, cohorts
from bot.views import campaign_forecast, campaign_form, campaign_results, limits
from bot.views import campaign_words as words
from bot.views.campaign_forecast import SILENCES, Forecast
from bot.views.ids import parse
from bot.views.limits import Surface
from bot.views.message import Message
from bot.views.patterns import PATTERNS
from jobs.rounds import Pace
from tests.views import campaign_samples as samples

TIPS = load_tips()
MESSAGES = samples.every_message(TIPS)
HOSTILE = (
    "<!channel> <@U123> <https://evil.example|click>",
    "*bold* _it_ `code`",
    "x" * 900,
    "&" * 900,
    "\u202e\u0000",
)


def text_of(message: Message) -> str:
    return re.sub(r"\s+", " ", message.text)


@pytest.mark.parametrize("name", MESSAGES)
def test_screen_keeps_slacks_limits(name: str) -> None:
    """Slack would take every screen, as a message and in a modal."""
    message = MESSAGES[name]

    assert [] == limits.check(message.blocks)
    assert [] == limits.check(message.blocks, Surface.MODAL)
    assert 0 < len(message.text) <= 12_000


@pytest.mark.parametrize("word", ["glass", *HOSTILE])
def test_forms_keep_slacks_limits(word: str) -> None:
    """Slack would take every form, with however many teams and tips there are to choose from."""
    assert {} == {name: found for name, one in samples.every_form(word).items() if (found := limits.check_view(one))}


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_names_are_only_words(word: str) -> None:
    """What somebody calls a campaign or a team cannot mark up, mention or link, on any screen."""
    for message in samples.every_message(TIPS, word).values():
        assert [] == limits.check(message.blocks)
        assert not re.search(r"<[!@#h]", message.text)
        marked = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
        assert not [text for text in marked if re.search(r"<[!@#h]", text)]


def test_no_code_is_said_to_anybody() -> None:
    """A trigger, a state, a role or a reason stands on every screen in words, and never as its name in the code."""
    codes = {*TRIGGERS, *ROLES, *SILENCES, "one_off", "never_used", "cannot_tell_yet", "claude_code", "treated"} - {
        *("lead", "building", "lapsed", "paused", "stopped", "unknown", "exploring", "shadow", "grace", "snoozed")
    }
    said = {name: text_of(message) for name, message in MESSAGES.items()}
    found = {(name, code) for name, text in said.items() for code in codes if re.search(rf"\b{code}\b", text)}

    assert set() == {(name, code) for name, code in found if not name.endswith("why") or code.startswith("W") is False}


def test_every_trigger_role_and_reason_has_words() -> None:
    """Whatever a campaign can be about or narrowed to, whatever keeps somebody from hearing it, and whatever ends it by
    itself is said in words; a pattern is called what people are told it is called.
    """
    from_the_night = {one.value for one in Silence}

    assert TRIGGERS == set(words.ABOUT)
    assert {name: PATTERNS[name].name for name in words.ABOUT_COST} == words.ABOUT_COST
    assert ROLES == set(words.ROLES)
    assert {cohorts.OUT_OF_TIME, campaigns.HARM} == set(words.ENDED)
    assert {*audiences.HOLDING, audiences.IN_ANOTHER, audiences.HELD_OUT} <= set(SILENCES)
    assert set() == set(SILENCES) - from_the_night - {audiences.IN_ANOTHER, audiences.HELD_OUT}


def test_who_planned_or_approved_is_not_said() -> None:
    """No screen carries the id of a lead, and buttons carry the campaign's own key and nothing else."""
    for message in MESSAGES.values():
        assert not re.search(r"UAUTHOR|UAPPROVER", f"{message.text}{message.blocks}")
        for block in message.blocks:
            for one in [*block.get("elements", ()), block.get("accessory")]:
                if one and one.get("value") and not one["action_id"].startswith("sample_"):
                    assert samples.KEY == parse(one["value"]).campaign_key


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (samples.PLAN, "One tip of the family “First ten minutes”."),
        (samples.SEQUENCE, "1. “Before the break”. 2. One tip of the family “Idle conversation”, 9 days after the one"),
        (samples.SEQUENCE, "Long conversations taken up cold: developers, with Claude Code, in the team glass."),
        (samples.SEQUENCE, "from 11:00 to 14:00 on each person's own clock. At most 120 messages."),
        (samples.SEQUENCE, "With nobody. Then nobody can ever tell whether it helped."),
        (samples.WEEKLY, "2 March, in their working hours on each person's own clock."),
        (samples.PLAN, "2 to 29 March, in their working hours"),
    ],
)
def test_plan_is_told_in_words(plan: Any, said: str) -> None:
    """A plan reads as its author meant it."""
    page = samples._pages(plan, "glass")["draft True"]

    assert said in text_of(page)


@pytest.mark.parametrize(
    ("people", "hearing", "points", "said"),
    [
        (40, 40, None, "no difference could be seen, however large. Messages like these usually change 1 to 3 points"),
        (200, 180, 33.1, "only a difference of about 33 points could be seen"),
        (150_000, 150_000, 1.2, "a difference of about 1 point could be seen"),
        (150_000, 150_000, 1.2, "They take about 8 working days"),
        (40, 40, None, "They fit into one working day"),
        (40, None, None, "So few of them could be written to just now that no number is said."),
    ],
)
def test_dry_run_says_what_can_be_seen(people: int, hearing: int | None, points: float | None, said: str) -> None:
    """The arithmetic of the pace of delivery, and what could be seen beside what is usual."""
    told = campaign_forecast.message(Forecast(people, hearing, {}, points), samples.PLAN)

    assert said in text_of(told)


@pytest.mark.parametrize(("points", "said"), [(2, "2 more do"), (0, "just as many do"), (-3, "3 fewer do")])
def test_all_campaigns_together_are_one_plain_line(points: int, said: str) -> None:
    """What all of them suggest is an estimate with its range, never a verdict and never a list of the best."""
    told = campaign_results.all_together(samples.TOGETHER | {"points": points})

    assert f"of 100 who get a message {said} what their message hopes for" in told
    assert "between 1 fewer and 5 more fits what was seen in 4 campaigns" in told
    assert "It is an estimate" in told


def test_dry_run_reckons_with_the_pace_of_delivery() -> None:
    """What leads are told leaves in a minute is what delivery keeps to."""
    assert Pace().rate_per_s * 60 == campaign_forecast.MESSAGES_A_MINUTE


def test_dry_run_of_too_few_has_no_number() -> None:
    """Where nobody may be counted, no number of people stands on the screen at all."""
    assert not re.search(r"\d", text_of(MESSAGES["one: dry run of nobody"]))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "none",
            "I cannot tell yet. What people do is looked at 28 days after they were drawn, so not before 30 March",
        ),
        ("cannot tell", "I cannot tell yet. Of about 60 people"),
        ("cannot tell", "between 12 fewer and 25 more did what the message hopes for"),
        ("helps", "It seems to help, also after what it costs people."),
        ("helps", "between just as many and 9 more"),
        ("harms", "It seems to do more harm than good, so it stops by itself."),
    ],
)
def test_result_is_plain(name: str, said: str) -> None:
    """A verdict, a range of people out of a hundred, what it cost, and no winner."""
    told = text_of(MESSAGES[f"result: {name}"]).replace("*", "")

    assert said in told
    assert "is charged against it" in told
    assert "There is no winner here" in told


def test_result_is_read_as_it_was_published() -> None:
    """What was frozen comes back; where nothing could be told, or something else stands there, nothing is said."""
    kept = {"about_people": 60, "low_points": -12, "high_points": 25, "verdict": "cannot_tell_yet"}

    found = campaign_results.read(samples.TODAY, kept)
    assert found is not None
    assert (60, -12, 25, Verdict.CANNOT_TELL_YET) == (
        found.about_people,
        found.low_points,
        found.high_points,
        found.verdict,
    )
    assert None is campaign_results.read(samples.TODAY, {"result": None})
    assert None is campaign_results.read(samples.TODAY, {})


def test_a_choice_of_a_message_is_read_back() -> None:
    """What a form offers for a message leads to the step that it stands for."""
    for step in samples.SEQUENCE.steps:
        assert step == campaign_form.step_of(campaign_form.value_of(step), step.gap_days)


def test_samples_lead_nowhere() -> None:
    """No button of a sample bears the id of one that does something."""
    for name in ("one: sample", "sequence: sample"):
        inside = [one for block in MESSAGES[name].blocks for one in block.get("elements", ()) if "action_id" in one]
        assert inside
        assert {True} == {one["action_id"].startswith("sample_") for one in inside}
