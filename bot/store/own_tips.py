"""The tips as they stand at this moment: those that ship, and over them what a company's own leads wrote or changed.

`library` is made once by `bot/app.py`; every job and every handler asks it anew, so that an edit acts at once in every
process. Nothing here is about anybody. Next: `handlers/tip_editor.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.domain.languages import ENGLISH
from bot.domain.tip_fields import LINK, Fields, fields_of, fields_of_words, tip_of, words_of
from bot.domain.tips import Tip, TipWords
from bot.store.tables import OwnTipRow

Tips = Callable[[Session], tuple[Tip, ...]]
"""All tips there are, in the order of their ids."""

_HEAD = ("topic", "triggers", "roles", "owner", "link_kind")


def library(shipped: Sequence[Tip]) -> Tips:
    """The shipped tips with the rows of `own_tip` over them."""

    def tips(session: Session) -> tuple[Tip, ...]:
        found = {tip.tip_id: tip for tip in shipped}
        rows = session.scalars(select(OwnTipRow).execution_options(populate_existing=True)).all()
        for row in (row for row in rows if row.locale == ENGLISH.code):
            known = found.get(row.tip_id)
            found[row.tip_id] = replace(_tip(row), elsewhere=known.elsewhere if known else {})
        for row in (row for row in rows if row.locale != ENGLISH.code and row.tip_id in found):
            tip = found[row.tip_id]
            found[row.tip_id] = replace(tip, elsewhere={**tip.elsewhere, row.locale: words_of(_texts(row))})
        return tuple(sorted(found.values(), key=lambda tip: tip.tip_id))

    return tips


def hold(session: Session) -> None:
    """Nobody else changes a tip before this transaction ends; on SQLite nobody else writes anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE own_tip IN SHARE ROW EXCLUSIVE MODE"))


def save(session: Session, *, tip: Tip, now: datetime) -> None:
    """Keep a tip in English, with all that holds for it in every language. Its translations stay as they are."""
    fields = fields_of(tip)
    head = {name: fields[name] for name in _HEAD}
    row = OwnTipRow(tip_id=tip.tip_id, locale=ENGLISH.code, expires_on=tip.expires_on, **head, **_columns(fields))
    _keep(session, row, now)


def save_words(session: Session, *, tip_id: str, code: str, words: TipWords, now: datetime) -> None:
    """Keep a translation."""
    _keep(session, OwnTipRow(tip_id=tip_id, locale=code, **_columns(fields_of_words(words))), now)


def _keep(session: Session, row: OwnTipRow, now: datetime) -> None:
    row.changed_at = now
    session.merge(row)
    session.flush()


def _columns(texts: Fields) -> dict[str, str | None]:
    return {"link": texts[LINK] or None, "text": texts["text"], "try_this": texts["try"], "how_to": texts["how"]}


def _tip(row: OwnTipRow) -> Tip:
    head = {name: getattr(row, name) or "" for name in _HEAD}
    expires_on = row.expires_on.isoformat() if row.expires_on else ""
    return tip_of({"id": row.tip_id, "expires_on": expires_on, **head, **_texts(row)})


def _texts(row: OwnTipRow) -> dict[str, str]:
    return {LINK: row.link or "", "text": row.text, "try": row.try_this, "how": row.how_to}
