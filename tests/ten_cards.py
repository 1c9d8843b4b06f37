"""The ten cards of docs/evidence/cards.md: people in very different places, under the real rules, in the real words.

`tests/house/test_cards_page.py` makes them again and compares. After a change of words or rules:
`.venv/bin/python -m tests.ten_cards > docs/evidence/cards.md`, and read what has changed, aloud.
"""

from __future__ import annotations

import html
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import insert

from bot.domain import scorecard
from bot.domain.check_in import Helped
from bot.domain.occasions import CHECK_IN
from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.scorecard import Scorecard
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.playground import cast
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import check_ins, coverage, identities, outcomes, people, source_runs, usage
from bot.store import scorecard as card_store
from bot.store.database import Session, Store
from bot.store.tables import NudgeRow
from bot.views import scorecard as views
from jobs.detect import detect

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
TOOL, SECOND_TOOL = "claude_code", "cursor"
LATE_SINCE = date(2026, 2, 24)
_FIRST = YESTERDAY - timedelta(days=97)
_USUAL = Counters(
    requests=60, failed_requests=2, input_tokens=190_000, cache_read_tokens=1_700_000, cache_write_tokens=90_000,
    output_tokens=24_000, cost_microusd=1_780_000,
)  # fmt: skip
_RUNAWAY = Counters(
    requests=7_600, failed_requests=90, input_tokens=15_000_000, cache_read_tokens=150_000_000,
    cache_write_tokens=7_500_000, output_tokens=1_500_000, cost_microusd=234_375_000,
)  # fmt: skip


@dataclass(frozen=True)
class Someone:
    """One of the ten: who they are, what is so about them, and what the sources tell."""

    member: cast.Member
    title: str
    truth: str
    used_on: Callable[[date], bool] = lambda _day: False
    volume: int = 1
    runaway_on: date | None = None
    seats: tuple[tuple[str, date, int], ...] = ((TOOL, date(2025, 9, 1), 30_000_000),)
    finished: tuple[tuple[str, OutcomeKind, Callable[[date], bool]], ...] = ()
    helped: tuple[Helped, ...] = ()
    is_late: bool = False


def _weekdays(*wanted: int, first: date = _FIRST, last: date = YESTERDAY) -> Callable[[date], bool]:
    return lambda day: day.weekday() in wanted and first <= day <= last


_MERGES = _weekdays(1, 3)
_CODE = (("github", OutcomeKind.PR_MERGED, _MERGES), ("git-works", OutcomeKind.PR_MERGED, _MERGES))
_INES = cast.Member("U0INES", "ines.ito@lantern.example", "Ines Ito")
TEN = (
    Someone(
        cast.ADA,
        "A habit, and code",
        "Uses Claude Code on four days a week; her work is merged on two. GitHub and the git history both tell it.",
        used_on=_weekdays(0, 1, 2, 3),
        finished=_CODE,
        helped=(Helped.NOT_REALLY, Helped.SOMEWHAT, Helped.SOMEWHAT, Helped.CLEARLY),
    ),
    Someone(
        replace(cast.FINN, timezone=cast.ADA.timezone, country=cast.ADA.country),
        "Twenty times the tokens, the same work",
        "Ada's twin: the same days, the same changes, the same answers. Everything else goes through the model twenty "
        "times. The words are the same, only the meter and the money are not.",
        used_on=_weekdays(0, 1, 2, 3),
        volume=20,
        finished=_CODE,
        helped=(Helped.NOT_REALLY, Helped.SOMEWHAT, Helped.SOMEWHAT, Helped.CLEARLY),
    ),
    Someone(
        cast.ROBIN,
        "Work without code",
        "Finishes tickets, and uses Claude Code for the wording of some of them.",
        used_on=_weekdays(2),
        finished=(("jira", OutcomeKind.TICKET_DONE, _weekdays(0, 4)),),
    ),
    Someone(
        cast.BEN,
        "A seat that was never opened",
        "Has held a seat since January and never used it. His code is merged all the same.",
        seats=((TOOL, date(2026, 1, 5), 30_000_000),),
        finished=(("github", OutcomeKind.PR_MERGED, _weekdays(3)),),
    ),
    Someone(
        cast.EMI,
        "Stopped in January",
        "Used it in most weeks until the middle of January, and not at all since.",
        used_on=_weekdays(0, 2, last=date(2026, 1, 16)),
        finished=(("github", OutcomeKind.PR_MERGED, _weekdays(1)),),
    ),
    Someone(
        _INES,
        "Here for a week",
        "Has had a seat since last Monday, and has tried it once.",
        used_on=_weekdays(3, first=date(2026, 2, 23)),
        seats=((TOOL, date(2026, 2, 23), 30_000_000),),
    ),
    Someone(
        cast.GUS,
        "Trying things out",
        "Began three weeks ago, so everything he spends is exploring. Writes documents.",
        used_on=_weekdays(1, 2, 3, first=date(2026, 2, 9)),
        seats=((TOOL, date(2026, 2, 2), 30_000_000),),
        finished=(("documents", OutcomeKind.DOCUMENT, _weekdays(4)),),
    ),
    Someone(
        cast.DANA,
        "The source is late",
        "Works as ever, but what she uses has not been reported since 24 February.",
        used_on=_weekdays(0, 1, 3, last=LATE_SINCE - timedelta(days=1)),
        finished=(("github", OutcomeKind.PR_MERGED, _weekdays(2)),),
        is_late=True,
    ),
    Someone(
        cast.CHIDI,
        "Money that went nowhere",
        "Left an agent running over one night, and holds a seat of a second tool that he never opens.",
        used_on=_weekdays(0, 1, 2, 3, 4),
        runaway_on=date(2026, 2, 18),
        seats=((TOOL, date(2025, 9, 1), 30_000_000), (SECOND_TOOL, date(2025, 9, 1), 32_000_000)),
        finished=(("github", OutcomeKind.PR_MERGED, _weekdays(0, 1)),),
        helped=(Helped.SOMEWHAT,),
    ),
    Someone(
        cast.HANA,
        "Nothing to be seen",
        "Leads the house, holds no seat, and finishes nothing that a source could tell of.",
        seats=(),
    ),
)  # fmt: skip


def cards(store: Store) -> Iterator[tuple[Someone, Scorecard]]:
    """The ten, judged in `store`, which must be empty."""
    ids = _keep_everything(store)
    detect(store, now=NOW, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of)
    with store.read() as session:
        for one in TEN:
            numbers = card_store.numbers(
                session,
                person_id=ids[one.member.email],
                yesterday=YESTERDAY,
                holidays_of=holidays_of,
                weekend_of=weekend_of,
            )
            assert numbers is not None
            yield one, scorecard.build(numbers)


def page(made: Iterable[tuple[Someone, Scorecard]]) -> str:
    """The whole page."""
    parts = [_OPENING]
    for number, (one, card) in enumerate(made, 1):
        text = html.unescape(views.message(card, today=TODAY, has_tip=False).text)
        quoted = "\n".join(f"> {line}".rstrip() + ("\\" if line else "") for line in text.splitlines()[2:-2])
        parts.append(f"## {number}. {one.title}\n\n*{one.member.name}. {one.truth}*\n\n{quoted.rstrip(chr(92))}\n")
    return "\n".join(parts).replace("\\\n>\n", "\n>\n")


_OPENING = """# Ten cards, read aloud

Ten people of the invented company, judged by the real rules and told in the real words, as a screen reader would read
them; the buttons are left out. Each must be understood without a manual. None may flatter volume, compare with anybody,
or make a tired person defensive. `tests/house/test_cards_page.py` makes them again with every test run, so what stands
here is what is said.

Reading them aloud changed six things. "$0 bought nothing" says the opposite to the ear, so what was not found is said
as not found. The price of a seat that was never opened sounded like a reproach; now the card adds that this may be
right. A newcomer heard of twenty working days before there was a seat; days before the first tool are left out. In the
first two weeks it is *too early* to judge, and no longer *too little visible*. Who finishes tickets or documents hears
of these first, and is never asked for merged changes. Where no work can be seen, the card says that this tells nothing
about the work.
"""


# ---------------------------------------------------------------- what the sources told


def _keep_everything(store: Store) -> dict[str, int]:
    with store.begin() as session:
        people.save_people(session, records=[_record(one.member) for one in TEN], now=NOW)
        people.save_seats(session, seats=list(_seats()))
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[one.member.email for one in TEN])
        for tool in (TOOL, SECOND_TOOL):
            _cover(session, tool, [ids[one.member.email] for one in TEN if not one.is_late], f"{tool}")
        _cover(session, TOOL, [ids[one.member.email] for one in TEN if one.is_late], "otlp", until=LATE_SINCE)
        for one in TEN:
            source = "otlp" if one.is_late else TOOL
            usage.merge_rows(session, source=source, rows=_usage(one), now=NOW)
            for name, kind, on in one.finished:
                outcomes.save(session, source=name, outcomes=_finished(one, name, kind, on), now=NOW)
            _ask(session, ids[one.member.email], one.helped)
    return ids


def _record(member: cast.Member) -> PersonRecord:
    return PersonRecord(
        email=member.email,
        timezone=member.timezone,
        locale=member.locale,
        country=member.country,
        role=member.role,
        slack_user_id=member.slack_id,
    )


def _seats() -> Iterator[SeatRecord]:
    for one in TEN:
        for tool, since, cost_microusd in one.seats:
            yield SeatRecord(one.member.email, tool, since, None, cost_microusd)


def _cover(session: Session, tool: str, person_ids: Sequence[int], source: str, until: date = TODAY) -> None:
    source_runs.note_source(session, name=source, kind=source, lag_days=0, lists_members=False)
    for days, status in (
        ([day for day in _days() if day < until], CoverageStatus.COVERED),
        ([day for day in _days() if day >= until], CoverageStatus.PENDING),
    ):
        coverage.mark(session, source=source, tool=tool, days=days, status=status, reason=None, as_of=NOW)
    coverage.cover_people(
        session, source=source, tool=tool, person_ids=person_ids, first_day=date(2025, 9, 1), last_day=None
    )


def days_back(number: int) -> list[date]:
    """So many days, up to yesterday."""
    return [YESTERDAY - timedelta(days=back) for back in range(number - 1, -1, -1)]


def _days() -> list[date]:
    return days_back((YESTERDAY - _FIRST).days + 1)


def _usage(one: Someone) -> Iterator[UsageRow]:
    for day in filter(one.used_on, _days()):
        told = Counters(**{name: None if n is None else n * one.volume for name, n in vars(_USUAL).items()})
        yield UsageRow(one.member.email, day, TOOL, "claude-sonnet-4-6", told, priced="reported")
    if one.runaway_on is not None:
        yield UsageRow(one.member.email, one.runaway_on, TOOL, "claude-opus-4-6", _RUNAWAY, priced="reported")


def _finished(one: Someone, name: str, kind: OutcomeKind, on: Callable[[date], bool]) -> Iterator[OutcomeRecord]:
    is_host, is_change = name == "github", kind is OutcomeKind.PR_MERGED
    for number, day in enumerate(filter(on, _days())):
        ref = f"lantern/works#{one.member.slack_id}{number}" if is_host else f"{name}-{one.member.slack_id}-{number}"
        is_old = (YESTERDAY - day).days >= 14
        yield OutcomeRecord(
            subject=one.member.email,
            at=datetime.combine(day, time(15), UTC),
            kind=kind,
            ref=ref,
            lines_added=40 + number if is_change else None,
            lines_survived_14d=(40 + number) * 9 // 10 if name.startswith("git-") and is_old else None,
            repository="lantern/works" if is_host else None,
            reverted=(number % 7 == 3) if is_host else None,
            reached_production=is_old if is_host else None,
        )


def _ask(session: Session, person_id: int, helped: Sequence[Helped]) -> None:
    """Check-ins two weeks apart, the last of them four days ago."""
    for number, answer in enumerate(helped):
        at = NOW - timedelta(days=4 + 14 * (len(helped) - 1 - number))
        key = f"ask-{person_id}-{number}"
        session.execute(
            insert(NudgeRow).values(
                nudge_key=key, person_id=person_id, tip_id=CHECK_IN, topic=CHECK_IN, trigger=CHECK_IN,
                rule_version="nudges", facts={}, planned_at=at, due_at=at, expires_at=at, state="sent", sent_at=at,
                answer=answer.value, answered_at=at,
            )
        )  # fmt: skip
        check_ins.answer(session, nudge_key=key, person_id=person_id, helped=answer, now=at)


def main() -> None:
    """The page, on stdout."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'cards.db'}")
        store.upgrade()
        sys.stdout.write(page(cards(store)))
        store.close()


if __name__ == "__main__":
    main()
