"""Statements on tasks: one function each, the owner first.

They return rows, or None where this user has no such task. Nobody commits here.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import db, now
from taskapp.tasks.models import Task
from taskapp.users import queries as users

COLUMNS = Task.__table__.columns
Row = sa.Row[Any]


def newest(
    user_id: str, *, completed: bool | None, before: int | None, limit: int
) -> Sequence[Row]:
    """Return at most `limit` tasks, newest first, with ids below `before`."""
    page = sa.select(*COLUMNS).where(Task.user_id == user_id)
    if completed is not None:
        page = page.where(Task.completed.is_(completed))
    if before is not None:
        page = page.where(Task.id < before)
    return db.session.execute(page.order_by(Task.id.desc()).limit(limit)).all()


def get(user_id: str, task_id: int) -> Row | None:
    """Return the task; None if this user has no such task."""
    task = sa.select(*COLUMNS).where(Task.user_id == user_id, Task.id == task_id)
    return db.session.execute(task).one_or_none()


def create(owner: Identity, fields: dict[str, Any]) -> Row:
    """Store a new task and return it; the owner's row appears with the first one."""
    moment = now()
    stamps = {"user_id": owner.id, "created_at": moment, "updated_at": moment}
    new = sa.insert(Task).values({"completed": False, **fields, **stamps})
    new = users.insert_for_owner(owner, new)
    return db.session.execute(new.returning(*COLUMNS)).one()


def update(user_id: str, task_id: int, fields: dict[str, Any]) -> Row | None:
    """Change the given fields and return the task; without any, the task stays as it is."""
    return _change(user_id, task_id, fields) if fields else get(user_id, task_id)


def toggle(user_id: str, task_id: int) -> Row | None:
    """Flip `completed` and return the task; no flip is lost, however many run at once."""
    return _change(user_id, task_id, {"completed": sa.not_(Task.completed)})


def delete(user_id: str, task_id: int) -> bool:
    """Delete the task; False if this user has no such task."""
    gone = sa.delete(Task).where(Task.user_id == user_id, Task.id == task_id)
    return db.session.execute(gone.returning(Task.id)).first() is not None


def _change(user_id: str, task_id: int, values: dict[str, Any]) -> Row | None:
    change = sa.update(Task).where(Task.user_id == user_id, Task.id == task_id)
    change = change.values(updated_at=now(), **values)
    return db.session.execute(change.returning(*COLUMNS)).one_or_none()
