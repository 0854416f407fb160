"""Pages: keyset pagination with `Link` headers (RFC 8288)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import marshmallow as ma
from flask import request
from marshmallow import fields, validate

LARGEST_PAGE = 1000  # rows
LARGEST_ID = 2**63 - 1


class LimitArguments(ma.Schema):
    """How much of a list to return."""

    limit = fields.Integer(
        load_default=LARGEST_PAGE,
        validate=validate.Range(1, LARGEST_PAGE),
        metadata={"description": "How many to return at most.", "example": 50},
    )


class PageArguments(LimitArguments):
    """The query parameters of a list in pages."""

    cursor = fields.Integer(
        validate=validate.Range(1, LARGEST_ID),
        metadata={"description": "Where to go on: taken from the `Link` header, not made up."},
    )


def page(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], dict[str, str]]:
    """Return the first `limit` rows, and a `Link` to the next page where there are more.

    `rows` are sorted by falling `id` and hold one row more than fits if there are more.
    """
    if len(rows) <= limit:
        return rows, {}
    shown = rows[:limit]
    query = urlencode({**request.args.to_dict(), "cursor": shown[-1].id})
    return shown, {"Link": f'<{quote(request.path)}?{query}>; rel="next"'}
