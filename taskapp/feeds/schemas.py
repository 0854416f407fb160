"""What feeds look like on the wire, beside the calendars themselves."""

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.feeds.queries import SHOWN
from taskapp.rest.fields import Trimmed, UTCTime
from taskapp.rest.pagination import Arguments
from taskapp.users.secrets import NAME_LENGTH


class NewFeedSchema(ma.Schema):
    """A feed to make."""

    class Meta:
        unknown = ma.EXCLUDE

    name = Trimmed(
        load_default="Calendar",
        validate=validate.Length(1, NAME_LENGTH),
        metadata={"example": "Calendar", "description": "Where it is shown, for example."},
    )


class FeedSchema(ma.Schema):
    """A feed; its address was shown when it was made."""

    id = fields.Integer(required=True, metadata={"example": 7, "format": "int64"})
    name = fields.String(required=True, metadata={"example": "Calendar"})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    last_used_at = UTCTime(
        required=True,
        allow_none=True,
        metadata={
            "example": "2026-02-01T09:30:00.000000Z",
            "description": "To a minute; null: never.",
        },
    )


class MadeFeedSchema(FeedSchema):
    """A new feed, and its address."""

    url = fields.String(
        required=True,
        metadata={
            "example": "https://tasks.example.com/feeds/4Jx0….ics",
            "description": "Shown this once, and never again: whoever has it sees the tasks.",
        },
    )


class CalendarArguments(Arguments):
    """The query parameters of a calendar."""

    as_ = fields.String(
        data_key="as",
        load_default="events",
        validate=validate.OneOf(list(SHOWN)),
        metadata={
            "description": "`events`, which every calendar shows: what has a due date; or `todos`,"
            " all tasks, for programs that know those.",
        },
    )
