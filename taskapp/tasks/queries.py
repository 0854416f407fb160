"""Statements on tasks: one function each, the owner first.

They return rows, or None where this user has no such task. Nobody commits here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from taskapp.auth.tokens import Identity
from taskapp.database import Numbers, Prepared, Texts, dialect, execute, one_of
from taskapp.rest.etags import ANY, Precondition
from taskapp.tasks.derived import with_derived
from taskapp.tasks.models import LIVE, Task
from taskapp.users import revisions
from taskapp.users.models import User
from taskapp.users.revisions import MOMENT, OWNER, RevisedInsert, RevisedWrite

# Statements that write are on the table itself: there is no session state to keep current.
TABLE = cast(sa.Table, Task.__table__)
COLUMNS = TABLE.columns
# What people are shown of a task.
SHOWN = [column for column in COLUMNS if "hidden" not in column.info]
# What people wrote, or what follows from it: it must go when a task is deleted for good.
WRITTEN = [column for column in COLUMNS if "left" in column.info]
# That part of it which comes with a request.
SENT = [column for column in WRITTEN if "default" in column.info]
# What only tasks of a series have, and what all have.
OF_SERIES = [column for column in SENT if "of_series" in column.info]
OF_ALL = [column for column in SENT if "of_series" not in column.info]
ALL_SENT = [column.name for column in SENT]
# What is known of a task that comes from elsewhere.
PAST = [COLUMNS.created_at, COLUMNS.completed_at, COLUMNS.deleted_at]
# The fields from whose change more may follow.
SCHEDULE = frozenset({"completed", "due_date", "recurrence", "recurrence_from", "time_zone"})
WITHOUT = {column.name: column.info["default"] for column in SENT}
DEFAULTS = {f"new_{name}": default for name, default in WITHOUT.items()}
Row = sa.Row[Any]

_json = msgspec.json.Encoder().encode

# A statement takes longer to make than to run, so each is made once, with parameters.
TASK = sa.bindparam("task", type_=sa.BigInteger)
SINCE = sa.bindparam("since", type_=sa.BigInteger)
MOST = sa.bindparam("most", type_=sa.Integer)
MINE = COLUMNS.user_id == OWNER
ONE_OF = sa.bindparam("one_of", type_=Numbers)
NONE_OF = sa.bindparam("none_of", type_=Numbers)
# Nothing follows from a change of such a task but what is sent.
ALONE = COLUMNS.series_id.is_(None) & COLUMNS.recurrence_from.is_(None)
PRECONDITION = sa.and_(
    sa.or_(ONE_OF.is_(None), one_of(COLUMNS.revision, ONE_OF)),
    sa.or_(NONE_OF.is_(None), sa.not_(one_of(COLUMNS.revision, NONE_OF))),
)


class Page(NamedTuple):
    """Rows, and the user's revision and purge horizon at the moment they were read."""

    rows: Sequence[Row]
    revision: int
    purge_horizon: int


def stored(user_id: str, after: Row | None, limit: int) -> Sequence[Row]:
    """Return at most `limit` tasks, deleted or not, newest first, beginning after that one."""
    tasks = sa.select(*SHOWN).where(Task.user_id == user_id, Task.purged_at.is_(None))
    if after is not None:
        tasks = tasks.where(Task.id < after.id)
    return execute(tasks.order_by(Task.id.desc()).limit(limit)).all()


def changed_since(user_id: str, *, since: int, limit: int) -> Page:
    """Return at most `limit` tasks that were written after `since`, in the order of revisions.

    Deleted ones are among them, except in a copy from the beginning.
    """
    statement = _CHANGED_SINCE if since else _COPY
    return _page(statement, {"owner": user_id, "since": since, "most": limit})


def get(user_id: str, task_id: int) -> Row | None:
    """Return the task; None if this user has no such task, or has deleted it."""
    return cast(Row | None, _GET.first({"owner": user_id, "task": task_id}))


def called(user_id: str, external_ids: Sequence[str]) -> Mapping[str, int]:
    """Return which task has each of these external ids, in the trash or not."""
    rows = _CALLED.all({"owner": user_id, "names": list(external_ids)})
    return {row.external_id: row.id for row in rows}


def create(owner: Identity, fields: Mapping[str, Any], most: int) -> Row | None:
    """Store a new task and return it; None if the owner has `most` tasks already.

    The owner's row appears with the first one; that of an account was made at registration, and
    None is returned where it has been erased.
    """
    values = {f"new_{name}": value for name, value in with_derived(fields).items()}
    in_series = any(values.get(f"new_{column.name}") is not None for column in OF_SERIES)
    values |= {"start": revisions.first(), "most_tasks": most}
    create = _CREATE[owner.has_account, in_series]
    return create.execute(owner, {**DEFAULTS, **values})


def create_all(owner: Identity, tasks: Sequence[Mapping[str, Any]], most: int) -> Sequence[Row]:
    """Store new tasks, and return them in their order; none where `create` would return None.

    They may have a past: when they were created, completed and deleted. On PostgreSQL that is one
    statement, or two, however many they are.
    """
    if not tasks or len(tasks) > most:
        return []
    new = [
        {"place": place, **WITHOUT, **with_derived(fields)} for place, fields in enumerate(tasks, 1)
    ]
    values = {**revisions.about(owner), "start": revisions.first(), "count": len(new)}
    values["most_tasks"] = most
    if dialect() == "sqlite":
        return _create_in_two(owner, new, values)
    values["new"] = _json(new).decode()
    return _CREATE_ALL[owner.has_account].all(owner, values)


def _create_in_two(
    owner: Identity, new: Sequence[dict[str, Any]], values: Mapping[str, Any]
) -> Sequence[Row]:
    """Take the revisions by one statement, and store the tasks by another."""
    taken, moment = revisions.take(_COUNTER_OF_ALL[owner.has_account], values), values["moment"]
    if taken is None:
        return []
    for task in new:
        task |= {"user_id": owner.id, "updated_at": moment, "deleted_at": task.get("deleted_at")}
        task["revision"] = taken.revision - len(new) + task.pop("place")
        task["created_at"] = task.get("created_at") or moment
        done = task.get("completed_at") or moment
        task["completed_at"] = done if task["completed"] else None
    insert = sa.insert(TABLE).returning(*SHOWN, sort_by_parameter_order=True)
    return execute(insert, new).all()


def room(owner: Identity, most: int) -> int:
    """Return for how many more tasks the owner has room, of `most`."""
    found = execute(_ROOM, {"owner": owner.id, "most_tasks": most}).scalar()
    return most if found is None else max(0, int(found))


def update(
    owner: Identity, task_id: int, fields: Mapping[str, Any], if_: Precondition = ANY
) -> Row | None:
    """Change the given fields and return the task; without any, the task stays as it is.

    None also where the precondition does not hold, and where more follows from the change than is
    sent (see `recurrence`): of a task in a series, or whose due date and zone are apart.
    """
    if not fields:
        found = _GET_IF.first({"owner": owner.id, "task": task_id, **as_parameters(if_)})
        return cast(Row | None, found)
    sent = with_derived(fields)
    values: dict[str, Any] = {
        "alone": not SCHEDULE.isdisjoint(fields),
        "zoneless": ("due_date" in fields) is not ("time_zone" in fields),
    }
    for column in OF_ALL:
        values[f"sets_{column.name}"] = column.name in sent
        values[f"new_{column.name}"] = sent.get(column.name)
    return run(_UPDATE, owner, task_id, if_, values)


def toggle(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Flip `completed` and return the task; no flip is lost, however many run at once.

    None also for a task of a series.
    """
    return run(_TOGGLE, owner, task_id, if_)


def rewrite(owner: Identity, task_id: int, fields: Mapping[str, Any]) -> Row | None:
    """Store all the fields that a task has, and return it."""
    return run(_REWRITE, owner, task_id, ANY, {f"new_{name}": fields[name] for name in ALL_SENT})


def erase(user_id: str) -> None:
    """Remove all of the user's tasks."""
    execute(sa.delete(TABLE).where(Task.user_id == user_id))


def run(
    write: RevisedWrite,
    owner: Identity,
    task_id: int,
    if_: Precondition,
    values: Mapping[str, Any] | None = None,
) -> Row | None:
    """Run one of the writes that `write_to` has made."""
    return write.execute(owner, {"task": task_id, **as_parameters(if_), **(values or {})})


def write_to(found: sa.ColumnElement[bool], stored: Mapping[str, Any]) -> RevisedWrite:
    """Return the write that stores this in a task which is found so, if a precondition holds."""
    condition = sa.and_(MINE, COLUMNS.id == TASK, found, PRECONDITION)
    change = sa.update(TABLE).where(condition).values(updated_at=MOMENT, **stored)
    counter = revisions.next_if(sa.exists().where(condition))
    return RevisedWrite(counter, change, SHOWN)


def as_parameters(if_: Precondition) -> dict[str, list[int] | None]:
    """Return the precondition as the parameters of `PRECONDITION`."""
    return {
        "one_of": None if if_.one_of is None else list(if_.one_of),
        "none_of": None if if_.none_of is None else list(if_.none_of),
    }


def _new(column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(f"new_{column.name}", type_=column.type)


def _new_if_sent(column: sa.Column[Any]) -> sa.Case[Any]:
    sets = sa.bindparam(f"sets_{column.name}", type_=sa.Boolean)
    return sa.case((sets, _new(column)), else_=column)


def _completed_at(now_completed: sa.ColumnElement[bool]) -> sa.Case[Any]:
    """Return when the task was completed, where `completed` becomes this; a second time is none."""
    return sa.case(
        (sa.not_(now_completed), sa.null()),
        (COLUMNS.completed, COLUMNS.completed_at),
        else_=MOMENT,
    )


def with_user(
    tasks: sa.Select[Any],
    order: Callable[[Any], Sequence[sa.ColumnElement[Any]]],
    *more: sa.ColumnElement[Any],
    lasting: bool = True,
) -> Prepared:
    """Return the statement that reads the tasks and the user's revision in one moment.

    `order` is by the columns of the tasks, and `more` beside the user's.
    """
    read = tasks.limit(MOST).subquery()
    mine = sa.select(
        *read.c,
        User.revision.label("of_user"),
        User.purge_horizon.label("purge_horizon"),
        *more,
    )
    mine = mine.outerjoin(read, read.c.user_id == User.id).where(User.id == OWNER)
    return Prepared(mine.order_by(*order(read.c)), lasting=lasting)


def _page(statement: Prepared, values: dict[str, Any]) -> Page:
    rows = statement.all(values)
    if not rows:  # nothing is stored about this user
        return Page([], 0, 0)
    user = rows[0]
    # The user's row comes alone where the user has none of these tasks.
    return Page([] if user.id is None else rows, user.of_user, user.purge_horizon)


_tasks = sa.select(*SHOWN).where(MINE)
_later = _tasks.where(COLUMNS.revision > SINCE).order_by(COLUMNS.revision)
_one = _tasks.where(COLUMNS.id == TASK, LIVE)
_GET = Prepared(_one)
_GET_IF = Prepared(_one.where(PRECONDITION))
_CALLED = Prepared(
    sa.select(COLUMNS.external_id, COLUMNS.id).where(
        MINE, one_of(COLUMNS.external_id, sa.bindparam("names", type_=Texts))
    )
)
_CHANGED_SINCE = with_user(_later, lambda task: [task.revision])
_COPY = with_user(_later.where(LIVE), lambda task: [task.revision])

# Kept in the owner's row, which every write locks, so that it costs no look at the tasks. Where
# nobody has counted yet, the statement does.
_counted = sa.func.coalesce(
    User.task_count, sa.select(sa.func.count()).where(MINE).scalar_subquery()
)
_most = sa.bindparam("most_tasks", type_=sa.Integer)


def _counter(has_account: bool, count: Any = 1) -> revisions.Counter:
    """Return the counter of a creation, which finds no row where the user has no room for it."""
    more = {"task_count": _counted + count}
    has_room = _counted + count <= _most
    if has_account:
        return revisions.next_if(has_room, count, **more)
    first = {"task_count": count}
    return revisions.first_or_next(has_room, {"task_count": 0}, first, more, count)


def _create(has_account: bool, columns: Sequence[sa.Column[Any]]) -> RevisedWrite:
    new = {
        "user_id": OWNER,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "completed_at": sa.case((_new(COLUMNS.completed), MOMENT)),
        **{column.name: _new(column) for column in columns},
    }
    return RevisedInsert(_counter(has_account), TABLE, new, SHOWN)


class _CreateAll(RevisedWrite):
    """A write that creates the tasks in an array of JSON, in their order."""

    def __init__(self, counter: revisions.Counter) -> None:
        columns: list[Any] = [sa.column("place", sa.BigInteger)]
        columns += [sa.column(each.name, each.type) for each in [*SENT, *PAST]]
        sent = sa.func.jsonb_to_recordset(sa.cast(sa.bindparam("new", type_=sa.Text), JSONB))
        self._new = sent.table_valued(*columns, name="new").render_derived(with_types=True)
        super().__init__(counter, sa.insert(TABLE), SHOWN)

    def _with(self, taken: sa.CTE, write: Any) -> Any:
        return self._from(write, taken.c.revision, sa.join(taken, self._new, sa.true()))

    def _after(self, write: Any) -> Any:
        return self._from(write, revisions.NUMBER, self._new)

    def _from(self, write: Any, last: Any, source: Any) -> Any:
        """Return the write of what the source has; `last` is the last revision that was taken."""
        new = self._new.c
        values: dict[str, sa.ColumnElement[Any]] = {
            "user_id": OWNER,
            "created_at": sa.func.coalesce(new.created_at, MOMENT),
            "updated_at": MOMENT,
            "completed_at": sa.case((new.completed, sa.func.coalesce(new.completed_at, MOMENT))),
            "deleted_at": new.deleted_at,
            # Theirs are those up to it.
            "revision": last - revisions.COUNT + new.place,
            **{column.name: new[column.name] for column in SENT},
        }
        read: sa.Select[Any] = sa.select(*values.values()).select_from(source)
        return write.from_select(list(values), read.order_by(new.place))


# By whether the owner has an account here, and whether the task is one of a series.
_CREATE = {
    (has_account, in_series): _create(has_account, SENT if in_series else OF_ALL)
    for has_account in (False, True)
    for in_series in (False, True)
}
_COUNTER_OF_ALL = {
    has_account: _counter(has_account, revisions.COUNT) for has_account in (False, True)
}
_CREATE_ALL = {has_account: _CreateAll(counter) for has_account, counter in _COUNTER_OF_ALL.items()}
_ROOM = sa.select(_most - _counted).where(User.id == OWNER)
# One statement, whichever fields are sent: one for each set of them would be 2ⁿ - 1.
_UPDATE = write_to(
    sa.and_(
        LIVE,
        sa.or_(sa.not_(sa.bindparam("alone", type_=sa.Boolean)), ALONE),
        sa.or_(sa.not_(sa.bindparam("zoneless", type_=sa.Boolean)), COLUMNS.time_zone.is_(None)),
    ),
    {
        "completed_at": _completed_at(_new_if_sent(COLUMNS.completed)),
        **{column.name: _new_if_sent(column) for column in OF_ALL},
    },
)
_REWRITE = write_to(
    LIVE,
    {
        "completed_at": _completed_at(_new(COLUMNS.completed)),
        **{column.name: _new(column) for column in SENT},
    },
)
_flipped = sa.not_(COLUMNS.completed)
_TOGGLE = write_to(
    LIVE & COLUMNS.series_id.is_(None),
    {"completed": _flipped, "completed_at": _completed_at(_flipped)},
)
