"""Pages: how many rows, from where, and `Link` headers to the others (RFC 8288)."""

import re
from typing import Any
from urllib.parse import quote, urlencode

import marshmallow as ma
from flask import request
from marshmallow import fields, validate
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import ImmutableMultiDict

from taskapp import paths

LARGEST_PAGE = 1000  # rows
LARGEST_ID = 2**63 - 1
LONGEST_REMEMBERED = 500  # characters of a query
REMEMBERED = 500  # queries
PLAIN = re.compile("-?[0-9]{1,20}")


# Parameters by the query that they were in; nothing of them depends on who asks, or when.
_remembered: dict[tuple[type, ImmutableMultiDict[str, str], str], dict[str, Any]] = {}


class Number(fields.Integer):
    """A whole number of a query, in the digits of ASCII and nothing else."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and not PLAIN.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return int(super()._deserialize(value, *args, **kwargs))


class Arguments(ma.Schema):
    """Query parameters; an empty one counts as not sent, an unknown one is ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    # Other names that are in use for a parameter, by that name; its own goes first.
    aliases: dict[str, str] = {}

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Return the parameters; what was asked before is remembered, which takes a tenth."""
        asked = (type(self), data, str(kwargs))
        found = _remembered.get(asked)
        if found is None:
            found = super().load(MultiDictProxy(data, self), **kwargs)
            if len(str(data)) <= LONGEST_REMEMBERED:
                if len(_remembered) >= REMEMBERED:
                    _remembered.clear()
                _remembered[asked] = found
        return dict(found)

    @ma.pre_load
    def _by_their_names(self, data: Any, **kwargs: Any) -> dict[str, Any]:
        given = {name: value for name, value in data.items() if value not in ("", [""])}
        renamed = {own: given[name] for name, own in self.aliases.items() if name in given}
        return {**renamed, **given}


class LimitArguments(Arguments):
    """How much of a list to return."""

    limit = Number(
        load_default=LARGEST_PAGE,
        validate=validate.Range(1, LARGEST_PAGE),
        metadata={"description": "How many to return at most."},
    )


def links(**queries: dict[str, Any] | None) -> dict[str, str]:
    """Return the `Link` header to other pages of what the request asks for, by their relation.

    A page's query is the request's own, but for the given parameters: those that are None are left
    out. A relation whose query is None is not there.
    """
    asked = request.args.to_dict()
    written = []
    for relation, changed in queries.items():
        if changed is not None:
            query = {name: value for name, value in (asked | changed).items() if value is not None}
            address = quote(request.root_path) + paths.written(request.path)
            address += "?" + urlencode(query) if query else ""
            written.append(f'<{address}>; rel="{relation}"')
    return {"Link": ", ".join(written)} if written else {}
