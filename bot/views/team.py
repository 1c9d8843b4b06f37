"""A group's summary in words: what may be said of people together, and never of one of them.

`handlers/ai_team.py` and `jobs/digest.py` say it. Only published cells come in here, so nothing that is said can tell
more than they do. Next: `bot/views/team_why.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from bot.domain import team_summary as measures
from bot.domain.disclosure import At, Cell, Shown
from bot.domain.team_summary import Line, TeamAction, TeamSummary, Trend
from bot.views import pieces
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block

FIRST_LINE = "A summary from Kindling in which nobody can be singled out."
OWN, EVERYBODY, NAMELESS = "Your team", "Everybody here", "A team without a name"

_MOST_CHOICES = 100
_NOTHING = (
    "I only speak about groups in which nobody can be singled out, so there is no summary here just now. "
    "The summary of the group above may include it."
)
_HOW_TO_READ = (
    "How to read it: shares are of people, in steps of 5 % and with broad ends; amounts have two leading digits. The "
    "only comparison is with the same group's own past. What is missing is left out so that nobody can be singled out, "
    "and says nothing about your people. Please do not ask who is behind a figure: it is nobody's to answer."
)
_ADOPTION = {
    measures.USES_REGULARLY: "use AI in most weeks",
    measures.GETTING_STARTED: "are getting started",
    measures.NOT_IN_USE: "show no use lately",
}
_REPORTED = {
    measures.CLEARLY: "clearly helped",
    measures.SOMEWHAT: "somewhat",
    measures.NOT_REALLY: "not really",
}
_PATTERNS = {
    measures.SEATS: "a paid seat that lay idle, or two of one kind",
    measures.LOOPS: "the same failing thing tried again and again, or a run that went on by itself",
    measures.MODELS: "a dearer model, or a faster mode, than the answers needed",
    measures.CONTEXT: "long conversations read in again from the start",
    measures.CHANGES: "changes that were closed, taken back or rewritten soon",
}
_BARRIERS = {
    measures.NO_ACCESS: "no access",
    measures.OTHER_TOOL: "another tool, which I may not see",
    measures.NOT_MY_WORK: "not for their work",
    measures.NOT_ALLOWED: "not allowed with their data",
    measures.ON_LEAVE: "away",
    measures.WAS_MEANT: "what I had noticed was meant",
}
_ACTIONS: dict[TeamAction, str] = {
    TeamAction.ASK_FOR_ACCESS: "Find out how one gets a seat here, and tell the whole team.",
    TeamAction.ASK_WHAT_IS_ALLOWED: "Ask your data-protection colleagues which data may go into which tool, and write "
    "the answer down for the whole team.",
    TeamAction.CONNECT_THE_OTHER_TOOL: "Ask whoever looks after me whether the other tools in use can be connected. "
    "Until then, take this for half of the picture.",
    TeamAction.ACCEPT_OTHER_WORK: "Say in the team that doing without AI is fine where it does not fit the work.",
    TeamAction.OFFER_AN_HOUR: "Offer an hour in which anybody may try a tool on work of their own, with nothing to "
    "show at the end.",
    TeamAction.PAIR_UP: "Offer a fixed half-hour in which whoever likes works on something real in pairs.",
    TeamAction.ASK_WHAT_WORK_IT_SERVED: "Ask the whole team, in the open, which work the tools served well lately, "
    "and which not. It takes no figures.",
    TeamAction.ASK_WHAT_IS_IN_THE_WAY: "Ask the whole team what gets in the way when a tool does not help: one round, "
    "no notes.",
    TeamAction.SHARE_ONE_RECIPE: "Invite whoever likes to show one way of working that went well. Ten minutes are "
    "enough.",
}
_TREND = {
    Trend.MORE: "more than before",
    Trend.LESS: "less than before",
    Trend.ABOUT_THE_SAME: "as before",
}
_AT = {At.ABOUT: "about", At.AT_MOST: "at most", At.AT_LEAST: "at least"}


def message(
    summary: TeamSummary,
    *,
    group_key: str,
    name: str,
    days: tuple[date, date],
    today: date,
    below: Mapping[str, str],
    is_sent: bool = False,
    may_be_sent: bool = False,
) -> Message:
    """The summary of one group for the period from the first to the last of `days`.

    `below` names the groups right below it by their keys. `is_sent`: nobody asked just now, it comes because it was
    wished for. `may_be_sent`: it can be.
    """
    return compose(
        FIRST_LINE,
        [
            pieces.header(pieces.quiet(name) or NAMELESS),
            pieces.small_print(_period(days, today)),
            *_sections(summary),
            pieces.small_print(_HOW_TO_READ),
            *_ways_on(group_key, below, is_sent=is_sent, may_be_sent=may_be_sent),
        ],
    )


def nothing() -> Message:
    """Said for every group of which nothing is shown, whatever the reason: too small, unknown, or somebody else's."""
    return compose(FIRST_LINE, [pieces.section(_NOTHING)])


def several(*, choices: Mapping[str, str]) -> Message:
    """More than one group below goes by the name that was typed."""
    asked = pieces.section("More than one team below you goes by that name. Which one?")
    return compose(FIRST_LINE, [asked, pieces.row(_choice(choices))])


def each_new_one() -> Message:
    """The wish is kept."""
    said = (
        "Noted. Each new summary of your team comes to you in our direct messages, in your working hours. "
        "It stops at once when you say so."
    )
    return compose(
        FIRST_LINE, [pieces.section(said), pieces.row(pieces.button("Stop sending it", Action.TEAM_NO_MORE))]
    )


def no_more() -> Message:
    """The wish is gone."""
    return compose(FIRST_LINE, [pieces.section("Noted. No summary comes by itself any more.")])


def numbered(groups: Sequence[tuple[str, str | None]]) -> dict[str, str]:
    """Names of their own for groups by key, in the alphabet's order; keys are drawn, so the numbers tell nothing."""
    named = sorted(((label or NAMELESS, key) for key, label in groups), key=lambda one: (one[0].casefold(), one[1]))
    often = Counter(name for name, _ in named)
    seen: Counter[str] = Counter()
    names = {}
    for name, key in named:
        seen[name] += 1
        names[key] = f"{name} ({seen[name]})" if often[name] > 1 else name
    return names


# ---------------------------------------------------------------- the summary, section by section


def _period(days: tuple[date, date], today: date) -> str:
    return f"{pieces.days(*days, today)}, everybody below together. Frozen since then, until the next one is made."


def _sections(summary: TeamSummary) -> Iterator[Block]:
    said = {
        "Where people stand": list(_adoption(summary.adoption)),
        "Cost, and what came of it": list(_work(summary)),
        "What people reported": list(_reported(summary.reported)),
        "Patterns of cost": list(_patterns(summary.waste)),
        "What people say is in the way": list(_barriers(summary.barriers)),
        "One thing to try": [_ACTIONS[summary.action]] if summary.action else [],
    }
    for title, lines in said.items():
        if lines:
            yield pieces.section("\n".join(lines), title)


def _adoption(lines: Sequence[Line]) -> Iterator[str]:
    for line, shown in _shown(lines):
        if line.measure == measures.NOT_VISIBLE:
            yield f"For {_share(shown)} I cannot see enough to say."
        else:
            yield _sentence(f"{_share(shown)} {_ADOPTION[line.measure]}{_trend(line)}.")


def _work(summary: TeamSummary) -> Iterator[str]:
    """Tokens and money in one breath with what came out, or not at all (P4)."""
    told = {line.measure for line, _ in _shown((*summary.four, *summary.output))}
    if told.issuperset((*measures.VOLUME_AND_MONEY, *measures.OUTPUT)):
        four = {line.measure: shown.value for line, shown in _shown(summary.four)}
        yield _sentence(
            f"{pieces.about(four[measures.SPEND])} in all: {pieces.about(four[measures.OPTIMIZABLE])} could have been "
            f"less, {pieces.about(four[measures.WASTED])} bought nothing. The parts are estimates, not a bill. "
            f"Meter reading: {pieces.big_number(four[measures.TOKENS])} tokens."
        )
    else:
        yield "Tokens and cost are left out here: they are told only together with what came of them."
    yield from _output(summary.output)


def _output(lines: Sequence[Line]) -> Iterator[str]:
    out = {line.measure: (line, shown) for line, shown in _shown(lines)}
    if measures.MERGED in out:
        line, shown = out[measures.MERGED]
        yield _sentence(f"{_amount(shown)} changes merged{_trend(line)}.")
    if measures.STILL_THERE in out:
        line, shown = out[measures.STILL_THERE]
        yield _sentence(f"{_amount(shown)} of those from the first two weeks are still there{_trend(line)}.")
    if measures.ACTIVE_DAYS in out:
        line, shown = out[measures.ACTIVE_DAYS]
        yield _sentence(f"{_amount(shown)} days with use, those of all people added up{_trend(line)}.")


def _reported(lines: Sequence[Line]) -> Iterator[str]:
    said = [f"{_share(shown)} “{_REPORTED[line.measure]}”{_trend(line)}" for line, shown in _shown(lines)]
    if said:
        yield f"Asked whether it helped, of those who answered: {pieces.listing(said)}."


def _patterns(lines: Sequence[Line]) -> Iterator[str]:
    found = list(_grouped(lines, _PATTERNS))
    if found:
        yield "Shares of the people whose use could be judged. There is often a good reason."
        yield from found


def _barriers(lines: Sequence[Line]) -> Iterator[str]:
    found = list(_grouped(lines, _BARRIERS))
    if found:
        yield "Shares of everybody, as people told me with a tap; nobody was asked."
        yield from found


def _grouped(lines: Sequence[Line], words: Mapping[str, str]) -> Iterator[str]:
    """One line for all that have the same share: many shares have no more to say than "at most"."""
    alike: dict[str, list[str]] = {}
    for line, shown in _shown(lines):
        alike.setdefault(_share(shown), []).append(words[line.measure])
    for share, those in alike.items():
        each = " each" if len(those) > 1 else ""
        yield _sentence(f"{share}{each}: {'; '.join(those)}.")


def _ways_on(group_key: str, below: Mapping[str, str], *, is_sent: bool, may_be_sent: bool) -> Iterator[Block]:
    buttons = [pieces.button("How is this worked out?", Action.TEAM_WHY, Payload(group_key=group_key))]
    if is_sent:
        buttons.append(pieces.button("Stop sending it", Action.TEAM_NO_MORE))
    elif may_be_sent:
        buttons.append(pieces.button("Send me each new one", Action.TEAM_EACH_WEEK))
    yield pieces.row(*([_choice(below)] if below else []), *buttons)


def _choice(choices: Mapping[str, str]) -> Block:
    named = [(pieces.quiet(name) or NAMELESS, Payload(group_key=key)) for key, name in choices.items()]
    return pieces.select("A team below", Action.TEAM_OPEN, named[:_MOST_CHOICES])


# ---------------------------------------------------------------- words for cells


def _shown(lines: Sequence[Line]) -> Iterator[tuple[Line, Shown]]:
    for line in lines:
        cell: Cell = line.cell
        if isinstance(cell, Shown):
            yield line, cell


def _share(shown: Shown) -> str:
    return f"{_AT[shown.at]} {shown.value} %"


def _amount(shown: Shown) -> str:
    return f"{_AT[shown.at]} {shown.value:,}"


def _trend(line: Line) -> str:
    return "" if line.trend is None else f" ({_TREND[line.trend]})"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
