"""Who works in an invented company: where, how much, with which seats, and how each of them really uses AI.

Everybody is drawn from a chance of their own, so that a company of 300 holds the first 300 of one of 3,000.
Called by `bot/sources/invented/company.py`. Next: `bot/sources/invented/behaviour.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from bot.domain.roster import SeatRecord

HISTORY_DAYS = 126
"""How far back the sources of an invented company reach: further than any rule looks."""
CODE, OTHER_CODE, COMPLETION, CHAT, API = "claude_code", "cursor", "copilot", "claude_chat", "anthropic_api"
SEAT_USD = {CODE: 30, OTHER_CODE: 40, COMPLETION: 19, CHAT: 25}
"""Price of a month; what is not listed here needs no seat."""
MAXXED = 30
"""How much more a tokenmaxxer burns than the twin who does the same work."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """Where somebody works. The offset is winter time: good enough to know which UTC day an hour falls on."""

    timezone: str
    country: str
    locale: str
    utc_offset_h: int
    week: frozenset[int] = frozenset(range(5))


PLACES = (
    Place("Europe/Berlin", "DE", "de-DE", 1),
    Place("Europe/London", "GB", "en-GB", 0),
    Place("America/New_York", "US", "en-US", -5),
    Place("America/Sao_Paulo", "BR", "pt-BR", -3),
    Place("Asia/Tokyo", "JP", "ja-JP", 9),
    Place("Australia/Sydney", "AU", "en-AU", 11),
    Place("Africa/Cairo", "EG", "ar-EG", 2, frozenset({6, 0, 1, 2, 3})),
)


class Course(StrEnum):
    """How the use of one person runs over the months."""

    STEADY = "steady"
    OCCASIONAL = "occasional"
    STOPPED = "stopped"
    FADED = "faded"
    FIRST_STEPS = "first_steps"
    BEGUN = "begun"
    NEVER = "never"
    RETURNED = "returned"
    SWITCHED = "switched"
    NO_SEAT = "no_seat"
    NEW_SEAT = "new_seat"
    TAKEN_BACK = "taken_back"


_COURSES = {
    Course.STEADY: 36,
    Course.OCCASIONAL: 12,
    Course.STOPPED: 8,
    Course.FADED: 7,
    Course.FIRST_STEPS: 5,
    Course.BEGUN: 7,
    Course.NEVER: 9,
    Course.RETURNED: 3,
    Course.SWITCHED: 4,
    Course.NO_SEAT: 3,
    Course.NEW_SEAT: 3,
    Course.TAKEN_BACK: 3,
}


class Login(StrEnum):
    """What the sources can see of somebody."""

    WHOLE = "whole"
    SUBSCRIPTION = "subscription"
    """Logs in with a private subscription, which the report leaves out."""
    UNMAPPED = "unmapped"
    """Is reported under an id that nobody has mapped."""


@dataclass(frozen=True)
class Stay:
    """A stretch of days with one tool. `pace` is the chance of use on a working day; 1 means on every single day."""

    tool: str
    first: date
    last: date
    pace: float


@dataclass(frozen=True)
class Style:
    """How somebody works with a tool that counts tokens. Rates are shares, `prompt_tokens` are those of a day."""

    prompt_tokens: int
    hit_rate: float
    frontier_share: float
    written_per_read: float
    failed_share: float


@dataclass(frozen=True)
class Worker:
    """One invented person. `alike` is the number of the twin whose chances a tokenmaxxer shares, else their own."""

    number: int
    alike: int
    email: str
    place: Place
    role: str
    team: str
    manager_email: str | None
    works_on: frozenset[int]
    started_on: date | None
    ended_on: date | None
    leave: tuple[tuple[date, date], ...]
    second_account: bool
    login: Login
    course: Course
    night_agent: bool
    stays: tuple[Stay, ...]
    seats: tuple[SeatRecord, ...]
    style: Style
    empty_since: date | None = None
    """From this day on all that is sent is one empty request a day."""

    @property
    def volume(self) -> int:
        return 1 if self.alike == self.number else MAXXED

    def employed_on(self, day: date) -> bool:
        return (self.started_on is None or self.started_on <= day) and (self.ended_on is None or day <= self.ended_on)

    def sends_nothing_on(self, day: date) -> bool:
        return self.empty_since is not None and self.empty_since <= day

    def away_on(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.leave)


def worker(seed: int, number: int, today: date) -> Worker:
    """The person with this number. Every fortieth burns 30 times the tokens of the one before, for the same work."""
    alike = number - 1 if number % 40 == 0 else number
    chance = Random(f"{seed} worker {alike}")
    place = chance.choice(PLACES)
    role = chance.choices(("dev", "biz", "ops"), (60, 28, 12))[0]
    manager = number - (number - 1) % 10
    started, ended = _employment(chance, today)
    course = chance.choices(list(_COURSES), list(_COURSES.values()))[0]
    stays, seats = _Career(chance, f"worker-{number:06d}@lantern.example", role, today, started, ended).of(course)
    return Worker(
        number=number,
        alike=alike,
        email=f"worker-{number:06d}@lantern.example",
        place=place,
        role=role,
        team=f"team-{manager // 10}",
        manager_email=None if manager == number else f"worker-{manager:06d}@lantern.example",
        works_on=_part_time(chance, place),
        started_on=started,
        ended_on=ended,
        leave=_leave(chance, today),
        second_account=chance.random() < 0.12,
        login=chance.choices(list(Login), (92, 5, 3))[0],
        course=course,
        night_agent=role == "ops" and chance.random() < 0.5,
        stays=stays,
        seats=seats,
        style=_style(chance),
        empty_since=_empty_since(chance, today),
    )


def _empty_since(chance: Random, today: date) -> date | None:
    draw, days = chance.random(), chance.randrange(0, HISTORY_DAYS + 1)
    return today - timedelta(days=days) if draw < 0.04 else None


def _employment(chance: Random, today: date) -> tuple[date | None, date | None]:
    draw = chance.random()
    if draw < 0.03:
        return today - timedelta(days=chance.randrange(2, 60)), None
    if draw < 0.05:
        return None, today - timedelta(days=chance.randrange(2, 50))
    return None, None


def _part_time(chance: Random, place: Place) -> frozenset[int]:
    days = sorted(place.week)
    return frozenset(chance.sample(days, chance.randrange(2, 5))) if chance.random() < 0.12 else place.week


def _leave(chance: Random, today: date) -> tuple[tuple[date, date], ...]:
    draw = chance.random()
    if draw < 0.02:  # parents, illness: away for most of what is judged
        first = today - timedelta(days=chance.randrange(25, 60))
        return ((first, today + timedelta(days=30)),)
    if draw < 0.35:
        first = today - timedelta(days=chance.randrange(5, HISTORY_DAYS))
        return ((first, first + timedelta(days=chance.randrange(2, 14))),)
    return ()


def _style(chance: Random) -> Style:
    return Style(
        prompt_tokens=int(chance.lognormvariate(13.9, 0.6)),
        hit_rate=chance.uniform(0.82, 0.94) if chance.random() > 0.08 else chance.uniform(0.62, 0.72),
        frontier_share=chance.uniform(0.0, 0.35),
        written_per_read=chance.uniform(0.008, 0.03),
        failed_share=chance.uniform(0.0, 0.04),
    )


@dataclass(frozen=True)
class _Career:
    """Draws the stays and the seats of one person."""

    chance: Random
    email: str
    role: str
    today: date
    started_on: date | None
    ended_on: date | None

    def of(self, course: Course) -> tuple[tuple[Stay, ...], tuple[SeatRecord, ...]]:
        tool = self._first_tool()
        stays = self._stays(course, tool)
        seats = [seat for seat in self._seats(course, tool, stays) if seat.tool in SEAT_USD]
        spare = self._spare_tool()
        if spare is not None and spare not in {stay.tool for stay in stays} and course is not Course.NO_SEAT:
            seats.append(self._seat(spare, self._ago(90, 300)))
            if self.chance.random() < 0.4:
                stays.append(Stay(spare, self._ago(20, HISTORY_DAYS), self.today, self.chance.uniform(0.05, 0.5)))
        return tuple(stays), tuple(seat for seat in map(self._while_employed, seats) if seat is not None)

    def _first_tool(self) -> str:
        if self.role == "biz":
            return CHAT
        if self.role == "ops":
            return self.chance.choice((API, CODE))
        return self.chance.choices((CODE, OTHER_CODE, COMPLETION), (55, 25, 20))[0]

    def _spare_tool(self) -> str | None:
        draw = self.chance.random()
        if self.role == "dev" and draw < 0.25:
            return COMPLETION if draw < 0.15 else CHAT
        return CODE if self.role == "biz" and draw < 0.1 else None

    def _stays(self, course: Course, tool: str) -> list[Stay]:  # noqa: PLR0911 - one line for each course of use
        start, today = self.today - timedelta(days=HISTORY_DAYS), self.today
        pace = self.chance.uniform(0.3, 0.95)
        match course:
            case Course.STEADY:
                return [Stay(tool, start, today, pace)]
            case Course.OCCASIONAL:
                return [Stay(tool, start, today, pace / 10)]
            case Course.STOPPED | Course.TAKEN_BACK:
                return [Stay(tool, start, self._ago(27, 80), pace)]
            case Course.FADED:
                return [Stay(tool, start, self._ago(10, 32), pace)]
            case Course.FIRST_STEPS:
                first = self._ago(2, 70)
                days = [first, *(first + timedelta(days=self.chance.randrange(1, 40)) for _ in range(2))]
                return [Stay(tool, day, day, 1.0) for day in days[: self.chance.randrange(1, 4)]]
            case Course.BEGUN | Course.NEW_SEAT:
                return [Stay(tool, self._ago(2, 90 if course is Course.BEGUN else 20), today, pace)]
            case Course.RETURNED:
                return [Stay(tool, start, self._ago(45, 80), pace), Stay(tool, self._ago(1, 25), today, pace)]
            case Course.SWITCHED:
                day = self._ago(10, 80)
                return [Stay(tool, start, day, pace), Stay(self._other(tool), day + _ONE_DAY, today, pace)]
            case Course.NEVER | Course.NO_SEAT:
                return []

    def _seats(self, course: Course, tool: str, stays: list[Stay]) -> list[SeatRecord]:
        long_ago = self._ago(HISTORY_DAYS, 400)
        match course:
            case Course.NO_SEAT:
                return []
            case Course.NEW_SEAT:
                return [self._seat(tool, stays[0].first)]
            case Course.NEVER | Course.BEGUN | Course.FIRST_STEPS:
                first = min((stay.first for stay in stays), default=self.today)
                return [self._seat(tool, min(first, self._ago(3, 200)))]
            case Course.TAKEN_BACK:
                return [self._seat(tool, long_ago, stays[-1].last + timedelta(days=self.chance.randrange(1, 20)))]
            case Course.SWITCHED:
                day = stays[1].first
                given_back = day + timedelta(days=3) if self.chance.random() < 0.6 else None
                return [self._seat(tool, long_ago, given_back), self._seat(stays[1].tool, day)]
            case _:
                return [self._seat(tool, long_ago)]

    def _other(self, tool: str) -> str:
        return {CODE: OTHER_CODE, OTHER_CODE: CODE, COMPLETION: CODE, API: CODE}.get(tool, CODE)

    def _seat(self, tool: str, since: date, until: date | None = None) -> SeatRecord:
        known = self.chance.random() > 0.05
        price = SEAT_USD[tool] * 1_000_000 if known and tool in SEAT_USD else None
        until = None if until is None or until > self.today else until
        return SeatRecord(self.email, tool, since, until, price)

    def _while_employed(self, seat: SeatRecord) -> SeatRecord | None:
        """A joiner's seat begins with the job; a leaver's is taken back the day after, and now and then forgotten."""
        since = max(seat.assigned_on, self.started_on or seat.assigned_on)
        until = seat.released_on
        if self.ended_on is not None and self.chance.random() < 0.8:
            until = min(self.ended_on + _ONE_DAY, until or self.today)
        if until is not None and until <= since:
            return None
        return SeatRecord(seat.email, seat.tool, since, until, seat.monthly_cost_microusd)

    def _ago(self, least: int, most: int) -> date:
        return self.today - timedelta(days=self.chance.randrange(least, most))
