"""What tokens for programs look like on the wire."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.auth.programs import SCOPES
from taskapp.database import now
from taskapp.rest.fields import Text, Trimmed, UTCTime
from taskapp.users.secrets import NAME_LENGTH

EXPIRY = "2027-01-31T09:30:00Z"  # an example


class Scopes(fields.List[str]):
    """Scopes, each once and in the order in which they are known."""

    default_error_messages = {"scope": f"Only {' and '.join(SCOPES)} are known."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.String(validate=validate.OneOf(SCOPES)), **kwargs)

    def _deserialize(  # type: ignore[override]
        self, value: Any, *args: Any, **kwargs: Any
    ) -> list[str]:
        # What is wrong with one of them is said as a sentence, as of every field.
        if isinstance(value, list) and any(each not in SCOPES for each in value):
            raise self.make_error("scope")
        sent = super()._deserialize(value, *args, **kwargs)
        return [scope for scope in SCOPES if scope in sent]

    def _serialize(self, value: str, *args: Any, **kwargs: Any) -> list[str]:  # type: ignore[override]
        return value.split()


class Expiry(Text):
    """A moment to come, with a time zone (RFC 3339)."""

    default_error_messages = {
        "moment": f"Not a moment with a time zone: send one such as {EXPIRY}.",
        "past": "It is over already.",
    }

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:  # type: ignore[override]
        text = super()._deserialize(*args, **kwargs)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError("local")
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("moment") from None
        if moment <= now():
            raise self.make_error("past")
        return moment


class NewProgramTokenSchema(ma.Schema):
    """A token to make."""

    class Meta:
        unknown = ma.EXCLUDE

    name = Trimmed(
        required=True,
        validate=validate.Length(1, NAME_LENGTH),
        metadata={"example": "Backup script", "description": "What it is for."},
    )
    scopes = Scopes(
        required=True,
        validate=validate.Length(min=1),
        metadata={
            "example": list(SCOPES),
            "description": "What it may do: `tasks:read`, `tasks:write`, or both.",
        },
    )
    expires_at = Expiry(
        load_default=None,
        allow_none=True,
        metadata={
            "example": EXPIRY,
            "format": "date-time",
            "description": "Until when it is accepted; without, until it is revoked.",
        },
    )


class ProgramTokenSchema(ma.Schema):
    """A token for a program; it was shown when it was made."""

    id = fields.Integer(required=True, metadata={"example": 7, "format": "int64"})
    name = fields.String(required=True, metadata={"example": "Backup script"})
    scopes = Scopes(required=True, metadata={"example": list(SCOPES)})
    expires_at = UTCTime(required=True, allow_none=True, metadata={"example": EXPIRY})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    last_used_at = UTCTime(
        required=True,
        allow_none=True,
        metadata={
            "example": "2026-02-01T09:30:00.000000Z",
            "description": "To a minute; null: never.",
        },
    )


class MadeProgramTokenSchema(ProgramTokenSchema):
    """A new token, and what to send."""

    token = fields.String(
        required=True,
        metadata={"example": "tk_4Jx0…", "description": "Shown this once, and never again."},
    )
