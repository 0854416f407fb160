"""What schemas of every domain are made of: text that can be stored, booleans, UTC times."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

import marshmallow as ma
import msgspec
from marshmallow import fields

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# What leaves nothing to be seen where it stands alone: control and format characters, separators,
# and what Unicode calls default ignorable, fillers and the empty Braille pattern among them.
INVISIBLE = (
    r"\x00-\x20\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
VISIBLE = f"[^{INVISIBLE}]"  # a pattern of JSON Schema, too, which has nothing beyond U+FFFF
_BEYOND = (
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_seen = re.compile(f"[^{INVISIBLE}{_BEYOND}]").search


class Sparse(NamedTuple):
    """Rows of which only some fields are to be sent."""

    rows: Sequence[Any]
    names: Sequence[str]


class RowSchema(ma.Schema):
    """A schema whose `dump` is for rows that hold what it says, and takes a thirtieth of the time.

    A row may have other columns, too, in any order; ValueError if one of the fields is missing.
    What comes out are records of the fields, of a type that is called like the schema, which
    `json` writes as objects, with times as `UTCTime` has them. The fields remain the truth: a test
    compares what is sent with marshmallow's own dump.
    """

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        if self.many if many is None else many:
            return self._records(obj)
        return self._records([obj])[0]

    def _records(self, rows: Any) -> list[Any]:
        names = tuple(self.dump_fields)
        if isinstance(rows, Sparse):
            names = tuple(name for name in names if name in rows.names)
            rows = rows.rows
        if not rows:
            return []
        kind = type(self).__name__.removesuffix("Schema")
        record, values_of = _record(kind, names), _values(names, rows[0]._fields)
        return [record(*values_of(row)) for row in rows]


@cache
def _record(kind: str, names: tuple[str, ...]) -> type[msgspec.Struct]:
    return msgspec.defstruct(kind, names, frozen=True, gc=False)


@cache
def _values(names: tuple[str, ...], columns: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes the values of these names out of a row with these columns."""
    if missing := set(names) - set(columns):
        raise ValueError(f"{columns} lacks {missing}")
    places = [columns.index(name) for name in names]
    first = places[0]
    if places == list(range(first, first + len(places))):
        # They stand side by side, which is the fastest to take.
        return itemgetter(slice(first, first + len(places)))
    return itemgetter(*places)


def rfc3339(moment: datetime | None) -> str | None:
    """Return a time zone aware timestamp as RFC 3339 writes it, in UTC, with `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z" if moment else None


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


def trimmed(text: str) -> str:
    """Return the text without white space around it; nothing where nobody would see anything."""
    return text.strip() if _seen(text) else ""


class Trimmed(Text):
    """Text without white space around it; empty where nobody would see anything."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        return trimmed(super()._deserialize(*args, **kwargs))


class TextOrNone(Trimmed):
    """A text, or none where it is empty."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super().deserialize(value, *args, **kwargs)
        return None if text == "" else text


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
