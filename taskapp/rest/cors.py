"""CORS: which origins may call from a browser (Fetch standard, by Flask-CORS)."""

from functools import lru_cache
from typing import Any

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

    # Flask-CORS' extension would make up its mind anew for each answer. What an origin may hear is
    # the same each time, but for preflights.
    @lru_cache(REMEMBERED)
    def of_origin(origin: str | None) -> list[tuple[str, str]]:
        sent = Headers({"Origin": origin} if origin else {})
        return list(Headers(get_cors_headers(options, sent, "GET")))

    def add_to_preflight(response: Response) -> Response:
        return set_cors_headers(response, options) if request.method == "OPTIONS" else response

    answer = app.wsgi_app

    def with_headers(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            added = headers + of_origin(environ.get("HTTP_ORIGIN"))
            return start_response(status, added, *error)

        return answer(environ, start_response if environ["REQUEST_METHOD"] == "OPTIONS" else start)

    app.wsgi_app = with_headers  # type: ignore[method-assign]
    app.before_request(_answer_preflight)
    app.after_request(add_to_preflight)


def _answer_preflight() -> Response | None:
    # A browser gives up on a preflight that is not 2xx, also where the path does not exist, and
    # then hides the real answer from the frontend. Flask-CORS adds the headers afterwards.
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return Response(status=204)
    return None
