"""What a task looks like on the wire, going in and coming out."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.rest.fields import RowSchema, Text, Trimmed, TrueOrFalse, UTCTime
from taskapp.rest.pagination import LARGEST_ID, LimitArguments, PageArguments
from taskapp.tasks.models import DESCRIPTION_LENGTH, STATUSES, TITLE_LENGTH

LONGEST_WAIT = 30  # seconds


class TaskSchema(RowSchema):
    """A task as the service returns it."""

    id = fields.Integer(required=True, metadata={"example": 7, "format": "int64"})
    user_id = fields.String(required=True, metadata={"example": "alice"})
    title = fields.String(required=True, metadata={"example": "Buy milk"})
    description = fields.String(required=True, allow_none=True, metadata={"example": "Two litres"})
    completed = fields.Boolean(required=True, metadata={"example": False})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    updated_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    revision = fields.Integer(
        required=True,
        metadata={"example": 7, "format": "int64", "description": "Grows with every write."},
    )
    deleted_at = UTCTime(required=True, allow_none=True, metadata={"example": None})


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
        validate=validate.OneOf(list(STATUSES)),
        metadata={"description": "Which tasks to return.", "example": "pending"},
    )


class DeletionArguments(ma.Schema):
    """The query parameters of a deletion."""

    permanent = fields.Boolean(
        load_default=False,
        metadata={"description": "Delete for good, without a way back.", "example": False},
    )


class ChangesArguments(LimitArguments):
    """The query parameters of the changes."""

    since = fields.Integer(
        required=True,
        validate=validate.Range(0, LARGEST_ID),
        metadata={"description": "The revision that is known already; 0: none.", "example": 0},
    )
    copying = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LARGEST_ID),
        metadata={"description": "Taken from `next`, not made up."},
    )
    wait = fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_WAIT),
        metadata={"description": "Seconds to wait for a change if there is none.", "example": 0},
    )


class ChangesSchema(ma.Schema):
    """What has changed, in the order of revisions."""

    changes = fields.List(fields.Nested(TaskSchema), required=True)
    revision = fields.Integer(
        required=True,
        metadata={"description": "Known after this page.", "example": 7, "format": "int64"},
    )
    more = fields.Boolean(
        required=True, metadata={"description": "Whether there are more now.", "example": False}
    )
    next = fields.String(
        required=True,
        metadata={
            "description": "Where to ask for what comes after this page.",
            "example": "/api/alice/tasks/changes?since=7",
        },
    )
