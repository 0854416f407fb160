"""What schemas of every domain are made of: text that can be stored, booleans, UTC times."""

import re
from datetime import datetime
from typing import Any

from marshmallow import fields

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Text(fields.String):
    """Text that can be stored.

    NUL is refused by PostgreSQL, and a lone surrogate is not text (RFC 8259, section 8.2).
    """

    default_error_messages = {"unstorable": "NUL and lone surrogate characters are not allowed."}

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(*args, **kwargs)
        if UNSTORABLE.search(text):
            raise self.make_error("unstorable")
        return text


class Trimmed(Text):
    """Text without white space around it."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(*args, **kwargs).strip()


class TrueOrFalse(fields.Boolean):
    """A JSON boolean; neither "yes" nor 1 will do."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class UTCTime(fields.DateTime):
    """A UTC timestamp as RFC 3339 writes it, with `Z`."""

    def _serialize(self, value: datetime | None, *args: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
