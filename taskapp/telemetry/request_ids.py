"""One id for each request: the caller's `X-Request-ID` when it is sane, a new one otherwise."""

import re
import secrets

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


def init_app(app: Flask) -> None:
    app.before_request(_choose)
    app.after_request(_return)


def current() -> str:
    """Return the id of the request at hand."""
    if "request_id" not in g:
        _choose()
    return str(g.request_id)


def _choose() -> None:
    sent = request.headers.get(HEADER, "")
    g.request_id = sent if SANE.fullmatch(sent) else secrets.token_hex(16)


def _return(response: Response) -> Response:
    response.headers[HEADER] = current()
    return response
