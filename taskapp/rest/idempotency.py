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

from taskapp import config, problems
from taskapp.database import Base, UTCDateTime, execute, now, transaction, upsert
from taskapp.rest import bodies, openapi, personal
from taskapp.rest.fields import UTCTime

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# A string of RFC 9651 in its quotes, or, as most clients send it, without them.
SANE = re.compile(r'"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,255}"|[\x21\x23-\x5b\x5d-\x7e]{1,255}')
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control", "Vary")
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "description": "Makes a retry safe: with the same key it gets the first answer. A new random"
    " text for each change, such as a UUID.",
    "schema": {"type": "string", "pattern": r"^[!#-\[\]-~]{1,255}$"},
}


class IdempotencyKey(Base):
    """A key that a user has sent, what it was sent with, and the answer."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(sa.JSON)
    body: Mapped[str | None] = mapped_column(sa.Text)


class IdempotencyKeySchema(ma.Schema):
    """A key that was sent with a request; its answer is a copy of what is here already."""

    key = fields.String(required=True)
    created_at = UTCTime(required=True)


def init_app(app: Flask) -> None:
    personal.register(
        app,
        personal.Many("idempotency_keys", IdempotencyKeySchema(), read=_of_user, erase=_erase),
    )


def idempotent(view: Callable[..., Any]) -> Callable[..., Response]:
    """Let a view answer a request with an `Idempotency-Key` once, and repeat the answer after that.

    The view must run behind the guard, and write inside `transaction()`. Only answers of success
    are kept: one that changed nothing can be tried again. The wrapped view raises
    `problems.BadRequest` for a key that makes no sense, and `problems.Invalid` for one that was
    sent with another request.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        key = _key()
        if key is None:
            return make_response(view(*args, **kwargs))
        fingerprint = _fingerprint()
        with transaction(g.user_id):
            if _claim(g.user_id, key, fingerprint):
                response = make_response(view(*args, **kwargs))
                _keep(g.user_id, key, response)
                return response
            return _replay(g.user_id, key, fingerprint)

    openapi.documents(parameters=[PARAMETER], statuses=[400, 413, 415])(wrapper)
    return wrapper


def purge() -> int:
    """Remove the keys that have expired, of all users, and return how many there were."""
    old = sa.delete(IdempotencyKey).where(IdempotencyKey.created_at <= _expiry())
    return len(execute(old.returning(IdempotencyKey.key)).all())


def _of_user(user_id: str, after: Any, limit: int) -> Sequence[Any]:
    keys = sa.select(IdempotencyKey.key, IdempotencyKey.created_at)
    keys = keys.where(IdempotencyKey.user_id == user_id)
    if after is not None:
        keys = keys.where(IdempotencyKey.key > after.key)
    return execute(keys.order_by(IdempotencyKey.key).limit(limit)).all()


def _erase(user_id: str) -> None:
    execute(sa.delete(IdempotencyKey).where(IdempotencyKey.user_id == user_id))


def _key() -> str | None:
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    if not SANE.fullmatch(sent):
        raise problems.BadRequest(f"{HEADER} must have 1 to 255 visible characters.")
    return sent.strip('"')


def _fingerprint() -> str:
    """Return the digest of what makes this request another than the next."""
    head = f"{request.method} {request.full_path}\n".encode()
    return hashlib.sha256(head + bodies.read(request)).hexdigest()


def _claim(user_id: str, key: str, fingerprint: str) -> bool:
    """Store the key; False if it is known. While another request is at it, this one waits."""
    values = {"fingerprint": fingerprint, "created_at": now()}
    new = upsert(IdempotencyKey).values(user_id=user_id, key=key, **values)
    new = new.on_conflict_do_update(
        index_elements=[IdempotencyKey.user_id, IdempotencyKey.key],
        set_=values,
        where=IdempotencyKey.created_at <= _expiry(),
    )
    return execute(new.returning(IdempotencyKey.key)).first() is not None


def _keep(user_id: str, key: str, response: Response) -> None:
    mine = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == key)
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    answer = {"status": response.status_code, "headers": headers, "body": response.get_data(True)}
    execute(sa.update(IdempotencyKey).where(mine).values(**answer))
    # The user's own expired keys are removed in passing.
    expired = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.created_at <= _expiry())
    execute(sa.delete(IdempotencyKey).where(expired))


def _replay(user_id: str, key: str, fingerprint: str) -> Response:
    first = execute(
        sa.select(*IdempotencyKey.__table__.columns).where(
            IdempotencyKey.user_id == user_id, IdempotencyKey.key == key
        )
    ).one()
    if first.fingerprint != fingerprint:
        raise problems.Invalid({HEADER: ["This key was sent with another request already."]})
    return Response(first.body, first.status, {**first.headers, REPLAYED: "true"})


def _expiry() -> datetime:
    return now() - timedelta(hours=config.of(current_app).idempotency_hours)
