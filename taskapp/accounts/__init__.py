"""Accounts of those who have no other login: sign-in, sessions, and their end."""

from flask import Flask

from taskapp import config
from taskapp.accounts import queries
from taskapp.accounts.routes import holder, mine, public
from taskapp.accounts.schemas import AccountSchema, SessionSchema
from taskapp.auth import guard
from taskapp.database import autocommit
from taskapp.rest import personal
from taskapp.rest.openapi import Api


def init_app(app: Flask, api: Api) -> None:
    guard.look_up_sessions(app, _has_session)
    personal.register(
        app,
        personal.One("account", AccountSchema(), read=queries.get, erase=queries.erase),
        personal.Many(
            "sessions", SessionSchema(), read=queries.sessions, erase=queries.erase_sessions
        ),
    )
    if config.of(app).accounts_kept:
        api.register_blueprint(public)
        api.register_blueprint(mine)
        api.register_blueprint(holder)


def _has_session(user_id: str, session_id: str) -> bool:
    with autocommit(user_id):
        return queries.has_session(user_id, session_id)
