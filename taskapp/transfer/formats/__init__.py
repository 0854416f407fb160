"""What files of tasks look like: each format reads one, and some write one.

Nothing here knows the database or Flask. A reader yields what a file says, and the writers' files
come back as they were.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple

from taskapp.transfer.formats import documents, sheets, ticktick, todoist
from taskapp.transfer.formats.entries import Entry, Row, Unreadable
from taskapp.transfer.formats.rows import NO_NAMES, are_in
from taskapp.transfer.formats.text import head

__all__ = ["FORMATS", "WRITERS", "Entry", "Format", "Unreadable", "found"]


class Format(NamedTuple):
    """A format: the media type of its files, and how they are read and written.

    Both are lazy, so that a file of any size takes little memory. Reading raises `Unreadable`.
    """

    media_type: str
    read: Callable[[BinaryIO], Iterator[Entry]]
    write: Callable[[Iterable[Row]], Iterator[str]] | None = None


def _read_calendar(file: BinaryIO) -> Iterator[Entry]:
    from taskapp.transfer.formats import calendars  # megabytes that most processes never need

    return calendars.read(file)


def _write_calendar(rows: Iterable[Row]) -> Iterator[str]:
    from taskapp.transfer.formats import calendars

    return calendars.write(rows)


CSV = "text/csv; charset=utf-8"
FORMATS = {
    "json": Format("application/json", documents.read, documents.write),
    "csv": Format(CSV, sheets.read, sheets.write),
    "ics": Format("text/calendar; charset=utf-8", _read_calendar, _write_calendar),
    "todoist": Format(CSV, todoist.read),
    "ticktick": Format(CSV, ticktick.read),
}
# By the names of their columns, those of which there can be no doubt first.
TABLES = {
    "todoist": todoist.are_names,
    "ticktick": ticktick.are_names,
    "csv": sheets.are_names,
}
WRITERS = {name: each.write for name, each in FORMATS.items() if each.write}


def found(file: BinaryIO) -> str:
    """Return the name of the file's format, by its beginning; raises `Unreadable`."""
    beginning = head(file).lstrip("\ufeff \t\r\n")
    if beginning.startswith(("[", "{")):
        return "json"
    if beginning[:20].upper().startswith(("BEGIN:VCALENDAR", "BEGIN:VTODO")):
        return "ics"
    for name, are_names in TABLES.items():
        if are_in(beginning, are_names):
            return name
    raise Unreadable(1, NO_NAMES)
