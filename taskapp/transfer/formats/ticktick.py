"""TickTick's CSV (a backup): some lines about the file, then a table of tasks."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import BinaryIO

from taskapp.rest.fields import rfc3339
from taskapp.tasks import due_dates
from taskapp.transfer.formats import dates
from taskapp.transfer.formats.entries import (
    Entry,
    Fields,
    Names,
    Unreadable,
    cut,
    known_rule,
    shortened,
    with_more,
)
from taskapp.transfer.formats.rows import Cells, records

PRIORITIES = {"0": "none", "1": "low", "3": "medium", "5": "high"}
OPEN = "0"  # of Status; 1 is completed, 2 is that and archived, -1 is given up
UNDERSTOOD = {
    *("List Name", "Title", "Tags", "Content", "Start Date", "Due Date", "Repeat", "Priority"),
    *("Status", "Created Time", "Completed Time", "Timezone", "Is All Day", "Is Floating"),
    *("taskId", "parentId"),
}
# What is about how a list is shown.
NOISE = {"Kind", "Is Check list", "Order", "Column Order", "View Mode"}


def are_names(names: Sequence[str]) -> bool:
    """Tell whether these are the columns of TickTick."""
    return {"List Name", "Title", "Priority", "Status"} <= set(names)


def read(file: BinaryIO) -> Iterator[Entry]:
    """Yield what the file says of each task."""
    names = Names("ticktick")
    titles: dict[str, str] = {}
    with suppress(Unreadable):  # which is told in its place
        titles.update(_titles(file))
    for record in records(file, are_names):
        if record.problem:
            yield Entry(record.line, problem=record.problem)
            continue
        cells = record.cells
        fields = shortened(_fields(cells, titles.get(cells.get("parentId", ""), "")))
        # Backups number their tasks anew, so that says nothing; the second of its creation does.
        fields = names.name(fields, cells.get("Created Time"))
        ignored = tuple(name for name in cells if name not in UNDERSTOOD | NOISE)
        yield Entry(record.line, fields, ignored=ignored)


def _titles(file: BinaryIO) -> Iterator[tuple[str, str]]:
    for record in records(file, are_names):
        if "taskId" in record.cells:
            yield record.cells["taskId"], cut(record.cells.get("Title", ""))


def _fields(cells: Cells, parent: str) -> Fields:
    rule = cells.get("Repeat", "").removeprefix("RRULE:")
    known = known_rule(rule)
    fields = {
        "title": cells.get("Title", ""),
        "description": with_more(
            cells.get("Content"),
            f"Part of: {parent}" if parent else "",
            "" if known or not rule else f"Repeats: {rule}",
        ),
        "completed": cells.get("Status", OPEN) != OPEN,
        "priority": PRIORITIES.get(cells.get("Priority", "0"), "none"),
        "tags": cells.get("Tags"),
        "category": cells.get("List Name"),
        "recurrence": known,
        "created_at": _moment(cells.get("Created Time")),
        "completed_at": _moment(cells.get("Completed Time")),
        **_due(cells),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _due(cells: Cells) -> Fields:
    """Return when it is due, on the clocks of its zone; a day has no time."""
    text = cells.get("Due Date") or cells.get("Start Date") or ""
    moment, zone = _moment(text), cells.get("Timezone")
    if moment is None:
        return {"due_date": text or None}
    if zone not in due_dates.zones():
        zone = None
    try:
        clock = datetime.fromisoformat(moment).astimezone(due_dates.zone(zone))
    except OverflowError:
        return {"due_date": text}
    if _is_so(cells, "Is All Day"):
        return {"due_date": clock.date().isoformat()}
    local = clock.replace(tzinfo=None).isoformat(timespec="minutes")
    if _is_so(cells, "Is Floating"):
        return {"due_date": local}
    return {"due_date": local, "time_zone": zone} if zone else {"due_date": moment}


def _is_so(cells: Cells, name: str) -> bool:
    return cells.get(name, "").strip().lower() == "true"


def _moment(text: str | None) -> str | None:
    """Return a time in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(dates.due(text or ""))
        return rfc3339(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
