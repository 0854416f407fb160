"""The guard: before a route of an owner runs, the token is verified and matched with the path."""

from typing import Any

from flask import Flask, current_app, g, request
from flask_jwt_extended import JWTManager, get_jwt_identity, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import InvalidTokenError

from taskapp import config, problems
from taskapp.auth import tokens


class VerifyingJWTManager(JWTManager):
    """Flask-JWT-Extended, with our `Verifier` in place of its decoder.

    Its own decodes each token up to three times, and knows one key and no required claims.
    """

    def _decode_jwt_from_config(
        self, encoded_token: str, csrf_value: Any = None, allow_expired: bool = False
    ) -> dict[str, Any]:
        verifier: tokens.Verifier = current_app.extensions["taskapp.verifier"]
        # Flask-JWT-Extended looks these up; outside issuers don't send them.
        return {"type": "access", "fresh": False, "jti": None} | verifier.verify(encoded_token)


jwt = VerifyingJWTManager()


def init_app(app: Flask) -> None:
    settings = config.of(app)
    app.config["JWT_SECRET_KEY"] = settings.jwt_secret_key
    app.config["JWT_TOKEN_LOCATION"] = ["headers"]
    app.config["JWT_IDENTITY_CLAIM"] = settings.jwt_identity_claim
    keys = tokens.SharedSecret(settings.jwt_secret_key)
    app.extensions["taskapp.verifier"] = tokens.Verifier(keys, settings.jwt_identity_claim)
    jwt.init_app(app)


def require_owner() -> None:
    """Let the request pass if its token is valid and names the path's `user_id`.

    Raises `problems.Unauthorized` (401) or `problems.NotOwner` (403).
    """
    # A preflight carries no token by design (Fetch standard, CORS protocol).
    if request.method == "OPTIONS":
        return
    if "Authorization" not in request.headers:
        raise problems.Unauthorized("A token is needed: send Authorization: Bearer <JWT>.")
    try:
        verify_jwt_in_request()
    except tokens.Refused as refused:
        raise problems.Unauthorized(str(refused), error="invalid_token") from None
    except (JWTExtendedException, InvalidTokenError):
        raise problems.Unauthorized(
            "The Authorization header must be: Bearer <JWT>.", error="invalid_token"
        ) from None
    g.user_id = get_jwt_identity()
    if g.user_id != (request.view_args or {}).get("user_id"):
        raise problems.NotOwner
