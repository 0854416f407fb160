"""Rules by which tasks come again (RFC 5545, section 3.3.10): how they are read, and what is next.

dateutil knows the calendar. Ours is what it leaves open: which rules make no sense, the days that a
month lacks, and an end of the search.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import prod
from typing import Any, Self

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, rruleset, weekdays

from taskapp.tasks.due_dates import in_utc

WORDS = {word: f"FREQ={word.upper()}" for word in ("daily", "weekly", "monthly", "yearly")}
FREQUENCIES = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY, "YEARLY": YEARLY}
DAYS = dict(zip(["MO", "TU", "WE", "TH", "FR", "SA", "SU"], weekdays, strict=True))
# The largest number of each part, and which of them also count from the end.
LARGEST = {
    "INTERVAL": 1000,
    "COUNT": 9999,
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
    "BYSETPOS": 366,
    "BYHOUR": 23,
    "BYMINUTE": 59,
    "BYSECOND": 59,
}
SIGNED = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
SINGLE = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST")
ON_DAYS = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY")
AT_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
MOST_TIMES = 48  # a day
# Days, weeks, months or years in a row that a search may look at in vain.
PATIENCE = {DAILY: 4000, WEEKLY: 1000, MONTHLY: 500, YEARLY: 100}
SHORTEST_MONTH, LONGEST_MONTH = 28, 31  # days
FEBRUARY = 2

UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


class BadRule(ValueError):
    """A rule that makes no sense; its text says why."""


class TooFar(Exception):
    """A search has looked at as much as it may."""


class Interval(int):
    """An interval that counts how often it was added: once for each period that is looked at.

    Between two occurrences the library looks at any number of periods, and asks nobody.
    """

    left: int

    def __radd__(self, period: int) -> int:
        self._count()
        return period + int(self)

    def __mul__(self, days: int) -> int:  # of weeks
        self._count()
        return int(self) * days

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooFar


@dataclass(frozen=True)
class Rule:
    """A rule, taken apart. Its times are local ones of wherever it is used."""

    frequency: int
    interval: int = 1
    count: int | None = None
    until: datetime | None = None  # with a time zone where it was sent in UTC
    until_day: bool = False  # whether it means all of that day
    week_start: int = 0
    parts: Mapping[str, list[Any]] = field(default_factory=dict)  # BY…, by its name

    def ends_before(self, time: datetime, place: tzinfo | None) -> bool:
        """Tell whether a local time is beyond its UNTIL; without a place, whether that date is."""
        if self.until is None:
            return False
        if place is None or self.until_day:
            return time.date() > self.until.date()
        if self.until.tzinfo:
            return in_utc(time, place) > self.until
        return time > self.until

    def after(self, anchor: datetime, time: datetime) -> Iterator[datetime]:
        """Yield when it comes again after this time, if it counts from the anchor.

        Neither its COUNT nor its UNTIL is looked at. It ends where the calendar does, and where
        nothing was found for as long as `PATIENCE` says.
        """
        meter = Interval(self.interval)
        meter.left = PATIENCE[self.frequency]
        try:
            for found in self._from(self._start(anchor, time), anchor, meter):
                if found > time:
                    meter.left = PATIENCE[self.frequency]
                    yield found
        except (TooFar, OverflowError, ValueError):  # the latter two: not within its years
            return

    def on_dates(self) -> Self:
        """Return the rule without its times, for what has none."""
        parts = {name: part for name, part in self.parts.items() if name not in AT_TIMES}
        return replace(self, parts={} if parts.keys() == {"BYSETPOS"} else parts)

    def last_days(self, anchor: date) -> dict[str, list[int]]:
        """Return the parts that say "the last day of the month" where that follows from the anchor.

        For who reads rules by the letter, and leaves out the months that lack the anchor's day.
        Empty where it does not follow, and for the 29th and 30th of each month: the last of some
        days takes BYSETPOS, which not everybody (ical.js) reads beside BYMONTHDAY.
        """
        if any(name in self.parts for name in (*ON_DAYS, "BYSETPOS")):
            return {}
        if self.frequency == MONTHLY and anchor.day == LONGEST_MONTH:
            return {"BYMONTHDAY": [-1]}
        months = self.parts.get("BYMONTH", [anchor.month])
        if self.frequency == YEARLY and months == [FEBRUARY] and anchor.day > SHORTEST_MONTH:
            return {"BYMONTH": months, "BYMONTHDAY": [-1]}
        return {}

    def _from(self, start: datetime, anchor: datetime, interval: int) -> rruleset:
        found = rruleset()
        for asked in self._with_days_of(anchor):
            times = {
                "byhour": self.parts.get("BYHOUR", anchor.hour),
                "byminute": self.parts.get("BYMINUTE", anchor.minute),
                "bysecond": self.parts.get("BYSECOND", anchor.second),
            }
            rule = rrule(self.frequency, start, interval, self.week_start, **times, **asked)
            found.rrule(rule)
        return found

    def _start(self, anchor: datetime, time: datetime) -> datetime:
        """Return the beginning of a period of the rule that is not after the time."""
        day = anchor.replace(hour=0, minute=0, second=0)
        if self.frequency == DAILY:
            return day + self._jump((time - day).days) * timedelta(days=1)
        if self.frequency == WEEKLY:
            day -= timedelta(days=(day.weekday() - self.week_start) % 7)
            return day + self._jump((time - day).days // 7) * timedelta(days=7)
        if self.frequency == MONTHLY:
            months = (time.year - day.year) * 12 + time.month - day.month
            months = day.year * 12 + day.month - 1 + self._jump(months)
            return day.replace(year=months // 12, month=months % 12 + 1, day=1)
        return day.replace(year=day.year + self._jump(time.year - day.year), month=1, day=1)

    def _jump(self, periods: int) -> int:
        return max(0, periods) // self.interval * self.interval

    def _with_days_of(self, anchor: datetime) -> list[dict[str, Any]]:
        """Return what the library is asked, with what follows from the anchor."""
        asked = {
            f"by{_name(name)}": part for name, part in self.parts.items() if name not in AT_TIMES
        }
        if any(name in self.parts for name in ON_DAYS) or self.frequency == DAILY:
            return [asked]
        if self.frequency == WEEKLY:
            return [{**asked, "byweekday": anchor.weekday()}]
        if self.frequency == YEARLY:
            asked.setdefault("bymonth", [anchor.month])
        if anchor.day <= SHORTEST_MONTH or "BYSETPOS" in self.parts:
            return [{**asked, "bymonthday": anchor.day}]
        # Of the days up to that one, the last that a month has, at all times of the day.
        asked["bymonthday"] = list(range(SHORTEST_MONTH, anchor.day + 1))
        asked["bysetpos"] = list(range(-_times(self.parts), 0))
        # The last of a year's days is another thing than the last of each of its months.
        months = asked["bymonth"] if self.frequency == YEARLY else []
        return [{**asked, "bymonth": month} for month in months] or [asked]


@lru_cache(1000)
def read(text: str) -> Rule:
    """Return the rule that is written so; raises `BadRule`."""
    sent = written(text)
    if ":" in sent or ("=" in sent and re.search(r"\s", sent)):
        raise BadRule("Send one rule alone, without DTSTART, EXDATE or other lines.")
    parts = _parts(sent) if "=" in sent else {}
    frequency = FREQUENCIES.get(parts.get("FREQ", ""))
    if frequency is None:
        raise BadRule(
            "Send daily, weekly, monthly, yearly, or a rule of RFC 5545 with FREQ=DAILY, WEEKLY,"
            " MONTHLY or YEARLY."
        )
    by = {name: _list(name, value) for name, value in parts.items() if name.startswith("BY")}
    _check(frequency, parts, by)
    until, until_day = _until(parts["UNTIL"]) if "UNTIL" in parts else (None, False)
    return Rule(
        frequency,
        _number("INTERVAL", parts.get("INTERVAL", "1")),
        _number("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
        until,
        until_day,
        _week_start(parts.get("WKST", "MO")),
        by,
    )


def written(text: str) -> str:
    """Return the rule as RFC 5545 writes it, whether that makes sense or not."""
    return WORDS.get(text.strip().lower(), text.strip().upper()).removeprefix("RRULE:")


def _parts(sent: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in sent.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name not in {*SINGLE, *LARGEST, "BYDAY"}:
            raise BadRule(f"{part[:40]!r} is no part of a rule.")
        if name in parts:
            raise BadRule(f"{name} is there twice.")
        parts[name] = value
    return parts


def _check(frequency: int, parts: Mapping[str, str], by: Mapping[str, list[Any]]) -> None:
    """Raise `BadRule` for parts that don't go together (RFC 5545, section 3.3.10)."""
    counted = max((abs(day.n or 0) for day in by.get("BYDAY", [])), default=0)
    most = 53 if frequency == YEARLY and "BYMONTH" not in by else 5
    for wrong, why in (
        ("COUNT" in parts and "UNTIL" in parts, "COUNT and UNTIL don't go together."),
        ("BYSETPOS" in by and len(by) == 1, "BYSETPOS needs another BY… to choose from."),
        ("BYWEEKNO" in by and frequency != YEARLY, "BYWEEKNO goes with FREQ=YEARLY only."),
        ("BYYEARDAY" in by and frequency != YEARLY, "BYYEARDAY goes with FREQ=YEARLY only."),
        ("BYMONTHDAY" in by and frequency == WEEKLY, "BYMONTHDAY doesn't go with FREQ=WEEKLY."),
        (
            counted and (frequency not in (MONTHLY, YEARLY) or "BYWEEKNO" in by),
            "Numbers in BYDAY go with FREQ=MONTHLY or YEARLY only, and not with BYWEEKNO.",
        ),
        (counted > most, f"Numbers in BYDAY may be up to {most} here."),
        (_times(by) > MOST_TIMES, f"At most {MOST_TIMES} times a day are allowed."),
    ):
        if wrong:
            raise BadRule(why)


def _times(by: Mapping[str, list[Any]]) -> int:
    return prod(len(set(by[name])) for name in AT_TIMES if name in by)


def _list(name: str, value: str) -> list[Any]:
    read_one = _day if name == "BYDAY" else _number
    return [read_one(name, each) for each in value.split(",")]


def _number(name: str, text: str) -> int:
    least, largest = (0 if name in AT_TIMES else 1), LARGEST[name]
    number = int(text) if NUMBER.fullmatch(text) else None
    size = abs(number) if number is not None and name in SIGNED else number
    if number is None or size is None or not least <= size <= largest:
        also = f", or -{largest} to -1" if name in SIGNED else ""
        raise BadRule(f"{name} must be {least} to {largest}{also}.")
    return number


def _day(name: str, text: str) -> Any:
    found = DAY.fullmatch(text)
    if found is None or (found[1] and int(found[1]) == 0):
        raise BadRule(f"{name} must be MO, TU, WE, TH, FR, SA or SU, also with a number (-1FR).")
    return DAYS[found[2]](int(found[1]) if found[1] else None)


def _week_start(text: str) -> int:
    if text not in DAYS:
        raise BadRule("WKST must be MO, TU, WE, TH, FR, SA or SU.")
    return int(DAYS[text].weekday)


def _until(text: str) -> tuple[datetime, bool]:
    found = UNTIL.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        # As ISO 8601 has it in its basic format.
        return datetime.fromisoformat(text), found[2] is None
    except ValueError:
        raise BadRule(
            "UNTIL must be a date (20261224) or a time (20261224T090000Z) that exists."
        ) from None


def _name(name: str) -> str:
    """Return what the library calls a BY… part, without its `by`."""
    return {"BYDAY": "weekday"}.get(name, name.removeprefix("BY").lower())
