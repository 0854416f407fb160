"""Sessions of accounts kept here: an access token for some days, a refresh token to go on.

A refresh token is used once. Whoever presents it a second time may have stolen it, or been
robbed of it, so its whole session ends (RFC 9700, section 4.14.2). To recognise it, however long
ago it was used, all tokens of a session begin with the same secret text.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from taskapp import config
from taskapp.accounts import queries
from taskapp.auth import tokens
from taskapp.database import now, transaction

MOST = 50  # sessions of one user; whoever begins another ends the oldest


@dataclass(frozen=True)
class Tokens:
    """What a client gets when it signs in or refreshes."""

    access_token: str
    refresh_token: str
    expires_in: int  # seconds
    token_type: str = "Bearer"  # noqa: S105


def start(user_id: str, address: str) -> Tokens:
    """Start a session, inside the caller's transaction, which holds the user's row."""
    session_id = secrets.token_hex(16)
    expires_at = now() + min(lifetime(), greatest_age())
    queries.start_session(user_id, session_id, expires_at, place=place(user_id, address), most=MOST)
    family = _new_family(session_id)
    refresh_token = _next(family)
    queries.add_refresh_token(session_id, _digest(refresh_token))
    return _tokens(user_id, session_id, refresh_token, expires_at)


def refresh(refresh_token: str) -> Tokens | None:
    """Return new tokens for a refresh token; None if it is unknown, expired or used already."""
    with transaction():
        session = _find(refresh_token)
        if session is None:
            return None
        expires_at = min(now() + lifetime(), session.created_at + greatest_age())
        # The session's row is locked first, as where it is deleted: so there is no deadlock.
        user_id = queries.extend_session(session.id, expires_at)
        if user_id is None or expires_at <= now():
            return None
        if new := _exchange(session.id, refresh_token):
            return _tokens(user_id, session.id, new, expires_at)
        queries.end_session(session.id)
    return None


def end(refresh_token: str) -> None:
    """End the session of a refresh token, inside the caller's transaction."""
    if session := _find(refresh_token):
        queries.end_session(session.id)


def place(user_id: str, address: str) -> str:
    """Return the digest by which a session knows where it began.

    It is made with the secret: there are few enough addresses to try them all.
    """
    key = tokens.accounts_key(config.of(current_app).jwt_secret_key).material
    return hmac.new(key, f"{user_id} {address}".encode(), "sha256").hexdigest()


def greatest_age() -> timedelta:
    """Return how old a session gets, however often it is refreshed."""
    return timedelta(days=config.of(current_app).session_days)


def lifetime() -> timedelta:
    """Return how long a session lives on after it was last refreshed."""
    return timedelta(days=config.of(current_app).refresh_token_days)


def _tokens(user_id: str, session_id: str, refresh_token: str, expires_at: datetime) -> Tokens:
    settings = config.of(current_app)
    key = tokens.accounts_key(settings.jwt_secret_key)
    # No longer than the session lives.
    lifetime = min(timedelta(minutes=settings.access_token_minutes), expires_at - now())
    seconds = round(lifetime.total_seconds())
    access_token = tokens.issue(
        user_id, key, settings.jwt_identity_claim, lifetime=seconds, sid=session_id
    )
    return Tokens(access_token, refresh_token, seconds)


def _exchange(session_id: str, refresh_token: str) -> str | None:
    """Return the token that follows this one, which is used up; None if it was used before."""
    family, dot, _ = refresh_token.rpartition(".")
    if dot:
        new = _next(family)
        return new if queries.replace_refresh_token(_digest(refresh_token), _digest(new)) else None
    # One of an older release, which had a row for each that was used.
    if not queries.use_refresh_token(_digest(refresh_token)):
        return None
    queries.forget_used_tokens(session_id, but=_digest(refresh_token))
    new = _next(_new_family(session_id))
    queries.add_refresh_token(session_id, _digest(new))
    return new


def _find(refresh_token: str) -> queries.Row | None:
    family = refresh_token.rpartition(".")[0]
    return queries.session_of_refresh_token(_digest(refresh_token), _digest(family))


def _new_family(session_id: str) -> str:
    """Return what the session's tokens begin with: random, so that nobody else knows it."""
    family = tokens.REFRESH_PREFIX + secrets.token_urlsafe(16)
    queries.add_refresh_token(session_id, _digest(family), used=True)
    return family


def _next(family: str) -> str:
    return f"{family}.{secrets.token_urlsafe(32)}"


def _digest(refresh_token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()
