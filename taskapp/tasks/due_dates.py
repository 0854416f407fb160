"""Due dates: a date, a local date and time, or an instant; the kind is kept as it was sent."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

# ISO 8601 as HTML's <input type=date> and <input type=datetime-local> write it, and RFC 3339.
FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)


def normal(text: str) -> str:
    """Return the due date with the letters of RFC 3339; ValueError if there is no such date."""
    found = FORM.fullmatch(text)
    if found is None:
        raise ValueError("not a date")
    date, time, zone = found.groups()
    written = f"{date}T{time}{(zone or '').upper()}" if time else str(date)
    moment(written)
    return written


def moment(text: str, time_zone: str | None = None) -> datetime:
    """Return the moment by which due dates of all kinds are ordered, in UTC.

    Dates and local times are taken as those of the time zone, in UTC where there is none.
    ValueError for what does not exist, a leap second for one, and for what is not within the years
    1 to 9999 in UTC.
    """
    found = datetime.fromisoformat(text)
    return in_utc(found, zone(time_zone)) if found.tzinfo is None else in_utc(found)


def in_utc(time: datetime, place: tzinfo | None = None) -> datetime:
    """Return the time in UTC, a local one being that of the place; ValueError out of its years.

    A local time that a clock change skips is later by the gap, and of one that comes twice it is
    the first: as RFC 5545 has it (section 3.3.5), and Python (PEP 495).
    """
    return _in(UTC, time.replace(tzinfo=place) if place else time)


def zone(name: str | None) -> tzinfo:
    """Return the time zone of this IANA name; UTC where there is none."""
    return ZoneInfo(name) if name else UTC


@cache
def zones() -> frozenset[str]:
    """Return the IANA names of all time zones."""
    # Wherever it runs the same: a system's own files have others, too, such as `localtime`.
    return frozenset((files("tzdata") / "zones").read_text().split())


def has_time(text: str) -> bool:
    """Tell whether the due date is more than a date."""
    return "T" in text


def local(text: str, place: tzinfo) -> datetime:
    """Return when clocks in that place show the date (at midnight) or time, in whole seconds.

    ValueError out of their years.
    """
    found = datetime.fromisoformat(text).replace(microsecond=0)
    return found if found.tzinfo is None else _in(place, found).replace(tzinfo=None, fold=0)


def like(text: str, time: datetime, place: tzinfo) -> str:
    """Return the due date of the kind and form of this one that is at another time in that place.

    A time that a clock change skips is later by the gap. ValueError out of the years.
    """
    _, _, clock = text.partition("T")
    if not clock:
        return time.date().isoformat()
    offset = datetime.fromisoformat(text).tzinfo
    # What was sent in UTC, or with an offset where there is no zone, stays so.
    stays = offset if text.endswith("Z") or place is UTC else None
    shown = _in(stays or place, in_utc(time, place))
    written = f"{shown.date()}T{shown:%H:%M}"
    if shown.second or clock[5:6] == ":":
        written += f":{shown:%S}{fraction(text)}"
    return written + ("" if offset is None else "Z" if text.endswith("Z") else _offset(shown))


def fraction(text: str) -> str:
    """Return the fraction of a second in a due date, with its point; empty where there is none."""
    found = re.search(r"\.\d+", text)
    return found[0] if found else ""


def _in(place: tzinfo, time: datetime) -> datetime:
    try:
        return time.astimezone(place)
    except OverflowError:
        raise ValueError("out of range") from None


def _offset(time: datetime) -> str:
    written = f"{time:%z}"
    return f"{written[:3]}:{written[3:5]}"
