"""Accounts kept here: register, sign in, refresh, sign out, and the account itself."""

import uuid
from typing import Any

from flask import Response, current_app, jsonify, make_response, request

from taskapp import auth, clients, config, problems
from taskapp.accounts import attempts, cookies, emails, passwords, queries, sessions
from taskapp.accounts.schemas import (
    CredentialsSchema,
    MeSchema,
    PasswordSchema,
    RefreshTokenSchema,
    RegistrationSchema,
    SignedInSchema,
    TokensSchema,
)
from taskapp.database import transaction
from taskapp.rest import personal, rate_limits
from taskapp.rest.openapi import SIGNED_IN, Blueprint, MessageSchema
from taskapp.telemetry import audit
from taskapp.users import queries as users

PUBLIC: dict[str, Any] = {"security": []}
COOKIE = [
    {
        "name": cookies.CSRF_HEADER,
        "in": "header",
        "description": "Needed where the refresh token is in the cookie; any value will do.",
        "schema": {"type": "string"},
    }
]

PROBLEMS = (401, 422, 429, 500, 503)
SIGNED_OUT = {"message": "Signed out"}

# What needs no access token, and the account of whoever the token belongs to.
public = Blueprint("accounts", __name__, url_prefix="/api/auth", problems=PROBLEMS)
public.before_request(rate_limits.count_address)
mine = Blueprint(
    "account", __name__, url_prefix="/api/auth/me", problems=(*PROBLEMS, 404), tag="accounts"
)
mine.before_request(auth.require_token)
mine.before_request(rate_limits.count_user)


@public.post("/register")
@public.doc(operationId="register", **PUBLIC)
@public.arguments(RegistrationSchema)
@public.response(201, SignedInSchema, description="The account; its first session has begun.")
@public.alt_response(409, "CONFLICT")
def register(fields: dict[str, Any]) -> Response:
    """Create an account and sign in."""
    by_address = attempts.digest("register", _address())
    attempts.allow({by_address: _settings().login_attempts_per_address})
    user = auth.Identity(str(uuid.uuid4()), fields["email"], fields["name"])
    password_hash = passwords.hash_(fields["password"])
    with transaction(user.id):
        users.create(user)
        email = emails.normal(fields["email"])
        if queries.find(email) or not queries.create(user.id, email, password_hash):
            raise problems.Conflict("email: There is an account with this e-mail already.")
        tokens = sessions.start(user.id)
        row = users.get(user.id)
    audit.event("account.registered", user_id=user.id)
    return _tokens(tokens, cookie=fields["cookie"], user=row, status=201)


@public.post("/login")
@public.doc(operationId="login", **PUBLIC)
@public.arguments(CredentialsSchema)
@public.response(200, SignedInSchema, description="A new session.")
def login(fields: dict[str, Any]) -> Response:
    """Sign in with e-mail and password.

    A wrong password and an unknown e-mail are answered alike.
    """
    account = _check_password(emails.normal(fields["email"]), fields["password"])
    if account is None:
        audit.event("login.failed")
        raise problems.Unauthorized("E-mail or password is wrong.")
    new_hash = None
    if passwords.is_outdated(account.password_hash, fields["password"]):
        new_hash = passwords.hash_(fields["password"])
    with transaction(account.user_id):
        if new_hash:
            queries.set_password_hash(account.user_id, new_hash)
        tokens = sessions.start(account.user_id)
        row = users.get(account.user_id)
    audit.event("login.succeeded", user_id=account.user_id)
    return _tokens(tokens, cookie=fields["cookie"], user=row)


@public.post("/refresh")
@public.doc(operationId="refresh", parameters=COOKIE, **PUBLIC)
@public.arguments(RefreshTokenSchema, required=False)
@public.response(200, TokensSchema, description="New tokens.")
@public.alt_response(403, "FORBIDDEN")
def refresh(fields: dict[str, Any]) -> Response:
    """Get new tokens for a refresh token.

    Each refresh token can be used once. Presenting one again ends its session.
    """
    sent = fields.get("refresh_token") or cookies.refresh_token()
    if sent is None:
        raise problems.Unauthorized("A refresh token is needed.")
    tokens = sessions.refresh(sent)
    if tokens is None:
        audit.event("session.refused")
        raise problems.Unauthorized(
            "The refresh token is not valid any more. Please sign in again.", error="invalid_token"
        )
    return _tokens(tokens, cookie=not fields.get("refresh_token"))


@public.post("/logout")
@public.doc(operationId="logout", parameters=COOKIE, security=[{}, *SIGNED_IN])
@public.arguments(RefreshTokenSchema, required=False, example={})
@public.response(200, MessageSchema, description="The session has ended.")
@public.alt_response(403, "FORBIDDEN")
def logout(fields: dict[str, Any]) -> Response:
    """End the session of a refresh token or, without one, that of the access token.

    All tokens of the session are refused from now on. Without a token, or with one that is refused
    anyway, there is nothing to end: whoever wants to be signed out, is.
    """
    sent = fields.get("refresh_token") or cookies.refresh_token()
    session_id = None
    if sent is None:
        try:
            auth.require_token()
        except problems.Unauthorized:
            # The cookie stays: another site could send this, too, and sign somebody out by it.
            return jsonify(SIGNED_OUT)
        session_id = auth.session_id()
        if session_id is None:
            raise problems.Forbidden("This token has no session here to end; it expires by itself.")
    with transaction():
        if session_id:
            queries.end_session(session_id)
        else:
            sessions.end(sent or "")
    audit.event("session.ended")
    response = jsonify(SIGNED_OUT)
    cookies.delete_from(response)
    return response


@mine.get("")
@mine.doc(operationId="getMe")
@mine.response(200, MeSchema, description="The user.")
def me() -> dict[str, Any]:
    """Get the user whose token it is."""
    user_id = auth.identity().id
    with transaction(user_id):
        user = users.get(user_id)
    if user is None:
        raise problems.NotFound("Nothing is stored about this user")
    return {**user._asdict(), "user": user}


@mine.delete("")
@mine.doc(operationId="deleteMe")
@mine.arguments(PasswordSchema)
@mine.response(200, MessageSchema, description="The account and all its tasks are gone.")
@mine.alt_response(403, "FORBIDDEN")
def delete_me(fields: dict[str, Any]) -> dict[str, str]:
    """Delete the account with all its tasks, for good."""
    user_id = auth.identity().id
    with transaction():
        account = queries.get(user_id)
    if account is None:
        raise problems.NotFound("This user has no account here")
    if _check_password(account.email, fields["password"]) is None:
        raise problems.Forbidden("password: The password is wrong.")
    with transaction(user_id):
        personal.erase(user_id)
    audit.event("user.erased")
    return {"message": "Account deleted successfully"}


def _check_password(email: str, password: str) -> queries.Row | None:
    """Return the account if the password is its own; raises `problems.TooManyRequests`."""
    settings = _settings()
    by_account = attempts.digest("account", emails.normal(email))
    by_address = attempts.digest("address", _address())
    attempts.allow(
        {
            by_account: settings.login_attempts_per_account,
            by_address: settings.login_attempts_per_address,
        }
    )
    with transaction():
        account = queries.find(email)
    # Not inside a transaction: it takes as long as a hundred statements.
    if not passwords.verify(account.password_hash if account else None, password):
        return None
    with transaction():
        queries.forget_attempts(by_account)
        queries.take_attempt_back(by_address)
    return account


def _tokens(
    tokens: sessions.Tokens, *, cookie: bool, user: users.Row | None = None, status: int = 200
) -> Response:
    schema = SignedInSchema() if user else TokensSchema()
    body = schema.dump({**vars(tokens), "user": user})
    if cookie:
        del body["refresh_token"]
    response = make_response(jsonify(body), status)
    # RFC 6749, section 5.1: tokens are for nobody's cache.
    response.headers["Cache-Control"] = "no-store"
    if cookie:
        cookies.set_on(response, tokens.refresh_token)
    return response


def _address() -> str:
    return clients.network(request.remote_addr)


def _settings() -> config.Settings:
    return config.of(current_app)
