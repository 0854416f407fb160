"""What a user may ask of all that is stored about them: a copy, and that it is erased.

It stands above the domains because it concerns all of them.
"""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Response, current_app, stream_with_context
from marshmallow import fields

from taskapp import auth
from taskapp.database import transaction
from taskapp.rest import idempotency, rate_limits
from taskapp.rest.fields import UTCTime
from taskapp.rest.openapi import Api, Blueprint, MessageSchema
from taskapp.tasks import PARAMETERS
from taskapp.tasks import queries as tasks
from taskapp.tasks.schemas import TaskSchema
from taskapp.telemetry import audit
from taskapp.users import queries as users
from taskapp.users.schemas import AccountSchema, SessionSchema, UserSchema

PAGE = 1000  # tasks that are read at a time
FILE = {
    "Content-Disposition": {
        "description": "Proposes a file name.",
        "schema": {"type": "string"},
    }
}

blueprint = Blueprint("privacy", __name__, url_prefix="/api/<user_id>")
blueprint.before_request(auth.require_owner)
blueprint.before_request(rate_limits.count_user)


class IdempotencyKeySchema(ma.Schema):
    """A key that was sent with a request; its answer is a copy of what is here already."""

    key = fields.String(required=True)
    created_at = UTCTime(required=True)


class ExportSchema(ma.Schema):
    """All that is stored about a user."""

    user = fields.Nested(UserSchema, required=True, allow_none=True)
    account = fields.Nested(AccountSchema, required=True, allow_none=True)
    sessions = fields.List(fields.Nested(SessionSchema), required=True)
    idempotency_keys = fields.List(fields.Nested(IdempotencyKeySchema), required=True)
    tasks = fields.List(fields.Nested(TaskSchema), required=True)


def init_app(api: Api) -> None:
    api.register_blueprint(blueprint, parameters=PARAMETERS)


@blueprint.get("/export")
@blueprint.doc(operationId="exportUser")
@blueprint.response(200, ExportSchema, headers=FILE, description="All that is stored.")
def export(user_id: str) -> Response:
    """Get all that is stored about the user.

    Nothing but the hash of a password and the digests of tokens is left out.
    """
    with transaction(auth.identity().id):
        about: dict[str, Any] = {
            "user": users.get(user_id),
            "account": users.account(user_id),
            "sessions": users.sessions(user_id),
            "idempotency_keys": idempotency.of_user(user_id),
        }
        first = tasks.stored(user_id, before=None, limit=PAGE)
    head = ExportSchema(exclude=["tasks"]).dumps(about).removesuffix("}")
    response = Response(
        stream_with_context(_document(head, user_id, first)), content_type="application/json"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="tasks.json"'
    return response


@blueprint.delete("")
@blueprint.doc(operationId="eraseUser")
@blueprint.response(200, MessageSchema, description="Nothing is stored about the user any more.")
def erase(user_id: str) -> dict[str, str]:
    """Erase the user with all tasks, for good."""
    with transaction(auth.identity().id):
        idempotency.erase(user_id)
        users.erase(user_id)
    audit.event("user.erased")
    return {"message": "User erased"}


def _document(head: str, user_id: str, rows: Any) -> Iterator[str]:
    """Yield the JSON document in pieces, so that no number of tasks fills the memory."""
    schema = TaskSchema()
    yield head + ', "tasks": ['
    separator = ""
    while rows:
        for row in rows:
            yield separator + current_app.json.dumps(schema.dump(row))
            separator = ", "
        if len(rows) < PAGE:
            break
        with transaction(auth.identity().id):
            rows = tasks.stored(user_id, before=rows[-1].id, limit=PAGE)
    yield "]}"
