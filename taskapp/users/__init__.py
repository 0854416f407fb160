"""Users: the row that owns a user's tasks, and the accounts of those who have no other login."""

from flask import Flask

from taskapp import config
from taskapp.auth import guard
from taskapp.database import autocommit
from taskapp.rest.openapi import Api
from taskapp.users import queries
from taskapp.users.routes import mine, public


def init_app(app: Flask, api: Api) -> None:
    guard.look_up_sessions(app, _has_session)
    if config.of(app).accounts_kept:
        api.register_blueprint(public)
        api.register_blueprint(mine)


def _has_session(user_id: str, session_id: str) -> bool:
    with autocommit(user_id):
        return queries.has_session(user_id, session_id)
