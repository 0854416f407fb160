"""CORS: which origins may call from a browser (Fetch standard, by Flask-CORS)."""

import logging
import re
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote

from flask import Flask, Response
from flask_cors.core import get_cors_headers, get_cors_options
from werkzeug.datastructures import Headers

from taskapp import config, current, headers
from taskapp.headers import Header

EXPOSED = [
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "X-Total-Count",
]
# The headers of a request that those of its answer depend on.
DECISIVE = [
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Private-Network",
]
IN_WSGI = ["HTTP_" + name.upper().replace("-", "_") for name in DECISIVE]
MAX_AGE = 600  # seconds for which a browser may remember a preflight
REMEMBERED = 64  # answers for each process
# Also where an origin is not allowed, or there is none: a cache may not give that answer to others.
VARY = ("Vary", "Origin")

logger = logging.getLogger("taskapp")


def init_app(app: Flask) -> None:
    app.before_request(_answer_preflight)


def source(app: Flask) -> headers.Source:
    """Return the source of the CORS headers for answers of this application."""
    options = get_cors_options(
        app,
        {
            "origins": list(map(_exactly, config.of(app).origins)),
            "vary_header": False,
            "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            "supports_credentials": True,
            "expose_headers": EXPOSED,
            "max_age": MAX_AGE,
        },
    )

    warn = lru_cache(REMEMBERED)(_warn)

    # Flask-CORS's extension would make up its mind again for each answer.
    @lru_cache(REMEMBERED)
    def headers_for(method: str, *values: str | None) -> list[Header]:
        sent = Headers([pair for pair in zip(DECISIVE, values, strict=True) if pair[1]])
        found = Headers(get_cors_headers(options, sent, method))
        if "Origin" in sent and "Access-Control-Allow-Origin" not in found:
            warn(sent["Origin"])
        return list(found)

    def added(environ: dict[str, Any], so_far: list[Header]) -> list[Header]:
        decided = headers_for(environ["REQUEST_METHOD"], *map(environ.get, IN_WSGI))
        return decided if _vary_by_origin(so_far) else [*decided, VARY]

    app.extensions["taskapp.cors"] = added
    return added


def added(app: Flask, environ: dict[str, Any]) -> list[Header]:
    """Return the CORS headers for an answer to this request that the application never sees."""
    return list(cast(headers.Source, app.extensions["taskapp.cors"])(environ, []))


def _exactly(origin: str) -> re.Pattern[str]:
    # Flask-CORS takes the brackets of an IPv6 address for a pattern.
    return re.compile(re.escape(origin) + r"\Z", re.IGNORECASE)


def _vary_by_origin(headers: list[Header]) -> bool:
    return any(name.lower() == "vary" and "Origin" in value for name, value in headers)


def _warn(origin: str) -> None:
    """Say what a browser shows only in its own console; once for each origin."""
    shown = quote(origin[:200], safe=":/[]")
    logger.warning("The origin %s may not call from browsers; see CORS_ORIGINS.", shown)


def _answer_preflight() -> Response | None:
    # A browser gives up on a preflight that is not 2xx, also where the path does not exist, and
    # then hides the real answer from the frontend. Flask-CORS adds the headers afterwards.
    asked = current.request()
    if asked.method == "OPTIONS" and "Access-Control-Request-Method" in asked.headers:
        return Response(status=204)
    return None
