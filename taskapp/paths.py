"""Paths in which a user id may have a slash, written as `%2F`.

WSGI hands over a path that is decoded as a whole: `a%2Fb` and `a/b` are the same there. So the
user's part is read from the request line, and a slash in it is NUL until the route is found. No
user id has a NUL of its own.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

from flask import Flask
from werkzeug.routing import Map, MapAdapter, UnicodeConverter

SLASH = "\0"
UNKNOWN = "\ufffd".encode().decode("latin1")  # as WSGI has it
# Of a request line: whatever is in front of the path, the user's part, and what follows it.
USERS = re.compile(r"(?P<front>[^?#]*?/api/)(?P<user>[^/?#]+)(?P<rest>(?:/[^?#]*)?)(?:[?#].*)?")


# What stands in front of the path in an address of this service, in the WSGI environment.
PLACE = ("wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME")


@lru_cache(maxsize=64)
def place(routes: Map, *values: str | None) -> MapAdapter:
    """Return the routes at a place, of which `PLACE` has the values.

    Raises what werkzeug does where the host is none.
    """
    known = {name: value for name, value in zip(PLACE, values, strict=True) if value is not None}
    return routes.bind_to_environ({"REQUEST_METHOD": "GET", **known}, subdomain="")


class Part(UnicodeConverter):
    """A part of a path that is a text, in which a slash may be."""

    def to_python(self, value: str) -> str:
        return with_slashes(value)

    def to_url(self, value: str) -> str:
        return super().to_url(value).replace("/", "%2F")


def init_app(app: Flask) -> None:
    """Let an encoded slash in a user id be a part of it."""
    app.url_map.converters |= {"default": Part, "string": Part}
    answer = app.wsgi_app

    def with_slashes_kept(environ: dict[str, Any], start_response: Any) -> Any:
        path, line = environ["PATH_INFO"], environ.get("RAW_URI", "")
        if SLASH in path:  # one that was sent is nothing that a user id has
            environ["PATH_INFO"] = path = path.replace(SLASH, UNKNOWN)
        if "%2F" in line or "%2f" in line:
            environ["PATH_INFO"] = _kept(path, line)
        return answer(environ, start_response)

    app.wsgi_app = with_slashes_kept  # type: ignore[method-assign]


def with_slashes(part: str) -> str:
    """Return a part of a request's path as it is meant."""
    return part.replace(SLASH, "/")


def written(path: str) -> str:
    """Return a request's path as it stands in an address."""
    return quote(path).replace("%00", "%2F")


def _kept(path: str, line: str) -> str:
    sent = USERS.fullmatch(line)
    if sent is None:
        return path
    user = unquote(sent["user"], "latin1").replace("/", SLASH)
    kept = f"/api/{user}{unquote(sent['rest'], 'latin1')}"
    # What was changed on the way, by a proxy or a prefix, is left as it came.
    return kept if with_slashes(kept) == path else path
