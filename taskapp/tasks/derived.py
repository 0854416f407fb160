"""The columns of a task that follow from what is sent, for search, filters and order."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from taskapp.tasks import due_dates
from taskapp.tasks.folding import fold_tags, fold_unless_ascii

FOLLOWING: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "title": ("folded_title", fold_unless_ascii),
    "description": ("folded_description", fold_unless_ascii),
    "category": ("folded_category", fold_unless_ascii),
    "tags": ("folded_tags", fold_tags),
}


def with_derived(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are sent, and the columns that follow from them.

    With a due date goes its time zone, if the task has one. A task with a rule that is in no series
    begins one.
    """
    values = dict(fields)
    if "due_date" in fields:
        due, zone = fields["due_date"], fields.get("time_zone")
        values["due_at"] = due_dates.moment(due, zone) if due else None
    if fields.get("recurrence"):
        values["recurrence_from"] = fields.get("recurrence_from") or "due"
        if not fields.get("series_id"):
            values |= {"series_id": str(uuid4()), "occurrence": 1}
    for name, (column, derive) in FOLLOWING.items():
        if name in fields:
            values[column] = derive(fields[name])
    return values
