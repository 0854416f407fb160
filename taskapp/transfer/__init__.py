"""Tasks in files: out of the service, and in from there or from elsewhere."""

from flask import Flask

from taskapp.rest.openapi import OWNER, Api
from taskapp.transfer.routes import blueprint


def init_app(app: Flask, api: Api) -> None:
    api.register_blueprint(blueprint, parameters=OWNER)
