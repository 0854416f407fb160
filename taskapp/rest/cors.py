"""CORS: which origins may call from a browser (Fetch standard, by Flask-CORS)."""

from flask import Flask, Response, request
from flask_cors import CORS

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


def init_app(app: Flask) -> None:
    app.before_request(_answer_preflight)
    CORS(
        app,
        origins=config.of(app).origins,
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        supports_credentials=True,
        expose_headers=EXPOSED,
        max_age=MAX_AGE,
    )


def _answer_preflight() -> Response | None:
    # A browser gives up on a preflight that is not 2xx, also where the path does not exist, and
    # then hides the real answer from the frontend. Flask-CORS adds the headers afterwards.
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return Response(status=204)
    return None
