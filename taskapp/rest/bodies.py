"""Reading a request's body and query: clean answers for whatever a client may send."""

import json
import math
from contextlib import suppress
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, current_app
from gunicorn.http.errors import ParseException
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from taskapp import config, cooperation, problems

DEEPEST = 32  # objects and arrays inside each other
LET_FINISH = 2**20  # bytes that are read of a body that is too large


class Parser(FlaskParser):
    """webargs' parser, answering in problems: 400 unreadable, 415 not JSON, 422 senseless."""

    def _raw_load_json(self, req: Request) -> Any:
        body = read(req)
        if not body:
            return {}
        if not is_json(req.mimetype):
            raise problems.UnsupportedMediaType
        try:
            parsed = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise problems.BadRequest("The body is not valid JSON.") from None
        if _is_deeper(parsed, DEEPEST):
            raise problems.BadRequest("The body has too many objects or arrays inside each other.")
        return parsed

    def handle_error(self, error: ma.ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        by_location: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        errors: dict[str, list[str]] = {}
        for fields in by_location.values():
            for name, texts in fields.items():
                errors["body" if name == "_schema" else name] = texts
        raise problems.Invalid(errors) from None


def read(req: Request) -> bytes:
    """Return the body; raises `problems.BadRequest` if it is broken, and 413 if it is too large."""
    try:
        return _read(req)
    except RequestEntityTooLarge:
        # Whoever is cut off while still sending never sees the answer.
        _let_finish(req)
        raise


def _read(req: Request) -> bytes:
    try:
        seconds = config.of(current_app).body_timeout
        with cooperation.time_limit(seconds, problems.RequestTimeout()):
            body = req.get_data(cache=True)
    except (ParseException, ClientDisconnected, OSError):
        # gunicorn's InvalidChunkSize and its kin surface here, in the middle of the request.
        raise problems.BadRequest("The body is broken: its chunks or its length.") from None
    # werkzeug cuts a chunked body at the limit, without a word.
    if req.content_length is None and len(body) >= (req.max_content_length or math.inf):
        raise RequestEntityTooLarge
    return body


def _let_finish(req: Request) -> None:
    stream, left = req.environ["wsgi.input"], LET_FINISH
    with suppress(ParseException, OSError):
        while left > 0 and (piece := stream.read(min(left, 65536))):
            left -= len(piece)


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        inside = [each for each in level if isinstance(each, dict | list)]
        if not inside:
            return False
        level = [
            part for each in inside for part in (each.values() if isinstance(each, dict) else each)
        ]
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
