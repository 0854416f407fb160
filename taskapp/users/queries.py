"""Statements on users, accounts and sessions: one function each. Nobody commits here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa

from taskapp.auth.tokens import Identity
from taskapp.database import Prepared, UTCDateTime, dialect, execute, now, upsert
from taskapp.users.models import Account, Attempts, RefreshToken, Session, User

CHANNEL = "taskapp_changes"  # of PostgreSQL's NOTIFY; the payload is the user's id
Row = sa.Row[Any]
# Statements that write a user are on the table itself: they may be a part of another statement.
TABLE = cast(sa.Table, User.__table__)
OWNER = sa.bindparam("owner", type_=sa.String)
EMAIL = sa.bindparam("owner_email", type_=sa.String)
NAME = sa.bindparam("owner_name", type_=sa.String)
MOMENT = sa.bindparam("moment", type_=UTCDateTime)
_REVISION = Prepared(sa.select(TABLE.c.revision).where(TABLE.c.id == OWNER))


_LIVE_SESSION = Prepared(
    sa.select(Session.id).where(
        Session.id == sa.bindparam("session"),
        Session.user_id == OWNER,
        Session.expires_at > MOMENT,
    )
)


class Stamped:
    """A write that stores its owner's next revision: made once, and run with parameters.

    `counter` takes the number. On PostgreSQL both become one statement, and so one round trip: the
    counter's row stays locked until the end of the transaction, so a user's writes are committed
    in the order of their numbers. SQLite has no such statement, no round trips, and one writer at
    a time.
    """

    def __init__(self, counter: Any, write: Any, returning: Any) -> None:
        # Announced only to who waits: NOTIFY makes writers who use it commit one after the other.
        waits = TABLE.c.watched_until > MOMENT
        announced = sa.case((waits, sa.func.pg_notify(CHANNEL, TABLE.c.id)))
        counted = counter.returning(TABLE.c.revision, sa.cast(announced, sa.Text)).cte("counted")
        number = sa.select(counted.c.revision).scalar_subquery()
        whole = write.values(revision=number).add_cte(counted).returning(*returning)
        self._whole = Prepared(whole)
        self._counter = counter.returning(TABLE.c.revision)
        self._write = write.values(revision=sa.bindparam("number")).returning(*returning)

    def execute(self, owner: Identity, values: dict[str, Any]) -> Row | None:
        """Run it and return the written row; None where it had nothing to write."""
        values = {
            "owner": owner.id,
            "owner_email": owner.email,
            "owner_name": owner.name,
            "moment": now(),
            **values,
        }
        if dialect() == "postgresql":
            return cast(Row | None, self._whole.first(values))
        number = execute(self._counter, values).scalar()
        if number is None:
            return None
        return execute(self._write, {**values, "number": number}).one_or_none()


def count_first() -> Any:
    """Return the statement that takes the owner's next revision, and makes the row if needed."""
    start = sa.bindparam("start", type_=sa.BigInteger)
    new = upsert(TABLE).values(
        id=OWNER, email=EMAIL, name=NAME, created_at=MOMENT, revision=start + 1, purged=start
    )
    # A token that is silent about them does not mean that they are gone.
    return new.on_conflict_do_update(
        index_elements=[TABLE.c.id],
        set_={
            "revision": TABLE.c.revision + 1,
            "email": sa.func.coalesce(new.excluded.email, TABLE.c.email),
            "name": sa.func.coalesce(new.excluded.name, TABLE.c.name),
        },
    )


def first_revision() -> int:
    """Return the number before the first of a new user, the `start` of `count_first`.

    Numbers of a user who was erased and begins anew are larger than any before, so that no copy
    of old tasks is taken for current: they begin with the time, in milliseconds.
    """
    return int(now().timestamp() * 1000)


def count(if_: Any) -> Any:
    """Return the statement that takes the owner's next revision if the condition holds.

    It holds or not as seen at the beginning of the statement.
    """
    return (
        sa.update(TABLE)
        .where(TABLE.c.id == OWNER, if_)
        .values(
            revision=TABLE.c.revision + 1,
            email=sa.func.coalesce(EMAIL, TABLE.c.email),
            name=sa.func.coalesce(NAME, TABLE.c.name),
        )
    )


def revision(user_id: str) -> int:
    """Return the user's revision; 0 if nothing is stored about this user."""
    found = _REVISION.first({"owner": user_id})
    return found.revision if found else 0


def watch(user_id: str, until: datetime) -> None:
    """Let the user's writes be announced until then."""
    later = User.watched_until.is_(None) | (User.watched_until < until)
    execute(sa.update(TABLE).where(User.id == user_id, later).values(watched_until=until))


def lock(user_id: str) -> None:
    """Let the user's other writes wait for the end of this transaction."""
    # An update, where SELECT … FOR UPDATE is unknown to SQLite.
    execute(sa.update(TABLE).where(User.id == user_id).values(revision=User.revision))


def move_horizon(user_id: str, purged: int) -> None:
    """Note that deletions up to this revision are forgotten; that is a new revision, too."""
    larger = sa.case((User.purged < purged, purged), else_=User.purged)
    change = sa.update(TABLE).where(User.id == user_id)
    execute(change.values(revision=User.revision + 1, purged=larger))


def get(user_id: str) -> Row | None:
    """Return the user; None if nothing is stored about this user."""
    columns = User.__table__.columns
    return execute(sa.select(*columns).where(User.id == user_id)).one_or_none()


def erase(user_id: str) -> None:
    """Erase the user and all that belongs to the user."""
    # The foreign keys take tasks, account and sessions along. The latter two may be without them,
    # where users are distributed over several nodes (docs/operations.md, "Growth").
    execute(sa.delete(User).where(User.id == user_id))
    of_user = sa.select(Session.id).where(Session.user_id == user_id)
    execute(sa.delete(RefreshToken).where(RefreshToken.session_id.in_(of_user)))
    execute(sa.delete(Session).where(Session.user_id == user_id))
    execute(sa.delete(Account).where(Account.user_id == user_id))


def create_account(user: Identity, email: str, password_hash: str) -> bool:
    """Store a new user with an account; False if the e-mail has one already."""
    moment = now()
    execute(sa.insert(User).values(id=user.id, email=user.email, name=user.name, created_at=moment))
    account = {"user_id": user.id, "email": email, "password_hash": password_hash}
    new = upsert(Account).values(**account, created_at=moment)
    new = new.on_conflict_do_nothing(index_elements=[Account.email]).returning(Account.user_id)
    return execute(new).first() is not None


def account_of(email: str) -> Row | None:
    """Return the account with this e-mail in lower case; None if there is none."""
    columns = Account.__table__.columns
    return execute(sa.select(*columns).where(Account.email == email)).one_or_none()


def account(user_id: str) -> Row | None:
    """Return the user's account; None if the user has no account here."""
    columns = Account.__table__.columns
    return execute(sa.select(*columns).where(Account.user_id == user_id)).one_or_none()


def set_password_hash(user_id: str, password_hash: str) -> None:
    """Replace the hash of the account's password."""
    change = sa.update(Account).where(Account.user_id == user_id)
    execute(change.values(password_hash=password_hash))


def sessions(user_id: str) -> Sequence[Row]:
    """Return the user's sessions, oldest first."""
    mine = sa.select(*Session.__table__.columns).where(Session.user_id == user_id)
    return execute(mine.order_by(Session.created_at)).all()


def start_session(user_id: str, session_id: str, expires_at: datetime) -> None:
    """Store a new session, and forget those of the user that have expired."""
    moment = now()
    old = sa.delete(Session).where(Session.user_id == user_id, Session.expires_at <= moment)
    execute(old)
    new = {"id": session_id, "user_id": user_id, "created_at": moment, "expires_at": expires_at}
    execute(sa.insert(Session).values(**new))


def has_session(user_id: str, session_id: str) -> bool:
    """Tell whether this session of the user has neither ended nor expired."""
    found = _LIVE_SESSION.first({"owner": user_id, "session": session_id, "moment": now()})
    return found is not None


def end_session(session_id: str) -> None:
    """End a session with all its tokens."""
    execute(sa.delete(Session).where(Session.id == session_id))


def extend_session(session_id: str, expires_at: datetime) -> str | None:
    """Let the session live on and return whose it is; None if it has ended or expired."""
    change = sa.update(Session).where(Session.id == session_id, Session.expires_at > now())
    change = change.values(expires_at=expires_at)
    user_id: str | None = execute(change.returning(Session.user_id)).scalar()
    return user_id


def add_refresh_token(session_id: str, digest: str) -> None:
    """Store a refresh token that has not been used."""
    new = {"digest": digest, "session_id": session_id, "used": False}
    execute(sa.insert(RefreshToken).values(**new))


def use_refresh_token(digest: str) -> bool:
    """Mark the token as used; False if it is unknown or was used before."""
    use = sa.update(RefreshToken).where(RefreshToken.digest == digest, ~RefreshToken.used)
    use = use.values(used=True).returning(RefreshToken.digest)
    return execute(use).first() is not None


def session_of_refresh_token(digest: str) -> str | None:
    """Return the session of the token, used or not; None if it is unknown."""
    token = sa.select(RefreshToken.session_id).where(RefreshToken.digest == digest)
    session_id: str | None = execute(token).scalar()
    return session_id


def count_attempt(digest: str, window: timedelta) -> tuple[int, datetime]:
    """Count one more attempt and return how many there are since when, within the window."""
    moment = now()
    new = upsert(Attempts).values(digest=digest, count=1, since=moment)
    over = Attempts.since <= moment - window
    counted = new.on_conflict_do_update(
        index_elements=[Attempts.digest],
        set_={
            "count": sa.case((over, 1), else_=Attempts.count + 1),
            "since": sa.case((over, moment), else_=Attempts.since),
        },
    ).returning(Attempts.count, Attempts.since)
    count, since = execute(counted).one()
    return count, since


def take_attempt_back(digest: str) -> None:
    """Uncount one attempt."""
    attempts = sa.update(Attempts).where(Attempts.digest == digest, Attempts.count > 0)
    execute(attempts.values(count=Attempts.count - 1))


def forget_attempts(digest: str) -> None:
    """Forget all attempts under this digest."""
    execute(sa.delete(Attempts).where(Attempts.digest == digest))


def forget_old_attempts(window: timedelta) -> None:
    """Forget attempts that no longer count."""
    execute(sa.delete(Attempts).where(Attempts.since <= now() - window))
