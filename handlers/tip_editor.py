"""The leads' tips: list, look at, write, change, end and translate them. An edit acts at once, in every process.

`handlers/ai_nudge.py` has `answer` for the word `tips`, and registers `TAPS` and `SUBMISSIONS` behind the door for
leads, so who asks is judged anew each time. Each change is written down by role. What is typed goes through the same
checks as a file, and nothing of it is saved before it was looked at. Nothing here is about anybody. Next:
`bot/views/tip_editor.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot.domain.languages import ENGLISH, LANGUAGES
from bot.domain.roles import Role
from bot.domain.tip_fields import HEAD, LINK, TEXTS, print_of, problems, tip_of, words_of
from bot.domain.tips import EVERY_ROLE, Tip
from bot.errors import InputError
from bot.store import audit, campaigns, own_tips
from bot.store.audit import Act
from bot.store.database import Session
from bot.views import ids
from bot.views import tip_editor as views
from bot.views.ids import Action, Callback
from bot.views.tip_editor import Draft, View
from handlers import forms
from handlers.forms import Form, Next
from handlers.trouble import FormWork, Work
from handlers.who import Asked

_TAKEN = "A tip of this id is there already, or was once; choose another."
_OVER = "That day is over; choose today or a later one."
_TOO_LONG = "This is too long to be looked at; use fewer or simpler words."
_OLD_WORDS = " Its words in other languages are those of before: look at them too."


def answer(asked: Asked) -> None:
    """All tips."""
    with asked.desk.store.read() as session:
        tips = asked.desk.tips(session)
    asked.show(views.listing(tips, _today(asked)))


def open_(asked: Asked) -> None:
    """The tip that was chosen."""
    _show(asked, lambda tip: views.page(tip, _today(asked)))


def preview(asked: Asked) -> None:
    """The tip as people get it."""
    _show(asked, views.preview)


def new(asked: Asked) -> None:
    """An empty form."""
    asked.show(views.edit(Draft("", ENGLISH, {}, is_new=True)))


def edit(asked: Asked) -> None:
    """The form with the tip as it stands."""
    _show(asked, lambda tip: views.edit(views.drafted(tip, ENGLISH)))


def translate(asked: Asked) -> None:
    """The form for its words in another language."""
    language = LANGUAGES.get(asked.choice())
    if language is None or language is ENGLISH:
        raise InputError("a language in which there are no tips")
    _show(asked, lambda tip: views.translate(tip, views.drafted(tip, language)))


def change(asked: Asked) -> None:
    """Back from the look at a draft to its form, with all that was typed."""
    draft = views.read_draft(asked.view.metadata if asked.view else "")
    with asked.desk.store.read() as session:
        asked.show(_form(_find(asked, session, draft.tip_id), draft))


def end(asked: Asked) -> None:
    """Let the tip be over since yesterday, also for what is planned."""
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        own_tips.hold(session)
        tip = _find(asked, session, _tip_id(asked))
        if tip is not None:
            tip = replace(tip, expires_on=min(tip.expires_on, _today(asked) - timedelta(days=1)))
            own_tips.save(session, tip=tip, now=now)
            audit.note(session, role=Role.LEAD, act=Act.TIP_CHANGED, now=now)
    asked.show(views.gone() if tip is None else views.page(tip, _today(asked), views.ENDED))


def look(asked: Asked, form: Form) -> Next:
    """What was typed, as people would get it; or beside each field what is wrong with it."""
    draft = _typed(views.read_draft(form.metadata), form)
    with asked.desk.store.read() as session:
        known = _find(asked, session, draft.tip_id)
    found = _problems(draft, known, _today(asked))
    if not found and len(draft.dump()) > views.LONGEST_METADATA:
        found = {"how": _TOO_LONG}
    if found:
        return forms.wrong(found)
    tip = _as_drafted(draft, known)
    return forms.show(views.gone() if tip is None else views.looked_at(tip, draft))


def save(asked: Asked, form: Form) -> Next:
    """Keep what was looked at, checked once more; it acts from now on."""
    draft, now, today = views.read_draft(form.metadata), asked.desk.clock.now(), _today(asked)
    with asked.desk.store.begin() as session:
        own_tips.hold(session)
        known = _find(asked, session, draft.tip_id)
        found = _problems(draft, known, today)
        if found:
            return forms.show(_form(known, draft, next(iter(found.values()))))
        if known is not None and draft.was != print_of(known):
            return forms.show(_form(known, replace(draft, was=print_of(known)), views.CHANGED_MEANWHILE))
        tip = _as_drafted(draft, known)
        if tip is None:
            return forms.show(views.gone())
        paused = campaigns.reworded(session, tips=[tip, *([known] if known else [])], now=now)
        if draft.language is ENGLISH:
            own_tips.save(session, tip=tip, now=now)
        else:
            words = tip.elsewhere[draft.language.code]
            own_tips.save_words(session, tip_id=tip.tip_id, code=draft.language.code, words=words, now=now)
        audit.note(session, role=Role.LEAD, act=Act.TIP_CHANGED, now=now)
    old_words = _OLD_WORDS if draft.language is ENGLISH and tip.elsewhere else ""
    return forms.show(views.page(tip, today, views.SAVED + old_words + views.paused(paused)))


def _show(asked: Asked, made: Callable[[Tip], View]) -> None:
    with asked.desk.store.read() as session:
        tip = _find(asked, session, _tip_id(asked))
    asked.show(views.gone() if tip is None else made(tip))


def _form(known: Tip | None, draft: Draft, said: str = "") -> View:
    if draft.language is ENGLISH:
        return views.edit(draft, said)
    return views.gone() if known is None else views.translate(known, draft, said)


def _find(asked: Asked, session: Session, tip_id: str) -> Tip | None:
    return next((tip for tip in asked.desk.tips(session) if tip.tip_id == tip_id), None)


def _typed(about: Draft, form: Form) -> Draft:
    """The draft with what stands in the form; chosen triggers and roles as a file would name them."""
    names = (*TEXTS, LINK) if about.language is not ENGLISH else (*HEAD, *TEXTS, LINK)
    fields = {name: form.text(name) for name in names}
    if about.language is not ENGLISH:
        return replace(about, fields=fields)
    tip_id = fields["id"] if about.is_new else about.tip_id
    chosen = {name: ", ".join(form.chosen(name)) for name in ("triggers", "roles")}
    fields |= {**chosen, "roles": chosen["roles"] or EVERY_ROLE, "id": tip_id}
    return replace(about, fields=fields, tip_id=tip_id)


def _problems(draft: Draft, known: Tip | None, today: date) -> Mapping[str, str]:
    """What is wrong, by field, as sentences."""
    found = {name: f"{said[0].upper()}{said[1:]}." for name, said in problems(draft.fields, draft.language).items()}
    if draft.is_new and known is not None:
        found["id"] = _TAKEN
    is_a_day = draft.language is ENGLISH and "expires_on" not in found
    if is_a_day and date.fromisoformat(draft.fields["expires_on"]) < today:
        found["expires_on"] = _OVER
    return found


def _as_drafted(draft: Draft, known: Tip | None) -> Tip | None:
    """The tip as it would be; None when the one that was changed is gone."""
    if draft.language is ENGLISH:
        if known is None and not draft.is_new:
            return None
        return replace(tip_of(draft.fields), elsewhere=known.elsewhere if known else {})
    if known is None:
        return None
    return replace(known, elsewhere={**known.elsewhere, draft.language.code: words_of(draft.fields)})


def _tip_id(asked: Asked) -> str:
    tip_id = ids.parse(asked.value).tip_id
    if tip_id is None:
        raise InputError("a button of a tip without its id")
    return tip_id


def _today(asked: Asked) -> date:
    return asked.desk.clock.now().date()


TAPS: dict[Action, Work] = {
    Action.NUDGE_TIPS: answer,
    Action.TIP_OPEN: open_,
    Action.TIP_NEW: new,
    Action.TIP_EDIT: edit,
    Action.TIP_TRANSLATE: translate,
    Action.TIP_PREVIEW: preview,
    Action.TIP_END: end,
    Action.TIP_CHANGE: change,
}
"""What is done when a button is tapped, by a lead."""

SUBMISSIONS: dict[Callback, FormWork] = {Callback.TIP_FORM: look, Callback.TIP_SAVE: save}
"""What is done when a form is sent, by a lead."""
