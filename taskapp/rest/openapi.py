"""The OpenAPI 3.1 document at /openapi.json and Swagger UI, from our own files, at /docs."""

import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, Self

import flask_smorest
import flask_swagger_ui
import marshmallow as ma
from apispec import APISpec
from flask import Blueprint as FlaskBlueprint
from flask import Flask, Response, current_app, request, send_from_directory
from marshmallow import fields
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, Map

from taskapp import config, dialects, problems
from taskapp.auth import guard
from taskapp.auth.programs import scope
from taskapp.auth.tokens import EXPIRED
from taskapp.dialects.document import formed
from taskapp.rest import preferences
from taskapp.rest.bodies import FORMS, FormSchema, Parser
from taskapp.rest.pagination import LARGEST_ID
from taskapp.version import __version__

PLAIN_NUMBER = re.compile("[1-9][0-9]{0,18}")
PAGE = Path(__file__).parent / "docs"
OWN_FILES = {file.name for file in PAGE.iterdir()}
SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
# What Swagger UI needs and nothing more; no script or style but those of this origin.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DESCRIPTION = """\
Tasks for many users: each sees and changes only what is theirs.

Every path under `/api/{user_id}` needs a token in the `Authorization` header: a JWT whose user id
is the path's, or, where a scope is named, a token for programs (`tk_…`) that has it. `/api/tasks…`
is the same as `/api/{user_id}/tasks…` for the token's own user. Errors are problem details (RFC
9457) whose `detail` can be shown to people.

Query parameters and fields that are not known here are ignored; with `Prefer: handling=strict`
(RFC 7240) they are a 422 that names them.
"""
# The ways to prove who one is, where accounts are kept here.
BEARER, PASSWORD = "bearerAuth", "signIn"
SIGNED_IN: list[dict[str, list[str]]] = [{BEARER: []}, {PASSWORD: []}]
TAGS = {
    "tasks": "A user's tasks.",
    "sync": "What has changed, for frontends that keep a copy.",
    "accounts": "Signing in, and the account of whoever has.",
    "programs": "Tokens for scripts and other programs.",
    "feeds": "Calendars that show what is due.",
    "privacy": "All that is stored about a user.",
    "health": "Whether the service lives and is ready.",
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "The id of the request in the log: the one that was sent in this header if"
        " it is sane, else a new one.",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "How to prove who one is (RFC 6750): `Bearer`, with"
        ' `error="invalid_token"` where a token was sent.',
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which it is worth trying again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimit": {
        "description": "Which limit is used up, with what remains (`r`) and in how many seconds it"
        " begins anew (`t`): draft-ietf-httpapi-ratelimit-headers.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "That limit: so many requests (`q`) in so many seconds (`w`).",
        "schema": {"type": "string"},
    },
}
OF_STATUS = {
    401: ["WWW-Authenticate"],
    429: ["Retry-After", "RateLimit", "RateLimit-Policy"],
    503: ["Retry-After"],
}

OWNER = [
    {
        "name": "user_id",
        "in": "path",
        "description": "Whose tasks: the user id in the token, URL-encoded once.",
        "example": "alice",
    }
]

# Of an answer that is a file.
ATTACHMENT = {
    "Content-Disposition": {"description": "Proposes a file name.", "schema": {"type": "string"}}
}
# Of an answer with a secret in it (RFC 6749, section 5.1).
NOT_STORED = {"Cache-Control": "no-store"}

ALWAYS = (401, 403, 404, 422, 429, 500, 503)  # behind the guard, under a user's path
WITH_A_BODY = (400, 408, 413, 415)
MEANINGS = {
    400: "The request can't be read, its JSON is broken for example.",
    401: "The token is missing, has expired or is not valid.",
    403: "The path belongs to another user, or the token for a program lacks the scope.",
    404: "There is no such thing among what the user owns.",
    405: problems.DETAILS[405],
    408: str(problems.RequestTimeout().description),
    413: problems.DETAILS[413],
    409: "Something that exists stands in the way.",
    410: "The changes since then are no longer known.",
    412: "The task is not what `If-Match` says; `current` is what it is now.",
    415: "The body is not JSON.",
    422: "A field makes no sense; `errors` says which and why.",
    429: "Too often in too short a time. Try again after `Retry-After` seconds.",
    500: "An error of the service.",
    503: "The service can't answer right now. Try again after `Retry-After` seconds.",
}
INVALID = {"title": [str(fields.Field.default_error_messages["required"])]}
EXAMPLES: dict[int, problems.Problem] = {
    401: problems.Unauthorized(EXPIRED),
    403: problems.NotOwner("alice"),
    404: problems.NoTask(7),
    412: problems.Stale(current={}),
    422: problems.Invalid(INVALID),
}
INSTANCE, REQUEST_ID = "/api/alice/tasks/7", "5f1d7a84db3b4b1e"


class ProblemSchema(ma.Schema):
    """An error: RFC 9457 problem details."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True, metadata={"example": "Not Found"})
    status = fields.Integer(required=True, metadata={"example": 404})
    detail = fields.String(required=True, metadata={"example": EXAMPLES[404].description})
    message = fields.String(
        required=True,
        metadata={"description": "The same as `detail`.", "example": EXAMPLES[404].description},
    )
    instance = fields.String(required=True, metadata={"example": INSTANCE})
    request_id = fields.String(required=True, metadata={"example": REQUEST_ID})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "With 422: what is wrong, field by field."},
    )
    current = fields.Dict(
        keys=fields.String(),
        metadata={"description": "With 412: the task as it is now."},
    )
    index = fields.Integer(
        metadata={"description": "Of a batch: which operation was refused, from 0."}
    )


class MessageSchema(ma.Schema):
    """A confirmation."""

    message = fields.String(required=True, metadata={"example": "Task deleted successfully"})


class NoId(int):
    """What stands in an id's place and is none: 0, which no row has; as text, what it was."""

    def __new__(cls, text: str) -> Self:
        no_id = super().__new__(cls, 0)
        no_id.text = text
        return no_id

    text: str

    def __str__(self) -> str:
        return self.text[:20]


class RowId(BaseConverter):
    """A row's id in a path, 1 to 2^63-1; a `NoId` for anything else.

    It matches any text, so that the guard looks at the token before somebody hears 404; but not
    the words that routes registered earlier have in that place: those are theirs, whichever
    methods they answer.
    """

    part_isolating = True

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map)
        words = "|".join(sorted(map(re.escape, _words(url_map))))
        self.regex = f"(?!(?:{words})$)[^/]+" if words else "[^/]+"

    def to_python(self, value: str) -> int:
        number = int(value) if PLAIN_NUMBER.fullmatch(value) else 0
        return number if 0 < number <= LARGEST_ID else NoId(value)


def _words(url_map: Map) -> set[str]:
    # /api/<user_id>/<things>/<word>: where ids of things have their place. In /api/tasks/7 they
    # have it where a user called "tasks" has the things.
    parts = [rule.rule.split("/") for rule in url_map.iter_rules() if "<user_id>/" in rule.rule]
    return {word for each in parts for word in each[3:5] if word and "<" not in word}


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's Blueprint, with our body rules and every problem documented.

    `problems` are the statuses that each of its operations may answer with; those of an
    unreadable body are added where there is one. `tag` is the group of its operations in the
    documentation, by default the blueprint's name. Where it is about `things`, tokens for programs
    are accepted that have the scope for these; without, none is.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(
        self,
        *args: Any,
        problems: tuple[int, ...] = ALWAYS,
        tag: str = "",
        things: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.problems = problems
        self.tag = tag or self.name
        self._prepare_doc_cbks.append(self._add_problems)
        if things:
            self.record(lambda state: guard.open_to_programs(state.app, self.name, things))
            self._prepare_doc_cbks.append(partial(_add_scope, things))

    def arguments(self, schema: type[ma.Schema], **kwargs: Any) -> Any:
        """Return smorest's decorator, with a schema that is made once and not for each request."""
        made = schema()
        vars(made)["may_be_left_out"] = not kwargs.get("required", True)
        decorate = super().arguments(made, **kwargs)

        def decorated(view: Any) -> Any:
            wrapper = decorate(view)
            if kwargs.get("location") == "query":
                wrapper.query_names = preferences.names(made)
            return wrapper

        return decorated

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **kw: Any
    ) -> None:
        """Register a view, which heeds what the client prefers."""
        view = preferences.heeded(view_func, getattr(view_func, "query_names", ()))
        kw["tags"] = kw.get("tags") or [self.tag]
        super().add_url_rule(rule, endpoint, view, *args, **kw)

    def _add_problems(self, doc: dict[str, Any], info: Any, **context: Any) -> dict[str, Any]:
        ours = info.get("taskapp", {})
        statuses = (*self.problems, *ours.get("statuses", []))
        statuses += WITH_A_BODY if "requestBody" in doc else ()
        responses = doc["responses"]
        # "Anything may happen" would make every other line of the contract worthless.
        responses.pop("default", None)
        for status in statuses:
            responses[status] = HTTPStatus(status).name
        doc.setdefault("parameters", []).extend(ours.get("parameters", []))
        _add_forms(doc)
        _add_request_id(doc)
        doc["responses"] = dict(sorted(responses.items(), key=lambda item: int(item[0])))
        return doc


def documents(
    *, parameters: Sequence[dict[str, Any]] = (), statuses: Sequence[int] = ()
) -> Callable[[Any], Any]:
    """Return a decorator that documents parameters and statuses beside those that a view has."""

    def decorate(view: Any) -> Any:
        apidoc = dict(getattr(view, "_apidoc", {}))
        before = apidoc.get("taskapp", {"parameters": [], "statuses": []})
        apidoc["taskapp"] = {
            "parameters": [*before["parameters"], *parameters],
            "statuses": [*before["statuses"], *statuses],
        }
        view._apidoc = apidoc
        return view

    return decorate


class PublicBlueprint(flask_smorest.Blueprint):
    """flask-smorest's Blueprint for what needs no token, documented as such."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_add_no_security)


class Api(flask_smorest.Api):
    """flask-smorest's Api, with problem details as its errors.

    Its document is made when somebody first asks for it: that takes longer than all else of an
    application, and few processes are ever asked.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        self._undocumented: deque[Callable[[APISpec], None]] = deque()
        self._documenting = Lock()
        super().__init__(app)

    @property
    def spec(self) -> APISpec:
        """The document, complete."""
        with self._documenting:
            while self._undocumented:
                self._undocumented[0](self._spec)
                self._undocumented.popleft()  # only now: half a document is worse than none
            return self._spec

    @spec.setter
    def spec(self, spec: APISpec) -> None:
        self._spec = spec

    def register_blueprint(
        self, blp: flask_smorest.Blueprint, *, parameters: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Register a blueprint, with parameters that are in the path of each of its operations."""
        self._app.register_blueprint(blp)
        self._undocumented.append(
            lambda spec: blp.register_views_in_doc(
                self, self._app, spec, name=blp.name, parameters=list(parameters)
            )
        )

    def _openapi_json(self) -> Response:
        """Serve the document, with answers in the form that is set."""
        document = formed(self.spec.to_dict(), dialects.of(current_app))
        # A client that imports the document needs to be told where it is from.
        document["servers"] = [{"url": request.root_url.rstrip("/")}]
        return Response(current_app.json.dumps(document), mimetype="application/json")

    def _register_error_handlers(self) -> None:
        """Leave errors to `problems`."""

    def _register_pagination_header(self) -> None:
        """Document no pages but our own."""

    def _register_responses(self) -> None:
        for status in map(HTTPStatus, (*MEANINGS, 304)):
            self.spec.components.response(status.name, _response(status), lazy=True)
        self.spec.components.response("DEFAULT_ERROR", _response(HTTPStatus(500)), lazy=True)


def init_app(app: Flask) -> Api:
    settings = config.of(app)
    app.url_map.converters["row_id"] = RowId
    app.config["API_TITLE"] = "taskapp"
    app.config["API_VERSION"] = __version__
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["OPENAPI_URL_PREFIX"] = "/"
    app.config["API_SPEC_OPTIONS"] = {
        "info": {
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": f"http://127.0.0.1:{settings.port}"}],
        "security": SIGNED_IN if settings.accounts_kept else SIGNED_IN[:1],
        "tags": [
            {"name": name, "description": about}
            for name, about in TAGS.items()
            if name != "accounts" or settings.accounts_kept
        ],
    }
    api = Api(app)
    api.register_converter(RowId, _row_id_parameter)
    for name, scheme in _security_schemes(settings).items():
        api.spec.components.security_scheme(name, scheme)
    for name, header in HEADERS.items():
        api.spec.components.header(name, header)
    app.register_blueprint(docs)
    return api


docs = FlaskBlueprint("docs", __name__, url_prefix="/docs")


@docs.get("")
def page() -> Response:
    text = (PAGE / "index.html").read_text()
    response = Response(text.replace('"/docs/', f'"{request.root_path}/docs/'))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


@docs.get("/<path:name>")
def file(name: str) -> Response:
    folder = PAGE if name in OWN_FILES else SWAGGER_UI
    try:
        return send_from_directory(folder, name, max_age=3600)
    except OSError:  # a name that is too long for a file
        raise NotFound from None


def _security_schemes(settings: config.Settings) -> dict[str, dict[str, Any]]:
    """Return how to prove who one is, with what to paste and where to get it."""
    sources = []
    if settings.accounts_kept:
        sources.append("the `access_token` that `POST /api/auth/login` returns")
    if settings.better_auth_url:
        sources.append(f"the `token` that {settings.jwks_url.removesuffix('jwks')}token returns")
    elif settings.outside_login:
        sources.append(f"a token of the login with the keys at {settings.jwks_url}")
    if settings.shared_secret_accepted:
        sources.append("for trying things out, what `flask token alice` prints")
    bearer = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"Paste a JWT, without the word Bearer: {'; or '.join(sources)}. Where an"
        " operation names a scope, a token for programs (`tk_…`) that has it will do.",
        "x-user-id-claim": settings.jwt_identity_claim,  # by which our page fills in paths
    }
    password = {
        "type": "oauth2",
        "description": "Sign in with the e-mail and password of an account that `POST"
        " /api/auth/register` has made; a client id and a secret are not needed.",
        "flows": {"password": {"tokenUrl": "/api/auth/login", "scopes": {}}},
    }
    return {BEARER: bearer, PASSWORD: password} if settings.accounts_kept else {BEARER: bearer}


def _row_id_parameter(converter: RowId) -> dict[str, Any]:
    limits = {"minimum": 1, "maximum": LARGEST_ID}
    return {"type": "integer", "format": "int64", **limits}


def _response(status: HTTPStatus) -> dict[str, Any]:
    headers = {name: _header(name) for name in ("X-Request-ID", *OF_STATUS.get(status, ()))}
    if status == 304:
        return {"description": "The copy at hand is current.", "headers": headers}
    detail = str(EXAMPLES[status].description) if status in EXAMPLES else MEANINGS[status]
    example = problems.document(
        status.phrase, status.value, detail, instance=INSTANCE, request_id=REQUEST_ID
    )
    if status == 422:
        example["errors"] = INVALID
    content = {problems.MEDIA_TYPE: {"schema": ProblemSchema, "example": example}}
    return {"description": MEANINGS[status], "headers": headers, "content": content}


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


def _add_request_id(doc: dict[str, Any]) -> None:
    """Document the header that every answer has where an answer is not one of the common ones."""
    for response in doc["responses"].values():
        if isinstance(response, dict) and "$ref" not in response:
            headers = response.setdefault("headers", {})
            response["headers"] = {**headers, "X-Request-ID": _header("X-Request-ID")}


def _add_scope(
    things: str, doc: dict[str, Any], info: Any, *, method: str, app: Flask, **context: Any
) -> dict[str, Any]:
    ways = [{BEARER: [scope(things, method.upper())]}]
    return {**doc, "security": ways + SIGNED_IN[1:] if config.of(app).accounts_kept else ways}


def _add_forms(doc: dict[str, Any]) -> None:
    content = doc.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {})
    if isinstance(body.get("schema"), FormSchema):
        content |= {media_type: {"schema": body["schema"]} for media_type in FORMS}


def _add_no_security(doc: dict[str, Any], info: Any, **context: Any) -> dict[str, Any]:
    doc["responses"].pop("default", None)
    _add_request_id(doc)
    return {**doc, "security": []}
