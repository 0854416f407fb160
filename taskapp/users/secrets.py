"""Secrets of a user that let somebody in without a sign-in: each is shown once, kept as a digest.

One is found by its digest before anybody knows whose it is: so row security, which shows the rows
of one user, can't be on their tables.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp import problems
from taskapp.auth.tokens import Identity
from taskapp.database import Prepared, Unavailable, UTCDateTime, autocommit, execute, now
from taskapp.users import queries

MOST = 50  # of one kind, for each user
NAME_LENGTH = 100  # characters
FORM = re.compile("[A-Za-z0-9_-]{43}")  # of a secret, behind its prefix
# How exact the last use is: one that is used all the time is not written at all times.
NOTED = timedelta(minutes=1)
ERASED = "The account does not exist any more."
ANYBODY = ""  # before it is known whose a secret is
Row = sa.Row[Any]


class Secret:
    """The columns of a table of secrets."""

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.Identity(always=True),
        primary_key=True,
    )
    user_id: Mapped[str] = mapped_column(
        sa.String(255), sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256, in hexadecimal
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Secrets:
    """What is done with the secrets of one table."""

    def __init__(self, model: type[Secret]) -> None:
        self._table = cast(sa.Table, model.__table__)  # type: ignore[attr-defined]
        columns = self._table.columns
        moment = sa.bindparam("moment", type_=UTCDateTime)
        not_since = sa.bindparam("not_since", type_=UTCDateTime)
        use = sa.update(self._table).where(
            columns.id == sa.bindparam("secret", type_=sa.BigInteger),
            sa.or_(columns.last_used_at.is_(None), columns.last_used_at <= not_since),
        )
        digest = sa.bindparam("digest", type_=sa.String)
        self._find = Prepared(sa.select(*columns).where(columns.digest == digest))
        self._use = Prepared(use.values(last_used_at=moment).returning(columns.id))

    def create(self, owner: Identity, prefix: str = "", **values: Any) -> tuple[Row, str] | None:
        """Store a new one, and return its row and the secret; None if the user has `MOST` of them.

        Raises what `lock` does.
        """
        self.lock(owner)
        mine = self._table.c.user_id == owner.id
        count = execute(sa.select(sa.func.count()).select_from(self._table).where(mine)).scalar()
        if count is None or count >= MOST:
            return None
        secret = prefix + secrets.token_urlsafe(32)
        new = sa.insert(self._table).values(
            user_id=owner.id, digest=_digest(secret), created_at=now(), **values
        )
        return execute(new.returning(*self._table.c)).one(), secret

    def lock(self, owner: Identity) -> None:
        """Let those that are made at once, and an erasure, come one after the other.

        The caller's transaction must be the owner's. Raises `problems.Unauthorized` if the account
        of the owner has been erased.
        """
        if not queries.lock(owner):
            raise problems.Unauthorized(ERASED, error="invalid_token")

    def of_user(self, user_id: str, after: Row | None = None, limit: int = MOST) -> Sequence[Row]:
        """Return at most `limit` of the user's, oldest first, beginning after that one."""
        mine = sa.select(*self._table.c).where(self._table.c.user_id == user_id)
        if after is not None:
            mine = mine.where(self._table.c.id > after.id)
        return execute(mine.order_by(self._table.c.id).limit(limit)).all()

    def revoke(self, user_id: str, secret_id: int) -> bool:
        """Delete it, so that it lets nobody in from now on; False if the user has no such one."""
        columns = self._table.c
        gone = sa.delete(self._table).where(columns.user_id == user_id, columns.id == secret_id)
        return execute(gone.returning(columns.id)).first() is not None

    def forget(self, condition: sa.ColumnElement[bool]) -> None:
        """Delete those that are so."""
        execute(sa.delete(self._table).where(condition))

    def erase(self, user_id: str) -> None:
        """Delete all of the user's."""
        self.forget(self._table.c.user_id == user_id)

    def find(self, secret: str) -> Row | None:
        """Return the row of the secret, and note that it is used; None if there is none."""
        with autocommit(ANYBODY):
            row = cast(Row | None, self._find.first({"digest": _digest(secret)}))
        moment = now()
        if row is not None and (row.last_used_at is None or row.last_used_at <= moment - NOTED):
            self._note_use(row, moment)
        return row

    def _note_use(self, row: Row, moment: datetime) -> None:
        values = {"secret": row.id, "moment": moment, "not_since": moment - NOTED}
        try:
            with autocommit(ANYBODY):
                self._use.all(values)
        except Unavailable:
            # A database that may only be read, for one: reading is all that is asked for, perhaps.
            return


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
