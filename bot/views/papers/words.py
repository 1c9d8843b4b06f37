"""What several papers say, said once: sources, what is held and for how long, who sees what, what is never held.

Next: `bot/views/papers/dpia.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.views.papers.facts import Facts, TableFacts

FILL_IN = "**[to be filled in by the company]**"
"""What Kindling cannot know: who is responsible, the legal basis, who was consulted."""

NEVER_HELD = (
    "prompts, answers, code and the content of files",
    "names of people",
    "minutes of use",
    "where somebody was",
    "how somebody compares with anybody else: no rank, percentile, score or badge",
)
"""What is neither stored nor logged, even where a source offers it."""


def para(text: str) -> str:
    """One paragraph of Markdown, however it is broken into lines here."""
    return " ".join(text.split())


def listing(items: Sequence[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {para(item)}" for item in items)


def purposes() -> str:
    return listing(
        [
            """to help a person get value from the AI tools they were given: a private card of their own work, and now
            and then one private tip""",
            """to notice a paid seat that nobody was helped to use, and money spent for nothing, and to tell the person
            concerned""",
            "to tell those responsible for a group how it is doing as a whole, where nobody in it can be singled out",
        ]
    )


def not_purposes() -> str:
    return listing(
        [
            "to evaluate, rank, reward or discipline anybody, or to prepare such a decision",
            "to supervise attendance, working hours or performance",
            "to allocate work, pay or access on the ground of what is held here",
        ]
    )


def sources(facts: Facts) -> str:
    """Where figures come from, each kind with all fields that are read of a person."""
    rows = [f"| {one.kind}{_accounts(one.accounts)} | {one.brings} | {_code(one.fields)} |" for one in facts.sources]
    table = "\n".join(["| source | brings | fields that are read |", "|---|---|---|", *rows])
    told = table if rows else "No source is connected: figures come from files alone."
    others = f"""Telemetry that tools on people's machines push (requests, tokens, cost; sessions, followed while they
        run): {"switched on" if facts.pushed else "switched off"}. Files that whoever runs Kindling may import:
        {", ".join(facts.files)}. Slack lists who works here (address, Slack id, time zone); rights asked for there:
        {_code(facts.slack_rights)}."""
    return f"{told}\n\n{para(others)}"


def held(facts: Facts) -> str:
    """Every table with rows about a person: its fields, and for how long."""
    return _tables(facts.personal)


def held_about_nobody(facts: Facts) -> str:
    return _tables(facts.others)


def never_held(facts: Facts) -> str:
    """With the two moments that are held, so that nobody finds them and feels deceived."""
    moments = f"""The time of day of use is not kept either, with one exception: where tools push to Kindling, the
        moments of a running session's first and last request stand there until {facts.followed_days} days after the
        last one. The moment at which a piece of work was finished is kept, as its source tells it."""
    return f"{listing(NEVER_HELD)}\n\n{para(moments)}"


def retention(facts: Facts) -> str:
    """For how long, in three sentences."""
    return para(
        f"""Counts, and what was concluded from them, are deleted {facts.retention_days} days after the day they are
        about; a job that runs once a week does it. Whoever leaves is erased whole {facts.left_days} days after their
        last day. Whoever asks is erased at once; backups that the company makes keep older copies for as long as it
        keeps backups."""
    )


def recipients(facts: Facts) -> str:
    """Who sees what, by role."""
    leads = "appointed" if facts.leads else "nobody is appointed"
    operators = "appointed" if facts.operators else "nobody is appointed in the settings"
    return listing(
        [
            f"""**The person**, in Slack, for nobody else to see: everything that is held about them
            (`{facts.commands[0]}`).""",
            f"""**A manager**: figures of a group of at least {facts.floor} people, never of one person; distributions,
            categories of cost and barriers from {facts.floor_of_details} people on; frozen figures every
            {facts.rhythm_weeks} weeks, rounded, and withheld where somebody could be singled out. No list, no filter,
            no drill-down.""",
            f"""**An enablement lead** ({leads}): the same kind of group figures, and whether messages helped; never who
            received one.""",
            f"""**Whoever runs Kindling** ({operators}): how many people there are, and counts of messages, of rows and
            of failures; never how many people are in a state, or why somebody was not written to, for such a count
            gives somebody away as soon as one person comes or goes. How often each rule finds something they learn once
            a week, in coarse shares of a large group. They have no command that shows a person's figures. Whoever may
            read the database could read them there: name these people, and choose them with care.""",
            """**Slack**, as processor of the messages it carries. The vendors of the connected tools learn nothing from
            Kindling beyond the request for their own reports.""",
        ]
    )


def conclusions(facts: Facts) -> str:
    """How conclusions come about, and that nothing else follows from them."""
    follows = "." if facts.nudges_on else "; messages are switched off at present."
    return para(
        f"""Fixed rules, published with their thresholds and versions, put a person into one of {len(facts.states)}
        states of adoption ({", ".join(facts.states)}) and look for {len(facts.patterns)} patterns
        ({"; ".join(facts.patterns)}). States are counted from days, never from volume: using more improves nothing. No
        language model, no statistics over other people and no experiment concludes anything about a person. They can
        have every conclusion explained, by rule, inputs and thresholds. Nothing follows from one but a private message
        with one suggestion{follows}"""
    )


def rights(facts: Facts) -> str:
    """What everybody can do without asking anybody."""
    own = facts.commands[0]
    return listing(
        [
            f"see what is held, and for how long: `{own} privacy`; have every conclusion explained: `{own} why`",
            f"take all of it along as a file: `{own} export`",
            f"end the messages at once: `{own} pause`, `{own} snooze`, `{own} stop`",
            f"erase it: `{own} forget`",
            """object: *Erase, and leave me out*, under the same command; from then on nothing about them is kept,
            though a roster goes on listing them""",
        ]
    )


def calm(facts: Facts) -> str:
    return para(
        f"""at most one message in {facts.week_days} days and {facts.most_in_four_weeks} in four weeks, in the person's
        own working hours, with a way to stop in each"""
    )


def _tables(tables: Sequence[TableFacts]) -> str:
    rows = [f"| {one.name} | {one.holds} | {_code(one.fields)} | {one.kept} |" for one in tables]
    return "\n".join(["| table | what | fields | kept |", "|---|---|---|---|", *rows])


def _accounts(number: int) -> str:
    return "" if number == 1 else f" ({number} accounts)"


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
