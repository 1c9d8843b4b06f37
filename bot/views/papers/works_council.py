"""A summary for a works council or other representatives, with what an agreement may fix. Next: `ai_act.py`."""

from __future__ import annotations

from bot.views.papers import words
from bot.views.papers.facts import Facts
from bot.views.papers.words import FILL_IN


def text(facts: Facts) -> str:
    """What it is for, what it can and cannot do, and what can be written into an agreement."""
    return f"{_what_it_is(facts)}\n{_what_may_be_agreed(facts)}"


def _what_it_is(facts: Facts) -> str:
    return f"""# Kindling: a summary for the works council

Software that reads counts of use from AI tools is suited to supervise people, whatever it is meant for;
co-determination (in Germany BetrVG 87(1) no. 6) asks about suitability, not about intent. So this says what is held,
and what cannot be done with it.

## What it is for

{words.purposes()}

## What it must not be used for

{words.not_purposes()}

## What cannot be done with it

- See one person's figures: no command, screen or export for managers, leads or operators shows them.
- Compare or rank people: no such figure is computed.
- See how long somebody used a tool: it is not kept.
- Read what somebody asked an AI or got back: it is never stored.
- Cut groups freely: groups are those of the roster, and their figures come every {facts.rhythm_weeks} weeks, frozen.

## Where data come from

{words.sources(facts)}

## What is held, and for how long

{words.held(facts)}

{words.retention(facts)}

Never held:

{words.never_held(facts)}

## Who sees what

{words.recipients(facts)}

Every group figure that is shown, and every administrative act, is written down by role. The database refuses to change
what was written down, and no command takes any of it away: it goes only by age, after {facts.retention_days} days.

## How it decides

{words.conclusions(facts)}

## How often it writes

{words.calm(facts).capitalize()}. Each person can stop it at once, see, export and erase what is held, and object:

{words.rights(facts)}
"""


def _what_may_be_agreed(facts: Facts) -> str:
    return f"""## People who are left out

Members of the works council, and whoever objects, can be left out (`kindling exclude`): nothing about them is kept,
they are counted in no summary, and the list itself names nobody.

## What an agreement may fix

1. The sources above, and no others; the fields above, and no others.
2. Data are deleted after {facts.retention_days} days, of leavers after {facts.left_days}.
3. No group figure below {facts.floor} people, no details below {facts.floor_of_details}: both are floors in the code,
   which no setting lowers.
4. No use for evaluation, discipline or pay; what was found out against this is not used.
5. Who may read the database: {FILL_IN}. Who runs it: {FILL_IN}.
6. The hash below stands in the agreement. When `kindling doctor` says that it no longer fits, the council is heard
   before the change is used.
7. Review after: {FILL_IN}
"""
