"""iCalendar (RFC 5545): to-dos, read and written one by one, so that a broken one spoils no other.

What an import could not take from the standard's own properties is written as `X-TASKAPP-…`, too,
in JSON: each to-do is read again as it is written, and what would differ is added.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Any, BinaryIO, NamedTuple

from icalendar import Calendar, Component, Todo
from icalendar.prop import vText

from taskapp.rest.fields import rfc3339
from taskapp.tasks import calendar, due_dates
from taskapp.tasks.models import TITLE_LENGTH
from taskapp.transfer.formats.entries import (
    TAKEN,
    Entry,
    Fields,
    Names,
    Row,
    Unreadable,
    cut,
    external_id,
    known_rule,
    shortened,
    told,
    with_more,
)
from taskapp.transfer.formats.text import lines, opened
from taskapp.transfer.formats.zones import Zones, parsed

OWN = "X-TASKAPP-"
# What a task has of a to-do, and what is not about the task.
UNDERSTOOD = {
    *("UID", "RECURRENCE-ID", "RELATED-TO", "SUMMARY", "DESCRIPTION", "CATEGORIES", "PRIORITY"),
    *("STATUS", "PERCENT-COMPLETE", "COMPLETED", "CREATED", "DUE", "DTSTART", "DURATION", "RRULE"),
}
NOISE = {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "CLASS"}
DONE = ("COMPLETED", "CANCELLED")
LARGEST = 2**18  # characters of one to-do
BEGIN = re.compile(r"BEGIN:([A-Z0-9-]+)\s*", re.IGNORECASE)
FOLD = re.compile("\n+[ \t]")
NAMED = re.compile(
    r"""^(UID|SUMMARY)(?:;(?:[^:"\n]|"[^"\n]*")*)?:(.*)$""", re.MULTILINE | re.IGNORECASE
)
PRIORITIES = {1: "urgent", 2: "high", 3: "high", 4: "high", 5: "medium"}  # the others are low


class _Around(NamedTuple):
    """What a file says beside its to-dos: the zones they are in, and titles as they are written."""

    zones: Zones
    titles: dict[str, str]  # by the UID


NOTHING = _Around(Zones(), {})


class _Part(NamedTuple):
    """A component as it stands in the file."""

    line: int
    name: str
    text: str


def write(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the pieces of a calendar with a to-do for each of these tasks."""
    whole = calendar.empty().to_ical().decode()
    end = "END:VCALENDAR\r\n"
    yield whole.removesuffix(end)
    zones: set[str] = set()
    for row in rows:
        yield from _zones(row, zones)
        yield _written(row)
    yield end


def read(file: BinaryIO) -> Iterator[Entry]:
    """Yield what the file says of each to-do."""
    around = _Around(Zones(), {})
    with opened(file) as text, suppress(Unreadable):  # which is told in its place
        around.titles.update(_titles(lines(text)))
    names = Names("ics")
    with opened(file) as text:
        for part in _parts(lines(text)):
            if part.name == "VTIMEZONE":
                around.zones.add(_unfolded(part.text))
            elif part.name == "VTODO":
                yield _entry(part, around, names)
            else:
                yield Entry(part.line, ignored=(part.name,))


def _written(row: Row) -> str:
    todo = calendar.todo(row)
    if row.external_id:
        todo["UID"] = vText(row.external_id)
    wanted = {name: value for name, value in told(row).items() if name in TAKEN}
    found, _ = _fields(Todo.from_ical(todo.to_ical()), NOTHING)
    if not row.external_id:
        del found["external_id"]  # which is made of the UID again
    for name, value in wanted.items():
        if found.get(name) != value:
            todo.add(OWN + name.upper().replace("_", "-"), json.dumps(value))
    written: str = todo.to_ical().decode()
    return written


def _zones(row: Row, known: set[str]) -> Iterator[str]:
    """Yield the time zone that the task is due in, unless it is known."""
    if row.due_date and row.time_zone and row.time_zone not in known:
        known.add(row.time_zone)
        whole = Calendar()
        whole.add_component(calendar.todo(row))
        for zone in calendar.add_zones(whole):
            yield zone.to_ical().decode()


def _titles(text: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield the UID of each to-do, with its title as it is written: others may be a part of it."""
    for part in _parts(text):
        found = NAMED.findall(_unfolded(part.text)) if part.name == "VTODO" else []
        named = {name.upper(): value for name, value in found}
        if len(named) == 2:
            yield named["UID"], named["SUMMARY"][: 2 * TITLE_LENGTH + 2]  # each may be escaped


def _parts(text: Iterator[str]) -> Iterator[_Part]:
    """Yield the components that a calendar has, as they stand in the file.

    What is larger than `LARGEST` is cut somewhere behind that.
    """
    inside: list[str] = []
    name, begun, size = "", 0, 0
    for number, line in enumerate(text, 1):
        begins = BEGIN.fullmatch(line)
        if not inside:
            if begins and begins[1].upper() != "VCALENDAR":
                name, begun, inside, size = begins[1].upper(), number, [line], len(line)
            continue
        if size <= LARGEST:
            inside.append(line)
            size += len(line)
        if line.rstrip().upper() == f"END:{name}":
            yield _Part(begun, name, "".join(inside))
            inside = []
    if inside:
        yield _Part(begun, name, "".join(inside))


def _unfolded(text: str) -> str:
    return FOLD.sub("", text.replace("\r", ""))


def _entry(part: _Part, around: _Around, names: Names) -> Entry:
    if len(part.text) > LARGEST:
        return Entry(part.line, problem=f"It has more than {LARGEST} characters.")
    try:
        fields, ignored = _fields(parsed(Todo, _unfolded(part.text)), around)
        fields = names.name(fields)
    except Exception as error:  # noqa: BLE001 - the library's parsers raise whatever they meet
        return Entry(part.line, problem=f"It is no to-do that can be read: {str(error)[:200]}")
    return Entry(part.line, fields, ignored=ignored)


def _fields(todo: Component, around: _Around) -> tuple[Fields, tuple[str, ...]]:
    """Return the fields of a task, and the properties of which nothing was made."""
    own = {name: str(value) for name, value in todo.items() if name.startswith(OWN)}
    fields = shortened(_understood(todo, around))
    for name, value in own.items():
        fields[name.removeprefix(OWN).lower().replace("-", "_")] = json.loads(value)
    parts = {str(each.name) for each in todo.subcomponents}
    ignored = (todo.keys() | parts) - UNDERSTOOD - NOISE - own.keys()
    return fields, tuple(sorted(ignored))


def _understood(todo: Component, around: _Around) -> Fields:
    rule = _rule(todo)
    known = known_rule(rule)
    whole = _text(todo, "RELATED-TO")
    parent = around.titles.get(whole) if whole else None
    description = with_more(
        _text(todo, "DESCRIPTION"),
        f"Part of: {_unescaped(parent)}" if parent else "",
        "" if known or not rule else f"Repeats: {rule}",
    )
    fields = {
        "title": _text(todo, "SUMMARY") or "",
        "description": description,
        "completed": _is_done(todo),
        "priority": _priority(todo),
        "tags": _categories(todo),
        "recurrence": known,
        "created_at": _moment(todo, "CREATED"),
        "completed_at": _moment(todo, "COMPLETED"),
        "external_id": _external_id(todo),
        **_due(todo, around.zones),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _one(todo: Component, name: str) -> Any:
    """Return the first of the properties with this name; None if there is none."""
    found = todo.get(name)
    return found[0] if isinstance(found, list) else found


def _text(todo: Component, name: str) -> str | None:
    found = _one(todo, name)
    return None if found is None else str(found)


def _unescaped(title: str) -> str:
    text = f"BEGIN:VTODO\r\nSUMMARY:{title}\r\nEND:VTODO\r\n"
    return cut(str(Todo.from_ical(text)["SUMMARY"]))


def _is_done(todo: Component) -> bool:
    status = str(_one(todo, "STATUS") or "").upper()
    return status in DONE or int(_one(todo, "PERCENT-COMPLETE") or 0) == 100 or "COMPLETED" in todo


def _priority(todo: Component) -> str | None:
    number = int(_one(todo, "PRIORITY") or 0)
    return PRIORITIES.get(number, "low") if number > 0 else None


def _categories(todo: Component) -> list[str]:
    found = todo.get("CATEGORIES", [])
    lists = found if isinstance(found, list) else [found]
    return [str(each) for one in lists for each in one.cats]


def _rule(todo: Component) -> str | None:
    found = _one(todo, "RRULE")
    return found.to_ical().decode() if found else None


def _moment(todo: Component, name: str) -> str | None:
    found = _one(todo, name)
    if found is None:
        return None
    moment = found.dt if isinstance(found.dt, datetime) else datetime.combine(found.dt, time())
    return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _due(todo: Component, zones: Zones) -> Fields:
    """Return when it is due, and in which zone that is; nothing where it does not say."""
    found = _one(todo, "DUE") or _one(todo, "DTSTART")
    if found is None:
        return {}
    when = found.dt
    if "DUE" not in todo and "DURATION" in todo:
        when += _one(todo, "DURATION").dt
    if not isinstance(when, datetime):
        return {"due_date": when.isoformat()}
    if when.tzinfo is None:
        when = when.replace(tzinfo=zones.find(str(found.params.get("TZID", ""))))
    zone = getattr(when.tzinfo, "key", None)
    if when.tzinfo is None or (zone in due_dates.zones() and zone != "UTC"):
        return {"due_date": _clock(when), "time_zone": zone}
    return {"due_date": f"{_clock(when.astimezone(UTC))}Z"}


def _clock(when: datetime) -> str:
    return when.replace(tzinfo=None).isoformat(timespec="seconds" if when.second else "minutes")


def _external_id(todo: Component) -> str | None:
    uid, which = _text(todo, "UID"), _one(todo, "RECURRENCE-ID")
    if not uid:
        return None
    return external_id(f"{uid}/{which.to_ical().decode()}" if which else uid)
