"""Reading a request's body and query: clean answers for whatever a client may send."""

import json
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NoReturn, cast

import marshmallow as ma
from flask import Request, g, request
from gunicorn.http.errors import ParseException
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from taskapp import config, cooperation, current, dialects, problems
from taskapp.dialects import names
from taskapp.rest import preferences

PACED = 2**20  # bytes that may take as long as any body; a longer one longer in proportion
DEEPEST = 32  # objects and arrays inside each other
NO_QUERY = ImmutableMultiDict[str, str]()
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Parser(FlaskParser):
    """webargs' parser, answering in problems: 400 unreadable, 415 not JSON, 422 senseless."""

    def get_default_request(self) -> Request:
        """Return the request at hand, not a proxy that looks for it each time."""
        return current.request()

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Return the parameters of a query, which `pagination.Arguments` knows how to read."""
        return req.args if req.query_string else NO_QUERY

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return what the body says, its fields called by our names."""
        body = read(req)
        if not body:
            return {}
        if isinstance(schema, FormSchema) and req.mimetype in FORMS:
            # Where the name is broken, werkzeug calls the field None.
            sent: Any = {name: text for name, text in req.form.items() if isinstance(name, str)}
        else:
            sent = _parsed(body, req.mimetype)
        # Clients such as axios send null where they have nothing to send.
        if sent is None and getattr(schema, "may_be_left_out", False):
            return {}
        if isinstance(sent, dict):
            sent, current.notes().sent_as = in_our_words(sent, schema)
        return sent

    def handle_error(self, error: ma.ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        by_location: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        errors: dict[str, list[str]] = {}
        for fields in by_location.values():
            for name, texts in fields.items():
                errors["body" if name == "_schema" else name] = texts
        raise problems.Invalid(as_sent(errors)) from None


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


def in_our_words(sent: dict[str, Any], schema: ma.Schema) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the object with our names for the schema's fields, and by which each was sent.

    Raises `problems.Invalid` for names that nobody knows, where the client prefers that.
    """
    more = dialects.of(current.app()).aliases
    known = _known((*schema.load_fields, *getattr(schema, "also_known", ())), more)
    if not known.issuperset(sent):
        preferences.handle("field", [name for name in sent if name not in known])
    return names.in_our_words(sent, schema.load_fields, more)


def up_to(size: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that lets a view have bodies of so many bytes, if others may be less."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            request.max_content_length = max(size, request.max_content_length or 0)
            return view(*args, **kwargs)

        return wrapper

    return decorate


def as_sent(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what is wrong with fields of the body, by the names that they were sent by."""
    # Whoever calls it dueDate looks for dueDate.
    names = g.get("sent_as", {})
    return {names.get(name, name): texts for name, texts in errors.items()}


def read(req: Request) -> bytes:
    """Return the body; raises `problems.BadRequest` if it is broken, and 413 if it is too large."""
    if not req.content_length and "HTTP_TRANSFER_ENCODING" not in req.environ:
        return b""  # a body has one of the two (RFC 9112, section 6.3)
    most = cast(int, req.max_content_length)  # there always is a limit
    try:
        # A larger body may take longer, at the same pace.
        seconds = config.of(current.app()).body_timeout * max(1.0, most / PACED)
        with cooperation.time_limit(seconds, problems.RequestTimeout()):
            body = req.get_data(cache=True)
    except (ParseException, ClientDisconnected, OSError):
        # gunicorn's InvalidChunkSize and its kin surface here, in the middle of the request.
        raise problems.BadRequest("The body is broken: its chunks or its length.") from None
    # werkzeug cuts a chunked body at the limit, without a word.
    if req.content_length is None and len(body) >= most:
        raise RequestEntityTooLarge
    coding = req.environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if body and coding not in ("", "identity"):
        raise problems.UnsupportedCoding
    return body


def _parsed(body: bytes, mimetype: str) -> Any:
    if not is_json(mimetype):
        raise problems.UnsupportedMediaType
    try:
        # With a byte order mark or without (RFC 8259, section 8.1, lets a reader ignore one).
        parsed = _decode(body.decode("utf-8-sig"))
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


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
