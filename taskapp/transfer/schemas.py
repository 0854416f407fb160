"""What comes in and goes out beside the files themselves."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.rest.fields import Text
from taskapp.rest.pagination import LARGEST_ID, Arguments
from taskapp.tasks import due_dates, schedule
from taskapp.tasks.schemas import (
    WHOLE_TASK,
    FilterArguments,
    NewTaskSchema,
    TaskSchema,
    Word,
    refuse,
)
from taskapp.transfer.formats import FORMATS, WRITERS

LARGEST_NUMBER = 2**31 - 1  # of its series


class ExportArguments(FilterArguments):
    """The query parameters of an export: in which format, and which tasks."""

    format = Word(
        load_default="json",
        validate=validate.OneOf(list(WRITERS)),
        metadata={"description": "The format of the file."},
    )


class ExportedTaskSchema(TaskSchema):
    """A task in a file, with what its series counts from."""

    anchor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The local date or time from which its rule counts."},
    )
    position = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Which of the rule's dates it has."},
    )


class ImportArguments(Arguments):
    """The query parameters of an import."""

    aliases = {"dryRun": "dry_run"}

    format = Word(
        validate=validate.OneOf(list(FORMATS)),
        metadata={"description": "The format of the file; it is found by content otherwise."},
    )
    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "Only say what would happen."},
    )


class Moment(fields.AwareDateTime):
    """A moment of the past of a task; without an offset it is in UTC."""

    def __init__(self) -> None:
        super().__init__(format="iso", default_timezone=UTC, allow_none=True)

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        try:
            return due_dates.in_utc(super()._deserialize(*args, **kwargs))
        except ValueError:
            raise self.make_error("invalid", input=args[0], obj_type=self.OBJ_TYPE) from None


class LocalTime(Text):
    """A local date, or date and time."""

    default_error_messages = {"time": "Not a local date and time."}

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs)
        try:
            written = due_dates.normal(text)
            if datetime.fromisoformat(written).tzinfo is None:
                return written
        except ValueError:
            pass
        raise self.make_error("time")


class EntrySchema(NewTaskSchema):
    """A task in a file: what a new one may have, and the past of one that was exported."""

    also_known = WHOLE_TASK

    id = fields.Integer(strict=True, validate=validate.Range(1, LARGEST_ID))
    user_id = Text()
    created_at = Moment()
    completed_at = Moment()
    deleted_at = Moment()
    series_id = fields.UUID(allow_none=True)
    occurrence = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(1, LARGEST_NUMBER)
    )
    anchor = LocalTime(allow_none=True)
    position = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(1, LARGEST_NUMBER)
    )

    @ma.validates_schema
    def _check_schedule(self, data: dict[str, Any], **kwargs: Any) -> None:
        # The last one of a series has its rule, by which it does not come again.
        refuse(schedule.check_due if data.get("series_id") else schedule.check, data)

    @ma.validates_schema
    def _check_series(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data.get("series_id") is None) is not (data.get("occurrence") is None):
            raise ma.ValidationError("Goes with `occurrence`.", "series_id")

    @ma.post_load
    def _as_stored(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if data.get("completed_at") and "completed" not in data:
            data["completed"] = True
        if data.get("series_id"):
            return {**data, "series_id": str(data["series_id"])}
        return {name: value for name, value in data.items() if name not in ("anchor", "position")}


class TroubleSchema(ma.Schema):
    """Why nothing was made of a part of a file."""

    line = fields.Integer(
        required=True, metadata={"example": 7, "description": "Where it begins, from 1."}
    )
    detail = fields.String(required=True, metadata={"example": "due_date: Not a date that exists."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "What is wrong with which field, where that is the trouble."},
    )


class ImportSchema(ma.Schema):
    """What became of a file, or would."""

    format = fields.String(required=True, metadata={"example": "csv"})
    dry_run = fields.Boolean(required=True, metadata={"example": False})
    created = fields.Integer(required=True, metadata={"example": 120})
    unchanged = fields.Integer(
        required=True,
        metadata={"example": 3, "description": "Those that are there already, as they were."},
    )
    failed = fields.Integer(required=True, metadata={"example": 1})
    problems = fields.List(fields.Nested(TroubleSchema), required=True)
    ignored = fields.List(
        fields.String(),
        required=True,
        metadata={
            "example": ["RESPONSIBLE"],
            "description": "What the file says about tasks and nothing was made of.",
        },
    )
