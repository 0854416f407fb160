"""Statements on accounts, sessions and attempts: one function each. Nobody commits here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from taskapp.accounts import emails
from taskapp.accounts.models import Account, Attempts, RefreshToken, Session
from taskapp.database import Prepared, UTCDateTime, execute, now, remove, upsert

Row = sa.Row[Any]

_LIVE_SESSION = Prepared(
    sa.select(Session.id).where(
        Session.id == sa.bindparam("session"),
        Session.user_id == sa.bindparam("owner", type_=sa.String),
        Session.expires_at > sa.bindparam("moment", type_=UTCDateTime),
    )
)


def create(user_id: str, email: str, password_hash: str) -> bool:
    """Store an account for the user; False if the e-mail has one already."""
    account = {"user_id": user_id, "email": email, "password_hash": password_hash}
    new = upsert(Account).values(**account, created_at=now())
    new = new.on_conflict_do_nothing(index_elements=[Account.email]).returning(Account.user_id)
    return execute(new).first() is not None


def get(user_id: str) -> Row | None:
    """Return the user's account; None if the user has no account here."""
    columns = Account.__table__.columns
    return execute(sa.select(*columns).where(Account.user_id == user_id)).one_or_none()


def accounts(after: str, limit: int) -> Sequence[Row]:
    """Return at most `limit` accounts and how many sessions each has, after that e-mail."""
    sessions = sa.select(sa.func.count()).where(Session.user_id == Account.user_id)
    columns = [Account.email, Account.user_id, Account.created_at]
    found = sa.select(*columns, sessions.scalar_subquery().label("sessions"))
    return execute(found.where(Account.email > after).order_by(Account.email).limit(limit)).all()


def find(email: str) -> Row | None:
    """Return the account with this e-mail, in any form of it; None if there is none."""
    forms = emails.forms(email)
    account = sa.select(*Account.__table__.columns).where(Account.email.in_(forms))
    found = {row.email: row for row in execute(account)}
    return next((found[form] for form in forms if form in found), None)


def erase(user_id: str) -> None:
    """Erase the user's account."""
    execute(sa.delete(Account).where(Account.user_id == user_id))


def set_password_hash(user_id: str, password_hash: str) -> None:
    """Replace the hash of the account's password."""
    change = sa.update(Account).where(Account.user_id == user_id)
    execute(change.values(password_hash=password_hash))


def sessions(user_id: str, after: Row | None, limit: int) -> Sequence[Row]:
    """Return at most `limit` of the user's sessions, oldest first, beginning after that one."""
    mine = sa.select(*Session.__table__.columns).where(Session.user_id == user_id)
    age = sa.tuple_(Session.created_at, Session.id)
    if after is not None:
        mine = mine.where(age > sa.tuple_(after.created_at, after.id))
    return execute(mine.order_by(*age).limit(limit)).all()


def erase_sessions(user_id: str) -> None:
    """Erase all of the user's sessions, with their tokens."""
    # Foreign keys would do it, except where users are distributed over several nodes
    # (docs/operations.md, "Growth").
    of_user = sa.select(Session.id).where(Session.user_id == user_id)
    execute(sa.delete(RefreshToken).where(RefreshToken.session_id.in_(of_user)))
    execute(sa.delete(Session).where(Session.user_id == user_id))


def start_session(
    user_id: str, session_id: str, expires_at: datetime, *, place: str, most: int
) -> None:
    """Store a new session; of the user's others those end that have expired, or are too many.

    The caller holds the user's row: so no two who end several sessions wait for each other.
    """
    moment = now()
    mine = Session.user_id == user_id
    kept = sa.select(Session.id).where(mine, Session.expires_at > moment)
    kept = kept.order_by(Session.created_at.desc(), Session.id).limit(most - 1)
    execute(sa.delete(Session).where(mine, Session.id.not_in(kept)))
    new = {"id": session_id, "user_id": user_id, "created_at": moment, "expires_at": expires_at}
    execute(sa.insert(Session).values(**new, place=place))


def knows_place(user_id: str, place: str) -> bool:
    """Tell whether a session of the user that has not ended began at this place."""
    mine = sa.select(Session.id).where(Session.user_id == user_id, Session.place == place)
    return execute(mine.limit(1)).first() is not None


def has_session(user_id: str, session_id: str) -> bool:
    """Tell whether this session of the user has neither ended nor expired."""
    found = _LIVE_SESSION.first({"owner": user_id, "session": session_id, "moment": now()})
    return found is not None


def end_session(session_id: str) -> None:
    """End a session with all its tokens."""
    execute(sa.delete(Session).where(Session.id == session_id))


def end_session_of(user_id: str, session_id: str) -> bool:
    """End this session of the user; False if the user has no such session."""
    mine = sa.delete(Session).where(Session.id == session_id, Session.user_id == user_id)
    return execute(mine.returning(Session.id)).first() is not None


def end_other_sessions(user_id: str, session_id: str | None) -> None:
    """End all of the user's sessions but this one; the caller holds the user's row."""
    others = Session.user_id == user_id
    if session_id is not None:
        others &= Session.id != session_id
    execute(sa.delete(Session).where(others))


def purge_sessions(limit: int) -> int:
    """Remove at most `limit` sessions that have expired, of all users; return how many."""
    return remove(Session, Session.expires_at <= now(), limit=limit)


def extend_session(session_id: str, expires_at: datetime) -> str | None:
    """Let the session live on and return whose it is; None if it has ended or expired."""
    change = sa.update(Session).where(Session.id == session_id, Session.expires_at > now())
    change = change.values(expires_at=expires_at)
    user_id: str | None = execute(change.returning(Session.user_id)).scalar()
    return user_id


def add_refresh_token(session_id: str, digest: str, *, used: bool = False) -> None:
    """Store a refresh token."""
    new = {"digest": digest, "session_id": session_id, "used": used}
    execute(sa.insert(RefreshToken).values(**new))


def use_refresh_token(digest: str) -> bool:
    """Mark the token as used; False if it is unknown or was used before."""
    use = sa.update(RefreshToken).where(RefreshToken.digest == digest, ~RefreshToken.used)
    use = use.values(used=True).returning(RefreshToken.digest)
    return execute(use).first() is not None


def replace_refresh_token(digest: str, next_digest: str) -> bool:
    """Put the next token in the place of this one; False if it is unknown or was used before."""
    replace = sa.update(RefreshToken).where(RefreshToken.digest == digest, ~RefreshToken.used)
    replace = replace.values(digest=next_digest).returning(RefreshToken.digest)
    return execute(replace).first() is not None


def forget_used_tokens(session_id: str, but: str) -> None:
    """Forget the tokens of the session that have been used, but for this one."""
    used = (RefreshToken.session_id == session_id) & RefreshToken.used
    execute(sa.delete(RefreshToken).where(used, RefreshToken.digest != but))


def session_of_refresh_token(*digests: str) -> Row | None:
    """Return the session of the tokens, used or not; None if they are unknown."""
    session = sa.select(Session.id, Session.created_at).join(
        RefreshToken, RefreshToken.session_id == Session.id
    )
    return execute(session.where(RefreshToken.digest.in_(digests)).limit(1)).one_or_none()


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


def forget_old_attempts(window: timedelta, limit: int) -> int:
    """Forget at most `limit` attempts that no longer count; return how many."""
    return remove(Attempts, Attempts.since <= now() - window, limit=limit)
