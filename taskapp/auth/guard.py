"""The guard: before a route of an owner runs, the token is verified and matched with the path."""

import logging
import re
from collections.abc import Callable
from typing import cast

from flask import Flask, current_app, g, request
from flask_jwt_extended import JWTManager
from werkzeug.exceptions import MethodNotAllowed, NotFound

from taskapp import config, current, paths, problems
from taskapp.auth import programs, tokens
from taskapp.auth.jwks import Jwks, Unreachable
from taskapp.database import now
from taskapp.telemetry import audit, metrics

ANYBODYS = "/api/auth/"  # the paths under /api/ that belong to no user
OWN = "tasks"  # in the place of a user id: /api/tasks is the token's own user's
VERSION = re.compile(r"[vV][0-9]{1,3}(\.[0-9]{1,3})?")
# Not a user's: no route has it, and whoever signs up has no token yet.
VERSIONED = re.compile(f"(/api/){VERSION.pattern}/(auth/.{{1,30}})")
# Guesses of where one signs in. No user's /api/{user_id} takes a POST, whatever the user is called.
MISPLACED = re.compile("/api/(register|signup|login|signin|refresh|logout)/?")
NO_VERSION = "Addresses have no version here."

OF_ANY_APPLICATION = (
    "Tokens that this login made for other applications are accepted, too. Set JWT_ISSUER or"
    " JWT_AUDIENCE; with JWT_JWKS_URL one of the two is needed."
)

logger = logging.getLogger("taskapp")


jwt = JWTManager()


def init_app(app: Flask) -> None:
    settings = config.of(app)
    app.config["JWT_SECRET_KEY"] = settings.jwt_secret_key
    app.config["JWT_TOKEN_LOCATION"] = ["headers"]
    app.config["JWT_IDENTITY_CLAIM"] = settings.jwt_identity_claim
    login = _login(settings) if settings.outside_login else None
    app.extensions["taskapp.login_keys"] = login
    app.extensions["taskapp.verifier"] = tokens.Verifier(
        _keyring(settings, login),
        settings.jwt_identity_claim,
        longest=settings.jwt_max_length,
        leeway=settings.jwt_leeway,
    )
    app.extensions["taskapp.open_to_programs"] = {}
    jwt.init_app(app)
    app.before_request(_guard_unrouted)


def shared_key(settings: config.Settings) -> tokens.Key:
    """Return the key of the secret that the login and this service share."""
    # Issuer and audience from BETTER_AUTH_URL apply only to the keys that it publishes.
    issuers, audiences = config.listed(settings.jwt_issuer), config.listed(settings.jwt_audience)
    return tokens.Key("HS256", settings.jwt_secret_key, issuers, audiences)


def verifier() -> tokens.Verifier:
    """Return the application's verifier of tokens."""
    return cast(tokens.Verifier, current.app().extensions["taskapp.verifier"])


def login_keys() -> Jwks | None:
    """Return the keys of the outside login; None where there is none."""
    return cast(Jwks | None, current_app.extensions["taskapp.login_keys"])


def warm_up(app: Flask) -> None:
    """Fetch the login's keys before the first request needs them."""
    with app.app_context():
        keys = login_keys()
    if keys and not (keys.issuers or keys.audiences):
        logger.warning(OF_ANY_APPLICATION)
    if keys and not keys.load():
        logger.warning("the login at %s can't be reached; its tokens are refused", keys.url)


def identity() -> tokens.Identity:
    """Return the user whom the request's token names; behind the guard there always is one."""
    return cast(tokens.Identity, current.notes().token.identity)


def session_id() -> str | None:
    """Return the session of the request's token; None if it was not issued here."""
    return cast(tokens.Token | programs.Program, g.token).session


def look_up_sessions(app: Flask, has_session: Callable[[str, str], bool]) -> None:
    """Let `has_session(user_id, session_id)` tell whether the session of a token is alive."""
    app.extensions["taskapp.has_session"] = has_session


def look_up_programs(app: Flask, find: programs.Find) -> None:
    """Let `find(token)` tell whose a token for programs is, and what it may do."""
    app.extensions["taskapp.find_program"] = find


def open_to_programs(app: Flask, blueprint: str, things: str) -> None:
    """Let programs use the routes of this blueprint that have a scope for these things.

    All others are closed to them.
    """
    app.extensions["taskapp.open_to_programs"][blueprint] = things


def count_requests(app: Flask, count: Callable[[], None]) -> None:
    """Let `count()` count each request with a token that is valid, whatever comes of it then."""
    app.extensions["taskapp.count"] = count


def require_token() -> None:
    """Let the request pass if its token is valid and good for this, and was not sent too often.

    Raises `problems.Unauthorized` (401), `problems.InsufficientScope` (403),
    `problems.TooManyRequests` (429), or
    `problems.Unavailable` (503) while the login's keys can't be fetched.
    """
    # A preflight carries no token by design (Fetch standard, CORS protocol).
    if request.method != "OPTIONS":
        _check_scope(_identify())


def require_owner() -> None:
    """Let the request pass if its token is valid, names the path's `user_id`, and is good for this.

    A route whose path has none gets the token's. Raises what `require_token` does, or
    `problems.NotOwner` (403).
    """
    asked = current.request()
    if asked.method == "OPTIONS":
        return
    token = _identify()
    in_path = cast(dict[str, str], asked.view_args)
    owner = in_path.setdefault("user_id", token.identity.id)
    if owner != token.identity.id:
        raise _not_owner(owner)
    _check_scope(token)


def _identify() -> tokens.Token | programs.Program:
    """Return the request's token, which is valid and remembered for the request."""
    encoded = _bearer()
    token = _program(encoded) if encoded.startswith(programs.PREFIX) else _verified(encoded)
    _remember(token)
    # Before more is looked up: also whoever hears 403 or 404 all the time has asked.
    current.app().extensions["taskapp.count"]()
    if _session_has_ended(token):
        metrics.token_checks.labels("session ended").inc()
        audit.event("token.refused", user_id=token.identity.id, reason="The session has ended.")
        raise problems.Unauthorized(
            "The session has ended. Please sign in again.", error="invalid_token"
        )
    metrics.tokens_accepted.inc()
    return token


def _verified(encoded: str) -> tokens.Token:
    try:
        return verifier().verify(encoded)
    except tokens.Refused as refused:
        raise _refusal(str(refused)) from None
    except Unreachable:
        metrics.token_checks.labels("keys unavailable").inc()
        raise problems.Unavailable(
            "The keys of the login can't be fetched right now. Please try again."
        ) from None


def _program(encoded: str) -> programs.Program:
    # One look by its digest for each request: so it is revoked at once, in every process.
    find: programs.Find = current_app.extensions["taskapp.find_program"]
    program = find(encoded) if programs.FORM.fullmatch(encoded) else None
    if program is None:
        raise _refusal(programs.UNKNOWN)
    if program.expires_at is not None and program.expires_at <= now():
        raise _refusal(tokens.EXPIRED, program.identity.id)
    return program


def _refusal(reason: str, user_id: str | None = None) -> problems.Unauthorized:
    metrics.token_checks.labels("refused").inc()
    audit.event("token.refused", user_id=user_id, reason=reason)
    return problems.Unauthorized(reason, error="invalid_token")


def _check_scope(token: tokens.Token | programs.Program) -> None:
    """Raise `problems.InsufficientScope` for a program that may not do what is asked for."""
    if isinstance(token, tokens.Token):  # which is its user
        return
    things = current_app.extensions["taskapp.open_to_programs"].get(request.blueprint)
    scope = programs.scope(things, request.method) if things else None
    if scope not in token.scopes:
        metrics.token_checks.labels("insufficient scope").inc()
        audit.event("scope.missing", scope=scope)
        raise problems.InsufficientScope(scope)


def _remember(token: tokens.Token | programs.Program) -> None:
    noted = current.notes()
    noted.token, noted.user_id = token, token.identity.id
    # What Flask-JWT-Extended's `verify_jwt_in_request` would leave, for its `get_jwt_identity`,
    # `get_jwt`, `current_user` and their kin. Its decoder knows one key and no required claims,
    # and what surrounds it takes longer than all the rest of the guard.
    noted._jwt_extended_jwt = token.claims
    noted._jwt_extended_jwt_header = token.header
    noted._jwt_extended_jwt_location = "headers"
    noted._jwt_extended_jwt_user = {"loaded_user": token.identity}


def _bearer() -> str:
    """Return the token of the request (RFC 6750, section 2.1)."""
    authorization = current.request().headers.get("Authorization")
    if authorization is None:
        metrics.token_checks.labels("missing").inc()
        raise problems.Unauthorized("A token is needed: send Authorization: Bearer <JWT>.")
    scheme, _, encoded = authorization.partition(" ")
    # Two headers arrive as one, with a comma between them.
    if scheme.lower() != "bearer" or not encoded or " " in encoded or "," in encoded:
        metrics.token_checks.labels("malformed").inc()
        reason = tokens.why_not_sent_well(authorization)
        raise problems.Unauthorized(reason, error="invalid_token")
    return encoded


def _session_has_ended(token: tokens.Token | programs.Program) -> bool:
    # One look by primary key for each request: so a sign-out holds at once, in every process.
    if token.session is None:
        return False
    has_session = current.app().extensions["taskapp.has_session"]
    return not has_session(token.identity.id, token.session)


def _guard_unrouted() -> None:
    # What no route answers under a user's path is still the user's: whoever may not come in
    # hears 401 or 403 and learns nothing about what is there.
    asked = current.request()
    if not isinstance(asked.routing_exception, NotFound | MethodNotAllowed):
        return
    path = asked.path
    if asked.method == "OPTIONS" or not path.startswith("/api/") or path.startswith(ANYBODYS):
        return
    if versioned := VERSIONED.fullmatch(path):
        address = paths.written(versioned[1] + versioned[3])
        raise problems.NotFound(f"There is nothing here. {NO_VERSION} Call {address}")
    if asked.method == "POST" and (misplaced := MISPLACED.fullmatch(path)):
        raise problems.NotFound(f"There is nothing here. Call {ANYBODYS}{misplaced[1]}")
    # No scope is looked at: there is nothing here to be done.
    _identify()
    first, *rest = path.removeprefix("/api/").removesuffix("/").split("/")
    owner = paths.with_slashes(first)
    # With dots the first part alone does not tell whose path it is.
    if owner not in (g.user_id, OWN) or {"", ".", ".."} & set(rest):
        raise _not_owner(owner)


def _not_owner(owner: str) -> problems.NotOwner:
    metrics.token_checks.labels("not owner").inc()
    audit.event("access.denied")
    hint = ""
    if VERSION.fullmatch(owner):
        hint = f"{NO_VERSION} Call /api/{{user_id}}/tasks, or /api/tasks."
    elif "/" in g.user_id and request.path.startswith(f"/api/{g.user_id}"):
        hint = "A slash in it is sent as %2F; a proxy may have decoded it. /api/tasks needs no id."
    return problems.NotOwner(owner, hint)


def _keyring(settings: config.Settings, login: Jwks | None) -> tokens.Keyring:
    accounts = tokens.accounts_key(settings.jwt_secret_key) if settings.accounts_kept else None
    secret = shared_key(settings) if settings.shared_secret_accepted else None
    return tokens.Keyring(
        accounts=tokens.OneKey(accounts) if accounts else None,
        secret=tokens.OneKey(secret) if secret else None,
        login=login,
    )


def _login(settings: config.Settings) -> Jwks:
    return Jwks(
        settings.jwks_url,
        algorithms=settings.algorithms,
        issuers=settings.issuers,
        audiences=settings.audiences,
        max_age=settings.jwks_max_age,
        max_stale=settings.jwks_max_stale,
    )
