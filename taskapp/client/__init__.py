"""The web page at /: its own files and those of the library, with which it speaks the public API.

It is a frontend like any other: nothing here knows a task, a user or a table.
"""

import hashlib
import json
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, jsonify, redirect, request
from werkzeug.exceptions import NotFound

from taskapp import config

HERE = Path(__file__).parent
PAGE = HERE / "page"
LIBRARY = HERE / "library" if config.INSTALLED else config.SOURCES / "clients/javascript/src"
WORKER, SETTINGS = "/client/service-worker.js", "/client/settings.json"
AT_THE_ROOT = ("favicon.ico", "manifest.webmanifest", "robots.txt")
# Scripts, styles and requests of this origin, and nothing else; a login may be asked for a token.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; connect-src {}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# What only the authors of a script or a style read is not sent: comments and empty lines,
# indentation, types, spaces beside signs, and ends of lines inside of what goes on. It is a third
# of the bytes. Each statement still has a line.
COMMENTS = rb"(?ms)^ *(?://[^\n]*|/\*.*?\*/)? *\n"
INDENTATION, SPACES = rb"(?m)^ +", rb"(?<=[:;{},]) | (?=[{}])"
TYPED, BEHIND = rb"/\*\* @[^\n]*?\*/ ", rb"(?<=[;,)]) // [^\n]*"
ENDS, INSIDE = rb"(?<=[;{}])\n|;(?=})", rb"(?<=[,(\[{])\n|\n(?=[)\]}])"
LEFT_OUT = {
    ".js": (COMMENTS, INDENTATION, TYPED, BEHIND, INSIDE),
    ".css": (COMMENTS, INDENTATION, SPACES, ENDS),
    ".html": (INDENTATION,),
}
TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}

blueprint = Blueprint("client", __name__)


class File(NamedTuple):
    """A file as it is sent."""

    content: bytes
    media_type: str


def init_app(app: Flask) -> None:
    """Serve the page; without it, the API's documentation is what one finds at /."""
    if config.of(app).client:
        app.register_blueprint(blueprint)
    else:
        app.add_url_rule("/", "client.docs", lambda: redirect(f"{request.script_root}/docs"))


@blueprint.get("/")
def page() -> Response:
    """Return the page; its policy names the login that it may ask for a token."""
    response = _answer(_files()["/"])
    response.headers["Content-Security-Policy"] = _policy()
    return response


@blueprint.get("/client/<path:name>")
@blueprint.get("/<any(favicon.ico, manifest.webmanifest, robots.txt):name>")
def file(name: str) -> Response:
    found = _files().get(request.path)
    if found is None:
        raise NotFound
    return _answer(found)


@blueprint.get(SETTINGS)
def settings() -> Response:
    """Return what the page must know about signing in."""
    ours = config.of(current_app)
    return _revalidated(
        jsonify(
            accounts=ours.accounts_kept,
            login=ours.login_url or None,
            tokens=f"{ours.better_auth_url.rstrip('/')}/api/auth/token"
            if ours.better_auth_url
            else None,
            claim=ours.jwt_identity_claim,
        )
    )


@blueprint.get(WORKER)
def service_worker() -> Response:
    """Return the script that keeps the files for when there is no network.

    Its text names them and their digest, so it is another one as soon as any of them is.
    """
    worker = _files()[WORKER]
    kept = sorted(each[1:] for each in _files().keys() - {WORKER, "/robots.txt"})
    names = f"const VERSION = {json.dumps(_version())};\nconst FILES = {json.dumps(kept)};\n"
    response = _answer(File(names.encode() + worker.content, worker.media_type))
    response.headers["Service-Worker-Allowed"] = f"{request.script_root}/"
    # What the worker may fetch is for the policy of its own script to say.
    response.headers["Content-Security-Policy"] = _policy()
    return response


def _answer(file: File) -> Response:
    return _revalidated(Response(file.content, mimetype=file.media_type))


def _revalidated(response: Response) -> Response:
    """Let browsers keep the answer, and ask each time whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _policy() -> str:
    parts = urlsplit(config.of(current_app).better_auth_url)
    login = [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
    return POLICY.format(" ".join(["'self'", *login]))


@cache
def _files() -> dict[str, File]:
    """Return the files that the page consists of, by their addresses."""
    own = {f"/client/{file.name}": file for file in PAGE.iterdir()}
    library = {f"/client/library/{file.name}": file for file in LIBRARY.glob("*.js")}
    files = {address: _read(file) for address, file in (own | library).items()}
    files["/"] = files.pop("/client/index.html")
    return files | {f"/{name}": files.pop(f"/client/{name}") for name in AT_THE_ROOT}


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for address, file in sorted(_files().items()):
        digest.update(address.encode() + file.content)
    return digest.hexdigest()[:12]


def _read(file: Path) -> File:
    media_type = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
    content = file.read_bytes()
    for pattern in LEFT_OUT.get(file.suffix, ()):
        content = re.sub(pattern, b"", content)
    return File(content, media_type)
