"""The small parts: safe strings, money, dates, payloads."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.views import pieces
from bot.views.ids import Action, Callback, Payload, parse

TODAY = date(2026, 3, 2)
HIDDEN = "\u202e\u2066\u200b\u200f\u0007\x1b\ufeff"


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        ("my_tool", "my tool"),
        ("*bold* _it_ ~no~ `code`", "bold it no code"),
        (f"a{HIDDEN}b", "ab"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
        ("x" * 70, "x" * 59 + "…"),
    ],
)
def test_quiet_strings_cannot_mark_up(given_text: str, said: str) -> None:
    """Marks, line breaks and hidden characters of other people's strings are gone."""
    assert said == pieces.quiet(given_text)


@given(st.text(max_size=5000))
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_string_can_mention_or_link(text: str) -> None:
    """Whatever the string, no <, > or bare & remains, and the text object keeps its length limit."""
    said = pieces.mrkdwn(text)

    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", said["text"])
    assert len(said["text"]) <= 3000
    assert said["verbatim"] is True


def test_plain_text_shows_smiles_as_typed() -> None:
    """Nothing is interpreted in a plain text object."""
    assert {"type": "plain_text", "text": ":fire:", "emoji": False} == pieces.plain(":fire:")


@pytest.mark.parametrize(
    ("dollars", "said"),
    [(0, "$0"), (0.4, "less than $1"), (1, "$1"), (12.4, "$12"), (99, "$99"), (126, "$130"), (1263, "$1,300")],
)
def test_money_is_as_precise_as_an_estimate(dollars: float, said: str) -> None:
    """Whole dollars, tens from a hundred, two leading digits from a thousand."""
    assert said == pieces.dollars(int(dollars * 1_000_000))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(11, 16, "$11 to $16"), (11, 11.2, "about $11"), (0.2, 5, "up to $5"), (0.1, 0.9, "less than $1"), (0, 0, "$0")],
)
def test_ranges(low: float, high: float, said: str) -> None:
    """A range that rounds to one amount is said as one."""
    assert said == pieces.dollar_range(int(low * 1_000_000), int(high * 1_000_000))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (7, "7"),
        (99, "99"),
        (3_640, "about 3,600"),
        (5_440_000, "about 5.4 million"),
        (12_400_000, "about 12 million"),
        (994_999_999, "about 990 million"),
        (995_000_000, "about 1 billion"),
        (3_400_000_000, "about 3.4 billion"),
    ],
)
def test_meter_reading_has_two_digits(number: int, said: str) -> None:
    """Nobody needs a token count to the token."""
    assert said == pieces.big_number(number)


def test_dates_name_a_year_only_when_needed() -> None:
    """Days of the last eleven months go without a year."""
    assert "3 February" == pieces.day(date(2026, 2, 3), TODAY)
    assert "3 December" == pieces.day(date(2025, 12, 3), TODAY)
    assert "3 February 2025" == pieces.day(date(2025, 2, 3), TODAY)
    assert "2 to 27 February" == pieces.days(date(2026, 2, 2), date(2026, 2, 27), TODAY)
    assert "2 February to 1 March" == pieces.days(date(2026, 2, 2), date(2026, 3, 1), TODAY)


def test_lists_and_counts_read_like_a_sentence() -> None:
    """One, two, and more."""
    assert ["", "A", "A and B", "A, B and C"] == [pieces.listing(names) for names in ([], ["A"], ["A", "B"], [*"ABC"])]
    assert ["1 day", "2 days", "1,200 days"] == [pieces.count(number, "day") for number in (1, 2, 1200)]


def test_tools_go_by_the_name_people_use() -> None:
    """A known tool has its name, an unknown one keeps its own without marks, none is never empty."""
    said = [pieces.tool_name(tool) for tool in ("claude_code", "night_owl*", HIDDEN)]

    assert ["Claude Code", "night owl", "a tool without a name"] == said
    assert "imported files" == pieces.source_name("file")


@pytest.mark.parametrize("payload", [Payload(), Payload("n-1"), Payload("n-1", 2), Payload(weeks=12)])
def test_payload_comes_back_as_it_left(payload: Payload) -> None:
    """What a button carries is read back unchanged and fits an option's value."""
    assert payload == parse(payload.dump())
    assert len(Payload("k" * 40, 12).dump()) <= 150


@pytest.mark.parametrize(
    "value",
    [
        "no json",
        "[]",
        '"n"',
        '{"n":1}',
        '{"n":""}',
        '{"n":"a b"}',
        '{"n":"' + "k" * 41 + '"}',
        '{"w":3}',
        '{"w":true}',
        '{"w":"2"}',
        '{"person":7}',
        '{"n":"' + "k" * 200 + '"}',
    ],
)
def test_invented_payload_is_refused(value: str) -> None:
    """A value that no button of ours carries reaches nothing."""
    with pytest.raises(InputError, match="button"):
        parse(value)


def test_absent_payload_is_empty() -> None:
    """A button without a value has nothing to say."""
    assert [Payload(), Payload()] == [parse(None), parse("")]


def test_ids_fit_slack() -> None:
    """Action and callback ids are short and distinct."""
    ids = [*Action, *Callback]

    assert len(ids) == len({str(one) for one in ids})
    assert max(map(len, ids)) <= 255
