"""The data-protection impact assessment (GDPR 35), as far as the software can write it. Next: `works_council.py`."""

from __future__ import annotations

from bot.views.papers import words
from bot.views.papers.facts import Facts
from bot.views.papers.words import FILL_IN


def text(facts: Facts) -> str:
    """In the order of Article 35(7): the processing, its necessity, the risks, the measures."""
    return f"{_processing(facts)}\n{_assessment(facts)}"


def _processing(facts: Facts) -> str:
    return f"""# Data-protection impact assessment: Kindling

Controller: {FILL_IN} · Data-protection officer: {FILL_IN} · Assessed by, on: {FILL_IN}

## 1. What is done

Kindling reads counts from the AI tools that the company pays for, and gives them back to the person they are about.

Purposes:

{words.purposes()}

Not purposes, and excluded by agreement:

{words.not_purposes()}

### Where data come from

{words.sources(facts)}

### What is held about a person

{words.held(facts)}

### What is held about nobody

{words.held_about_nobody(facts)}

Kept in: {facts.database}, run by the company. {words.retention(facts)}

### What is never held

{words.never_held(facts)}

### Who sees what

{words.recipients(facts)}

### How conclusions come about

{words.conclusions(facts)}
"""


def _assessment(facts: Facts) -> str:
    return f"""## 2. Necessity and proportion

- Legal basis of each purpose (GDPR 6, 88 and national law on employment): {FILL_IN}
- A milder way was considered: counting licences without people shows that money is lost, but helps nobody use a tool.
- Minimisation: counts without content; no names outside of one table; every other table knows a number, or a key made
  with a secret of this installation.
- Accuracy: what a source cannot prove is called unknown, is never taken for zero, and never causes a message.
- Transfers to third countries by Slack, the vendors and the place where the database runs: {FILL_IN}

## 3. Risks to people, and what stands against each

{_risks(facts)}

## 4. Rights, without asking anybody

{words.rights(facts)}

## 5. Consulted

Data-protection officer: {FILL_IN} · works council or representatives: {FILL_IN} · people concerned: {FILL_IN}

## 6. Outcome

Residual risk: {FILL_IN} · decision: {FILL_IN}

To be looked at again when the hash below changes, at the latest on: {FILL_IN}
"""


def _risks(facts: Facts) -> str:
    rows = [
        (
            "somebody else learns how one person uses AI",
            "no command, screen, export, log or error shows it to anybody else",
            f"whoever reads the database: few accounts, disk encryption, {FILL_IN}",
        ),
        (
            "a group figure gives one person away",
            f"""groups of {facts.floor} or more ({facts.floor_of_details} for details), suppression across groups and
            over time, frozen figures every {facts.rhythm_weeks} weeks""",
            "a small company with a single group gets no figures",
        ),
        (
            "pressure to use AI, or to burn tokens",
            "volume improves nothing that is said; no ranking, no quota, no comparison",
            f"what managers do outside of Kindling: {FILL_IN}",
        ),
        (
            "a wrong conclusion",
            "unknown is not zero; every conclusion is explained and can be answered",
            "a report of a vendor that is wrong",
        ),
        (
            "being watched, or the feeling of it",
            f"no content, no minutes, no time of day; {words.calm(facts)}",
            "the notice must reach people before the start",
        ),
        (
            "a backup keeps what was erased",
            f"backups are replaced after: {FILL_IN} (30 days at most is advised)",
            "the time until a backup is replaced",
        ),
    ]
    head = "| risk | what stands against it | what remains |\n|---|---|---|\n"
    return head + "\n".join(f"| {' | '.join(words.para(cell) for cell in row)} |" for row in rows)
