"""CORS: which origins may call from a browser (Fetch standard, by Flask-CORS)."""

from functools import lru_cache

from flask import Flask, Response, request
from flask_cors.core import get_cors_headers, get_cors_options, set_cors_headers
from werkzeug.datastructures import Headers

from taskapp import config

EXPOSED = [
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
]
MAX_AGE = 600  # seconds for which a browser may remember a preflight
REMEMBERED = 64  # origins for each process


def init_app(app: Flask) -> None:
    options = get_cors_options(
        app,
        {
            "origins": config.of(app).origins,
            "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            "supports_credentials": True,
            "expose_headers": EXPOSED,
            "max_age": MAX_AGE,
        },
    )

    @lru_cache(REMEMBERED)
    def headers(origin: str | None) -> Headers:
        sent = Headers({"Origin": origin} if origin else {})
        return Headers(get_cors_headers(options, sent, "GET"))

    def add(response: Response) -> Response:
        # Flask-CORS' extension would make up its mind anew for each answer. What an origin may
        # hear is the same each time, but for preflights.
        if request.method == "OPTIONS":
            return set_cors_headers(response, options)
        response.headers.extend(headers(request.headers.get("Origin")))
        return response

    app.before_request(_answer_preflight)
    app.after_request(add)


def _answer_preflight() -> Response | None:
    # A browser gives up on a preflight that is not 2xx, also where the path does not exist, and
    # then hides the real answer from the frontend. Flask-CORS adds the headers afterwards.
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return Response(status=204)
    return None
