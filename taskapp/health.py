"""Health: does the process live, and is it ready to serve (database reachable and migrated)?"""

import marshmallow as ma
from marshmallow import fields

from taskapp import problems
from taskapp.auth import guard
from taskapp.database import schema
from taskapp.rest.openapi import Api, PublicBlueprint

HEALTHY = {"status": "healthy"}

blueprint = PublicBlueprint("health", __name__, url_prefix="/health")


class HealthSchema(ma.Schema):
    """Good health."""

    status = fields.String(required=True, metadata={"example": "healthy"})


def init_app(api: Api) -> None:
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

    With an outside login its keys must be at hand, too.
    """
    # Ahead is fine: so it is while a new release is rolled out.
    if trouble := schema.trouble(newer_allowed=True):
        raise problems.Unavailable(trouble)
    keys = guard.login_keys()
    if keys and not keys.load():
        raise problems.Unavailable("The keys of the login can't be fetched.")
    return HEALTHY
