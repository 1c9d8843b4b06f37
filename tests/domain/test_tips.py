"""Tip files: what is refused and how, how facts are filled in, and that every shipped tip keeps to our voice."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bot.domain.adoption import State
from bot.domain.languages import of_locale
from bot.domain.tip_fields import LONGEST_TEXT
from bot.domain.tip_file import parse
from bot.domain.tips import (
    ENABLEMENT_TRIGGERS,
    PLACEHOLDERS,
    ROLES,
    SAMPLE_FACTS,
    TRIGGERS,
    WASTE_TRIGGERS,
    Facts,
    LinkKind,
    Tip,
    can_fill,
    dollars_in_words,
    fill,
)
from bot.domain.tools import tool_name
from bot.domain.waste import DETECTORS, NEVER_SENT, runaway
from bot.errors import InputError
from bot.sources.tip_library import load_tips

COUNTED = {
    "W04": "went on after steps that had failed more than once, {how_often}",
    "W05": "went on after steps that had failed more than once, {how_often}",
    "W06": f"a day had more than {runaway.MAX_REQUESTS_A_DAY:,} requests",
    "W11": "{occurrences} requests with {tools} asked for high effort",
    "W13": "taken up again after a break, {how_often}",
    "W14": "model, effort or speed changed in the middle of a conversation with {tools}, {how_often}",
    "W16": "{occurrences} requests with {tools} read a very long conversation",
    "W17": "cut down by the tool, {how_often}",
    "W18": "{occurrences} conversations with {tools} began with much",
    "W21": "much was pasted into conversations with {tools} at once, {how_often}",
}
"""What the detectors count as one occurrence, as every tip about them must say it."""

GOOD = """---
id: a-small-tip
topic: first-ten-minutes
triggers: never_used, W15
roles: dev, biz
owner: enablement
expires_on: 2027-06-30
link_kind: doc
link: https://example.com/page
---
Between {first_day} and {last_day} I see
no use of {tools}.

## Try

One small thing.

## How

1. Step one.
2. Step two.
"""

BROKEN = [
    (GOOD.replace("---\nid", "id"), 1, "three dashes"),
    ("", 1, "three dashes"),
    (GOOD.replace("---\nBetween", "Between"), 20, "never end"),
    (GOOD.replace("owner: enablement\n", ""), 9, 'the key "owner" is missing'),
    (GOOD.replace("owner: enablement", "owner:"), 6, "key: value"),
    (GOOD.replace("owner: enablement", "just words"), 6, "key: value"),
    (GOOD.replace("owner:", "boss:"), 6, 'unknown key "boss"'),
    (GOOD.replace("owner: enablement", "owner: x\nowner: y"), 7, "stands twice"),
    (GOOD.replace("W15", "W99"), 4, 'unknown trigger "W99"'),
    (GOOD.replace("W15", "unknown"), 4, 'unknown trigger "unknown"'),
    (GOOD.replace("dev, biz", "pilot"), 5, 'unknown role "pilot"'),
    (GOOD.replace("2027-06-30", "June 2027"), 7, "not a date"),
    (GOOD.replace("link_kind: doc", "link_kind: film"), 8, 'unknown link_kind "film"'),
    (GOOD.replace("link: https", "link: http"), 9, "no web address"),
    (GOOD.replace("link: https://example.com/page\n", ""), 8, "needs a link"),
    (GOOD.replace("a-small-tip", "A Small Tip"), 2, "is no id"),
    (GOOD.replace("{tools}", "{team_average}"), 12, "unknown placeholder {team_average}"),
    (GOOD.replace("One small thing.", "Do it now!"), 16, "exclamation mark"),
    (GOOD.replace("One small thing.", "Unlock your day."), 16, '"Unlock" is not how we speak'),
    (GOOD.replace("One small thing.", "It is only your turn."), 16, "only your"),
    (GOOD.replace("One small thing.", "word " * 80), 11, f"cut them to {LONGEST_TEXT}"),
    (GOOD.replace("## Try", "## Do"), 14, 'unknown heading "## Do"'),
    (GOOD.replace("One small thing.", ""), 21, 'nothing stands below "## Try"'),
    (GOOD.replace("1. Step one.\n2. Step two.\n", ""), 19, 'nothing stands below "## How"'),
    (GOOD.replace("Between {first_day} and {last_day} I see\nno use of {tools}.\n", ""), 19, "there is no text"),
]


def shipped() -> tuple[Tip, ...]:
    return load_tips()


def spoken(tip: Tip) -> str:
    return f"{tip.text}\n{tip.try_this}\n{tip.how_to}"


def test_good_file_becomes_a_tip() -> None:
    """Keys, text, suggestion and steps all arrive, and line breaks of the file are not line breaks of the message."""
    tip = parse("a.md", GOOD)

    assert "a-small-tip" == tip.tip_id
    assert frozenset({"never_used", "W15"}) == tip.triggers
    assert frozenset({"dev", "biz"}) == tip.roles
    assert date(2027, 6, 30) == tip.expires_on
    assert LinkKind.DOC is tip.link_kind
    assert "Between {first_day} and {last_day} I see no use of {tools}." == tip.text
    assert "One small thing." == tip.try_this
    assert "1. Step one.\n2. Step two." == tip.how_to


def test_all_means_every_role() -> None:
    """`roles: all` is kept as the empty set."""
    assert frozenset() == parse("a.md", GOOD.replace("dev, biz", "all")).roles


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN, ids=[reason for _, _, reason in BROKEN])
def test_mistake_is_one_sentence(text: str, line: int, reason: str) -> None:
    """Each mistake names the file and the line, says what is wrong, and how to mend it after a semicolon."""
    with pytest.raises(InputError) as caught:
        parse("broken.md", text)

    said = str(caught.value)
    assert said.startswith(f"broken.md, line {line}: ")
    assert reason in said
    assert "; " in said
    assert said.endswith(".")
    assert "\n" not in said


def test_facts_are_spoken() -> None:
    """Days are said as days, tools by their names, and a day of another year carries its year."""
    facts: Facts = {
        "last_day": "2026-03-01",
        "seat_since": "2025-12-24",
        "tools": ["claude_code", "copilot", "other:corp_bot"],
    }

    assert "1 March" == fill("{last_day}", facts)
    assert "24 December 2025" == fill("{seat_since}", facts)
    assert "Claude Code, GitHub Copilot and corp bot" == fill("{tools}", facts)


def test_missing_fact_is_an_error_not_a_gap() -> None:
    """A text is never sent with a hole in it: `can_fill` says no, and `fill` raises."""
    tip = parse("a.md", GOOD)

    assert not can_fill(tip, {"first_day": "2026-02-02", "last_day": None, "tools": ["cursor"]})
    with pytest.raises(KeyError):
        fill(tip.text, {})


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (11_200_000, 16_400_000, "roughly $11 to $16"),
        (16_400_000, 11_200_000, "roughly $11 to $16"),
        (18_600_000, 19_400_000, "roughly $19"),
        (100_000, 200_000, "roughly $1"),
        (1_234_000_000, 2_345_000_000, "roughly $1,234 to $2,345"),
        (None, 5_000_000, "not known to me"),
    ],
)
def test_money_is_a_rounded_range(low: int | None, high: int | None, words: str) -> None:
    """An estimate is a range in whole dollars, and an unknown price is said to be unknown, never 0."""
    assert words == dollars_in_words(low, high)


def test_unknown_tool_goes_by_its_id() -> None:
    """A tool we have no name for is not hidden."""
    assert "acme chat" == tool_name("other:acme_chat")


def test_enough_tips_ship() -> None:
    """There are at least 16 tips, each with its own id, an owner and an end."""
    tips = shipped()

    assert len(tips) >= 16
    assert len(tips) == len({tip.tip_id for tip in tips})
    assert all(tip.owner for tip in tips)
    assert all(date(2027, 1, 1) <= tip.expires_on <= date(2027, 12, 31) for tip in tips)


def test_every_occasion_has_a_tip_for_every_role() -> None:
    """Each state and detector that may lead to a message has a tip without a role, as most people have none."""
    served = {trigger for tip in shipped() if not tip.roles for trigger in tip.triggers}

    assert served == TRIGGERS


def test_triggers_are_real() -> None:
    """Every trigger is a state of ours or a detector of ours: no tip is unreachable."""
    assert {State(trigger) for trigger in ENABLEMENT_TRIGGERS} == ENABLEMENT_TRIGGERS
    assert not {State.UNKNOWN, State.NOT_PROVISIONED, State.GRACE, State.HABITUAL} & TRIGGERS
    assert frozenset(DETECTORS) - NEVER_SENT == WASTE_TRIGGERS


@pytest.mark.parametrize("tip", shipped(), ids=lambda tip: tip.tip_id)
def test_shipped_tip_keeps_the_voice(tip: Tip) -> None:
    """The own fact with its dates first, one thing to try, short, and none of the words we do not use."""
    said = f"{fill(tip.text, SAMPLE_FACTS)} {fill(tip.try_this, SAMPLE_FACTS)}"

    assert len(said) <= LONGEST_TEXT + 1
    assert "{" not in said + fill(tip.how_to, SAMPLE_FACTS)
    assert "{last_day}" in tip.text
    assert not re.search(r"\b(team|colleagues|average|others|everyone|tokens?|minutes of use)\b", said, re.IGNORECASE)
    assert not re.search(r"[<>&]", spoken(tip))
    assert not re.search(r"you are not using", said, re.IGNORECASE)


@pytest.mark.parametrize("tip", shipped(), ids=lambda tip: tip.tip_id)
def test_shipped_tip_speaks_of_money_gently(tip: Tip) -> None:
    """A tip about waste carries the estimate and an innocent explanation; one about use never speaks of money."""
    about_waste = bool(tip.triggers & WASTE_TRIGGERS)

    assert about_waste == ("{dollars}" in tip.text)
    assert about_waste or "$" not in spoken(tip)


def test_every_placeholder_is_explained() -> None:
    """Whoever writes tips can look up what each placeholder means and what it looks like."""
    assert all(placeholder.meaning and placeholder.sample for placeholder in PLACEHOLDERS.values())


def test_same_id_twice_is_refused(tmp_path: Path) -> None:
    """Two files with one id would make the record of what was sent ambiguous."""
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")

    with pytest.raises(InputError, match=r'b\.md: the id "a-small-tip" is taken by a\.md'):
        load_tips(tmp_path)


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    """An installation without tips says so at start instead of staying silent for ever."""
    with pytest.raises(InputError, match="no tip was found"):
        load_tips(tmp_path)


def test_other_encoding_is_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is named."""
    (tmp_path / "a.md").write_bytes(b"---\nid: caf\xe9\n")

    with pytest.raises(InputError, match=r"a\.md: this is not UTF-8"):
        load_tips(tmp_path)


def test_page_for_writers_is_complete() -> None:
    """The how-to names every placeholder, trigger, role and kind of link, and its example is a tip that parses."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-tip.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([^`\n]+)`", page))

    assert {f"{{{name}}}" for name in PLACEHOLDERS} <= words
    assert TRIGGERS | ROLES | set(LinkKind) <= words
    assert "z01-the-bug-you-postpone" == parse("page", page.split("```markdown\n")[1].split("```")[0]).tip_id


@pytest.mark.parametrize("detector", COUNTED)
def test_a_tip_names_what_its_detector_counts(detector: str) -> None:
    """Requests are not called conversations, nor a day of many requests one that is dearer than others."""
    texts = [tip.text for tip in load_tips() if detector in tip.triggers]

    assert texts
    assert [] == [text for text in texts if COUNTED[detector] not in text]


def test_what_was_seen_once_is_not_said_to_be_one_times() -> None:
    """A single event of $10 is enough to be told of, and so is one of three in another tool."""
    german = of_locale("de_DE")

    assert ("once", "9 times") == tuple(fill("{how_often}", {"occurrences": count}) for count in (1, 9))
    assert ("einmal", "9-mal") == tuple(fill("{how_often}", {"occurrences": count}, german) for count in (1, 9))
    assert [] == [tip.tip_id for tip in load_tips() if re.search(r"\{occurrences\}\s+times", tip.text)]


def test_every_count_in_a_tip_is_checked() -> None:
    """No shipped tip speaks of occurrences without saying of what, in the words above."""
    counts = re.compile(r"\{(occurrences|how_often)\}")
    counting = {trigger for tip in load_tips() if counts.search(tip.text) for trigger in tip.triggers}

    assert counting <= COUNTED.keys()
