"""Sessions of accounts kept here: an access token for some days, a refresh token to go on.

A refresh token is used once. Whoever presents it a second time may have stolen it, or been
robbed of it, so its whole session ends (RFC 9700, section 4.14.2).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from taskapp import config
from taskapp.accounts import queries
from taskapp.auth import tokens
from taskapp.database import now, transaction


@dataclass(frozen=True)
class Tokens:
    """What a client gets when it signs in or refreshes."""

    access_token: str
    refresh_token: str
    expires_in: int  # seconds
    token_type: str = "Bearer"  # noqa: S105


def start(user_id: str) -> Tokens:
    """Start a session, inside the caller's transaction."""
    session_id = secrets.token_hex(16)
    queries.start_session(user_id, session_id, now() + lifetime())
    return _new_tokens(user_id, session_id)


def refresh(refresh_token: str) -> Tokens | None:
    """Return new tokens for a refresh token; None if it is unknown, expired or used already."""
    digest = _digest(refresh_token)
    with transaction():
        session_id = queries.session_of_refresh_token(digest)
        # The session's row is locked first, as where it is deleted: so there is no deadlock.
        user_id = queries.extend_session(session_id, now() + lifetime()) if session_id else None
        if session_id is None or user_id is None:
            return None
        if queries.use_refresh_token(digest):
            return _new_tokens(user_id, session_id)
        queries.end_session(session_id)
    return None


def end(refresh_token: str) -> None:
    """End the session of a refresh token, inside the caller's transaction."""
    if session_id := queries.session_of_refresh_token(_digest(refresh_token)):
        queries.end_session(session_id)


def lifetime() -> timedelta:
    """Return how long a session lives on after it was last refreshed."""
    return timedelta(days=config.of(current_app).refresh_token_days)


def token_lifetime() -> timedelta:
    """Return how long an access token is valid: no longer than its session lives."""
    minutes = config.of(current_app).access_token_minutes
    return min(timedelta(minutes=minutes), lifetime())


def _new_tokens(user_id: str, session_id: str) -> Tokens:
    settings = config.of(current_app)
    key = tokens.accounts_key(settings.jwt_secret_key)
    seconds = int(token_lifetime().total_seconds())
    access_token = tokens.issue(
        user_id, key, settings.jwt_identity_claim, lifetime=seconds, sid=session_id
    )
    refresh_token = tokens.REFRESH_PREFIX + secrets.token_urlsafe(32)
    queries.add_refresh_token(session_id, _digest(refresh_token))
    return Tokens(access_token, refresh_token, seconds)


def _digest(refresh_token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()
