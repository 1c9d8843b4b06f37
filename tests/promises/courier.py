"""A process that delivers until it is killed: the victim of `test_p08_once_and_not_lost.py`.

`python -m tests.promises.courier DATABASE_URL API_URL`: says `ready`, waits for a line, then delivers for ever. Its
lease and time-outs are a tenth of the real ones, so that a night of trouble fits into a test.
"""

from __future__ import annotations

import sys
import time
from uuid import uuid4

from sqlalchemy.exc import OperationalError

from bot.playground.server import BOT_TOKEN
from bot.slack import Slack
from bot.store.database import Store
from bot.store.own_tips import library
from jobs.deliver import deliver
from jobs.rounds import Pace
from tests.nudge_queue import NOW, TIP, always_right, words

PACE = Pace(
    rate_per_s=100,
    look_up_rate_per_s=50,
    batch=4,
    lease_s=3,
    http_timeout_s=1,
    settle_s=1,
    give_up_after=5,
    patience_s=2,
    run_s=30,
)


def main(database_url: str, api_url: str) -> None:
    """Deliver until killed."""
    store = Store(database_url)
    slack = Slack(BOT_TOKEN, api_url)
    slack.client.timeout = int(PACE.http_timeout_s)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    while True:
        try:
            deliver(
                store,
                slack=slack,
                tips=library([TIP]),
                now=NOW,
                recheck=always_right,
                render=words,
                owner=uuid4().hex,
                pace=PACE,
            )
        except OperationalError:
            time.sleep(0.2)  # the database restarts in one of the tests
        time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
