"""Tasks that come again: completing one makes the next, in the same transaction.

A change of a task from which more follows than is sent is made here: in a transaction that lets the
user's other writes wait, so that the task is as it was read. The arithmetic is that of `schedule`.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import Prepared, now
from taskapp.rest.etags import ANY, Precondition
from taskapp.tasks import queries, room, schedule, trash
from taskapp.tasks.derived import with_derived
from taskapp.tasks.models import LIVE
from taskapp.tasks.queries import COLUMNS, MINE, TASK, Row
from taskapp.tasks.schedule import Fields
from taskapp.users import revisions

# What the next one does not have from the one before.
OF_ONE = frozenset(
    {
        "completed",
        "due_date",
        "occurrence",
        "next_task_id",
        "next_revision",
        "anchor",
        "position",
        "external_id",
    }
)

_READ = Prepared(sa.select(*COLUMNS).where(MINE, COLUMNS.id == TASK, LIVE))
_OF_SERIES = Prepared(
    sa.select(COLUMNS.id).where(
        MINE,
        COLUMNS.series_id == sa.bindparam("series", type_=sa.String),
        COLUMNS.occurrence == sa.bindparam("occurrence", type_=sa.Integer),
    )
)


def is_simple(fields: Fields) -> bool:
    """Tell whether `queries.update` can make the change, if the task is not one of a series."""
    ruled = fields.get("recurrence") or fields.get("recurrence_from")
    # Whether another task has this external id is known once nothing else can be written.
    if fields.get("external_id"):
        return False
    return not ruled and ("due_date" in fields or not fields.get("time_zone"))


def change(owner: Identity, task_id: int, fields: Fields, if_: Precondition = ANY) -> Row | None:
    """Change the given fields in the simplest way that does it, as `update` does."""
    task = queries.update(owner, task_id, fields, if_) if is_simple(fields) else None
    return task or update(owner, task_id, fields, if_)


def update(owner: Identity, task_id: int, fields: Fields, if_: Precondition = ANY) -> Row | None:
    """Change the given fields with all that follows, and return the task.

    Inside a transaction. None where this user has no such task, or the precondition does not hold;
    raises `schedule.Refused`.
    """
    return _write(owner, task_id, if_, lambda task: fields)


def toggle(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Flip `completed` with all that follows, as `update` does."""
    return _write(owner, task_id, if_, lambda task: {"completed": not task.completed})


def _write(
    owner: Identity, task_id: int, if_: Precondition, change: Callable[[Row], Fields]
) -> Row | None:
    # The user's row is locked first, as by every write: from here on nothing else changes.
    revisions.lock(owner.id)
    task = _READ.first({"owner": owner.id, "task": task_id})
    if task is None or not if_.holds(task.revision):
        return None
    before = {name: getattr(task, name) for name in queries.ALL_SENT}
    after = _changed(before, change(task))
    if after["external_id"] != before["external_id"]:
        room.refuse_taken(owner, after["external_id"])
    if after["completed"] and not before["completed"]:
        after |= _made(owner, after)
    elif before["completed"] and not after["completed"]:
        after |= _unmade(owner, before)
    return queries.rewrite(owner, task_id, after)


def _changed(before: Fields, fields: Fields) -> dict[str, Any]:
    """Return the whole task with these fields changed, and with all that follows from them."""

    def differs(*names: str) -> bool:
        return any(after[name] != before[name] for name in names)

    after = {**before, **fields}
    if differs("recurrence", "due_date", "time_zone"):
        schedule.check(after)
    is_same = schedule.same_rule(before, after)
    if not (is_same and before["anchor"] and schedule.same_due(before, after)):
        after["anchor"] = None
    if not is_same:
        after["position"] = None
    # What follows from fields that stay as they are is there already.
    needed = {*fields, "due_date", "time_zone", "recurrence", "recurrence_from", "series_id"}
    return after | with_derived({name: after[name] for name in needed})


def _made(owner: Identity, task: Fields) -> dict[str, Any]:
    """Make the next one, unless it is there, and return what the completed one says of it."""
    if not task["recurrence"]:
        return {}
    number = task["occurrence"] + 1
    there = _OF_SERIES.first({"owner": owner.id, "series": task["series_id"], "occurrence": number})
    if there is not None:
        return {"next_task_id": there.id}
    following = schedule.following(task, now())
    if following is None:
        return {}
    same = {name: value for name, value in task.items() if name not in OF_ONE}
    new = room.create(owner, {**same, "occurrence": number, **following._asdict()})
    return {"next_task_id": new.id, "next_revision": new.revision}


def _unmade(owner: Identity, task: Fields) -> dict[str, Any]:
    """Take the next one away if nobody has touched it, and return what is to be said of it."""
    if task["next_task_id"] is None:
        return {}
    as_it_was_made = Precondition(one_of=frozenset({task["next_revision"]}))
    if trash.wipe(owner, task["next_task_id"], as_it_was_made) is None:
        return {}
    return {"next_task_id": None, "next_revision": None}
