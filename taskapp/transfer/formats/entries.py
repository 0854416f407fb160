"""What a file says about one task, before anything is checked, and by what it is known again."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from taskapp.rest.fields import rfc3339
from taskapp.tasks import rules
from taskapp.tasks.models import EXTERNAL_ID_LENGTH, TITLE_LENGTH
from taskapp.tasks.schemas import WHOLE_TASK
from taskapp.tasks.uids import uid

# What an export says of a task, and what of it an import takes.
WRITTEN = (*WHOLE_TASK, "anchor", "position")
TAKEN = tuple(name for name in WRITTEN if name not in ("updated_at", "revision", "next_task_id"))

Row = Any  # of a task, with when its series began
Fields = dict[str, Any]


class Entry(NamedTuple):
    """A task in a file: fields by the names of the wire, with what they have in JSON.

    Where it can't be read it has a `problem` instead, in words for whoever has the file. `ignored`
    are names of what the file says about it and nothing was made of.
    """

    line: int  # where it begins, from 1
    fields: Fields = {}
    problem: str = ""
    ignored: tuple[str, ...] = ()


class Unreadable(ValueError):
    """A file that can't be read from a line on; the reason is for whoever has it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


class Names:
    """External ids for the entries of one file that have none: the same whenever it is read."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._seen: Counter[bytes] = Counter()

    def name(self, fields: Fields, about: Any = None) -> Fields:
        """Return the fields with an external id.

        It is made of what an entry is `about`, all of its fields if nothing is said, and of how
        many of the file were about the same before it.
        """
        if fields.get("external_id"):
            return fields
        if own := _own(fields):
            return {**fields, "external_id": own}
        digest = _digest(fields if about is None else about)
        self._seen[digest] += 1
        name = f"{self._kind}:{digest.hex()}:{self._seen[digest]}"
        return {**fields, "external_id": name}


def external_id(text: str) -> str:
    """Return what a file calls a task as an external id, or its digest where it is too long."""
    return text if len(text) <= EXTERNAL_ID_LENGTH else f"sha256:{_digest(text).hex()}"


def told(row: Row) -> Fields:
    """Return what an export says of a task, as JSON has it."""
    return {name: _plain(getattr(row, name)) for name in WRITTEN}


def with_more(description: str | None, *more: str) -> str | None:
    """Return a description with what has no field of its own."""
    return "\n\n".join(text for text in (description, *more) if text) or description


def known_rule(rule: str | None) -> str | None:
    """Return a rule of recurrence that is known here; None for another one, or none."""
    try:
        return rule if rule and rules.read(rule) else None
    except rules.BadRule:
        return None


def cut(title: str) -> str:
    """Return a title as long as one may be."""
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…"


def shortened(fields: Fields) -> Fields:
    """Return the fields with a title as long as one may be; the whole is in the description."""
    title = fields.get("title", "")
    if len(title) <= TITLE_LENGTH:
        return fields
    description = with_more(title, fields.get("description") or "")
    return {**fields, "title": cut(title), "description": description}


def _own(fields: Mapping[str, Any]) -> str | None:
    """Return the UID of a task of an own export; None where it says nothing of where it was."""
    try:
        created_at = datetime.fromisoformat(fields["created_at"])
        return uid(fields["user_id"], fields["id"], created_at)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _plain(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value


def _digest(about: Any) -> bytes:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).digest()[:16]
