"""`Idempotency-Key`: a retry gets the first answer, and nothing is done twice.

After draft-ietf-httpapi-idempotency-key-header. The key is stored in the same transaction as the
write, with the answer: what was not committed is not known, what was is answered again.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from flask import Flask, Response, current_app, g, make_response, request
from marshmallow import fields
from sqlalchemy.orm import Mapped, mapped_column

from taskapp import config, current, problems
from taskapp.database import (
    Base,
    Numbers,
    UTCDateTime,
    execute,
    now,
    one_of,
    remove,
    remove_of_all,
    transaction,
    upsert,
)
from taskapp.rest import bodies, openapi, personal
from taskapp.rest.fields import UTCTime

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# A string of RFC 9651 in its quotes, or, as most clients send it, without them.
SANE = re.compile(r'"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,255}"|[\x21\x23-\x5b\x5d-\x7e]{1,255}')
KEPT = 10_000  # keys of one user; of more the oldest are forgotten before their time
REMOVED_AT_ONCE = 100  # keys, in passing
CONDITIONS = ("If-Match", "If-None-Match")
# In the place of the task whose text an answer holds; no task has such an id.
ABOUT_NO_TASK, GONE = 0, -1
ABOUT_SEVERAL = None  # and so where nobody knows
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control", "Vary")
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "description": "Makes a retry safe: with the same key it gets the first answer. A new random"
    " text for each change, such as a UUID.",
    "schema": {"type": "string", "pattern": r"^[!#-\[\]-~]{1,255}$"},
}


class IdempotencyKey(Base):
    """A key that a user has sent, what it was sent with, and the answer.

    `task_id` is whose text the answer holds; it is empty where those are several, or where an older
    release has kept it. Once that task was deleted for good, there is no `body` any more.
    """

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(sa.JSON)
    body: Mapped[str | None] = mapped_column(sa.Text)
    task_id: Mapped[int | None] = mapped_column(sa.BigInteger)


# Serves a user's oldest keys, and finds those beyond the newest `KEPT`.
sa.Index(
    "ix_idempotency_keys_user_id_created_at", IdempotencyKey.user_id, IdempotencyKey.created_at
)


class IdempotencyKeySchema(ma.Schema):
    """A key that was sent with a request, and the answer that a retry gets."""

    key = fields.String(required=True)
    created_at = UTCTime(required=True)
    status = fields.Integer(required=True, allow_none=True, metadata={"example": 201})
    body = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Empty once its task was deleted for good."},
    )


def init_app(app: Flask) -> None:
    personal.register(
        app,
        personal.Many("idempotency_keys", IdempotencyKeySchema(), read=_of_user, erase=_erase),
    )


def idempotent(view: Callable[..., Any]) -> Callable[..., Response]:
    """Let a view answer a request with an `Idempotency-Key` once, and repeat the answer after that.

    The view must run behind the guard, and write inside `transaction()`. Only answers of success
    are kept: one that changed nothing can be tried again. The wrapped view raises
    `problems.BadRequest` for a key that makes no sense, `problems.Invalid` for one that was sent
    with another request, and `problems.Gone` where the answer went with its task.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        key = _key()
        if key is None:
            return make_response(view(*args, **kwargs))
        fingerprint = _fingerprint()
        while True:
            with transaction(g.user_id):
                if _claim(g.user_id, key, fingerprint):
                    response = make_response(view(*args, **kwargs))
                    _keep(g.user_id, key, response)
                    return response
                first = _find(g.user_id, key)
            if first and first.created_at > _expiry():
                return _replay(first, fingerprint)
            # In a transaction of its own: whoever holds a key that is there, and waits for the
            # user's row, could be waited for by whoever holds that row and wants the keys.
            with transaction(g.user_id):
                _forget_expired(g.user_id, key)

    openapi.documents(parameters=[PARAMETER], statuses=[400, 410, 413, 415])(wrapper)
    return wrapper


def answers_with(task_id: int | None) -> None:
    """Note that the answer to the request at hand holds the text of this task.

    With `GONE` no copy of the answer is kept.
    """
    current.notes().answers_with = task_id


def forget(user_id: str, task_ids: Sequence[int]) -> None:
    """Remove these tasks' text from the answers that are kept.

    To be called after they were deleted, in the same transaction: whoever was writing them has then
    committed, with the answer, and nobody can write them any more.
    """
    ids = sa.bindparam("gone", list(task_ids), type_=Numbers)
    about = IdempotencyKey.task_id.is_(None) | one_of(IdempotencyKey.task_id, ids)
    mine = IdempotencyKey.user_id == user_id
    answers = sa.update(IdempotencyKey).where(mine, about, IdempotencyKey.body.is_not(None))
    execute(answers.values(body=None))


def purge(limit: int) -> int:
    """Remove at most `limit` of the keys that have expired, of all users; return how many."""
    expired = IdempotencyKey.created_at <= _expiry()
    return remove_of_all(IdempotencyKey, IdempotencyKey.user_id, expired, limit=limit)


def _of_user(user_id: str, after: Any, limit: int) -> Sequence[Any]:
    columns = (getattr(IdempotencyKey, name) for name in IdempotencyKeySchema().fields)
    keys = sa.select(*columns).where(IdempotencyKey.user_id == user_id)
    if after is not None:
        keys = keys.where(IdempotencyKey.key > after.key)
    return execute(keys.order_by(IdempotencyKey.key).limit(limit)).all()


def _erase(user_id: str) -> None:
    execute(sa.delete(IdempotencyKey).where(IdempotencyKey.user_id == user_id))


def _key() -> str | None:
    sent = current.request().headers.get(HEADER)
    if sent is None:
        return None
    if not SANE.fullmatch(sent):
        raise problems.BadRequest(f"{HEADER} must have 1 to 255 visible characters.")
    return sent.strip('"')


def _fingerprint() -> str:
    """Return the digest of what makes this request another than the next."""
    conditions = [f"{name}: {request.headers.get(name, '')}\n" for name in CONDITIONS]
    # Without any the digest is that of older releases, whose keys are known for a while.
    sent = "".join(conditions) if any(name in request.headers for name in CONDITIONS) else ""
    head = f"{request.method} {request.full_path}\n{sent}".encode()
    return hashlib.sha256(head + bodies.read(request)).hexdigest()


def _claim(user_id: str, key: str, fingerprint: str) -> bool:
    """Store the key; False if it is known. While another request is at it, this one waits."""
    new = upsert(IdempotencyKey).values(
        user_id=user_id, key=key, fingerprint=fingerprint, created_at=now()
    )
    new = new.on_conflict_do_nothing(index_elements=[IdempotencyKey.user_id, IdempotencyKey.key])
    return execute(new.returning(IdempotencyKey.key)).first() is not None


def _find(user_id: str, key: str) -> Any:
    mine = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == key)
    return execute(sa.select(*IdempotencyKey.__table__.columns).where(mine)).one_or_none()


def _keep(user_id: str, key: str, response: Response) -> None:
    mine = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == key)
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    answer = {"status": response.status_code, "headers": headers, "body": response.get_data(True)}
    about = g.get("answers_with", ABOUT_NO_TASK)
    if about == GONE:
        answer["body"] = None
    execute(sa.update(IdempotencyKey).where(mine).values(**answer, task_id=about))
    _remove_old(user_id)


def _remove_old(user_id: str) -> None:
    """Remove, in passing, some keys of the user that have expired, or are too many."""
    mine = IdempotencyKey.user_id == user_id
    newest = sa.select(IdempotencyKey.created_at).where(mine)
    newest = newest.order_by(IdempotencyKey.created_at.desc()).offset(KEPT).limit(1)
    old = IdempotencyKey.created_at <= _expiry()
    too_many = IdempotencyKey.created_at <= newest.scalar_subquery()
    remove(IdempotencyKey, old | too_many, limit=REMOVED_AT_ONCE, mine=mine)


def _forget_expired(user_id: str, key: str) -> None:
    mine = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == key)
    execute(sa.delete(IdempotencyKey).where(mine, IdempotencyKey.created_at <= _expiry()))


def _replay(first: Any, fingerprint: str) -> Response:
    """Return the first answer once more."""
    if first.fingerprint != fingerprint:
        raise problems.Invalid({HEADER: ["This key was sent with another request already."]})
    if first.body is None:
        raise problems.Gone("The first answer is gone, together with the task that it showed.")
    return Response(first.body, first.status, {**first.headers, REPLAYED: "true"})


def _expiry() -> datetime:
    return now() - timedelta(hours=config.of(current_app).idempotency_hours)
