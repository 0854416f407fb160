"""What a user may ask of all that is stored about them: a copy, and that it is erased.

It stands above the domains and walks what each has registered with `rest.personal`.
"""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Flask, Response, current_app, stream_with_context
from marshmallow import fields

from taskapp import auth, cooperation
from taskapp.accounts import credentials
from taskapp.accounts.schemas import ConfirmationSchema
from taskapp.database import transaction
from taskapp.rest import personal
from taskapp.rest.openapi import ATTACHMENT, OWNER, Api, Blueprint, MessageSchema
from taskapp.telemetry import audit

PAGE = 200  # rows that are read at a time
PIECE = 50  # rows that are written at a time; after each others have their turn

# A member of the export, and the rows of it that were read; of a list, one page.
Read = tuple[personal.Part, Any]


def init_app(app: Flask, api: Api) -> None:
    api.register_blueprint(_blueprint(personal.parts(app)), parameters=OWNER)


def _blueprint(parts: list[personal.Part]) -> Blueprint:
    blueprint = Blueprint("privacy", __name__, url_prefix="/api/<user_id>")
    blueprint.before_request(auth.require_owner)

    @blueprint.get("/export")
    @blueprint.doc(operationId="exportUser")
    @blueprint.response(200, _schema(parts), headers=ATTACHMENT, description="All that is stored.")
    def export(user_id: str) -> Response:
        """Get all that is stored about the user.

        Nothing but the hash of a password and the digests of tokens is left out.
        """
        with transaction(auth.identity().id):
            read = [(part, _first(part, user_id)) for part in parts]
        document = stream_with_context(_document(read, user_id))
        response = Response(document, content_type="application/json")
        response.headers["Content-Disposition"] = 'attachment; filename="tasks.json"'
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.delete("")
    @blueprint.doc(operationId="eraseUser")
    @blueprint.arguments(ConfirmationSchema, required=False)
    @blueprint.response(
        200, MessageSchema, description="Nothing is stored about the user any more."
    )
    def erase(fields: dict[str, Any], user_id: str) -> dict[str, str]:
        """Erase the user with all tasks, for good. Who has an account here confirms it."""
        credentials.confirm(user_id, fields.get("password"))
        with transaction(auth.identity().id):
            personal.erase(user_id)
        audit.event("user.erased")
        return {"message": "User erased"}

    return blueprint


def _schema(parts: list[personal.Part]) -> ma.Schema:
    """Return the schema of an export, for its documentation."""
    members: dict[str, Any] = {}
    for part in parts:
        one = fields.Nested(part.schema, required=True, allow_none=True)
        many = fields.List(fields.Nested(part.schema), required=True)
        members[part.name] = one if isinstance(part, personal.One) else many
    schema = ma.Schema.from_dict(members, name="ExportSchema")
    schema.__doc__ = "All that is stored about a user."
    return schema()


def _first(part: personal.Part, user_id: str) -> Any:
    if isinstance(part, personal.One):
        return part.read(user_id)
    return part.read(user_id, None, PAGE)


def _document(read: list[Read], user_id: str) -> Iterator[str]:
    """Yield the JSON document in pieces, so that no number of rows fills the memory."""
    separator = "{"
    for part, found in read:
        yield f'{separator}"{part.name}": '
        if isinstance(part, personal.One):
            yield _written(part, found) if found else "null"
        else:
            yield from _list(part, found, user_id)
        separator = ", "
    yield "}"


def _list(part: personal.Many, rows: Any, user_id: str) -> Iterator[str]:
    separator = "["
    while rows:
        for first in range(0, len(rows), PIECE):
            piece = [_written(part, row) for row in rows[first : first + PIECE]]
            yield separator + ", ".join(piece)
            separator = ", "
            cooperation.give_way()
        if len(rows) < PAGE:
            break
        with transaction(auth.identity().id):
            rows = part.read(user_id, rows[-1], PAGE)
    yield "[]" if separator == "[" else "]"


def _written(part: personal.Part, row: Any) -> str:
    return current_app.json.dumps(part.schema.dump(row))
