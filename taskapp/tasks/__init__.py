"""Tasks, the resource: each belongs to one user, and only that user sees it."""

from flask import Flask

from taskapp import dialects
from taskapp.rest import personal
from taskapp.rest.openapi import OWNER, Api
from taskapp.tasks import bulk, queries, routes, summary, sync, waiting
from taskapp.tasks.schemas import TaskSchema


def init_app(app: Flask, api: Api) -> None:
    waiting.init_app(app)
    dialects.of(app).check(TaskSchema().fields)
    personal.register(
        app, personal.Many("tasks", TaskSchema(), read=queries.stored, erase=queries.erase)
    )
    # Routes that have a word in an id's place come first.
    api.register_blueprint(sync.blueprint, parameters=OWNER)
    api.register_blueprint(summary.blueprint, parameters=OWNER)
    api.register_blueprint(bulk.blueprint, parameters=OWNER)
    api.register_blueprint(routes.blueprint, parameters=OWNER)
