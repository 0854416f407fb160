"""The application factory: the parts of the service, in the order in which they attach."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter, Rule

from taskapp import (
    accounts,
    auth,
    cli,
    client,
    config,
    database,
    dialects,
    feeds,
    headers,
    health,
    paths,
    privacy,
    problems,
    programs,
    proxies,
    rest,
    tasks,
    telemetry,
    transfer,
    users,
)
from taskapp.dialects import addresses
from taskapp.rest import cors, idempotency, security_headers
from taskapp.telemetry import request_ids


class _Rule(Rule):
    """A rule whose addresses nobody may ask for: the code that makes them waits for the first."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build


class _Service(Flask):
    """Flask that does not find out for each request what is the same for all."""

    url_rule_class = _Rule

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the route of a request, and makes addresses."""
        if request is None or "HTTP_UPGRADE" in request.environ:
            return super().create_url_adapter(request)
        place = paths.place(self.url_map, *map(request.environ.get, paths.PLACE))
        return MapAdapter(
            *(self.url_map, place.server_name, place.script_name, place.subdomain),
            *(place.url_scheme, request.path, request.method),
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none of ours is a coroutine."""
        return func


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """Return the WSGI application configured by `environ`.

    Raises `config.BadSetting` when a setting is missing or senseless.
    """
    settings = config.read(environ)
    app = _Service(__name__, instance_path=str(settings.instance_path), static_folder=None)
    config.init_app(app, settings)
    proxies.init_app(app)
    paths.init_app(app)
    telemetry.init_app(app)
    database.init_app(app)
    problems.init_app(app)
    auth.init_app(app)
    dialects.init_app(app)
    api = rest.init_app(app)
    users.init_app(app)
    accounts.init_app(app, api)
    programs.init_app(app, api)
    transfer.init_app(app, api)  # before the tasks: its words stand in an id's place
    tasks.init_app(app, api)
    feeds.init_app(app, api)
    idempotency.init_app(app)  # after the tasks: as they are erased
    privacy.init_app(app, api)
    health.init_app(app, api)
    client.init_app(app)
    addresses.init_app(app)  # of the routes above
    cli.init_app(app)
    headers.init_app(app, [request_ids.source, cors.source(app), security_headers.source])
    return app
