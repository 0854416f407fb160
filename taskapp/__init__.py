"""The application factory: the parts of the service, in the order in which they attach."""

import os
from collections.abc import Mapping

from flask import Flask

from taskapp import (
    auth,
    cli,
    config,
    database,
    health,
    privacy,
    problems,
    rest,
    tasks,
    telemetry,
    users,
)


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """Return the WSGI application configured by `environ`.

    Raises `config.BadSetting` when a setting is missing or senseless.
    """
    settings = config.read(environ)
    app = Flask(__name__, instance_path=str(settings.instance_path), static_folder=None)
    config.init_app(app, settings)
    telemetry.init_app(app)
    database.init_app(app)
    problems.init_app(app)
    auth.init_app(app)
    api = rest.init_app(app)
    users.init_app(app, api)
    tasks.init_app(app, api)
    privacy.init_app(api)
    health.init_app(api)
    cli.init_app(app)
    return app
