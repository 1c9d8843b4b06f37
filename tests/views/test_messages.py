"""Every message and view there is: within Slack's limits, whole in its text, and safe whatever it is given."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain import scorecard
from bot.domain.check_in import Saving, WentTo
from bot.domain.occasions import CHECK_IN
from bot.domain.outcomes import OutcomeKind
from bot.domain.plans import Cue
from bot.domain.results import OutcomeFact
from bot.domain.sight import DaysOfUse
from bot.domain.tips import SAMPLE_FACTS, Facts, Tip
from bot.domain.told import Answer
from bot.domain.waste.finding import Ledger, NotJudged
from bot.sources.tip_library import load_tips
from bot.views import limits, pieces, rules, tip, told, why
from bot.views import scorecard as card_views
from bot.views.campaign_preview import SAMPLE
from bot.views.ids import SNOOZE_WEEKS, Action, parse
from bot.views.message import Message
from bot.views.told import ANSWERS
from tests.views import campaign_samples, samples, team_samples, tip_samples

HOSTILE = [
    "<!channel> <!here> <@U123> <#C1|x> <https://evil.example|click>",
    "*bold* _it_ ~no~ `code` &amp; &lt;!channel&gt;",
    "\u202egnp.exe \u2066\u200f\u200b\u0000\x1b[31m",
    "x" * 5000,
    "&" * 5000,
    ":fire: :rocket: {tools} {0} %s",
    "",
]
MESSAGES = samples.all_messages()
PICTURE = re.compile("^[■□?]+ |^– ", re.MULTILINE)


@pytest.mark.parametrize("name", MESSAGES)
def test_message_keeps_slacks_limits(name: str) -> None:
    """Slack would take every message, about anybody."""
    message = MESSAGES[name]

    assert [] == limits.check(message.blocks)
    assert 0 < len(message.text) < 12_000


@pytest.mark.parametrize("who", samples.many_numbers())
def test_views_keep_slacks_limits(who: str) -> None:
    """Slack would take every App Home page and every modal."""
    for view in samples.every_view(samples.many_numbers()[who]).values():
        assert [] == limits.check_view(view)


@pytest.mark.parametrize("name", MESSAGES)
def test_text_holds_every_word_of_the_blocks(name: str) -> None:
    """Who listens to the text hears what others see: each paragraph and each button."""
    message = MESSAGES[name]
    heard = squeezed(message.text)

    for words in shown(message.blocks):
        if PICTURE.search(words):
            continue  # what the signs show stands in the text in words: tests/views/test_weeks.py
        assert squeezed(words) in heard


def test_what_is_posted_stays_short() -> None:
    """A tip and its answered form stay below the 4,000 characters that a message may be edited with."""
    for message in samples.tip_messages(samples.FACTS, "Robin Osei").values():
        assert len(message.text) < 4000


@pytest.mark.parametrize("shipped", load_tips(), ids=lambda shipped: shipped.tip_id)
def test_every_shipped_tip_becomes_a_message(shipped: Tip) -> None:
    """Each tip in `tips/`, as first contact, answered, and with its steps, which need no fact that may be missing."""
    trigger = min(shipped.triggers)
    first = tip.message(
        nudge_key=samples.KEY, tip=shipped, trigger=trigger, facts=SAMPLE_FACTS, introduce_by="Robin Osei"
    )
    shown_how = tip.answered(nudge_key=samples.KEY, tip=shipped, facts=SAMPLE_FACTS, answer=Answer.SHOW_ME)

    for message in (first, shown_how, tip.how_to(tip=shipped, facts={"last_day": "2026-03-01"})):
        assert [] == limits.check(message.blocks)
        assert len(message.text) < 4000
        assert not re.search(r"[{}]", message.text)


def test_lock_screen_learns_nothing() -> None:
    """The first line is the same for everybody: no figure, no tool, no verdict."""
    for message in MESSAGES.values():
        first = message.text.splitlines()[0]
        assert not re.search(r"\d|\$|Claude|seat|cost", first), first


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_are_only_words(word: str) -> None:
    """Nothing that comes from a file, a setting or a keyboard mentions, links, marks up, hides or overflows."""
    facts: Facts = {**samples.FACTS, "tools": [word], "tool": word, "innocent_reason": word, "dollars": word}
    mine = samples.numbers(tool=word)
    finding = replace(mine.findings[0], innocent_reason=word, evidence={word: word, "tool": word})
    standing = replace(samples.STANDING, reason=word, evidence={word: word, "tools": [word]})
    mine = replace(mine, findings=(finding,), standing=standing)

    for name, message in samples.every_message(mine, facts=facts, word=word).items():
        assert [] == limits.check(message.blocks), name
        assert_harmless(message)
    for view in samples.every_view(mine, word=word).values():
        assert [] == limits.check_view(view)


def test_tip_says_fact_then_try_then_way_out() -> None:
    """The own fact comes first, then one thing to try, then answers, and the way out last."""
    message = samples.every_message()["zero to one"]

    assert message.blocks[0]["text"]["text"].startswith("You have had Claude Code since 13 January")
    assert message.blocks[1]["text"]["text"].startswith("If a ten-minute try appeals")
    assert ["Show me how", "Plan it: when?", "What stands in the way?"] == labels(message.blocks[2])
    expected = [
        "I have no access",
        "Not allowed with my data",
        "I see no use for my work",
        "I do not trust it",
        "I have no time for it",
        "I use something else",
        "I was away",
    ]
    assert expected == [option["text"]["text"] for option in message.blocks[2]["elements"][2]["options"]]
    assert ["Why this?", "Snooze", "Stop these messages"] == labels(message.blocks[3])
    assert 4 == len(message.blocks)


def test_waste_tip_asks_whether_it_helped() -> None:
    """Waste is answered with helpful or not, and a tip without steps offers none."""
    message = samples.every_message()["waste"]

    assert ["Helpful", "Not helpful", "That was meant"] == labels(message.blocks[3])
    assert "not a bill" in message.text


def test_first_contact_introduces_in_the_same_message() -> None:
    """Who set this up, what is seen, what never, how to stop, and then the tip; later messages begin with the fact."""
    text = samples.every_message()["first contact"].text

    for said in ("Robin Osei set me up", "Never prompts, answers or code", "Who sees yours: you", "stop them"):
        assert said in text
    assert text.index("I am Kindling") < text.index("You have had Claude Code")
    assert "I am Kindling" not in samples.every_message()["zero to one"].text


@pytest.mark.parametrize("answer", ANSWERS.values())
def test_answered_tip_keeps_only_the_way_out(answer: Answer) -> None:
    """After a tap the answers are gone, a short thanks stands there, and snooze, stop and a way back remain."""
    message = samples.every_message()[f"answered {answer}"]
    ids = [
        element["action_id"]
        for block in message.blocks
        for element in block.get("elements", ())
        if block["type"] == "actions"
    ]

    way_back = {Action.TAKE_BACK} if answer in told.LABELS else set()
    assert {Action.WHY_TIP, Action.SNOOZE, Action.STOP} | way_back == set(ids) - {Action.OPEN_LINK}
    assert ["Why this?", "Snooze", "Stop these messages"] == labels(message.blocks[-1])


def test_buttons_carry_an_opaque_key_and_nothing_else() -> None:
    """Whatever a button or option carries reads back as a key of a nudge or a number of weeks."""
    for message in MESSAGES.values():
        for element in elements(message.blocks):
            values = [element.get("value"), *(option["value"] for option in element.get("options", ()))]
            for payload in map(parse, values):
                assert payload.nudge_key in (None, samples.KEY)
                assert payload.weeks in (None, *SNOOZE_WEEKS)
                assert payload.choice in (None, CHECK_IN, *Saving, *WentTo, *told.LABELS, *Cue)


def test_every_action_is_somewhere() -> None:
    """No action id without a button, and no button without an action id."""
    all_views = [*samples.every_view().values(), *tip_samples.every_view()]
    views = [block for view in all_views for block in view["blocks"]]
    of_leads = campaign_samples.every_message([]).values()
    messages = [*MESSAGES.values(), *team_samples.every_message().values(), *of_leads]
    everywhere = [*views, *(block for message in messages for block in message.blocks)]

    ids = {element["action_id"] for element in elements(everywhere)}
    assert set(Action) == {Action(one) for one in ids if not one.startswith(SAMPLE)}


def test_card_has_four_quadrants_of_equal_weight() -> None:
    """Habit, efficiency, outcome, value: once each, in the same kind of block, none with a colour, icon or bar."""
    blocks = samples.every_message()["card"].blocks
    sections = [block for block in blocks if block["type"] == "section"]

    titles = [re.match(r"\*(\w+)\*\n", block["text"]["text"]) for block in sections]
    assert ["Habit", "Efficiency", "Outcome", "Value"] == [found[1] for found in titles if found]
    assert {("type", "text")} == {tuple(block) for block in sections}


def test_why_explains_every_finding_and_source() -> None:
    """Formula, inputs, thresholds, rule version, source and date stand in the explanation."""
    text = samples.every_message()["why"].text

    for said in (
        "W15-1",
        "states-3",
        "card-3",
        "tokens read: 4,200,000",
        "60 %",
        "imported files",
        "price: not known",
    ):
        assert said in text


def test_why_names_the_rule_of_every_line() -> None:
    """Each line of the card that is worked out has its rule, with its version, in the explanation (P11)."""
    known = samples.many_numbers()["reporting"]
    twice = OutcomeFact(OutcomeKind.PR_MERGED, "a", date(2026, 2, 5), source="git-shop")
    told = replace(known, beside=replace(known.beside, outcomes=(*known.beside.outcomes, twice)))
    text = samples.every_message(told)["why"].text

    for version in ("card-3", "results-3", "same-work-2", "value-1", "weeks-2", "states-", "W15-"):
        assert version in text
    assert "git-shop told me of some of the same work as another source; each piece is counted once" in text
    assert (
        "(“Not really” and “Somewhat”) are compared with as many of the latest (“Somewhat” and “Yes, clearly”)" in text
    )


def test_why_says_when_no_cost_of_one_is_told() -> None:
    """Too few pieces, or money that is not known in full, is named as the reason."""
    few, unseen = samples.numbers(), samples.many_numbers()["data end early"]
    few = replace(few, beside=replace(few.beside, work=few.beside.work[:2]))

    assert "no cost of one below 3 pieces in 28 days; there were 1." in samples.every_message(few)["why"].text
    assert "I tell no cost of one, because in these 28 days a price" in samples.every_message(unseen)["why"].text


def test_why_calls_no_unseen_week_a_zero() -> None:
    """Each week is told in words: with use, without, or not visible, which is not the same (P12)."""
    unseen = samples.every_message(samples.many_numbers()["not covered"])["why"].text
    seen = samples.every_message()["why"].text

    assert 12 == unseen.count(": not visible to me.")
    assert "2 to 8 February: used on 3 of 5 working days; 2 changes merged." in seen
    assert "8 to 14 December: no use seen on 5 working days." in seen


def test_why_gives_a_shared_reason_once() -> None:
    """Patterns that could not be looked for, for one and the same reason, stand together."""
    mine = samples.numbers()
    silent = [NotJudged(detector, "no source finished a day for claude_code") for detector in ("W01", "W15")]
    told = why.message(
        scorecard.build(mine), standing=mine.standing, findings=(), not_judged=silent, today=samples.TODAY
    )

    assert 1 == told.text.count("no source finished a day for Claude Code")


@pytest.mark.parametrize(
    ("old", "there", "said"),
    [
        (1, 1, "The one older than 14 days is still there."),
        (1, 0, "The one older than 14 days was taken back."),
        (2, 2, "Both older than 14 days are still there."),
        (5, 5, "All 5 older than 14 days are still there."),
        (5, 3, "Of 5 older than 14 days, 3 are still there."),
        (5, 1, "Of 5 older than 14 days, 1 is still there."),
        (5, 0, "Of 5 older than 14 days, none is still there."),
    ],
)
def test_what_stayed_reads_like_a_sentence(old: int, there: int, said: str) -> None:
    """One, all, some and none."""
    outcome = scorecard.build(samples.numbers()).outcome
    assert outcome is not None

    assert said in card_views.outcome_words(replace(outcome, old_enough=old, still_there=there))


@pytest.mark.parametrize(
    ("merged", "back", "said"),
    [
        (8, 1, "8 changes merged (1 the four weeks before). 1 of them was taken back. Both older than 14 days are"),
        (8, 3, "3 of them were taken back."),
        (4, 4, "All 4 of them were taken back."),
        (1, 1, "1 change merged (1 the four weeks before). It was taken back."),
    ],
)
def test_what_was_taken_back_is_one_of_the_merged(merged: int, back: int, said: str) -> None:
    """It is no change more; once all have had their 14 days, what is still there says it."""
    known = scorecard.build(samples.numbers()).outcome
    assert known is not None
    old = min(2, merged - 1)
    outcome = replace(known, counts={OutcomeKind.PR_MERGED: merged}, taken_back=back, old_enough=old, still_there=old)

    assert said in card_views.outcome_words(outcome)
    assert said not in card_views.outcome_words(replace(outcome, old_enough=merged, still_there=merged - back))


def test_a_change_of_earlier_that_was_taken_back_is_said_apart() -> None:
    """What was merged before these weeks is not among the merged ones."""
    known = scorecard.build(samples.numbers()).outcome
    assert known is not None
    counts = {OutcomeKind.PR_MERGED: 2, OutcomeKind.PR_REVERTED: 1}

    assert card_views.outcome_words(replace(known, counts=counts)).endswith("Also 1 earlier change taken back.")


def test_no_merged_change_is_what_is_known() -> None:
    """Files bring finished work, so none is said as none known (P12)."""
    outcome = scorecard.build(samples.numbers()).outcome
    assert outcome is not None

    said = card_views.outcome_words(replace(outcome, counts={}, old_enough=0))
    assert "No merged change that I know of (1 the four weeks before)." == said


def test_money_stands_on_one_line_and_the_meter_on_the_next() -> None:
    """The sum with its three parts, then what they are worth as a statement, then the meter."""
    efficiency = replace(scorecard.build(samples.numbers()).efficiency, follow_ups=())
    money, below = card_views.efficiency_words(efficiency, samples.TODAY).splitlines()

    assert (
        "$78 in all, seats included: about $12 could have been less, about $9 was exploring. "
        "I looked for what bought nothing, and found nothing else that I can check for."
    ) == money
    assert "The parts are estimates, not a bill. Meter reading: about 5.4 million tokens." == below


def test_seats_are_named_to_those_who_have_one() -> None:
    """Nothing is said of seats to somebody without one, and a seat without a price is said to be missing."""
    efficiency = scorecard.build(samples.numbers()).efficiency
    without, unpriced = (replace(efficiency, seats_included=told) for told in (None, False))

    assert "in all: about" in card_views.efficiency_words(without, samples.TODAY)
    assert "in all, without seats, whose price nobody told me: " in card_views.efficiency_words(unpriced, samples.TODAY)


def test_what_is_seen_in_part_is_not_called_invisible() -> None:
    """Use that only some source saw: days without use cannot be told from days not seen."""
    card = samples.every_message(samples.numbers(covered=[]))["card"].text

    assert "Visible in part: Claude Code (I saw use of it, but cannot tell days without use from" in card
    assert "Not visible to me:" not in card


def test_reports_stand_beside_what_was_seen() -> None:
    """Each check-in with its day and the use in the two weeks before it, oldest first, and a caveat."""
    heading, first, second, caveat, tips = card_views.value_words(
        scorecard.build(samples.numbers()).value, samples.TODAY
    ).splitlines()

    assert "As you reported it, beside the two weeks before:" == heading
    assert "10 February: “somewhat” · used on 6 of 10 working days" == first
    assert (
        "24 February: “yes, clearly”, “30 to 60 minutes” as you felt it, gone into “other work” · used on 6 of 10 "
        "working days"
    ) == second
    assert "felt and what is counted often differ" in caveat
    assert "You told me that 1 tip helped." == tips


def test_second_looks_compare_and_judge_nothing() -> None:
    """Before and after with the same days, or why it cannot be known; no word says better, worse or because."""
    said = card_views.efficiency_words(scorecard.build(samples.numbers()).efficiency, samples.TODAY)

    assert "Since the tip of 28 January: Claude Code read 58 % from its cache, 31 % before it (28 days each)." in said
    assert "Since the tip of 1 February I cannot tell whether anything changed: some working days since" in said
    assert not re.search(r"better|worse|improv|because|thanks to", said)


def test_check_in_says_the_question_the_taps_and_the_way_out() -> None:
    """One question, three answers and the wish not to be asked, then the way out."""
    message = samples.every_message()["check-in"]

    assert ["Yes, clearly", "Somewhat", "Not really"] == labels(message.blocks[2])
    assert ["Why this?", "Snooze", "Do not ask me this again", "Stop these messages"] == labels(message.blocks[3])
    assert 4 == len(message.blocks)


def test_while_exploring_nothing_else_is_said_of_the_money() -> None:
    """In the first 60 days all of it is exploring, or the rest of it, and never $0 of it."""
    efficiency = replace(scorecard.build(samples.numbers()).efficiency, exploring_until=samples.TODAY)
    clean = replace(efficiency.ledgers, optimizable_microusd=0, wasted_microusd=0, exploration_microusd=0)

    assert "the rest was exploring." in card_views.efficiency_words(efficiency, samples.TODAY)
    assert "all of it was exploring." in card_views.efficiency_words(replace(efficiency, ledgers=clean), samples.TODAY)


def test_nothing_found_is_said_as_nothing_found() -> None:
    """No "$0 bought nothing", which says the opposite to the ear; both parts are named whether there is any or not."""
    efficiency = scorecard.build(samples.numbers()).efficiency
    none = replace(efficiency.ledgers, optimizable_microusd=0, wasted_microusd=0, exploration_microusd=0)
    said = card_views.efficiency_words(replace(efficiency, ledgers=none), samples.TODAY)

    assert (
        "$78 in all, seats included. I looked for what could have been less or bought nothing, and found nothing that "
        "I can check for."
    ) in said
    assert "$0" not in said


def test_a_young_seat_is_early_and_not_unseen() -> None:
    """In the first two weeks it is too early to say anything, however well everything can be seen."""
    said = samples.every_message(samples.many_numbers()["early"])["card"].text

    assert "It is too early to say what could have been less or what bought nothing." in said
    assert "Too little is visible" not in said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (DaysOfUse(20, 0, 0, 3), "no use seen on 20 working days; used on 3 days off"),
        (DaysOfUse(20, 0, 20, 3), "not visible to me; used on 3 days off"),
        (DaysOfUse(20, 0, 4, 1), "no use seen on 16 working days, 4 more not visible to me; used on 1 day off"),
        (DaysOfUse(0, 0, 0, 2), "no working days; used on 2 days off"),
        (DaysOfUse(20, 4, 0, 2), "used on 4 of 20 working days; also on 2 days off"),
    ],
)
def test_use_on_a_day_off_is_no_day_without_use(days: DaysOfUse, said: str) -> None:
    """After "no use seen" it is said to be use, and not also none (P12)."""
    assert said == card_views.days_words(days)


def test_days_before_the_first_tool_are_not_days_without_use() -> None:
    """They are left out of the count, and a stretch of nothing else is called so."""
    said = samples.every_message(samples.many_numbers()["early"])["card"].text

    assert "Used on 3 of 5 working days since you have had a tool." in said
    assert "The four weeks before: no tool of yours yet, that I know of." in said


def test_the_price_of_an_idle_seat_is_no_reproach() -> None:
    """Where a seat without use is in what bought nothing, the card says that this may be right."""
    known = samples.numbers()
    idle = replace(samples.FINDING, detector="W01", ledger=Ledger.WASTED)
    seat = replace(known, findings=(idle,))

    assert "A seat without use may be exactly right for your work." in samples.every_message(seat)["card"].text
    assert "A seat without use" not in samples.every_message(known)["card"].text


def test_what_is_held_begins_with_the_person() -> None:
    """The list is a sentence in an order of ours, whatever order the rows were counted in."""
    told = samples.every_message()["privacy"].text

    assert "3 names by which sources know you, 412 daily counts of use and 1 message sent or planned." in told


def test_tip_can_be_explained_to_the_end() -> None:
    """The rule in words, its version and every stored fact."""
    text = samples.every_message()["why never_used"].text

    for said in ("I never saw any use", "nudges-1", "seat since: 13 January", "times seen: 9"):
        assert said in text


def test_unknown_fact_is_said_as_unknown() -> None:
    """None is not nothing."""
    assert ["cost: not known"] == list(rules.evidence_lines({"cost_microusd": None}, samples.TODAY))


def test_link_must_be_https() -> None:
    """Only a full https address becomes a button."""
    steps = tip.how_to(tip=replace(samples.ZERO_TO_ONE, link="javascript:alert(1)"), facts=samples.FACTS)

    assert "Read more" not in steps.text


def assert_harmless(message: Message) -> None:
    """Nothing in `message` is more than words."""
    for said in (message.text, *shown(message.blocks)):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u200f\x00\x1b]", said)
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", said)
        assert not re.search(r"\*bold|_it_|~no~|`code", said)


def shown(blocks: list[dict[str, Any]]) -> list[str]:
    """The words of all blocks as they are seen, escaped: the options of a select, not its placeholder."""
    objects = []
    for block in blocks:
        for part in (block.get("text"), *(block.get("elements") or ())):
            if part is None:
                continue
            if "options" in part:
                objects += [option["text"] for option in part["options"]]
            else:
                objects.append(part if isinstance(part["text"], str) else part["text"])
    return [pieces.escape(text["text"]) if text["type"] == "plain_text" else text["text"] for text in objects]


def squeezed(text: str) -> str:
    """Without the marks and the colons of titles, which are seen and not heard."""
    return re.sub(r"[*:]", "", text)


def elements(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All buttons and selects."""
    beside = [block["accessory"] for block in blocks if "accessory" in block]
    return [*beside, *(element for block in blocks if block["type"] == "actions" for element in block["elements"])]


def labels(block: dict[str, Any]) -> list[str]:
    """What stands on the buttons of one row."""
    return [(element.get("text") or element["placeholder"])["text"] for element in block["elements"]]
