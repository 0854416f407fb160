"""What a task looks like on the wire, going in and coming out."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.rest.fields import Text, Trimmed, TrueOrFalse, UTCTime
from taskapp.rest.pagination import PageArguments
from taskapp.tasks.models import DESCRIPTION_LENGTH, TITLE_LENGTH

# What the list may be narrowed to, and what `completed` is then.
COMPLETED = {"all": None, "pending": False, "completed": True}


class TaskSchema(ma.Schema):
    """A task as the service returns it."""

    id = fields.Integer(required=True, metadata={"example": 7, "format": "int64"})
    user_id = fields.String(required=True, metadata={"example": "alice"})
    title = fields.String(required=True, metadata={"example": "Buy milk"})
    description = fields.String(required=True, allow_none=True, metadata={"example": "Two litres"})
    completed = fields.Boolean(required=True, metadata={"example": False})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    updated_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})


TITLE: dict[str, Any] = {
    "validate": validate.Length(1, TITLE_LENGTH),
    "metadata": {"example": "Buy milk", "pattern": r"\S", "description": "Is trimmed."},
}


class TaskChangeSchema(ma.Schema):
    """The fields of a task that a client may change; unknown and read-only ones are ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    title = Trimmed(**TITLE)
    description = Text(
        allow_none=True,
        validate=validate.Length(max=DESCRIPTION_LENGTH),
        metadata={"example": "Two litres"},
    )
    completed = TrueOrFalse(metadata={"example": False})


class NewTaskSchema(TaskChangeSchema):
    """A task to create."""

    title = Trimmed(required=True, **TITLE)


class CompletionSchema(ma.Schema):
    """What `completed` shall be; without it, it is flipped."""

    class Meta:
        unknown = ma.EXCLUDE

    completed = TrueOrFalse(metadata={"example": True})


class ListArguments(PageArguments):
    """The query parameters of the list of tasks."""

    status = fields.String(
        load_default="all",
        validate=validate.OneOf(list(COMPLETED)),
        metadata={"description": "Which tasks to return.", "example": "pending"},
    )
