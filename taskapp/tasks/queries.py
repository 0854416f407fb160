"""Statements on tasks: one function each, the owner first.

They return rows, or None where this user has no such task. Nobody commits here.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import Prepared, dialect, execute
from taskapp.rest.etags import ANY, Precondition
from taskapp.rest.pagination import LARGEST_ID
from taskapp.tasks.models import DELETED, LIVE, STATUSES, Task
from taskapp.users import queries as users
from taskapp.users.models import User

# Statements that write are on the table itself: there is no session state to keep current.
TABLE = cast(sa.Table, Task.__table__)
COLUMNS = TABLE.columns
# A statement takes longer to make than to run, so each is made once, with parameters.
OWNER = users.OWNER
Row = sa.Row[Any]


class Page(NamedTuple):
    """Rows, and the user's revision and purge horizon at the moment they were read."""

    rows: Sequence[Row]
    revision: int
    purged: int


def newest(user_id: str, *, status: str, before: int | None, limit: int) -> Page:
    """Return at most `limit` tasks, newest first, with ids below `before`."""
    below = LARGEST_ID if before is None else before
    return _page(_newest(status), {"owner": user_id, "below": below, "most": limit})


def stored(user_id: str, *, before: int | None, limit: int) -> Sequence[Row]:
    """Return at most `limit` tasks, deleted or not, newest first, with ids below `before`."""
    tasks = sa.select(*COLUMNS).where(Task.user_id == user_id, Task.purged_at.is_(None))
    if before is not None:
        tasks = tasks.where(Task.id < before)
    return execute(tasks.order_by(Task.id.desc()).limit(limit)).all()


def changes(user_id: str, *, since: int, limit: int) -> Page:
    """Return at most `limit` tasks that were written after `since`, in the order of revisions.

    Deleted ones are among them, except in a copy from the beginning.
    """
    statement = _changes() if since else _copy()
    return _page(statement, {"owner": user_id, "since": since, "most": limit})


def get(user_id: str, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Return the task; None if this user has no such task, or has deleted it.

    None also where the precondition does not hold.
    """
    shape, values = _split(if_)
    found = _get(*shape).first({"owner": user_id, "task": task_id, **values})
    return cast(Row | None, found)


def create(owner: Identity, fields: dict[str, Any]) -> Row:
    """Store a new task and return it; the owner's row appears with the first one."""
    # The statement is of one dialect; another application of this process may have the other.
    new = _create(tuple(fields), dialect())
    values = {"start": users.first_revision(), **_as_parameters(fields)}
    return cast(Row, new.execute(owner, values))


def update(
    owner: Identity, task_id: int, fields: dict[str, Any], if_: Precondition = ANY
) -> Row | None:
    """Change the given fields and return the task; without any, the task stays as it is.

    None also where the precondition does not hold.
    """
    if fields:
        return _change(owner, task_id, "update", if_, fields)
    return get(owner.id, task_id, if_)


def toggle(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Flip `completed` and return the task; no flip is lost, however many run at once."""
    return _change(owner, task_id, "toggle", if_)


def hide(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Delete the task so that it can be restored, and return it."""
    return _change(owner, task_id, "hide", if_)


def restore(owner: Identity, task_id: int) -> Row | None:
    """Bring a deleted task back and return it."""
    return _change(owner, task_id, "restore", ANY)


def wipe(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Delete the task for good, hidden or not: all that is left says that it is gone."""
    return _change(owner, task_id, "wipe", if_)


def users_to_purge(before: datetime, limit: int) -> Sequence[str]:
    """Return at most `limit` users who have tasks that were deleted before this moment."""
    old = sa.select(Task.user_id).where(DELETED, Task.deleted_at < before).distinct()
    return execute(old.limit(limit)).scalars().all()


def purge(user_id: str, before: datetime) -> int:
    """Remove the user's tasks that were deleted before this moment, and return how many."""
    old = (Task.user_id == user_id) & DELETED & (Task.deleted_at < before)
    # The user's row is locked first, as by every write: nothing is restored meanwhile.
    users.lock(user_id)
    newest_gone = execute(sa.select(sa.func.max(Task.revision)).where(old)).scalar()
    if newest_gone is None:
        return 0
    users.move_horizon(user_id, newest_gone)
    return len(execute(sa.delete(TABLE).where(old).returning(Task.id)).all())


@cache
def _get(*shape: bool) -> Prepared:
    task = sa.select(*COLUMNS).where(COLUMNS.user_id == OWNER, COLUMNS.id == sa.bindparam("task"))
    return Prepared(task.where(LIVE, *_holds(*shape)))


@cache
def _newest(status: str) -> Prepared:
    tasks = sa.select(*COLUMNS).where(COLUMNS.user_id == OWNER, STATUSES[status])
    # Without a cursor every id is below the largest there can be.
    tasks = tasks.where(COLUMNS.id < sa.bindparam("below"))
    return _with_revision(tasks.order_by(COLUMNS.id.desc()), "id", sa.desc)


@cache
def _changes() -> Prepared:
    later = COLUMNS.revision > sa.bindparam("since")
    tasks = sa.select(*COLUMNS).where(COLUMNS.user_id == OWNER, later)
    return _with_revision(tasks.order_by(COLUMNS.revision), "revision", sa.asc)


@cache
def _copy() -> Prepared:
    later = COLUMNS.revision > sa.bindparam("since")
    tasks = sa.select(*COLUMNS).where(COLUMNS.user_id == OWNER, later, LIVE)
    return _with_revision(tasks.order_by(COLUMNS.revision), "revision", sa.asc)


def _with_revision(tasks: sa.Select[Any], key: str, direction: Any) -> Prepared:
    """Return the statement that reads the tasks and the user's revision in one moment."""
    read = tasks.limit(sa.bindparam("most")).subquery()
    mine = sa.select(*read.c, User.revision.label("of_user"), User.purged)
    mine = mine.outerjoin(read, read.c.user_id == User.id).where(User.id == OWNER)
    return Prepared(mine.order_by(direction(read.c[key])))


def _page(statement: Prepared, values: dict[str, Any]) -> Page:
    rows = statement.all(values)
    if not rows:  # nothing is stored about this user
        return Page([], 0, 0)
    if rows[0].id is None:  # the user has none of these
        return Page([], rows[0].of_user, rows[0].purged)
    return Page(rows, rows[0].of_user, rows[0].purged)


# What each way of changing a task needs to find, and what it stores beside the given fields.
CHANGES: dict[str, tuple[sa.ColumnElement[bool], dict[str, Any]]] = {
    "update": (LIVE, {}),
    "toggle": (LIVE, {"completed": sa.not_(COLUMNS.completed)}),
    "hide": (LIVE, {"deleted_at": users.MOMENT}),
    "restore": (STATUSES["deleted"], {"deleted_at": None}),
    "wipe": (
        COLUMNS.purged_at.is_(None),
        {
            "title": "(deleted)",
            "description": None,
            "completed": False,
            "deleted_at": sa.func.coalesce(COLUMNS.deleted_at, users.MOMENT),
            "purged_at": users.MOMENT,
        },
    ),
}


def _change(
    owner: Identity,
    task_id: int,
    how: str,
    if_: Precondition,
    fields: dict[str, Any] | None = None,
) -> Row | None:
    shape, values = _split(if_)
    fields = fields or {}
    statement = _changing(how, tuple(fields), *shape)
    return statement.execute(owner, {"task": task_id, **values, **_as_parameters(fields)})


@cache
def _create(names: tuple[str, ...], of_dialect: str) -> users.Stamped:
    stamps = {"user_id": OWNER, "created_at": users.MOMENT, "updated_at": users.MOMENT}
    new = sa.insert(TABLE).values({"completed": False, **_parameters(names), **stamps})
    return users.Stamped(users.count_first(), new, COLUMNS)


@cache
def _changing(how: str, names: tuple[str, ...], *shape: bool) -> users.Stamped:
    found, stored = CHANGES[how]
    mine = (COLUMNS.user_id == OWNER) & (COLUMNS.id == sa.bindparam("task"))
    condition = sa.and_(mine, found, *_holds(*shape))
    change = sa.update(TABLE).where(condition)
    change = change.values(updated_at=users.MOMENT, **stored, **_parameters(names))
    return users.Stamped(users.count(sa.exists().where(condition)), change, COLUMNS)


def _split(if_: Precondition) -> tuple[tuple[bool, bool, bool], dict[str, Any]]:
    """Return the precondition's shape, which makes a statement, and its values."""
    shape = (if_.one_of is not None, if_.none_of is not None, if_.absent)
    values = {"one_of": if_.one_of, "none_of": if_.none_of}
    return shape, {name: list(tags) for name, tags in values.items() if tags is not None}


def _holds(one_of: bool, none_of: bool, absent: bool) -> list[sa.ColumnElement[bool]]:
    """Return a precondition of this shape as conditions on the task's revision."""
    conditions: list[sa.ColumnElement[bool]] = []
    if one_of:
        conditions.append(COLUMNS.revision.in_(sa.bindparam("one_of", expanding=True)))
    if none_of:
        conditions.append(COLUMNS.revision.not_in(sa.bindparam("none_of", expanding=True)))
    if absent:
        conditions.append(COLUMNS.revision < 0)  # none is
    return conditions


def _parameters(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: sa.bindparam(f"new_{name}", type_=COLUMNS[name].type) for name in names}


def _as_parameters(fields: dict[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in fields.items()}
