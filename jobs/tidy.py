"""Delete what is older than the retention time, in small bites, so that nothing else has to wait.

What came in of somebody just as they were left out goes as well (`bot/store/exclusions.py`). Nothing is concluded or
said here. Next: `bot/store/retention.py`.
"""

from __future__ import annotations

from datetime import datetime

from bot.store import exclusions, retention
from bot.store.database import Store

ROWS_A_BITE = 5_000
PEOPLE_A_BITE = 20


def tidy(store: Store, *, now: datetime, retention_days: int, rows_a_bite: int = ROWS_A_BITE) -> dict[str, int]:
    """Delete everything older than `retention_days` before `now`; returns how many rows went, by table.

    People who left are erased whole some time after their last day, and counted as "people_who_left"; rows that came
    in of somebody as they were left out are counted as "left_out". Running it again at the same `now` deletes nothing
    more.
    """
    gone = {"people_who_left": _forget_who_left(store, retention.left_before(now))}
    for aged in retention.AGED:
        before = aged.limit(now=now, retention_days=retention_days)
        gone[aged.model.__tablename__] = _delete(store, aged, before, rows_a_bite)
    with store.begin() as session:
        gone["left_out"] = exclusions.drop_strays(session)
    store.wipe_deleted()
    return gone


def _delete(store: Store, aged: retention.Aged, before: datetime, rows_a_bite: int) -> int:
    total = 0
    while True:
        with store.begin() as session:
            bite = retention.delete_some(session, aged=aged, before=before, most=rows_a_bite)
        total += bite
        if bite < rows_a_bite:
            return total


def _forget_who_left(store: Store, before: datetime) -> int:
    total = 0
    while True:
        with store.begin() as session:
            bite = retention.forget_some_who_left(session, before=before, most=PEOPLE_A_BITE)
        total += bite
        if bite < PEOPLE_A_BITE:
            return total
