"""Statements on users: one function each. Nobody commits here."""

from typing import Any

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import execute, now, upsert
from taskapp.users import revisions
from taskapp.users.models import User

Row = sa.Row[Any]


def create(user: Identity) -> None:
    """Store a new user, whose id nobody has had before."""
    new = {"id": user.id, "email": user.email, "name": user.name, "created_at": now()}
    execute(sa.insert(User).values(**new))


def ensure(owner: Identity) -> None:
    """Store the owner, about whom nothing may be stored yet, with no task and no revision taken."""
    start = revisions.first()
    new = upsert(User).values(
        id=owner.id,
        email=owner.email,
        name=owner.name,
        created_at=now(),
        revision=start,
        purge_horizon=start,
        task_count=0,
    )
    execute(new.on_conflict_do_nothing(index_elements=[User.id]))


def lock(owner: Identity) -> bool:
    """Let the owner's other writes, and an erasure, wait for the end of this transaction.

    Also where nothing is stored about the owner yet; False if the owner's account has been erased.
    """
    if not owner.has_account:
        ensure(owner)
    return revisions.lock(owner.id)


def get(user_id: str) -> Row | None:
    """Return the user; None if nothing is stored about this user."""
    columns = User.__table__.columns
    return execute(sa.select(*columns).where(User.id == user_id)).one_or_none()


def rename(user_id: str, name: str | None) -> None:
    """Give the user this name, or none."""
    execute(sa.update(User).where(User.id == user_id).values(name=name))


def erase(user_id: str) -> None:
    """Erase the user; foreign keys take along what belongs to the user."""
    execute(sa.delete(User).where(User.id == user_id))
