"""One id for each request: the caller's `X-Request-ID` when it is sane, a new one otherwise."""

import re
import secrets
from typing import Any

from flask import Flask, request

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
KEY = "taskapp.request_id"  # of the WSGI environment


def init_app(app: Flask) -> None:
    answer = app.wsgi_app

    def with_id(environ: dict[str, Any], start_response: Any) -> Any:
        request_id = of(environ)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, (HEADER, request_id)], *error)

        return answer(environ, start)

    app.wsgi_app = with_id  # type: ignore[method-assign]


def current() -> str:
    """Return the id of the request at hand."""
    return of(request.environ)


def of(environ: dict[str, Any]) -> str:
    """Return the id of the request with this WSGI environment."""
    if KEY not in environ:
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        environ[KEY] = sent if SANE.fullmatch(sent) else secrets.token_hex(16)
    return str(environ[KEY])
