"""Tasks, the resource: each belongs to one user, and only that user sees it."""

from taskapp.rest.openapi import Api
from taskapp.tasks.routes import blueprint

PARAMETERS = [
    {
        "name": "user_id",
        "in": "path",
        "description": "Whose tasks: the user id in the token, URL-encoded once.",
        "example": "alice",
    }
]


def init_app(api: Api) -> None:
    api.register_blueprint(blueprint, parameters=PARAMETERS)
