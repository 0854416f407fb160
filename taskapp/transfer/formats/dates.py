"""Dates as other programs and spreadsheets write them; never guessed."""

import re
from datetime import date

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_TIME = (
    r"(?:[T,]? *(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d{1,9})?))?"
    r"(?: ?(?P<half>[AP]M))? ?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
FORMS = [
    re.compile(day + _TIME, re.IGNORECASE | re.ASCII)
    for day in (
        r"(?P<year>\d{4})([-/.])(?P<month>\d\d?)\2(?P<day>\d\d?)",
        r"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4})",  # with points the day comes first
        r"(?P<one>\d\d?)[/-](?P<other>\d\d?)[/-](?P<year>\d{4})",
        r"(?P<day>\d\d?) (?P<name>[a-z]{3,9})\.?,? (?P<year>\d{4})",
        r"(?P<name>[a-z]{3,9})\.? (?P<day>\d\d?),? (?P<year>\d{4})",
    )
]


def due(text: str) -> str:
    """Return a date, a local date and time or an instant in our form; else the text as it is.

    It is left alone where it is not clear which number is the month.
    """
    text = text.strip()
    for form in FORMS:
        if found := form.fullmatch(text):
            return _written(found.groupdict()) or text
    return text


def moment(text: str) -> str:
    """Return a moment in the form of RFC 3339, a date being its beginning; else the text."""
    written = due(text)
    return f"{written}T00:00:00" if len(written) == len("2026-02-01") else written


def _written(parts: dict[str, str | None]) -> str | None:
    year, month, day = int(parts["year"] or 0), *_month_and_day(parts)
    try:
        written = date(year, month, day).isoformat()
    except ValueError:
        return None
    if parts["hour"] is None:
        return written
    hour = _hour(int(parts["hour"]), (parts["half"] or "").upper())
    if hour is None:
        return None
    second = f":{parts['second']}" if parts["second"] else ""
    zone = (parts["zone"] or "").upper()
    if len(zone) == len("+0000"):
        zone = f"{zone[:3]}:{zone[3:]}"
    return f"{written}T{hour:02}:{parts['minute']}{second}{zone}"


def _hour(hour: int, half: str) -> int | None:
    """Return the hour of the day; None for one that its half does not have."""
    if not half:
        return hour
    return hour % 12 + (12 if half == "PM" else 0) if 1 <= hour <= 12 else None


def _month_and_day(parts: dict[str, str | None]) -> tuple[int, int]:
    """Return the numbers of both; zeros where it is not clear which is which."""
    if name := parts.get("name"):
        beginning = name[:3].lower()
        month = MONTHS.index(beginning) + 1 if beginning in MONTHS else 0
        return month, int(parts["day"] or 0)
    if parts.get("one"):
        one, other = int(parts["one"] or 0), int(parts["other"] or 0)
        if one == other or one > 12 >= other:
            return other, one
        return (one, other) if other > 12 >= one else (0, 0)
    return int(parts["month"] or 0), int(parts["day"] or 0)
