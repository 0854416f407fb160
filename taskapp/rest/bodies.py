"""Reading a request's body and query: clean answers for whatever a client may send."""

import json
import math
from functools import cache
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, current_app, g
from gunicorn.http.errors import ParseException
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from taskapp import config, cooperation, dialects, problems
from taskapp.dialects import names
from taskapp.rest import preferences

DEEPEST = 32  # objects and arrays inside each other
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Parser(FlaskParser):
    """webargs' parser, answering in problems: 400 unreadable, 415 not JSON, 422 senseless."""

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return what the body says, its fields called by our names."""
        body = read(req)
        if not body:
            return {}
        if isinstance(schema, FormSchema) and req.mimetype in FORMS:
            sent: Any = req.form.to_dict()
        else:
            sent = _parsed(body, req.mimetype)
        # Clients such as axios send null where they have nothing to send.
        if sent is None and getattr(schema, "may_be_left_out", False):
            return {}
        if isinstance(sent, dict):
            more = dialects.of(current_app).aliases
            also_known = getattr(schema, "also_known", ())
            known = _known((*schema.load_fields, *also_known), more)
            if not known.issuperset(sent):
                preferences.handle("field", [name for name in sent if name not in known])
            sent, g.sent_as = names.in_our_words(sent, schema.load_fields, more)
        return sent

    def handle_error(self, error: ma.ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        by_location: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        errors: dict[str, list[str]] = {}
        for fields in by_location.values():
            for name, texts in fields.items():
                # Whoever calls it dueDate looks for dueDate.
                name = g.get("sent_as", {}).get(name, name)
                errors["body" if name == "_schema" else name] = texts
        raise problems.Invalid(errors) from None


class FormSchema(ma.Schema):
    """A body that may also be an HTML form, as sign-in is in OAuth 2.0 (RFC 6749, section 4.3.2).

    A page of another site can send one without asking first. Its values are texts, so what takes
    a JSON boolean, the cookie for one, can't be asked for by it.
    """

    also_known = ("grant_type", "scope", "client_id", "client_secret")


@cache
def _known(fields: tuple[str, ...], more: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Return all names that fields of a body are known by."""
    return frozenset(fields) | frozenset(names.aliases(fields, more))


def read(req: Request) -> bytes:
    """Return the body; raises `problems.BadRequest` if it is broken, and 413 if it is too large."""
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
    coding = req.headers.get("Content-Encoding", "").strip().lower()
    if body and coding not in ("", "identity"):
        raise problems.UnsupportedCoding
    return body


def _parsed(body: bytes, mimetype: str) -> Any:
    if not is_json(mimetype):
        raise problems.UnsupportedMediaType
    try:
        # With a byte order mark or without (RFC 8259, section 8.1, lets a reader ignore one).
        parsed = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise problems.BadRequest("The body is not valid JSON.") from None
    if _is_deeper(parsed, DEEPEST):
        raise problems.BadRequest("The body has too many objects or arrays inside each other.")
    return parsed


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
