"""Accounts kept here: register, sign in, refresh, sign out, and the account itself."""

import uuid
from typing import Any

from flask import Response, current_app, jsonify, make_response

from taskapp import auth, config, problems
from taskapp.accounts import (
    attempts,
    cookies,
    credentials,
    emails,
    passwords,
    queries,
    sessions,
)
from taskapp.accounts.schemas import (
    CredentialsSchema,
    MeSchema,
    NameSchema,
    PasswordChangeSchema,
    PasswordSchema,
    RefreshTokenSchema,
    RegistrationSchema,
    SignedInSchema,
    SignInSchema,
    TokensSchema,
    WhichSessions,
)
from taskapp.database import transaction
from taskapp.rest import personal, rate_limits
from taskapp.rest.openapi import SIGNED_IN, Blueprint, MessageSchema
from taskapp.telemetry import audit
from taskapp.users import queries as users
from taskapp.users import revisions

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
# Of a sign-in whose account changes meanwhile: it was erased, or another sign-in or a change of the
# password has replaced the hash.
TRIES = 2
SIGNED_OUT = {"message": "Signed out"}

SESSION_ID = [
    {"name": "session_id", "in": "path", "description": "Which session.", "example": "9f2c…"}
]

# What needs no access token, and the account of whoever the token belongs to.
public = Blueprint("accounts", __name__, url_prefix="/api/auth", problems=PROBLEMS)
public.before_request(rate_limits.count_address)
mine = Blueprint(
    "account", __name__, url_prefix="/api/auth/me", problems=(*PROBLEMS, 404), tag="accounts"
)
mine.before_request(auth.require_token)
holder = Blueprint(
    "holder", __name__, url_prefix="/api/auth", problems=(*PROBLEMS, 404), tag="accounts"
)
holder.before_request(auth.require_token)


@public.post("/register")
@public.doc(operationId="register", **PUBLIC)
@public.arguments(RegistrationSchema)
@public.response(201, SignedInSchema, description="The account; its first session has begun.")
@public.alt_response(409, "CONFLICT")
def register(fields: dict[str, Any]) -> Response:
    """Create an account and sign in."""
    by_address = attempts.digest("register", credentials.address())
    attempts.allow({by_address: _settings().login_attempts_per_address})
    user = auth.Identity(str(uuid.uuid4()), fields["email"], fields["name"])
    password_hash = passwords.hash_(fields["password"])
    with transaction(user.id):
        users.create(user)
        email = emails.normal(fields["email"])
        if queries.find(email) or not queries.create(user.id, email, password_hash):
            raise problems.Conflict("email: There is an account with this e-mail already.")
        tokens = sessions.start(user.id, credentials.address())
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
    for _ in range(TRIES):
        account = credentials.check(emails.normal(fields["email"]), fields["password"])
        if account is None:
            break
        if signed_in := _begin(account, fields["password"]):
            audit.event("login.succeeded", user_id=account.user_id)
            tokens, user = signed_in
            return _tokens(tokens, cookie=fields["cookie"], user=user)
    audit.event("login.failed")
    raise problems.Unauthorized("E-mail or password is wrong.")


def _begin(account: queries.Row, password: str) -> tuple[sessions.Tokens, users.Row | None] | None:
    """Begin a session; None if the account has changed since the password was looked at."""
    outdated = passwords.is_outdated(account.password_hash, password)
    new_hash = passwords.hash_(password) if outdated else None
    with transaction(account.user_id):
        if not _holds(account):
            return None
        if new_hash:
            queries.set_password_hash(account.user_id, new_hash)
        tokens = sessions.start(account.user_id, credentials.address())
        return tokens, users.get(account.user_id)


@public.after_request
@mine.after_request
@holder.after_request
def _keep_out_of_caches(response: Response) -> Response:
    # RFC 6749, section 5.1: tokens are for nobody's cache; nor is who somebody is.
    response.headers["Cache-Control"] = "no-store"
    return response


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

    All tokens of the session are refused from now on. Without a token, with one that is refused
    anyway, or with one of an outside login, there is no session here to end.
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
            return jsonify(SIGNED_OUT)
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


@mine.patch("")
@mine.doc(operationId="patchMe")
@mine.arguments(NameSchema)
@mine.response(200, MeSchema, description="The user as it is now.")
def patch_me(fields: dict[str, Any]) -> dict[str, Any]:
    """Change the user's name.

    That of somebody with an outside login is what the login says.
    """
    user_id = _account().user_id
    with transaction(user_id):
        if "name" in fields:
            users.rename(user_id, fields["name"])
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
    user_id = _account().user_id
    credentials.confirm(user_id, fields["password"])
    with transaction(user_id):
        personal.erase(user_id)
    audit.event("user.erased")
    return {"message": "Account deleted successfully"}


@holder.post("/password")
@holder.doc(operationId="changePassword")
@holder.arguments(PasswordChangeSchema)
@holder.response(200, MessageSchema, description="The new password holds; other sessions ended.")
@holder.alt_response(403, "FORBIDDEN")
def change_password(fields: dict[str, Any]) -> dict[str, str]:
    """Change the password. All other sessions end, in case somebody else knew it."""
    account = _account()
    credentials.confirm(account.user_id, fields["password"])
    password_hash = passwords.hash_(fields["new_password"])
    with transaction(account.user_id):
        if not _holds(account):
            raise problems.Conflict("The password has been changed by another request.")
        queries.set_password_hash(account.user_id, password_hash)
        queries.end_other_sessions(account.user_id, auth.session_id())
    audit.event("password.changed")
    return {"message": "Password changed successfully"}


@holder.get("/sessions")
@holder.doc(operationId="listSessions")
@holder.response(200, SignInSchema(many=True), description="The sessions, oldest first.")
def list_sessions() -> list[dict[str, Any]]:
    """List the sign-ins that have not ended; `current` is that of the token."""
    user_id, mine = auth.identity().id, auth.session_id()
    with transaction(user_id):
        found = queries.sessions(user_id, None, sessions.MOST)
    return [{**session._asdict(), "current": session.id == mine} for session in found]


@holder.delete("/sessions")
@holder.doc(operationId="endSessions")
@holder.arguments(WhichSessions, location="query")
@holder.response(200, MessageSchema, description="The sessions have ended.")
def end_sessions(arguments: dict[str, Any]) -> dict[str, str]:
    """End all sessions, that of the token too; with `others=true`, all but that one."""
    user_id = auth.identity().id
    with transaction(user_id):
        revisions.lock(user_id)
        kept = auth.session_id() if arguments["others"] else None
        queries.end_other_sessions(user_id, kept)
    audit.event("sessions.ended")
    return {"message": "Sessions ended"}


@holder.delete("/sessions/<session_id>", parameters=SESSION_ID)
@holder.doc(operationId="endSession")
@holder.response(200, MessageSchema, description="The session has ended.")
def end_session(session_id: str) -> dict[str, str]:
    """End one session: its tokens are refused from now on."""
    user_id = auth.identity().id
    with transaction(user_id):
        found = queries.end_session_of(user_id, session_id)
    if not found:
        raise problems.NotFound("There is no such session")
    audit.event("session.ended")
    return {"message": "Session ended"}


def _account() -> queries.Row:
    """Return the account of the token's user; raises `problems.NotFound` where it is elsewhere."""
    with transaction():
        account = queries.get(auth.identity().id)
    if account is None:
        raise problems.NotFound("This user has no account here")
    return account


def _holds(account: queries.Row) -> bool:
    """Keep the account as it is until the transaction ends; False if it has changed, or is gone."""
    return revisions.lock(account.user_id) and queries.get(account.user_id) == account


def _tokens(
    tokens: sessions.Tokens, *, cookie: bool, user: users.Row | None = None, status: int = 200
) -> Response:
    schema = SignedInSchema() if user else TokensSchema()
    body = schema.dump({**vars(tokens), "user": user})
    if cookie:
        del body["refresh_token"]
    response = make_response(jsonify(body), status)
    if cookie:
        cookies.set_on(response, tokens.refresh_token)
    return response


def _settings() -> config.Settings:
    return config.of(current_app)
