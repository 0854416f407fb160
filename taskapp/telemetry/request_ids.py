"""One id for each request: the caller's `X-Request-ID` when it is sane, a new one otherwise."""

import re
import secrets
from typing import Any

from flask import request

from taskapp.headers import Header

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
KEY = "taskapp.request_id"  # of the WSGI environment


def source(environ: dict[str, Any], so_far: list[Header]) -> tuple[Header]:
    """Return the header that tells the id."""
    return ((HEADER, of(environ)),)


def current() -> str:
    """Return the id of the request at hand."""
    return of(request.environ)


def of(environ: dict[str, Any]) -> str:
    """Return the id of the request with this WSGI environment."""
    if KEY not in environ:
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        environ[KEY] = sent if SANE.fullmatch(sent) else secrets.token_hex(16)
    return str(environ[KEY])
