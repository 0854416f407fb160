"""Health: does the process live, and is it ready to serve (database reachable and migrated)?"""

from functools import cache

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.exc import ProgrammingError

from taskapp import config, problems
from taskapp.auth import guard
from taskapp.database import execute, transaction
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
    if _revision_of_database() != revision_of_code():
        raise problems.Unavailable("The database is not migrated to this version.")
    keys = guard.login_keys()
    if keys and not keys.load():
        raise problems.Unavailable("The keys of the login can't be fetched.")
    return HEALTHY


def _revision_of_database() -> str | None:
    try:
        with transaction():
            found = execute(sa.text("SELECT version_num FROM alembic_version"))
            revision: str | None = found.scalar()
    except ProgrammingError:  # PostgreSQL without a single migration
        return None
    return revision


@cache
def revision_of_code() -> str:
    # Migrations are numbered, and their names begin with the number.
    return max(file.name[:4] for file in (config.ROOT / "migrations/versions").glob("[0-9]*.py"))
