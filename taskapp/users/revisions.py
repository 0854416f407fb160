"""The counter of each user that every write takes a number of: ETags, sync, 412 and purge.

The counter's row stays locked until the end of the transaction, so a user's writes are committed
in the order of their numbers, and a reader of one number has seen all that are smaller.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import Prepared, UTCDateTime, dialect, execute, now
from taskapp.database.statements import UPSERTS
from taskapp.users.models import User

CHANNEL = "taskapp_changes"  # of PostgreSQL's NOTIFY; the payload is the user's id
Row = sa.Row[Any]
# Statements that write a user are on the table itself: they may be a part of another statement.
TABLE = cast(sa.Table, User.__table__)
# The parameters that each write has.
OWNER = sa.bindparam("owner", type_=sa.String)
EMAIL = sa.bindparam("owner_email", type_=sa.String)
NAME = sa.bindparam("owner_name", type_=sa.String)
MOMENT = sa.bindparam("moment", type_=UTCDateTime)
NUMBER = sa.bindparam("number", type_=sa.BigInteger)
COUNT = sa.bindparam("count", type_=sa.BigInteger)

# A statement that takes a revision, by the dialect that it is of.
Counter = Mapping[str, Any]

_CURRENT = Prepared(sa.select(TABLE.c.revision).where(TABLE.c.id == OWNER))


def first_or_next(
    condition: Any, first: Mapping[str, Any], next_: Mapping[str, Any], count: Any = 1
) -> Counter:
    """Return the statement that takes the owner's next revisions; the first makes the row.

    `first` is what else is stored in a new row, `next_` in one that was there before, if the
    condition holds there.
    """
    return {
        name: _first_or_next(insert, condition, first, next_, count)
        for name, insert in UPSERTS.items()
    }


def _first_or_next(
    insert: Any, condition: Any, first: Mapping[str, Any], next_: Mapping[str, Any], count: Any
) -> Any:
    start = sa.bindparam("start", type_=sa.BigInteger)
    new = insert(TABLE).values(
        id=OWNER,
        email=EMAIL,
        name=NAME,
        created_at=MOMENT,
        revision=start + count,
        purge_horizon=start,
        **first,
    )
    # A token that is silent about them does not mean that they are gone.
    return new.on_conflict_do_update(
        index_elements=[TABLE.c.id],
        set_={
            "revision": TABLE.c.revision + count,
            "email": sa.func.coalesce(new.excluded.email, TABLE.c.email),
            "name": sa.func.coalesce(new.excluded.name, TABLE.c.name),
            **next_,
        },
        where=condition,
    )


def next_if(condition: Any, count: Any = 1, **more: Any) -> Counter:
    """Return the statement that takes the owner's next revisions if the condition holds.

    What it says of other tables holds or not as seen at the beginning of the statement. `more` is
    what else is stored in the owner's row.
    """
    counter = (
        sa.update(TABLE)
        .where(TABLE.c.id == OWNER, condition)
        .values(
            revision=TABLE.c.revision + count,
            email=sa.func.coalesce(EMAIL, TABLE.c.email),
            name=sa.func.coalesce(NAME, TABLE.c.name),
            **more,
        )
    )
    return dict.fromkeys(UPSERTS, counter)


class RevisedWrite:
    """A write that stores its owner's next revision: made once, and run with parameters.

    On PostgreSQL the counter and the write become one statement, and so one round trip. SQLite has
    no such statement, no round trips, and one writer at a time.
    """

    def __init__(self, counter: Counter, write: Any, returning: Any) -> None:
        taken = announced(counter["postgresql"])
        self._whole = Prepared(self._with(taken, write).add_cte(taken).returning(*returning))
        self._counter = counter["sqlite"].returning(TABLE.c.revision)
        self._write = write.values(revision=NUMBER).returning(*returning)

    def _with(self, taken: sa.CTE, write: Any) -> Any:
        number = sa.select(taken.c.revision).scalar_subquery()
        # Where there is none the user was erased while this waited.
        return write.values(revision=number).where(number.is_not(None))

    def execute(self, owner: Identity, values: Mapping[str, Any]) -> Row | None:
        """Run it and return the written row; None where it had nothing to write."""
        values = {**about(owner), **values}
        if dialect() == "postgresql":
            return cast(Row | None, self._whole.first(values))
        number = execute(self._counter, values).scalar()
        if number is None:
            return None
        return execute(self._write, {**values, "number": number}).one_or_none()


class RevisedInsert(RevisedWrite):
    """A write that makes a row with its owner's next revision; none where none could be taken."""

    def __init__(
        self, counter: Counter, table: sa.Table, values: Mapping[str, Any], returning: Any
    ) -> None:
        self._values = dict(values)
        super().__init__(counter, sa.insert(table).values(self._values), returning)

    def _with(self, taken: sa.CTE, write: Any) -> Any:
        row = sa.select(*self._values.values(), taken.c.revision)
        return sa.insert(write.table).from_select([*self._values, "revision"], row)


def announced(counter: Any) -> sa.CTE:
    """Return the statement that takes revisions as a part of another: `revision` is the last one.

    It is announced only to whoever waits: NOTIFY makes writers who use it commit one by one.
    """
    waits = TABLE.c.watched_until > MOMENT
    told = sa.case((waits, sa.func.pg_notify(CHANNEL, TABLE.c.id)))
    taken: sa.CTE = counter.returning(TABLE.c.revision, sa.cast(told, sa.Text)).cte("taken")
    return taken


def about(owner: Identity) -> dict[str, Any]:
    """Return the parameters that each write has."""
    return {
        "owner": owner.id,
        "owner_email": owner.email,
        "owner_name": owner.name,
        "moment": now(),
    }


def first() -> int:
    """Return the number before the first of a new user, the `start` of `first_or_next`.

    Numbers of a user who was erased and begins anew are larger than any before, so that no copy
    of old tasks is taken for current: they begin with the time, in milliseconds.
    """
    return int(now().timestamp() * 1000)


def current(user_id: str) -> int:
    """Return the user's revision; 0 if nothing is stored about this user."""
    found = _CURRENT.first({"owner": user_id})
    return found.revision if found else 0


def is_known(user_id: str) -> bool:
    """Tell whether anything is stored about this user."""
    return _CURRENT.first({"owner": user_id}) is not None


def watch(user_id: str, until: datetime) -> None:
    """Let the user's writes be announced until then."""
    later = User.watched_until.is_(None) | (User.watched_until < until)
    execute(sa.update(TABLE).where(User.id == user_id, later).values(watched_until=until))


def lock(user_id: str) -> bool:
    """Let the user's other writes, and an erasure, wait for the end of this transaction.

    False if nothing is stored about this user.
    """
    # An update, where SELECT … FOR UPDATE is unknown to SQLite.
    mine = sa.update(TABLE).where(User.id == user_id).values(revision=User.revision)
    return execute(mine.returning(User.id)).first() is not None


def move_purge_horizon(user_id: str, revision: int, task_count: int) -> None:
    """Note that deletions up to this revision are forgotten; that takes a revision, too.

    `task_count` is how many tasks are left.
    """
    larger = sa.case((User.purge_horizon < revision, revision), else_=User.purge_horizon)
    change = sa.update(TABLE).where(User.id == user_id)
    execute(change.values(revision=User.revision + 1, purge_horizon=larger, task_count=task_count))
