"""Tasks, the resource: each belongs to one user, and only that user sees it."""

from taskapp.rest.openapi import Api
from taskapp.tasks.routes import blueprint


def init_app(api: Api) -> None:
    api.register_blueprint(blueprint)
