"""What a user looks like on the wire."""

import marshmallow as ma
from marshmallow import fields

from taskapp.rest.fields import UTCTime


class UserSchema(ma.Schema):
    """A user; e-mail and name are what the login says."""

    id = fields.String(required=True, metadata={"example": "alice"})
    email = fields.String(required=True, allow_none=True, metadata={"example": "alice@example.com"})
    name = fields.String(required=True, allow_none=True, metadata={"example": "Alice"})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
