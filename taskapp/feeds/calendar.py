"""Tasks as a calendar (RFC 5545), by the icalendar library.

A task without a change is written as it was before: its UID, too, which is its own everywhere.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from icalendar import Calendar, Component, Event, Todo, vRecur

from taskapp.tasks import due_dates, rules

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
    calendar.add("x-published-ttl", "PT1H")
    for part in parts:
        calendar.add_component(part)
    calendar.add_missing_timezones()
    for zone in calendar.timezones:
        _date_one_by_one(zone)
    return bytes(calendar.to_ical())


def _date_one_by_one(zone: Component) -> None:
    """Let each change of a zone's clocks have a line of its own.

    Several may share one (RFC 5545, section 3.8.5.2), but ical.js reads the first of them only, and
    was an hour off in summer.
    """
    for part in zone.subcomponents:
        dates = part.pop("RDATE", None)
        for each in dates.dts if dates else []:
            part.add("rdate", each.dt)


def _event(task: Row) -> Component:
    event = _filled(Event(), task)
    start = _when(task)
    event.add("dtstart", start)
    if rule := _rule(task, start):
        event.add("rrule", rule)
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
        todo.add("due", _when(task))
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


def _when(task: Row) -> date | datetime:
    """Return the day, or the time in the task's zone, at which it is due.

    Without a zone a moment is in UTC, and a time is one wherever the calendar is.
    """
    if not due_dates.has_time(task.due_date):
        return date.fromisoformat(task.due_date)
    found = datetime.fromisoformat(task.due_date).replace(microsecond=0)
    place = due_dates.zone(task.time_zone)
    if found.tzinfo is not None:
        return _moved(found, place)
    return found.replace(tzinfo=place) if task.time_zone else found


def _rule(task: Row, start: date | datetime) -> vRecur | None:
    """Return by which rule the task comes again; None where that is not known before it is done."""
    if not task.recurrence or task.completed or task.recurrence_from != "due":
        return None
    rule = rules.read(task.recurrence)
    written: vRecur = vRecur.from_ical(rules.written(task.recurrence))
    if not isinstance(start, datetime):
        parts = rule.on_dates().parts
        for name in rule.parts.keys() - parts.keys():
            del written[name]
    anchor = datetime.fromisoformat(task.anchor) if task.anchor else start
    written.update(rule.last_days(anchor))
    if rule.count:
        # Those before this one are tasks of their own, or were missed.
        written["COUNT"] = [max(1, rule.count + 1 - (task.position or 1))]
    if rule.until:
        written["UNTIL"] = [_until(rule, start)]
    return written


def _moved(moment: datetime, place: tzinfo) -> datetime:
    """Return the moment in that place, or as it is where the calendar ends before."""
    try:
        return moment.astimezone(place)
    except OverflowError:
        return moment.replace(tzinfo=UTC)  # which is off by hours, in the years 1 and 9999


def _until(rule: rules.Rule, start: date | datetime) -> date | datetime:
    """Return the end of the rule, of the kind that its start needs (RFC 5545, section 3.3.10)."""
    end: datetime = rule.until  # type: ignore[assignment]
    if not isinstance(start, datetime):
        return end.date()
    if rule.until_day:
        end = datetime.combine(end.date(), time(23, 59, 59))
    if start.tzinfo is None:
        return end.replace(tzinfo=None)
    return _moved(end if end.tzinfo else end.replace(tzinfo=start.tzinfo), UTC)


def _text(text: str) -> str:
    return CONTROLS.sub("", ENDS_OF_LINES.sub("\n", text))
