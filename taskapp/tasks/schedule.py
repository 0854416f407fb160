"""When a task comes again: its rule, its due date, its zone, and the clock.

Arithmetic is in local time, in the zone of the task. What is on a date only stays so.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from taskapp.database import now
from taskapp.tasks import due_dates, rules

Fields = Mapping[str, Any]  # of a task

NEVER = "By this rule it never comes again."
OUT_OF_RANGE = "Not within the years 1 to 9999 in UTC."


class Refused(ValueError):
    """Fields that don't go together: `errors` by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


class Next(NamedTuple):
    """When a task comes again: its due date, from when the rule counts, and which date that is."""

    due_date: str
    anchor: str
    position: int


def check_due(task: Fields) -> None:
    """Raise `Refused` for a due date that its zone does not have."""
    try:
        if due := task.get("due_date"):
            due_dates.moment(due, task.get("time_zone"))
    except ValueError:
        raise Refused({"due_date": [OUT_OF_RANGE]}) from None


def check(task: Fields) -> None:
    """Raise `Refused` for a due date that its zone does not have, or a rule that never matches."""
    check_due(task)
    if not task.get("recurrence"):
        return
    place = due_dates.zone(task.get("time_zone"))
    due = task.get("due_date") or _today(now(), place)
    try:
        anchor = due_dates.local(due, place)
    except ValueError:
        raise Refused({"due_date": [OUT_OF_RANGE]}) from None
    if next(_rule(task["recurrence"], due).after(anchor, anchor), None) is None:
        raise Refused({"recurrence": [NEVER]})


def same_rule(one: Fields, other: Fields) -> bool:
    """Tell whether both come again by the same rule, in whatever words that was sent."""
    old, new = one["recurrence"], other["recurrence"]
    return old == new or bool(old and new and rules.read(old) == rules.read(new))


def same_due(one: Fields, other: Fields) -> bool:
    """Tell whether clocks in each one's zone show the same when they are due, in whatever form."""
    dates = [(task["due_date"], due_dates.zone(task["time_zone"])) for task in (one, other)]
    return all(due for due, _ in dates) and len({due_dates.local(*each) for each in dates}) == 1


def following(task: Fields, moment: datetime) -> Next | None:
    """Return when a task comes again that is completed at this moment; None if it does not."""
    due = task["due_date"] or _today(moment, due_dates.zone(task["time_zone"]))
    from_completion = task["recurrence_from"] == "completion" or not task["due_date"]
    try:
        return (_from_completion if from_completion else _from_due)(task, due, moment)
    except ValueError:  # beyond the year 9999
        return None


def _from_completion(task: Fields, due: str, moment: datetime) -> Next | None:
    place, rule = due_dates.zone(task["time_zone"]), _rule(task["recurrence"], due)
    clock = _clock(moment, place)
    done = datetime.combine(clock.date(), _anchor(task, due).time())
    time = next(rule.after(done, max(done, clock)), None)
    position = (task["position"] or 1) + 1
    if time is None or _is_over(rule, time, due, place, position):
        return None
    return Next(due_dates.like(due, time, place), time.isoformat(), position)


def _from_due(task: Fields, due: str, moment: datetime) -> Next | None:
    place, rule = due_dates.zone(task["time_zone"]), _rule(task["recurrence"], due)
    anchor, start = _anchor(task, due), due_dates.local(due, place)
    if not rule.count:
        # However long ago it was due: a day, since around a clock change local times go back.
        start = max(start, _clock(moment, place) - timedelta(days=1))
    for position, time in enumerate(rule.after(anchor, start), (task["position"] or 1) + 1):
        if _is_over(rule, time, due, place, position):
            return None
        if _is_after(time, moment, due, place):
            return Next(due_dates.like(due, time, place), anchor.isoformat(), position)
    return None


def _rule(text: str, due: str | None) -> rules.Rule:
    rule = rules.read(text)
    return rule if due and due_dates.has_time(due) else rule.on_dates()


def _anchor(task: Fields, due: str) -> datetime:
    if task["anchor"]:
        return datetime.fromisoformat(task["anchor"])
    return due_dates.local(due, due_dates.zone(task["time_zone"]))


def _is_over(rule: rules.Rule, time: datetime, due: str, place: tzinfo, position: int) -> bool:
    """Tell whether the rule ends before this time, which is so many-th of its dates."""
    beyond = rule.count is not None and position > rule.count
    return beyond or rule.ends_before(time, place if due_dates.has_time(due) else None)


def _is_after(time: datetime, moment: datetime, due: str, place: tzinfo) -> bool:
    """Tell whether a local time is still to come; of dates, whether the day has not begun yet."""
    if due_dates.has_time(due):
        return due_dates.in_utc(time, place) > moment
    return time.date() > _clock(moment, place).date()


def _clock(moment: datetime, place: tzinfo) -> datetime:
    return moment.astimezone(place).replace(tzinfo=None, fold=0)


def _today(moment: datetime, place: tzinfo) -> str:
    return _clock(moment, place).date().isoformat()
