"""The counter of each user that every write takes a number of: ETags, sync, 412 and purge.

The counter's row stays locked until the end of the transaction, so a user's writes are committed
in the order of their numbers, and a reader of one number has seen all that are smaller.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from taskapp.auth.tokens import Identity
from taskapp.database import Prepared, UTCDateTime, abandon, dialect, execute, joins, now
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
# Whether somebody waits for the owner's writes.
WAITS = (TABLE.c.watched_until > MOMENT).label("waits")
NUMBER = sa.bindparam("number", type_=sa.BigInteger)
COUNT = sa.bindparam("count", type_=sa.BigInteger)

_CURRENT = Prepared(sa.select(TABLE.c.revision).where(TABLE.c.id == OWNER))
_ANNOUNCE = Prepared(
    sa.select(sa.cast(sa.func.pg_notify(CHANNEL, OWNER), sa.Text).label("announced"))
)


class Counter(NamedTuple):
    """The statements that take the owner's next revisions, in two ways.

    `whole` does it as a part of another statement (PostgreSQL's). By itself `next` does, for an
    owner who is there; where one may not be there, `new` stores the owner, by the dialect.
    """

    whole: Any
    next: Prepared
    new: Mapping[str, Prepared]


def first_or_next(
    condition: Any,
    new: Mapping[str, Any],
    first: Mapping[str, Any],
    next_: Mapping[str, Any],
    count: Any,
) -> Counter:
    """Return the counter that takes the owner's next revisions; the first makes the row.

    `new` is what else is stored about an owner before anything is, `first` in its place together
    with the first revisions, and `next_` with the next ones, if the condition holds there.
    """
    start = sa.bindparam("start", type_=sa.BigInteger)
    owner = {"id": OWNER, "email": EMAIL, "name": NAME, "created_at": MOMENT}
    unused = {**owner, "revision": start, "purge_horizon": start, **new}
    store = {
        dialect: insert(TABLE)
        .values(**unused)
        .on_conflict_do_nothing(index_elements=[TABLE.c.id])
        .returning(TABLE.c.id)
        for dialect, insert in UPSERTS.items()
    }
    used = postgresql.insert(TABLE).values(**{**unused, "revision": start + count, **first})
    # A token that is silent about them does not mean that they are gone.
    whole = used.on_conflict_do_update(
        index_elements=[TABLE.c.id],
        set_={
            "revision": TABLE.c.revision + count,
            "email": sa.func.coalesce(used.excluded.email, TABLE.c.email),
            "name": sa.func.coalesce(used.excluded.name, TABLE.c.name),
            **next_,
        },
        where=condition,
    )
    by_itself = next_if(condition, count, **next_)
    return by_itself._replace(
        whole=whole, new={dialect: Prepared(insert) for dialect, insert in store.items()}
    )


def next_if(condition: Any, count: Any = 1, **more: Any) -> Counter:
    """Return the counter that takes the owner's next revisions if the condition holds.

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
    return Counter(counter, Prepared(counter.returning(TABLE.c.revision, WAITS)), {})


class RevisedWrite:
    """A write that stores its owner's next revision: made once, and run with parameters.

    On a PostgreSQL of one server the counter and the write become one statement, and so one round
    trip. SQLite and distributed nodes have no such statement, and run one after the other.
    """

    def __init__(self, counter: Counter, write: Any, returning: Any) -> None:
        taken = announced(counter.whole)
        self._whole = Prepared(self._with(taken, write).add_cte(taken).returning(*returning))
        self._counter = counter
        self._write = Prepared(self._after(write).returning(*returning))

    def _with(self, taken: sa.CTE, write: Any) -> Any:
        """Return the write as a part of the statement that takes the revision."""
        number = sa.select(taken.c.revision).scalar_subquery()
        # Where there is none the user was erased while this waited.
        return write.values(revision=number).where(number.is_not(None))

    def _after(self, write: Any) -> Any:
        """Return the write by itself, once the revision has been taken."""
        return write.values(revision=NUMBER)

    def execute(self, owner: Identity, values: Mapping[str, Any]) -> Row | None:
        """Run it and return the written row; None where it had nothing to write."""
        rows = self.all(owner, values)
        return rows[0] if rows else None

    def all(self, owner: Identity, values: Mapping[str, Any]) -> Sequence[Row]:
        """Run it and return the written rows; none where it had nothing to write."""
        values = {**about(owner), **values}
        if joins():
            return cast(Sequence[Row], self._whole.all(values))
        taken = take(self._counter, values)
        if taken is None:
            abandon()
            return []
        rows = self._write.all({**values, "number": taken.revision})
        if taken.waits:
            # A statement that a node runs may not announce.
            _ANNOUNCE.all({"owner": owner.id})
        return cast(Sequence[Row], rows)


class RevisedInsert(RevisedWrite):
    """A write that makes a row with its owner's next revision; none where none could be taken."""

    def __init__(
        self, counter: Counter, table: sa.Table, values: Mapping[str, Any], returning: Any
    ) -> None:
        self._values = dict(values)
        super().__init__(counter, sa.insert(table), returning)

    def _with(self, taken: sa.CTE, write: Any) -> Any:
        row = sa.select(*self._values.values(), taken.c.revision)
        return write.from_select([*self._values, "revision"], row)

    def _after(self, write: Any) -> Any:
        return write.values(**self._values, revision=NUMBER)


def announced(counter: Any) -> sa.CTE:
    """Return the statement that takes revisions as a part of another: `revision` is the last one.

    It is announced only to whoever waits: NOTIFY makes writers who use it commit one by one.
    """
    told = sa.case((TABLE.c.watched_until > MOMENT, sa.func.pg_notify(CHANNEL, TABLE.c.id)))
    taken: sa.CTE = counter.returning(TABLE.c.revision, sa.cast(told, sa.Text)).cte("taken")
    return taken


def take(counter: Counter, values: Mapping[str, Any]) -> Row | None:
    """Take the next revisions; outside of a transaction one has begun with that, and goes on.

    None where the condition does not hold, or the owner is not there and must be.
    """
    taken = counter.next.first(values, ends=False)
    if taken is None and counter.new:
        counter.new[dialect()].all(values, ends=False)
        taken = counter.next.first(values, ends=False)
    return cast(Row | None, taken)


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
