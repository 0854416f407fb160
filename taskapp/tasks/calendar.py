"""Tasks in iCalendar (RFC 5545), by the icalendar library, which takes megabytes."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from icalendar import Calendar, Component, Todo, vRecur

from taskapp.tasks import due_dates, rules
from taskapp.tasks.uids import uid

PRODUCT = "-//taskapp//taskapp//EN"
# RFC 5545, section 3.8.1.9: 1 is the highest, 0 says nothing.
PRIORITIES = {"urgent": 1, "high": 2, "medium": 5, "low": 9}
ENDS_OF_LINES = re.compile("\r\n?|[\u2028\u2029]")
# What a text of a calendar can't have (section 3.1), apart from tabs and ends of lines.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Row = Any  # of a task


def empty() -> Calendar:
    """Return a calendar with nothing in it."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def add_zones(calendar: Calendar) -> Sequence[Component]:
    """Add the time zones that the parts of the calendar are in, and return them."""
    calendar.add_missing_timezones()
    for zone in calendar.timezones:
        _date_one_by_one(zone)
    zones: Sequence[Component] = calendar.timezones
    return zones


def todo(task: Row) -> Component:
    """Return the task as a to-do."""
    part = filled(Todo(), task)
    if task.due_date:
        part.add("due", when(task))
    part.add("status", "COMPLETED" if task.completed else "NEEDS-ACTION")
    if task.completed:
        part.add("percent-complete", 100)
    if task.completed_at:
        part.add("completed", task.completed_at)
    return part


def filled(part: Component, task: Row) -> Component:
    """Return the part with what events and to-dos have alike."""
    part.add("uid", uid(task.user_id, task.id, task.created_at))
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


def when(task: Row) -> date | datetime:
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


def rule(task: Row, start: date | datetime) -> vRecur | None:
    """Return by which rule the task comes again; None where that is not known before it is done."""
    if not task.recurrence or task.completed or task.recurrence_from != "due":
        return None
    ours = rules.read(task.recurrence)
    written: vRecur = vRecur.from_ical(rules.written(task.recurrence))
    if not isinstance(start, datetime):
        parts = ours.on_dates().parts
        for name in ours.parts.keys() - parts.keys():
            del written[name]
    anchor = datetime.fromisoformat(task.anchor) if task.anchor else start
    written.update(ours.last_days(anchor))
    if ours.count:
        # Those before this one are tasks of their own, or were missed.
        written["COUNT"] = [max(1, ours.count + 1 - (task.position or 1))]
    if ours.until:
        written["UNTIL"] = [_until(ours, start)]
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


def _date_one_by_one(zone: Component) -> None:
    """Let each change of a zone's clocks have a line of its own.

    Several may share one (RFC 5545, section 3.8.5.2), but ical.js reads the first of them only, and
    was an hour off in summer.
    """
    for part in zone.subcomponents:
        dates = part.pop("RDATE", None)
        for each in dates.dts if dates else []:
            part.add("rdate", each.dt)
