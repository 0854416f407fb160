"""Statements on users."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from taskapp.database import db, now
from taskapp.users.models import User


def insert_for_owner(user_id: str, insert: sa.Insert) -> sa.Insert:
    """Return `insert` so that the row of its owner is there when it runs.

    On PostgreSQL both are one statement, and so one round trip; foreign keys are checked at its
    end. SQLite has no such statement, and no round trips.
    """
    if db.engine.dialect.name == "postgresql":
        owner = postgresql.insert(User).values(id=user_id, created_at=now())
        return insert.add_cte(owner.on_conflict_do_nothing().cte("owner"))
    new = sqlite.insert(User).values(id=user_id, created_at=now())
    db.session.execute(new.on_conflict_do_nothing())
    return insert
