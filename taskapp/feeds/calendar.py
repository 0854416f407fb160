"""Feeds as calendars (RFC 5545).

A task without a change is written as it was before: its UID, too, which is its own everywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Component, Event

from taskapp.tasks.calendar import add_zones, empty, filled, rule, todo, when

NAME = "Tasks"
EVERY = timedelta(hours=1)  # how often a calendar should ask

Row = Any  # of a task


def events(tasks: Sequence[Row]) -> bytes:
    """Return a calendar in which each task is an event on the day, or at the time, it is due."""
    return _calendar(map(_event, tasks))


def todos(tasks: Sequence[Row]) -> bytes:
    """Return a calendar in which each task is a to-do, which many calendars do not show."""
    return _calendar(map(todo, tasks))


WRITERS: dict[str, Callable[[Sequence[Row]], bytes]] = {"events": events, "todos": todos}


def _calendar(parts: Iterable[Component]) -> bytes:
    calendar = empty()
    calendar.add("method", "PUBLISH")
    # RFC 7986, and what calendars read that are older.
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for part in parts:
        calendar.add_component(part)
    add_zones(calendar)
    return bytes(calendar.to_ical())


def _event(task: Row) -> Component:
    event = filled(Event(), task)
    start = when(task)
    event.add("dtstart", start)
    if found := rule(task, start):
        event.add("rrule", found)
    # At a time it ends when it begins. A day has an end, unless it is the last that there is.
    if not isinstance(start, datetime) and start < date.max:
        event.add("dtend", start + timedelta(days=1))
    event.add("transp", "TRANSPARENT")  # nobody is busy with it
    # An event can't be completed. One that is cancelled is struck out, or not shown.
    event.add("status", "CANCELLED" if task.completed else "CONFIRMED")
    return event
