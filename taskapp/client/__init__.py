"""The web page at /: its own files and those of the library, with which it speaks the public API.

It is a frontend like any other: nothing here knows a task, a user or a table.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, jsonify, redirect, send_file
from werkzeug.exceptions import NotFound

from taskapp import config

HERE = Path(__file__).parent
PAGE = HERE / "page"
# Installed, the library lies beside the page; in a checkout it has its own place.
LIBRARY = (
    HERE / "library" if (HERE / "library").exists() else config.ROOT / "clients/javascript/src"
)
WORKER = "service-worker.js"
AT_THE_ROOT = ("favicon.ico", "manifest.webmanifest", "robots.txt")
# Scripts, styles and requests of this origin, and nothing else; a login may be asked for a token.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; connect-src {}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

blueprint = Blueprint("client", __name__)


def init_app(app: Flask) -> None:
    """Serve the page; without it, the API's documentation is what one finds at /."""
    if config.of(app).client:
        app.register_blueprint(blueprint)
    else:
        app.add_url_rule("/", "client.docs", lambda: redirect("/docs"))


@blueprint.get("/")
def page() -> Response:
    response = send_file(PAGE / "index.html")
    sources = ["'self'", *_origins_of_the_login()]
    response.headers["Content-Security-Policy"] = POLICY.format(" ".join(sources))
    return response


@blueprint.get("/client/<path:name>")
def file(name: str) -> Response:
    found = _files().get(f"/client/{name}")
    if found is None:
        raise NotFound
    return send_file(found)


@blueprint.get("/client/settings.json")
def settings() -> Response:
    """Return what the page must know about signing in."""
    ours = config.of(current_app)
    tokens = f"{ours.better_auth_url.rstrip('/')}/api/auth/token" if ours.better_auth_url else None
    response = jsonify(
        accounts=ours.accounts_kept,
        login=ours.login_url or None,
        tokens=tokens,
        claim=ours.jwt_identity_claim,
    )
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get(f"/client/{WORKER}")
def service_worker() -> Response:
    """Return the script that keeps all files; with any of them it changes itself."""
    files, version = _kept()
    script = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(files)};\n"
    response = Response(script + (PAGE / WORKER).read_text(), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Content-Security-Policy"] = POLICY.format("'self'")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response


for name in AT_THE_ROOT:
    blueprint.add_url_rule(
        f"/{name}", name.replace(".", "-"), lambda name=name: send_file(PAGE / name)
    )


def _origins_of_the_login() -> list[str]:
    parts = urlsplit(config.of(current_app).better_auth_url)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []


@cache
def _files() -> dict[str, Path]:
    """Return the files that the page consists of, by their addresses."""
    own = {f"/client/{file.name}": file for file in PAGE.iterdir()}
    library = {f"/client/library/{file.name}": file for file in LIBRARY.glob("*.js")}
    return own | library


@cache
def _kept() -> tuple[list[str], str]:
    """Return the addresses that are kept for when there is no network, and a digest of all."""
    left_out = {f"/client/{name}" for name in (WORKER, "index.html", *AT_THE_ROOT)}
    files = {address: file for address, file in _files().items() if address not in left_out}
    at_the_root = {f"/{name}": PAGE / name for name in AT_THE_ROOT[:2]}
    files |= {"/": PAGE / "index.html"} | at_the_root
    digest = hashlib.sha256()
    for address, file in sorted(files.items()):
        digest.update(address.encode() + file.read_bytes())
    return sorted(files), digest.hexdigest()[:12]
