"""Deleting, and its undoing: hidden, restored, wiped (deleted for good), purged.

Statements as in `queries`: one function each, the owner first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import Numbers, Prepared, execute, one_of
from taskapp.rest.etags import ANY, Precondition
from taskapp.tasks.models import DELETED, LIVE, STATUSES, Task
from taskapp.tasks.queries import COLUMNS, MINE, SHOWN, TABLE, TASK, WRITTEN, Row, run, write_to
from taskapp.users import revisions
from taskapp.users.revisions import MOMENT

NOT_WIPED = COLUMNS.purged_at.is_(None)

_GET = Prepared(sa.select(*SHOWN).where(MINE, COLUMNS.id == TASK, NOT_WIPED))
_HIDE = write_to(LIVE, {"deleted_at": MOMENT})
_RESTORE = write_to(STATUSES["deleted"], {"deleted_at": None})
_WIPE = write_to(
    NOT_WIPED,
    {
        "deleted_at": sa.func.coalesce(COLUMNS.deleted_at, MOMENT),
        "purged_at": MOMENT,
        **{column.name: column.info["left"] for column in WRITTEN},
    },
)


def get(user_id: str, task_id: int) -> Row | None:
    """Return the task, hidden or not; None if this user has no such task."""
    return cast(Row | None, _GET.first({"owner": user_id, "task": task_id}))


def hide(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Delete the task so that it can be restored, and return it."""
    return run(_HIDE, owner, task_id, if_)


def restore(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Bring a deleted task back and return it."""
    return run(_RESTORE, owner, task_id, if_)


def bring_back(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Restore the task and return it; one that is not deleted is returned as it is."""
    task = restore(owner, task_id, if_)
    if task is None:
        task = get(owner.id, task_id)
        if task and (task.deleted_at or not if_.holds(task.revision)):
            return None
    return task


def wipe(owner: Identity, task_id: int, if_: Precondition = ANY) -> Row | None:
    """Delete the task for good, hidden or not: all that is left says that it is gone."""
    return run(_WIPE, owner, task_id, if_)


def users_to_purge(before: datetime, after: str, limit: int) -> Sequence[str]:
    """Return at most `limit` users who have tasks that were deleted before this moment.

    In the order of their ids, beginning after that one.
    """
    old = sa.select(Task.user_id).where(DELETED, Task.deleted_at < before, Task.user_id > after)
    return execute(old.distinct().order_by(Task.user_id).limit(limit)).scalars().all()


def purge(user_id: str, before: datetime, limit: int) -> Sequence[int]:
    """Remove at most `limit` of the user's tasks that were deleted before this moment.

    Return their ids; fewer than `limit` where none is left.
    """
    mine = Task.user_id == user_id
    old = mine & DELETED & (Task.deleted_at < before)
    # The user's row is locked first, as by every write: nothing is restored in the meantime.
    revisions.lock(user_id)
    oldest = sa.select(Task.id, Task.revision).where(old).order_by(Task.revision).limit(limit)
    gone = execute(oldest).all()
    if not gone:
        return []
    ids = [task.id for task in gone]
    execute(sa.delete(TABLE).where(mine, one_of(Task.id, sa.bindparam("gone", ids, type_=Numbers))))
    count = execute(sa.select(sa.func.count()).select_from(TABLE).where(mine)).scalar_one()
    revisions.move_purge_horizon(user_id, gone[-1].revision, count)
    return ids
