"""Tasks as a calendar (RFC 5545), by the icalendar library.

A task without a change is written as it was before: its UID, too, which is its own everywhere.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Component, Event, Todo

PRODUCT = "-//taskapp//taskapp//EN"
NAME = "Tasks"
EVERY = timedelta(hours=1)  # how often a calendar should ask
# RFC 5545, section 3.8.1.9: 1 is the highest, 0 says nothing.
PRIORITIES = {"urgent": 1, "high": 2, "medium": 5, "low": 9}
ENDS_OF_LINES = re.compile("\r\n?|[\u2028\u2029]")
# What a text of a calendar can't have (section 3.1), apart from tabs and ends of lines.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
UIDS = uuid.UUID("6d0e8a1c-5a77-4b0c-9d3f-0f6b0b1f6a52")

Row = Any  # of a task


def events(tasks: Sequence[Row]) -> bytes:
    """Return a calendar in which each task is an event on the day, or at the time, it is due."""
    return _calendar(map(_event, tasks))


def todos(tasks: Sequence[Row]) -> bytes:
    """Return a calendar in which each task is a to-do, which many calendars do not show."""
    return _calendar(map(_todo, tasks))


WRITERS: dict[str, Callable[[Sequence[Row]], bytes]] = {"events": events, "todos": todos}


def _calendar(parts: Iterable[Component]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    # RFC 7986, and what calendars read that are older.
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", EVERY)
    for part in parts:
        calendar.add_component(part)
    return bytes(calendar.to_ical())


def _event(task: Row) -> Component:
    event = _filled(Event(), task)
    start = _when(task.due_date)
    event.add("dtstart", start)
    # At a time it ends when it begins. A day has an end, unless it is the last that there is.
    if not isinstance(start, datetime) and start < date.max:
        event.add("dtend", start + timedelta(days=1))
    event.add("transp", "TRANSPARENT")  # nobody is busy with it
    # An event can't be completed. One that is cancelled is struck out, or not shown.
    event.add("status", "CANCELLED" if task.completed else "CONFIRMED")
    return event


def _todo(task: Row) -> Component:
    todo = _filled(Todo(), task)
    if task.due_date:
        todo.add("due", _when(task.due_date))
    todo.add("status", "COMPLETED" if task.completed else "NEEDS-ACTION")
    if task.completed:
        todo.add("percent-complete", 100)
    if task.completed_at:
        todo.add("completed", task.completed_at)
    return todo


def _filled(part: Component, task: Row) -> Component:
    """Return the part with what events and to-dos have alike."""
    part.add("uid", _uid(task))
    part.add("dtstamp", task.updated_at)
    part.add("created", task.created_at)
    part.add("last-modified", task.updated_at)
    part.add("summary", _text(task.title))
    if task.description:
        part.add("description", _text(task.description))
    if categories := [_text(each) for each in (task.category, *task.tags) if each]:
        part.add("categories", categories)
    part.add("priority", PRIORITIES.get(task.priority, 0))
    return part


def _uid(task: Row) -> str:
    # Of what never changes. Nobody else's task has all three, here or in another installation.
    about = f"{task.user_id}\n{task.id}\n{task.created_at.astimezone(UTC).isoformat()}"
    return str(uuid.uuid5(UIDS, about))


def _when(due_date: str) -> date | datetime:
    """Return the day, the time wherever one is, or the moment in UTC at which a task is due."""
    if len(due_date) == len("2026-02-01"):
        return date.fromisoformat(due_date)
    time = datetime.fromisoformat(due_date).replace(microsecond=0)
    return time if time.tzinfo is None else time.astimezone(UTC)


def _text(text: str) -> str:
    return CONTROLS.sub("", ENDS_OF_LINES.sub("\n", text))
