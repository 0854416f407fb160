"""`Prefer: handling=strict` (RFC 7240, section 4.4): what is not known here is refused.

Without it, it is ignored, and the log says so once for each name: so a developer sees the
`?stauts=` that does nothing.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import Any

import marshmallow as ma
from flask import Flask, Response, request
from werkzeug.http import parse_list_header

from taskapp import current, problems

HANDLINGS = ("strict", "lenient")
TOLD_MOST = 200  # names for each process
NAMED_MOST = 20  # names in one refusal
PLAIN = re.compile(r"[A-Za-z0-9_.:$\[\]-]{1,40}")  # anything else could be more than a name

logger = logging.getLogger("taskapp")
_told: set[tuple[str, str]] = set()


def init_app(app: Flask) -> None:
    app.after_request(_say_what_was_applied)


def names(schema: ma.Schema) -> frozenset[str]:
    """Return the names that a schema knows, of query parameters for example."""
    own = (field.data_key or name for name, field in schema.load_fields.items())
    return frozenset(own) | frozenset(getattr(schema, "aliases", {}))


def heeded(view: Callable[..., Any], known: Collection[str]) -> Callable[..., Any]:
    """Let a view answer as the client prefers where it is sent unknown query parameters."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        asked = current.request()
        environ = asked.environ
        if "HTTP_PREFER" in environ:
            current.notes().handling = _handling(environ["HTTP_PREFER"])
        if environ.get("QUERY_STRING"):
            handle("query parameter", [name for name in asked.args if name not in known])
        return view(*args, **kwargs)

    return wrapper


def handle(kind: str, unknown: Iterable[str], place: str = "") -> None:
    """Refuse or ignore names that are not known here; raises `problems.Invalid`.

    `place` is what a refusal says in front of each.
    """
    if current.notes().get("handling") != "strict":
        for name in unknown:
            _tell(kind, name)
        return
    named = [place + name.encode("utf-8", "replace").decode()[:80] for name in unknown]
    if named:
        sentence = [f"This {kind} is not known here."]
        raise problems.Invalid(dict.fromkeys(named[:NAMED_MOST], sentence))


def _handling(prefer: str) -> str | None:
    """Return the first `handling` among preferences; None if it is not one of ours."""
    for preference in parse_list_header(prefer):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "handling":
            value = value.strip().strip('"').lower()
            return value if value in HANDLINGS else None
    return None


def _tell(kind: str, name: str) -> None:
    if (kind, name) in _told or len(_told) >= TOLD_MOST or not PLAIN.fullmatch(name):
        return
    _told.add((kind, name))
    logger.warning(
        "the %s %r of %s %s is not known and was ignored (Prefer: handling=strict refuses it)",
        kind,
        name,
        request.method,
        request.url_rule,
    )


def _say_what_was_applied(response: Response) -> Response:
    if handling := current.notes().get("handling"):
        response.headers["Preference-Applied"] = f"handling={handling}"
    return response
