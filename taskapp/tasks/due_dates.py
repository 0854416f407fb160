"""Due dates: a date, a local date and time, or an instant; the kind is kept as it was sent."""

import re
from datetime import UTC, datetime

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


def moment(text: str) -> datetime:
    """Return the moment by which due dates of all kinds are ordered, in UTC.

    Dates and local times are taken as if they were in UTC. ValueError for what does not exist, a
    leap second for one, and for what is not within the years 1 to 9999 in UTC.
    """
    found = datetime.fromisoformat(text)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None
