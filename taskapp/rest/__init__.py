"""What every endpoint promises: its documentation, its body rules, its pages and its headers."""

from flask import Flask

from taskapp.rest import cors, json, openapi, preferences, rate_limits


def init_app(app: Flask) -> openapi.Api:
    """Attach to the application and return the API that blueprints register with."""
    # A redirect would lose the token: both slash forms are answered, and `//` is just a 404.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    json.init_app(app)
    cors.init_app(app)
    rate_limits.init_app(app)
    preferences.init_app(app)
    return openapi.init_app(app)
