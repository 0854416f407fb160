"""What schemas of every domain are made of: text that can be stored, booleans, UTC times."""

import operator
import re
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class RowSchema(ma.Schema):
    """A schema whose `dump` is for rows that hold what it says, and takes a tenth of the time.

    The fields remain the truth: what is stored as it is sent is taken as it is, and the others
    write themselves. A test compares it with marshmallow's own.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = tuple(self.dump_fields)
        self._values = operator.attrgetter(*self._names)
        self._times = [n for n, field in self.dump_fields.items() if isinstance(field, UTCTime)]

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        many = self.many if many is None else many
        return [self._row(row) for row in obj] if many else self._row(obj)

    def _row(self, row: Any) -> dict[str, Any]:
        dumped = dict(zip(self._names, self._values(row), strict=True))
        for name in self._times:
            dumped[name] = rfc3339(dumped[name])
        return dumped


def rfc3339(moment: datetime | None) -> str | None:
    """Return a UTC timestamp as RFC 3339 writes it, with `Z`."""
    if moment is None:
        return None
    # Asking the zone for its offset takes five times as long as all the rest.
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


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
        return rfc3339(value)
