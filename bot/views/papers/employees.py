"""The privacy notice for employees (GDPR 13 and 14). Next: `bot/papers.py`."""

from __future__ import annotations

from bot.views.papers import words
from bot.views.papers.facts import Facts
from bot.views.papers.words import FILL_IN


def text(facts: Facts) -> str:
    """In the words of the person who reads it."""
    return f"""# Privacy notice: Kindling

Responsible: {FILL_IN} · Data-protection officer: {FILL_IN} · Supervisory authority: {FILL_IN}

## What it is for

{words.purposes()}

It is not there

{words.not_purposes()}

Legal basis: {FILL_IN}

## What is held about you, and for how long

{words.held(facts)}

{words.retention(facts)}

## What is never held

{words.never_held(facts)}

## Where it comes from

{words.sources(facts)}

## Who sees it

{words.recipients(facts)}

Transfers to other countries: {FILL_IN}

## What is concluded

{words.conclusions(facts)}

There is no decision by a machine that has legal or similar effect on you (GDPR 22).

## What you can do, in Slack, without asking anybody

{words.rights(facts)}

You also have the right to have wrong data put right and to have processing restricted: {FILL_IN}. You may complain to
the supervisory authority. Nobody is treated worse for doing any of this.

## How often it writes to you

{words.calm(facts).capitalize()}.
"""
