"""Errors as RFC 9457 problem details: the exception types and the one place that writes them."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError

from taskapp import paths
from taskapp.database.turns import Unavailable as DatabaseAway
from taskapp.telemetry import metrics, request_ids

AWAY = "The database is not available right now. Please try again."
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 2  # seconds
SHOWN = 50  # characters of a user id

logger = logging.getLogger("taskapp")


class Problem(HTTPException):
    """An error with a sentence for the client; raise it where the fact is known."""

    code = 500
    headers: dict[str, str] = {}
    members: dict[str, Any] = {}

    def __init__(self, detail: str, *, errors: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        if errors is not None:
            self.members = {"errors": errors}


class BadRequest(Problem):
    """The request can't be read."""

    code = 400


class Unauthorized(Problem):
    """The token is missing or refused (RFC 6750, section 3)."""

    code = 401

    def __init__(self, detail: str, *, error: str | None = None) -> None:
        super().__init__(detail)
        challenge = 'Bearer realm="taskapp"'
        self.headers = {"WWW-Authenticate": challenge + (f', error="{error}"' if error else "")}


class Forbidden(Problem):
    """Whoever asks is known, and may not do this."""

    code = 403


class NotOwner(Forbidden):
    """The path belongs to another user."""

    def __init__(self, user_id: str, hint: str = "") -> None:
        named = repr(user_id[:SHOWN])
        sentence = f"Access denied: the user id in the path, {named}, is not the token's."
        super().__init__(f"{sentence} {hint}".rstrip())


class InsufficientScope(Forbidden):
    """A token for a program may not do this (RFC 6750, section 3.1); with another one it is done.

    Never a 401, at which frontends sign their user out.
    """

    def __init__(self, scope: str | None) -> None:
        needed = f"it takes the scope {scope}" if scope else "no scope is enough for it"
        super().__init__(f"This token for a program may not do that: {needed}.")
        challenge = 'Bearer realm="taskapp", error="insufficient_scope"'
        self.headers = {"WWW-Authenticate": challenge + (f', scope="{scope}"' if scope else "")}


class NotFound(Problem):
    """There is no such thing among what the user owns."""

    code = 404


class NoTask(NotFound):
    """The user has no such task."""

    def __init__(self, task_id: int) -> None:
        super().__init__(f"Task {task_id} not found")


class Conflict(Problem):
    """Something that exists stands in the way."""

    code = 409


class Taken(Conflict):
    """Another task of the user is called so already."""

    def __init__(self, name: str, task_id: int | None) -> None:
        task = "Another one" if task_id is None else f"Task {task_id}"
        text = f"{task} has it already; the trash counts, too."
        super().__init__(f"{name}: {text}", errors={name: [text]})


class Gone(Problem):
    """It was there once, and will not come back."""

    code = 410


class Stale(Problem):
    """The precondition does not hold: the thing is not what the client thought that it was."""

    code = 412

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__("The task has changed in the meantime; `current` is what it is now.")
        self.members = {"current": current}


class RequestTimeout(Problem):
    """The body did not arrive in time."""

    code = 408

    def __init__(self) -> None:
        super().__init__("The body did not arrive in time.")


class UnsupportedMediaType(Problem):
    """The body is of a kind that this address does not take."""

    code = 415

    def __init__(
        self, detail: str = "The body must be JSON, sent with Content-Type: application/json."
    ) -> None:
        super().__init__(detail)


class UnsupportedCoding(Problem):
    """The body is compressed (RFC 9110, section 15.5.16)."""

    code = 415
    headers = {"Accept-Encoding": "identity"}

    def __init__(self) -> None:
        super().__init__("The body must not be compressed: send it without Content-Encoding.")


class Invalid(Problem):
    """The request can be read, but a field in it makes no sense."""

    code = 422

    def __init__(self, errors: dict[str, list[str]]) -> None:
        sentences = [f"{name}: {text}" for name, texts in errors.items() for text in texts]
        super().__init__(" ".join(sentences), errors=errors)


class TooManyRequests(Problem):
    """Too often in too short a time (RFC 6585, section 4)."""

    code = 429

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(retry_after)}


class Unavailable(Problem):
    """The service can't answer right now; trying again may help."""

    code = 503
    headers = {"Retry-After": str(RETRY_AFTER)}


# What clients are told where the exception is the framework's, whose own text is not ours.
DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing at this address.",
    405: "This address does not answer that method.",
    413: "The body is too large.",
    500: "Something went wrong on our side. The request id helps us to find it.",
}
# And where gunicorn refuses a request before the application sees it.
UNREAD = {
    400: "The request can't be read.",
    414: "The address is too long.",
    417: "What the request expects can't be met.",
    431: "The headers are too large, or too many.",
    501: "This transfer coding is not known here.",
}
UNREAD_OTHERWISE = "The request can't be answered."


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, write)
    app.register_error_handler(DatabaseAway, _database_away)
    app.register_error_handler(Exception, _unexpected)


def document(
    title: str, status: int, detail: str, *, instance: str, request_id: str, **more: Any
) -> dict[str, Any]:
    """Return the problem as RFC 9457 has it, with the members that all of ours have."""
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "message": detail,  # for the many frontends that look there
        "instance": instance,
        "request_id": request_id,
        **more,
    }


def told(problem: Problem) -> dict[str, Any]:
    """Return the document for a problem that is a part of an answer."""
    return _document(problem.code, problem.description or "", problem.members)


def _document(status: int, detail: str, members: dict[str, Any]) -> dict[str, Any]:
    return document(
        HTTPStatus(status).phrase,
        status,
        detail,
        instance=quote(request.root_path) + paths.written(request.path),
        request_id=request_ids.current(),
        **members,
    )


def write(error: HTTPException) -> Response:
    """Return the response for the exception, its own headers kept."""
    status = error.code or 500
    if isinstance(error, Problem):
        detail, members, headers = error.description, error.members, list(error.headers.items())
    else:
        ours = error.description if isinstance(error, metrics.TokenNeeded) else None
        detail, members, headers = ours or DETAILS.get(status), {}, error.get_headers()
    body = _document(status, detail or HTTPStatus(status).description, members)
    response = Response(current_app.json.dumps(body), status=status, content_type=MEDIA_TYPE)
    for name, value in headers:
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def _database_away(error: DatabaseAway) -> Response:
    # One line: while the database is away, there is one for each request.
    logger.error("database unavailable, request %s: %s", request_ids.current(), error.reason)
    return write(Unavailable(AWAY))


def _unexpected(error: Exception) -> Response:
    logger.error("unexpected error, request %s", request_ids.current(), exc_info=error)
    return write(InternalServerError())
