"""The notice to workers and their representatives under the EU AI Act, Article 26(7). Next: `employees.py`."""

from __future__ import annotations

from bot.views.papers import words
from bot.views.papers.facts import Facts
from bot.views.papers.words import FILL_IN


def text(facts: Facts) -> str:
    """Whether the duty applies is for the company to judge; telling people early does no harm."""
    return f"""# Notice under Article 26(7) of the EU AI Act

To: everybody whose use of AI tools is counted, and their representatives · From: {FILL_IN} · In use from: {FILL_IN}

## What will be used

Kindling, a program that the company runs itself. It reads counts of use from AI tools and tells each person privately
what they show about their own work.

## Whether it is a high-risk system

Annex III(4)(b) names systems that allocate work by individual behaviour or that monitor and evaluate performance and
behaviour. Kindling is a set of fixed rules; it allocates nothing, evaluates no performance, informs only the person
concerned, and shows others figures of groups alone. Whether it falls under the Act at all, and since when the duty
applies, the company has judged as follows: {FILL_IN}

## What it concludes, and from what

{words.conclusions(facts)}

It reads:

{words.sources(facts)}

## What it does not do

{words.not_purposes()}

## Who oversees it

Responsible person, trained for it: {FILL_IN}. They can switch every message off at once, and see every rule with its
thresholds. Messages are {"on" if facts.nudges_on else "off"} at present: {words.calm(facts)}.

## Who sees what

{words.recipients(facts)}

## What you can do

{words.rights(facts)}

Data are deleted after {facts.retention_days} days, of leavers {facts.left_days} days after their last day.

Questions: {FILL_IN}
"""
