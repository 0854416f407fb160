"""The columns of a task that follow from what is sent, for search, filters and order."""

from collections.abc import Callable, Mapping
from typing import Any

from taskapp.tasks import due_dates
from taskapp.tasks.folding import fold_tags, fold_unless_ascii

FOLLOWING: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "due_date": ("due_at", lambda text: due_dates.moment(text) if text else None),
    "title": ("folded_title", fold_unless_ascii),
    "description": ("folded_description", fold_unless_ascii),
    "category": ("folded_category", fold_unless_ascii),
    "tags": ("folded_tags", fold_tags),
}


def with_derived(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are sent, and the columns that follow from them."""
    values = dict(fields)
    for name, (column, derive) in FOLLOWING.items():
        if name in fields:
            values[column] = derive(fields[name])
    return values
