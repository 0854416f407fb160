"""What fields are called in the bodies of requests: by their own names, or by others in use."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

# Beside the camelCase of every field, which needs no list.
OTHERS = {
    "is_completed": "completed",
    "is_complete": "completed",
    "is_done": "completed",
    "done": "completed",
}
# Has a meaning of its own where both are sent: a name to be shown.
ONLY_ALONE = {"username": "email"}


def camel(name: str) -> str:
    """Return a name as JavaScript writes it: `due_date` is `dueDate`, and `_id` stays `_id`."""
    head, *rest = name.split("_")
    return name if not head else head + "".join(part.capitalize() for part in rest)


@cache
def aliases(fields: tuple[str, ...], more: tuple[tuple[str, str], ...] = ()) -> Mapping[str, str]:
    """Return by which other names these fields of a body are known, each with the field."""
    snake = {name: name for name in fields} | OTHERS | ONLY_ALONE | dict(more)
    known = {camel(name): field for name, field in snake.items()} | snake
    # A field's own name is never another's, and what can't be sent has no other name either.
    return {name: field for name, field in known.items() if field in fields and name not in fields}


def in_our_words(
    sent: dict[str, Any], fields: Iterable[str], more: tuple[tuple[str, str], ...] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the object with our names for these fields, and by which name each was sent.

    Where a field comes by both names and they differ, in a whole task that is sent back, whoever
    knows the other name has changed that one.
    """
    others = aliases(tuple(fields), more)
    found = [name for name in sent if name in others]
    if not found:
        return sent, {}
    ours = {name: value for name, value in sent.items() if name not in others}
    sent_as = {}
    for name in found:
        field = others[name]
        if field not in sent or (sent[name] != sent[field] and name not in ONLY_ALONE):
            ours[field], sent_as[field] = sent[name], name
    return ours, sent_as
