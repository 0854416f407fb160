"""Health: does the process live, and is it ready to serve (database reachable and migrated)?"""

import logging
import math
import time
from threading import Lock

import marshmallow as ma
from flask import Flask, current_app
from marshmallow import fields

from taskapp import problems
from taskapp.auth import guard
from taskapp.database import Unavailable, schema
from taskapp.rest.openapi import Api, PublicBlueprint

HEALTHY = {"status": "healthy"}
EACH = 1.0  # seconds between two looks at the database

logger = logging.getLogger("taskapp")

blueprint = PublicBlueprint("health", __name__, url_prefix="/health")


class HealthSchema(ma.Schema):
    """Good health."""

    status = fields.String(required=True, metadata={"example": "healthy"})


class Look:
    """What the last look at the database has found: anybody may ask, as often as they like."""

    def __init__(self) -> None:
        self._trouble: str | None = None
        self._next = -math.inf
        self._lock = Lock()

    def trouble(self) -> str | None:
        """Return why requests can't be served; None if they can."""
        # While somebody looks, the others hear what was found before; only at first they wait.
        if self._is_old() and self._lock.acquire(blocking=self._next < 0):
            try:
                if self._is_old():
                    self._look()
            finally:
                self._lock.release()
        return self._trouble

    def _is_old(self) -> bool:
        return time.monotonic() >= self._next

    def _look(self) -> None:
        try:
            # Ahead is fine: so it is while a new release is rolled out.
            self._trouble = schema.trouble(newer_allowed=True)
        except Unavailable as error:
            logger.error("not ready: %s", error.reason)
            self._trouble = problems.AWAY
        self._next = time.monotonic() + EACH


def init_app(app: Flask, api: Api) -> None:
    app.extensions["taskapp.look"] = Look()
    api.register_blueprint(blueprint)


@blueprint.get("")
@blueprint.doc(operationId="getHealth")
@blueprint.response(200, HealthSchema, description="The process lives.")
def health() -> dict[str, str]:
    """Tell whether the process lives."""
    return HEALTHY


@blueprint.get("/live")
@blueprint.doc(operationId="getLiveness")
@blueprint.response(200, HealthSchema, description="The process lives.")
def live() -> dict[str, str]:
    """Tell whether the process lives."""
    return HEALTHY


@blueprint.get("/ready")
@blueprint.doc(operationId="getReadiness")
@blueprint.response(200, HealthSchema, description="Requests can be served.")
@blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
def ready() -> dict[str, str]:
    """Tell whether requests can be served: the database is reachable and migrated.

    With an outside login its keys must be at hand, too. The database is looked at once in a second.
    """
    if trouble := current_app.extensions["taskapp.look"].trouble():
        raise problems.Unavailable(trouble)
    keys = guard.login_keys()
    if keys and not keys.load():
        raise problems.Unavailable("The keys of the login can't be fetched.")
    return HEALTHY
