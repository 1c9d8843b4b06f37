"""The managers' command: a summary of their own team, or of one team below it, in which nobody can be singled out.

Registered by `handlers/__init__.py`. Who may open what is asked anew each time. Whatever is not shown is answered with
the same sentence: too small, unknown, or somebody else's. An import contract holds that nothing this file can reach
yields one person's rows. Next: `handlers/roles.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.roles import Role
from bot.domain.team_summary import TeamSummary, summarize
from bot.domain.teams import COMPANY
from bot.errors import InputError
from bot.store import audit, published, roles
from bot.store.audit import Act
from bot.store.published import Snapshot
from bot.views import ids, team, team_why, trouble
from bot.views.ids import Action
from bot.views.message import Message
from handlers.roles import is_lead, is_operator, may_open, may_open_of, own_group
from handlers.who import Asked

AUDIT_DAYS = 28


@dataclass(frozen=True)
class Opened:
    """A summary that is shown, with the groups right below it that may be opened too, by name."""

    snapshot: Snapshot
    summary: TeamSummary
    name: str
    below: dict[str, str]
    is_own: bool


def answer(asked: Asked) -> None:
    """Do what the words after the command say: a summary of one's own team, of a named one, or one of the few words."""
    typed = " ".join(asked.text.split())
    if typed.casefold() in _WORDS:
        _WORDS[typed.casefold()](asked)
    elif typed:
        _show_called(asked, typed)
    else:
        _show(asked, own_group(asked))


def open_(asked: Asked) -> None:
    """A team was chosen from the list under a summary."""
    _show(asked, _tapped(asked))


def why(asked: Asked) -> None:
    """How the summary under which the button stands was worked out."""
    opened = _open(asked, _tapped(asked), Act.SUMMARY_EXPLAINED)
    asked.say(team.nothing() if opened is None else _explained(opened, _today(asked)))


def help_(asked: Asked) -> None:
    """The usage."""
    asked.say(team_why.help_(command=asked.desk.settings.team_command))


def _everybody(asked: Asked) -> None:
    _show(asked, COMPANY)


def _audit(asked: Asked) -> None:
    """What was opened and done lately, for those who have to look after it; for others it is not there."""
    role = Role.OPERATOR if is_operator(asked) else Role.LEAD if is_lead(asked) else None
    if role is None:
        asked.say(team.nothing())
        return
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        audit.note(session, role=role, act=Act.AUDIT_READ, now=now)
        done = audit.done(session, since=now - timedelta(days=AUDIT_DAYS))
    lines = [(one.day, one.role, one.act.value, one.times) for one in done]
    asked.say(team_why.audit(lines, days=AUDIT_DAYS, today=_today(asked)))


def _show_called(asked: Asked, name: str) -> None:
    """The group that goes by this name, of those below; a question when several do."""
    with asked.desk.store.read() as session:
        week = published.newest_week(session)
        keys: Sequence[str] = ()
        if week is not None:
            keys = roles.called(session, slack_user_id=asked.slack_user_id, name=name, week=week, day=_today(asked))
    if len(keys) > 1:
        asked.say(team.several(choices=team.numbered([(key, name) for key in keys])))
    else:
        _show(asked, keys[0] if keys else None)


def _show(asked: Asked, group_key: str | None) -> None:
    opened = _open(asked, group_key, Act.SUMMARY_OPENED)
    asked.say(team.nothing() if opened is None else _summary(opened, _today(asked)))


def _open(asked: Asked, group_key: str | None, act: Act) -> Opened | None:
    """What may be shown, written down before it is; None when nothing is, whatever the reason."""
    role = may_open(asked, group_key) if group_key else None
    if role is None or group_key is None:
        return None
    with asked.desk.store.read() as session:
        snapshot = published.find(session, group_key=group_key)
        if snapshot is None:
            return None
        past = published.past(session, group_key=group_key, before=snapshot.week)
        below = published.below(session, group_key=group_key) if role is Role.MANAGER else ()
    summary = summarize(snapshot.cells, [earlier.cells for earlier in past])
    if not summary.says_something:
        return None
    with asked.desk.store.begin() as session:
        audit.note(session, role=role, act=act, now=asked.desk.clock.now(), summary=(group_key, snapshot.week))
    is_own = role is Role.MANAGER and group_key == own_group(asked)
    return Opened(snapshot, summary, _name(snapshot, is_own=is_own), _names(asked, below), is_own)


def _summary(opened: Opened, today: date) -> Message:
    return team.message(
        opened.summary,
        group_key=opened.snapshot.group_key,
        name=opened.name,
        days=(opened.snapshot.first_day, opened.snapshot.last_day),
        today=today,
        below=opened.below,
        may_be_sent=opened.is_own,
    )


def _explained(opened: Opened, today: date) -> Message:
    snapshot = opened.snapshot
    days = (snapshot.first_day, snapshot.last_day)
    return team_why.message(opened.summary, days=days, rule_version=snapshot.rule_version, today=today)


def _name(snapshot: Snapshot, *, is_own: bool) -> str:
    if snapshot.group_key == COMPANY:
        return team.EVERYBODY
    return team.OWN if is_own else snapshot.label or team.NAMELESS


def _names(asked: Asked, below: Sequence[Snapshot]) -> dict[str, str]:
    """The teams right below that say something and are still below today, by name and never by a figure."""
    below = [one for one in below if summarize(one.cells, ()).says_something]
    openable = may_open_of(asked, [one.group_key for one in below]) if below else frozenset()
    return team.numbered([(one.group_key, one.label) for one in below if one.group_key in openable])


def _tapped(asked: Asked) -> str:
    key = ids.parse(asked.value).group_key
    if key is None:
        raise InputError("a button of a summary without its group")
    return key


def _today(asked: Asked) -> date:
    return asked.desk.clock.now().date()


def _answered(work: Callable[[Asked], None]) -> Callable[[Asked], None]:
    """A payload that we did not write is answered, not followed."""

    def answered(asked: Asked) -> None:
        try:
            work(asked)
        except InputError:
            asked.say(trouble.not_ours())

    return answered


_WORDS: dict[str, Callable[[Asked], None]] = {"help": help_, "everybody": _everybody, "audit": _audit}
WORDS = tuple(_WORDS)
"""The words that may follow the command beside the name of a team."""

TAPS: dict[Action, Callable[[Asked], None]] = {Action.TEAM_OPEN: _answered(open_), Action.TEAM_WHY: _answered(why)}
"""What is done when a button of a summary is tapped."""
