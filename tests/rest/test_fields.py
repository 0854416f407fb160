"""Schemas whose dump takes rows as the database has them."""

from collections import namedtuple

import msgspec
import pytest
from marshmallow import fields

from taskapp.rest.fields import RowSchema


class ThingSchema(RowSchema):
    id = fields.Integer()
    title = fields.String()
    done = fields.Boolean()


THING = {"id": 7, "title": "t", "done": True, "secret": "s", "later": None}


@pytest.mark.parametrize(
    "columns",
    [
        "id title done",
        "id title done secret later",
        "secret id title done",
        "done secret title id",
        "later done id title secret",
    ],
)
def test_fields_are_found_by_name_wherever_they_stand(columns):
    row = namedtuple("Row", columns)(*(THING[name] for name in columns.split()))

    dumped = ThingSchema(many=True).dump([row, row])

    assert msgspec.to_builtins(dumped) == [{"id": 7, "title": "t", "done": True}] * 2
    assert list(msgspec.to_builtins(ThingSchema().dump(row))) == ["id", "title", "done"]


def test_a_row_that_lacks_a_field_is_an_error():
    row = namedtuple("Row", "id done")(7, True)

    with pytest.raises(ValueError, match="title"):
        ThingSchema().dump(row)


def test_no_rows_are_an_empty_list():
    assert ThingSchema(many=True).dump([]) == []
