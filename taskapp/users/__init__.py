"""Users: the row that owns a user's tasks, and the accounts of those who have no other login."""

from typing import Any

from flask import Flask

from taskapp import config
from taskapp.auth import guard, tokens
from taskapp.database import transaction
from taskapp.rest.openapi import Api
from taskapp.users import queries
from taskapp.users.routes import mine, public


def init_app(app: Flask, api: Api) -> None:
    if config.of(app).accounts_kept:
        api.register_blueprint(public)
        api.register_blueprint(mine)


@guard.jwt.token_in_blocklist_loader
def _has_ended(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    """Tell whether the session of a token that was issued here has ended.

    One look by primary key for each request: so a sign-out holds at once, in every process.
    """
    if header.get("kid") != tokens.ACCOUNTS:
        return False
    with transaction():
        return not queries.has_session(guard.verifier().identity(claims).id, claims.get("sid", ""))
