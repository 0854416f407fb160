"""Tasks, the resource: each belongs to one user, and only that user sees it."""

from flask import Flask

from taskapp.rest.openapi import Api
from taskapp.tasks import routes, sync, waiting

PARAMETERS = [
    {
        "name": "user_id",
        "in": "path",
        "description": "Whose tasks: the user id in the token, URL-encoded once.",
        "example": "alice",
    }
]


def init_app(app: Flask, api: Api) -> None:
    waiting.init_app(app)
    api.register_blueprint(sync.blueprint, parameters=PARAMETERS)
    api.register_blueprint(routes.blueprint, parameters=PARAMETERS)
